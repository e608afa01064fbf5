"""What is in stock and what it is worth, for one site or for all, put together by main category.

Example::

    found = stock_overview(session, site_id=site.id)
    found.total.units, found.total.low, [part.name for part in found.categories]
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, func, or_, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.quantity import to_decimal
from ambra_tui.services.reports._columns import STOCK, own_currency, value_of, value_parts
from ambra_tui.services.site_levels import CRITICAL, LOW, OUT_OF_STOCK
from ambra_tui.store.models import Category, ProductCategory, Site, Variant, table_of
from ambra_tui.store.scope import organization_of

_variant, _site, _category, _in_category = (table_of(model) for model in (Variant, Site, Category, ProductCategory))


class Figures(NamedTuple):
    """`products`: how many have a record of stock; `units`: on hand; `value`: at average cost. `low`, `critical` and
    `out_of_stock` exclude each other, and count a product once for each site."""

    products: int
    units: Decimal
    value: Decimal
    low: int
    critical: int
    out_of_stock: int


class CategoryFigures(NamedTuple):
    """The figures of one main category; without an id those of what stands in none."""

    category_id: str | None
    name: str | None
    slug: str | None
    figures: Figures


class Overview(NamedTuple):
    """The figures of all, and by main category: the one worth most first."""

    total: Figures
    categories: list[CategoryFigures]
    currency: str


def stock_overview(session: Session, *, site_id: str | None = None) -> Overview:
    """Stock now. What is archived, a product or a site, counts while there is any of it."""
    rows = session.connection().execute(_by_category(organization_of(session), site_id)).all()
    currency = own_currency(session)
    found = [
        CategoryFigures(row.id, row.name, row.slug, _figures([row], currency))
        for row in rows
    ]  # fmt: skip
    found.sort(key=lambda part: (-part.figures.value, part.name is None, part.name or "", part.category_id or ""))
    return Overview(_figures(rows, currency), found, currency)


def _by_category(organization_id: int, site_id: str | None) -> Any:
    here = [STOCK.c.organization_id == organization_id] + ([STOCK.c.site_id == site_id] if site_id is not None else [])
    is_kept = or_(
        and_(_variant.c.status != "archived", _site.c.status != "archived"),
        type_coerce(STOCK.c.on_hand, BigInteger) > 0,
    )
    main = and_(
        _in_category.c.organization_id == organization_id,
        _in_category.c.product_id == _variant.c.product_id,
        _in_category.c.position == 0,
    )
    counts = (func.count().filter(STOCK.c.status == status) for status in (LOW, CRITICAL, OUT_OF_STOCK))
    return (
        select(
            _category.c.id,
            _category.c.name,
            _category.c.slug,
            func.count(STOCK.c.variant_id.distinct()),
            func.sum(type_coerce(STOCK.c.on_hand, BigInteger)),
            *counts,
            *value_parts(STOCK.c.on_hand, STOCK.c.average_cost),
        )
        .select_from(STOCK)
        .join(_variant, and_(_variant.c.organization_id == organization_id, _variant.c.id == STOCK.c.variant_id))
        .join(_site, and_(_site.c.organization_id == organization_id, _site.c.id == STOCK.c.site_id))
        .outerjoin(_in_category, main)
        .outerjoin(
            _category,
            and_(_category.c.organization_id == organization_id, _category.c.id == _in_category.c.category_id),
        )
        .where(*here, is_kept)
        .group_by(_category.c.id, _category.c.name, _category.c.slug)
    )


def _figures(rows: Sequence[Any], currency: str) -> Figures:
    """What the rows come to together: values are rounded once, at the end."""
    products, units, low, critical, out, *parts = (
        [sum(int(each) for each in column) for column in zip(*(row[3:] for row in rows), strict=True)]
        if rows
        else [0] * 9
    )
    return Figures(products, to_decimal(units), value_of(parts, currency), low, critical, out)
