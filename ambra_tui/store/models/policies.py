"""When a variant is to be bought again: per site, and what holds where no site says otherwise.

Example::

    InventoryPolicy(organization_id=1, id=new_id("pol"), variant_id=milk.id, site_id=wh1.id, reorder_point=Decimal(24))
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, unique
from ambra_tui.store.types import QuantityColumn

EVERY_VARIANT = ""
"""The variant id of the defaults that hold for the whole organization."""


def _limits() -> tuple[CheckConstraint, ...]:
    """What must hold of a policy and of defaults alike; an empty column holds."""
    names = ("reorder_point", "reorder_quantity", "safety_stock", "max_stock_level", "minimum_order")
    days = ("lead_time_days", "review_period_days")
    return (
        *(check(f"{name}_not_negative", f"{name} >= 0") for name in (*names, *days)),
        check("pack_quantity_positive", "pack_quantity > 0"),
        check("service_level_known", "service_level BETWEEN 500000 AND 999000"),
    )


class InventoryPolicy(Scoped, table=True):
    """The policy of a variant in a site. A column that is empty takes the variant's default, else the organization's.

    `service_level`: the share of replenishment cycles without a shortage. `pack_quantity`: what is bought comes in
    multiples of it, at least `minimum_order`.
    """

    __tablename__ = "inventory_policy"
    __table_args__ = (
        belongs_to("variant", "variant_id"),
        belongs_to("site", "site_id"),
        unique("variant_id", "site_id"),
        index("inventory_policy", "site_id", "id"),
        *_limits(),
    )

    id: str = Field(primary_key=True, max_length=40)
    variant_id: str = Field(max_length=40)
    site_id: str = Field(max_length=40)
    reorder_point: Decimal = Field(sa_type=QuantityColumn)
    reorder_quantity: Decimal = Field(sa_type=QuantityColumn)
    safety_stock: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    max_stock_level: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    minimum_order: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    pack_quantity: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    lead_time_days: int | None = None
    review_period_days: int | None = None
    service_level: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class PolicyDefault(Scoped, table=True):
    """What holds for a variant in every site whose policy says nothing else; for all variants under EVERY_VARIANT."""

    __tablename__ = "policy_default"
    __table_args__ = _limits()

    variant_id: str = Field(primary_key=True, max_length=40)
    reorder_point: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    reorder_quantity: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    safety_stock: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    max_stock_level: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    minimum_order: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    pack_quantity: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    lead_time_days: int | None = None
    review_period_days: int | None = None
    service_level: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    updated_at: datetime = moment()
