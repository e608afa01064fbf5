"""What traces, recalls and expiry alerts answer. Every key is always there; what is unknown is null.

Example::

    TypeAdapter(ForwardTraceView).validate_python(answer)
"""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from ambra_tui.api.editions.operations.views import Amount, LotStatus, LotView, Meta


class TracePlaceView(TypedDict):
    """One side of a movement: a bin of a location, or a place outside (supplier, customer, production, transit...)."""

    id: str
    code: str
    kind: str
    location_id: str | None
    location_code: str | None


class TraceDocumentView(TypedDict):
    """What a movement was made for. `customer`: of an order, and of the order that a return belongs to."""

    type: str
    id: str
    number: str | None
    customer: dict[str, Any] | None


class LotLedgerEntryView(TypedDict):
    """One movement of a lot. `quantity` is signed: what it did to the stock of `location_id`; 0 between two bins of one
    location. `quantity_moved`: how much moved."""

    id: str
    entry_type: str
    quantity: Amount
    quantity_moved: Amount
    location_id: str | None
    location_code: str | None
    source: TracePlaceView
    destination: TracePlaceView
    document: TraceDocumentView | None
    serial_number: str | None
    reason: str | None
    notes: str | None
    reverses_id: str | None
    created_by: str | None
    created_by_name: str | None
    station: str | None
    occurred_at: str
    created_at: str


class LotBinView(TypedDict):
    """What a bin holds of a lot."""

    id: str
    code: str
    kind: str
    lot_id: str
    on_hand: Amount
    allocated: Amount
    held: bool
    serial_number: str | None
    license_plate: str | None


class LotStockView(TypedDict):
    """What a location holds of a lot (of a recall's lots), with its bins."""

    location_id: str
    location_code: str
    location_name: str
    on_hand: Amount
    held: Amount
    allocated: Amount
    bins: list[LotBinView]


class CarryingView(TypedDict):
    """A transfer that carries a lot now."""

    stock_transfer_id: str
    number: str
    status: str
    source_location_id: str
    destination_location_id: str
    lot_id: str
    quantity: Amount


class TracedLotView(TypedDict):
    """A lot on the way of a trace. `level` counts steps of production from 1; `parent_lot_id`: the lot it was made of
    (forward) or went into (backward). `id` null: an item without lots."""

    id: str | None
    lot_number: str | None
    variant_id: str
    sku: str
    status: LotStatus | None
    expiry_date: str | None
    level: int
    parent_lot_id: str
    production_batch_id: str
    production_batch_number: str
    quantity: Amount


class ReceiptSourceView(TypedDict):
    """A purchase order that a lot came by."""

    purchase_order_id: str
    number: str
    supplier_id: str
    supplier_name: str
    quantity: Amount
    received_at: str


class InputLotView(TracedLotView):
    """A lot that went in. `received_from`: the purchase orders that it came by; empty for a lot that was made."""

    received_from: list[ReceiptSourceView]


class ReachedOrderView(TypedDict):
    """An order that a lot left for: how much, and how much of that came back."""

    order_id: str
    number: str
    status: str
    customer: dict[str, Any]
    lot_id: str
    shipped: Amount
    returned: Amount
    last_shipped_at: str


class ForwardTraceView(TypedDict):
    """Where a lot has been, lies and went. `meta` is of the entries. `is_complete` false: more lots were made of it or
    more orders reached than are listed; the recall report has them all."""

    lot: LotView
    lot_ledger_entries: list[LotLedgerEntryView]
    current_stock: list[LotStockView]
    in_transit: Amount
    transfers_in_transit: list[CarryingView]
    made_lots: list[TracedLotView]
    orders: list[ReachedOrderView]
    is_complete: bool
    meta: Meta


class SourceBatchView(TypedDict):
    """A production batch that made a lot."""

    id: str
    number: str
    recipe_id: str
    location_id: str
    status: Literal["planned", "in_progress", "completed", "cancelled"]
    planned_quantity: Amount
    actual_quantity_produced: Amount | None
    completed_at: str | None


class BackwardTraceView(TypedDict):
    """What went into a lot, through every level of production. Without one: null and empty."""

    lot: LotView
    source_batch: SourceBatchView | None
    source_batches: list[SourceBatchView]
    input_lots: list[InputLotView]
    received_from: list[ReceiptSourceView]
    is_complete: bool


class RecallRecordView(TypedDict):
    """A recall as it was done. `lot_id`: the lot that was named."""

    id: str
    lot_id: str
    status: Literal["open", "lifted"]
    reason: str | None
    includes_made_lots: bool
    recalled_at: str
    recalled_by: str | None
    replanned_orders: list[str]
    short_orders: list[str]
    lifted_at: str | None
    lift_reason: str | None


class RecallTotalsView(TypedDict):
    """The figures of a recall."""

    lots: int
    orders: int
    customers: int
    shipped: Amount
    returned: Amount
    on_hand: Amount
    in_transit: Amount


class RecallView(TypedDict):
    """What a recall of a lot concerns. `recall` null: there was none. `meta` is of the orders."""

    lot: LotView
    recall: RecallRecordView | None
    lots: list[TracedLotView]
    orders: list[ReachedOrderView]
    customers: list[str]
    current_stock: list[LotStockView]
    in_transit: Amount
    transfers_in_transit: list[CarryingView]
    open_orders: list[str]
    open_production_batches: list[str]
    totals: RecallTotalsView
    meta: Meta


class ExpiryLocationView(TypedDict):
    """What a location holds of a lot."""

    location_id: str
    on_hand: Amount


class ExpiryAlertView(TypedDict):
    """A lot in stock that expires soon. `days_until_expiry` is negative for one that has expired."""

    id: str
    lot_number: str
    variant_id: str
    expiry_date: str
    days_until_expiry: int
    sku: str
    status: LotStatus
    on_hand: Amount
    in_transit: Amount
    locations: list[ExpiryLocationView]
