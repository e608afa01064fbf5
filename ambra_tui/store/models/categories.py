"""The tree of categories, what belongs to them, and who usually supplies a variant.

Example::

    ProductCategory(organization_id=1, product_id=milk.product_id, category_id=dairy.id)
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of, unique


class Category(Scoped, table=True):
    """A category; `slug` is its name in addresses. `depth`: how many stand above it."""

    __table_args__ = (
        belongs_to("category", "parent_id"),
        unique("slug"),
        index("category", "parent_id", "id"),
        one_of("status", "active", "inactive", "archived"),
        check("not_its_own_parent", "parent_id <> id"),
        check("depth_not_negative", "depth >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    parent_id: str | None = Field(default=None, max_length=40)
    name: str = Field(max_length=255)
    slug: str = Field(max_length=80)
    description: str = Field(default="")
    status: str = Field(default="active", max_length=20)
    depth: int = 0
    created_at: datetime = moment()
    updated_at: datetime = moment()


class ProductCategory(Scoped, table=True):
    """A product stands in a category; the one at position 0 is its main one."""

    __tablename__ = "product_category"
    __table_args__ = (
        belongs_to("product", "product_id"),
        belongs_to("category", "category_id"),
        index("product_category", "category_id", "product_id"),
        check("position_not_negative", "position >= 0"),
    )

    product_id: str = Field(primary_key=True, max_length=40)
    category_id: str = Field(primary_key=True, max_length=40)
    position: int = 0


class VariantSupplier(Scoped, table=True):
    """A supplier brings a variant; the one at position 0 is asked first."""

    __tablename__ = "variant_supplier"
    __table_args__ = (
        belongs_to("variant", "variant_id"),
        belongs_to("supplier", "supplier_id"),
        index("variant_supplier", "supplier_id", "variant_id"),
        check("position_not_negative", "position >= 0"),
    )

    variant_id: str = Field(primary_key=True, max_length=40)
    supplier_id: str = Field(primary_key=True, max_length=40)
    position: int = 0
