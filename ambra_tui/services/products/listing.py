"""Pages of products: any filters, any order, exact totals. A statement is built once for each set of filters.

Example::

    rows, total = products_page(store, organization_id, {"status": "active"}, order=(), offset=0, limit=25)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, func, literal, not_, or_, select
from sqlalchemy.sql.expression import FromClause

from ambra_tui.kit.money import NO_DECIMALS, THREE_DECIMALS
from ambra_tui.services.codes import gtin_of
from ambra_tui.services.listing import Order, folded
from ambra_tui.services.products.rows import (
    CRITICAL,
    LOW,
    OK,
    OUT,
    ProductRow,
    default_of,
    product,
    row_with_sku,
    rows_of,
    scaled,
    stock,
    summed,
    variant,
    with_default,
)
from ambra_tui.services.products.searching import SearchShape, shape_of, told_of
from ambra_tui.services.site_levels import counted
from ambra_tui.services.stock_views import own
from ambra_tui.store import Store
from ambra_tui.store.models import (
    Barcode,
    Category,
    ProductCategory,
    StockLevel,
    VariantSupplier,
    table_of,
)
from ambra_tui.store.quick import Quick

Filters = Mapping[str, Any]
BELOW_REORDER = "below_reorder"
STATES = {"active": ("active",), "inactive": ("inactive", "draft"), "archived": ("archived",)}
"""What these editions call the status of a product -> the statuses that it has in the store."""
SORTS = ("name", "sku", "price", "status", "created_at", "updated_at")
MAX_SHALLOW = 10_000
_THOUSANDTHS = 1_000  # of the major unit: the smallest that a currency divides into
_code, _level = table_of(Barcode), table_of(StockLevel)
_category, _in_category, _supplier = table_of(Category), table_of(ProductCategory), table_of(VariantSupplier)


def products_page(
    store: Store, organization_id: int, filters: Filters, *, order: Order, offset: int, limit: int
) -> tuple[list[ProductRow], int]:
    """One page, newest first without an order and the likest first in a search; and how many rows match in all.

    Filters: status, sku, barcode, category (id or slug, what is below it too), supplier, site, location (a bin),
    search, created_after, updated_after, min_price, max_price, stock_status, stock_level. Archived products are found
    by ``status="archived"`` alone. With `site` only that site's stock is told and judged.
    """
    asked = {name: value for name, value in filters.items() if value is not None}
    if asked.keys() == {"sku"}:
        return _with_sku(store, organization_id, asked["sku"], offset)
    shape = _Shape(store.dialect, tuple(sorted(asked)), order, shape_of(asked.get("search")), _stock_shape(asked))
    statements = _statements(shape)
    told = _told(asked)
    total = counted(store, organization_id, statements.total, told)
    if offset >= total:
        return [], total
    rows = statements.page.rows(store, organization_id, **told, p_offset=offset, p_limit=limit)
    return [ProductRow(*row[: len(ProductRow._fields)]) for row in rows], total


def _with_sku(store: Store, organization_id: int, sku: str, offset: int) -> tuple[list[ProductRow], int]:
    row = row_with_sku(store, organization_id, sku)
    if row is None or row.status == "archived":
        return [], 0
    return [row][offset:], 1


def is_slow(filters: Filters, order: Order, offset: int) -> bool:
    """Whether a page may take more than a few milliseconds in a large catalogue."""
    named = {name for name, value in filters.items() if value is not None}
    return bool(named - {"sku", "barcode", "status"}) or order not in _INDEXED or offset > MAX_SHALLOW


_INDEXED: tuple[Order, ...] = ((), (("created_at", True),), (("created_at", False),))


# --- what is told when it runs --------------------------------------------------------------------------------------


class _Shape(NamedTuple):
    """What a statement is built from."""

    dialect: str
    names: tuple[str, ...]
    order: Order
    search: SearchShape
    stock: str


class _Statements(NamedTuple):
    total: Quick
    page: Quick


def _stock_shape(asked: Filters) -> str:
    return "+".join(str(asked[name]) for name in ("stock_level", "stock_status") if name in asked)


def _told(asked: Filters) -> dict[str, Any]:
    told: dict[str, Any] = {f"p_{name}": value for name, value in asked.items() if name not in _TOLD_OTHERWISE}
    told |= told_of(asked.get("search"))
    if "status" in asked:
        told |= dict(zip(("p_status", "p_status_too"), STATES[asked["status"]] * 2, strict=False))
    if "barcode" in asked:
        told["p_gtin"] = gtin_of(asked["barcode"]) or asked["barcode"]
    for name, rounding in (("min_price", ROUND_CEILING), ("max_price", ROUND_FLOOR)):
        if name in asked:
            told[f"p_{name}"] = int((asked[name] * _THOUSANDTHS).to_integral_value(rounding))
    return told


_TOLD_OTHERWISE = frozenset({"search", "status", "stock_status", "stock_level", "min_price", "max_price"})


# --- statements -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _statements(shape: _Shape) -> _Statements:
    source, matching = _source(shape), _conditions(shape)
    terms = _order_terms(shape)
    total = select(func.count()).select_from(source).where(*matching)
    keys = select(variant.c.id, *(term.label(f"sort{place}") for place, (term, _) in enumerate(terms)))
    keys = keys.select_from(source).where(*matching)
    keys = keys.order_by(*(directed(term, descends) for term, descends in terms), variant.c.id.desc())
    keys = keys.limit(bindparam("p_limit", type_=BigInteger)).offset(bindparam("p_offset", type_=BigInteger))
    found = keys.cte("found")
    again = (directed(found.c[f"sort{place}"], descends) for place, (_, descends) in enumerate(terms))
    page = rows_of(found, own(), *_sites(shape)).order_by(*again, found.c.id.desc())
    return _Statements(Quick(total), Quick(page))


def directed(term: ColumnElement[Any], descends: bool) -> ColumnElement[Any]:
    """What has no value comes last either way."""
    return term.desc().nulls_last() if descends else term.asc().nulls_last()


def _source(shape: _Shape) -> FromClause:
    """The tables that conditions and order look at."""
    source: FromClause = variant
    if any(name == "name" for name, _ in shape.order):
        source = source.join(product, and_(product.c.organization_id == own(), product.c.id == variant.c.product_id))
    return with_default(own(), source) if BELOW_REORDER in shape.stock else source


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    made = [_CONDITIONS[name](shape) for name in shape.names if name in _CONDITIONS]
    if "status" not in shape.names:
        made.append(variant.c.status != "archived")
    return [variant.c.organization_id == own(), *made, *_judged(shape)]


def _of_category(_shape: _Shape) -> ColumnElement[bool]:
    named = or_(_category.c.id == bindparam("p_category"), _category.c.slug == bindparam("p_category"))
    tree = select(_category.c.id).where(_category.c.organization_id == own(), named).cte("tree", recursive=True)
    child = _category.alias("child")
    tree = tree.union(
        select(child.c.id).join(tree, child.c.parent_id == tree.c.id).where(child.c.organization_id == own())
    )
    inside = select(_in_category.c.product_id).where(
        _in_category.c.organization_id == own(), _in_category.c.category_id.in_(select(tree.c.id))
    )
    return variant.c.product_id.in_(inside)


def _of_supplier(_shape: _Shape) -> ColumnElement[bool]:
    supplied = select(_supplier.c.variant_id).where(
        _supplier.c.organization_id == own(), _supplier.c.supplier_id == bindparam("p_supplier")
    )
    return variant.c.id.in_(supplied)


def _in_site(_shape: _Shape) -> ColumnElement[bool]:
    there = select(stock.c.variant_id).where(
        stock.c.organization_id == own(), stock.c.site_id == bindparam("p_site"), scaled(stock.c.on_hand) > 0
    )
    known = select(stock.c.variant_id).where(stock.c.organization_id == own(), stock.c.site_id == bindparam("p_site"))
    return variant.c.id.in_(known if _shape.stock else there)


def _in_location(_shape: _Shape) -> ColumnElement[bool]:
    there = select(_level.c.variant_id).where(
        _level.c.organization_id == own(), _level.c.location_id == bindparam("p_location"), scaled(_level.c.on_hand) > 0
    )
    return variant.c.id.in_(there)


def _with_barcode(_shape: _Shape) -> ColumnElement[bool]:
    named = or_(_code.c.code == bindparam("p_barcode"), _code.c.code == bindparam("p_gtin"))
    return variant.c.id.in_(select(_code.c.variant_id).where(_code.c.organization_id == own(), named))


def _one_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    return column.in_([literal(value) for value in values])


def _price() -> ColumnElement[int]:
    """In thousandths of the major unit, whatever the currency divides into."""
    factor = case(
        (_one_of(variant.c.currency, sorted(NO_DECIMALS)), _THOUSANDTHS),
        (_one_of(variant.c.currency, sorted(THREE_DECIMALS)), 1),
        else_=10,
    )
    return variant.c.price_minor * factor


_CONDITIONS: Mapping[str, Callable[[_Shape], ColumnElement[bool]]] = {
    "status": lambda _: variant.c.status.in_((bindparam("p_status"), bindparam("p_status_too"))),
    "sku": lambda _: variant.c.sku == bindparam("p_sku"),
    "barcode": _with_barcode,
    "category": _of_category,
    "supplier": _of_supplier,
    "site": _in_site,
    "location": _in_location,
    "search": lambda shape: shape.search.matches(shape.dialect, variant.c.id),
    "created_after": lambda _: variant.c.created_at >= bindparam("p_created_after", type_=variant.c.created_at.type),
    "updated_after": lambda _: variant.c.updated_at >= bindparam("p_updated_after", type_=variant.c.updated_at.type),
    "min_price": lambda _: _price() >= bindparam("p_min_price", type_=BigInteger),
    "max_price": lambda _: _price() <= bindparam("p_max_price", type_=BigInteger),
}


# --- what the stock must be -----------------------------------------------------------------------------------------


def _sites(shape: _Shape) -> list[ColumnElement[bool]]:
    return [stock.c.site_id == bindparam("p_site")] if "site" in shape.names else []


_WORSE = {OUT: ("out_of_stock",), CRITICAL: ("out_of_stock", "critical"), LOW: ("out_of_stock", "critical", "low")}
"""What a site's status must be in one site at least, where the sum of all sites is so."""


def _known(shape: _Shape) -> ColumnElement[bool]:
    """Some site has a record of it."""
    return variant.c.id.in_(select(stock.c.variant_id).where(stock.c.organization_id == own(), *_sites(shape)))


def _summed(shape: _Shape, worst: str, having: ColumnElement[bool]) -> ColumnElement[bool]:
    """The sums of its sites are so; looked for among what is `worst`, or worse, in one of them."""
    other = stock.alias("suspect")
    suspects = select(other.c.variant_id).where(
        other.c.organization_id == own(), _one_of(other.c.status, _WORSE[worst])
    )
    found = select(stock.c.variant_id).where(
        stock.c.organization_id == own(), *_sites(shape), stock.c.variant_id.in_(suspects)
    )
    return variant.c.id.in_(found.group_by(stock.c.variant_id).having(having))


def _status_of_sums() -> ColumnElement[str]:
    """`ProductRow.stock_status` in SQL."""
    available, point, safety = _available(), summed(stock.c.reorder_point), summed(stock.c.safety_stock)
    return case(
        (available <= 0, OUT),
        (or_(available <= safety, and_(safety == 0, available * 2 <= point)), CRITICAL),
        (available < point, LOW),
        else_=OK,
    )


def _available() -> ColumnElement[int]:
    return summed(stock.c.on_hand) - summed(stock.c.reserved) - summed(stock.c.held)


def _with_status(shape: _Shape, status: str) -> ColumnElement[bool]:
    if status == OK:
        return and_(_known(shape), not_(_summed(shape, LOW, _status_of_sums() != OK)))
    found = _summed(shape, status, _status_of_sums() == status)
    return or_(found, not_(_known(shape))) if status == OUT else found


def _below_reorder(shape: _Shape) -> ColumnElement[bool]:
    low = _summed(shape, LOW, _available() < summed(stock.c.reorder_point))
    return or_(low, and_(not_(_known(shape)), default_of(own(), "reorder_point") > 0))


def _judged(shape: _Shape) -> list[ColumnElement[bool]]:
    """What is asked of the stock."""
    asked = shape.stock.split("+") if shape.stock else []
    return [_below_reorder(shape) if each == BELOW_REORDER else _with_status(shape, each) for each in asked]


# --- order ----------------------------------------------------------------------------------------------------------


def _order_terms(shape: _Shape) -> list[tuple[ColumnElement[Any], bool]]:
    if not shape.order and "search" in shape.names:
        return [(shape.search.rank(shape.dialect, variant.c.id), False)]
    return [(_SORTED[name](shape), descends) for name, descends in shape.order]


def shown_name(dialect: str) -> ColumnElement[str]:
    """`full_name` in SQL, to sort by."""
    own_name, of_product = variant.c.name, product.c.name
    begins = func.substr(own_name, 1, func.length(of_product)) == of_product
    said = case((own_name == "", of_product), (begins, own_name), else_=of_product + " " + own_name)
    return folded(dialect, said)


_SORTED: Mapping[str, Callable[[_Shape], ColumnElement[Any]]] = {
    "name": lambda shape: shown_name(shape.dialect),
    "sku": lambda shape: folded(shape.dialect, variant.c.sku),
    "price": lambda _: _price(),
    "status": lambda shape: folded(shape.dialect, variant.c.status),
    "created_at": lambda _: scaled(variant.c.created_at),
    "updated_at": lambda _: scaled(variant.c.updated_at),
}
