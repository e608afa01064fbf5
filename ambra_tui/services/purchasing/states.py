"""The state of an order: it is placed by a person, and follows its lines as they come.

Example::

    place_order(session, order)  # a draft no more
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from ambra_tui.errors import WrongState
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.purchasing.documents import lock_order
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import now_of


def place_order(session: Session, order: PurchaseOrder) -> None:
    """A draft is ordered. Raises WrongState for anything else."""
    lock_order(session, order.id)
    if order.status != "draft":
        raise WrongState("purchase_order", order.number, state=order.status, step="order")
    change(session, order, "ordered", act="purchase_order_placed")


def change(session: Session, order: PurchaseOrder, status: str, *, act: str, **details: str) -> None:
    """A person moved the order to `status`: told, and kept with who did it."""
    order.status = status
    order.updated_at = now_of(session)
    session.add(order)
    session.flush()
    publish(session, "purchase_order_changed", order.id, {"number": order.number, "status": status})
    audit(session, act, order.id, number=order.number, **details)


def touch(session: Session, order: PurchaseOrder, line: PurchaseOrderLine) -> None:
    """The order's state follows its lines, of which one has changed."""
    session.add(line)
    is_open = line.received < line.quantity
    if not is_open and _OPEN_LINE.first(session, order_id=order.id) is None:
        status = "received"
    elif line.received > ZERO or _BEGUN_LINE.first(session, order_id=order.id) is not None:
        status = "partially_received"
    else:
        status = "ordered"
    follow(session, order, status)


_A_LINE = (
    select(PurchaseOrderLine.id)
    .where(PurchaseOrderLine.organization_id == ORGANIZATION, PurchaseOrderLine.purchase_order_id == given("order_id"))
    .limit(1)
)
_OPEN_LINE = PreparedRows(_A_LINE.where(col(PurchaseOrderLine.received) < col(PurchaseOrderLine.quantity)))
_BEGUN_LINE = PreparedRows(_A_LINE.where(col(PurchaseOrderLine.received) > ZERO))


def state_of(lines: Sequence[PurchaseOrderLine]) -> str:
    """The state of an order with these lines."""
    if all(line.received >= line.quantity for line in lines):
        return "received"
    return "partially_received" if any(line.received > ZERO for line in lines) else "ordered"


def follow(session: Session, order: PurchaseOrder, status: str) -> None:
    """The order is in `status` now; told where that is another."""
    before = order.status
    order.status = status
    order.updated_at = now_of(session)
    session.add(order)
    if status != before:
        publish(session, "purchase_order_changed", order.id, {"number": order.number, "status": status})
