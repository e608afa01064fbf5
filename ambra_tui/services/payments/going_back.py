"""Payments whose order was cancelled while the gateway was asked: what came of them is let go, or goes back.

Example::

    go_back(session, payment)      # after each outcome
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services.payments.captures import let_go
from ambra_tui.services.payments.outcomes import GOING_BACK
from ambra_tui.services.payments.refunds import refund_payment, returnable
from ambra_tui.store.models import Payment


def go_back(session: Session, payment: Payment) -> None:
    """Begins the way back of a payment that is marked so, once its gateway told how it stands."""
    if not payment.details.get(GOING_BACK) or payment.status == "processing":
        return
    payment.details = {name: value for name, value in payment.details.items() if name != GOING_BACK}
    session.add(payment)
    session.flush()
    if payment.status in ("authorized", "requires_action"):
        let_go(session, payment)
    elif payment.status == "succeeded" and returnable(session, payment) > 0:
        refund_payment(session, payment.id, reason="order_cancelled")
