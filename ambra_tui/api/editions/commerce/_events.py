"""What an event is about, as a GET of this edition answers it.

A noun tells of its own events: its module has a function ``<noun>_object(session, id)`` for what its GET answers.

Example::

    object_of(session, happened)    # of order.created: GET /v2/orders/{id}
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sqlmodel import Session

from ambra_tui.services.webhooks import Happened

# The module whose function `<noun>_object` shows what an event is about.
_MODULES = {
    "product": "products", "order": "orders", "customer": "customers", "payment": "payments", "shipment": "shipments",
    "inventory": "inventory",
}  # fmt: skip


def object_of(session: Session, event: Happened) -> Any:
    """What the noun shows; what is gone for good is told as it was noted."""
    shown = _shows(event.noun)(session, event.subject)
    return {"id": event.subject, **event.payload} if shown is None else shown


def _shows(noun: str) -> Callable[[Session, str], Any]:
    package = __name__.rpartition(".")[0]
    name = f"{package}.{_MODULES[noun]}"
    if find_spec(name) is None:
        return _nothing
    function: Callable[[Session, str], Any] = getattr(import_module(name), f"{noun}_object", _nothing)
    return function


def _nothing(_session: Session, _subject: str) -> None:
    return None
