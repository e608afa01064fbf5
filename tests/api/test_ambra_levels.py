"""Stock levels of the ambra edition: filters, order, pages, and when they changed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ambra_tui.kit.clock import to_iso
from ambra_tui.services import policies
from tests import factories
from tests.api.conftest import Api
from tests.api.test_ambra_products import send

KEYS = {
    "id", "product_id", "variant_id", "sku", "name", "warehouse_id", "location_id", "on_hand", "reserved", "available",
    "reorder_point", "status", "updated_at",
}  # fmt: skip


def listed(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = send(api, "GET", f"/stock_levels{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["success"] is True
    assert body["pagination"]["total"] == len(body["data"]) == int(answer.headers["x-total-count"])
    rows: list[dict[str, Any]] = body["data"]
    return rows


def skus(api: Api, query: str = "") -> list[str]:
    return [row["sku"] for row in listed(api, query)]


@pytest.fixture
def shelves(api: Api, house: factories.Warehouse) -> factories.Warehouse:
    """Four items in four states, and a second warehouse that has some of the first."""

    def fill(session: Any) -> None:
        shop = factories.warehouse(session, "WH2")
        for sku, quantity, point in (("OUT", 0, 5), ("CRIT", 2, 5), ("LOW", 4, 5), ("FINE", 9, 5)):
            variant = factories.variant(session, sku=sku, name=f"Item {sku.lower()}")
            policies.create_policy(
                session,
                variant_id=variant.id,
                site_id=house.site.id,
                values={"reorder_point": Decimal(point), "reorder_quantity": Decimal(20)},
            )
            if quantity:
                factories.stock(session, variant, house.bin, quantity)
            if sku == "FINE":
                factories.stock(session, variant, shop.bin, 7)

    api.write(fill)
    return house


def test_rows(api: Api, shelves: factories.Warehouse) -> None:
    assert listed(api, "?sku=NOTHING") == []
    [row] = listed(api, "?sku=LOW")
    assert set(row) == KEYS
    assert row | {"on_hand": 4, "reserved": 0, "available": 4, "reorder_point": 5, "status": "low"} == row
    assert (row["name"], row["warehouse_id"], row["location_id"]) == ("Item low", shelves.site.id, None)
    assert row["id"].startswith("inv_") and row["product_id"].startswith("prod_")
    assert skus(api) == ["FINE", "FINE", "LOW", "CRIT", "OUT"]


def test_filters(api: Api, shelves: factories.Warehouse) -> None:
    for status, found in (("out", ["OUT"]), ("critical", ["CRIT"]), ("low", ["LOW"]), ("ok", ["FINE", "FINE"])):
        assert skus(api, f"?stock_status={status}") == found
    site = shelves.site.id
    spelled = site.replace("wh_", "warehouse_")
    assert skus(api, f"?warehouse_id={site}&stock_status=ok") == ["FINE"]
    assert skus(api, f"?warehouse_id={spelled}") == skus(api, f"?location={spelled}") == ["FINE", "LOW", "CRIT", "OUT"]
    assert skus(api, f"?warehouse_id={site}&location=wh_other") == []
    [crit] = listed(api, f"?location={shelves.bin.id}&sku=CRIT")
    assert (crit["location_id"], crit["warehouse_id"], crit["on_hand"], crit["available"]) == (
        shelves.bin.id,
        site,
        2,
        2,
    )
    assert skus(api, f"?location={shelves.bin.id}&warehouse_id=wh_other") == []
    assert skus(api, f"?product_id={crit['product_id']}") == ["CRIT"]
    assert skus(api, "?search=item%20cr") == []  # nothing is findable that no door made
    assert send(api, "GET", "/stock_levels?stock_status=none").status_code == 400
    assert send(api, "GET", "/stock_levels?sort=colour").json()["error"]["code"] == "INVALID_REQUEST"


def test_order_and_pages(api: Api, shelves: factories.Warehouse) -> None:
    assert skus(api, "?sort=on_hand,-sku") == ["OUT", "CRIT", "LOW", "FINE", "FINE"]
    assert [row["on_hand"] for row in listed(api, "?sort=-available")] == [9, 7, 4, 2, 0]
    assert skus(api, "?sort=name") == ["CRIT", "FINE", "FINE", "LOW", "OUT"]
    answer = send(api, "GET", "/stock_levels?sort=sku&limit=2&page=2").json()
    assert [row["sku"] for row in answer["data"]] == ["FINE", "LOW"]
    assert answer["pagination"] == {
        "page": 2, "limit": 2, "total": 5, "pages": 3, "has_next": True, "has_prev": True,
    }  # fmt: skip


def test_a_change_is_told_by_its_moment(api: Api, shelves: factories.Warehouse) -> None:
    before = api.store.clock.now()
    api.write(lambda session: None)
    soon = to_iso(before + timedelta(seconds=1))
    assert listed(api, f"?updated_after={soon}") == []
    changed = {row["sku"]: row["updated_at"] for row in listed(api)}
    assert all(moment <= to_iso(before) for moment in changed.values())
    assert skus(api, f"?updated_after={before.date().isoformat()}") == ["FINE", "FINE", "LOW", "CRIT", "OUT"]
