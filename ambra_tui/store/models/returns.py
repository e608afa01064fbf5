"""Returns: what a customer may send back of an order, in which condition it is expected, and what came.

Example::

    session.exec(select(ReturnAuthorization).where(ReturnAuthorization.organization_id == 1))
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of, unique
from ambra_tui.store.types import QuantityColumn

RETURN_STATES = ("pending", "received", "cancelled")
CONDITIONS = ("sellable", "damaged", "discarded")


class ReturnAuthorization(Scoped, table=True):
    """What may come back of a sales order, to the site that shipped it."""

    __tablename__ = "return_authorization"
    __table_args__ = (
        belongs_to("sales_order", "order_id"),
        belongs_to("site", "site_id"),
        unique("number"),
        index("return_authorization", "status"),
        index("return_authorization", "order_id"),
        one_of("status", *RETURN_STATES),
    )

    id: str = Field(primary_key=True, max_length=40)
    number: str = Field(max_length=60)
    order_id: str = Field(max_length=40)
    site_id: str = Field(max_length=40)
    status: str = Field(default="pending", max_length=20)
    reason: str = Field(default="", max_length=255)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    received_at: datetime | None = moment(default=None, nullable=True)


class ReturnLine(Scoped, table=True):
    """`condition`: the expected one. What came is counted by the condition that it was found in."""

    __tablename__ = "return_line"
    __table_args__ = (
        belongs_to("return_authorization", "return_authorization_id"),
        belongs_to("variant", "variant_id"),
        index("return_line", "return_authorization_id", "position"),
        one_of("condition", *CONDITIONS),
        check("quantity_positive", "quantity > 0"),
        check("parts_not_negative", "sellable >= 0 AND damaged >= 0 AND discarded >= 0"),
        check("parts_within_quantity", "sellable + damaged + discarded <= quantity"),
    )

    id: str = Field(primary_key=True, max_length=40)
    return_authorization_id: str = Field(max_length=40)
    position: int
    variant_id: str = Field(max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    condition: str = Field(max_length=20)
    sellable: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    damaged: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    discarded: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)

    @property
    def received(self) -> Decimal:
        """What came of the line, in any condition."""
        return self.sellable + self.damaged + self.discarded
