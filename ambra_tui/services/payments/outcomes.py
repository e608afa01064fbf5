"""What gateways answered becomes what is known of a payment, and of its order.

Example::

    apply_outcome(session, payment, Outcome("succeeded", "pi_3Q...", amount_captured=19999))
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.gateways import Outcome
from ambra_tui.services import orders
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Payment, SalesOrder
from ambra_tui.store.scope import fetch, lock_row, now_of

_FACTS = {"succeeded": "payment_succeeded", "failed": "payment_failed"}
GOING_BACK = "going_back"
"""In a payment's details: its order was cancelled while the gateway was asked; what came of it is let go."""


def apply_outcome(session: Session, payment: Payment, outcome: Outcome) -> Payment:
    """Notes how the payment stands at its gateway. What was taken stays taken: a late word does not undo it."""
    before = payment.status
    if before in ("succeeded", "cancelled") and outcome.status != before:
        return payment
    payment.status = outcome.status
    payment.gateway_reference = outcome.reference or payment.gateway_reference
    payment.next_action = dict(outcome.next_action) if outcome.status == "requires_action" else {}
    payment.failure_code, payment.failure_message = outcome.failure_code, outcome.failure_message
    payment.card_brand = outcome.brand or payment.card_brand
    payment.card_last4 = outcome.last4 or payment.card_last4
    payment.updated_at = now_of(session)
    if outcome.status == "succeeded":
        _take(payment, outcome.amount_captured)
        payment.captured_at = payment.captured_at or payment.updated_at
    session.add(payment)
    session.flush()
    if payment.status != before:
        _tell(session, payment)
    settle(session, payment.order_id)
    return payment


def _take(payment: Payment, captured: int) -> None:
    assert payment.amount_refunded <= payment.amount
    payment.amount_captured = max(payment.amount_refunded, min(captured, payment.amount))


def _tell(session: Session, payment: Payment) -> None:
    told = {"status": payment.status, "amount": payment.amount, "currency": payment.currency}
    audit(session, f"payment_{payment.status}", payment.id, **told)
    fact = _FACTS.get(payment.status)
    if fact:
        publish(session, fact, payment.id, {**told, "order_id": payment.order_id})


def settle(session: Session, order_id: str) -> None:
    """What a changed payment makes of its order."""
    if order_id:
        lock_row(session, SalesOrder, order_id, resource="order")
        orders.settle_payment_status(session, fetch(session, SalesOrder, order_id, resource="order"))
