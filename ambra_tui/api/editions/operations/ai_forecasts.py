"""Demand forecasts per variant and location.

Example::

    GET /api/v1/ai/forecasts?variant_id=var_1&horizon_days=28
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.fields import Identifier
from ambra_tui.api.paging import Paging
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.forecasts import HORIZON_DAYS, MAX_HORIZON_DAYS, MIN_HORIZON_DAYS, Forecast, forecast
from ambra_tui.services.forecasts import forecast_keys as keys_of

catalogue = Catalogue("AI")
Amount = int | float


def _horizon(value: Any) -> int:
    text = str(value)
    if not (
        text.isascii() and text.isdecimal() and len(text) <= 4 and MIN_HORIZON_DAYS <= int(text) <= MAX_HORIZON_DAYS
    ):
        raise ValueError(f"must be a whole number from {MIN_HORIZON_DAYS} to {MAX_HORIZON_DAYS}")
    return int(text)


HorizonDays = Annotated[
    int,
    BeforeValidator(_horizon),
    WithJsonSchema({"type": "integer", "minimum": MIN_HORIZON_DAYS, "maximum": MAX_HORIZON_DAYS}),
]


class ForecastQuery(Paging):
    """Filters of forecasts, and how far they look ahead."""

    variant_id: Identifier | None = None
    product_id: Identifier | None = None
    sku: Identifier | None = None
    location_id: Identifier | None = None
    horizon_days: HorizonDays = HORIZON_DAYS


class DemandView(TypedDict):
    """Demand from `starts_on` on: its mean over the horizon, the units that 50, 80 and 95 of 100 futures stay within,
    and the mean of each day."""

    starts_on: str
    horizon_days: int
    mean: Amount
    p50: Amount
    p80: Amount
    p95: Amount
    daily: list[float]


class ForecastView(TypedDict):
    """`reorder_point`: what lasts over lead time and review period at the service level; `safety_stock`: that minus
    the mean; `history_weeks`: weeks that count; `confidence`: none, low or ok; `method`: none, category_rate or
    smoothing; `reason`: why, in words."""

    variant_id: str
    sku: str
    product_id: str
    location_id: str
    forecast: DemandView
    lead_time_days: int
    review_period_days: int
    service_level: Amount
    reorder_point: Amount
    safety_stock: Amount
    available: Amount
    on_order: Amount
    suggested_quantity: Amount
    pack_quantity: Amount
    history_weeks: int
    confidence: str
    method: str
    reason: str


@catalogue.read(
    "/ai/forecasts", ForecastQuery, scope="ai:read", operation_id="listForecasts", is_list=True, is_long=True,
    summary="Demand forecasts of variants per location, newest variant first", shape=ForecastView,
)  # fmt: skip
def list_forecasts(session: Session, _call: Call, query: ForecastQuery) -> Answer:
    """A page of forecasts."""
    keys, total = keys_of(
        session,
        variant_id=query.variant_id,
        product_id=query.product_id,
        sku=query.sku,
        site_id=query.location_id,
        offset=query.offset,
        limit=query.per_page,
    )
    return Answer([_view(row) for row in forecast(session, keys, horizon_days=query.horizon_days)], total)


def _view(row: Forecast) -> ForecastView:
    return {
        "variant_id": row.variant_id,
        "sku": row.sku,
        "product_id": row.product_id,
        "location_id": row.site_id,
        "forecast": {
            "starts_on": row.starts_on.isoformat(),
            "horizon_days": row.horizon_days,
            "mean": to_json(row.mean),
            "p50": to_json(row.p50),
            "p80": to_json(row.p80),
            "p95": to_json(row.p95),
            "daily": list(row.days),
        },
        "lead_time_days": row.lead_time_days,
        "review_period_days": row.review_days,
        "service_level": to_json(row.service_level),
        "reorder_point": to_json(row.reorder_point),
        "safety_stock": to_json(row.safety_stock),
        "available": to_json(row.available),
        "on_order": to_json(row.on_order),
        "suggested_quantity": to_json(row.suggested_quantity),
        "pack_quantity": to_json(row.pack_quantity),
        "history_weeks": row.history_weeks,
        "confidence": row.confidence,
        "method": row.method,
        "reason": row.reason(),
    }
