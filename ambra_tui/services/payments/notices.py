"""Notices that a gateway sends by itself: verified, asked about, and applied once, together with the mark that says so.

Example::

    take_notice(store, "stripe", body, headers)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlmodel import Session

from ambra_tui.errors import Duplicate, NotFound
from ambra_tui.gateways import DISPUTE_LOST, DISPUTE_WON, News
from ambra_tui.services.access_system import organization_of_payment
from ambra_tui.services.payments.choice import SANDBOX, gateway_named
from ambra_tui.services.payments.disputes import apply_dispute, dispute_called, open_dispute
from ambra_tui.services.payments.going_back import go_back
from ambra_tui.services.payments.outcomes import apply_outcome
from ambra_tui.services.payments.refunds import apply_refund, note_foreign_refund
from ambra_tui.services.payments.terms import lock_payment
from ambra_tui.services.rows import add_unique
from ambra_tui.store import SYSTEM, Store
from ambra_tui.store.models import GatewayNotice, Payment, Refund
from ambra_tui.store.scope import now_of, organization_of, scoped

log = logging.getLogger(__name__)


def take_notice(store: Store, gateway_name: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Applies what a notice tells; False when it was known, or is of no concern. Outside every transaction, because
    the gateway is asked how things stand. Raises Unauthenticated, Invalid, NotFound for a gateway that is not set up,
    Unavailable when the gateway does not answer: it sends the notice again."""
    gateway = gateway_named(gateway_name) if gateway_name != SANDBOX else None
    if gateway is None:
        raise NotFound("gateway", gateway_name)
    news = gateway.news(body, headers)
    if news is None:
        return False
    marks = news.marks
    whose = marks.get("ambra_organization", "")
    found = organization_of_payment(
        store, gateway_name, reference=news.payment_reference, payment_id=marks.get("ambra_payment", ""),
        organization_id=int(whose) if whose.isdecimal() else None,
    )  # fmt: skip
    if found is None:
        log.info("notice %s (%s) is about a payment that is not ours", news.notice_id, news.type)
        return False
    organization_id, payment_id = found
    return store.writer.run(
        lambda session: _apply(session, gateway_name, payment_id, news), organization_id=organization_id, actor=SYSTEM
    )


def _apply(session: Session, gateway_name: str, payment_id: str, news: News) -> bool:
    mark = GatewayNotice(
        organization_id=organization_of(session), gateway=gateway_name, notice_id=news.notice_id, type=news.type[:80],
        created_at=now_of(session),
    )  # fmt: skip
    try:
        add_unique(session, mark, Duplicate("notice", "id", news.notice_id))
    except Duplicate:
        return False
    payment = lock_payment(session, payment_id, step="read a notice of")
    if news.payment is not None:
        apply_outcome(session, payment, news.payment)
        go_back(session, payment)
    if news.refund is not None:
        _apply_refund(session, payment, news)
    if news.dispute is not None:
        _apply_dispute(session, payment, news)
    return True


def _apply_refund(session: Session, payment: Payment, news: News) -> None:
    assert news.refund is not None
    own = scoped(session, Refund).where(Refund.payment_id == payment.id)
    known = [
        refund
        for refund in session.exec(own)
        if refund.id == news.refund.refund_id or refund.gateway_reference == news.refund.reference
    ]
    if known:
        apply_refund(session, known[0].id, news.refund)
    elif note_foreign_refund(session, payment, news.refund) is None:
        log.warning("refund %s of payment %s is more than was taken here", news.refund.reference, payment.id)


def _apply_dispute(session: Session, payment: Payment, news: News) -> None:
    told = news.dispute
    assert told is not None
    dispute = dispute_called(session, told.reference)
    if dispute is None:
        if payment.status != "succeeded" or told.status in (DISPUTE_WON, DISPUTE_LOST):
            log.warning("dispute %s of payment %s came too late or too early", told.reference, payment.id)
            return
        due_at = datetime.fromtimestamp(told.due_at, UTC) if told.due_at else None
        amount = min(told.amount, payment.amount_captured - payment.amount_refunded)
        dispute = open_dispute(
            session, payment, reason=told.reason, amount=amount, reference=told.reference, due_at=due_at
        )
    apply_dispute(session, dispute.id, told)
