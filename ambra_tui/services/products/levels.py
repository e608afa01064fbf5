"""Levels of products: a row for each variant and site, or, asked by a location, what lies there of each variant.

Keys first, then their rows; statements are built once for each set of filters.

Example::

    rows, total = levels_page(store, organization_id, {"stock_status": "low"}, order=(), offset=0, limit=25)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, func, null, select
from sqlalchemy.sql.expression import FromClause
from sqlmodel import Session

from ambra_tui.services.listing import Order, folded
from ambra_tui.services.products.listing import Filters, directed, shown_name
from ambra_tui.services.products.rows import OF_SITE, Owner, product, scaled, stock, summed, variant
from ambra_tui.services.products.searching import SearchShape, shape_of, told_of
from ambra_tui.services.site_levels import counted
from ambra_tui.services.stock_views import own
from ambra_tui.store import Store
from ambra_tui.store.models import Location, StockLevel, table_of
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.quick import Quick

LEVEL_SORTS = ("sku", "name", "on_hand", "reserved", "available", "updated_at")
_IN_STORE = {shown: stored for stored, shown in OF_SITE.items()}
_level, _location = table_of(StockLevel), table_of(Location)


class LevelRow(NamedTuple):
    """What a site, or a location in it, has of a variant. Quantities are scaled, `updated_at` in microseconds."""

    variant_id: str
    site_id: str
    location_id: str | None
    product_id: str
    sku: str
    product_name: str
    variant_name: str
    on_hand: int
    reserved: int
    available: int
    reorder_point: int
    status: str
    updated_at: int


def levels_page(
    store: Store, organization_id: int, filters: Filters, *, order: Order, offset: int, limit: int
) -> tuple[list[LevelRow], int]:
    """One page, newest variant first without an order, and how many rows match in all.

    Filters: product_id, sku, site, location, stock_status, search, updated_after.
    """
    asked = {name: value for name, value in filters.items() if value is not None}
    shape = _Shape(store.dialect, tuple(sorted(asked)), order, shape_of(asked.get("search")))
    statements = _statements(shape)
    told: dict[str, Any] = {f"p_{name}": value for name, value in asked.items() if name != "search"}
    if "stock_status" in asked:
        told["p_stock_status"] = _IN_STORE[asked["stock_status"]]
    told |= told_of(asked.get("search"))
    total = counted(store, organization_id, statements.total, told)
    if offset >= total:
        return [], total
    rows = statements.page.rows(store, organization_id, **told, p_offset=offset, p_limit=limit)
    return [LevelRow(*row) for row in rows], total


def level_in(session: Session, variant_id: str, site_id: str) -> LevelRow | None:
    """One level, as the session sees it."""
    row = _ONE.first(session, variant_id=variant_id, site_id=site_id)
    return None if row is None else LevelRow(*row)


class _Shape(NamedTuple):
    dialect: str
    names: tuple[str, ...]
    order: Order
    search: SearchShape

    @property
    def is_of_location(self) -> bool:
        return "location" in self.names


class _Statements(NamedTuple):
    total: Quick
    page: Quick


@lru_cache(maxsize=128)
def _statements(shape: _Shape) -> _Statements:
    source, matching = _source(shape), _conditions(shape)
    terms = [(_SORTED[name](shape), descends) for name, descends in shape.order]
    total = select(func.count()).select_from(source).where(*matching)
    keys = select(
        stock.c.variant_id, stock.c.site_id, *(term.label(f"sort{place}") for place, (term, _) in enumerate(terms))
    )
    keys = keys.select_from(source).where(*matching)
    keys = keys.order_by(
        *(directed(term, descends) for term, descends in terms), stock.c.variant_id.desc(), stock.c.site_id.desc()
    )
    keys = keys.limit(bindparam("p_limit", type_=BigInteger)).offset(bindparam("p_offset", type_=BigInteger))
    found = keys.subquery("found")
    again = (directed(found.c[f"sort{place}"], descends) for place, (_, descends) in enumerate(terms))
    page = _rows(found, own(), _there() if shape.is_of_location else None)
    return _Statements(Quick(total), Quick(page.order_by(*again, found.c.variant_id.desc(), found.c.site_id.desc())))


def _rows(found: FromClause, owner: Owner, there: FromClause | None) -> Select[Any]:
    on_hand, reserved = scaled(stock.c.on_hand), scaled(stock.c.reserved)
    available: ColumnElement[int] = on_hand - reserved - scaled(stock.c.held)
    location: ColumnElement[Any] = null()
    is_here = and_(
        stock.c.organization_id == owner,
        stock.c.variant_id == found.c.variant_id,
        stock.c.site_id == found.c.site_id,
    )
    source: FromClause = found.join(stock, is_here)
    if there is not None:
        source = source.join(there, there.c.variant_id == stock.c.variant_id)
        on_hand, reserved, location = there.c.on_hand, there.c.allocated, bindparam("p_location")
        available = case((there.c.is_held == 1, 0), else_=on_hand - reserved)
    return (
        select(
            stock.c.variant_id,
            stock.c.site_id,
            location.label("location_id"),
            variant.c.product_id,
            variant.c.sku,
            product.c.name,
            variant.c.name.label("variant_name"),
            on_hand,
            reserved.label("reserved"),
            available.label("available"),
            scaled(stock.c.reorder_point),
            stock.c.status,
            func.coalesce(scaled(stock.c.updated_at), scaled(variant.c.created_at)),
        )
        .select_from(source)
        .join(variant, and_(variant.c.organization_id == owner, variant.c.id == stock.c.variant_id))
        .join(product, and_(product.c.organization_id == owner, product.c.id == variant.c.product_id))
    )


def _there() -> FromClause:
    """What lies in the location, of all lots, serials and plates."""
    on_hand, allocated = (summed(_level.c[name]).label(name) for name in ("on_hand", "allocated"))
    return (
        select(
            _level.c.variant_id,
            on_hand,
            allocated,
            _location.c.site_id,
            case((_location.c.is_held, 1), else_=0).label("is_held"),
        )
        .join_from(
            _level, _location, and_(_location.c.organization_id == own(), _location.c.id == _level.c.location_id)
        )
        .where(
            _level.c.organization_id == own(),
            _level.c.location_id == bindparam("p_location"),
            scaled(_level.c.on_hand) > 0,
        )
        .group_by(_level.c.variant_id, _location.c.site_id, _location.c.is_held)
        .subquery("there")
    )


def _source(shape: _Shape) -> FromClause:
    """The tables that conditions and order look at."""
    source: FromClause = stock
    names = {name for name, _ in shape.order} | set(shape.names)
    if names & {"sku", "name", "product_id"}:
        source = source.join(variant, and_(variant.c.organization_id == own(), variant.c.id == stock.c.variant_id))
    if "name" in names:
        source = source.join(product, and_(product.c.organization_id == own(), product.c.id == variant.c.product_id))
    if shape.is_of_location:
        there = _there()
        source = source.join(there, and_(there.c.variant_id == stock.c.variant_id, there.c.site_id == stock.c.site_id))
    return source


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    made = [_CONDITIONS[name](shape) for name in shape.names if name in _CONDITIONS]
    return [stock.c.organization_id == own(), *made]


_CONDITIONS: Mapping[str, Callable[[_Shape], ColumnElement[bool]]] = {
    "product_id": lambda _: variant.c.product_id == bindparam("p_product_id"),
    "sku": lambda _: variant.c.sku == bindparam("p_sku"),
    "site": lambda _: stock.c.site_id == bindparam("p_site"),
    "stock_status": lambda _: stock.c.status == bindparam("p_stock_status"),
    "search": lambda shape: shape.search.matches(shape.dialect, stock.c.variant_id),
    "updated_after": lambda _: stock.c.updated_at >= bindparam("p_updated_after", type_=stock.c.updated_at.type),
}
_SORTED: Mapping[str, Callable[[_Shape], ColumnElement[Any]]] = {
    "sku": lambda shape: folded(shape.dialect, variant.c.sku),
    "name": lambda shape: shown_name(shape.dialect),
    "on_hand": lambda _: scaled(stock.c.on_hand),
    "reserved": lambda _: scaled(stock.c.reserved),
    "available": lambda _: scaled(stock.c.on_hand) - scaled(stock.c.reserved) - scaled(stock.c.held),
    "updated_at": lambda _: scaled(stock.c.updated_at),
}


def _one() -> PreparedRows:
    found = select(stock.c.variant_id, stock.c.site_id).where(
        stock.c.organization_id == ORGANIZATION,
        stock.c.variant_id == given("variant_id"),
        stock.c.site_id == given("site_id"),
    )
    return PreparedRows(_rows(found.subquery("found"), ORGANIZATION, None))


_ONE = _one()
