"""Orders of the operations edition."""

from __future__ import annotations

from typing import Any

import pytest

from ambra_tui.services import orders, shipping
from tests import factories
from tests.api.conftest import Api


def new_order(api: Api, quantity: Any = 4, **more: Any) -> dict[str, Any]:
    answer = api.post("/orders", {"order": {"items": [{"sku": "MILK-1L", "quantity": quantity}], **more}})
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()
    return order


def test_an_order_is_placed_and_read_back(api: Api, house: factories.Warehouse, milk: Any) -> None:
    body = {
        "number": "SO-77",
        "customer": {"name": "Ana", "vip": True},
        "location_id": house.site.id,
        "line_items": [{"variant_id": milk.id, "quantity": 4, "price": 1.5}, {"sku": "MILK-1L", "quantity": 0.25}],
    }
    answer = api.post("/orders", {"order": body})
    assert answer.status_code == 201
    order = answer.json()
    assert (order["number"], order["status"], order["customer"]) == ("SO-77", "pending", {"name": "Ana", "vip": True})
    assert [(item["quantity"], item["price"]) for item in order["items"]] == [(4, 1.5), (0.25, None)]
    assert api.client.get(answer.headers["location"]).json() == order
    assert api.get("/orders").json()["data"] == [order]


def test_reserve_fulfil(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    order = new_order(api)
    reserved = api.post(f"/orders/{order['id']}/reserve")
    assert reserved.status_code == 200
    assert (reserved.json()["status"], reserved.json()["items"][0]["reserved_quantity"]) == ("reserved", 4)
    level = api.get("/inventory_levels").json()["data"][0]
    assert (level["on_hand"], level["reserved"], level["available"]) == (10, 4, 6)
    done = api.post(f"/orders/{order['id']}/fulfill")
    assert (done.status_code, done.json()["status"]) == (200, "fulfilled")
    level = api.get("/inventory_levels").json()["data"][0]
    assert (level["on_hand"], level["reserved"], level["available"]) == (6, 0, 6)
    entry = api.get("/inventory_ledger", params={"entry_type": "order_fulfilled"}).json()["data"][0]
    assert (entry["quantity"], entry["reference_id"]) == (-4, order["id"])


def test_documents_of_the_past_keep_their_moments(api: Api, house: factories.Warehouse, milk: Any) -> None:
    came, placed, left, back = (f"2020-05-0{day}T08:00:00Z" for day in range(1, 5))
    later = "2999-01-01T00:00:00Z"
    opening = {"sku": "MILK-1L", "location_id": house.site.id, "quantity": 10}
    order = new_order(api, ordered_at=placed)
    rma = {
        "order_id": order["id"],
        "reason": "sour",
        "items": [{"sku": "MILK-1L", "quantity": 1, "condition": "sellable"}],
    }
    for path, body, field in (
        ("/inventory_adjustments", {**opening, "occurred_at": later}, "occurred_at"),
        ("/orders", {"items": [{"sku": "MILK-1L", "quantity": 1}], "ordered_at": later}, "ordered_at"),
        (f"/orders/{order['id']}/fulfill", {"occurred_at": later}, "occurred_at"),
        ("/inventory_adjustments", {**opening, "occurred_at": "1969-12-31T23:59:59Z"}, "occurred_at"),
    ):
        answer = api.post(path, body)
        assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (422, field)
    assert api.post("/inventory_adjustments", {**opening, "occurred_at": came}).status_code == 201
    assert api.post(f"/orders/{order['id']}/fulfill", {"occurred_at": left}).json()["created_at"] == placed
    made = api.post("/return_authorizations", {"return_authorization": rma}).json()
    received = api.post(f"/return_authorizations/{made['id']}/receive", {"occurred_at": back}).json()
    assert received["received_at"] == back
    entries = api.get("/inventory_ledger").json()["data"]
    assert [(row["quantity"], row["occurred_at"]) for row in entries] == [(1, back), (-4, left), (10, came)]
    assert all(row["created_at"] > "2025" for row in entries)


def test_an_order_of_many_lines_is_one_order(api: Api, house: factories.Warehouse) -> None:
    def fill(session: Any) -> None:
        for number in range(12):
            variant = factories.variant(session, sku=f"I-{number:02d}")
            for place, units in ((house.bin, 3), (house.other_bin, 4)):
                factories.stock(session, variant, place, units)

    api.write(fill)
    items = [{"sku": f"I-{number % 12:02d}", "quantity": 1} for number in range(72)]  # each item on six lines
    order = api.post("/orders", {"items": items}).json()
    assert api.post(f"/orders/{order['id']}/reserve").json()["status"] == "reserved"
    done = api.post(f"/orders/{order['id']}/fulfill").json()
    assert (done["status"], {item["fulfilled_quantity"] for item in done["items"]}) == ("fulfilled", {1})
    levels = api.get("/inventory_levels").json()["data"]
    assert {(row["on_hand"], row["reserved"]) for row in levels} == {(1, 0)} and len(levels) == 12
    short = api.post("/orders", {"items": items}).json()
    for step in ("reserve", "fulfill"):
        answer = api.post(f"/orders/{short['id']}/{step}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INSUFFICIENT_STOCK")
        assert {row["sku"] for row in answer.json()["error"]["details"]} >= {f"I-{n:02d}" for n in range(10)}
    wrong = api.post("/orders", {"items": [*items[:3], {"sku": "NO", "quantity": 1}]})
    assert (wrong.status_code, wrong.json()["error"]["details"][0]["field"]) == (404, "items.3.sku")


def test_a_pending_order_may_be_fulfilled_at_once(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    order = new_order(api)
    assert api.post(f"/orders/{order['id']}/fulfill").json()["status"] == "fulfilled"
    assert api.on_hand("MILK-1L") == 6


@pytest.mark.parametrize("named", ["id", "sku", "variant_id"])
def test_partial_fulfilment(api: Api, house: factories.Warehouse, stocked: Any, named: str) -> None:
    order = new_order(api)
    api.post(f"/orders/{order['id']}/reserve")
    item = order["items"][0]
    part = api.post(f"/orders/{order['id']}/fulfill", {"items": [{named: item[named], "quantity": 3}]})
    assert (part.json()["status"], part.json()["items"][0]["fulfilled_quantity"]) == ("reserved", 3)
    too_much = api.post(f"/orders/{order['id']}/fulfill", {"items": [{named: item[named], "quantity": 2}]})
    assert too_much.status_code == 422
    rest = api.post(f"/orders/{order['id']}/fulfill", {"items": [{named: item[named], "quantity": 1}]})
    assert rest.json()["status"] == "fulfilled"
    assert api.on_hand("MILK-1L") == 6


def test_cancel_gives_everything_back(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    order = new_order(api)
    api.post(f"/orders/{order['id']}/reserve")
    parcel = api.write(lambda session: shipping.open_shipment(session, orders.get_order(session, order["id"])))
    assert api.post(f"/orders/{order['id']}/cancel", {"reason": "changed their mind"}).json()["status"] == "cancelled"
    assert api.write(lambda session: shipping.get_shipment(session, parcel.id).status) == "cancelled"
    assert api.get("/inventory_levels").json()["data"][0]["reserved"] == 0


def test_wrong_moves_name_the_state(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    order = new_order(api)
    api.post(f"/orders/{order['id']}/fulfill")
    for step in ("reserve", "fulfill", "cancel"):
        answer = api.post(f"/orders/{order['id']}/{step}")
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "INVALID_STATE"
        assert "fulfilled" in answer.json()["error"]["message"]
    assert api.on_hand("MILK-1L") == 6


def test_reserving_too_much_lists_every_short_variant(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    api.write(lambda session: factories.variant(session, sku="BUTTER"))
    items = [
        {"sku": "MILK-1L", "quantity": 6},
        {"sku": "MILK-1L", "quantity": 5},
        {"sku": "BUTTER", "quantity": 1},
    ]
    order = api.post("/orders", {"items": items}).json()
    answer = api.post(f"/orders/{order['id']}/reserve")
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "INSUFFICIENT_STOCK"
    short = {detail["sku"]: detail for detail in error["details"]}
    ids = [item["id"] for item in order["items"]]
    assert {sku: detail["line_id"] for sku, detail in short.items()} == {"MILK-1L": ids[1], "BUTTER": ids[2]}
    assert (short["MILK-1L"]["requested"], short["MILK-1L"]["available"]) == (11, 10)
    assert api.get("/inventory_levels").json()["data"][-1]["reserved"] == 0


def test_orders_are_filtered_by_status(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    first, second = new_order(api, 1, number="A"), new_order(api, 1, number="B")
    api.post(f"/orders/{first['id']}/reserve")
    listed = {
        status: [order["number"] for order in api.get("/orders", params={"status": status}).json()["data"]]
        for status in ("pending", "reserved", "fulfilled", "cancelled")
    }
    assert listed == {"pending": ["B"], "reserved": ["A"], "fulfilled": [], "cancelled": []}
    assert api.get("/orders", params={"number": "B"}).json()["data"][0]["id"] == second["id"]
    assert api.get("/orders", params={"status": "lost"}).status_code == 422


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": []}, "items"),
        ({"items": None}, "items"),
        ({"items": [{"quantity": 1}]}, "items.0.sku"),
        ({"items": [{"sku": "MILK-1L", "quantity": 0}]}, "items.0.quantity"),
        ({"items": [{"sku": "MILK-1L", "quantity": -1}]}, "items.0.quantity"),
        ({"items": [{"sku": "MILK-1L", "quantity": 1, "price": "1"}]}, "items.0.price"),
        ({"customer": 5}, "customer"),
        ({"customer": {"a": {"b": 1}}}, "customer"),
        ({"customer": {"a": "\x1b[2J"}}, "customer"),
        ({"number": ""}, "number"),
        ({"due_at": "later"}, "due_at"),
        ({"priority": 1.5}, "priority"),
    ],
)
def test_wrong_orders_name_the_field(
    api: Api, house: factories.Warehouse, milk: Any, change: dict[str, Any], field: str
) -> None:
    answer = api.post("/orders", {"items": [{"sku": "MILK-1L", "quantity": 1}], **change})
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["details"][0]["field"].startswith(field)
    assert api.get("/orders").json()["meta"]["total"] == 0


def test_a_number_is_taken_once(api: Api, house: factories.Warehouse, milk: Any) -> None:
    new_order(api, number="SO-1")
    answer = api.post("/orders", {"number": "SO-1", "items": [{"sku": "MILK-1L", "quantity": 1}]})
    assert answer.status_code == 422
    taken = {"field": "number", "message": "Order with number 'SO-1' already exists"}
    assert answer.json()["error"]["details"] == [taken]


def test_with_two_locations_the_order_names_one(api: Api, house: factories.Warehouse, milk: Any) -> None:
    api.write(lambda session: factories.warehouse(session, "WH2"))
    answer = api.post("/orders", {"items": [{"sku": "MILK-1L", "quantity": 1}]})
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (422, "location_id")


def test_orders_of_another_organization_do_not_exist(
    api: Api, other: Api, house: factories.Warehouse, stocked: Any
) -> None:
    order = new_order(api)
    for method, path in (("GET", ""), ("POST", "/reserve"), ("POST", "/fulfill"), ("POST", "/cancel")):
        foreign = other.client.request(method, f"/api/v1/orders/{order['id']}{path}")
        absent = other.client.request(method, f"/api/v1/orders/ord_no{path}")
        assert foreign.status_code == absent.status_code == 404
        assert foreign.json()["error"]["code"] == absent.json()["error"]["code"] == "ORDER_NOT_FOUND"
    assert api.get(f"/orders/{order['id']}").json() == order
    by_sku = other.post("/orders", {"items": [{"sku": "MILK-1L", "quantity": 1}], "location_id": house.site.id})
    assert by_sku.status_code == 404
