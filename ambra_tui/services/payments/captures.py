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
from ambra_tui.services.payments.covering import Cover, covered, refuse_above_open, taken
from ambra_tui.services.payments.terms import lock_payment
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Payment, SalesOrder
from ambra_tui.store.scope import fetch, now_of

CONFIRM, CAPTURE, CANCEL = "payment_confirm", "payment_capture", "payment_cancel"


def confirm_payment(session: Session, payment_id: str, *, is_done: bool) -> str:
    """Asks how the customer's step went, or how a payment stands that the gateway still works at. `is_done`: for
    gateways of tests, whether they did it. Raises WrongState, Conflict for an order that another payment covers
    meanwhile."""
    payment = lock_payment(session, payment_id, "requires_action", "processing", step="confirm")
    if payment.status == "processing" and errands.is_under_way(session, payment.id):
        raise WrongState("payment", payment.id, state=payment.status, step="confirm")
    if payment.status == "requires_action" and is_done:
        _refuse_above_open(session, payment, payment.amount, by=covered)
    return _ask(session, payment, CONFIRM, is_done=is_done)


def capture_payment(session: Session, payment_id: str, *, amount: int | None) -> str:
    """Asks for an authorized payment, or a part of it: the rest is let go. Raises WrongState, Invalid, Conflict for an
    order that is paid for already."""
    payment = lock_payment(session, payment_id, "authorized", step="capture")
    wanted = payment.amount if amount is None else amount
    if not 0 < wanted <= payment.amount:
        raise Invalid(f"amount is a whole number from 1 to the authorized {payment.amount}", field="amount")
    gateway = gateway_named(payment.gateway)
    if gateway is not None:
        gateway.check(amount=wanted, currency=payment.currency.lower(), method=payment.method)
    _refuse_above_open(session, payment, wanted, by=taken)
    return _ask(session, payment, CAPTURE, amount=wanted)


def _refuse_above_open(session: Session, payment: Payment, amount: int, *, by: Cover) -> None:
    """Of two payments for one order that waited for the customer side by side, the second one goes no further."""
    if payment.order_id:
        order = fetch(session, SalesOrder, payment.order_id, resource="order")
        refuse_above_open(session, order, amount, besides=(payment.id,), by=by)


def cancel_payment(session: Session, payment_id: str) -> str:
    """Asks to let go of a payment that was not taken. Raises WrongState."""
    payment = lock_payment(session, payment_id, "authorized", "requires_action", step="cancel")
    return let_go(session, payment)


def let_go(session: Session, payment: Payment) -> str:
    """Asks to let go of a payment that its caller has locked: it is held, or waits for its customer."""
    return _ask(session, payment, CANCEL)


def _ask(session: Session, payment: Payment, kind: str, **details: Any) -> str:
    """Until the gateway answers, nobody else asks anything of the payment."""
    before = payment.status
    payment.status, payment.updated_at = "processing", now_of(session)
    session.add(payment)
    session.flush()
    audit(session, f"{kind}_asked", payment.id, **details)
    return errands.send(session, kind, payment.id, before=before, **details).id
