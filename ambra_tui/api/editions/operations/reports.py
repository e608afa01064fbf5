"""Reports over stock and the ledger.

Example::

    GET /api/v1/reports/low_stock?location_id=wh_...
    GET /api/v1/reports/inventory_aging?age_bucket=90%2B&limit=500
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, WithJsonSchema, model_validator
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions.operations.views import Amount
from ambra_tui.api.fields import Identifier
from ambra_tui.api.paging import Paging
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import to_json
from ambra_tui.services import reports
from ambra_tui.services.catalog import find_variant_by_sku
from ambra_tui.services.reports import AGE_BUCKETS, AgingRow, LocationRow, LowRow, MoverRow
from ambra_tui.services.reports.movers import DAYS, MAX_DAYS

catalogue = Catalogue("Reports")
MAX_ROWS = 500
_WHOLE = re.compile(r"[0-9]{1,12}")


class LocationStockView(TypedDict):
    """What a location (a warehouse or store) holds. `variants_count`: variants on hand; `value`: at average cost;
    `inventory_levels_url`: its stock by variant."""

    location_id: str
    code: str
    name: str
    kind: str
    variants_count: int
    on_hand: Amount
    reserved: Amount
    held: Amount
    available: Amount
    low_stock_count: int
    out_of_stock_count: int
    value: Amount
    currency: str
    without_cost_count: int
    inventory_levels_url: str


class LowStockView(TypedDict):
    """A variant below its reorder point at a location. `on_order`: still to come; `suggested_quantity`: to order beyond
    that."""

    variant_id: str
    sku: str
    name: str
    location_id: str
    on_hand: Amount
    reserved: Amount
    held: Amount
    available: Amount
    reorder_point: Amount
    safety_stock: Amount
    status: str
    reorder_quantity: Amount
    lead_time_days: int
    on_order: Amount
    suggested_quantity: Amount


class FastMoverView(TypedDict):
    """A variant by its sales. `days_of_cover`: how long what is available lasts at this rate."""

    rank: int
    variant_id: str
    sku: str
    name: str
    units_sold: Amount
    orders_count: int
    units_per_day: Amount
    last_sold_at: str
    available: Amount
    days_of_cover: Amount


class AgingView(TypedDict):
    """Stock by the days since something of it last came in. Null: nothing ever came in from outside."""

    variant_id: str
    sku: str
    name: str
    location_id: str
    quantity: Amount
    last_inbound_at: str | None
    age_days: int | None
    age_bucket: Literal["0-30", "31-60", "61-90", "90+"] | None


# --- queries --------------------------------------------------------------------------------------------------------


def _whole_to(most: int) -> BeforeValidator:
    def check(value: Any) -> int:
        text = str(value)
        if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= most:
            raise ValueError(f"must be a whole number from 1 to {most}")
        return int(text)

    return BeforeValidator(check)


def _schema_to(most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer", "minimum": 1, "maximum": most})


def _age_bucket(value: Any) -> Any:
    """A plus sign that nobody encoded arrives as a blank."""
    text = "90+" if value == "90 " else value
    if text not in AGE_BUCKETS:
        raise ValueError(f"must be one of {', '.join(AGE_BUCKETS)}")
    return text


RowLimit = Annotated[int, _whole_to(MAX_ROWS), _schema_to(MAX_ROWS)]
DayCount = Annotated[int, _whole_to(MAX_DAYS), _schema_to(MAX_DAYS)]
AgeBucket = Annotated[
    str, BeforeValidator(_age_bucket), WithJsonSchema({"type": "string", "enum": list(AGE_BUCKETS)})
]  # fmt: skip


class Limited(Paging):
    """Pages of up to `limit` rows; `limit` goes before `per_page`."""

    limit: RowLimit | None = None

    @model_validator(mode="after")
    def _limit_first(self) -> Self:
        if self.limit is not None:
            self.__dict__["per_page"] = self.limit
        return self


class LocationStockQuery(Paging):
    """One location, or all."""

    location_id: Identifier | None = None


class LowStockQuery(Paging):
    """One location or variant, or all."""

    location_id: Identifier | None = None
    variant_id: Identifier | None = None
    sku: Identifier | None = None


class MoverQuery(Limited):
    """Sales of the last `days`."""

    per_page: RowLimit = 10
    days: DayCount = DAYS
    location_id: Identifier | None = None


class AgingQuery(Limited):
    """One location or bucket, or all."""

    per_page: RowLimit = 100
    location_id: Identifier | None = None
    age_bucket: AgeBucket | None = None


# --- reports --------------------------------------------------------------------------------------------------------


@catalogue.read(
    "/reports/stock_by_location", LocationStockQuery, scope="reports:read", operation_id="reportStockByLocation",
    is_list=True, is_long=True, summary="What each location holds and what it is worth", shape=LocationStockView,
)  # fmt: skip
def stock_by_location(session: Session, call: Call, query: LocationStockQuery) -> Answer:
    """A row per location, by code."""
    rows, total = reports.stock_by_location(
        session, site_id=query.location_id, offset=query.offset, limit=query.per_page
    )
    return Answer([_location(call, row) for row in rows], total)


@catalogue.read(
    "/reports/low_stock", LowStockQuery, scope="reports:read", operation_id="reportLowStock", is_list=True,
    is_long=True, summary="Items below their reorder points, the emptiest first", shape=LowStockView,
)  # fmt: skip
def low_stock(session: Session, _call: Call, query: LowStockQuery) -> Answer:
    """A page of what is low."""
    variant_id = query.variant_id
    if query.sku is not None:
        variant = find_variant_by_sku(session, query.sku)
        if variant is None or variant_id not in (None, variant.id):
            return Answer([], 0)
        variant_id = variant.id
    rows, total = reports.low_stock(
        session, site_id=query.location_id, variant_id=variant_id, offset=query.offset, limit=query.per_page
    )
    return Answer([_low(row) for row in rows], total)


@catalogue.read(
    "/reports/fast_movers", MoverQuery, scope="reports:read", operation_id="reportFastMovers", is_list=True,
    is_long=True, summary="What sells most, by sales of the last days", shape=FastMoverView,
)  # fmt: skip
def fast_movers(session: Session, _call: Call, query: MoverQuery) -> Answer:
    """The best sellers."""
    rows, total = reports.fast_movers(
        session, days=query.days, site_id=query.location_id, offset=query.offset, limit=query.per_page
    )
    return Answer([_mover(row) for row in rows], total)


@catalogue.read(
    "/reports/inventory_aging", AgingQuery, scope="reports:read", operation_id="reportInventoryAging", is_list=True,
    is_long=True, summary="Stock by the age of its last receipt, oldest first", shape=AgingView,
)  # fmt: skip
def inventory_aging(session: Session, _call: Call, query: AgingQuery) -> Answer:
    """A page of stock with its age."""
    rows, total = reports.inventory_aging(
        session, site_id=query.location_id, age_bucket=query.age_bucket, offset=query.offset, limit=query.per_page
    )
    return Answer([_aging(row) for row in rows], total)


def _location(call: Call, row: LocationRow) -> LocationStockView:
    return {
        "location_id": row.site_id,
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "variants_count": row.variants,
        "on_hand": to_json(row.on_hand),
        "reserved": to_json(row.reserved),
        "held": to_json(row.held),
        "available": to_json(row.available),
        "low_stock_count": row.low,
        "out_of_stock_count": row.out_of_stock,
        "value": to_json(row.value),
        "currency": row.currency,
        "without_cost_count": row.without_cost,
        "inventory_levels_url": call.url(f"/inventory_levels?location_id={row.site_id}"),
    }


def _low(row: LowRow) -> LowStockView:
    return {
        "variant_id": row.variant_id,
        "sku": row.sku,
        "name": row.name,
        "location_id": row.site_id,
        "on_hand": to_json(row.on_hand),
        "reserved": to_json(row.reserved),
        "held": to_json(row.held),
        "available": to_json(row.available),
        "reorder_point": to_json(row.reorder_point),
        "safety_stock": to_json(row.safety_stock),
        "status": row.status,
        "reorder_quantity": to_json(row.reorder_quantity),
        "lead_time_days": row.lead_time_days,
        "on_order": to_json(row.on_order),
        "suggested_quantity": to_json(row.suggested_quantity),
    }


def _mover(row: MoverRow) -> FastMoverView:
    return {
        "rank": row.rank,
        "variant_id": row.variant_id,
        "sku": row.sku,
        "name": row.name,
        "units_sold": to_json(row.units),
        "orders_count": row.orders,
        "units_per_day": to_json(row.units_a_day),
        "last_sold_at": to_iso(row.last_sold_at),
        "available": to_json(row.available),
        "days_of_cover": to_json(row.days_of_cover),
    }


def _aging(row: AgingRow) -> AgingView:
    return {
        "variant_id": row.variant_id,
        "sku": row.sku,
        "name": row.name,
        "location_id": row.site_id,
        "quantity": to_json(row.quantity),
        "last_inbound_at": to_iso(row.last_inbound_at) if row.last_inbound_at else None,
        "age_days": row.age_days,
        "age_bucket": row.age_bucket,  # type: ignore[typeddict-item]  # one of AGE_BUCKETS
    }
