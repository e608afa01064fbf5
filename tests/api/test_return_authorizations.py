"""Returns of the operations edition (contracts, endpoints 175-180)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api


@pytest.fixture
def order(api: Api, stocked: Any) -> str:
    """The id of an order of which 4 MILK-1L were shipped; 6 stay."""
    made = api.post("/orders", {"order": {"items": [{"sku": "MILK-1L", "quantity": 4}]}}).json()
    assert api.post(f"/orders/{made['id']}/fulfill").json()["status"] == "fulfilled"
    return str(made["id"])


def authorize(api: Api, order: str, *items: tuple[float, str], **more: Any) -> Any:
    rows = [{"sku": "MILK-1L", "quantity": quantity, "condition": condition} for quantity, condition in items]
    body = {"return_authorization": {"order_id": order, "reason": "sour", "items": rows, **more}}
    return api.post("/return_authorizations", body)


def entries(api: Api, kind: str) -> list[float]:
    rows = api.get("/inventory_ledger", params={"entry_type": kind}).json()["data"]
    return [row["quantity"] for row in reversed(rows)]


def test_a_return_is_made_listed_and_received(api: Api, order: str) -> None:
    made = authorize(api, order, (2, "sellable"), (1, "damaged"), (1, "discarded"), number="RMA-1")
    assert made.status_code == 201
    rma = made.json()
    assert (rma["status"], rma["order_id"], rma["reason"], rma["number"]) == ("pending", order, "sour", "RMA-1")
    assert [(i["sku"], i["quantity"], i["condition"]) for i in rma["items"]] == [
        ("MILK-1L", 2, "sellable"),
        ("MILK-1L", 1, "damaged"),
        ("MILK-1L", 1, "discarded"),
    ]
    assert made.headers["location"].endswith(f"/return_authorizations/{rma['id']}")
    assert api.get(f"/return_authorizations/{rma['id']}").json() == rma
    assert api.get("/return_authorizations", params={"order_id": order}).json()["data"] == [rma]
    assert api.get("/return_authorizations", params={"status": "received"}).json()["data"] == []

    done = api.post(f"/return_authorizations/{rma['id']}/receive")
    assert (done.status_code, done.json()["status"]) == (200, "received")
    assert api.on_hand("MILK-1L") == 8
    assert (entries(api, "return_received"), entries(api, "return_disposed")) == ([2], [1, -1, 1, -1])
    again = api.post(f"/return_authorizations/{rma['id']}/receive")
    assert (again.status_code, api.on_hand("MILK-1L")) == (422, 8)


def test_the_ledger_adds_up_to_what_is_there(api: Api, order: str) -> None:
    rma = authorize(api, order, (1, "sellable"), (3, "damaged")).json()
    api.post(f"/return_authorizations/{rma['id']}/receive")
    rows = api.get("/inventory_ledger").json()["data"]
    assert sum(row["quantity"] for row in rows) == api.on_hand("MILK-1L") == rows[0]["balance_after"] == 7


def test_more_than_was_shipped_is_refused_over_all_returns_of_the_order(api: Api, order: str) -> None:
    assert authorize(api, order, (5, "sellable")).status_code == 422
    assert authorize(api, order, (3, "sellable"), (2, "damaged")).status_code == 422
    first = authorize(api, order, (3, "sellable"))
    assert first.status_code == 201
    assert authorize(api, order, (2, "sellable")).status_code == 422
    assert api.post(f"/return_authorizations/{first.json()['id']}/cancel").json()["status"] == "cancelled"
    assert authorize(api, order, (4, "sellable")).status_code == 201


def test_an_order_that_has_not_left_has_nothing_to_return(api: Api, stocked: Any) -> None:
    made = api.post("/orders", {"order": {"items": [{"sku": "MILK-1L", "quantity": 4}]}}).json()
    assert authorize(api, made["id"], (1, "sellable")).status_code == 422


def test_reason_and_items_change_while_it_is_pending(api: Api, order: str) -> None:
    path = f"/return_authorizations/{authorize(api, order, (2, 'sellable')).json()['id']}"
    changed = api.patch(path, {"return_authorization": {"reason": "late"}})
    assert (changed.status_code, changed.json()["reason"], len(changed.json()["items"])) == (200, "late", 1)
    items = [{"sku": "MILK-1L", "quantity": 4, "condition": "discarded"}]
    changed = api.patch(path, {"items": items})
    assert [(i["quantity"], i["condition"]) for i in changed.json()["items"]] == [(4, "discarded")]
    assert api.patch(path, {"items": [{**items[0], "quantity": 5}]}).status_code == 422
    api.post(f"{path}/receive")
    assert api.patch(path, {"reason": "later"}).status_code == 422
    assert api.post(f"{path}/cancel").status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "", "items": [{"sku": "MILK-1L", "quantity": 1, "condition": "sellable"}]},
        {"items": [{"sku": "MILK-1L", "quantity": 1, "condition": "sellable"}]},
        {"reason": "sour", "items": []},
        {"reason": "sour", "items": [{"sku": "MILK-1L", "quantity": 0, "condition": "sellable"}]},
        {"reason": "sour", "items": [{"sku": "MILK-1L", "quantity": 1, "condition": "fine"}]},
        {"reason": "sour", "items": [{"sku": "MILK-1L", "quantity": 1}]},
    ],
)
def test_what_is_missing_or_wrong_is_named(api: Api, order: str, body: dict[str, Any]) -> None:
    answer = api.post("/return_authorizations", {"return_authorization": {"order_id": order, **body}})
    assert answer.status_code == 422


def test_another_organization_sees_nothing_of_it(api: Api, other: Api, order: str) -> None:
    rma = authorize(api, order, (1, "sellable")).json()
    assert other.get(f"/return_authorizations/{rma['id']}").status_code == 404
    for step in ("receive", "cancel"):
        assert other.post(f"/return_authorizations/{rma['id']}/{step}").status_code == 404
    assert other.patch(f"/return_authorizations/{rma['id']}", {"reason": "x"}).status_code == 404
    assert authorize(other, order, (1, "sellable")).status_code == 404


def test_a_repeated_receipt_with_its_key_brings_the_stock_once(api: Api, order: str) -> None:
    rma = authorize(api, order, (2, "sellable")).json()
    answers = [
        api.post(f"/return_authorizations/{rma['id']}/receive", headers={"Idempotency-Key": "r-1"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert api.on_hand("MILK-1L") == 8


def test_sellable_items_come_to_the_bin_that_is_named(api: Api, house: Any, order: str) -> None:
    rma = authorize(api, order, (2, "sellable")).json()
    wrong = api.post(f"/return_authorizations/{rma['id']}/receive", {"location_id": "loc_nowhere"})
    assert wrong.status_code == 404
    done = api.post(f"/return_authorizations/{rma['id']}/receive", {"location_id": house.bin.id})
    assert done.status_code == 200
    assert api.on_hand("MILK-1L") == 8
