"""Levels, adjustments and the ledger of the operations edition."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.api.conftest import Api


def test_levels_show_what_a_location_holds(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    answer = api.get("/inventory_levels")
    assert answer.status_code == 200
    assert answer.json() == {
        "data": [
            {
                "variant_id": stocked.id,
                "sku": "MILK-1L",
                "product_id": stocked.product_id,
                "location_id": house.site.id,
                "on_hand": 10,
                "reserved": 0,
                "held": 0,
                "available": 10,
                "status": "normal",
            }
        ],
        "meta": {"page": 1, "per_page": 25, "total": 1, "total_pages": 1},
    }
    assert answer.headers["x-total-count"] == "1"


def test_available_leaves_out_what_is_reserved_or_held(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    api.write(lambda session: factories.stock(session, stocked, house.quarantine, 3))
    order = api.post("/orders", {"items": [{"sku": "MILK-1L", "quantity": 4}]}).json()
    api.post(f"/orders/{order['id']}/reserve")
    row = api.get("/inventory_levels").json()["data"][0]
    assert (row["on_hand"], row["reserved"], row["held"], row["available"]) == (13, 4, 3, 6)


@pytest.mark.parametrize("name", ["location_id", "variant_id", "sku", "product_id"])
def test_levels_are_filtered(api: Api, house: factories.Warehouse, stocked: Any, name: str) -> None:
    butter = api.write(lambda session: factories.variant(session, sku="BUTTER"))
    second = api.write(lambda session: factories.warehouse(session, "WH2"))
    api.write(lambda session: factories.stock(session, butter, second.bin, 5))
    wanted = {
        "location_id": second.site.id, "variant_id": butter.id, "sku": "BUTTER", "product_id": butter.product_id,
    }[name]  # fmt: skip
    answer = api.get("/inventory_levels", params={name: wanted}).json()
    assert [row["sku"] for row in answer["data"]] == ["BUTTER"]
    assert answer["meta"]["total"] == 1
    assert api.get("/inventory_levels", params={name: "nothing"}).json()["data"] == []


def test_an_adjustment_up_comes_in_at_the_dock(api: Api, house: factories.Warehouse, milk: Any) -> None:
    body = {"sku": "MILK-1L", "location_id": house.site.id, "quantity": 7, "reason": "stock_in", "notes": "found"}
    answer = api.post("/inventory_adjustments", {"inventory_adjustment": body})
    assert answer.status_code == 201
    made = answer.json()
    assert made["quantity"] == 7
    assert (made["balance_before"], made["balance_after"]) == (0, 7)
    assert (made["reason"], made["notes"], made["entry_type"]) == ("stock_in", "found", "manual_adjustment")
    assert api.client.get(answer.headers["location"]).json() == made
    entry = api.get("/inventory_ledger").json()["data"][0]
    assert entry["reference_id"] == made["id"]
    assert entry["quantity"] == 7
    from ambra_tui.store.models import StockLevel
    from ambra_tui.store.scope import scoped

    levels = api.write(lambda session: session.exec(scoped(session, StockLevel)).all())
    assert [(level.location_id, level.on_hand) for level in levels] == [(house.dock.id, 7)]


def test_an_adjustment_down_leaves_from_the_bins(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    api.write(lambda session: factories.stock(session, stocked, house.other_bin, 5))
    answer = api.post(
        "/inventory_adjustments",
        {"variant_id": stocked.id, "location_id": house.site.id, "quantity": -12, "reason": "shrinkage"},
    )
    assert answer.status_code == 201
    assert (answer.json()["quantity"], answer.json()["balance_after"]) == (-12, 3)
    assert api.on_hand("MILK-1L") == 3


def test_an_adjustment_may_name_one_bin(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    asked = {"sku": "MILK-1L", "location_id": house.other_bin.id, "quantity": -1}
    assert api.post("/inventory_adjustments", asked).json()["error"]["code"] == "INSUFFICIENT_STOCK"
    made = api.post("/inventory_adjustments", {**asked, "location_id": house.bin.id}).json()
    assert (made["location_id"], made["balance_after"]) == (house.site.id, 9)


def test_more_than_is_available_is_refused_and_changes_nothing(
    api: Api, house: factories.Warehouse, stocked: Any
) -> None:
    answer = api.post("/inventory_adjustments", {"sku": "MILK-1L", "location_id": house.site.id, "quantity": -11})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "INSUFFICIENT_STOCK"
    assert (error["details"][0]["sku"], error["details"][0]["available"]) == ("MILK-1L", 10)
    assert api.on_hand("MILK-1L") == 10


def test_reserved_stock_is_not_adjusted_away(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    order = api.post("/orders", {"items": [{"sku": "MILK-1L", "quantity": 9}]}).json()
    assert api.post(f"/orders/{order['id']}/reserve").status_code == 200
    down = {"sku": "MILK-1L", "location_id": house.site.id, "quantity": -2}
    assert api.post("/inventory_adjustments", down).json()["error"]["code"] == "INSUFFICIENT_STOCK"
    assert api.post("/inventory_adjustments", {**down, "quantity": -1}).status_code == 201


def test_an_adjustment_brings_a_lot(api: Api, house: factories.Warehouse, milk: Any) -> None:
    body = {
        "sku": "MILK-1L", "location_id": house.site.id, "quantity": 2.5, "lot_number": "M1",
        "expiry_date": "2027-01-31",
    }  # fmt: skip
    assert api.post("/inventory_adjustments", body).status_code == 201
    lot = api.get("/lots").json()["data"][0]
    assert (lot["lot_number"], lot["expiry_date"], lot["on_hand"]) == ("M1", "2027-01-31", 2.5)
    assert api.get("/inventory_ledger").json()["data"][0]["lot_number"] == "M1"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": "3"}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": 0.0000001}, "quantity"),
        ({"quantity": 10**10}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"sku": 5}, "sku"),
        ({"reason": "a\u0007b"}, "reason"),
        ({"reason": "x" * 256}, "reason"),
        ({"expiry_date": "tomorrow"}, "expiry_date"),
        ({"location_id": None}, "location_id"),
        ({"unit_cost": -1}, "unit_cost"),
    ],
)
def test_wrong_adjustments_name_the_field(
    api: Api, house: factories.Warehouse, milk: Any, change: dict[str, Any], field: str
) -> None:
    body = {"sku": "MILK-1L", "location_id": house.site.id, "quantity": 1, **change}
    answer = api.post("/inventory_adjustments", body)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert error["details"][0]["field"] == field
    if change == {"quantity": 0.0000001}:
        assert "quantity must have at most six decimals" in error["message"]
    assert api.get("/inventory_ledger").json()["meta"]["total"] == 0


def test_the_ledger_is_newest_first_and_leaves_bin_moves_out(
    api: Api, house: factories.Warehouse, stocked: Any
) -> None:
    from decimal import Decimal

    from ambra_tui.ledger import Guard, MoveKind, Posting, post

    move = Posting(stocked.id, house.bin.id, house.other_bin.id, Decimal(4), MoveKind.BIN_MOVE, "b1", guard=Guard.FREE)
    api.write(lambda session: post(session, [move]))
    for quantity in (-1, -2):
        api.post("/inventory_adjustments", {"sku": "MILK-1L", "location_id": house.site.id, "quantity": quantity})
    entries = api.get("/inventory_ledger").json()["data"]
    assert [(entry["quantity"], entry["balance_before"], entry["balance_after"]) for entry in entries] == [
        (-2, 9, 7),
        (-1, 10, 9),
        (10, 0, 10),
    ]
    assert [entry["entry_type"] for entry in entries] == ["manual_adjustment", "manual_adjustment", "opening_balance"]


def test_ledger_filters(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    api.post("/inventory_adjustments", {"sku": "MILK-1L", "location_id": house.site.id, "quantity": -1})
    today = api.store.clock.today().isoformat()

    def total(**filters: str) -> int:
        answer = api.get("/inventory_ledger", params=filters)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["meta"]["total"])

    assert total(entry_type="manual_adjustment") == 1
    assert total(sku="MILK-1L") == total(variant_id=stocked.id) == total(location_id=house.site.id) == 2
    assert total(sku="OTHER") == 0
    assert total(start_date=today, end_date=today) == 2
    assert total(end_date="2000-01-01") == 0
    assert total(start_date=f"{today}T00:00:00+00:00") == 2
    assert api.get("/inventory_ledger", params={"entry_type": "magic"}).status_code == 422
    assert api.get("/inventory_ledger", params={"start_date": "soon"}).status_code == 422


def test_a_location_of_another_organization_does_not_exist(
    api: Api, other: Api, house: factories.Warehouse, milk: Any
) -> None:
    foreign = other.post("/inventory_adjustments", {"variant_id": milk.id, "location_id": house.site.id, "quantity": 1})
    absent = other.post("/inventory_adjustments", {"variant_id": milk.id, "location_id": "wh_no", "quantity": 1})
    assert foreign.status_code == absent.status_code == 404
    assert foreign.json()["error"]["code"] == absent.json()["error"]["code"] == "LOCATION_NOT_FOUND"
