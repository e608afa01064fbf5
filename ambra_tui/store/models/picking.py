"""Picking several orders in one walk, what may be picked instead of what, and how full a pick face is kept.

Example::

    session.exec(select(PickFace).where(PickFace.organization_id == 1, PickFace.variant_id == variant.id))
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Column, Index
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of, unique
from ambra_tui.store.types import QuantityColumn

CLUSTER_STATES = ("open", "closed")


class PickCluster(Scoped, table=True):
    """Orders that are picked in one walk; one order alone is one too. `zone`: only bins of this zone are walked."""

    __tablename__ = "pick_cluster"
    __table_args__ = (
        belongs_to("site", "site_id"),
        one_of("status", *CLUSTER_STATES),
    )

    id: str = Field(primary_key=True, max_length=40)
    site_id: str = Field(max_length=40)
    status: str = Field(default="open", max_length=20)
    zone: str = Field(default="", max_length=40)
    created_by: str = Field(default="", max_length=60)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class PickClusterOrder(Scoped, table=True):
    """An order of an open cluster; the row goes when the order leaves it. `tote_id`: where what is picked for it goes,
    empty until a tote is chosen."""

    __tablename__ = "pick_cluster_order"
    __table_args__ = (
        belongs_to("pick_cluster", "cluster_id"),
        belongs_to("sales_order", "sales_order_id"),
        unique("sales_order_id"),
        Index(
            "ix_pick_cluster_order_tote_id",
            "organization_id",
            "tote_id",
            unique=True,
            sqlite_where=Column("tote_id") != "",
            postgresql_where=Column("tote_id") != "",
        ),
    )

    cluster_id: str = Field(primary_key=True, max_length=40)
    sales_order_id: str = Field(primary_key=True, max_length=40)
    position: int
    tote_id: str = Field(default="", max_length=40)


class SubstitutionRule(Scoped, table=True):
    """What may be picked when `variant_id` is short: `ratio` units of the substitute for one."""

    __tablename__ = "substitution_rule"
    __table_args__ = (
        belongs_to("variant", "variant_id"),
        belongs_to("variant", "substitute_id"),
        check("ratio_positive", "ratio > 0"),
        check("substitute_differs", "variant_id <> substitute_id"),
    )

    variant_id: str = Field(primary_key=True, max_length=40)
    substitute_id: str = Field(primary_key=True, max_length=40)
    ratio: Decimal = Field(default=Decimal(1), sa_type=QuantityColumn)
    is_active: bool = True
    created_at: datetime = moment()
    updated_at: datetime = moment()


class LineSubstitution(Scoped, table=True):
    """Of an order's line, some is taken as another variant: `ratio` units of it for one of the line's."""

    __tablename__ = "line_substitution"
    __table_args__ = (
        belongs_to("sales_order_line", "line_id"),
        belongs_to("variant", "variant_id"),
        index("line_substitution", "sales_order_id"),
        check("ratio_positive", "ratio > 0"),
    )

    line_id: str = Field(primary_key=True, max_length=40)
    variant_id: str = Field(primary_key=True, max_length=40)
    sales_order_id: str = Field(max_length=40)
    ratio: Decimal = Field(default=Decimal(1), sa_type=QuantityColumn)
    created_at: datetime = moment()


class PickFace(Scoped, table=True):
    """A bin that a variant is picked from: below `minimum` it is filled up to `maximum` from reserve bins."""

    __tablename__ = "pick_face"
    __table_args__ = (
        belongs_to("variant", "variant_id"),
        belongs_to("location", "location_id"),
        check("minimum_not_negative", "minimum >= 0"),
        check("maximum_above_minimum", "maximum >= minimum AND maximum > 0"),
    )

    variant_id: str = Field(primary_key=True, max_length=40)
    location_id: str = Field(primary_key=True, max_length=40)
    minimum: Decimal = Field(sa_type=QuantityColumn)
    maximum: Decimal = Field(sa_type=QuantityColumn)
    updated_at: datetime = moment()
