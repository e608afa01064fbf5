"""By what a report can be split and filtered: each dimension by name, as columns of the rows of orders and items.

Example::

    DIMENSIONS["month"].key(sources)      # order_sale.month
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, String, case, func, literal, literal_column, select, type_coerce
from sqlmodel import Session

from ambra_tui.services.analytics import days
from ambra_tui.services.analytics.facts import ITEM, SALE
from ambra_tui.store.models import Category, Customer, Product, ProductCategory, Site, Variant, table_of
from ambra_tui.store.scope import organization_of
from ambra_tui.store.types import EMPTY

_variant, _product, _site = table_of(Variant), table_of(Product), table_of(Site)
_category, _member, _customer = table_of(Category), table_of(ProductCategory), table_of(Customer)

SEGMENTS = ("high_value", "at_risk", "new", "returning", "guest")
AT_RISK_DAYS = 90


@dataclass(frozen=True, slots=True)
class Sources:
    """What a dimension's key is taken from: the goods and the segments are there when a dimension asks for them."""

    goods: Any = None
    segments: Any = None


@dataclass(frozen=True, slots=True)
class Dimension:
    """`key`: what rows are grouped by. `show`: a key as people read it. `labels`: a query of (key, label, code) where
    the key is an id: the label is shown, the code beside it as ``<name>_id``; `nobody`: the label of an empty key."""

    name: str
    key: Callable[[Sources], Any]
    show: Callable[[Any], str] = str
    labels: Callable[[int], Any] | None = None
    nobody: str = ""
    is_of_item: bool = False
    needs_goods: bool = False
    needs_segments: bool = False


def _number(value: int) -> Any:
    return literal_column(str(value), BigInteger)


def _quarter(_: Sources) -> Any:
    return SALE.c.month // _number(100) * _number(10) + (SALE.c.month % _number(100) + _number(2)) // _number(3)


def _week(_: Sources) -> Any:
    return (SALE.c.day + _number(3)) // _number(7)


def _word(text: str) -> ColumnElement[str]:
    """A text of the statement: rows are grouped by it."""
    return literal_column(f"'{text}'", String)


def _segment(segments: Any) -> Any:
    """By membership, not by a join: SQLite keeps each list in order and looks a customer up in it."""
    known = [
        (SALE.c.customer_id.in_(select(segments.c.customer_id).where(segments.c.segment == _word(name))), _word(name))
        for name in SEGMENTS
        if name != "guest"
    ]
    return case((SALE.c.customer_id == EMPTY, _word("guest")), *known, else_=_word("guest"))


def _variants(organization_id: int) -> Any:
    return select(_variant.c.id.label("id"), _variant.c.sku.label("label"), _variant.c.id.label("code")).where(
        _variant.c.organization_id == organization_id
    )


def _products(organization_id: int) -> Any:
    return select(_product.c.id.label("id"), _product.c.name.label("label"), _product.c.id.label("code")).where(
        _product.c.organization_id == organization_id
    )


def _categories(organization_id: int) -> Any:
    return select(_category.c.id.label("id"), _category.c.name.label("label"), _category.c.slug.label("code")).where(
        _category.c.organization_id == organization_id
    )


def _sites(organization_id: int) -> Any:
    return select(_site.c.id.label("id"), _site.c.name.label("label"), _site.c.id.label("code")).where(
        _site.c.organization_id == organization_id
    )


def _customers(organization_id: int) -> Any:
    name = func.trim(_customer.c.first_name + literal(" ") + _customer.c.last_name)
    label = case((name == EMPTY, _customer.c.email), else_=name)
    return select(_customer.c.id.label("id"), label.label("label"), _customer.c.id.label("code")).where(
        _customer.c.organization_id == organization_id
    )


def _of_order(name: str, column: str, **more: Any) -> Dimension:
    return Dimension(name, lambda _: SALE.c[column], **more)


_ALL = (
    _of_order("day", "day", show=lambda key: days.day_of(key).isoformat()),
    Dimension("week", _week, show=lambda key: days.day_of(key * 7 - 3).isoformat()),
    _of_order("month", "month", show=lambda key: f"{key // 100:04}-{key % 100:02}"),
    Dimension("quarter", _quarter, show=lambda key: f"{key // 10:04}-Q{key % 10}"),
    Dimension("year", lambda _: SALE.c.month // _number(100), show=lambda key: f"{key:04}"),
    Dimension("product", lambda s: s.goods.c.product_id, labels=_products, is_of_item=True, needs_goods=True),
    Dimension("sku", lambda _: ITEM.c.variant_id, labels=_variants, is_of_item=True),
    Dimension(
        "product_category", lambda s: s.goods.c.category_id, labels=_categories, nobody="uncategorized",
        is_of_item=True, needs_goods=True,
    ),
    _of_order("customer", "customer_id", labels=_customers, nobody="guest"),
    Dimension("customer_segment", lambda s: s.segments.c.segment, needs_segments=True),
    _of_order("region", "region"),
    _of_order("country", "country"),
    _of_order("state", "state"),
    _of_order("channel", "channel"),
    _of_order("warehouse", "site_id", labels=_sites),
    _of_order("payment_method", "payment_method"),
)  # fmt: skip
_ALIASES = {"variant": "sku", "category": "product_category"}
DIMENSIONS: Mapping[str, Dimension] = {each.name: each for each in _ALL}
DIMENSION_NAMES = (*DIMENSIONS, *_ALIASES)


def dimension_named(name: str) -> Dimension:
    """The dimension of a name or its other name. Raises KeyError."""
    return DIMENSIONS[_ALIASES.get(name, name)]


def goods_of(session: Session) -> CTE:
    """variant_id -> product_id and the product's main category, read once for a statement."""
    organization_id = organization_of(session)
    main = (
        select(_member.c.product_id, func.min(_member.c.category_id).label("category_id"))
        .where(_member.c.organization_id == organization_id, _member.c.position == 0)
        .group_by(_member.c.product_id)
        .subquery("main")
    )
    return (
        select(
            _variant.c.id.label("variant_id"),
            _variant.c.product_id,
            func.coalesce(main.c.category_id, EMPTY).label("category_id"),
        )
        .select_from(_variant.outerjoin(main, main.c.product_id == _variant.c.product_id))
        .where(_variant.c.organization_id == organization_id)
        .cte("goods")
        .prefix_with("MATERIALIZED")
    )


def segments_of(session: Session, *, currency: str, today: int) -> CTE:
    """order key -> the one segment that its customer is in on the day `today`, by all counted orders."""
    organization_id = organization_of(session)
    spent = (
        select(
            SALE.c.customer_id,
            func.count().label("orders"),
            func.max(SALE.c.day).label("last_day"),
            type_coerce(func.sum(SALE.c.revenue - SALE.c.discount - SALE.c.refunded), BigInteger).label("net"),
        )
        .where(
            SALE.c.organization_id == organization_id,
            SALE.c.currency == currency,
            SALE.c.customer_id != EMPTY,
            SALE.c.day <= today,
        )
        .group_by(SALE.c.customer_id)
        .subquery("spent")
    )
    ranked = select(
        *spent.c,
        func.row_number().over(order_by=(spent.c.net.desc(), spent.c.customer_id)).label("place"),
        func.count().over().label("customers"),
    ).subquery("ranked")
    segment = case(
        (ranked.c.place * _number(5) <= ranked.c.customers + _number(4), _word("high_value")),
        (ranked.c.last_day <= today - AT_RISK_DAYS, _word("at_risk")),
        (ranked.c.orders == 1, _word("new")),
        else_=_word("returning"),
    )
    segments = select(ranked.c.customer_id, segment.label("segment")).cte("segments").prefix_with("MATERIALIZED")
    return (
        select(SALE.c.key, _segment(segments).label("segment"))
        .where(SALE.c.organization_id == organization_id, SALE.c.currency == currency)
        .cte("segmented")
        .prefix_with("MATERIALIZED")
    )
