"""Products: what has one SKU, with its price, its defaults and its stock.

Example::

    POST /v1/products
    {"name": "Premium T-Shirt", "sku": "TEE-001", "category_id": "cat_123", "unit_of_measure": "ea", "price": 29.99}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions._products import chosen_variant
from ambra_tui.api.editions._sites import RefusedRowView, all_failed
from ambra_tui.api.editions.ambra._envelope import adapt
from ambra_tui.api.editions.ambra._lists import Listed, Sort, SortedBy
from ambra_tui.api.editions.ambra._places import warehouse_key
from ambra_tui.api.editions.ambra._products import (
    OneProductView,
    ProductStockView,
    ProductView,
    one_product_view,
    product_stock_view,
    product_view,
)
from ambra_tui.api.failures import failure_of
from ambra_tui.api.fields import (
    Body,
    Change,
    Flag,
    Identifier,
    Line,
    LongText,
    NotNegativeQuantity,
    OneOf,
    Price,
    Unit,
    invalid_of,
)
from ambra_tui.errors import AmbraError, Invalid, NotFound
from ambra_tui.services import products
from ambra_tui.services.products import SORTS, STATES, STATUSES, ProductRow
from ambra_tui.store.models import Variant

catalogue = Catalogue(
    "Products", about="What is bought, stocked and sold: one SKU, its price, its defaults, its stock."
)
ARCHIVED = "archived"
MAX_BATCH = 500
Status = Annotated[Identifier, OneOf(STATES)]
EXAMPLE = {
    "name": "Premium T-Shirt", "sku": "TEE-001", "category_id": "cat_123", "unit_of_measure": "ea", "price": 29.99,
}  # fmt: skip


class ProductQuery(Listed):
    """Filters combine. Archived products are listed by `status` alone. `category`: an id or a slug, with what is below
    it. `location`: a warehouse, whose stock alone is told and judged then, or a location in one."""

    status: Status | None = None
    category: Identifier | None = None
    supplier: Identifier | None = None
    location: Identifier | None = None
    search: Line | None = None
    sku: Identifier | None = None
    barcode: Identifier | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    stock_status: Annotated[Identifier, OneOf(STATUSES)] | None = None
    stock_level: Annotated[Identifier, OneOf(("below_reorder",))] | None = None
    sort: Annotated[Sort, SortedBy(*SORTS)] | None = None

    @property
    def filters(self) -> dict[str, Any]:
        """What the service asks by."""
        asked = self.model_dump(exclude={"page", "per_page", "sort", "location"}, exclude_none=True)
        if self.location is not None:
            asked["location" if self.location.startswith("loc_") else "site"] = warehouse_key(self.location)
        return asked


class Which(BaseModel):
    """Which of several SKUs of one product; `status=archived` finds one that was removed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sku: Identifier | None = None
    variant_id: Identifier | None = None
    status: Status | None = None


class Chosen(BaseModel):
    """Which of several SKUs of one product."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sku: Identifier | None = None
    variant_id: Identifier | None = None


class WholeProduct(Body):
    """A product whole: what is left out has its default. `category_id`: an id or a slug."""

    name: Line
    sku: Identifier
    description: LongText | None = None
    category_id: Identifier | None = None
    unit_of_measure: Unit = "ea"
    price: Price | None = None
    default_supplier_id: Identifier | None = None
    reorder_quantity: NotNegativeQuantity | None = None
    reorder_point: NotNegativeQuantity | None = None
    barcode: Identifier | None = None
    status: Status = "active"


class ReplacedProduct(WholeProduct):
    """As a new product. `variant_id`: which of several SKUs, when `sku` is to change."""

    variant_id: Identifier | None = None


class ProductChange(Change):
    """What is named changes; null takes an optional field away."""

    name: Line = Field(default="")
    sku: Identifier = Field(default="")
    description: LongText | None = None
    category_id: Identifier | None = None
    unit_of_measure: Unit = "ea"
    price: Price | None = None
    default_supplier_id: Identifier | None = None
    reorder_quantity: NotNegativeQuantity | None = None
    reorder_point: NotNegativeQuantity | None = None
    barcode: Identifier | None = None
    status: Status = "active"
    variant_id: Identifier | None = None


def _is_slow(query: ProductQuery) -> bool:
    return products.is_slow(query.filters, query.sort or (), query.offset)


@catalogue.quick_read(
    "/products", ProductQuery, scope="products:read", operation_id="listProducts", is_list=True, is_slow=_is_slow,
    summary="Products, newest first unless sorted", shape=ProductView,
)  # fmt: skip
def list_products(call: Call, query: ProductQuery) -> Answer:
    """A page, and how many match in all."""
    rows, total = products.products_page(
        call.store, call.principal.organization_id, query.filters, order=query.sort or (), offset=query.offset,
        limit=query.per_page,
    )  # fmt: skip
    return Answer([product_view(row) for row in rows], total)


@catalogue.quick_read(
    "/products/{id}", Which, scope="products:read", operation_id="getProduct", summary="One product",
    shape=OneProductView,
)  # fmt: skip
def get_product(call: Call, query: Which) -> Answer:
    """The product, or that of its SKUs which is named."""
    rows = products.rows_of_product(call.store, call.principal.organization_id, call.path["id"])
    row = _chosen(rows, query, call.path["id"])
    return Answer(one_product_view(row, _present(rows, query.status)))


@catalogue.quick_read(
    "/skus/{sku:path}", Nothing, scope="products:read", operation_id="getProductBySku",
    summary="The product with exactly this SKU", shape=OneProductView,
)  # fmt: skip
def get_product_by_sku(call: Call, _query: Nothing) -> Answer:
    """As by id."""
    row = products.row_with_sku(call.store, call.principal.organization_id, call.path["sku"])
    if row is None or row.status == ARCHIVED:
        raise NotFound("product", call.path["sku"], field="sku")
    return Answer(one_product_view(row, [row]))


@catalogue.quick_read(
    "/products/{id}/stock", Which, scope="products:read", operation_id="getProductStock",
    summary="Stock of one product, by warehouse and location", shape=ProductStockView,
)  # fmt: skip
def get_product_stock(call: Call, query: Which) -> Answer:
    """What each warehouse and each location in it holds."""
    owner = call.principal.organization_id
    row = _chosen(products.rows_of_product(call.store, owner, call.path["id"]), query, call.path["id"])
    return Answer(product_stock_view(row, *products.stock_of(call.store, owner, row.variant_id)))


def _present(rows: list[ProductRow], status: str | None) -> list[ProductRow]:
    """Those that are there: archived ones when they are asked for."""
    states = STATES.get(status or "", ("active", "inactive", "draft"))
    return [row for row in rows if row.status in states]


def _chosen(rows: list[ProductRow], query: Which, product_id: str) -> ProductRow:
    for row in _present(rows, query.status):
        if query.sku in (None, row.sku) and query.variant_id in (None, row.variant_id):
            return row
    raise NotFound("product", product_id)


@catalogue.write(
    "POST", "/products", WholeProduct, scope="products:write", operation_id="createProduct", status=201,
    summary="Create a product", shape=OneProductView, example=EXAMPLE,
)  # fmt: skip
def create_product(session: Session, call: Call, body: WholeProduct) -> Answer:
    """Makes it."""
    variant = products.add_product(session, body.model_dump())
    return Answer(shown(session, variant), location=call.url(f"/products/{variant.product_id}"))


class BatchOptions(BaseModel):
    """`atomic`: all or nothing; else what can be made is."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    atomic: Flag = True


def _row(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """A row that is wrong is told with its number, not before the others are looked at."""
    try:
        return check(value)
    except ValidationError as error:
        return invalid_of(error)


class ProductBatch(Body):
    """At most 500; the body may also be the list itself."""

    products: Annotated[list[Annotated[WholeProduct, WrapValidator(_row)]], Field(min_length=1)]


class BatchView(TypedDict):
    """What was made, in the order of the rows, and what was not."""

    success: bool
    data: list[ProductView]
    errors: list[RefusedRowView]


@catalogue.write(
    "POST", "/products/batch", ProductBatch, scope="products:write", operation_id="createProducts", status=201,
    summary="Create up to 500 products", shape=BatchView, options=BatchOptions, is_whole=True, rows="products",
    example={"products": [EXAMPLE, {"name": "Cap", "sku": "CAP-001"}]},
)  # fmt: skip
def create_products(session: Session, call: Call, body: ProductBatch) -> Answer:
    """Makes what can be made. Raises Refused when nothing can, or when all or nothing is asked and one cannot."""
    if len(body.products) > MAX_BATCH:
        raise Invalid(f"at most {MAX_BATCH} products go into one request", field="products")
    rows = [row if isinstance(row, AmbraError) else row.model_dump() for row in body.products]
    checked = products.check_products(session, rows)
    failures = [(index, adapt(failure_of(row))) for index, row in enumerate(checked) if isinstance(row, AmbraError)]
    if len(failures) == len(rows) or (failures and call.options.atomic):
        raise all_failed(failures, "products")
    made = products.make_products(session, [row for row in checked if isinstance(row, products.NewRow)])
    return Answer(
        {
            "success": True,
            "data": [product_view(row) for row in products.rows_of_variants_in(session, made)],
            "errors": [
                {"index": index, "code": failure.code, "message": failure.message} for index, failure in failures
            ],
        }
    )


def shown(session: Session, variant: Variant) -> OneProductView:
    """A product as the session sees it, with what it changed itself."""
    session.flush()
    rows = products.rows_of_product_in(session, variant.product_id)
    row = next(row for row in rows if row.variant_id == variant.id)
    return one_product_view(row, [each for each in rows if each.status != ARCHIVED or each is row])


def product_object(session: Session, product_id: str) -> OneProductView | None:
    """What `GET /products/{id}` tells, archived or not; None when it is gone."""
    rows = products.rows_of_product_in(session, product_id)
    return one_product_view(rows[0], rows) if rows else None


def _named(session: Session, call: Call, body: Any) -> Variant:
    """The variant that a change is of. A product's only one may be called otherwise from now on."""
    product_id = call.path["id"]
    rows = products.rows_of_product_in(session, product_id)
    if len(rows) == 1:
        return chosen_variant(session, product_id, body.variant_id, None)
    sku = body.sku if body.variant_id is None and body.sku else None
    return chosen_variant(session, product_id, body.variant_id, sku)


def _current(session: Session, call: Call, body: Any) -> Answer:
    return Answer(shown(session, _named(session, call, body)))


@catalogue.write(
    "PUT", "/products/{id}", ReplacedProduct, scope="products:write", operation_id="replaceProduct", current=_current,
    summary="Replace a product: what is left out has its default", shape=OneProductView, example=EXAMPLE,
)  # fmt: skip
def replace_product(session: Session, call: Call, body: ReplacedProduct) -> Answer:
    """Every field from the body."""
    variant = _named(session, call, body)
    products.change_product(session, variant, body.model_dump(exclude={"variant_id"}))
    return Answer(shown(session, variant))


@catalogue.write(
    "PATCH", "/products/{id}", ProductChange, scope="products:write", operation_id="changeProduct", current=_current,
    summary="Change some fields of a product", shape=OneProductView, example={"price": 24.5},
)  # fmt: skip
def change_product(session: Session, call: Call, body: ProductChange) -> Answer:
    """The fields that the body names."""
    variant = _named(session, call, body)
    products.change_product(session, variant, body.model_dump(exclude_unset=True, exclude={"variant_id"}))
    return Answer(shown(session, variant))


def _going(session: Session, call: Call) -> Variant:
    variant = chosen_variant(session, call.path["id"], call.options.variant_id, call.options.sku)
    if variant.status == ARCHIVED:
        raise NotFound("product", call.path["id"])
    return variant


def _current_one(session: Session, call: Call, _body: Nothing) -> Answer:
    return Answer(shown(session, _going(session, call)))


@catalogue.write(
    "DELETE", "/products/{id}", Nothing, scope="products:delete", operation_id="deleteProduct", status=204,
    summary="Remove a product; it is archived when anything tells of it", shape=None, options=Chosen,
    current=_current_one,
)  # fmt: skip
def delete_product(session: Session, call: Call, _body: Nothing) -> Answer:
    """Deletes or archives it."""
    products.remove_product(session, _going(session, call))
    return Answer(None)
