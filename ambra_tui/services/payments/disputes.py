"""Disputes: a customer's bank questions a payment, the shop answers with evidence, the bank decides.

While one is open its amount cannot be refunded; one that is lost has gone back to the customer.

Example::

    dispute = open_dispute(session, payment, reason="fraudulent")
    respond_to_dispute(session, dispute.id, {"transaction_details": ..., "shipping_proof": ..., ...})
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from ambra_tui.errors import Conflict, Invalid, WrongState
from ambra_tui.gateways import DISPUTE_LOST, DISPUTE_OPEN, DISPUTE_REVIEWED, DISPUTE_WON, DisputeOutcome
from ambra_tui.gateways._cards import holds_card_number
from ambra_tui.kit.ids import new_id
from ambra_tui.services import errands
from ambra_tui.services.payments.outcomes import settle
from ambra_tui.services.payments.refunds import note_return, returnable
from ambra_tui.services.payments.terms import lock_payment
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Dispute, Payment
from ambra_tui.store.scope import fetch, lock_row, now_of, scoped

ANSWER = "dispute_answer"
EVIDENCE = ("transaction_details", "shipping_proof", "communication_logs")
MAX_EVIDENCE = 6_500
"""Characters of each part: together they go into one text of a gateway, of 20,000 at Stripe."""
TIME_TO_ANSWER = timedelta(days=14)


def dispute_by_id(session: Session, dispute_id: str) -> Dispute:
    """The dispute with this id. Raises NotFound."""
    return fetch(session, Dispute, dispute_id, resource="dispute")


def open_dispute(
    session: Session,
    payment: Payment,
    *,
    reason: str = "fraudulent",
    amount: int | None = None,
    reference: str = "",
    due_at: datetime | None = None,
) -> Dispute:
    """A bank's question about a payment that was taken: about all of it that is still here, or `amount`. Raises
    WrongState, Invalid."""
    payment = lock_payment(session, payment.id, "succeeded", step="dispute")
    left = returnable(session, payment)
    wanted = left if amount is None else amount
    if not 0 < wanted <= left:
        raise Invalid(f"amount is a whole number from 1 to {left}", field="amount")
    now = now_of(session)
    dispute = Dispute(
        organization_id=payment.organization_id,
        id=new_id("dp"),
        payment_id=payment.id,
        order_id=payment.order_id,
        amount=wanted,
        currency=payment.currency,
        reason=reason[:60],
        status=DISPUTE_OPEN,
        gateway_reference=reference,
        due_at=due_at or now + TIME_TO_ANSWER,
        created_at=now,
        updated_at=now,
    )
    session.add(dispute)
    session.flush()
    _tell(session, "dispute_opened", dispute)
    return dispute


def respond_to_dispute(session: Session, dispute_id: str, evidence: Mapping[str, str]) -> str:
    """Hands in the evidence, once; the errand takes it to the bank. Raises Invalid naming the part that is missing,
    WrongState for a dispute that was answered, Conflict when the time to answer is over."""
    dispute = lock_row(session, Dispute, dispute_id, resource="dispute")
    if dispute.status != DISPUTE_OPEN:
        raise WrongState("dispute", dispute.id, state=dispute.status, step="respond to")
    if dispute.due_at is not None and dispute.due_at < now_of(session):
        raise Conflict(f"The time to answer dispute {dispute.id} is over")
    dispute.evidence = {name: _checked(evidence.get(name, ""), name) for name in EVIDENCE}
    dispute.status, dispute.updated_at = DISPUTE_REVIEWED, now_of(session)
    session.add(dispute)
    session.flush()
    _tell(session, "dispute_answered", dispute)
    return errands.send(session, ANSWER, dispute.id).id


def _checked(text: str, name: str) -> str:
    field = f"evidence.{name}"
    if not text.strip():
        raise Invalid(f"{field} is required: the bank decides by it", field=field)
    if len(text) > MAX_EVIDENCE:
        raise Invalid(f"{field} has at most {MAX_EVIDENCE} characters", field=field)
    if holds_card_number(text):
        raise Invalid("Never send a card's number as evidence", field=field)
    return text


def apply_dispute(session: Session, dispute_id: str, outcome: DisputeOutcome) -> Dispute:
    """Notes how a dispute stands at the bank; what it decided stays decided."""
    lock_payment(session, dispute_by_id(session, dispute_id).payment_id, step="dispute")  # before it, as everywhere
    dispute = lock_row(session, Dispute, dispute_id, resource="dispute")
    dispute.gateway_reference = outcome.reference or dispute.gateway_reference
    session.add(dispute)
    if outcome.status in (DISPUTE_WON, DISPUTE_LOST):
        return close_dispute(session, dispute, is_won=outcome.status == DISPUTE_WON)
    if dispute.status in (DISPUTE_OPEN, DISPUTE_REVIEWED):
        dispute.status, dispute.updated_at = outcome.status, now_of(session)
    return dispute


def close_dispute(session: Session, dispute: Dispute, *, is_won: bool) -> Dispute:
    """The bank has decided: the money stays, or is the customer's again."""
    payment = lock_payment(session, dispute.payment_id, step="dispute")
    dispute = lock_row(session, Dispute, dispute.id, resource="dispute")
    if dispute.status in (DISPUTE_WON, DISPUTE_LOST):
        return dispute
    now = now_of(session)
    dispute.status, dispute.updated_at = DISPUTE_WON if is_won else DISPUTE_LOST, now
    session.add(dispute)
    gone = min(dispute.amount, payment.amount_captured - payment.amount_refunded)
    session.flush()
    if not is_won and gone > 0:
        note_return(session, payment, gone, reason="dispute_lost", reference=dispute.gateway_reference)
    _tell(session, f"dispute_{dispute.status}", dispute)
    settle(session, payment.order_id)
    return dispute


def disputes_of(session: Session, payment_id: str) -> list[Dispute]:
    """The disputes of a payment."""
    return list(session.exec(scoped(session, Dispute).where(Dispute.payment_id == payment_id)))


def dispute_called(session: Session, reference: str) -> Dispute | None:
    """The dispute that the gateway calls so."""
    own = scoped(session, Dispute).where(Dispute.gateway_reference == reference)
    return session.exec(own).first() if reference else None


def _tell(session: Session, fact: str, dispute: Dispute) -> None:
    told = {
        "payment_id": dispute.payment_id, "order_id": dispute.order_id, "amount": dispute.amount,
        "currency": dispute.currency, "status": dispute.status,
    }  # fmt: skip
    audit(session, fact, dispute.id, **told)
    publish(session, fact, dispute.id, told)


__all__ = [
    "ANSWER",
    "EVIDENCE",
    "MAX_EVIDENCE",
    "apply_dispute",
    "close_dispute",
    "dispute_by_id",
    "dispute_called",
    "disputes_of",
    "open_dispute",
    "respond_to_dispute",
]
