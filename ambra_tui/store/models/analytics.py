"""What was sold, ready to be added up: a narrow row an order, a narrow row an item of it, and views of products.

The rows follow from the documents and the ledger (`services/analytics/facts.py`); `ambra verify` compares them.

Example::

    select(func.sum(OrderSale.revenue)).where(OrderSale.organization_id == 1, OrderSale.currency == "EUR")
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, unique
from ambra_tui.store.models.system import BigId


def _sum() -> Any:
    """Minor units of money, or millionths of a unit."""
    return Field(default=0, sa_type=BigInteger)


class OrderSale(SQLModel, table=True):
    """A counted order: neither a draft nor cancelled. `day`: days since 1970-01-01 (UTC); `month`: such as 201012.

    `units`, `shipped`, `returned`: millionths of a unit. `revenue`: its lines; `shipped_revenue`: the part of it, less
    the discount, that has left at a known cost; `cost`: what that cost, in ten-thousandths of the minor unit. Other
    amounts: minor units of `currency`.
    """

    __tablename__ = "order_sale"
    __table_args__ = (
        belongs_to("sales_order", "order_id"),
        unique("order_id"),
        index("order_sale", "currency", "day"),
        index("order_sale", "customer_id"),
    )

    key: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    organization_id: int
    order_id: str = Field(max_length=40)
    day: int
    month: int
    currency: str = Field(max_length=3)
    customer_id: str = Field(max_length=40)
    site_id: str = Field(max_length=40)
    channel: str = Field(max_length=40)
    country: str = Field(max_length=2)
    state: str = Field(max_length=120)
    region: str = Field(max_length=20)
    payment_method: str = Field(max_length=40)
    units: int = _sum()
    revenue: int = _sum()
    discount: int = _sum()
    shipping: int = _sum()
    tax: int = _sum()
    refunded: int = _sum()
    shipped: int = _sum()
    shipped_revenue: int = _sum()
    cost: int = _sum()
    returned: int = _sum()


class ItemSale(Scoped, table=True):
    """A variant in a counted order, `order_key` of its OrderSale. `discount` and `refunded`: its share of the order's,
    by revenue; the shares of an order add up to the cent."""

    __tablename__ = "item_sale"
    __table_args__ = ({"sqlite_with_rowid": False},)

    order_key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    variant_id: str = Field(primary_key=True, max_length=40)
    units: int = _sum()
    revenue: int = _sum()
    discount: int = _sum()
    refunded: int = _sum()
    shipped: int = _sum()
    shipped_revenue: int = _sum()
    cost: int = _sum()
    returned: int = _sum()


class ProductViews(Scoped, table=True):
    """How often a storefront showed a product on a day: once a visitor."""

    __tablename__ = "product_views"
    __table_args__ = (check("views_positive", "views > 0"),)

    product_id: str = Field(primary_key=True, max_length=40)
    day: int = Field(primary_key=True)
    views: int


class ProductViewMark(Scoped, table=True):
    """A visitor's view of a product on a day was counted; forgotten after some days. `visitor`: a digest."""

    __tablename__ = "product_view_mark"

    day: int = Field(primary_key=True)
    product_id: str = Field(primary_key=True, max_length=40)
    visitor: str = Field(primary_key=True, max_length=32)
