"""Warehouses and locations of the ambra edition: six operations each, spellings, what keeps a place from going."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.api.ambra import Ambra, left
from tests.api.conftest import Api

SITE_KEYS = {
    "id", "code", "name", "type", "status", "address", "parent_id", "is_read_only", "marketplace", "created_at",
    "updated_at",
}  # fmt: skip
PLACE_KEYS = {
    "id", "warehouse_id", "code", "barcode", "name", "type", "status", "zone", "sequence", "parent_id", "is_held",
    "is_single_lot", "is_single_product", "capacity", "created_at", "updated_at",
}  # fmt: skip
SITES, PLACES = "/warehouses", "/locations"


@pytest.fixture
def ambra(api: Api) -> Ambra:
    """The edition, without any place."""
    return Ambra(api)


def spelled(key: str) -> str:
    assert key.startswith("wh_")
    return key.replace("wh_", "warehouse_")


def test_a_warehouse_is_made_replaced_changed_and_removed(ambra: Ambra) -> None:
    """It comes with a dock and goes with it; ids in both spellings; PUT keeps nothing but the code."""
    made = ambra.post(SITES, {"name": "Main", "code": "WH1", "address": {"line1": "Street 1", "city": "Berlin"}})
    assert set(made) == SITE_KEYS and made["id"].startswith("wh_")
    assert (made["type"], made["status"], made["is_read_only"], made["marketplace"]) == (
        "warehouse", "active", False, None
    )  # fmt: skip
    path = f"{SITES}/{spelled(made['id'])}"
    assert ambra.get(path) == ambra.get(f"{SITES}/{made['id']}") == made
    docks = ambra.page(PLACES, warehouse_id=spelled(made["id"]))[0]
    assert [(dock["code"], dock["type"], dock["barcode"]) for dock in docks] == [("RECV", "dock", "WH1-RECV")]
    numbered = ambra.post(SITES, {"name": "Shop", "type": "store", "parent_id": spelled(made["id"])})
    assert numbered["code"] == "WH-000001" and numbered["parent_id"] == made["id"]

    replaced = ambra.put(path, {"name": "Main house"})
    assert (replaced["code"], replaced["address"], replaced["name"]) == ("WH1", {}, "Main house")
    changed = ambra.patch(path, {"address": "Street 2", "code": "W1"})
    assert (changed["address"], changed["code"], changed["name"]) == ({"line1": "Street 2"}, "W1", "Main house")
    for body in ({"parent_id": numbered["id"]}, {"parent_id": made["id"]}, {"type": "fba"}):
        ambra.refused(422, "VALIDATION_ERROR", "PATCH", path, body)
    assert ambra.patch(path, {"status": "inactive"})["status"] == "inactive"

    error = ambra.refused(422, "IN_USE", "DELETE", path)
    assert left(error) == {"warehouses_below_it": 1}
    ambra.remove(f"{SITES}/{numbered['id']}")
    ambra.remove(path)
    assert ambra.ids(SITES) == ambra.ids(PLACES) == []
    error = ambra.refused(404, "WAREHOUSE_NOT_FOUND", "GET", f"{SITES}/warehouse_123")
    assert error["message"] == "Warehouse with ID 'warehouse_123' not found"
    assert error["details"] == {"warehouse_id": "warehouse_123"}
    assert ambra.post(SITES, {"name": "Again", "code": "W1"})["code"] == "W1"


def test_a_warehouse_in_use_stays(ambra: Ambra, house: factories.Warehouse, milk: Any) -> None:
    """Stock, bins and open documents keep it; once they are gone it is archived, for the history that names it."""
    path = f"{SITES}/{house.site.id}"
    waiting = {"product_id": milk.product_id, "type": "in", "quantity": 1, "warehouse_id": house.site.id}
    movement = ambra.post("/stock_movements", {**waiting, "complete": False})["id"]
    ambra.post("/stock_movements", {**waiting, "location_id": house.bin.id})
    order = ambra.api.write(lambda s: factories.purchase_order(s, house.site, (milk, 2)))
    error = ambra.refused(422, "IN_USE", "DELETE", path)
    assert left(error) == {
        "products_in_stock": 1, "open_purchase_orders": 1, "pending_movements": 1, "locations": 5,
    }  # fmt: skip
    assert "locations" not in left(ambra.refused(422, "IN_USE", "PATCH", path, {"status": "inactive"}))
    error = ambra.refused(422, "IN_USE", "DELETE", f"{PLACES}/{house.bin.id}")
    assert left(error) == {"levels_in_stock": 1}
    ambra.post(f"/stock_movements/{movement}/cancel", {}, status=200)
    ambra.post("/stock_movements", {**waiting, "type": "out"})
    ambra.post(f"/purchase_orders/{order.id}/receive", {}, status=200)
    ambra.post("/stock_movements", {**waiting, "type": "out", "quantity": 2})
    for place in (house.bin, house.other_bin, house.reserve, house.stage, house.quarantine):
        ambra.remove(f"{PLACES}/{place.id}")
    ambra.remove(path)
    assert ambra.ids(SITES) == [] and ambra.ids(SITES, status="archived") == [house.site.id]
    assert ambra.ids(PLACES) == []
    assert set(ambra.ids(PLACES, status="archived")) == {house.bin.id, house.dock.id}
    ambra.refused(404, "WAREHOUSE_NOT_FOUND", "POST", "/stock_movements", waiting)
    answer = ambra.api.post("/inventory_adjustments", {"sku": milk.sku, "location_id": house.site.id, "quantity": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID_STATE")
    refused = ambra.refused(422, "VALIDATION_ERROR", "POST", SITES, {"name": "New", "code": house.site.code})
    assert "already exists" in refused["details"]["code"]


def test_a_location_is_made_replaced_changed_and_removed(ambra: Ambra) -> None:
    """Its code is its name unless told; PUT empties; it stays in its warehouse; a held kind holds."""
    site = ambra.post(SITES, {"name": "Main", "code": "WH1"})["id"]
    made = ambra.post(PLACES, {"name": "A-01", "zone": "A", "sequence": 20, "capacity": 12.5})
    assert set(made) == PLACE_KEYS and made["id"].startswith("loc_")
    assert (made["warehouse_id"], made["code"], made["barcode"]) == (site, "A-01", "WH1-A-01")
    assert (made["type"], made["zone"], made["sequence"], made["capacity"]) == ("pick", "A", 20, 12.5)
    path = f"{PLACES}/{made['id']}"
    assert ambra.get(path) == made
    below = ambra.post(PLACES, {"name": "x" * 41, "warehouse_id": spelled(site), "parent_id": made["id"]})
    assert below["code"] == "LOC-000001" and below["parent_id"] == made["id"]

    replaced = ambra.put(path, {"name": "By the door", "warehouse_id": spelled(site), "is_single_product": True})
    assert (replaced["code"], replaced["zone"], replaced["sequence"], replaced["capacity"]) == (
        "A-01",
        None,
        None,
        None,
    )
    assert replaced["is_single_product"] is True
    changed = ambra.patch(path, {"type": "quarantine", "sequence": 5})
    assert (changed["type"], changed["is_held"], changed["is_single_product"]) == ("quarantine", True, True)
    assert ambra.patch(path, {"type": "reserve", "zone": None})["is_held"] is False
    other = ambra.post(SITES, {"name": "East", "code": "E1"})["id"]
    wrong: tuple[dict[str, Any], ...] = (
        {"warehouse_id": other}, {"parent_id": below["id"]}, {"parent_id": made["id"]}, {"sequence": -1},
        {"code": "LOC-000001"}, {"barcode": below["barcode"]}, {"capacity": 0}, {"type": "virtual"},
    )  # fmt: skip
    for body in wrong:
        ambra.refused(422, "VALIDATION_ERROR", "PATCH", path, body)
    ambra.refused(404, "WAREHOUSE_NOT_FOUND", "PATCH", path, {"warehouse_id": "wh_none"})
    error = ambra.refused(422, "VALIDATION_ERROR", "POST", PLACES, {"name": "B-01"})
    assert "warehouse_id" in error["details"]
    ambra.refused(404, "LOCATION_NOT_FOUND", "POST", PLACES, {"name": "B", "warehouse_id": site, "parent_id": "loc_x"})
    ambra.refused(404, "WAREHOUSE_NOT_FOUND", "POST", PLACES, {"name": "B", "warehouse_id": "warehouse_x"})

    error = ambra.refused(422, "IN_USE", "DELETE", path)
    assert left(error) == {"locations_below_it": 1}
    ambra.remove(f"{PLACES}/{below['id']}")
    ambra.remove(path)
    error = ambra.refused(404, "LOCATION_NOT_FOUND", "GET", path)
    assert error["details"] == {"location_id": made["id"]}
    for key in ("loc_supplier", site):
        ambra.refused(404, "LOCATION_NOT_FOUND", "GET", f"{PLACES}/{key}")
    assert ambra.post(PLACES, {"name": "A-01", "warehouse_id": site})["barcode"] == "WH1-A-01"


def test_a_location_out_of_use_takes_nothing(ambra: Ambra, house: factories.Warehouse, milk: Any) -> None:
    """Inactive: movements are refused by every edition, and the floor does not find it."""
    path = f"{PLACES}/{house.other_bin.id}"
    assert ambra.patch(path, {"status": "inactive"})["status"] == "inactive"
    told = {"product_id": milk.product_id, "type": "in", "quantity": 1, "location_id": house.other_bin.id}
    for complete in (True, False):
        ambra.refused(422, "INVALID_STATE", "POST", "/stock_movements", {**told, "complete": complete})
    body = {"sku": milk.sku, "location_id": house.other_bin.id, "quantity": 1}
    assert ambra.api.post("/inventory_adjustments", body).json()["error"]["code"] == "INVALID_STATE"
    ambra.patch(path, {"status": "active"})
    ambra.post("/stock_movements", told)
    ambra.refused(422, "IN_USE", "PATCH", path, {"status": "inactive"})
    ambra.refused(422, "IN_USE", "PATCH", path, {"type": "quarantine"})


def test_lists_of_places(ambra: Ambra, house: factories.Warehouse) -> None:
    """By warehouse, type, words; sorted; no place outside the warehouses."""
    other = ambra.post(SITES, {"name": "East depot", "code": "E1", "type": "store"})["id"]
    assert ambra.ids(SITES) == [other, house.site.id] or ambra.ids(SITES) == [house.site.id, other]
    assert ambra.ids(SITES, type="store") == ambra.ids(SITES, search="depot east") == [other]
    assert ambra.ids(SITES, sort="code") == [other, house.site.id]
    assert ambra.page(PLACES)[1]["total"] == 7
    codes = [
        row["code"]
        for row in ambra.page(PLACES, warehouse_id=house.site.id, sort="-type,code".replace("type", "zone"))[0]
    ]
    assert codes == sorted(codes)
    assert [row["code"] for row in ambra.page(PLACES, type="dock", warehouse_id=spelled(other))[0]] == ["RECV"]
    made = ambra.post(PLACES, {"name": "Cold room", "code": "COLD", "warehouse_id": other})["id"]
    assert ambra.ids(PLACES, search="cold") == ambra.ids(PLACES, search="COLD", status="active") == [made]
    assert ambra.ids(PLACES, warehouse_id="wh_none") == ambra.ids(PLACES, parent_id="loc_none") == []
    for path, wrong in ((SITES, {"type": "x"}), (PLACES, {"type": "virtual"}), (PLACES, {"sort": "capacity"})):
        ambra.refused(400, "INVALID_REQUEST", "GET", path, params=wrong)


def test_a_marketplaces_warehouse_is_read_only(ambra: Ambra, milk: Any) -> None:
    """No write of this edition or of another changes it."""
    market = ambra.post(SITES, {"name": "FBA EU", "code": "FBA", "type": "fba"})
    assert market["is_read_only"] is True
    dock = ambra.ids(PLACES, warehouse_id=market["id"])[0]
    moved = {"product_id": milk.product_id, "type": "in", "quantity": 1, "warehouse_id": market["id"]}
    vendor = ambra.post("/suppliers", {"name": "Dairy"})["id"]
    ordered = {"supplier_id": vendor, "items": [{"product_id": milk.product_id, "quantity": 1}]}
    for method, path, body in (
        ("PUT", f"{SITES}/{market['id']}", {"name": "x"}),
        ("PATCH", f"{SITES}/{market['id']}", {"name": "x"}),
        ("DELETE", f"{SITES}/{market['id']}", None),
        ("POST", PLACES, {"name": "A-1", "warehouse_id": market["id"]}),
        ("PUT", f"{PLACES}/{dock}", {"name": "x"}),
        ("PATCH", f"{PLACES}/{dock}", {}),
        ("DELETE", f"{PLACES}/{dock}", None),
        ("POST", "/stock_movements", moved),
        ("POST", "/stock_movements", {**moved, "complete": False}),
        ("POST", "/purchase_orders", {**ordered, "warehouse_id": market["id"]}),
    ):
        error = ambra.refused(403, "READONLY_WAREHOUSE", method, path, body)
        assert "FBA EU is read-only" in error["message"]
    item = {"sku": milk.sku, "quantity": 1}
    here = {"location_id": market["id"]}
    for path, body in (
        ("/inventory_adjustments", {**item, **here}),
        ("/waste_records", {**item, **here, "reason": "other"}),
        ("/cycle_counts", here),
        ("/purchase_orders", {**here, "supplier_id": vendor, "items": [item]}),
    ):
        answer = ambra.api.post(path, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "READONLY_WAREHOUSE"), path
