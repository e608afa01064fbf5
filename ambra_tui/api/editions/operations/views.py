"""The objects of this contract, as answers hold them. Every key is always there; what is unknown is null.

Example::

    TypeAdapter(OrderView).validate_python(answer)
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from typing_extensions import TypedDict

from ambra_tui.kit.money import from_unit_cost, to_major
from ambra_tui.kit.quantity import to_json

Amount = float | int
OrderStatus = Literal["pending", "reserved", "fulfilled", "cancelled"]
PurchaseOrderStatus = Literal["draft", "ordered", "partially_received", "received", "cancelled"]
ReturnStatus = Literal["pending", "received", "cancelled"]
ReturnCondition = Literal["sellable", "damaged", "discarded"]
TransferStatus = Literal["draft", "in_transit", "received", "cancelled"]
WasteReason = Literal["expired", "damaged", "production", "spoilage", "contamination", "other"]
LotStatus = Literal["active", "quarantine", "exhausted", "recalled"]
CycleCountStatus = Literal["draft", "in_progress", "completed", "cancelled"]
CycleCountItemStatus = Literal["open", "recount", "approval", "accepted", "kept"]


class Meta(TypedDict):
    """Where a page stands in its list."""

    page: int
    per_page: int
    total: int
    total_pages: int


class InventoryLevelView(TypedDict):
    """What a location (a warehouse or store) holds of a variant. ``available = on_hand - reserved - held``."""

    variant_id: str
    sku: str
    product_id: str
    location_id: str
    on_hand: Amount
    reserved: Amount
    held: Amount
    available: Amount
    status: str


class LedgerEntryView(TypedDict):
    """A move of stock seen from one location; `quantity` is signed."""

    id: str
    entry_type: str
    variant_id: str
    sku: str
    location_id: str
    quantity: Amount
    balance_before: Amount
    balance_after: Amount
    lot_number: str | None
    serial_number: str | None
    reason: str | None
    notes: str | None
    reference_type: str | None
    reference_id: str | None
    created_by: str | None
    occurred_at: str
    created_at: str


class AdjustmentView(TypedDict):
    """A manual adjustment; `quantity` is signed."""

    id: str
    entry_type: str
    variant_id: str
    sku: str
    location_id: str
    quantity: Amount
    balance_before: Amount
    balance_after: Amount
    reason: str | None
    notes: str | None
    created_at: str


class BarcodeView(TypedDict):
    """A code that means `quantity` units."""

    code: str
    kind: str
    quantity: Amount


class VariantView(TypedDict):
    """The stockable unit with one SKU."""

    id: str
    product_id: str
    sku: str
    name: str
    barcode: str | None
    barcodes: list[BarcodeView]
    price: Amount | None
    cost: Amount | None
    currency: str
    unit_of_measure: str
    is_lot_tracked: bool
    is_expiry_tracked: bool
    is_serial_tracked: bool
    is_made: bool
    minimum_shelf_life_days: int | None
    receipt_tolerance_percent: Amount | None
    abc_class: str | None
    status: str
    created_at: str
    updated_at: str


class ScannedVariantView(VariantView):
    """A variant found by a code; `scanned_quantity`: units that one such code means."""

    scanned_quantity: Amount


class ProductView(TypedDict):
    """A product. `sku`, `barcode`, `price` are those of its variant when it has one, else null."""

    id: str
    name: str
    sku: str | None
    barcode: str | None
    price: Amount | None
    currency: str | None
    description: str
    status: str
    unit_of_measure: str
    variants: list[VariantView]
    created_at: str
    updated_at: str


class OrderItemView(TypedDict):
    """A line of an order."""

    id: str
    variant_id: str
    sku: str
    quantity: Amount
    reserved_quantity: Amount
    picked_quantity: Amount
    fulfilled_quantity: Amount
    backordered_quantity: Amount
    price: Amount | None


class OrderView(TypedDict):
    """A sales order."""

    id: str
    number: str
    status: OrderStatus
    location_id: str
    customer: dict[str, Any]
    currency: str
    priority: int
    due_at: str | None
    notes: str
    items: list[OrderItemView]
    created_at: str
    updated_at: str


class PurchaseOrderItemView(TypedDict):
    """A line of a purchase order."""

    id: str
    variant_id: str
    sku: str
    quantity: Amount
    received_quantity: Amount
    outstanding_quantity: Amount
    unit_cost: Amount | None


class PurchaseOrderView(TypedDict):
    """A purchase order."""

    id: str
    number: str
    status: PurchaseOrderStatus
    supplier_id: str
    location_id: str
    currency: str
    expected_on: str | None
    notes: str
    items: list[PurchaseOrderItemView]
    created_at: str
    updated_at: str


class ReturnItemView(TypedDict):
    """A line of a return. `condition`: the expected one; `sellable_quantity`: what of it came into the stock."""

    id: str
    variant_id: str
    sku: str
    quantity: Amount
    condition: ReturnCondition
    received_quantity: Amount
    sellable_quantity: Amount


class ReturnAuthorizationView(TypedDict):
    """A return (RMA) of a shipped order."""

    id: str
    number: str
    order_id: str
    location_id: str
    reason: str
    status: ReturnStatus
    items: list[ReturnItemView]
    received_at: str | None
    created_at: str
    updated_at: str


class CycleCountItemView(TypedDict):
    """One level of a count: a variant in a bin, by lot, serial and plate. `variance`: counted minus what the book said
    when it was counted; `posted_quantity` what completing posted of it."""

    id: str
    variant_id: str
    sku: str
    bin_id: str
    bin: str
    lot_id: str | None
    lot_number: str | None
    serial_number: str | None
    license_plate: str | None
    expected_quantity: Amount
    counted_quantity: Amount | None
    variance: Amount | None
    first_counted_quantity: Amount | None
    posted_quantity: Amount | None
    status: CycleCountItemStatus
    counted_by: str | None
    counted_at: str | None


class CycleCountView(TypedDict):
    """A cycle count of a location. `plan`: how its bins were chosen."""

    id: str
    number: str
    location_id: str
    status: CycleCountStatus
    plan: str
    blind: bool
    notes: str
    uncounted: str
    tolerance_percent: Amount
    tolerance_units: Amount
    bin_ids: list[str]
    items: list[CycleCountItemView]
    started_at: str | None
    completed_at: str | None
    created_at: str
    updated_at: str


class StockTransferItemView(TypedDict):
    """A line of a transfer. ``in_transit_quantity`` left and has not arrived."""

    id: str
    variant_id: str
    sku: str
    quantity: Amount
    shipped_quantity: Amount
    received_quantity: Amount
    in_transit_quantity: Amount


class StockTransferView(TypedDict):
    """Stock that one location sends to another. ``open_discrepancies``: items that never arrived, not explained yet."""

    id: str
    number: str
    status: TransferStatus
    from_location_id: str
    to_location_id: str
    notes: str
    items: list[StockTransferItemView]
    open_discrepancies: int
    shipped_at: str | None
    received_at: str | None
    created_at: str
    updated_at: str


class WasteRecordView(TypedDict):
    """An entry of waste. `status` reversed: it was taken back at `reversed_at`."""

    id: str
    variant_id: str
    sku: str
    location_id: str
    quantity: Amount
    reason: WasteReason
    notes: str
    lot_record_id: str | None
    serial_number: str | None
    status: Literal["recorded", "reversed"]
    recorded_at: str
    reversed_at: str | None


class LocationView(TypedDict):
    """A warehouse or store."""

    id: str
    code: str
    name: str
    kind: str
    address: dict[str, Any]
    parent_id: str | None
    is_read_only: bool
    status: str
    created_at: str
    updated_at: str


class SupplierView(TypedDict):
    """A vendor."""

    id: str
    code: str | None
    name: str
    email: str | None
    phone: str | None
    lead_time_days: int | None
    status: str
    created_at: str
    updated_at: str


class LotView(TypedDict):
    """A lot of a variant."""

    id: str
    lot_number: str
    variant_id: str
    sku: str
    status: LotStatus
    expiry_date: str | None
    best_before_date: str | None
    production_date: str | None
    quantity_initial: Amount
    on_hand: Amount
    created_at: str
    updated_at: str


def price_of(minor: int | None, currency: str) -> Amount | None:
    """A price as a JSON number in major units."""
    return None if minor is None else to_json(to_major(minor, currency))


def cost_of(unit_cost: int | None, currency: str) -> Amount | None:
    """A unit cost as a JSON number in major units."""
    return None if unit_cost is None else to_json(from_unit_cost(unit_cost, currency))


def number_of(quantity: Decimal | None) -> Amount | None:
    """A quantity as a JSON number, or null."""
    return None if quantity is None else to_json(quantity)
