"""The steps of a payment after its beginning: the customer's own, the taking, the letting go.

Example::

    errand_id = capture_payment(session, payment_id, amount=None)
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from ambra_tui.errors import Invalid, WrongState
from ambra_tui.services import errands
from ambra_tui.services.payments.choice import gateway_named
from ambra_tui.services.payments.terms import lock_payment
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Payment
from ambra_tui.store.scope import now_of

CONFIRM, CAPTURE, CANCEL = "payment_confirm", "payment_capture", "payment_cancel"


def confirm_payment(session: Session, payment_id: str, *, is_done: bool) -> str:
    """Asks how the customer's step went, or how a payment stands that the gateway still works at. `is_done`: for
    gateways of tests, whether they did it. Raises WrongState."""
    payment = lock_payment(session, payment_id, "requires_action", "processing", step="confirm")
    if payment.status == "processing" and errands.is_under_way(session, payment.id):
        raise WrongState("payment", payment.id, state=payment.status, step="confirm")
    return _ask(session, payment, CONFIRM, is_done=is_done)


def capture_payment(session: Session, payment_id: str, *, amount: int | None) -> str:
    """Asks for an authorized payment, or a part of it: the rest is let go. Raises WrongState, Invalid."""
    payment = lock_payment(session, payment_id, "authorized", step="capture")
    wanted = payment.amount if amount is None else amount
    if not 0 < wanted <= payment.amount:
        raise Invalid(f"amount is a whole number from 1 to the authorized {payment.amount}", field="amount")
    gateway = gateway_named(payment.gateway)
    if gateway is not None:
        gateway.check(amount=wanted, currency=payment.currency.lower(), method=payment.method)
    return _ask(session, payment, CAPTURE, amount=wanted)


def cancel_payment(session: Session, payment_id: str) -> str:
    """Asks to let go of a payment that was not taken. Raises WrongState."""
    payment = lock_payment(session, payment_id, "authorized", "requires_action", step="cancel")
    return _ask(session, payment, CANCEL)


def _ask(session: Session, payment: Payment, kind: str, **details: Any) -> str:
    """Until the gateway answers, nobody else asks anything of the payment."""
    before = payment.status
    payment.status, payment.updated_at = "processing", now_of(session)
    session.add(payment)
    session.flush()
    audit(session, f"{kind}_asked", payment.id, **details)
    return errands.send(session, kind, payment.id, before=before, **details).id
