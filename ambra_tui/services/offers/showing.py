"""What a shop shows of products: a few selects for as many products as a page has.

Example::

    shown_product(session, "prod_01K...").variants[0].available
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlmodel import Session

from ambra_tui.services.codes import printed_code
from ambra_tui.services.products.rows import ONE, scaled, summed
from ambra_tui.store.models import (
    Barcode,
    Category,
    Product,
    ProductCategory,
    ProductImage,
    ProductOffer,
    SiteStock,
    Variant,
    VariantOffer,
    table_of,
)
from ambra_tui.store.scope import organization_of

ARCHIVED = "archived"
_product, _variant, _stock = table_of(Product), table_of(Variant), table_of(SiteStock)
_offer, _variant_offer, _image = table_of(ProductOffer), table_of(VariantOffer), table_of(ProductImage)
_category, _link, _code = table_of(Category), table_of(ProductCategory), table_of(Barcode)


class ShownImage(NamedTuple):
    """A picture. `digest` and `kind` name its file."""

    id: str
    variant_id: str | None
    digest: str
    kind: str
    width: int
    height: int
    size_bytes: int
    alt: str
    source_url: str
    created_at: datetime


class ShownVariant(NamedTuple):
    """A variant. `own_price_minor`: None while it follows its product. `available`: scaled."""

    id: str
    sku: str
    name: str
    price_minor: int | None
    own_price_minor: int | None
    currency: str
    status: str
    available: int
    barcode: str | None
    attributes: dict[str, str]
    image: ShownImage | None


class ShownProduct(NamedTuple):
    """A product. `variant_id`: what is stocked of one without variants of its own, which shows none then. `categories`:
    slugs, the main one first."""

    id: str
    name: str
    description: str
    status: str
    sku: str
    price_minor: int | None
    currency: str
    variant_id: str | None
    barcode: str | None
    available: int
    categories: list[str]
    variants: list[ShownVariant]
    images: list[ShownImage]
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def shown_product(session: Session, product_id: str) -> ShownProduct | None:
    """One product, archived or not; None when there is none."""
    return next(iter(shown_products(session, [product_id])), None)


def shown_products(session: Session, ids: Sequence[str]) -> list[ShownProduct]:
    """The products with these ids, in their order, as the session sees them."""
    session.flush()
    seen = _Seen(session, ids)
    return [seen.product(product_id) for product_id in ids if product_id in seen.products]


class _Seen:
    """Everything that tells of some products, read once."""

    def __init__(self, session: Session, ids: Sequence[str]) -> None:
        self._connection, self._owner = session.connection(), organization_of(session)
        self.products = {row.id: row for row in self._rows(_product, _product.c.id.in_(ids))}
        self._offers = {row.product_id: row for row in self._rows(_offer, _offer.c.product_id.in_(ids))}
        variants = self._rows(_variant, _variant.c.product_id.in_(ids), _variant.c.position, _variant.c.id)
        variant_ids = [row.id for row in variants]
        self._variant_offers = {
            row.variant_id: row for row in self._rows(_variant_offer, _variant_offer.c.variant_id.in_(variant_ids))
        }
        self._variants = _grouped(variants, "product_id")
        images = self._rows(_image, _image.c.product_id.in_(ids), _image.c.position, _image.c.id)
        self._images = _grouped(images, "product_id")
        self._categories = self._slugs(ids)
        self._available = self._stock(variant_ids)
        self._codes = self._barcodes(variant_ids)

    def product(self, product_id: str) -> ShownProduct:
        """One of them."""
        row, offer = self.products[product_id], self._offers.get(product_id)
        live = self._live(product_id, is_archived=row.status == ARCHIVED)
        is_simple = len(live) == 1 and (offer is None or offer.sku is None)
        first = live[0]
        price, currency = first.price_minor, first.currency
        if not is_simple and offer is not None and offer.price_minor is not None:
            price, currency = offer.price_minor, offer.currency
        images = [_shown_image(image) for image in self._images[product_id]]
        own = {image.variant_id: image for image in images if image.variant_id is not None}
        variants = [] if is_simple else [self._shown(variant, price, currency, own.get(variant.id)) for variant in live]
        return ShownProduct(
            row.id, row.name, row.description, row.status,
            sku=(offer.sku if offer is not None and offer.sku is not None else first.sku),
            price_minor=price, currency=currency,
            variant_id=first.id if is_simple else None,
            barcode=self._codes.get(first.id) if is_simple else None,
            available=sum(self._available.get(variant.id, 0) for variant in live),
            categories=self._categories[product_id], variants=variants,
            images=[image for image in images if image.variant_id is None],
            details=dict(offer.details) if offer is not None else {},
            created_at=row.created_at, updated_at=row.updated_at,
        )  # fmt: skip

    def _live(self, product_id: str, *, is_archived: bool) -> list[Row[Any]]:
        """The variants that are there; of an archived product those that went with it."""
        rows = self._variants[product_id]
        live = [row for row in rows if row.status != ARCHIVED]
        if not live and is_archived:
            live = [row for row in rows if (of := self._variant_offers.get(row.id)) is not None and of.status_before]
        return live or rows

    def _shown(self, row: Row[Any], price: int | None, currency: str, image: ShownImage | None) -> ShownVariant:
        offer = self._variant_offers.get(row.id)
        follows = (row.price_minor, row.currency) == (price, currency) and not (offer and offer.has_own_price)
        return ShownVariant(
            row.id, row.sku, row.name, row.price_minor, None if follows else row.price_minor, row.currency, row.status,
            self._available.get(row.id, 0), self._codes.get(row.id), dict(offer.attributes) if offer else {}, image,
        )  # fmt: skip

    def _rows(self, table: Any, condition: Any, *order: Any) -> list[Row[Any]]:
        statement = select(table).where(table.c.organization_id == self._owner, condition).order_by(*order)
        return list(self._connection.execute(statement))

    def _slugs(self, ids: Sequence[str]) -> dict[str, list[str]]:
        statement = (
            select(_link.c.product_id, _category.c.slug)
            .join(_category, (_category.c.organization_id == self._owner) & (_category.c.id == _link.c.category_id))
            .where(_link.c.organization_id == self._owner, _link.c.product_id.in_(ids))
            .order_by(_link.c.position, _link.c.category_id)
        )
        found: dict[str, list[str]] = defaultdict(list)
        for row in self._connection.execute(statement):
            found[row.product_id].append(row.slug)
        return found

    def _stock(self, variant_ids: Sequence[str]) -> dict[str, int]:
        free = summed(_stock.c.on_hand) - summed(_stock.c.reserved) - summed(_stock.c.held)
        statement = (
            select(_stock.c.variant_id, free)
            .where(_stock.c.organization_id == self._owner, _stock.c.variant_id.in_(variant_ids))
            .group_by(_stock.c.variant_id)
        )
        return {variant_id: int(available) for variant_id, available in self._connection.execute(statement)}

    def _barcodes(self, variant_ids: Sequence[str]) -> dict[str, str]:
        """The code that a single unit is printed with: the oldest."""
        statement = (
            select(_code.c.variant_id, _code.c.code)
            .where(
                _code.c.organization_id == self._owner, _code.c.variant_id.in_(variant_ids), _code.c.kind == "each",
                scaled(_code.c.quantity) == ONE,
            )
            .order_by(_code.c.created_at.desc(), _code.c.code.desc())
        )  # fmt: skip
        return {row.variant_id: printed_code(row.code) for row in self._connection.execute(statement)}


def _grouped(rows: list[Row[Any]], name: str) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row._mapping[name]].append(row)
    return found


def _shown_image(row: Row[Any]) -> ShownImage:
    return ShownImage(
        row.id, row.variant_id, row.digest, row.kind, row.width, row.height, row.size_bytes, row.alt, row.source_url,
        row.created_at,
    )  # fmt: skip
