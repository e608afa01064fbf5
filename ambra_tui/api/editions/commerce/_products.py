"""Products as this contract shows them. Every key is always there; what is unknown is null.

Example::

    product_view(session, shown_product(session, "prod_01K..."))     # {'id': 'prod_01K...', 'name': 'Premium ...', ...}
"""

from __future__ import annotations

from typing import Any, Literal

from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.links import address_of
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.money import minor_to_json
from ambra_tui.kit.quantity import scaled_to_json
from ambra_tui.services.offers import ShownImage, ShownProduct, ShownVariant

Amount = float | int
Status = Literal["active", "draft", "archived"]
SHOWN: dict[str, Status] = {"active": "active", "draft": "draft", "inactive": "draft", "archived": "archived"}
IMAGES = "/images/"


class ImageView(TypedDict):
    """A picture. `url` is public, and what it shows never changes. `source_url`: where it was fetched."""

    id: str
    url: str
    alt: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    source_url: str | None
    created_at: str


class VariantView(TypedDict):
    """What is stocked. `price` is null while it follows the product's. `inventory`: what may still be sold, over all
    warehouses. `image`: the address of its own picture."""

    id: str
    sku: str
    name: str
    price: Amount | None
    inventory: Amount
    attributes: dict[str, str]
    image: str | None
    barcode: str | None
    status: Status


class ProductView(TypedDict):
    """A product. `variants` is empty when it has none of its own; what is stocked is then `variant_id`, with `barcode`.
    `inventory`: what may still be sold of all its variants."""

    id: str
    name: str
    description: str
    price: Amount | None
    currency: str
    sku: str
    status: Status
    categories: list[str]
    variants: list[VariantView]
    images: list[ImageView]
    metadata: dict[str, Any]
    inventory: Amount
    variant_id: str | None
    barcode: str | None
    created_at: str
    updated_at: str


def product_view(session: Session, row: ShownProduct) -> ProductView:
    """A product as it is answered."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "price": _price(row.price_minor, row.currency),
        "currency": row.currency,
        "sku": row.sku,
        "status": SHOWN[row.status],
        "categories": row.categories,
        "variants": [_variant_view(session, variant) for variant in row.variants],
        "images": [image_view(session, image) for image in row.images],
        "metadata": row.details,
        "inventory": scaled_to_json(row.available),
        "variant_id": row.variant_id,
        "barcode": row.barcode,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _variant_view(session: Session, row: ShownVariant) -> VariantView:
    return {
        "id": row.id,
        "sku": row.sku,
        "name": row.name,
        "price": _price(row.own_price_minor, row.currency),
        "inventory": scaled_to_json(row.available),
        "attributes": row.attributes,
        "image": None if row.image is None else address_of(session, image_path(row.image)),
        "barcode": row.barcode,
        "status": SHOWN[row.status],
    }


def image_view(session: Session, row: ShownImage) -> ImageView:
    """A picture as it is answered."""
    return {
        "id": row.id,
        "url": address_of(session, image_path(row)),
        "alt": row.alt,
        "content_type": f"image/{row.kind}",
        "width": row.width,
        "height": row.height,
        "size_bytes": row.size_bytes,
        "source_url": row.source_url or None,
        "created_at": to_iso(row.created_at),
    }


def image_path(row: ShownImage) -> str:
    """Where a picture is served, to everybody."""
    return f"{IMAGES}{row.digest}.{row.kind}"


def _price(minor: int | None, currency: str) -> Amount | None:
    return None if minor is None else minor_to_json(minor, currency)
