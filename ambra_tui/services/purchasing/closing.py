"""The end of an order: cancelled before anything came, closed short after, and opened again.

Example::

    missing = close_short(session, order, reason="supplier is out of stock")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.purchasing.documents import lines_of, lock_order
from ambra_tui.services.purchasing.quantities import outstanding
from ambra_tui.services.purchasing.states import change
from ambra_tui.services.purchasing.terms import DOCUMENT, SHORT_RECEIPT
from ambra_tui.store.models import Discrepancy, PurchaseOrder
from ambra_tui.store.scope import actor_of, now_of, scoped


def cancel_purchase_order(session: Session, order: PurchaseOrder, *, reason: str = "") -> None:
    """Nothing is to come any more. Raises WrongState when something came already: close it short instead."""
    lock_order(session, order.id)
    if order.status not in ("draft", "ordered"):
        raise WrongState("purchase_order", order.number, state=order.status, step="cancel")
    order.close_reason = clean_line(reason, field="reason", required=False)
    change(session, order, "cancelled", act="purchase_order_cancelled", reason=order.close_reason)


def close_short(session: Session, order: PurchaseOrder, *, reason: str) -> list[Discrepancy]:
    """No more will come of an order that came in part: each missing quantity becomes an open discrepancy.

    Raises WrongState when nothing came (cancel it) or everything did, Invalid without a reason.
    """
    lock_order(session, order.id)
    if order.status != "partially_received":
        raise WrongState("purchase_order", order.number, state=order.status, step="close")
    why = clean_line(reason, field="reason")
    missing = [line for line in lines_of(session, order.id) if outstanding(line) > 0]
    rows = [
        Discrepancy(
            organization_id=order.organization_id,
            id=new_id("dis"),
            kind=SHORT_RECEIPT,
            site_id=order.site_id,
            variant_id=line.variant_id,
            document_kind=DOCUMENT,
            document_id=order.id,
            line_id=line.id,
            quantity=outstanding(line),
            reason=why,
            actor_id=actor_of(session).id,
            created_at=now_of(session),
        )
        for line in missing
    ]
    session.add_all(rows)
    order.close_reason = why
    change(session, order, "received", act="purchase_order_closed_short", reason=why)
    return rows


def reopen(session: Session, order: PurchaseOrder) -> None:
    """An order that was closed short waits for the rest again; what was missing of it is missing no more.

    Raises WrongState when it is not closed short, or when somebody has explained what is missing.
    """
    lock_order(session, order.id)
    statement = scoped(session, Discrepancy).where(
        Discrepancy.document_kind == DOCUMENT,
        Discrepancy.document_id == order.id,
        Discrepancy.kind == SHORT_RECEIPT,
    )
    missing = session.exec(statement.execution_options(populate_existing=True)).all()
    if not order.close_reason or any(row.status != "open" for row in missing):
        raise WrongState("purchase_order", order.number, state=order.status, step="reopen")
    for row in missing:
        session.delete(row)
    order.close_reason = ""
    change(session, order, "partially_received", act="purchase_order_reopened")
