"""Payments: begun, confirmed, taken, given back, and what banks question. Amounts are whole minor units everywhere.

Example::

    POST /v2/payments/intents    {"amount": 19999, "currency": "usd", "payment_method": "card", "order_id": "ord_123"}
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, WithJsonSchema
from sqlalchemy import ColumnElement
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing, Wish
from ambra_tui.api.editions.commerce._lists import Listed, page_of
from ambra_tui.api.fields import Blank, Body, Flag, FromMoment, Identifier, Line, OneOf, UntilMoment
from ambra_tui.errors import Conflict, NotFound
from ambra_tui.gateways import METHODS, Card
from ambra_tui.kit.clock import to_iso
from ambra_tui.services import payments
from ambra_tui.store.models import Dispute, Payment, Refund, table_of
from ambra_tui.store.models.payments import DISPUTE_STATES, PAYMENT_STEPS
from ambra_tui.store.scope import scoped

catalogue = Catalogue(
    "Payments", about="Payments from their intent to their refund, and disputes with customers' banks."
)
READ, WRITE = "payments:read", "payments:write"
SHOWN = {step: "requires_capture" if step == "authorized" else step for step in PAYMENT_STEPS}
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
    return page.answer(_views(session, page.rows))


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
    return page.answer([_dispute_view(row) for row in page.rows])


@catalogue.read(
    "/payments/{id}", Nothing, scope=READ, operation_id="getPayment", summary="One payment", shape=PaymentView
)
def get_payment(session: Session, call: Call, _query: Nothing) -> Answer:
    """With its refunds."""
    return Answer(_view(session, call.path["id"]))


# -- what is asked of gateways ---------------------------------------------------------------------------------------


def _payment_answer(session: Session, _call: Call, subject: str) -> Answer:
    return Answer(_view(session, subject))


def _new_payment(session: Session, call: Call, subject: str) -> Answer:
    return Answer(_view(session, subject), location=call.url(f"/payments/{subject}"))


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
    return Answer(_refund_view(payments.refund_by_id(session, subject)))


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
    return Answer(_dispute_view(payments.dispute_by_id(session, subject)))


@catalogue.errand(
    "/payments/disputes/{id}/respond", DisputeAnswer, scope=WRITE, operation_id="respondToDispute",
    answer=_dispute_answer, summary="Answer a dispute with evidence", shape=DisputeView, example=EVIDENCE_EXAMPLE,
)  # fmt: skip
def respond(session: Session, call: Call, body: DisputeAnswer) -> Wish:
    """Once, while it needs a response."""
    dispute_id = call.path["id"]
    return Wish(dispute_id, (payments.respond_to_dispute(session, dispute_id, body.evidence.model_dump()),))


# -- showing ---------------------------------------------------------------------------------------------------------


def payment_object(session: Session, payment_id: str) -> PaymentView | None:
    """What a GET of the payment answers; None when there is none."""
    try:
        return _view(session, payment_id)
    except NotFound:
        return None


def payment_views(session: Session, order_id: str) -> list[PaymentView]:
    """The payments of an order, the first one first."""
    return _views(session, payments.payments_of(session, order_id))


def _view(session: Session, payment_id: str) -> PaymentView:
    return _views(session, [payments.payment_by_id(session, payment_id)])[0]


def _views(session: Session, rows: Sequence[Any]) -> list[PaymentView]:
    ids = [row.id for row in rows]
    refunds: dict[str, list[RefundView]] = defaultdict(list)
    for each in payments.refunds_of(session, *ids) if ids else ():
        refunds[each.payment_id].append(_refund_view(each))
    questioned: dict[str, int] = defaultdict(int)
    if ids:
        open_ones = scoped(session, Dispute).where(
            table_of(Dispute).c.payment_id.in_(ids), table_of(Dispute).c.status.in_(DISPUTE_STATES[:2])
        )
        for dispute in session.exec(open_ones):
            questioned[dispute.payment_id] += dispute.amount
    return [_payment_view(row, refunds[row.id], questioned[row.id]) for row in rows]


def _payment_view(row: Any, refunds: list[RefundView], questioned: int) -> PaymentView:
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


def _refund_view(row: Refund) -> RefundView:
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


def _dispute_view(row: Any) -> DisputeView:
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
