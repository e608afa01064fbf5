"""What every document has: a number of its own, given or kept, a state, a currency, and when its steps happened.

Example::

    number = document_number(session, "PO", wanted, resource="purchase_order", find=find_purchase_order)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlmodel import Session, SQLModel, select

from ambra_tui.errors import Duplicate, Invalid, WrongState
from ambra_tui.kit.clock import EPOCH
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import clean_currency
from ambra_tui.store.facts import next_number
from ambra_tui.store.models import Organization
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows
from ambra_tui.store.scope import lock_row, now_of

Document = TypeVar("Document", bound=SQLModel)
MAX_NUMBER = 60
CLOCKS_DIFFER = timedelta(minutes=5)


def document_number(
    session: Session,
    kind: str,
    wanted: str | None,
    *,
    resource: str,
    find: Callable[[Session, str], object | None],
) -> str:
    """The number that the caller wants, or the next free one of `kind`. Raises Duplicate for a number that is taken."""
    if wanted is not None:
        text = clean_line(wanted, field="number", max_length=MAX_NUMBER)
        if find(session, text) is not None:
            raise Duplicate(resource, "number", text)
        return text
    while True:
        text = next_number(session, kind)
        if find(session, text) is None:
            return text


def lock_document(
    session: Session, model: type[Document], document_id: str, *states: str, resource: str, step: str
) -> Document:
    """The document as it is now, kept from other writers until the transaction ends.

    Raises NotFound, and WrongState naming the `step` when it is in none of `states`.
    """
    document: Any = lock_row(session, model, document_id, resource=resource)
    if document.status not in states:
        raise WrongState(resource, document.number, state=document.status, step=step)
    return cast("Document", document)


def document_currency(session: Session, currency: str | None) -> str:
    """The currency given, else the organization's. Raises Invalid for anything but three letters."""
    if currency is not None:
        return clean_currency(currency)
    return own_currency(session)


def own_currency(session: Session) -> str:
    """The organization's currency."""
    found = _CURRENCY.first(session)
    return str(found[0]) if found else "EUR"


_CURRENCY = PreparedRows(select(Organization.currency).where(Organization.id == ORGANIZATION))


def told_moment(session: Session, moment: datetime | None, *, field: str = "occurred_at") -> datetime | None:
    """When something happened, as told; None: now. Raises Invalid for the future, beyond what two clocks may differ,
    and for years before 1970."""
    if moment is not None and moment > now_of(session) + CLOCKS_DIFFER:
        raise Invalid(f"{field} lies in the future", field=field)
    if moment is not None and moment < EPOCH:
        raise Invalid(f"{field} lies before 1970", field=field)
    return moment
