"""Products and levels as this contract shows them. Every key is always there; what is unknown is null.

Example::

    product_view(row)     # {'id': 'prod_01K...', 'name': 'Premium T-Shirt', 'sku': 'TEE-001', ...}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict

from ambra_tui.kit.clock import iso_of
from ambra_tui.kit.money import minor_to_json
from ambra_tui.kit.quantity import scaled_to_json
from ambra_tui.services.codes import printed_code
from ambra_tui.services.products import OF_SITE, LevelRow, LocationRow, ProductRow, SiteRow
from ambra_tui.services.site_levels import full_name

Amount = float | int
StockStatus = Literal["ok", "low", "critical", "out"]
SHOWN_STATUS = {"draft": "inactive"}


class StockView(TypedDict):
    """The stock of a product, added up over warehouses. `available` is on hand less reserved less held; the status is
    judged against `reorder_point`, which is that of all its warehouses together."""

    on_hand: Amount
    reserved: Amount
    available: Amount
    reorder_point: Amount
    status: StockStatus


class ProductView(TypedDict):
    """What has one SKU. `variant_id` tells it apart from other SKUs of the same product."""

    id: str
    variant_id: str
    name: str
    sku: str
    description: str
    category_id: str | None
    unit_of_measure: str
    price: Amount | None
    currency: str
    status: Literal["active", "inactive", "archived"]
    default_supplier_id: str | None
    reorder_point: Amount
    reorder_quantity: Amount
    barcode: str | None
    stock: StockView
    created_at: str
    updated_at: str


class VariantOfProductView(TypedDict):
    """One of the SKUs of a product."""

    variant_id: str
    sku: str
    name: str


class OneProductView(ProductView):
    """A product with the SKUs that it has, itself among them."""

    variants: list[VariantOfProductView]


def product_view(row: ProductRow) -> ProductView:
    """A row of a list."""
    return {
        "id": row.product_id,
        "variant_id": row.variant_id,
        "name": full_name(row.product_name, row.variant_name),
        "sku": row.sku,
        "description": row.description,
        "category_id": row.category_id,
        "unit_of_measure": row.unit_of_measure,
        "price": None if row.price_minor is None else minor_to_json(row.price_minor, row.currency),
        "currency": row.currency,
        "status": SHOWN_STATUS.get(row.status, row.status),  # type: ignore[typeddict-item]  # a CHECK of the store
        "default_supplier_id": row.supplier_id,
        "reorder_point": scaled_to_json(row.reorder_point),
        "reorder_quantity": scaled_to_json(row.reorder_quantity),
        "barcode": None if row.barcode is None else printed_code(row.barcode),
        "stock": _stock_view(row),
        "created_at": iso_of(row.created_at),
        "updated_at": iso_of(row.updated_at),
    }


def one_product_view(row: ProductRow, siblings: Sequence[ProductRow]) -> OneProductView:
    """A product read by itself."""
    variants: list[VariantOfProductView] = [
        {
            "variant_id": each.variant_id,
            "sku": each.sku,
            "name": full_name(each.product_name, each.variant_name),
        }
        for each in siblings
    ]
    return {**product_view(row), "variants": variants}


class StockInWarehouseView(TypedDict):
    """What a warehouse has of a product."""

    warehouse_id: str
    name: str
    on_hand: Amount
    reserved: Amount
    available: Amount
    reorder_point: Amount
    status: StockStatus


class StockAtLocationView(TypedDict):
    """What lies in a location of a warehouse; `reserved` is what open picks will take from it."""

    location_id: str
    warehouse_id: str
    code: str
    name: str
    kind: str
    on_hand: Amount
    reserved: Amount
    available: Amount


class ProductStockView(TypedDict):
    """Where a product lies."""

    product_id: str
    variant_id: str
    sku: str
    on_hand: Amount
    reserved: Amount
    available: Amount
    reorder_point: Amount
    status: StockStatus
    warehouses: list[StockInWarehouseView]
    locations: list[StockAtLocationView]


def product_stock_view(row: ProductRow, sites: Sequence[SiteRow], locations: Sequence[LocationRow]) -> ProductStockView:
    """A product's stock, in all and by place."""
    return {
        "product_id": row.product_id,
        "variant_id": row.variant_id,
        "sku": row.sku,
        **_stock_view(row),
        "warehouses": [
            {
                "warehouse_id": site.site_id,
                "name": site.name,
                "on_hand": scaled_to_json(site.on_hand),
                "reserved": scaled_to_json(site.reserved),
                "available": scaled_to_json(site.available),
                "reorder_point": scaled_to_json(site.reorder_point),
                "status": OF_SITE[site.status],
            }
            for site in sites
        ],
        "locations": [
            {
                "location_id": place.location_id,
                "warehouse_id": place.site_id,
                "code": place.code,
                "name": place.name or place.code,
                "kind": place.kind,
                "on_hand": scaled_to_json(place.on_hand),
                "reserved": scaled_to_json(place.allocated),
                "available": scaled_to_json(place.available),
            }
            for place in locations
        ],
    }


def _stock_view(row: ProductRow) -> StockView:
    return {
        "on_hand": scaled_to_json(row.on_hand),
        "reserved": scaled_to_json(row.reserved),
        "available": scaled_to_json(row.available),
        "reorder_point": scaled_to_json(row.stock_reorder_point),
        "status": row.stock_status,
    }


class StockLevelView(TypedDict):
    """What a warehouse has of a product; asked by a location, what lies there. `reorder_point` and `status` are those
    of the warehouse."""

    id: str
    product_id: str
    variant_id: str
    sku: str
    name: str
    warehouse_id: str
    location_id: str | None
    on_hand: Amount
    reserved: Amount
    available: Amount
    reorder_point: Amount
    status: StockStatus
    updated_at: str


def stock_level_view(row: LevelRow) -> StockLevelView:
    """One level."""
    place = f"{row.variant_id.partition('_')[2]}-{row.site_id.partition('_')[2]}"
    return {
        "id": f"inv_{place}" if row.location_id is None else f"inv_{place}-{row.location_id.partition('_')[2]}",
        "product_id": row.product_id,
        "variant_id": row.variant_id,
        "sku": row.sku,
        "name": full_name(row.product_name, row.variant_name),
        "warehouse_id": row.site_id,
        "location_id": row.location_id,
        "on_hand": scaled_to_json(row.on_hand),
        "reserved": scaled_to_json(row.reserved),
        "available": scaled_to_json(row.available),
        "reorder_point": scaled_to_json(row.reorder_point),
        "status": OF_SITE[row.status],
        "updated_at": iso_of(row.updated_at),
    }
