"""GET /ai/insights of the operations edition: its parameters, defaults, limits, statuses and error body."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ambra_tui.store.scope import now_of
from tests import factories
from tests.api.conftest import Api, LiveServer, client_for

FIELDS = {
    "id", "type", "severity", "message", "variant_id", "sku", "location_id", "value", "currency", "units", "evidence",
    "link",
}  # fmt: skip


@pytest.fixture
def forgotten(api: Api, house: factories.Warehouse) -> Any:
    """Three items that nothing happened to, one of them for more than a year; and an overdue purchase order."""

    def fill(session: Any) -> Any:
        now = now_of(session)
        variants = [factories.variant(session, sku=f"OLD-{number}", cost_minor=250) for number in range(3)]
        for number, days in enumerate((200, 200, 400)):
            moment = now - timedelta(days=days)
            factories.stock(session, variants[number], house.bin, 4 + number, occurred_at=moment)
        due = now.date() - timedelta(days=9)
        factories.purchase_order(session, house.site, (variants[0], 5), expected_on=due)
        return variants[0]

    return api.write(fill)


def test_insights_tell_what_they_rest_on(api: Api, house: factories.Warehouse, forgotten: Any) -> None:
    answer = api.get("/ai/insights")
    assert answer.status_code == 200
    assert answer.json()["meta"] == {"page": 1, "per_page": 25, "total": 4, "total_pages": 1}
    rows = answer.json()["data"]
    assert [(row["type"], row["severity"]) for row in rows] == [
        ("overdue_purchase_order", "critical"), ("dead_stock", "warning"), ("dead_stock", "info"),
        ("dead_stock", "info"),
    ]  # fmt: skip
    assert all(set(row) == FIELDS for row in rows)
    late, year, *old = rows
    assert (late["value"], late["currency"], late["units"], late["sku"]) == (12.5, "EUR", 5, None)
    assert "9 days ago" in late["message"]
    assert late["evidence"][0].items() >= {"kind": "purchase_order", "label": "OLD-0", "quantity": 5}.items()
    assert api.get(late["link"].removeprefix("/api/v1")).json()["number"] == "PO-1"
    assert (year["sku"], year["location_id"], year["value"]) == ("OLD-2", house.site.id, 15)
    assert [(row["sku"], row["value"]) for row in old] == [("OLD-1", 12.5), ("OLD-0", 10)]
    assert api.get(year["link"].removeprefix("/api/v1")).json()["meta"]["total"] == 1
    assert rows == api.get("/ai/insights").json()["data"]


def test_filters_pages_and_languages(api: Api, house: factories.Warehouse, forgotten: Any) -> None:
    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in api.get("/ai/insights", params=query).json()["data"]]

    everything = ids()
    assert ids(type="dead_stock") == everything[1:]
    assert ids(severity="info") == everything[2:] == ids(severity="info", location_id=house.site.id)
    assert ids(severity="info", type="stock_out") == [] == ids(location_id="wh_no")
    paged = api.get("/ai/insights", params={"per_page": 3, "page": 2})
    assert [row["id"] for row in paged.json()["data"]] == everything[3:]
    assert paged.headers["x-total-count"] == "4" and 'rel="prev"' in paged.headers["link"]
    assert ids(page=9) == []
    german = api.get("/ai/insights", params={"language": "de", "per_page": 1}).json()["data"][0]
    assert "fällig" in german["message"] and german["id"] == everything[0]


@pytest.mark.parametrize(
    "query", [{"type": "gossip"}, {"severity": "high"}, {"language": "xx"}, {"page": "0"}, {"per_page": "-1"}]
)
def test_wrong_filters(api: Api, query: dict[str, str]) -> None:
    answer = api.get("/ai/insights", params=query)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "details", "request_id"}
    assert error["details"][0]["field"] == next(iter(query))


def test_who_may_ask(api: Api, other: Api, server: LiveServer, forgotten: Any) -> None:
    assert other.get("/ai/insights").json()["data"] == []
    with client_for(api.store, server.address, api.organization_id, ["orders:read"]) as client:
        assert client.get("/api/v1/ai/insights").status_code == 403
    with client_for(api.store, server.address, api.organization_id, ["ai:read"]) as client:
        assert client.get("/api/v1/ai/insights").status_code == 200
    assert api.client.get("/api/v1/ai/insights", headers={"Authorization": ""}).status_code == 401
