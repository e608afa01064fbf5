"""Lots of the operations edition, for organizations with the traceability module."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ambra_tui.services import orders, picking
from tests import factories
from tests.api.conftest import Api, LiveServer, open_api


def new_lot(api: Api, **more: Any) -> dict[str, Any]:
    answer = api.post("/lots", {"lot": {"lot_number": "M130", "sku": "MILK-1L", "expiry_date": "2027-07-15", **more}})
    assert answer.status_code == 201, answer.text
    lot: dict[str, Any] = answer.json()
    return lot


def test_a_lot_is_created_and_read_back(api: Api, house: factories.Warehouse, milk: Any) -> None:
    lot = new_lot(api)
    assert (lot["lot_number"], lot["variant_id"], lot["status"]) == ("M130", milk.id, "active")
    assert (lot["expiry_date"], lot["quantity_initial"], lot["on_hand"]) == ("2027-07-15", 0, 0)
    assert api.get(f"/lots/{lot['id']}").json() == lot
    assert api.get("/lots", params={"variant_id": milk.id}).json()["data"] == [lot]


def test_a_lot_may_come_with_its_stock(api: Api, house: factories.Warehouse, milk: Any) -> None:
    lot = new_lot(api, quantity_initial=24, location_id=house.site.id)
    assert (lot["quantity_initial"], lot["on_hand"]) == (24, 24)
    assert api.on_hand("MILK-1L") == 24


def test_quarantine_holds_the_stock(api: Api, house: factories.Warehouse, milk: Any) -> None:
    lot = new_lot(api, quantity_initial=24)
    changed = api.patch(f"/lots/{lot['id']}", {"lot": {"status": "quarantine", "reason": "seal broken"}})
    assert (changed.status_code, changed.json()["status"]) == (200, "quarantine")
    row = api.get("/inventory_levels").json()["data"][0]
    assert (row["on_hand"], row["held"], row["available"]) == (24, 24, 0)
    assert api.get("/lots", params={"status": "quarantine"}).json()["meta"]["total"] == 1
    assert api.patch(f"/lots/{lot['id']}", {"status": "active"}).json()["status"] == "active"
    assert api.get("/inventory_levels").json()["data"][0]["available"] == 24


@pytest.mark.parametrize("status", ["exhausted", "lost", 5, None])
def test_wrong_states(api: Api, house: factories.Warehouse, milk: Any, status: Any) -> None:
    lot = new_lot(api)
    assert api.patch(f"/lots/{lot['id']}", {"status": status}).status_code == 422
    assert api.get(f"/lots/{lot['id']}").json() == lot


def test_a_lot_number_is_taken_once_a_variant(api: Api, house: factories.Warehouse, milk: Any) -> None:
    new_lot(api)
    answer = api.post("/lots", {"lot_number": "M130", "sku": "MILK-1L"})
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (422, "lot_number")


def test_lots_of_another_organization_do_not_exist(api: Api, other: Api, house: factories.Warehouse, milk: Any) -> None:
    lot = new_lot(api)
    for lot_id in (lot["id"], "lot_no"):
        assert other.get(f"/lots/{lot_id}").json()["error"]["code"] == "LOT_NOT_FOUND"
        assert other.patch(f"/lots/{lot_id}", {"status": "recalled"}).status_code == 404
    assert api.get(f"/lots/{lot['id']}").json()["status"] == "active"


def test_without_the_module_every_call_is_refused(server: LiveServer, store: Any) -> None:
    plain = open_api(store, server.address, "Plain", modules=())
    answers = [
        plain.get("/lots"),
        plain.get("/lots/lot_no"),
        plain.post("/lots", {"lot_number": "A", "sku": "B"}),
        plain.post("/lots", {}),
        plain.get("/lots", params={"page": "0"}),
        plain.patch("/lots/lot_no", {"status": "recalled"}),
    ]
    plain.client.close()
    assert [answer.status_code for answer in answers] == [403] * 6
    assert {answer.json()["error"]["code"] for answer in answers} == {"MODULE_NOT_ENABLED"}


def test_a_lot_that_is_quarantined_is_picked_elsewhere_at_once(api: Api, house: Any) -> None:
    def prepare(session: Any) -> tuple[str, str]:
        milk = factories.variant(session, sku="MILK", is_lot_tracked=True)
        early, late = (factories.lot(session, milk, number=number) for number in ("M1", "M2"))
        factories.stock(session, milk, house.bin, 10, lot=early)
        factories.stock(session, milk, house.other_bin, 10, lot=late)
        lines = [orders.NewOrderLine(milk.id, Decimal(4))]
        order = orders.create_order(session, site_id=house.site.id, lines=lines)
        orders.reserve_order(session, order)
        picking.plan(session, order)
        return order.id, early.id

    order_id, lot_id = api.write(prepare)

    def stops() -> list[str]:
        return api.write(lambda s: [stop.location.code for stop in picking.stops(s, order_id)])

    assert stops() == ["A01-1"]
    assert api.patch(f"/lots/{lot_id}", {"lot": {"status": "quarantine"}}).status_code == 200
    assert stops() == ["A01-2"]


def test_dates_are_corrected_and_a_change_must_name_something(api: Api, house: Any, milk: Any) -> None:
    lot = new_lot(api)
    changed = api.patch(f"/lots/{lot['id']}", {"lot": {"expiry_date": "2027-08-15", "reason": "misread"}})
    assert (changed.status_code, changed.json()["expiry_date"], changed.json()["status"]) == (
        200, "2027-08-15", "active",
    )  # fmt: skip
    assert api.patch(f"/lots/{lot['id']}", {}).json()["error"]["details"][0]["field"] == "status"
    assert api.patch(f"/lots/{lot['id']}", {"expiry_date": "soon"}).status_code == 422


def test_lots_are_filtered_and_paged(api: Api, house: Any, milk: Any) -> None:
    for number in ("A", "B", "C"):
        assert api.post("/lots", {"lot_number": number, "sku": "MILK-1L"}).status_code == 201
    listed = api.get("/lots", params={"per_page": 2, "page": 2})
    assert [row["lot_number"] for row in listed.json()["data"]] == ["A"]
    assert listed.json()["meta"] == {"page": 2, "per_page": 2, "total": 3, "total_pages": 2}
    assert listed.headers["x-total-count"] == "3"
    assert api.get("/lots").json()["meta"]["per_page"] == 25
    assert api.get("/lots", params={"per_page": 1000}).json()["meta"]["per_page"] == 100
    assert [row["lot_number"] for row in api.get("/lots", params={"lot_number": "B"}).json()["data"]] == ["B"]
    assert api.get("/lots", params={"variant_id": "var_no"}).json()["data"] == []
    for wrong in ({"status": "lost"}, {"page": 0}, {"per_page": "x"}, {"status": ""}):
        refused = api.get("/lots", params=wrong)
        assert (refused.status_code, set(refused.json()["error"]) >= {"code", "message", "details"}) == (422, True)


def test_a_lot_may_begin_on_hold_and_needs_its_number_and_item(api: Api, house: Any, milk: Any) -> None:
    lot = new_lot(api, quantity_initial=5, status="quarantine")
    assert (lot["status"], lot["on_hand"]) == ("quarantine", 5)
    assert api.get("/inventory_levels").json()["data"][0]["available"] == 0
    for change, status in (
        ({"lot_number": None}, 422),
        ({"lot_number": "X", "sku": None}, 422),
        ({"lot_number": "X", "sku": "NO-SUCH"}, 404),
        ({"lot_number": "X", "quantity_initial": 0}, 422),
        ({"lot_number": "X", "quantity_initial": 1, "location_id": "wh_no"}, 404),
        ({"lot_number": "X", "location_id": house.site.id}, 422),
        ({"lot_number": "X", "status": "exhausted"}, 422),
        ({"lot_number": "X", "expiry_date": "2027-02-30"}, 422),
    ):
        answer = api.post("/lots", {"lot": {"lot_number": "Y", "sku": "MILK-1L", **change}})
        assert answer.status_code == status, (change, answer.text)
    assert api.get("/lots").json()["meta"]["total"] == 1
