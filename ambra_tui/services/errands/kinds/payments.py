"""What is asked of payment gateways.

Example::

    errands.send(session, "payment_capture", payment.id, before="authorized", amount=500)
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from ambra_tui.errors import Conflict, Unavailable
from ambra_tui.gateways import DISPUTE_OPEN, Charge, DisputeOutcome, Gateway, Outcome, RefundOutcome
from ambra_tui.services.errands.written import Asked, Kind
from ambra_tui.services.payments.captures import CANCEL, CAPTURE, CONFIRM
from ambra_tui.services.payments.choice import gateway_named
from ambra_tui.services.payments.disputes import ANSWER, apply_dispute, dispute_by_id
from ambra_tui.services.payments.going_back import go_back
from ambra_tui.services.payments.intents import CREATE
from ambra_tui.services.payments.outcomes import apply_outcome
from ambra_tui.services.payments.refunds import REFUND, apply_refund, refund_by_id
from ambra_tui.services.payments.terms import lock_payment, payment_by_id, standing_of
from ambra_tui.store import Store
from ambra_tui.store.models import Payment

log = logging.getLogger(__name__)
SILENT = "gateway_unreachable"
_SILENT_MESSAGE = "The payment gateway did not answer."
Ask = Callable[[Gateway, Payment, Asked], Outcome]


def _gateway(payment: Payment) -> Gateway:
    """Raises Unavailable where the gateway that has the payment is not set up any more."""
    gateway = gateway_named(payment.gateway)
    if gateway is None:
        raise Unavailable(f"The gateway {payment.gateway} is not set up at this server")
    return gateway


def _payment(store: Store, asked: Asked) -> Payment:
    with store.read(asked.organization_id) as session:
        return payment_by_id(session, asked.subject_id)


def _kind(ask: Ask) -> Kind:
    def call(store: Store, asked: Asked) -> Outcome:
        payment = _payment(store, asked)
        return ask(_gateway(payment), payment, asked)

    return Kind(call=call, apply=_apply, give_up=_give_up)


def _apply(session: Session, asked: Asked, outcome: Outcome) -> None:
    payment = lock_payment(session, asked.subject_id, step="settle")
    apply_outcome(session, payment, outcome)
    go_back(session, payment)


def _give_up(session: Session, asked: Asked) -> None:
    """A payment that never began has failed; else it stands as it stood."""
    payment = lock_payment(session, asked.subject_id, step="settle")
    if payment.status == "processing":
        status = str(asked.details.get("before", "failed"))
        apply_outcome(session, payment, Outcome(status, failure_code=SILENT, failure_message=_SILENT_MESSAGE))


def _create(gateway: Gateway, payment: Payment, asked: Asked) -> Outcome:
    charge = Charge(
        payment_id=payment.id,
        amount=payment.amount,
        currency=payment.currency.lower(),
        method=payment.method,
        token=payment.details.get("token", ""),
        is_captured=payment.capture_method == "automatic",
        return_url=payment.details.get("return_url", ""),
        marks={
            "ambra_payment": payment.id,
            "ambra_organization": str(payment.organization_id),
            **({"ambra_order": payment.order_id} if payment.order_id else {}),
        },
    )
    return gateway.create(charge, key=asked.id)


def _confirm(gateway: Gateway, payment: Payment, asked: Asked) -> Outcome:
    return gateway.confirm(standing_of(payment), is_done=bool(asked.details["is_done"]), key=asked.id)


def _capture(gateway: Gateway, payment: Payment, asked: Asked) -> Outcome:
    return gateway.capture(standing_of(payment), int(asked.details["amount"]), key=asked.id)


def _cancel(gateway: Gateway, payment: Payment, asked: Asked) -> Outcome:
    return gateway.cancel(standing_of(payment), key=asked.id)


def _refund(store: Store, asked: Asked) -> RefundOutcome:
    with store.read(asked.organization_id) as session:
        refund = refund_by_id(session, asked.subject_id)
        payment = payment_by_id(session, refund.payment_id)
    return _gateway(payment).refund(
        standing_of(payment), refund.amount, refund_id=refund.id, reason=refund.reason,
        with_fee=refund.is_application_fee_refunded, key=asked.id,
    )  # fmt: skip


def _answer(store: Store, asked: Asked) -> DisputeOutcome:
    with store.read(asked.organization_id) as session:
        dispute = dispute_by_id(session, asked.subject_id)
        payment = payment_by_id(session, dispute.payment_id)
    evidence: dict[str, Any] = dispute.evidence
    try:
        return _gateway(payment).answer_dispute(dispute.gateway_reference, evidence, key=asked.id)
    except Conflict as error:
        log.warning("the evidence of dispute %s was not taken: %s", dispute.id, error.message)
        return DisputeOutcome(DISPUTE_OPEN, dispute.gateway_reference)


KINDS = {
    CREATE: _kind(_create),
    CONFIRM: _kind(_confirm),
    CAPTURE: _kind(_capture),
    CANCEL: _kind(_cancel),
    REFUND: Kind(
        call=_refund,
        apply=lambda session, asked, outcome: _none(apply_refund(session, asked.subject_id, outcome)),
        give_up=lambda session, asked: _none(
            apply_refund(session, asked.subject_id, RefundOutcome("failed", failure_code=SILENT))
        ),
    ),
    ANSWER: Kind(
        call=_answer,
        apply=lambda session, asked, outcome: _none(apply_dispute(session, asked.subject_id, outcome)),
        give_up=lambda session, asked: _none(apply_dispute(session, asked.subject_id, DisputeOutcome(DISPUTE_OPEN))),
    ),
}


def _none(_row: object) -> None:
    """An outcome is noted; nobody asks for the row."""
