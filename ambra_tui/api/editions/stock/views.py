"""The objects of the stock edition, as answers hold them.

Example::

    TypeAdapter(LevelView).validate_python(answer["data"][0])
"""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from ambra_tui.api.editions._sites import RefusedRowView

Amount = float | int
MovementType = Literal["in", "out", "adjustment", "transfer"]


class MetaView(TypedDict):
    """Where a page stands in its list."""

    total: int
    page: int
    limit: int
    hasMore: bool


class ProductRefView(TypedDict):
    """A product, and the SKU that is stocked."""

    id: str
    name: str
    sku: str


class NamedRefView(TypedDict):
    """Something with an id and a name."""

    id: str
    name: str


class LevelView(TypedDict):
    """What a warehouse holds of a product. ``quantity_available``: on hand less allocated less held."""

    id: str
    product: ProductRefView
    warehouse: NamedRefView
    quantity_on_hand: Amount
    quantity_allocated: Amount
    quantity_available: Amount
    reorder_point: Amount
    max_stock_level: Amount | None
    last_counted: str | None


class LevelsView(TypedDict):
    """Levels; `meta` where a page was asked for."""

    data: list[LevelView]
    meta: NotRequired[MetaView]


class MadeMovementView(TypedDict):
    """A movement that was recorded. `balance_after`: on hand of the warehouse."""

    id: str
    product_id: str
    warehouse_id: str
    movement_type: MovementType
    quantity: Amount
    balance_after: Amount
    reference_type: str | None
    reference_id: str | None
    notes: str | None
    cost_per_unit: Amount | None
    created_at: str
    variant_id: str
    sku: str
    to_warehouse_id: str | None


class OneMovementView(TypedDict):
    """The envelope of a movement."""

    data: MadeMovementView


class MovementView(TypedDict):
    """A movement seen from its warehouse."""

    id: str
    product: ProductRefView
    warehouse: NamedRefView
    movement_type: MovementType
    quantity: Amount
    balance_before: Amount
    balance_after: Amount
    reference_type: str | None
    reference_id: str | None
    notes: str | None
    created_at: str
    created_by: NamedRefView


class MovementsView(TypedDict):
    """A page of movements."""

    data: list[MovementView]
    meta: MetaView


class CountedView(TypedDict):
    """A level that was set to what was counted."""

    id: str
    product_id: str
    warehouse_id: str
    quantity_before: Amount
    quantity_after: Amount
    adjustment: Amount
    reason: str
    created_at: str
    variant_id: str
    sku: str


class CountsView(TypedDict):
    """What was set, and which rows were refused."""

    adjustments_processed: int
    total_adjustments: int
    adjustments: list[CountedView]
    errors: list[RefusedRowView]


class AdjustedView(TypedDict):
    """The envelope of adjustments."""

    data: CountsView


class OverviewView(TypedDict):
    """Stock now. What is out of stock is not counted as low too."""

    total_products: int
    total_stock_value: Amount
    low_stock_items: int
    out_of_stock_items: int


class TrendsView(TypedDict):
    """What moved in the period. `adjustments`: their sum, below zero when more went missing than was found."""

    stock_in: Amount
    stock_out: Amount
    adjustments: Amount


class TopMoverView(TypedDict):
    """A product that moved much."""

    product_id: str
    product_name: str
    movement_count: int
    total_quantity: Amount


class LowStockAlertView(TypedDict):
    """A product below its reorder point. `warehouse`: its name."""

    product_id: str
    product_name: str
    current_stock: Amount
    reorder_point: Amount
    warehouse: str
    sku: str


class FiguresView(TypedDict):
    """Every figure of the period."""

    overview: OverviewView
    trends: TrendsView
    top_movers: list[TopMoverView]
    low_stock_alerts: list[LowStockAlertView]


class AnalyticsView(TypedDict):
    """The envelope of the figures."""

    data: FiguresView
