"""Payments: begun, confirmed, taken, given back, and what banks question. Amounts are whole minor units everywhere.

Example::

    POST /v2/payments/intents    {"amount": 19999, "currency": "usd", "payment_method": "card", "order_id": "ord_123"}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema
from sqlalchemy import ColumnElement
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing, Wish
from ambra_tui.api.editions.commerce._lists import Listed, page_of
from ambra_tui.api.editions.commerce._payments import (
    SHOWN,
    DisputeView,
    PaymentView,
    RefundView,
    dispute_view,
    payment_object,
    payment_view,
    payment_views,
    refund_view,
)
from ambra_tui.api.fields import Blank, Body, Flag, FromMoment, Identifier, Line, OneOf, UntilMoment
from ambra_tui.errors import Conflict
from ambra_tui.gateways import METHODS, Card
from ambra_tui.services import payments
from ambra_tui.store.models import Dispute, Payment, table_of
from ambra_tui.store.models.payments import DISPUTE_STATES

__all__ = ["catalogue", "payment_object"]

catalogue = Catalogue(
    "Payments", about="Payments from their intent to their refund, and disputes with customers' banks."
)
READ, WRITE = "payments:read", "payments:write"
STEP_OF = {shown: step for step, shown in SHOWN.items()}
SUCCEEDED, FAILED = "succeeded", "failed"
EXAMPLE = {
    "amount": 19999, "currency": "usd", "payment_method": "card", "order_id": "ord_123", "customer_id": "cust_456",
    "metadata": {},
}  # fmt: skip
EVIDENCE_EXAMPLE = {
    "evidence": {
        "transaction_details": "Ordered on 2026-01-15 by the customer's account, paid with 3-D Secure.",
        "shipping_proof": "Tracking number 9400111899223100001234, delivered on 2026-01-19 at 14:02.",
        "communication_logs": "2026-01-20, e-mail of the customer: 'The parcel is here, thank you.'",
    }
}


def _amount(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= payments.MAX_AMOUNT:
        raise ValueError(f"must be a whole number of minor units from 1 to {payments.MAX_AMOUNT}")
    return value


def _currency(value: Any) -> str:
    if not isinstance(value, str) or value not in payments.CURRENCIES:
        raise ValueError("must be a currency of ISO 4217 in small letters, such as usd")
    return value


def _secret(value: Any) -> SecretStr:
    if not isinstance(value, str) or not 1 <= len(value) <= 40:
        raise ValueError("must be text")
    return SecretStr(value)


def _whole(most: int) -> BeforeValidator:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise ValueError("must be a whole number")
        return value

    return BeforeValidator(check)


def _metadata(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    return value


def _evidence(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is required: the bank decides by it")
    if len(value) > payments.MAX_EVIDENCE:
        raise ValueError(f"must have at most {payments.MAX_EVIDENCE} characters")
    return value


def _address(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 2000 or not value.startswith(("https://", "http://")):
        raise ValueError("must be an address that begins with https://")
    return value


Amount = Annotated[
    int,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": payments.MAX_AMOUNT}),
]
Currency = Annotated[
    str,
    BeforeValidator(_currency),
    WithJsonSchema({"type": "string", "enum": sorted(payments.CURRENCIES)}),
]
_Hidden = {"type": "string", "minLength": 1, "maxLength": 40, "writeOnly": True}
Hidden = Annotated[SecretStr, BeforeValidator(_secret), WithJsonSchema(_Hidden)]
Month = Annotated[int, _whole(12), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 12})]
Year = Annotated[int, _whole(9999), WithJsonSchema({"type": "integer", "minimum": 2000, "maximum": 9999})]
Metadata = Annotated[
    dict[str, Any], BeforeValidator(_metadata), WithJsonSchema({"type": "object", "additionalProperties": True})
]
Evidence = Annotated[
    str,
    BeforeValidator(_evidence),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": payments.MAX_EVIDENCE}),
]
Address = Annotated[
    str, BeforeValidator(_address), WithJsonSchema({"type": "string", "format": "uri", "maxLength": 2000})
]


class TestCard(Body):
    """A test card, for test_ keys alone: it is looked at and forgotten, but for its brand and its last four digits."""

    number: Hidden
    exp_month: Month
    exp_year: Year
    cvc: Hidden


class NewIntent(Body):
    """A payment to begin. `amount`: minor units of the currency (19999 is 199.99 usd, 500 is 500 jpy, 1500 is 1.500
    kwd). `capture_method` automatic takes it at once; else it is authorized, and taken by its capture. `payment_token`:
    what the gateway's form in the browser made of a card. `return_url`: where a customer comes back to."""

    amount: Amount
    currency: Currency
    payment_method: Annotated[Identifier, OneOf(METHODS)]
    order_id: Identifier | None = None
    customer_id: Identifier | None = None
    capture_method: Annotated[Identifier, OneOf(("automatic", "manual"))] = "manual"
    card: TestCard | None = None
    payment_token: Line | None = None
    return_url: Address | None = None
    metadata: Metadata = Field(default_factory=dict)


class Confirmation(Body):
    """For test_ keys, whether the customer did what was asked of them; real gateways know by themselves."""

    result: Annotated[Identifier, OneOf((SUCCEEDED, FAILED))] = SUCCEEDED


class Capture(Body):
    """How much is taken of what was authorized: all of it when nothing is said. The rest is let go."""

    amount: Amount | None = None


class NewRefund(Body):
    """What goes back: all that is left when no `amount` is said. `refund_application_fee`: the platform's fee too."""

    amount: Amount | None = None
    reason: Blank = ""
    refund_application_fee: Flag = False


class EvidenceBody(Body):
    """Why the payment was right: what was bought, that it arrived, what was written about it. All three are needed."""

    transaction_details: Evidence
    shipping_proof: Evidence
    communication_logs: Evidence


class DisputeAnswer(Body):
    """The answer to a dispute, once."""

    evidence: EvidenceBody


class PaymentQuery(Listed):
    """Filters of payments, newest first. Both dates are inclusive; a bare one is a whole day, UTC."""

    status: Annotated[Identifier, OneOf(tuple(STEP_OF))] | None = None
    payment_method: Annotated[Identifier, OneOf(METHODS)] | None = None
    order_id: Identifier | None = None
    customer_id: Identifier | None = None
    date_from: FromMoment | None = None
    date_to: UntilMoment | None = None


class DisputeQuery(Listed):
    """Filters of disputes, newest first."""

    status: Annotated[Identifier, OneOf(DISPUTE_STATES)] | None = None
    payment_id: Identifier | None = None


# -- reading ---------------------------------------------------------------------------------------------------------


@catalogue.read(
    "/payments", PaymentQuery, scope=READ, operation_id="listPayments", is_list=True,
    summary="Payments, newest first", shape=PaymentView,
)  # fmt: skip
def list_payments(session: Session, call: Call, query: PaymentQuery) -> Answer:
    """With what became of each."""
    page = page_of(session, call, query, Payment, *_matching(query), order=(("created_at", True),))
    return page.answer(payment_views(session, page.rows))


def _matching(query: PaymentQuery) -> list[ColumnElement[bool]]:
    columns = table_of(Payment).c
    asked = {
        columns.status: STEP_OF[query.status] if query.status else None,
        columns.method: query.payment_method,
        columns.order_id: query.order_id,
        columns.customer_id: query.customer_id,
    }
    matching = [column == value for column, value in asked.items() if value is not None]
    if query.date_from is not None:
        matching.append(columns.created_at >= query.date_from)
    if query.date_to is not None:
        matching.append(columns.created_at <= query.date_to)
    return matching


@catalogue.read(
    "/payments/disputes", DisputeQuery, scope=READ, operation_id="listDisputes", is_list=True,
    summary="Disputes, newest first", shape=DisputeView,
)  # fmt: skip
def list_disputes(session: Session, call: Call, query: DisputeQuery) -> Answer:
    """What customers' banks question."""
    columns = table_of(Dispute).c
    asked = {columns.status: query.status, columns.payment_id: query.payment_id}
    matching = [column == value for column, value in asked.items() if value is not None]
    page = page_of(session, call, query, Dispute, *matching, order=(("created_at", True),))
    return page.answer([dispute_view(row) for row in page.rows])


@catalogue.read(
    "/payments/{id}", Nothing, scope=READ, operation_id="getPayment", summary="One payment", shape=PaymentView
)
def get_payment(session: Session, call: Call, _query: Nothing) -> Answer:
    """With its refunds."""
    return Answer(payment_view(session, call.path["id"]))


# -- what is asked of gateways ---------------------------------------------------------------------------------------


def _payment_answer(session: Session, _call: Call, subject: str) -> Answer:
    return Answer(payment_view(session, subject))


def _new_payment(session: Session, call: Call, subject: str) -> Answer:
    return Answer(payment_view(session, subject), location=call.url(f"/payments/{subject}"))


def _taken(session: Session, call: Call, subject: str) -> Answer:
    """Raises Conflict with the gateway's word when it did not take the payment."""
    payment = payments.payment_by_id(session, subject)
    if payment.status not in ("succeeded", "processing"):
        raise Conflict(payment.failure_message or f"The payment is {SHOWN[payment.status]}: it was not taken")
    return _payment_answer(session, call, subject)


def _without_card(body: Mapping[str, Any]) -> Any:
    """A body as it may be remembered: of a card no more than is kept of it."""
    card = body.get("card")
    if not isinstance(card, Mapping):
        return body
    shown = {name: value for name, value in card.items() if name in ("exp_month", "exp_year")}
    return {**body, "card": {**shown, "last4": str(card.get("number"))[-4:]}}


@catalogue.errand(
    "/payments/intents", NewIntent, scope=WRITE, operation_id="createPaymentIntent", answer=_new_payment,
    summary="Begin a payment", shape=PaymentView, example=EXAMPLE, concealed=_without_card,
)  # fmt: skip
def create_intent(session: Session, call: Call, body: NewIntent) -> Wish:
    """The gateway is asked at once: a declined card is an answer (`status` failed), not an error. bitcoin and ethereum
    are for the enterprise plan."""
    wanted = payments.NewPayment(
        amount=body.amount,
        currency=body.currency,
        method=body.payment_method,
        order_id=body.order_id or "",
        customer_id=body.customer_id or "",
        is_captured=body.capture_method == "automatic",
        card=_card(body.card),
        token=body.payment_token or "",
        return_url=body.return_url or "",
        marks=body.metadata,
    )
    asked = payments.begin_payment(
        session, wanted, gateway=payments.gateway_for(session),
        may_pay_in_crypto=call.principal.plan == "enterprise",
    )  # fmt: skip
    return Wish(asked.payment.id, (asked.errand_id,))


def _card(told: TestCard | None) -> Card | None:
    if told is None:
        return None
    year = told.exp_year + 2000 if told.exp_year < 100 else told.exp_year
    return Card(told.number.get_secret_value(), told.exp_month, year, told.cvc.get_secret_value())


@catalogue.errand(
    "/payments/intents/{id}/confirm", Confirmation, scope=WRITE, operation_id="confirmPaymentIntent",
    answer=_payment_answer, summary="Go on after the customer's step, such as 3-D Secure", shape=PaymentView,
    example={"result": SUCCEEDED},
)  # fmt: skip
def confirm_intent(session: Session, call: Call, body: Confirmation) -> Wish:
    """From requires_action; the gateway tells how the step went."""
    payment_id = call.path["id"]
    return Wish(payment_id, (payments.confirm_payment(session, payment_id, is_done=body.result == SUCCEEDED),))


@catalogue.errand(
    "/payments/intents/{id}/cancel", Nothing, scope=WRITE, operation_id="cancelPaymentIntent", answer=_payment_answer,
    summary="Let go of a payment that was not taken", shape=PaymentView,
)  # fmt: skip
def cancel_intent(session: Session, call: Call, _body: Nothing) -> Wish:
    """From requires_capture or requires_action."""
    payment_id = call.path["id"]
    return Wish(payment_id, (payments.cancel_payment(session, payment_id),))


@catalogue.errand(
    "/payments/{intent_id}/capture", Capture, scope=WRITE, operation_id="capturePayment", answer=_taken,
    summary="Take an authorized payment, or a part of it", shape=PaymentView, example={"amount": 19999},
)  # fmt: skip
def capture(session: Session, call: Call, body: Capture) -> Wish:
    """From requires_capture, once: in any other state 409."""
    payment_id = call.path["intent_id"]
    return Wish(payment_id, (payments.capture_payment(session, payment_id, amount=body.amount),))


def _refund_answer(session: Session, _call: Call, subject: str) -> Answer:
    return Answer(refund_view(payments.refund_by_id(session, subject)))


@catalogue.errand(
    "/payments/{payment_id}/refund", NewRefund, scope=WRITE, operation_id="refundPayment", answer=_refund_answer,
    summary="Give back a payment, or a part of it", shape=RefundView,
    example={"amount": 19999, "reason": "customer_request", "refund_application_fee": False},
)  # fmt: skip
def refund(session: Session, call: Call, body: NewRefund) -> Wish:
    """As often as something is left of what was taken."""
    made, errand_id = payments.refund_payment(
        session, call.path["payment_id"], amount=body.amount, reason=body.reason,
        with_fee=body.refund_application_fee,
    )  # fmt: skip
    return Wish(made.id, (errand_id,))


def _dispute_answer(session: Session, _call: Call, subject: str) -> Answer:
    return Answer(dispute_view(payments.dispute_by_id(session, subject)))


@catalogue.errand(
    "/payments/disputes/{id}/respond", DisputeAnswer, scope=WRITE, operation_id="respondToDispute",
    answer=_dispute_answer, summary="Answer a dispute with evidence", shape=DisputeView, example=EVIDENCE_EXAMPLE,
)  # fmt: skip
def respond(session: Session, call: Call, body: DisputeAnswer) -> Wish:
    """Once, while it needs a response."""
    dispute_id = call.path["id"]
    return Wish(dispute_id, (payments.respond_to_dispute(session, dispute_id, body.evidence.model_dump()),))
