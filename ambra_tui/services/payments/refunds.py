"""What goes back to customers: all of a payment or parts of it, never more than was taken.

Example::

    refund, errand_id = refund_payment(session, payment_id, amount=500, reason="customer_request")
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid
from ambra_tui.gateways import DISPUTE_OPEN, DISPUTE_REVIEWED, RefundOutcome
from ambra_tui.gateways._cards import holds_card_number
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services import errands
from ambra_tui.services.payments.captures import let_go
from ambra_tui.services.payments.choice import gateway_named
from ambra_tui.services.payments.outcomes import GOING_BACK, settle
from ambra_tui.services.payments.terms import lock_payment, payments_of
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Dispute, Payment, Refund, SalesOrder, table_of
from ambra_tui.store.scope import fetch, lock_row, now_of, organization_of, scoped

REFUND = "payment_refund"
WORKING_DAYS = {
    "card": 5, "apple_pay": 5, "google_pay": 5, "paypal": 5, "bitcoin": 5, "ethereum": 5, "klarna": 7, "affirm": 7,
    "ach": 10, "wire": 10,
}  # fmt: skip
"""How long a refund takes to reach the customer, by how they paid."""
_payments = table_of(Payment)


def expected_day(method: str, today: date) -> date:
    """When a refund that begins today should be there; Saturdays and Sundays do not count."""
    day, left = today, WORKING_DAYS[method]
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def refund_by_id(session: Session, refund_id: str) -> Refund:
    """The refund with this id. Raises NotFound."""
    return fetch(session, Refund, refund_id, resource="refund")


def refunds_of(session: Session, *payment_ids: str) -> list[Refund]:
    """The refunds of payments, the first one first."""
    own = scoped(session, Refund).where(col(Refund.payment_id).in_(payment_ids))
    return list(session.exec(own.order_by(col(Refund.created_at), col(Refund.id))))


def returnable(session: Session, payment: Payment) -> int:
    """What may still go back: what was taken, less what went back and what the customer's bank questions now."""
    return payment.amount_captured - payment.amount_refunded - _questioned(session, payment.id)


def _questioned(session: Session, payment_id: str) -> int:
    amount = select(func.coalesce(func.sum(Dispute.amount), 0)).where(
        Dispute.organization_id == organization_of(session),
        Dispute.payment_id == payment_id,
        col(Dispute.status).in_((DISPUTE_OPEN, DISPUTE_REVIEWED)),
    )
    return int(session.exec(amount).one())


def refund_payment(
    session: Session, payment_id: str, *, amount: int | None = None, reason: str = "", with_fee: bool = False
) -> tuple[Refund, str]:
    """A refund that is on its way, and its errand. `amount` None: all that is left. Raises WrongState for a payment
    that was not taken, Invalid for more than is left."""
    payment = lock_payment(session, payment_id, "succeeded", step="refund")
    left = returnable(session, payment)
    wanted = left if amount is None else amount
    if not 0 < wanted <= left:
        raise Invalid(_too_much(payment, left), field="amount")
    gateway = gateway_named(payment.gateway)
    if gateway is not None:
        gateway.check(amount=wanted, currency=payment.currency.lower(), method=payment.method)
    refund = _written(session, payment, wanted, reason=_clean_reason(reason), with_fee=with_fee)
    return refund, errands.send(session, REFUND, refund.id).id


def _too_much(payment: Payment, left: int) -> str:
    taken = f"of {payment.amount_captured} that was taken, {payment.amount_refunded} went back already"
    return f"amount is a whole number from 1 to {left}: {taken}" if left > 0 else f"nothing is left to refund: {taken}"


def _clean_reason(reason: str) -> str:
    text = clean_line(reason, field="reason", max_length=255, required=False)
    if holds_card_number(text):
        raise Invalid("Never send a card's number in a reason", field="reason")
    return text


def _written(
    session: Session, payment: Payment, amount: int, *, reason: str, with_fee: bool = False, reference: str = ""
) -> Refund:
    """The refund's row, and its share of the payment taken in one guarded statement. Raises Invalid above what is
    left."""
    now = now_of(session)
    own = (_payments.c.organization_id == organization_of(session), _payments.c.id == payment.id)
    guarded = (
        update(_payments)
        .where(*own, _payments.c.amount_refunded + amount <= _payments.c.amount_captured)
        .values(amount_refunded=_payments.c.amount_refunded + amount, updated_at=now)
    )
    if session.connection().execute(guarded).rowcount != 1:
        raise Invalid(_too_much(payment, payment.amount_captured - payment.amount_refunded), field="amount")
    session.refresh(payment)
    refund = Refund(
        organization_id=payment.organization_id,
        id=new_id("re"),
        payment_id=payment.id,
        order_id=payment.order_id,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        status="pending",
        is_application_fee_refunded=with_fee,
        gateway_reference=reference,
        expected_on=expected_day(payment.method, now.date()),
        created_at=now,
        updated_at=now,
    )
    session.add(refund)
    session.flush()
    audit(session, "refund_asked", refund.id, payment_id=payment.id, amount=amount, reason=reason)
    return refund


def apply_refund(session: Session, refund_id: str, outcome: RefundOutcome) -> Refund:
    """Notes what came of a refund; one that failed leaves its amount with us."""
    payment_id = refund_by_id(session, refund_id).payment_id
    payment = lock_payment(session, payment_id, step="refund")
    refund = lock_row(session, Refund, refund_id, resource="refund")
    before = refund.status
    if before == outcome.status or before == "failed":
        refund.gateway_reference = refund.gateway_reference or outcome.reference
        session.add(refund)
        return refund
    refund.status, refund.failure_code = outcome.status, outcome.failure_code[:60]
    refund.gateway_reference = outcome.reference or refund.gateway_reference
    refund.updated_at = payment.updated_at = now_of(session)
    if outcome.status == "failed":
        payment.amount_refunded -= refund.amount
    session.add(refund)
    session.add(payment)
    session.flush()
    _tell(session, refund)
    settle(session, payment.order_id)
    return refund


def _tell(session: Session, refund: Refund) -> None:
    audit(session, f"refund_{refund.status}", refund.id, payment_id=refund.payment_id, amount=refund.amount)
    if refund.status != "succeeded":
        return
    told = {
        "refund_id": refund.id, "payment_id": refund.payment_id, "order_id": refund.order_id, "amount": refund.amount,
        "currency": refund.currency, "reason": refund.reason,
    }  # fmt: skip
    publish(session, "payment_refunded", refund.payment_id, told)
    if refund.order_id:
        publish(session, "order_refunded", refund.order_id, told)


def note_foreign_refund(session: Session, payment: Payment, outcome: RefundOutcome) -> Refund | None:
    """A refund that was made at the gateway by hand; None when it is more than is left here."""
    left = payment.amount_captured - payment.amount_refunded
    if not 0 < outcome.amount <= left or outcome.status == "failed":
        return None
    refund = _written(session, payment, outcome.amount, reason="made at the gateway", reference=outcome.reference)
    return apply_refund(session, refund.id, outcome)


def note_return(session: Session, payment: Payment, amount: int, *, reason: str, reference: str) -> Refund:
    """Money that is the customer's again without our doing, such as by a dispute that was lost."""
    refund = _written(session, payment, amount, reason=reason, reference=reference)
    return apply_refund(session, refund.id, RefundOutcome("succeeded", reference, amount=amount))


def refund_order(session: Session, order: SalesOrder, *, reason: str = "") -> tuple[str, ...]:
    """Gives back all that was taken for an order, and lets go of what was only authorized: inside the transaction that
    cancels it. The ids of the errands that are to be run after its commit."""
    waiting: list[str] = []
    for known in payments_of(session, order.id):
        payment = lock_payment(session, known.id, step="refund")
        if payment.status == "succeeded" and returnable(session, payment) > 0:
            waiting.append(refund_payment(session, payment.id, reason=reason)[1])
        elif payment.status in ("authorized", "requires_action"):
            waiting.append(let_go(session, payment))
        elif payment.status == "processing":
            payment.details = {**payment.details, GOING_BACK: True}
            session.add(payment)
    session.flush()
    return tuple(waiting)


__all__ = [
    "REFUND",
    "apply_refund",
    "expected_day",
    "note_foreign_refund",
    "note_return",
    "refund_by_id",
    "refund_order",
    "refund_payment",
    "refunds_of",
    "returnable",
]
