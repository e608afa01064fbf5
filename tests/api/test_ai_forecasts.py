"""GET /ai/forecasts of the operations edition: its parameters, defaults, limits, statuses and error body."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.ledger import CUSTOMER, MoveKind, Posting
from ambra_tui.store.scope import now_of
from tests import factories
from tests.api.conftest import Api, LiveServer, client_for

FIELDS = {
    "variant_id", "sku", "product_id", "location_id", "forecast", "lead_time_days", "review_period_days",
    "service_level", "reorder_point", "safety_stock", "available", "on_order", "suggested_quantity", "pack_quantity",
    "history_weeks", "confidence", "method", "reason",
}  # fmt: skip


def sell_for_weeks(session: Session, variant: Any, place: Any, *, weeks: int, each: int) -> None:
    """Stock that came so many weeks ago, and the same sale every week since."""
    now = now_of(session)
    came = now - timedelta(days=7 * weeks)
    factories.stock(session, variant, place, weeks * each + 5, occurred_at=came)
    sales = [
        Posting(
            variant.id, place.id, CUSTOMER, Decimal(each), MoveKind.ORDER_FULFILLED, f"{variant.id}-{week}",
            occurred_at=now - timedelta(days=7 * week + 2),
        )
        for week in range(weeks - 1, -1, -1)
    ]  # fmt: skip
    ledger.post(session, sales)


@pytest.fixture
def sold(api: Api, house: factories.Warehouse, milk: Any) -> Any:
    """MILK-1L, sold 20 a week for 20 weeks, and BREAD that was never stocked."""
    api.write(lambda session: sell_for_weeks(session, milk, house.bin, weeks=20, each=20))
    api.write(lambda session: factories.variant(session, sku="BREAD"))
    return milk


def test_a_forecast_answers_for_a_variant_at_a_location(api: Api, house: factories.Warehouse, sold: Any) -> None:
    answer = api.get("/ai/forecasts", params={"variant_id": sold.id})
    assert answer.status_code == 200
    assert answer.json()["meta"] == {"page": 1, "per_page": 25, "total": 1, "total_pages": 1}
    row = answer.json()["data"][0]
    assert set(row) == FIELDS
    assert (row["sku"], row["location_id"], row["product_id"]) == ("MILK-1L", house.site.id, sold.product_id)
    forecast = row["forecast"]
    assert forecast["horizon_days"] == 28 == len(forecast["daily"])
    assert forecast["mean"] == pytest.approx(80, rel=0.05)
    assert forecast["p50"] <= forecast["p80"] <= forecast["p95"]
    assert (row["lead_time_days"], row["review_period_days"], row["service_level"]) == (7, 7, 0.95)
    assert row["safety_stock"] >= 0 and row["reorder_point"] >= 40
    assert (row["available"], row["on_order"], row["pack_quantity"]) == (5, 0, 1)
    assert row["suggested_quantity"] == row["reorder_point"] - 5
    assert (row["history_weeks"], row["confidence"], row["method"]) == (20, "ok", "smoothing")
    assert row["reason"].startswith("Based on 20 weeks of sales.") and "order" in row["reason"]
    assert api.get("/ai/forecasts", params={"variant_id": sold.id}).content == answer.content
    year = api.get("/ai/forecasts", params={"variant_id": sold.id, "horizon_days": "365"}).json()["data"][0]
    assert len(year["forecast"]["daily"]) == 365 and year["reorder_point"] == row["reorder_point"]


def test_filters_pages_and_limits(
    api: Api, other: Api, server: LiveServer, house: factories.Warehouse, sold: Any
) -> None:
    def many(session: Session) -> None:
        for number in range(4):
            factories.stock(session, factories.variant(session, sku=f"NEW-{number}"), house.bin, 1)

    api.write(many)
    every = api.get("/ai/forecasts", params={"per_page": "2", "page": "3"})
    assert every.json()["meta"] == {"page": 3, "per_page": 2, "total": 5, "total_pages": 3}
    assert [row["sku"] for row in every.json()["data"]] == ["MILK-1L"]  # the oldest variant
    assert every.headers["x-total-count"] == "5" and 'rel="prev"' in every.headers["link"]
    for filters in (
        {"product_id": sold.product_id},
        {"sku": "MILK-1L"},
        {"location_id": house.site.id, "per_page": "9"},
    ):
        rows = api.get("/ai/forecasts", params=filters).json()["data"]
        assert sold.id in [row["variant_id"] for row in rows]
    never = api.get("/ai/forecasts", params={"sku": "BREAD"}).json()["data"]
    assert [(row["forecast"]["mean"], row["confidence"], row["method"]) for row in never] == [(0, "none", "none")]
    for wrong in ("0", "366", "-1", "1.5", "", "many", "１"):
        refused = api.get("/ai/forecasts", params={"horizon_days": wrong})
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (422, "VALIDATION_ERROR"), wrong
        assert error["details"][0]["field"] == "horizon_days" and error["request_id"]
    assert api.get("/ai/forecasts", params={"page": "0"}).status_code == 422
    for name, value in (("variant_id", sold.id), ("product_id", sold.product_id), ("location_id", house.site.id)):
        foreign = other.get("/ai/forecasts", params={name: value})
        absent = other.get("/ai/forecasts", params={name: "x" * len(value)})
        assert foreign.status_code == absent.status_code == 200
        assert foreign.json() == absent.json() and foreign.json()["data"] == []
    assert api.client.get("/api/v1/ai/forecasts", headers={"Authorization": ""}).status_code == 401
    with client_for(api.store, server.address, api.organization_id, ["lots:read"]) as plain:
        assert plain.get("/api/v1/ai/forecasts").status_code == 403
