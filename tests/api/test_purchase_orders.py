"""Purchase orders, suppliers and locations of the operations edition."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.api.conftest import Api


@pytest.fixture
def dairy(api: Api) -> str:
    """The id of a supplier."""
    return str(api.post("/suppliers", {"supplier": {"name": "Dairy North", "lead_time_days": 3}}).json()["id"])


def place(api: Api, dairy: str, quantity: Any = 120, **more: Any) -> dict[str, Any]:
    items = [{"sku": "MILK-1L", "quantity": quantity, "unit_cost": 0.79}]
    answer = api.post("/purchase_orders", {"purchase_order": {"supplier_id": dairy, "items": items, **more}})
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()
    return order


def test_a_purchase_order_is_placed_and_read_back(api: Api, house: factories.Warehouse, milk: Any, dairy: str) -> None:
    order = place(api, dairy, number="PO-1001", expected_on="2026-12-01")
    assert (order["number"], order["status"], order["supplier_id"]) == ("PO-1001", "ordered", dairy)
    assert (order["location_id"], order["expected_on"]) == (house.site.id, "2026-12-01")
    item = order["items"][0]
    assert (item["quantity"], item["received_quantity"], item["outstanding_quantity"]) == (120, 0, 120)
    assert item["unit_cost"] == 0.79
    assert api.get(f"/purchase_orders/{order['id']}").json() == order
    assert api.get("/purchase_orders", params={"supplier_id": dairy}).json()["data"] == [order]
    assert api.get("/purchase_orders", params={"status": "received"}).json()["data"] == []


def test_an_empty_receipt_brings_everything_outstanding(
    api: Api, house: factories.Warehouse, milk: Any, dairy: str
) -> None:
    order = place(api, dairy)
    assert api.post(f"/purchase_orders/{order['id']}/receive", {"items": []}).status_code == 422
    assert api.on_hand("MILK-1L") == 0
    answer = api.post(f"/purchase_orders/{order['id']}/receive")
    assert (answer.status_code, answer.json()["status"]) == (200, "received")
    assert api.on_hand("MILK-1L") == 120
    entry = api.get("/inventory_ledger").json()["data"][0]
    assert (entry["entry_type"], entry["quantity"], entry["reference_id"]) == ("purchase_received", 120, order["id"])


@pytest.mark.parametrize("named", ["id", "sku", "variant_id"])
def test_a_part_comes_with_a_lot(api: Api, house: factories.Warehouse, milk: Any, dairy: str, named: str) -> None:
    order = place(api, dairy)
    item = {
        named: order["items"][0][named], "quantity": 48, "lot_number": "M130", "expiry_date": "2027-07-15",
        "location_id": house.bin.id,
    }  # fmt: skip
    answer = api.post(f"/purchase_orders/{order['id']}/receive", {"items": [item]})
    assert (answer.status_code, answer.json()["status"]) == (200, "partially_received")
    assert answer.json()["items"][0]["outstanding_quantity"] == 72
    lot = api.get("/lots").json()["data"][0]
    assert (lot["lot_number"], lot["expiry_date"], lot["on_hand"]) == ("M130", "2027-07-15", 48)
    wrong = api.post(f"/purchase_orders/{order['id']}/receive", {"items": [{**item, "expiry_date": "2027-07-16"}]})
    assert wrong.status_code == 422
    assert api.on_hand("MILK-1L") == 48


def test_more_than_ordered_is_refused(api: Api, house: factories.Warehouse, milk: Any, dairy: str) -> None:
    order = place(api, dairy)
    answer = api.post(f"/purchase_orders/{order['id']}/receive", {"items": [{"sku": "MILK-1L", "quantity": 121}]})
    assert answer.status_code == 422
    assert api.on_hand("MILK-1L") == 0


def test_a_received_order_is_not_received_again(api: Api, house: factories.Warehouse, milk: Any, dairy: str) -> None:
    order = place(api, dairy)
    api.post(f"/purchase_orders/{order['id']}/receive")
    again = api.post(f"/purchase_orders/{order['id']}/receive")
    assert (again.status_code, again.json()["error"]["code"]) == (422, "INVALID_STATE")
    assert api.on_hand("MILK-1L") == 120


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"supplier_id": None}, 422, "supplier_id"),
        ({"supplier_id": "sup_no"}, 404, "supplier_id"),
        ({"location_id": "wh_no"}, 404, "location_id"),
        ({"items": []}, 422, "items"),
        ({"items": [{"sku": "NO", "quantity": 1}]}, 404, "items.0.sku"),
        ({"items": [{"variant_id": "var_no", "quantity": 1}]}, 404, "items.0.variant_id"),
        ({"items": [{"sku": "MILK-1L", "quantity": "x"}]}, 422, "items.0.quantity"),
        ({"items": [{"sku": "MILK-1L", "quantity": 1}] * 2001}, 422, None),
        ({"expected_on": "31.12.2026"}, 422, "expected_on"),
    ],
)
def test_wrong_purchase_orders(
    api: Api, house: factories.Warehouse, milk: Any, dairy: str, change: dict[str, Any], status: int, field: str | None
) -> None:
    body = {"supplier_id": dairy, "items": [{"sku": "MILK-1L", "quantity": 1}], **change}
    answer = api.post("/purchase_orders", body)
    assert answer.status_code == status, answer.text
    details = answer.json()["error"]["details"]
    assert (details[0]["field"] if details else None) == field
    assert api.get("/purchase_orders").json()["meta"]["total"] == 0


def test_receipts_at_a_foreign_place(api: Api, house: factories.Warehouse, milk: Any, dairy: str) -> None:
    order = place(api, dairy, location_id=house.site.id)
    second = api.write(lambda session: factories.warehouse(session, "WH2"))
    for location_id, status in (("loc_no", 404), (second.bin.id, 422), ("loc_supplier", 404)):
        item = {"sku": "MILK-1L", "quantity": 1, "location_id": location_id}
        assert api.post(f"/purchase_orders/{order['id']}/receive", {"items": [item]}).status_code == status
    assert api.on_hand("MILK-1L") == 0


def test_purchase_orders_of_another_organization_do_not_exist(
    api: Api, other: Api, house: factories.Warehouse, milk: Any, dairy: str
) -> None:
    order = place(api, dairy)
    for path in (f"/purchase_orders/{order['id']}", "/purchase_orders/po_no"):
        assert other.get(path).json()["error"]["code"] == "PURCHASE_ORDER_NOT_FOUND"
        assert other.post(f"{path}/receive").status_code == 404
    assert other.get(f"/suppliers/{dairy}").status_code == 404
    assert api.get(f"/purchase_orders/{order['id']}").json()["status"] == "ordered"


def test_suppliers(api: Api) -> None:
    body = {"name": "Dairy North", "email": "a@b.example", "phone": "+49 30", "lead_time_days": 3}
    answer = api.post("/suppliers", {"supplier": body})
    assert answer.status_code == 201
    supplier = answer.json()
    assert {name: supplier[name] for name in body} == body
    assert api.client.get(answer.headers["location"]).json() == supplier
    assert api.get("/suppliers").json()["data"] == [supplier]
    assert api.post("/suppliers", {"name": "X", "lead_time_days": 1.5}).status_code == 422
    assert api.post("/suppliers", {"supplier": {}}).json()["error"]["details"] == [
        {"field": "name", "message": "is required"}
    ]


def test_locations(api: Api, milk: Any) -> None:
    answer = api.post("/locations", {"location": {"name": "Main", "code": "WH1", "address": "1 Road"}})
    assert answer.status_code == 201
    location = answer.json()
    assert (location["name"], location["code"], location["kind"]) == ("Main", "WH1", "warehouse")
    assert api.client.get(answer.headers["location"]).json() == location
    numbered = api.post("/locations", {"name": "Shop", "kind": "store"}).json()
    assert numbered["code"].startswith("WH-")
    assert [row["id"] for row in api.get("/locations").json()["data"]] == [numbered["id"], location["id"]]
    assert [row["id"] for row in api.get("/locations", params={"kind": "store"}).json()["data"]] == [numbered["id"]]
    taken = api.post("/locations", {"name": "Again", "code": "WH1"})
    assert (taken.status_code, taken.json()["error"]["details"][0]["field"]) == (422, "code")
    assert api.post("/locations", {"name": "X", "kind": "moon"}).status_code == 422
    received = {"sku": "MILK-1L", "location_id": location["id"], "quantity": 3}
    assert api.post("/inventory_adjustments", received).status_code == 201


def test_a_marketplace_location_takes_no_adjustment(api: Api, milk: Any) -> None:
    fba = api.post("/locations", {"name": "FBA", "kind": "fba"}).json()
    assert fba["is_read_only"] is True
    answer = api.post("/inventory_adjustments", {"sku": "MILK-1L", "location_id": fba["id"], "quantity": 3})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "READONLY_WAREHOUSE")
