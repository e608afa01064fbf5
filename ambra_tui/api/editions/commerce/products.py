"""The catalogue: products by id or SKU, with variants, categories, pictures and notes.

Example::

    POST /v2/products    {"name": "Premium Wireless Headphones", "price": 199.99, "sku": "HEADPHONE-001"}
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions._webhooks import Url
from ambra_tui.api.editions.commerce._lists import Sorted, page_of
from ambra_tui.api.editions.commerce._metadata import Metadata
from ambra_tui.api.editions.commerce._pictures import fetch_pictures, set_pictures
from ambra_tui.api.editions.commerce._products import ProductView, product_view
from ambra_tui.api.fields import (
    ANY_TEXT,
    Blank,
    Body,
    Change,
    Identifier,
    Line,
    LongText,
    NotNegativeQuantity,
    OneOf,
    Price,
)
from ambra_tui.errors import Invalid
from ambra_tui.kit.text import has_control
from ambra_tui.services import offers
from ambra_tui.services.images import MAX_IMAGES
from ambra_tui.services.offers import SORTS, STATES
from ambra_tui.store.models import Product

catalogue = Catalogue("Products", about="What a shop sells: names, prices, variants, categories, pictures.")
READ, WRITE = "products:read", "products:write"
MAX_VARIANTS, MAX_CATEGORIES, MAX_ATTRIBUTES = 250, 50, 20
Status = Annotated[Identifier, OneOf(STATES)]
EXAMPLE = {
    "name": "Premium Wireless Headphones", "description": "High-quality audio experience", "price": 199.99,
    "sku": "HEADPHONE-001", "status": "active", "categories": ["electronics", "audio"],
    "variants": [
        {"sku": "HEADPHONE-001-BK", "attributes": {"color": "Black"}},
        {"sku": "HEADPHONE-001-BL", "price": 209.99, "attributes": {"color": "Blue"}},
    ],
    "metadata": {"supplier_code": "A-17"},
}  # fmt: skip


def _attributes(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MAX_ATTRIBUTES:
        raise ValueError(f"must be an object of at most {MAX_ATTRIBUTES} names")
    for name, text in value.items():
        if not isinstance(text, str) or not text.strip() or len(text) > 120 or has_control(text):
            raise ValueError("must hold texts of 1 to 120 characters")
        if not name.strip() or len(name) > 60 or has_control(name):
            raise ValueError("must have names of 1 to 60 characters")
    return {name.strip(): text.strip() for name, text in value.items()}


Attributes = Annotated[
    dict[str, str],
    BeforeValidator(_attributes),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": MAX_ATTRIBUTES,
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 120, "pattern": ANY_TEXT},
        }
    ),
]


Alt = Annotated[Blank, Field(description="What the picture shows, for those who do not see it.")]


def _image(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


class NewPicture(Body):
    """A picture to be fetched from `url`. An address alone may stand for it."""

    url: Url | None = None
    alt: Alt | None = None


class Picture(NewPicture):
    """A picture: the one with this `id`, or one to be fetched from `url`. An address alone may stand for it."""

    id: Identifier | None = None


NewPictures = Annotated[list[Annotated[NewPicture, BeforeValidator(_image)]], Field(max_length=MAX_IMAGES)]
UnitPrice = Annotated[
    Price, Field(description="At most 2147483647 of its currency's smallest unit, such as 21474836.47 EUR.")
]
Pictures = Annotated[list[Annotated[Picture, BeforeValidator(_image)]], Field(max_length=MAX_IMAGES)]


class NewVariant(Body):
    """A variant of a new product. Without a `sku` one is made after the product's; without a `price` it follows the
    product's. `attributes` tell it apart: they are its name elsewhere, unless `name` says another."""

    sku: Identifier | None = None
    price: UnitPrice | None = None
    attributes: Attributes | None = None
    name: Blank | None = None
    barcode: Identifier | None = None
    image: Url | None = None
    inventory: NotNegativeQuantity | None = None


class ChangedVariant(NewVariant):
    """A variant as it is to be: the one with this `id`, else with this `sku`, else a new one. A `price` of null follows
    the product's again. `inventory` is told, not set, here."""

    id: Identifier | None = None


class NewProduct(Body):
    """A new product. With `variants`, its own `sku` stands above theirs. `categories`: slugs; unknown ones are made."""

    name: Line
    price: UnitPrice
    sku: Identifier
    description: LongText | None = None
    status: Status = "active"
    categories: Annotated[list[Identifier], Field(max_length=MAX_CATEGORIES)] | None = None
    variants: Annotated[list[NewVariant], Field(max_length=MAX_VARIANTS)] | None = None
    images: NewPictures | None = None
    metadata: Metadata | None = None
    barcode: Identifier | None = None


class ProductChange(Change):
    """What is named changes, the rest stays. `variants` is the whole list: what is not in it is archived; `images` too:
    those without an `id` here are taken away."""

    name: Line = Field(default="")
    price: UnitPrice = Field(default=Decimal(0))
    sku: Identifier = Field(default="")
    description: LongText | None = None
    status: Status = "active"
    categories: Annotated[list[Identifier], Field(max_length=MAX_CATEGORIES)] | None = None
    variants: Annotated[list[ChangedVariant], Field(max_length=MAX_VARIANTS)] | None = None
    images: Pictures | None = None
    metadata: Metadata | None = None
    barcode: Identifier | None = None


class ProductQuery(Sorted):
    """Filters combine. Archived products are listed by `status` alone. `category`: a slug, with what is below it.
    `search`: every word begins a word of the name or of a SKU."""

    status: Status | None = None
    category: Identifier | None = None
    search: Line | None = None
    sort: Annotated[Identifier, OneOf(SORTS)] | None = None


@catalogue.read(
    "/products", ProductQuery, scope=READ, operation_id="listProducts", is_list=True, is_long=True,
    summary="Products, newest first unless sorted", shape=ProductView,
)  # fmt: skip
def list_products(session: Session, call: Call, query: ProductQuery) -> Answer:
    """A page of the catalogue."""
    conditions = offers.products_like(session, status=query.status, category=query.category, search=query.search)
    terms = offers.sort_terms(session) if query.sort == "price" else None
    page = page_of(session, call, query, Product, *conditions, terms=terms)
    shown = offers.shown_products(session, [row.id for row in page.rows])
    return page.answer([product_view(session, row) for row in shown])


def product_object(session: Session, product_id: str) -> ProductView | None:
    """What a GET tells of a product, archived or not; None when it is gone."""
    shown = offers.shown_product(session, product_id)
    return None if shown is None else product_view(session, shown)


def _named(session: Session, call: Call) -> Product:
    return offers.product_named(session, call.path["id"])


@catalogue.read(
    "/products/{id}", Nothing, scope=READ, operation_id="getProduct", summary="One product, by its id or a SKU",
    shape=ProductView,
)  # fmt: skip
def get_product(session: Session, call: Call, _query: object) -> Answer:
    """The product, archived or not. An id wins over a SKU that is spelled like one."""
    return Answer(product_object(session, _named(session, call).id))


@catalogue.write(
    "POST", "/products", NewProduct, scope=WRITE, operation_id="createProduct", status=201,
    summary="Create a product", shape=ProductView, example=EXAMPLE, before=fetch_pictures,
)  # fmt: skip
def create_product(session: Session, call: Call, body: NewProduct) -> Answer:
    """Makes it with its variants."""
    _refuse_stock(body)
    product = offers.make_product(session, _fields(body))
    set_pictures(session, call, product, body)
    return Answer(product_object(session, product.id), location=call.url(f"/products/{product.id}"))


def _fields(body: NewProduct | ProductChange) -> dict[str, Any]:
    return body.model_dump(exclude_unset=True, exclude={"images": True, "variants": {"__all__": {"image"}}})


def _refuse_stock(body: NewProduct) -> None:
    """What is in stock is no wish: it comes in at a warehouse."""
    for place, variant in enumerate(body.variants or ()):
        if variant.inventory:
            field = f"variants.{place}.inventory"
            raise Invalid(f"{field} is set in a warehouse: POST /v2/inventory/{{product_id}}/adjust", field=field)


@catalogue.write(
    "PUT", "/products/{id}", ProductChange, scope=WRITE, operation_id="updateProduct", current=get_product,
    summary="Change some fields of a product", shape=ProductView, example={"price": 179.99, "status": "active"},
    before=fetch_pictures,
)  # fmt: skip
def update_product(session: Session, call: Call, body: ProductChange) -> Answer:
    """The fields that the body names."""
    product = _named(session, call)
    offers.change_product(session, product, _fields(body), also=lambda: set_pictures(session, call, product, body))
    return Answer(product_object(session, product.id))


@catalogue.write(
    "DELETE", "/products/{id}", Nothing, scope=WRITE, operation_id="deleteProduct", current=get_product, status=204,
    summary="Archive a product", shape=None,
)  # fmt: skip
def delete_product(session: Session, call: Call, _body: object) -> Answer:
    """It can still be read, and be made active again."""
    offers.archive_product(session, _named(session, call))
    return Answer(None)
