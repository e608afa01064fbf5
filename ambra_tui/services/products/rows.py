"""A product as the editions that know no variants see it: a row is a variant with its product, its defaults and the
sum of its stock. One select, as scaled integers, without objects.

Example::

    rows_of_product(store, organization_id, "prod_01K...")     # a row for each variant, in their order
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy.sql.expression import FromClause
from sqlmodel import Session

from ambra_tui.services.stock_views import own
from ambra_tui.store import Store
from ambra_tui.store.models import (
    Barcode,
    InventoryPolicy,
    PolicyDefault,
    Product,
    ProductCategory,
    SiteStock,
    Variant,
    VariantSupplier,
    table_of,
)
from ambra_tui.store.models.policies import EVERY_VARIANT
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.quick import Quick

StockStatus = Literal["out", "critical", "low", "ok"]
OUT: Final = "out"
CRITICAL: Final = "critical"
LOW: Final = "low"
OK: Final = "ok"
STATUSES: tuple[StockStatus, ...] = (OUT, CRITICAL, LOW, OK)
OF_SITE: dict[str, StockStatus] = {"out_of_stock": OUT, "critical": CRITICAL, "low": LOW, "normal": OK}
"""The words of a site's total -> those of these editions."""

variant, product, stock = table_of(Variant), table_of(Product), table_of(SiteStock)
_default, _code = table_of(PolicyDefault), table_of(Barcode)
_category, _supplier = table_of(ProductCategory), table_of(VariantSupplier)
_policy = table_of(InventoryPolicy)
_here = _default.alias("own_default")
ONE = 1_000_000
FIGURES = ("on_hand", "reserved", "held", "reorder_point", "safety_stock")
Owner = BindParameter[int]


class ProductRow(NamedTuple):
    """A variant and what is known of it. Quantities are scaled, moments are microseconds since 1970. The stock is the
    sum over the sites that have a record of it; `site_reorder_point` is None where none has."""

    product_id: str
    variant_id: str
    sku: str
    product_name: str
    variant_name: str
    description: str
    category_id: str | None
    unit_of_measure: str
    price_minor: int | None
    currency: str
    status: str
    supplier_id: str | None
    reorder_point: int
    reorder_quantity: int
    barcode: str | None
    created_at: int
    updated_at: int
    on_hand: int
    reserved: int
    held: int
    site_reorder_point: int | None
    safety_stock: int

    @property
    def available(self) -> int:
        """What may still be promised."""
        return self.on_hand - self.reserved - self.held

    @property
    def stock_reorder_point(self) -> int:
        """What `available` is compared with: the sum over the sites, or its own where no site has a record of it."""
        return self.reorder_point if self.site_reorder_point is None else self.site_reorder_point

    @property
    def stock_status(self) -> StockStatus:
        """The first that fits: out, critical, low, ok; as one site's status is found, over their sums."""
        if self.available <= 0:
            return OUT
        if self.available <= self.safety_stock or (
            self.safety_stock == 0 and self.available * 2 <= self.stock_reorder_point
        ):
            return CRITICAL
        return LOW if self.available < self.stock_reorder_point else OK


def scaled(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A quantity or a moment as the integer that it is stored as."""
    return type_coerce(column, BigInteger)


def summed(column: ColumnElement[Any]) -> ColumnElement[int]:
    """The sum of scaled quantities, an integer on both databases."""
    return cast(func.sum(scaled(column)), BigInteger)


def sums(owner: Owner, *which: ColumnElement[bool]) -> Select[Any]:
    """The stock of each variant, added up over sites."""
    figures = (summed(stock.c[name]).label(name) for name in FIGURES)
    return (
        select(stock.c.variant_id, *figures)
        .where(stock.c.organization_id == owner, *which)
        .group_by(stock.c.variant_id)
    )


def default_of(owner: Owner, name: str) -> ColumnElement[int]:
    """What holds of `name` for the variant: its own default, else the most that a policy of it says in a site, else the
    organization's default. The statement joins `with_default`."""
    everywhere = (
        select(scaled(_default.c[name]))
        .where(_default.c.organization_id == owner, _default.c.variant_id == EVERY_VARIANT)
        .correlate(None)
        .scalar_subquery()
    )
    most = (
        select(cast(func.max(scaled(_policy.c[name])), BigInteger))
        .where(_policy.c.organization_id == owner, _policy.c.variant_id == variant.c.id)
        .correlate(variant)
        .scalar_subquery()
    )
    held: ColumnElement[int] = func.coalesce(scaled(_here.c[name]), most, everywhere, 0)
    return held


def with_default(owner: Owner, source: FromClause) -> FromClause:
    """`source`, which has the variant, with the variant's own defaults beside it."""
    return source.outerjoin(_here, and_(_here.c.organization_id == owner, _here.c.variant_id == variant.c.id))


def rows_of(found: FromClause, owner: Owner, *which_stock: ColumnElement[bool]) -> Select[Any]:
    """What is known of the variants whose ids `found` has; their stock is that of the sites of `which_stock`."""
    total = sums(owner, stock.c.variant_id.in_(select(found.c.id)), *which_stock).subquery("total")
    code = (
        select(_code.c.code)
        .where(
            _code.c.organization_id == owner,
            _code.c.variant_id == variant.c.id,
            _code.c.kind == "each",
            scaled(_code.c.quantity) == ONE,
        )
        .order_by(_code.c.created_at, _code.c.code)
        .limit(1)
        .correlate(variant)
        .scalar_subquery()
    )
    first_category = and_(
        _category.c.organization_id == owner, _category.c.product_id == product.c.id, _category.c.position == 0
    )
    first_supplier = and_(
        _supplier.c.organization_id == owner, _supplier.c.variant_id == variant.c.id, _supplier.c.position == 0
    )
    is_found = and_(variant.c.organization_id == owner, variant.c.id == found.c.id)
    known = (func.coalesce(total.c[name], 0) for name in ("on_hand", "reserved", "held"))
    return (
        select(
            product.c.id,
            variant.c.id.label("variant_id"),
            variant.c.sku,
            product.c.name,
            variant.c.name.label("variant_name"),
            product.c.description,
            _category.c.category_id,
            variant.c.unit_of_measure,
            variant.c.price_minor,
            variant.c.currency,
            variant.c.status,
            _supplier.c.supplier_id,
            default_of(owner, "reorder_point"),
            default_of(owner, "reorder_quantity"),
            code,
            scaled(variant.c.created_at),
            scaled(variant.c.updated_at),
            *known,
            total.c.reorder_point,
            func.coalesce(total.c.safety_stock, 0),
        )
        .select_from(with_default(owner, found.join(variant, is_found)))
        .join(product, and_(product.c.organization_id == owner, product.c.id == variant.c.product_id))
        .outerjoin(_category, first_category)
        .outerjoin(_supplier, first_supplier)
        .outerjoin(total, total.c.variant_id == variant.c.id)
    )


def _named(owner: Owner, *matching: ColumnElement[bool]) -> Select[Any]:
    found = select(variant.c.id).where(variant.c.organization_id == owner, *matching).cte("found")
    return rows_of(found, owner).order_by(variant.c.position, variant.c.id)


_OF_PRODUCT = Quick(_named(own(), variant.c.product_id == bindparam("p_product_id")))
_WITH_SKU = Quick(_named(own(), variant.c.sku == bindparam("p_sku")))
_OF_PRODUCT_HERE = PreparedRows(_named(ORGANIZATION, variant.c.product_id == given("product_id")))
_WITH_IDS_HERE = PreparedRows(_named(ORGANIZATION, variant.c.id.in_(given("variant_ids", is_list=True))))


def rows_of_product(store: Store, organization_id: int, product_id: str) -> list[ProductRow]:
    """The variants of a product, in their order."""
    return [ProductRow(*row) for row in _OF_PRODUCT.rows(store, organization_id, p_product_id=product_id)]


def row_with_sku(store: Store, organization_id: int, sku: str) -> ProductRow | None:
    """The variant with exactly this SKU."""
    rows = _WITH_SKU.rows(store, organization_id, p_sku=sku)
    return ProductRow(*rows[0]) if rows else None


def rows_of_product_in(session: Session, product_id: str) -> list[ProductRow]:
    """As `rows_of_product`, as the session sees them: with what it changed itself."""
    return [ProductRow(*row) for row in _OF_PRODUCT_HERE.all(session, product_id=product_id)]


def rows_of_variants_in(session: Session, variant_ids: list[str]) -> list[ProductRow]:
    """The rows of these variants, in their order, as the session sees them."""
    rows = {row.variant_id: row for row in map(_row, _WITH_IDS_HERE.all(session, variant_ids=variant_ids))}
    return [rows[variant_id] for variant_id in variant_ids if variant_id in rows]


def _row(row: Any) -> ProductRow:
    return ProductRow(*row)
