"""What a shop agreed with the customer about an order, and what happened to it since.

Example::

    OrderCheckout(organization_id=1, order_id=order.id, shipping_method="standard", payment_method="card", ...)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment
from ambra_tui.store.types import JsonColumn

PAYMENT_STATES = ("pending", "paid", "failed", "refunded")
FULFILLMENT_STATES = ("unfulfilled", "partial", "fulfilled")


class OrderCheckout(Scoped, table=True):
    """Addresses, methods and amounts of a sales order; orders of other doors have none. Amounts are minor units of the
    order's currency; the order's total is its lines plus shipping and tax less the discount."""

    __tablename__ = "order_checkout"
    __table_args__ = (
        belongs_to("sales_order", "order_id"),
        check("amounts_not_negative", "shipping_minor >= 0 AND tax_minor >= 0 AND discount_minor >= 0"),
    )

    order_id: str = Field(primary_key=True, max_length=40)
    shipping_address: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    billing_address: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    payment_method: str = Field(default="", max_length=40)
    shipping_method: str = Field(default="", max_length=40)
    shipping_minor: int = 0
    tax_minor: int = 0
    discount_minor: int = 0
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)


class OrderHistory(Scoped, table=True):
    """One step of an order's life as a shop sees it: the state it came to, who led it there, and their note."""

    __tablename__ = "order_history"
    __table_args__ = (belongs_to("sales_order", "order_id"), index("order_history", "order_id", "id"))

    id: str = Field(primary_key=True, max_length=40)
    order_id: str = Field(max_length=40)
    status: str = Field(max_length=20)
    reason: str = Field(default="", max_length=255)
    note: str = Field(default="", max_length=1000)
    actor_id: str = Field(default="", max_length=60)
    created_at: datetime = moment()
