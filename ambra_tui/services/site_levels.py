"""Levels as the editions of sites list them: a row for each variant and site, or one for each SKU with its sites.

Statements are built once for each set of filters and run without a session. Rows are scaled integers, no objects.

Example::

    rows, total = levels_page(store, organization_id, {"site_id": site.id}, offset=0, limit=50)
    rows, total = skus_page(store, organization_id, {"status": "low"}, after=None, limit=50)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, Literal, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql.expression import FromClause
from sqlmodel import Session

from ambra_tui.kit.clock import monotonic_milliseconds
from ambra_tui.services.stock_views import own
from ambra_tui.store import Store
from ambra_tui.store.models import (
    InventoryPolicy,
    LastCount,
    PolicyDefault,
    Product,
    Site,
    SiteStock,
    Variant,
    table_of,
)
from ambra_tui.store.models.policies import EVERY_VARIANT
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.quick import Quick

Filters = Mapping[str, Any]
"""What a row must have; a filter that is None, or False, filters nothing."""
STREAM_ROWS = 1_000
MAX_LISTED = 500
MANY, COUNT_MILLISECONDS, MAX_COUNTS = 10_000, 1_000.0, 1_000
_counts: WeakKeyDictionary[Store, dict[Any, tuple[float, int]]] = WeakKeyDictionary()
ABOVE_ALL = "zzzz"  # no id is above this, in whatever order the database has for text
Status = Literal["out_of_stock", "critical", "low", "normal"]
OUT_OF_STOCK: Final = "out_of_stock"
CRITICAL: Final = "critical"
LOW: Final = "low"
NORMAL: Final = "normal"
STATUSES: tuple[Status, ...] = (OUT_OF_STOCK, CRITICAL, LOW, NORMAL)

_stock, _variant, _product, _site = (table_of(model) for model in (SiteStock, Variant, Product, Site))
_policy, _default, _count = (table_of(model) for model in (InventoryPolicy, PolicyDefault, LastCount))


def _scaled(source: FromClause, name: str) -> ColumnElement[int]:
    return type_coerce(source.c[name], BigInteger)


def _available(source: FromClause) -> ColumnElement[int]:
    return _scaled(source, "on_hand") - _scaled(source, "reserved") - _scaled(source, "held")


def _given(filters: Filters) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value not in (None, False)}


def counted(store: Store, organization_id: int, total: Quick, told: Mapping[str, Any]) -> int:
    """How many rows match; a number of many is asked for once in `COUNT_MILLISECONDS`."""
    known, key = _counts.setdefault(store, {}), (organization_id, total, *told.items())
    now = monotonic_milliseconds()
    due, count = known.get(key, (0.0, 0))
    if due > now:
        return count
    count = int(total.rows(store, organization_id, **told)[0][0])
    if count >= MANY:
        if len(known) >= MAX_COUNTS:
            known.clear()
        known[key] = now + COUNT_MILLISECONDS, count
    return count


def full_name(product: str, variant: str) -> str:
    """What a variant is called outside its product: the product's name, and its own where it says more."""
    if not variant or variant == product:
        return product
    return variant if variant.startswith(product) else f"{product} {variant}"


# --- a row for each variant and site --------------------------------------------------------------------------------


class LevelRow(NamedTuple):
    """What a site holds of a variant, in scaled integers. `counted_at`: microseconds since 1970."""

    variant_id: str
    site_id: str
    sku: str
    variant_name: str
    product_id: str
    product_name: str
    site_name: str
    on_hand: int
    reserved: int
    held: int
    reorder_point: int
    max_stock_level: int | None
    counted_at: int | None

    @property
    def available(self) -> int:
        """What may still be promised."""
        return self.on_hand - self.reserved - self.held


def levels_page(
    store: Store, organization_id: int, filters: Filters, *, offset: int, limit: int
) -> tuple[list[LevelRow], int]:
    """One page, newest variant first, and how many rows match in all. Filters: site_id, product_id, and the flags
    low_stock and out_of_stock, which widen each other."""
    asked = _given(filters)
    statements = _levels(tuple(sorted(asked)))
    told = {f"p_{name}": value for name, value in asked.items() if value is not True}
    total = counted(store, organization_id, statements.total, told)
    if offset >= total:
        return [], total
    rows = statements.page.rows(store, organization_id, **told, p_offset=offset, p_limit=limit)
    return [LevelRow(*row) for row in rows], total


def every_level(store: Store, organization_id: int, filters: Filters) -> Iterator[list[LevelRow]]:
    """All rows that match, some at a time, in the order of `levels_page`."""
    asked = _given(filters)
    statement = _levels(tuple(sorted(asked))).after
    told = {f"p_{name}": value for name, value in asked.items() if value is not True}
    last = (ABOVE_ALL, ABOVE_ALL)
    while True:
        rows = [
            LevelRow(*row)
            for row in statement.rows(
                store, organization_id, **told, p_variant=last[0], p_site=last[1], p_limit=STREAM_ROWS
            )
        ]
        if rows:
            yield rows
        if len(rows) < STREAM_ROWS:
            return
        last = rows[-1].variant_id, rows[-1].site_id


class _Levels(NamedTuple):
    total: Quick
    page: Quick
    after: Quick


@lru_cache(maxsize=32)
def _levels(names: tuple[str, ...]) -> _Levels:
    matching = _level_conditions(names)
    total = select(func.count()).select_from(_stock).where(*matching)
    keys = select(_stock.c.variant_id, _stock.c.site_id).where(*matching)
    keys = keys.order_by(_stock.c.variant_id.desc(), _stock.c.site_id.desc())
    limit = bindparam("p_limit", type_=BigInteger)
    page = keys.limit(limit).offset(bindparam("p_offset", type_=BigInteger))
    later = or_(
        _stock.c.variant_id < bindparam("p_variant"),
        and_(_stock.c.variant_id == bindparam("p_variant"), _stock.c.site_id < bindparam("p_site")),
    )
    after = keys.where(_stock.c.variant_id <= bindparam("p_variant"), later).limit(limit)
    return _Levels(Quick(total), Quick(_level_rows(page)), Quick(_level_rows(after)))


def _level_conditions(names: tuple[str, ...]) -> list[ColumnElement[bool]]:
    matching: list[ColumnElement[bool]] = [_stock.c.organization_id == own()]
    if "site_id" in names:
        matching.append(_stock.c.site_id == bindparam("p_site_id"))
    if "product_id" in names:
        variants = select(_variant.c.id).where(
            _variant.c.organization_id == own(), _variant.c.product_id == bindparam("p_product_id")
        )
        matching.append(_stock.c.variant_id.in_(variants))
    states = {
        "low_stock": _available(_stock) < _scaled(_stock, "reorder_point"),
        "out_of_stock": _available(_stock) <= 0,
    }
    asked = [condition for name, condition in states.items() if name in names]
    return [*matching, or_(*asked)] if asked else matching


def _level_rows(keys: Select[Any]) -> Select[Any]:
    """What the rows with these keys hold, and how it is all called: the keys are found by an index alone."""
    found = keys.subquery()
    page = _stock
    everywhere = (
        select(type_coerce(_default.c.max_stock_level, BigInteger))
        .where(_default.c.organization_id == own(), _default.c.variant_id == EVERY_VARIANT)
        .scalar_subquery()
    )
    here = and_(
        _policy.c.organization_id == own(),
        _policy.c.variant_id == page.c.variant_id,
        _policy.c.site_id == page.c.site_id,
    )
    counted = and_(
        _count.c.organization_id == own(), _count.c.variant_id == page.c.variant_id, _count.c.site_id == page.c.site_id
    )
    most = func.coalesce(_scaled(_policy, "max_stock_level"), _scaled(_default, "max_stock_level"), everywhere)
    return (
        select(
            page.c.variant_id,
            page.c.site_id,
            _variant.c.sku,
            _variant.c.name,
            _variant.c.product_id,
            _product.c.name,
            _site.c.name,
            _scaled(page, "on_hand"),
            _scaled(page, "reserved"),
            _scaled(page, "held"),
            _scaled(page, "reorder_point"),
            most,
            type_coerce(_count.c.counted_at, BigInteger),
        )
        .select_from(found)
        .join(
            page,
            and_(
                page.c.organization_id == own(),
                page.c.variant_id == found.c.variant_id,
                page.c.site_id == found.c.site_id,
            ),
        )
        .join(_variant, and_(_variant.c.organization_id == own(), _variant.c.id == page.c.variant_id))
        .join(_product, and_(_product.c.organization_id == own(), _product.c.id == _variant.c.product_id))
        .join(_site, and_(_site.c.organization_id == own(), _site.c.id == page.c.site_id))
        .outerjoin(_policy, here)
        .outerjoin(_default, and_(_default.c.organization_id == own(), _default.c.variant_id == page.c.variant_id))
        .outerjoin(_count, counted)
        .order_by(found.c.variant_id.desc(), found.c.site_id.desc())
    )


# --- a row for each SKU ---------------------------------------------------------------------------------------------


class SitePart(NamedTuple):
    """What one site holds of a SKU, in scaled integers."""

    site_id: str
    name: str
    kind: str
    on_hand: int
    reserved: int
    held: int
    safety_stock: int
    reorder_point: int

    @property
    def available(self) -> int:
        """What may still be promised, safety stock left out of account."""
        return self.on_hand - self.reserved - self.held

    @property
    def to_promise(self) -> int:
        """Available to promise: less the safety stock, never below nothing."""
        return max(self.available - self.safety_stock, 0)


class SkuRow(NamedTuple):
    """A SKU with every site that has a record of it."""

    variant_id: str
    sku: str
    title: str
    sites: tuple[SitePart, ...]

    def total(self, name: str) -> int:
        """The sum of one figure over its sites."""
        return sum(getattr(part, name) for part in self.sites)

    @property
    def status(self) -> Status:
        """The first that fits: out_of_stock, critical, low, normal; as one site's status is found, over their sums."""
        available, safety = self.total("available"), self.total("safety_stock")
        reorder_point = self.total("reorder_point")
        if available <= 0:
            return OUT_OF_STOCK
        if available <= safety or (safety == 0 and available * 2 <= reorder_point):
            return CRITICAL
        return LOW if available < reorder_point else NORMAL


def skus_page(
    store: Store, organization_id: int, filters: Filters, *, after: str | None, limit: int
) -> tuple[list[SkuRow], int]:
    """SKUs that have a record of stock, newest first, beyond the variant `after`; and how many match in all.

    Filters: sku, site_id (only that site is told and added up), status (of what is told).
    """
    asked = _given(filters)
    statements = _skus(tuple(sorted(asked)))
    told = {f"p_{name}": value for name, value in asked.items()}
    total = counted(store, organization_id, statements.total, told)
    rows = statements.page.rows(store, organization_id, **told, p_after=after or ABOVE_ALL, p_limit=limit)
    return _grouped(rows), total


def sku_row(store: Store, organization_id: int, sku: str) -> SkuRow | None:
    """One SKU; None when no site has a record of it."""
    rows, _ = skus_page(store, organization_id, {"sku": sku}, after=None, limit=1)
    return rows[0] if rows else None


def sku_row_in(session: Session, sku: str) -> SkuRow | None:
    """As `sku_row`, as the session sees it: with what it changed itself."""
    found = _grouped(_ONE.all(session, sku=sku))
    return found[0] if found else None


def sku_rows_in(session: Session, variant_ids: Sequence[str]) -> list[SkuRow]:
    """The SKUs of these variants, in their order, as the session sees them."""
    rows: list[Any] = []
    for first in range(0, len(variant_ids), MAX_LISTED):
        rows += _SOME.all(session, variant_ids=list(variant_ids[first : first + MAX_LISTED]))
    by_id = {row.variant_id: row for row in _grouped(sorted(rows, key=lambda row: row[0]))}
    return [by_id[variant_id] for variant_id in variant_ids if variant_id in by_id]


def _grouped(rows: Sequence[tuple[Any, ...]]) -> list[SkuRow]:
    found = []
    for (variant_id, sku, product, name), parts in groupby(rows, key=lambda row: row[:4]):
        sites = tuple(SitePart(*part[4:]) for part in parts)
        found.append(SkuRow(variant_id, sku, full_name(product, name), sites))
    return found


class _Skus(NamedTuple):
    total: Quick
    page: Quick


@lru_cache(maxsize=16)
def _skus(names: tuple[str, ...]) -> _Skus:
    here: list[ColumnElement[bool]] = [_stock.c.organization_id == own(), _stock.c.variant_id == _variant.c.id]
    if "site_id" in names:
        here.append(_stock.c.site_id == bindparam("p_site_id"))
    matching: list[ColumnElement[bool]] = [
        _variant.c.organization_id == own(),
        select(_stock.c.site_id).where(*here).correlate(_variant).exists(),
    ]
    if "sku" in names:
        matching.append(_variant.c.sku == bindparam("p_sku"))
    if "status" in names:
        status = select(_status_of_sums()).where(*here).correlate(_variant).scalar_subquery()
        matching.append(status == bindparam("p_status"))
    total = select(func.count()).select_from(_variant).where(*matching)
    keys = select(_variant.c.id).where(*matching)
    if "sku" not in names:  # there is one: it has no neighbours
        keys = keys.where(_variant.c.id < bindparam("p_after")).order_by(_variant.c.id.desc())
    page = keys.limit(bindparam("p_limit", type_=BigInteger)).subquery()
    parts = and_(_stock.c.organization_id == own(), _stock.c.variant_id == page.c.id)
    if "site_id" in names:
        parts = and_(parts, _stock.c.site_id == bindparam("p_site_id"))
    rows = _sku_parts(page, own(), parts).order_by(page.c.id.desc(), _site.c.code)
    return _Skus(Quick(total), Quick(rows))


def _sku_parts(page: FromClause, owner: BindParameter[int], parts: ColumnElement[bool]) -> Select[Any]:
    """What every site has of the variants of `page`, named."""
    figures = ("on_hand", "reserved", "held", "safety_stock", "reorder_point")
    columns = (
        _stock.c.variant_id, _variant.c.sku, _product.c.name, _variant.c.name.label("own"), _site.c.id,
        _site.c.name.label("site"), _site.c.kind, *(_scaled(_stock, figure) for figure in figures),
    )  # fmt: skip
    return (
        select(*columns)
        .select_from(page)
        .join(_stock, parts)
        .join(_variant, and_(_variant.c.organization_id == owner, _variant.c.id == _stock.c.variant_id))
        .join(_product, and_(_product.c.organization_id == owner, _product.c.id == _variant.c.product_id))
        .join(_site, and_(_site.c.organization_id == owner, _site.c.id == _stock.c.site_id))
    )


def _status_of_sums() -> ColumnElement[str]:
    """`SkuRow.status` in SQL."""
    available = func.sum(_available(_stock))
    safety, reorder_point = (func.sum(_scaled(_stock, name)) for name in ("safety_stock", "reorder_point"))
    return case(
        (available <= 0, OUT_OF_STOCK),
        (or_(available <= safety, and_(safety == 0, available * 2 <= reorder_point)), CRITICAL),
        (available < reorder_point, LOW),
        else_=NORMAL,
    )


def _in_session(*matching: ColumnElement[bool]) -> PreparedRows:
    named = select(_variant.c.id).where(_variant.c.organization_id == ORGANIZATION, *matching).subquery()
    parts = and_(_stock.c.organization_id == ORGANIZATION, _stock.c.variant_id == named.c.id)
    return PreparedRows(_sku_parts(named, ORGANIZATION, parts).order_by(_site.c.code))


_ONE = _in_session(_variant.c.sku == given("sku"))
_SOME = _in_session(_variant.c.id.in_(given("variant_ids", is_list=True)))
