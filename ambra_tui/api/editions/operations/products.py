"""Products, their variants, and variants by barcode.

Example::

    POST /api/v1/products
    {"product": {"name": "Milk 1 l", "sku": "MILK-1L", "barcode": "5001000000019", "price": 1.29}}
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, Field
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import minor_price, own_currency
from ambra_tui.api.editions.operations.views import (
    ProductView,
    ScannedVariantView,
    VariantView,
    number_of,
    price_of,
)
from ambra_tui.api.fields import (
    Blank,
    Body,
    Code,
    Days,
    Flag,
    Identifier,
    Line,
    LongText,
    NotNegativeQuantity,
    OneOf,
    PositiveQuantity,
    Price,
    Rows,
)
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import to_json
from ambra_tui.kit.text import is_control, printable
from ambra_tui.scan.parse import parse
from ambra_tui.services.catalog import (
    PRODUCT_STATES,
    NewBarcode,
    NewVariant,
    create_product,
    match_code,
    search,
)
from ambra_tui.services.code_lookup import variant_with_code
from ambra_tui.services.codes import printed_code
from ambra_tui.services.stock_views import page_of_ids, rows_by_id, the_one
from ambra_tui.store.models import Barcode, Product, Variant
from ambra_tui.store.scope import fetch

catalogue = Catalogue("Products")
MAX_BARCODE_TEXT = 1000
MAX_FOUND = 500


class ProductQuery(Paging):
    """`search`: words of a name, a SKU, or the beginning of a barcode."""

    search: Line | None = None
    status: Annotated[Identifier, OneOf(PRODUCT_STATES)] | None = None


class BarcodeBody(Body):
    """A further code, such as a case of 12."""

    code: Identifier
    kind: Code = "each"
    quantity: PositiveQuantity = Decimal(1)


class Stocked(Body):
    """What a variant is, given for itself or, by a product with one variant, beside the product's name."""

    sku: Identifier | None = None
    barcode: Identifier | None = None
    barcodes: Annotated[list[BarcodeBody], Rows] = Field(
        default_factory=list, validation_alias=AliasChoices("barcodes", "barcodes_attributes")
    )
    price: Price | None = None
    cost: Price | None = None
    unit_of_measure: Blank = ""
    is_lot_tracked: Flag = False
    is_expiry_tracked: Flag = False
    is_serial_tracked: Flag = False
    is_made: Flag = False
    minimum_shelf_life_days: Days | None = None
    receipt_tolerance_percent: NotNegativeQuantity | None = None
    abc_class: Blank = ""
    home_location_id: Identifier | None = None
    status: Annotated[Identifier, OneOf(PRODUCT_STATES)] = "active"


class VariantBody(Stocked):
    """A variant of a new product."""

    name: Blank = ""


class NewProduct(Stocked):
    """A product with `variants`, or with one that the product's own fields describe."""

    name: Line
    description: LongText = ""
    currency: Identifier | None = None
    variants: Annotated[list[VariantBody], Rows] = Field(
        default_factory=list, validation_alias=AliasChoices("variants", "variants_attributes")
    )


@catalogue.read(
    "/products", ProductQuery, scope="products:read", operation_id="listProducts", is_list=True,
    summary="All products, newest first", shape=ProductView,
)  # fmt: skip
def list_products(session: Session, _call: Call, query: ProductQuery) -> Answer:
    """A page of products with their variants."""
    filters: dict[str, Any] = {"status": query.status}
    if query.search is not None:
        filters["id"] = sorted({variant.product_id for variant in search(session, query.search, limit=MAX_FOUND)})
    ids, total = page_of_ids(session, Product, filters, offset=query.offset, limit=query.per_page)
    return Answer(products_with(session, ids), total)


@catalogue.read(
    "/products/{id}", Nothing, scope="products:read", operation_id="getProduct", summary="One product",
    shape=ProductView,
)  # fmt: skip
def get_product(session: Session, call: Call, _query: Nothing) -> Answer:
    """A product with its variants."""
    return Answer(_product(session, call.path["id"]))


@catalogue.read(
    "/products/{product_id}/variants", Paging, scope="products:read", operation_id="listProductVariants",
    is_list=True, summary="The variants of a product, in their order", shape=VariantView,
)  # fmt: skip
def list_variants(session: Session, call: Call, query: Paging) -> Answer:
    """A page of a product's variants."""
    product = fetch(session, Product, call.path["product_id"], resource="product")
    variants = _variants_of(session, [product.id])
    return Answer(variants[query.offset : query.offset + query.per_page], len(variants))


@catalogue.quick_read(
    "/variants/barcode/{barcode:path}", Nothing, scope="products:read", operation_id="getVariantByBarcode",
    summary="The variant that a code means: a GTIN of any length, a GS1 element string, a Digital Link, an own label",
    shape=ScannedVariantView,
)  # fmt: skip
def get_variant_by_barcode(call: Call, _query: Nothing) -> Answer:
    """Parses the code as a scanner's, then looks it up."""
    text = call.path["barcode"]
    if not text or len(text) > MAX_BARCODE_TEXT or any(is_control(c) for c in text if c != "\x1d"):
        raise NotFound("variant", printable(text[:120]))
    scan = parse(text, today=call.store.clock.today())
    found = variant_with_code(call.store, call.principal.organization_id, scan)
    if found is not None:
        return Answer(_scanned(_variant_view(found.variant, found.codes), found.quantity))
    with call.store.read(call.principal.organization_id) as session:
        match = match_code(session, scan)
        if match is None:
            raise NotFound("variant", printable(text))
        rows = rows_by_id(session, Variant, [match.variant.id])
        return Answer(_scanned(variants_with(session, rows)[0], match.quantity))


def _scanned(variant: VariantView, quantity: Decimal) -> ScannedVariantView:
    return {**variant, "scanned_quantity": to_json(quantity)}


@catalogue.write(
    "POST", "/products", NewProduct, scope="products:write", operation_id="createProduct", status=201,
    wrapper="product", summary="Create a product; without variants it gets one of its own", shape=ProductView,
    example={"product": {"name": "Milk 1 l", "sku": "MILK-1L", "barcode": "5001000000019", "price": 1.29}},
)  # fmt: skip
def create(session: Session, call: Call, body: NewProduct) -> Answer:
    """Makes the product and its variants."""
    if body.variants and (body.sku is not None or body.barcode is not None or body.barcodes):
        raise Invalid(
            "a product with variants has no sku or barcode of its own: give them to its variants", field="sku"
        )
    currency = own_currency(session, body.currency)
    variants: Sequence[Stocked] = body.variants or [body]
    product = create_product(
        session,
        name=body.name,
        currency=currency,
        description=body.description,
        status=body.status,
        unit_of_measure=body.unit_of_measure or "ea",
        variants=[_new_variant(variant, body, currency) for variant in variants],
    )
    return Answer(_product(session, product.id), location=call.url(f"/products/{product.id}"))


def _new_variant(given: Stocked, product: NewProduct, currency: str) -> NewVariant:
    price = given.price if given.price is not None else product.price
    cost = given.cost if given.cost is not None else product.cost
    return NewVariant(
        sku=given.sku,
        name=given.name if isinstance(given, VariantBody) else "",
        barcode=given.barcode,
        barcodes=[NewBarcode(code.code, code.kind, code.quantity) for code in given.barcodes],
        unit_of_measure=given.unit_of_measure or product.unit_of_measure,
        is_lot_tracked=given.is_lot_tracked or product.is_lot_tracked,
        is_expiry_tracked=given.is_expiry_tracked or product.is_expiry_tracked,
        is_serial_tracked=given.is_serial_tracked or product.is_serial_tracked,
        is_made=given.is_made or product.is_made,
        minimum_shelf_life_days=given.minimum_shelf_life_days,
        receipt_tolerance_percent=given.receipt_tolerance_percent,
        price_minor=minor_price(price, currency),
        cost_minor=minor_price(cost, currency, field="cost"),
        currency=currency,
        abc_class=given.abc_class,
        home_location_id=given.home_location_id,
        status=given.status,
    )


def _product(session: Session, product_id: str) -> ProductView:
    return the_one(products_with(session, [product_id]), "product", product_id)


def products_with(session: Session, ids: Sequence[str]) -> list[ProductView]:
    """Products by id, newest first, with their variants."""
    by_product: dict[str, list[VariantView]] = {}
    for variant in _variants_of(session, ids):
        by_product.setdefault(variant["product_id"], []).append(variant)
    return [_product_view(row, by_product.get(row.id, [])) for row in rows_by_id(session, Product, ids)]


def _product_view(row: Any, variants: list[VariantView]) -> ProductView:
    only = variants[0] if len(variants) == 1 else None
    return {
        "id": row.id,
        "name": row.name,
        "sku": only["sku"] if only else None,
        "barcode": only["barcode"] if only else None,
        "price": only["price"] if only else None,
        "currency": variants[0]["currency"] if variants else None,
        "description": row.description,
        "status": row.status,
        "unit_of_measure": row.unit_of_measure,
        "variants": variants,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _variants_of(session: Session, product_ids: Sequence[str]) -> list[VariantView]:
    return variants_with(session, rows_by_id(session, Variant, product_ids, key="product_id"))


def variants_with(session: Session, rows: Sequence[Any]) -> list[VariantView]:
    """Variants as answers hold them, with their barcodes."""
    codes: dict[str, list[Any]] = {}
    for barcode in rows_by_id(session, Barcode, [row.id for row in rows], key="variant_id"):
        codes.setdefault(barcode.variant_id, []).append(barcode)
    return [_variant_view(row, codes.get(row.id, [])) for row in rows]


def _variant_view(row: Any, codes: Sequence[Any]) -> VariantView:
    ordered = sorted(codes, key=lambda code: (code.quantity, code.created_at, code.code))
    return {
        "id": row.id,
        "product_id": row.product_id,
        "sku": row.sku,
        "name": row.name,
        "barcode": shown_code(ordered[0]) if ordered else None,
        "barcodes": [
            {"code": shown_code(code), "kind": code.kind, "quantity": to_json(code.quantity)} for code in ordered
        ],
        "price": price_of(row.price_minor, row.currency),
        "cost": price_of(row.cost_minor, row.currency),
        "currency": row.currency,
        "unit_of_measure": row.unit_of_measure,
        "is_lot_tracked": bool(row.is_lot_tracked),
        "is_expiry_tracked": bool(row.is_expiry_tracked),
        "is_serial_tracked": bool(row.is_serial_tracked),
        "is_made": bool(row.is_made),
        "minimum_shelf_life_days": row.minimum_shelf_life_days,
        "receipt_tolerance_percent": number_of(row.receipt_tolerance_percent),
        "abc_class": row.abc_class or None,
        "status": row.status,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def shown_code(barcode: Any) -> str:
    """A code as it is printed."""
    return printed_code(barcode.code, kind=barcode.kind)
