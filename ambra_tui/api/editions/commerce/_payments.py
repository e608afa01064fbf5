"""Payments, refunds and disputes as this contract shows them.

Example::

    payment_view(session, payment_id)     # {'id': 'pi_01K...', 'amount': 19999, 'status': 'requires_capture', ...}
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.errors import NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.services import payments
from ambra_tui.store.models import Dispute, Refund, table_of
from ambra_tui.store.models.payments import DISPUTE_STATES, PAYMENT_STEPS
from ambra_tui.store.scope import scoped

SHOWN = {step: "requires_capture" if step == "authorized" else step for step in PAYMENT_STEPS}
"""What a payment's state is called here."""


class CardView(TypedDict):
    """What is kept of a card."""

    brand: str
    last4: str


class FailureView(TypedDict):
    """Why a payment failed: ``card_declined``, ``insufficient_funds``, ``authentication_failed`` ..."""

    code: str
    message: str


class RefundView(TypedDict):
    """What goes back. ``status``: pending, succeeded or failed. ``expected_date``: when the customer should have it,
    5 to 10 working days from its beginning."""

    id: str
    payment_id: str
    order_id: str | None
    amount: int
    currency: str
    reason: str
    refund_application_fee: bool
    status: str
    failure_code: str | None
    expected_date: str | None
    created_at: str
    updated_at: str


class PaymentView(TypedDict):
    """A payment. ``status``: requires_action (the customer has a step to do, see ``next_action``), processing (the
    gateway was asked), requires_capture (authorized), succeeded, failed, cancelled. ``test``: no money moves.
    ``amount_refundable``: what may still go back."""

    id: str
    amount: int
    amount_captured: int
    amount_refunded: int
    amount_refundable: int
    currency: str
    status: str
    payment_method: str
    capture_method: str
    order_id: str | None
    customer_id: str | None
    card: CardView | None
    next_action: dict[str, Any] | None
    failure: FailureView | None
    refunds: list[RefundView]
    metadata: dict[str, Any]
    gateway: str
    test: bool
    created_at: str
    updated_at: str
    captured_at: str | None


class DisputeView(TypedDict):
    """A payment that the customer's bank questions. ``status``: needs_response, under_review, won or lost.
    ``evidence``: what was handed in; ``evidence_due_by``: until when that is possible."""

    id: str
    payment_id: str
    order_id: str | None
    amount: int
    currency: str
    reason: str
    status: str
    evidence: dict[str, str] | None
    evidence_due_by: str | None
    created_at: str
    updated_at: str


def payment_object(session: Session, payment_id: str) -> PaymentView | None:
    """What a GET of the payment answers; None when there is none."""
    try:
        return payment_view(session, payment_id)
    except NotFound:
        return None


def payment_view(session: Session, payment_id: str) -> PaymentView:
    """The payment with its refunds. Raises NotFound."""
    return payment_views(session, [payments.payment_by_id(session, payment_id)])[0]


def payment_views(session: Session, rows: Sequence[Any]) -> list[PaymentView]:
    """Rows of payments, each with its refunds."""
    ids = [row.id for row in rows]
    refunds: dict[str, list[RefundView]] = defaultdict(list)
    for each in payments.refunds_of(session, *ids) if ids else ():
        refunds[each.payment_id].append(refund_view(each))
    questioned: dict[str, int] = defaultdict(int)
    if ids:
        open_ones = scoped(session, Dispute).where(
            table_of(Dispute).c.payment_id.in_(ids), table_of(Dispute).c.status.in_(DISPUTE_STATES[:2])
        )
        for dispute in session.exec(open_ones):
            questioned[dispute.payment_id] += dispute.amount
    return [_shown(row, refunds[row.id], questioned[row.id]) for row in rows]


def _shown(row: Any, refunds: list[RefundView], questioned: int) -> PaymentView:
    return {
        "id": row.id,
        "amount": row.amount,
        "amount_captured": row.amount_captured,
        "amount_refunded": row.amount_refunded,
        "amount_refundable": row.amount_captured - row.amount_refunded - questioned,
        "currency": row.currency.lower(),
        "status": SHOWN[row.status],
        "payment_method": row.method,
        "capture_method": row.capture_method,
        "order_id": row.order_id or None,
        "customer_id": row.customer_id or None,
        "card": {"brand": row.card_brand, "last4": row.card_last4} if row.card_last4 else None,
        "next_action": dict(row.next_action) or None,
        "failure": {"code": row.failure_code, "message": row.failure_message} if row.failure_code else None,
        "refunds": refunds,
        "metadata": row.details.get("metadata", {}),
        "gateway": row.gateway,
        "test": row.gateway == "sandbox",
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
        "captured_at": to_iso(row.captured_at) if row.captured_at else None,
    }


def refund_view(row: Refund) -> RefundView:
    """A refund."""
    return {
        "id": row.id,
        "payment_id": row.payment_id,
        "order_id": row.order_id or None,
        "amount": row.amount,
        "currency": row.currency.lower(),
        "reason": row.reason,
        "refund_application_fee": row.is_application_fee_refunded,
        "status": row.status,
        "failure_code": row.failure_code or None,
        "expected_date": row.expected_on.isoformat() if row.expected_on else None,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def dispute_view(row: Any) -> DisputeView:
    """A dispute."""
    return {
        "id": row.id,
        "payment_id": row.payment_id,
        "order_id": row.order_id or None,
        "amount": row.amount,
        "currency": row.currency.lower(),
        "reason": row.reason,
        "status": row.status,
        "evidence": dict(row.evidence) or None,
        "evidence_due_by": to_iso(row.due_at) if row.due_at else None,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }
