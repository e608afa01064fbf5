"""Transfers between sites: what is to go, what went by lot and serial, what arrived.

Example::

    session.exec(select(StockTransfer).where(StockTransfer.organization_id == 1, StockTransfer.number == "TR-1"))
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of, unique
from ambra_tui.store.types import QuantityColumn

TRANSFER_STATES = ("draft", "in_transit", "received", "cancelled")


class StockTransfer(Scoped, table=True):
    """Stock that one site sends to another. A draft may be loaded bit by bit; what is loaded has left its site."""

    __tablename__ = "stock_transfer"
    __table_args__ = (
        belongs_to("site", "source_site_id"),
        belongs_to("site", "destination_site_id"),
        unique("number"),
        index("stock_transfer", "status"),
        one_of("status", *TRANSFER_STATES),
        check("sites_differ", "source_site_id <> destination_site_id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    number: str = Field(max_length=60)
    source_site_id: str = Field(max_length=40)
    destination_site_id: str = Field(max_length=40)
    status: str = Field(default="draft", max_length=20)
    notes: str = Field(default="", max_length=1000)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    shipped_at: datetime | None = moment(default=None, nullable=True)
    received_at: datetime | None = moment(default=None, nullable=True)


class StockTransferLine(Scoped, table=True):
    """`shipped`: what left the source site, `received`: what came to the destination site."""

    __tablename__ = "stock_transfer_line"
    __table_args__ = (
        belongs_to("stock_transfer", "stock_transfer_id"),
        belongs_to("variant", "variant_id"),
        index("stock_transfer_line", "stock_transfer_id", "position"),
        check("quantity_positive", "quantity > 0"),
        check("shipped_within_quantity", "shipped >= 0 AND shipped <= quantity"),
        check("received_within_shipped", "received >= 0 AND received <= shipped"),
    )

    id: str = Field(primary_key=True, max_length=40)
    stock_transfer_id: str = Field(max_length=40)
    position: int
    variant_id: str = Field(max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    shipped: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    received: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)


class StockTransferContent(Scoped, table=True):
    """What of a line left, by lot, serial and cost. `settled`: what never arrived and was written off or sent back;
    what is left of `shipped` is in transit. `unit_cost`: what it left at, and arrives at."""

    __tablename__ = "stock_transfer_content"
    __table_args__ = (
        belongs_to("stock_transfer", "stock_transfer_id"),
        belongs_to("stock_transfer_line", "line_id"),
        index("stock_transfer_content", "stock_transfer_id"),
        check("parts_not_negative", "shipped >= 0 AND received >= 0 AND settled >= 0"),
        check("parts_within_shipped", "received + settled <= shipped"),
    )

    id: str = Field(primary_key=True, max_length=40)
    stock_transfer_id: str = Field(max_length=40)
    line_id: str = Field(max_length=40)
    variant_id: str = Field(max_length=40)
    lot_id: str = Field(default="", max_length=40)
    serial: str = Field(default="", max_length=60)
    unit_cost: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    shipped: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    received: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    settled: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    created_at: datetime = moment()
