"""Products, the variants that are stocked, their barcodes, their lots, and who supplies them.

Example::

    Variant(organization_id=1, id=new_id("var"), product_id=product.id, sku="MILK-1L", name="Milk 1 l", ...)
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of, unique
from ambra_tui.store.types import QuantityColumn


class Supplier(Scoped, table=True):
    """A vendor."""

    __table_args__ = (index("supplier", "name"),)

    id: str = Field(primary_key=True, max_length=40)
    code: str = Field(default="", max_length=40)
    name: str = Field(max_length=255)
    email: str = Field(default="", max_length=255)
    phone: str = Field(default="", max_length=60)
    lead_time_days: int | None = None
    status: str = Field(default="active", max_length=20)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class Product(Scoped, table=True):
    """A catalogue entry; what is stocked are its variants, of which it has at least one."""

    __table_args__ = (one_of("status", "draft", "active", "inactive", "archived"), index("product", "created_at", "id"))

    id: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=255)
    description: str = Field(default="")
    status: str = Field(default="active", max_length=20)
    unit_of_measure: str = Field(default="ea", max_length=20)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class Variant(Scoped, table=True):
    """The stockable unit with one SKU. `minimum_shelf_life_days`: least remaining life at receipt.

    `price_minor`, `cost_minor`: minor units of `currency`. `receipt_tolerance_percent`: how much more than ordered a
    receipt may bring.
    """

    __table_args__ = (
        belongs_to("product", "product_id"),
        unique("sku"),
        index("variant", "product_id", "position"),
        index("variant", "id", "status"),
        index("variant", "created_at", "id"),
        check("shelf_life_not_negative", "minimum_shelf_life_days IS NULL OR minimum_shelf_life_days >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    product_id: str = Field(max_length=40)
    sku: str = Field(max_length=80)
    name: str = Field(max_length=255)
    position: int = 0
    unit_of_measure: str = Field(default="ea", max_length=20)
    is_lot_tracked: bool = False
    is_expiry_tracked: bool = False
    is_serial_tracked: bool = False
    is_made: bool = False
    minimum_shelf_life_days: int | None = None
    receipt_tolerance_percent: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    price_minor: int | None = None
    cost_minor: int | None = None
    currency: str = Field(default="EUR", max_length=3)
    abc_class: str = Field(default="", max_length=1)
    home_location_id: str | None = Field(default=None, max_length=40)
    status: str = Field(default="active", max_length=20)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class Barcode(Scoped, table=True):
    """A code that means `quantity` base units of a variant. `code`: GTIN-14 for GTINs, else the text as scanned."""

    __table_args__ = (
        belongs_to("variant", "variant_id"),
        index("barcode", "variant_id"),
        check("quantity_positive", "quantity > 0"),
    )

    code: str = Field(primary_key=True, max_length=120)
    variant_id: str = Field(max_length=40)
    kind: str = Field(default="each", max_length=20)
    quantity: Decimal = Field(default=Decimal(1), sa_type=QuantityColumn)
    created_at: datetime = moment()


class Lot(Scoped, table=True):
    """A lot of a variant. `quantity_initial`: what first came in. Exhausted is set when its last stock leaves."""

    __table_args__ = (
        belongs_to("variant", "variant_id"),
        unique("variant_id", "lot_number"),
        index("lot", "status", "id"),
        index("lot", "expiry_date"),
        one_of("status", "active", "quarantine", "exhausted", "recalled"),
    )

    id: str = Field(primary_key=True, max_length=40)
    variant_id: str = Field(max_length=40)
    lot_number: str = Field(max_length=60)
    expiry_date: date | None = None
    best_before_date: date | None = None
    production_date: date | None = None
    status: str = Field(default="active", max_length=20)
    quantity_initial: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    created_at: datetime = moment()
    updated_at: datetime = moment()
