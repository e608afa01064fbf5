"""How much of an order its payments cover: it may be paid in parts, and never above its total.

Example::

    refuse_above_open(session, order, 19999)                            # before a payment begins
    refuse_above_open(session, order, 19999, besides=(payment.id,))     # before this one goes on
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlmodel import Session

from ambra_tui.errors import Conflict, Invalid
from ambra_tui.services import orders
from ambra_tui.services.payments.terms import payments_of
from ambra_tui.store.models import Payment, SalesOrder

Cover = Callable[[Payment], int]


def covered(payment: Payment) -> int:
    """How much of an order this payment covers now; one that waits for its customer covers nothing yet."""
    return payment.amount if payment.status == "authorized" else taken(payment)


def taken(payment: Payment) -> int:
    """How much of this payment is taken, or may be while its gateway is asked; what is only held is not."""
    return payment.amount if payment.status == "processing" else payment.amount_captured - payment.amount_refunded


def refuse_above_open(
    session: Session, order: SalesOrder, amount: int, *, besides: Collection[str] = (), by: Cover = covered
) -> None:
    """Raises Conflict for an order that is paid for already, Invalid for more than is open of it. `besides`: payments
    that are not counted; `by`: what counts of the others. An order whose price nobody told takes any payment."""
    total = orders.order_total(session, order)
    if not total:
        return
    left = total - sum(by(payment) for payment in payments_of(session, order.id) if payment.id not in besides)
    if left <= 0:
        raise Conflict(f"Order {order.number} is paid for already: nothing of it is open")
    if amount > left:
        raise Invalid(f"{left} is open of the order's {total}: a payment takes that at most", field="amount")


__all__ = ["covered", "refuse_above_open", "taken"]
