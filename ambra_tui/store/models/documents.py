"""Documents that stock moves for: purchase orders, sales orders; and the floor's open work and doubts.

Example::

    session.exec(select(PurchaseOrder).where(PurchaseOrder.organization_id == 1, PurchaseOrder.number == "PO-1001"))
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of, unique
from ambra_tui.store.types import JsonColumn, QuantityColumn

PURCHASE_ORDER_STATES = ("draft", "ordered", "partially_received", "received", "cancelled")
ORDER_STATES = (
    "draft", "confirmed", "allocated", "picking", "packed", "shipped", "delivered", "cancelled",
)  # fmt: skip


def _empty(longest: int) -> Any:
    """A text that earlier rows have empty."""
    return Field(default="", max_length=longest, sa_column_kwargs={"server_default": ""})


class PurchaseOrder(Scoped, table=True):
    """What a supplier is to bring to a site. `close_reason`: why it was closed short, else empty."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        belongs_to("supplier", "supplier_id"),
        belongs_to("site", "site_id"),
        unique("number"),
        index("purchase_order", "status"),
        one_of("status", *PURCHASE_ORDER_STATES),
    )

    id: str = Field(primary_key=True, max_length=40)
    number: str = Field(max_length=60)
    supplier_id: str = Field(max_length=40)
    site_id: str = Field(max_length=40)
    status: str = Field(default="ordered", max_length=20)
    currency: str = Field(default="EUR", max_length=3)
    expected_on: date | None = None
    notes: str = Field(default="", max_length=1000)
    close_reason: str = Field(default="", max_length=255)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class PurchaseOrderLine(Scoped, table=True):
    """`received`: what came in so far, damaged units included. `unit_cost`: ten-thousandths of the minor unit.
    `tolerance_percent`: how much more than ordered may come; None: the variant's, else none."""

    __tablename__ = "purchase_order_line"
    __table_args__ = (
        belongs_to("purchase_order", "purchase_order_id"),
        belongs_to("variant", "variant_id"),
        index("purchase_order_line", "purchase_order_id", "position"),
        check("quantity_positive", "quantity > 0"),
        check("received_not_negative", "received >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    purchase_order_id: str = Field(max_length=40)
    position: int
    variant_id: str = Field(max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    received: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    unit_cost: int | None = None
    tolerance_percent: Decimal | None = Field(default=None, sa_type=QuantityColumn)


class SalesOrder(Scoped, table=True):
    """A customer's order. States are the one domain order's (contracts, section 4); editions show subsets.

    `customer_id`: the customer on record, else empty; `customer`: what the order itself says of them. `channel`: where
    it was sold. `ship_country` (ISO 3166-1 alpha-2), `ship_state`: where it goes. `payment_status` follows from its
    payments, `fulfillment_status` from what has left.
    """

    __tablename__ = "sales_order"
    __table_args__ = (
        belongs_to("site", "site_id"),
        unique("number"),
        index("sales_order", "status"),
        index("sales_order", "customer_id", "created_at"),
        index("sales_order", "created_at", "id"),
        one_of("status", *ORDER_STATES),
    )

    id: str = Field(primary_key=True, max_length=40)
    number: str = Field(max_length=60)
    site_id: str = Field(max_length=40)
    status: str = Field(default="confirmed", max_length=20)
    customer: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    currency: str = Field(default="EUR", max_length=3)
    priority: int = 0
    due_at: datetime | None = moment(default=None, nullable=True)
    notes: str = Field(default="", max_length=1000)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    customer_id: str = _empty(40)
    channel: str = _empty(40)
    ship_country: str = _empty(2)
    ship_state: str = _empty(120)
    payment_status: str = Field(default="pending", max_length=20, sa_column_kwargs={"server_default": "pending"})
    fulfillment_status: str = Field(
        default="unfulfilled", max_length=20, sa_column_kwargs={"server_default": "unfulfilled"}
    )


class SalesOrderLine(Scoped, table=True):
    """`picked`: taken from bins into totes or the stage; `fulfilled`: left the site. What is ordered but neither
    reserved nor fulfilled is backordered."""

    __tablename__ = "sales_order_line"
    __table_args__ = (
        belongs_to("sales_order", "sales_order_id"),
        belongs_to("variant", "variant_id"),
        index("sales_order_line", "sales_order_id", "position"),
        check("quantity_positive", "quantity > 0"),
        check("picked_not_negative", "picked >= 0"),
        check("fulfilled_not_negative", "fulfilled >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    sales_order_id: str = Field(max_length=40)
    position: int
    variant_id: str = Field(max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    picked: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    fulfilled: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    backordered: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    price_minor: int | None = None


class Task(Scoped, table=True):
    """Open floor work that something asked for: a count of a bin after a short pick, a putaway, a replenishment."""

    __table_args__ = (
        index("task", "site_id", "status", "priority"),
        index("task", "location_id", "status"),
        one_of("kind", "count", "putaway", "pick", "replenish"),
        one_of("status", "open", "claimed", "done", "cancelled"),
    )

    id: str = Field(primary_key=True, max_length=40)
    kind: str = Field(max_length=20)
    status: str = Field(default="open", max_length=20)
    site_id: str = Field(max_length=40)
    location_id: str | None = Field(default=None, max_length=40)
    variant_id: str | None = Field(default=None, max_length=40)
    document_kind: str = Field(default="", max_length=30)
    document_id: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=255)
    priority: int = 0
    due_at: datetime | None = moment(default=None, nullable=True)
    claimed_by: str = Field(default="", max_length=60)
    created_by: str = Field(default="", max_length=60)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class Discrepancy(Scoped, table=True):
    """Something that a document and the floor disagree on; open until a person resolves it with a reason."""

    __table_args__ = (
        index("discrepancy", "status", "created_at"),
        one_of("status", "open", "resolved"),
    )

    id: str = Field(primary_key=True, max_length=40)
    kind: str = Field(max_length=30)
    status: str = Field(default="open", max_length=20)
    site_id: str = Field(max_length=40)
    variant_id: str | None = Field(default=None, max_length=40)
    document_kind: str = Field(default="", max_length=30)
    document_id: str = Field(default="", max_length=40)
    line_id: str = Field(default="", max_length=40)
    quantity: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    reason: str = Field(default="", max_length=255)
    actor_id: str = Field(default="", max_length=60)
    created_at: datetime = moment()
    resolved_at: datetime | None = moment(default=None, nullable=True)
