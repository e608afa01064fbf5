"""Traces and recalls over REST: contract rows trace_forward, trace_backward and PATCH /lots/:id."""

from __future__ import annotations

from typing import Any

import pytest

from ambra_tui.api.editions.operations import traces
from tests.api.conftest import Api, LiveServer, open_api
from tests.services.test_tracing import Bakery, bakery

CONTRACT_LOT = {"id", "lot_number", "variant_id", "status", "expiry_date", "quantity_initial"}


@pytest.fixture
def b(api: Api) -> Bakery:
    """Flour, dough, bread, sandwiches, and two customers."""
    made: Bakery = api.write(bakery)
    return made


def test_forward_is_every_movement_by_the_page_the_stock_and_whom_it_reached(api: Api, b: Bakery) -> None:
    bread = b.lots["B1"]
    answer = api.get(f"/lots/{bread}/trace_forward")
    assert answer.status_code == 200, answer.text
    trace = answer.json()
    assert set(trace["lot"]) >= CONTRACT_LOT
    assert (trace["lot"]["id"], trace["lot"]["on_hand"]) == (bread, 16)
    entries = trace["lot_ledger_entries"]
    assert [(entry["entry_type"], entry["quantity"]) for entry in entries] == [
        ("order_fulfilled", -4), ("production_consumed", -10), ("production_output", 30),
    ]  # fmt: skip
    assert trace["meta"] == {"page": 1, "per_page": 25, "total": 3, "total_pages": 1}
    left = entries[0]
    assert (left["document"]["type"], left["document"]["number"]) == ("sales_order", "SO-1")
    assert left["document"]["customer"] == {"name": "Ana"}
    assert (left["source"]["code"], left["source"]["location_id"], left["destination"]["kind"]) == (
        "A01-1", b.house.site.id, "customer",
    )  # fmt: skip
    assert (left["location_id"], left["location_code"], left["created_by_name"] or "") == (b.house.site.id, "WH1", "")
    (held,) = trace["current_stock"]
    assert (held["location_id"], held["on_hand"], [row["code"] for row in held["bins"]]) == (
        b.house.site.id, 16, ["A01-1"],
    )  # fmt: skip
    assert sum(entry["quantity"] for entry in entries) == held["on_hand"]
    (made,) = trace["made_lots"]
    assert (made["id"], made["level"], made["parent_lot_id"], made["quantity"]) == (b.lots["S1"], 1, bread, 10)
    assert [(row["number"], row["shipped"], row["returned"]) for row in trace["orders"]] == [
        ("SO-2", 2, 0), ("SO-1", 4, 0),
    ]  # fmt: skip
    assert trace["is_complete"]
    flour = api.get(f"/lots/{b.lots['F1']}/trace_forward").json()
    assert [(row["lot_number"], row["level"]) for row in flour["made_lots"]] == [("D1", 1), ("B1", 2), ("S1", 3)]
    assert [row["number"] for row in flour["orders"]] == ["SO-2", "SO-1"]

    second = api.get(f"/lots/{bread}/trace_forward", params={"page": 2, "per_page": 1}).json()
    assert second["lot_ledger_entries"] == entries[1:2]
    assert second["meta"] == {"page": 2, "per_page": 1, "total": 3, "total_pages": 3}
    assert api.get(f"/lots/{bread}/trace_forward", params={"page": 9}).json()["lot_ledger_entries"] == []
    assert api.get(f"/lots/{bread}/trace_forward", params={"per_page": 500}).json()["meta"]["per_page"] == 100
    for wrong in ({"page": 0}, {"per_page": "many"}, {"page": -1}):
        refused = api.get(f"/lots/{bread}/trace_forward", params=wrong)
        assert (refused.status_code, list(refused.json())) == (422, ["error"])


def test_a_trace_says_when_it_does_not_list_everything(api: Api, b: Bakery, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = api.get(f"/lots/{b.lots['B1']}/trace_forward", params={"per_page": 1}).json()
    assert (len(trace["orders"]), trace["is_complete"]) == (1, False)
    monkeypatch.setattr(traces, "MAX_MADE", 1)
    trace = api.get(f"/lots/{b.lots['F1']}/trace_forward").json()
    assert (len(trace["made_lots"]), trace["is_complete"]) == (1, False)
    whole = api.get(f"/lots/{b.lots['B1']}/recall", params={"per_page": 1}).json()
    assert (len(whole["orders"]), whole["meta"]["total"], whole["totals"]["orders"]) == (1, 2, 2)


def test_backward_leads_through_every_batch_to_the_purchase_order(api: Api, b: Bakery) -> None:
    trace = api.get(f"/lots/{b.lots['S1']}/trace_backward").json()
    assert trace["lot"]["id"] == b.lots["S1"]
    assert (trace["source_batch"]["status"], trace["source_batch"]["actual_quantity_produced"]) == ("completed", 10)
    assert trace["source_batches"] == [trace["source_batch"]]
    told = [(row["lot_number"], row["level"], row["quantity"], row["sku"]) for row in trace["input_lots"]]
    assert told == [("B1", 1, 10, "BREAD"), ("D1", 2, 30, "DOUGH"), ("F1", 3, 40, "FLOUR")]
    assert [row["parent_lot_id"] for row in trace["input_lots"]] == [b.lots[name] for name in ("S1", "B1", "D1")]
    (receipt,) = trace["input_lots"][-1]["received_from"]
    assert (receipt["number"], receipt["supplier_name"], receipt["quantity"]) == ("PO-7", "Mill Ltd", 100)
    bought = api.get(f"/lots/{b.lots['F1']}/trace_backward").json()
    assert (bought["source_batch"], bought["source_batches"], bought["input_lots"]) == (None, [], [])
    assert [row["number"] for row in bought["received_from"]] == ["PO-7"]


def test_a_patch_recalls_with_all_that_was_made_and_another_ends_it(api: Api, b: Bakery) -> None:
    flour = b.lots["F1"]
    look = api.get(f"/lots/{flour}/recall").json()
    assert (look["recall"], look["totals"]["lots"], look["customers"]) == (None, 4, ["Ana", "Ben"])
    body = {"lot": {"status": "recalled", "reason": "metal found"}}
    done = api.patch(f"/lots/{flour}", body)
    assert (done.status_code, done.json()["status"]) == (200, "recalled")
    assert {row["status"] for row in api.get("/lots").json()["data"]} == {"recalled"}
    levels = api.get("/inventory_levels").json()["data"]
    assert {row["available"] for row in levels} == {0}
    report = api.get(f"/lots/{b.lots['B1']}/recall").json()
    assert (report["recall"]["status"], report["recall"]["reason"], report["recall"]["lot_id"]) == (
        "open", "metal found", flour,
    )  # fmt: skip
    assert report["totals"] == {
        "lots": 4, "orders": 2, "customers": 2, "shipped": 6, "returned": 0, "on_hand": 94, "in_transit": 0,
    }  # fmt: skip
    again = api.patch(f"/lots/{flour}", body)
    assert (again.status_code, "recalled" in again.json()["error"]["message"]) == (422, True)
    lifted = api.patch(f"/lots/{flour}", {"status": "active", "reason": "false alarm"})
    assert (lifted.status_code, lifted.json()["status"]) == (200, "active")
    assert {row["status"] for row in api.get("/lots").json()["data"]} == {"active"}
    alone = {"status": "recalled", "include_made_lots": False}
    assert api.patch(f"/lots/{flour}", alone).status_code == 200
    assert api.get("/lots", params={"status": "recalled"}).json()["meta"]["total"] == 1


def test_traces_of_another_organization_do_not_exist_and_need_the_module(
    api: Api, other: Api, b: Bakery, server: LiveServer, store: Any
) -> None:
    plain = open_api(store, server.address, "Plain", modules=())
    for name in ("trace_forward", "trace_backward", "recall"):
        answers = [other.get(f"/lots/{lot_id}/{name}") for lot_id in (b.lots["B1"], "lot_no")]
        assert [(row.status_code, row.json()["error"]["code"]) for row in answers] == [(404, "LOT_NOT_FOUND")] * 2
        off = plain.get(f"/lots/{b.lots['B1']}/{name}")
        assert (off.status_code, off.json()["error"]["code"]) == (403, "MODULE_NOT_ENABLED")
    plain.client.close()
