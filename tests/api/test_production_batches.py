"""Production batches of the operations edition (contract: the section Production Batches)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store
from tests import factories
from tests.api.conftest import Api, LiveServer, open_api

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def api(store: Store, server: LiveServer) -> Iterator[Api]:
    """An organization that manufactures and traces lots."""
    opened = open_api(store, server.address, "Bakery", modules=("manufacturing", "traceability"))
    yield opened
    opened.client.close()


@pytest.fixture
def recipe(api: Api, house: factories.Warehouse) -> dict[str, Any]:
    """20 loaves of 12 flour (130 in two lots, the nearer one behind) and half a salt (of 5)."""

    def work(session: Any) -> None:
        flour = factories.variant(session, sku="FLOUR", is_lot_tracked=True)
        salt = factories.variant(session, sku="SALT")
        factories.variant(session, sku="BREAD", is_lot_tracked=True)
        near = factories.lot(session, flour, number="NEAR", expiry=date(2031, 1, 1))
        far = factories.lot(session, flour, number="FAR", expiry=date(2032, 1, 1))
        factories.stock(session, flour, house.bin, 100, lot=far, unit_cost=10_000)
        factories.stock(session, flour, house.other_bin, 30, lot=near, unit_cost=10_000)
        factories.stock(session, salt, house.bin, 5, unit_cost=40_000)

    api.write(work)
    ingredients = [{"sku": "FLOUR", "quantity": 12}, {"sku": "SALT", "quantity": 0.5}]
    body = {"output_sku": "BREAD", "output_quantity": 20, "shelf_life_days": 3, "ingredients": ingredients}
    made: dict[str, Any] = api.post("/recipes", body).json()
    return made


def plan(api: Api, house: factories.Warehouse, recipe: Any, quantity: Any = 40, **more: Any) -> Any:
    body = {"recipe_id": recipe["id"], "location_id": house.site.id, "planned_quantity": quantity, **more}
    return api.post("/production_batches", {"production_batch": body})


def level(api: Api, sku: str) -> tuple[float, float]:
    row = api.get("/inventory_levels", params={"sku": sku}).json()["data"][0]
    return row["on_hand"], row["reserved"]


def ledger(api: Api) -> list[tuple[Any, ...]]:
    rows = api.get("/inventory_ledger").json()["data"]
    names = ("entry_type", "sku", "quantity", "lot_number", "reference_type", "reference_id")
    return [tuple(row[name] for name in names) for row in reversed(rows) if row["entry_type"].startswith("production")]


def test_a_batch_over_the_contract(api: Api, store: Store, house: Any, recipe: Any) -> None:
    answer = plan(api, house, recipe, notes="for the weekend")
    batch = answer.json()
    path = f"/production_batches/{batch['id']}"
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/v1{path}")
    assert {name: batch[name] for name in ("recipe_id", "location_id", "planned_quantity", "status", "notes")} == {
        "recipe_id": recipe["id"], "location_id": house.site.id, "planned_quantity": 40, "status": "planned",
        "notes": "for the weekend",
    }  # fmt: skip
    assert (batch["number"], batch["actual_quantity_produced"], batch["outputs"]) == ("PB-000001", None, [])
    assert [(i["sku"], i["planned_quantity"], i["actual_quantity"], i["lots"]) for i in batch["inputs"]] == [
        ("FLOUR", 24, 0, []), ("SALT", 1, 0, []),
    ]  # fmt: skip
    assert level(api, "FLOUR") == (130, 0)

    started = api.post(f"{path}/start")
    assert (started.status_code, started.json()["status"]) == (200, "in_progress")
    assert [level(api, sku) for sku in ("FLOUR", "SALT")] == [(130, 24), (5, 1)]

    flour, salt = (row["id"] for row in batch["inputs"])
    body = {
        "production_batch": {"actual_quantity_produced": 38},
        "inputs": [
            {"production_batch_input_id": flour, "actual_quantity": 29, "waste_quantity": 2},
            {"production_batch_input_id": salt, "actual_quantity": 0.9},
        ],
    }
    completed = api.post(f"{path}/complete", body)
    assert completed.status_code == 200, completed.text
    done = completed.json()
    assert (done["status"], done["actual_quantity_produced"]) == ("completed", 38)
    assert [(i["actual_quantity"], i["waste_quantity"]) for i in done["inputs"]] == [(29, 2), (0.9, 0)]
    assert [(lot["lot_number"], lot["quantity"], lot["waste_quantity"]) for lot in done["inputs"][0]["lots"]] == [
        ("NEAR", 29, 1), ("FAR", 0, 1),
    ]  # fmt: skip
    (output,) = done["outputs"]
    assert (output["sku"], output["quantity"], output["lot_number"]) == ("BREAD", 38, "PB-000001")
    assert output["unit_cost"] == 0.009105  # 31 flour at 0.01 and 0.9 salt at 0.04, shared by 38
    lot = api.get(f"/lots/{output['lot_record_id']}").json()
    assert (lot["expiry_date"], lot["quantity_initial"], lot["status"]) == (output["expiry_date"], 38, "active")
    assert lot["expiry_date"] is not None
    said = ("production_batch", batch["id"])
    assert ledger(api) == [
        ("production_consumed", "FLOUR", -29, "NEAR", *said),
        ("production_waste", "FLOUR", -1, "NEAR", *said),
        ("production_waste", "FLOUR", -1, "FAR", *said),
        ("production_consumed", "SALT", -0.9, None, *said),
        ("production_output", "BREAD", 38, "PB-000001", *said),
    ]
    waste = api.get("/waste_records", params={"reason": "production"}).json()["data"]
    assert sorted((row["quantity"], row["notes"]) for row in waste) == [(1, "PB-000001"), (1, "PB-000001")]
    assert [level(api, sku) for sku in ("FLOUR", "SALT", "BREAD")] == [(99, 0), (4.1, 0), (38, 0)]
    assert api.get(path).json() == done
    for step, sent in (("start", None), ("complete", body), ("cancel", None)):
        refused = api.post(f"{path}/{step}", sent)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "INVALID_STATE")
        assert "is completed" in refused.json()["error"]["message"]
    assert verify_store(store).is_clean


def test_bracketed_forms_repeats_and_what_is_due_by_default(api: Api, house: Any, recipe: Any) -> None:
    form = (
        f"production_batch[recipe_id]={recipe['id']}&production_batch[location_id]={house.site.id}"
        "&production_batch[planned_quantity]=20&production_batch[notes]=by form&production_batch[number]=PB-9"
    )
    planned = api.client.post("/api/v1/production_batches", content=form, headers=FORM)
    assert (planned.status_code, planned.json()["number"]) == (201, "PB-9"), planned.text
    path = f"/production_batches/{planned.json()['id']}"
    early = api.post(f"{path}/complete", {"actual_quantity_produced": 20})
    assert (early.status_code, early.json()["error"]["code"]) == (422, "INVALID_STATE")
    starts = [api.post(f"{path}/start", headers={"Idempotency-Key": "s"}) for _ in range(2)]
    assert starts[0].content == starts[1].content
    assert level(api, "FLOUR") == (130, 12)
    flour = planned.json()["inputs"][0]["id"]
    done = api.client.post(
        f"/api/v1{path}/complete",
        content=(
            "production_batch[actual_quantity_produced]=20&production_batch[lot_number]=B-7"
            "&production_batch[expiry_date]=2033-05-05"
            f"&production_batch[inputs][][production_batch_input_id]={flour}"
            "&production_batch[inputs][][waste_quantity]=0.5"
        ),
        headers={**FORM, "Idempotency-Key": "c"},
    )
    assert done.status_code == 200, done.text
    assert [(i["actual_quantity"], i["waste_quantity"]) for i in done.json()["inputs"]] == [(12, 0.5), (0.5, 0)]
    (output,) = done.json()["outputs"]
    assert (output["lot_number"], output["expiry_date"]) == ("B-7", "2033-05-05")
    assert level(api, "FLOUR") == (117.5, 0)


def test_every_short_ingredient_is_listed(api: Api, house: Any, recipe: Any) -> None:
    short = plan(api, house, recipe, 400)
    assert (short.status_code, short.json()["error"]["code"]) == (422, "INSUFFICIENT_STOCK")
    rows = short.json()["error"]["details"]
    assert {(row["sku"], row["requested"], row["available"]) for row in rows} == {
        ("FLOUR", 240, 130), ("SALT", 10, 5),
    }  # fmt: skip
    first, second = (plan(api, house, recipe, 160).json()["id"] for _ in range(2))  # nothing is reserved by a plan
    assert api.post(f"/production_batches/{first}/start").status_code == 200
    late = api.post(f"/production_batches/{second}/start")
    assert (late.status_code, {row["sku"] for row in late.json()["error"]["details"]}) == (422, {"FLOUR", "SALT"})
    assert api.get(f"/production_batches/{second}").json()["status"] == "planned"
    cancelled = api.post(f"/production_batches/{first}/cancel").json()
    assert (cancelled["status"], level(api, "FLOUR"), level(api, "SALT")) == ("cancelled", (130, 0), (5, 0))
    assert ledger(api) == []
    assert api.post(f"/production_batches/{second}/start").json()["status"] == "in_progress"
    inputs = api.get(f"/production_batches/{second}").json()["inputs"]
    given = [
        {"production_batch_input_id": row["id"], "actual_quantity": quantity}
        for row, quantity in zip(inputs, (131, 6), strict=True)
    ]
    over = api.post(
        f"/production_batches/{second}/complete", {"actual_quantity_produced": 160, "inputs_attributes": given}
    )
    assert (over.status_code, {row["sku"] for row in over.json()["error"]["details"]}) == (422, {"FLOUR", "SALT"})
    assert (level(api, "FLOUR"), ledger(api)) == ((130, 96), [])


def test_lists_filters_and_who_may(api: Api, store: Store, server: LiveServer, house: Any, recipe: Any) -> None:
    first, second = (plan(api, house, recipe).json()["id"] for _ in range(2))
    api.post(f"/production_batches/{first}/cancel")

    def listed(**params: Any) -> list[str]:
        answer = api.get("/production_batches", params=params).json()
        assert answer["meta"]["total"] == len(answer["data"])
        return [row["id"] for row in answer["data"]]

    assert listed() == [second, first]
    assert listed(status="cancelled") == listed(number="PB-000001") == [first]
    assert listed(recipe_id=recipe["id"], location_id=house.site.id, status="planned") == [second]
    assert listed(recipe_id="rcp_no") == listed(location_id="wh_no") == []
    page = api.get("/production_batches", params={"per_page": 1, "page": 2}).json()
    assert page["meta"] == {"page": 2, "per_page": 1, "total": 2, "total_pages": 2}
    assert api.get("/production_batches", params={"per_page": 500}).json()["meta"]["per_page"] == 100
    for params in ({"status": "done"}, {"page": 0}, {"per_page": "x"}):
        refused = api.get("/production_batches", params=params)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "VALIDATION_ERROR"), params
    missing = api.get("/production_batches/bat_no")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "PRODUCTION_BATCH_NOT_FOUND")
    for step in ("start", "complete", "cancel"):
        answer = api.post(f"/production_batches/bat_no/{step}", {"actual_quantity_produced": 1})
        assert answer.status_code == 404, step
    trader, path = open_api(store, server.address, "Trader", modules=("traceability",)), f"/production_batches/{second}"
    answers = [trader.get("/production_batches"), trader.get(path), plan(trader, house, recipe)]
    answers += [trader.post(f"{path}/{step}", {}) for step in ("start", "complete", "cancel")]
    trader.client.close()
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "MODULE_NOT_ENABLED")


def test_wrong_plans(api: Api, house: Any, recipe: Any) -> None:
    for change, status, field in (
        ({"recipe_id": None}, 422, "recipe_id"),
        ({"recipe_id": "rcp_no"}, 404, "recipe_id"),
        ({"location_id": None}, 422, "location_id"),
        ({"location_id": "wh_no"}, 404, "location_id"),
        ({"planned_quantity": 0}, 422, "planned_quantity"),
        ({"planned_quantity": 0.0000001}, 422, "planned_quantity"),
        ({"planned_quantity": "40"}, 422, "planned_quantity"),
        ({"notes": "x" * 1001}, 422, "notes"),
    ):
        body = {"recipe_id": recipe["id"], "location_id": house.site.id, "planned_quantity": 40, **change}
        answer = api.post("/production_batches", {name: value for name, value in body.items() if value is not None})
        assert answer.status_code == status, (change, answer.text)
        assert [row["field"] for row in answer.json()["error"]["details"]] == [field], change
    assert api.get("/production_batches").json()["meta"]["total"] == 0


def test_wrong_completions_post_nothing_and_lots_may_be_named(api: Api, house: Any, recipe: Any) -> None:
    batch = plan(api, house, recipe).json()
    path = f"/production_batches/{batch['id']}"
    api.post(f"{path}/start")
    flour, salt = (row["id"] for row in batch["inputs"])

    def named(**more: Any) -> list[dict[str, Any]]:
        return [{"production_batch_input_id": flour, **more}]

    for change, status, field in (
        ({"actual_quantity_produced": None}, 422, "actual_quantity_produced"),
        ({"actual_quantity_produced": 0}, 422, "actual_quantity_produced"),
        ({"inputs": [{"actual_quantity": 1}]}, 422, "inputs.0.production_batch_input_id"),
        ({"inputs": [{"production_batch_input_id": "pin_no"}]}, 404, "inputs.0.production_batch_input_id"),
        ({"inputs": named() * 2}, 422, "inputs.1.production_batch_input_id"),
        ({"inputs": named(actual_quantity=-1)}, 422, "inputs.0.actual_quantity"),
        ({"inputs": named(waste_quantity=-1)}, 422, "inputs.0.waste_quantity"),
        ({"inputs": named(lots=[{"quantity": 1}])}, 422, "inputs.0.lots.0.lot_record_id"),
        ({"inputs": named(lots=[{"lot_number": "NO", "quantity": 1}])}, 404, "inputs.0.lots.0.lot_number"),
        ({"inputs": named(lots=[{"lot_record_id": "lot_no", "quantity": 1}])}, 404, "inputs.0.lots.0.lot_record_id"),
        ({"inputs": named(actual_quantity=1, lots=[{"lot_number": "FAR", "quantity": 2}])}, 422, "inputs.0.lots"),
        ({"location_id": "loc_no"}, 404, "location_id"),
        ({"expiry_date": "2001-01-01"}, 422, "expiry_date"),
        ({"lot_number": ""}, 422, "lot_number"),
    ):
        body = {"actual_quantity_produced": 40, **change}
        answer = api.post(f"{path}/complete", {name: value for name, value in body.items() if value is not None})
        assert answer.status_code == status, (change, answer.text)
        assert [row["field"] for row in answer.json()["error"]["details"]] == [field], change
    assert (api.get(path).json()["status"], level(api, "FLOUR"), ledger(api)) == ("in_progress", (130, 24), [])
    body = {
        "actual_quantity_produced": 41,
        "location_id": house.bin.id,
        "production_batch_inputs_attributes": {
            "0": {"id": flour, "lots": [{"lot_number": "FAR", "quantity": 25}]},
            "1": {"id": salt, "actual_quantity": 0},
        },
    }
    done = api.post(f"{path}/complete", body).json()
    assert [(lot["lot_number"], lot["quantity"]) for lot in done["inputs"][0]["lots"]] == [("FAR", 25)]
    assert (done["inputs"][1]["actual_quantity"], level(api, "SALT"), level(api, "BREAD")) == (0, (5, 0), (41, 0))
