"""Refusals of packing as verdicts, and how packages are named.

Example::

    with told(order):
        packing.close(...)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ambra_tui.floor.conversation import Refusal
from ambra_tui.services import orders, packing
from ambra_tui.store.models import SalesOrder


@contextmanager
def told(order: SalesOrder) -> Iterator[None]:
    """Refusals of the services as verdicts."""
    try:
        yield
    except orders.HeldStock as error:
        code = "E76" if error.is_recalled else "E16" if error.lot_number else "E17"
        raise Refusal(code, lot=error.lot_number, bin=error.location_code) from error
    except packing.Changed as error:
        raise Refusal("E84", document=order.number) from error
