"""What a shop shows of a product beside what the warehouse needs: its own SKU and price over several variants, what its
variants are told apart by, pictures.

Example::

    ProductOffer(organization_id=1, product_id=shirt.id, sku="TEE", price_minor=1999, currency="EUR")
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, unique
from ambra_tui.store.types import JsonColumn


class ProductOffer(Scoped, table=True):
    """`sku`: of a product that has variants of its own, which carry others. `price_minor`: what variants cost that have
    no price of their own. `details`: what the shop notes of it."""

    __tablename__ = "product_offer"
    __table_args__ = (
        belongs_to("product", "product_id"),
        unique("sku"),
        check("price_not_negative", "price_minor IS NULL OR price_minor >= 0"),
    )

    product_id: str = Field(primary_key=True, max_length=40)
    sku: str | None = Field(default=None, max_length=80)
    price_minor: int | None = None
    currency: str = Field(default="EUR", max_length=3)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)


class VariantOffer(Scoped, table=True):
    """`has_own_price`: it stays when the product's changes. `attributes`: name -> value. `status_before`: what it was
    when its product was archived with it; empty when it was not."""

    __tablename__ = "variant_offer"
    __table_args__ = (belongs_to("variant", "variant_id"),)

    variant_id: str = Field(primary_key=True, max_length=40)
    has_own_price: bool = False
    attributes: dict[str, str] = Field(default_factory=dict, sa_type=JsonColumn)
    status_before: str = Field(default="", max_length=20)


class ProductImage(Scoped, table=True):
    """A picture of a product, or of one of its variants alone. `digest`: SHA-256 of the file, which is kept under that
    name. `source_url`: where it was fetched."""

    __tablename__ = "product_image"
    __table_args__ = (
        belongs_to("product", "product_id"),
        belongs_to("variant", "variant_id"),
        index("product_image", "product_id", "position"),
        index("product_image", "variant_id"),
        check("position_not_negative", "position >= 0"),
        check("has_pixels", "width > 0 AND height > 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    product_id: str = Field(max_length=40)
    variant_id: str | None = Field(default=None, max_length=40)
    position: int = 0
    digest: str = Field(max_length=64)
    kind: str = Field(max_length=10)
    width: int
    height: int
    size_bytes: int
    alt: str = Field(default="", max_length=255)
    source_url: str = Field(default="")
    created_at: datetime = moment()
