"""Payments: what a customer promised and paid, what went back, and what the customer's bank questions.

Amounts are whole minor units of the currency (cents, yen, thousandths of a dinar). No card number is ever in a row.

Example::

    Payment(organization_id=1, id=new_id("pi"), amount=19999, currency="USD", method="card", gateway="sandbox", ...)
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of
from ambra_tui.store.types import JsonColumn

PAYMENT_STEPS = ("requires_action", "processing", "authorized", "succeeded", "failed", "cancelled")
REFUND_STATES = ("pending", "succeeded", "failed")
DISPUTE_STATES = ("needs_response", "under_review", "won", "lost")


class Payment(Scoped, table=True):
    """A payment intent from its first call to its last. `amount_captured` is what was taken, `amount_refunded` what of
    it went back or is on its way. `capture_method`: whether a good one is taken at once or waits for its capture.
    `gateway_reference`: its name at the gateway. `card_brand`, `card_last4`: what may be shown of a card."""

    __table_args__ = (
        index("payment", "order_id"),
        index("payment", "customer_id"),
        index("payment", "created_at", "id"),
        Index("ix_payment_gateway_reference", "gateway", "gateway_reference"),  # a notice names no organization
        one_of("status", *PAYMENT_STEPS),
        one_of("capture_method", "manual", "automatic"),
        check("amount_positive", "amount > 0"),
        check("captured_within_amount", "amount_captured >= 0 AND amount_captured <= amount"),
        check("refunded_within_captured", "amount_refunded >= 0 AND amount_refunded <= amount_captured"),
    )

    id: str = Field(primary_key=True, max_length=40)
    order_id: str = Field(default="", max_length=40)
    customer_id: str = Field(default="", max_length=40)
    amount: int = Field(sa_type=BigInteger)
    amount_captured: int = Field(default=0, sa_type=BigInteger)
    amount_refunded: int = Field(default=0, sa_type=BigInteger)
    currency: str = Field(max_length=3)
    method: str = Field(max_length=40)
    capture_method: str = Field(default="manual", max_length=20)
    status: str = Field(max_length=20)
    gateway: str = Field(max_length=20)
    gateway_reference: str = Field(default="", max_length=120)
    failure_code: str = Field(default="", max_length=60)
    failure_message: str = Field(default="", max_length=255)
    card_brand: str = Field(default="", max_length=20)
    card_last4: str = Field(default="", max_length=4)
    next_action: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    captured_at: datetime | None = moment(default=None, nullable=True)


class Refund(Scoped, table=True):
    """What goes back of a payment. `expected_on`: when the customer should have it."""

    __table_args__ = (
        belongs_to("payment", "payment_id"),
        index("refund", "payment_id", "id"),
        index("refund", "order_id"),
        one_of("status", *REFUND_STATES),
        check("amount_positive", "amount > 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    payment_id: str = Field(max_length=40)
    order_id: str = Field(default="", max_length=40)
    amount: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    reason: str = Field(default="", max_length=255)
    status: str = Field(max_length=20)
    is_application_fee_refunded: bool = False
    gateway_reference: str = Field(default="", max_length=120)
    failure_code: str = Field(default="", max_length=60)
    expected_on: date | None = None
    created_at: datetime = moment()
    updated_at: datetime = moment()


class Dispute(Scoped, table=True):
    """A payment that the customer's bank questions. `evidence`: what was sent in answer, name -> text."""

    __table_args__ = (
        belongs_to("payment", "payment_id"),
        index("dispute", "payment_id"),
        index("dispute", "created_at", "id"),
        one_of("status", *DISPUTE_STATES),
        check("amount_positive", "amount > 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    payment_id: str = Field(max_length=40)
    order_id: str = Field(default="", max_length=40)
    amount: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    reason: str = Field(default="", max_length=60)
    status: str = Field(default="needs_response", max_length=20)
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    gateway_reference: str = Field(default="", max_length=120)
    due_at: datetime | None = moment(default=None, nullable=True)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class GatewayNotice(Scoped, table=True):
    """A notice that a gateway sent and that was applied: sent again, it changes nothing."""

    __tablename__ = "gateway_notice"

    gateway: str = Field(primary_key=True, max_length=20)
    notice_id: str = Field(primary_key=True, max_length=120)
    type: str = Field(max_length=80)
    created_at: datetime = moment()
