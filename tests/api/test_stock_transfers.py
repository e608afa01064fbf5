"""Stock transfers of the operations edition (contract rows 163-167, P7)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests import factories
from tests.api.conftest import Api


@pytest.fixture
def shop(api: Api, house: factories.Warehouse) -> factories.Warehouse:
    """A second location, with 5 gloves; the first has 40 gloves and 48 chocolates of lot C7."""

    def work(session: Any) -> factories.Warehouse:
        other = factories.warehouse(session, "ST1")
        glove, choc = factories.variant(session, sku="GLOVE-L"), factories.variant(session, sku="CHOC-100")
        lot = factories.lot(session, choc, number="C7", expiry=date(2030, 1, 1))
        factories.stock(session, glove, house.bin, 40)
        factories.stock(session, choc, house.bin, 48, lot=lot)
        factories.stock(session, glove, other.bin, 5)
        return other

    return api.write(work)


ITEMS = [{"sku": "GLOVE-L", "quantity": 10}, {"sku": "CHOC-100", "quantity": 24}]


def make(api: Api, house: Any, shop: Any, **more: Any) -> dict[str, Any]:
    body = {"from_location_id": house.site.id, "to_location_id": shop.site.id, "items": ITEMS, **more}
    answer = api.post("/stock_transfers", {"stock_transfer": body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def on_hand(api: Api, sku: str) -> dict[str, float]:
    rows = api.get("/inventory_levels", params={"sku": sku}).json()["data"]
    return {row["location_id"]: row["on_hand"] for row in rows if row["on_hand"]}


def ledger(api: Api, kind: str) -> list[tuple[Any, ...]]:
    rows = api.get("/inventory_ledger", params={"entry_type": kind}).json()["data"]
    names = ("sku", "location_id", "quantity", "balance_after", "lot_number")
    return sorted(tuple(row[name] for name in names) for row in rows)


def test_p7_over_the_contract(api: Api, house: Any, shop: Any) -> None:
    made = make(api, house, shop, number="TR-1")
    assert (made["status"], made["number"]) == ("draft", "TR-1")
    path = f"/stock_transfers/{made['id']}"
    assert api.get(path).json() == made
    shipped = api.post(f"{path}/ship")
    assert (shipped.status_code, shipped.json()["status"]) == (200, "in_transit")
    assert [item["in_transit_quantity"] for item in shipped.json()["items"]] == [10, 24]
    assert on_hand(api, "GLOVE-L") == {house.site.id: 30, shop.site.id: 5}
    assert ledger(api, "transfer_out") == [
        ("CHOC-100", house.site.id, -24, 24, "C7"),
        ("GLOVE-L", house.site.id, -10, 30, None),
    ]
    assert api.post(f"{path}/receive", {"items": []}).status_code == 422
    over = api.post(f"{path}/receive", {"items": [{"sku": "CHOC-100", "quantity": 25}]})
    assert (over.status_code, "at most 24" in over.json()["error"]["message"]) == (422, True)
    short = [{"sku": "GLOVE-L", "quantity": 10}, {"sku": "CHOC-100", "quantity": 22, "lot_number": "C7"}]
    received = api.post(f"{path}/receive", {"items": short})
    assert (received.status_code, received.json()["status"]) == (200, "received")
    assert received.json()["open_discrepancies"] == 1
    assert [item["in_transit_quantity"] for item in received.json()["items"]] == [0, 2]
    assert ledger(api, "transfer_in") == [
        ("CHOC-100", shop.site.id, 22, 22, "C7"),
        ("GLOVE-L", shop.site.id, 10, 15, None),
    ]
    again = api.post(f"{path}/receive")
    assert (again.status_code, again.json()["error"]["code"]) == (422, "INVALID_STATE")


def test_an_empty_receipt_brings_everything(api: Api, house: Any, shop: Any) -> None:
    path = f"/stock_transfers/{make(api, house, shop)['id']}"
    assert api.post(f"{path}/receive").status_code == 422
    api.post(f"{path}/ship")
    answer = api.post(f"{path}/receive").json()
    assert (answer["status"], answer["open_discrepancies"]) == ("received", 0)
    assert [item["received_quantity"] for item in answer["items"]] == [10, 24]
    assert api.post(f"{path}/ship").json()["error"]["code"] == "INVALID_STATE"


def test_the_other_names_of_the_two_ends_and_the_filters(api: Api, house: Any, shop: Any) -> None:
    body = {"source_location_id": house.site.id, "destination_location_id": shop.site.id, "items": ITEMS}
    there = api.post("/stock_transfers", body).json()
    back = make(api, shop, house)

    def listed(**params: Any) -> list[str]:
        answer = api.get("/stock_transfers", params=params).json()
        assert answer["meta"]["total"] == len(answer["data"])
        return [row["id"] for row in answer["data"]]

    assert listed() == [back["id"], there["id"]]
    assert listed(location_id=shop.site.id) == [back["id"], there["id"]]
    assert listed(from_location_id=house.site.id) == listed(destination_location_id=shop.site.id) == [there["id"]]
    assert listed(status="received") == []
    assert listed(number=there["number"]) == [there["id"]]
    page = api.get("/stock_transfers", params={"per_page": 1, "page": 2}).json()
    assert ([row["id"] for row in page["data"]], page["meta"]["total_pages"]) == ([there["id"]], 2)


def test_a_transfer_that_lacks_stock_ships_nothing(api: Api, house: Any, shop: Any) -> None:
    items = [{"sku": "GLOVE-L", "quantity": 41}, {"sku": "CHOC-100", "quantity": 49}]
    answer = api.post(f"/stock_transfers/{make(api, house, shop, items=items)['id']}/ship")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INSUFFICIENT_STOCK")
    assert {(row["sku"], row["available"]) for row in answer.json()["error"]["details"]} == {
        ("GLOVE-L", 40), ("CHOC-100", 48),
    }  # fmt: skip
    assert on_hand(api, "CHOC-100") == {house.site.id: 48}


def test_items_are_named_by_id_or_variant_and_go_to_a_bin(api: Api, house: Any, shop: Any) -> None:
    made = make(api, house, shop)
    path = f"/stock_transfers/{made['id']}"
    api.post(f"{path}/ship")
    glove, choc = made["items"]
    for item, status in (
        ({"id": "trl_no"}, 404),
        ({"sku": "NO"}, 404),
        ({}, 422),
        ({"sku": "GLOVE-L", "location_id": house.bin.id}, 422),
        ({"sku": "CHOC-100", "lot_number": "C8"}, 404),
        ({"sku": "GLOVE-L", "quantity": 0}, 422),
    ):
        assert api.post(f"{path}/receive", {"items": [item]}).status_code == status, item
    items = [{"id": glove["id"], "location_id": shop.other_bin.id}, {"variant_id": choc["variant_id"], "quantity": 24}]
    assert api.post(f"{path}/receive", {"items": items}).json()["open_discrepancies"] == 0
    assert on_hand(api, "GLOVE-L") == {house.site.id: 30, shop.site.id: 15}


def test_less_than_asked_is_shipped_and_the_rest_waits_for_a_reason(api: Api, house: Any, shop: Any) -> None:
    made = make(api, house, shop)
    path, (glove, _) = f"/stock_transfers/{made['id']}", made["items"]
    for items, status in (
        ([{"sku": "GLOVE-L", "quantity": 11}], 422),  # more than it asks for
        ([{"sku": "GLOVE-L", "quantity": 6}, {"id": glove["id"], "quantity": 5}], 422),
        ([{"sku": "GLOVE-L", "quantity": 0}], 422),  # nothing would go
        ([{"sku": "NO", "quantity": 1}], 404),
        ([{"id": "trl_no", "quantity": 1}], 404),
        ([{"sku": "GLOVE-L"}], 422),
        ([], 422),
    ):
        assert api.post(f"{path}/ship", {"items": items}).status_code == status, items
    assert api.post(f"{path}/ship", {"occurred_at": "2999-01-01T00:00:00Z"}).json()["error"]["details"][0]["field"] == (
        "occurred_at"
    )
    assert on_hand(api, "GLOVE-L") == {house.site.id: 40, shop.site.id: 5}
    going = {"items": [{"sku": "GLOVE-L", "quantity": 7}], "occurred_at": "2020-05-01T08:00:00Z"}
    sent = api.post(f"{path}/ship", going).json()
    assert (sent["status"], sent["open_discrepancies"], sent["shipped_at"]) == ("in_transit", 2, "2020-05-01T08:00:00Z")
    assert [item["shipped_quantity"] for item in sent["items"]] == [7, 0]
    body = {"items": [{"id": glove["id"], "quantity": 5}], "occurred_at": "2020-05-03T08:00:00Z"}
    received = api.post(f"{path}/receive", body).json()
    assert (received["open_discrepancies"], received["received_at"]) == (3, "2020-05-03T08:00:00Z")
    assert on_hand(api, "GLOVE-L") == {house.site.id: 33, shop.site.id: 10}
    entries = api.get("/inventory_ledger", params={"reference_id": made["id"]}).json()["data"]
    assert [(row["quantity"], row["occurred_at"]) for row in entries] == [
        (5, "2020-05-03T08:00:00Z"), (-7, "2020-05-01T08:00:00Z"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"from_location_id": None}, 422, "from_location_id"),
        ({"to_location_id": "wh_no"}, 404, "to_location_id"),
        ({"items": []}, 422, "items"),
        ({"items": [{"sku": "NO", "quantity": 1}]}, 404, "items.0.sku"),
        ({"items": [{"sku": "GLOVE-L", "quantity": 0}]}, 422, "items.0.quantity"),
        ({"items": [{"sku": "GLOVE-L", "quantity": 1}] * 2}, 422, "items.1.sku"),
    ],
)
def test_wrong_transfers(api: Api, house: Any, shop: Any, change: dict[str, Any], status: int, field: str) -> None:
    body = {"from_location_id": house.site.id, "to_location_id": shop.site.id, "items": ITEMS, **change}
    answer = api.post("/stock_transfers", body)
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (status, field), answer.text
    assert api.get("/stock_transfers").json()["meta"]["total"] == 0


def test_a_draft_is_cancelled_and_then_goes_nowhere(api: Api, house: Any, shop: Any) -> None:
    path = f"/stock_transfers/{make(api, house, shop)['id']}"
    assert api.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert api.post(f"{path}/ship").status_code == 422
    assert api.post("/stock_transfers", {"from_location_id": house.site.id, "to_location_id": house.site.id,
                                         "items": ITEMS}).status_code == 422  # fmt: skip


def test_a_repeat_ships_once(api: Api, house: Any, shop: Any) -> None:
    path = f"/stock_transfers/{make(api, house, shop)['id']}"
    answers = [api.post(f"{path}/ship", headers={"Idempotency-Key": "ship-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert on_hand(api, "GLOVE-L") == {house.site.id: 30, shop.site.id: 5}


def test_transfers_of_another_organization_do_not_exist(api: Api, other: Api, house: Any, shop: Any) -> None:
    path = f"/stock_transfers/{make(api, house, shop)['id']}"
    assert other.get(path).json()["error"]["code"] == "STOCK_TRANSFER_NOT_FOUND"
    for step in ("ship", "receive", "cancel"):
        assert other.post(f"{path}/{step}").status_code == 404
    assert api.get(path).json()["status"] == "draft"
