"""Payments begun: what is asked is checked and written down, and the gateway is asked for it.

Example::

    asked = begin_payment(session, NewPayment(amount=500, currency="jpy", method="card"), gateway=sandbox)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from ambra_tui.errors import Conflict, Invalid, NotAllowed, WrongState
from ambra_tui.gateways import Card, Gateway, Outcome, Token
from ambra_tui.gateways._cards import holds_card_number
from ambra_tui.kit.ids import new_id
from ambra_tui.services import errands, orders
from ambra_tui.services.payments.choice import SANDBOX
from ambra_tui.services.payments.covering import covered, refuse_above_open
from ambra_tui.services.payments.outcomes import apply_outcome
from ambra_tui.services.payments.terms import CRYPTO, MAX_AMOUNT, METHODS, clean_payment_currency, payments_of
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Payment, SalesOrder
from ambra_tui.store.scope import lock_row, now_of, organization_of

CREATE = "payment_create"
MAX_MARKS, MAX_MARK_NAME, MAX_MARK = 50, 40, 500
MAX_TOKEN, MAX_URL = 120, 2000


@dataclass(frozen=True, slots=True)
class NewPayment:
    """What is to be paid. `currency`: small letters. `is_captured`: taken at once, else authorized first. A `card` is
    for gateways of tests; others get a `token` of their own. `marks`: the caller's, kept and shown."""

    amount: int
    currency: str
    method: str
    order_id: str = ""
    customer_id: str = ""
    is_captured: bool = False
    card: Card | None = None
    token: str = ""
    return_url: str = ""
    marks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskedPayment:
    """A payment and the errand that it waits for."""

    payment: Payment
    errand_id: str


def begin_payment(
    session: Session, wanted: NewPayment, *, gateway: Gateway, may_pay_in_crypto: bool = False
) -> AskedPayment:
    """A payment that is being asked for. Raises Invalid naming the field, also for an erased customer, NotFound for an
    order or customer, WrongState for a cancelled order, NotAllowed for a method that the plan does not have."""
    currency = clean_payment_currency(wanted.currency)
    _check(wanted, gateway, may_pay_in_crypto=may_pay_in_crypto)
    order = lock_row(session, SalesOrder, wanted.order_id, resource="order") if wanted.order_id else None
    customer_id = _customer(session, wanted, order)
    if order is not None:
        _refuse_order(order, currency)
        refuse_above_open(session, order, wanted.amount)
    token = _token(session, wanted, gateway)
    now = now_of(session)
    payment = Payment(
        organization_id=organization_of(session),
        id=new_id("pi"),
        order_id=wanted.order_id,
        customer_id=customer_id,
        amount=wanted.amount,
        currency=currency,
        method=wanted.method,
        capture_method="automatic" if wanted.is_captured else "manual",
        status="processing",
        gateway=gateway.name,
        card_brand=token.brand,
        card_last4=token.last4,
        details={"metadata": _marks(wanted.marks), "token": token.text, "return_url": wanted.return_url},
        created_at=now,
        updated_at=now,
    )
    session.add(payment)
    session.flush()
    audit(session, "payment_begun", payment.id, amount=payment.amount, currency=currency, method=payment.method)
    return AskedPayment(payment, errands.send(session, CREATE, payment.id).id)


def _check(wanted: NewPayment, gateway: Gateway, *, may_pay_in_crypto: bool) -> None:
    if wanted.method not in METHODS:
        raise Invalid(f"payment_method is one of {', '.join(METHODS)}", field="payment_method")
    if not 0 < wanted.amount <= MAX_AMOUNT:
        raise Invalid(f"amount is a whole number of minor units from 1 to {MAX_AMOUNT}", field="amount")
    if wanted.method in CRYPTO and not may_pay_in_crypto:
        raise NotAllowed(f"Payments in {wanted.method} are for the enterprise plan.")
    if wanted.card is not None and wanted.method != "card":
        raise Invalid("card goes with the payment_method card alone", field="card")
    if wanted.card is not None and wanted.token:
        raise Invalid("Send card or payment_token, not both", field="payment_token")
    if wanted.card is not None and not gateway.takes_cards:
        raise Invalid(
            "Card numbers are for test_ keys only. Send the payment_token that the gateway's form made", field="card"
        )
    gateway.check(amount=wanted.amount, currency=wanted.currency, method=wanted.method)


def _customer(session: Session, wanted: NewPayment, order: SalesOrder | None) -> str:
    known = order.customer_id if order is not None else ""
    if wanted.customer_id and wanted.customer_id != known:
        orders.customer_of(session, wanted.customer_id)
        if known:
            raise Invalid("This is the order of another customer", field="customer_id")
    return wanted.customer_id or known


def _refuse_order(order: SalesOrder, currency: str) -> None:
    if order.status == "cancelled":
        raise WrongState("order", order.number, state=order.status, step="pay")
    if order.currency != currency:
        raise Invalid(f"The order is in {order.currency.lower()}", field="currency")


def _token(session: Session, wanted: NewPayment, gateway: Gateway) -> Token:
    if wanted.card is not None:
        return gateway.tokenize(wanted.card, today=now_of(session).date())
    if not wanted.token:
        return Token("", "", "")
    if holds_card_number(wanted.token):
        raise Invalid("payment_token is never a card's number", field="payment_token")
    return gateway.known_token(wanted.token)


def _marks(marks: Mapping[str, Any]) -> dict[str, Any]:
    """The caller's own words beside a payment. Raises Invalid for too many, too long ones, and for a card's number."""
    if len(marks) > MAX_MARKS:
        raise Invalid(f"metadata has at most {MAX_MARKS} entries", field="metadata")
    for name, value in marks.items():
        if len(name) > MAX_MARK_NAME or not isinstance(value, str | int | bool | None) or len(str(value)) > MAX_MARK:
            raise Invalid(
                f"metadata holds texts and whole numbers, names up to {MAX_MARK_NAME} characters, "
                f"values up to {MAX_MARK}",
                field="metadata",
            )
        if holds_card_number(name) or holds_card_number(str(value)):
            raise Invalid("Never send a card's number in metadata", field="metadata")
    return dict(marks)


def take_sample_payment(session: Session, *, order: SalesOrder, method: str = "card") -> Payment:
    """A payment of all that is open of an order, taken at the sandbox at once: for samples, in one transaction."""
    total = orders.order_total(session, order) - sum(map(covered, payments_of(session, order.id)))
    if total <= 0:
        raise Conflict(f"Order {order.number} has nothing to pay")
    now = now_of(session)
    is_card = method in ("card", "apple_pay", "google_pay")
    payment = Payment(
        organization_id=organization_of(session),
        id=new_id("pi"),
        order_id=order.id,
        customer_id=order.customer_id,
        amount=total,
        currency=order.currency,
        method=method,
        capture_method="automatic",
        status="processing",
        gateway=SANDBOX,
        card_brand="visa" if is_card else "",
        card_last4="4242" if is_card else "",
        details={"metadata": {}, "token": "", "return_url": ""},
        created_at=now,
        updated_at=now,
    )
    session.add(payment)
    session.flush()
    return apply_outcome(session, payment, Outcome("succeeded", f"{SANDBOX}_{payment.id}", amount_captured=total))
