"""Recipes of the operations edition (contract: GET and POST /recipes, GET /recipes/:id)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from ambra_tui.services.catalog import variant_by_sku
from ambra_tui.store import Store
from tests import factories
from tests.api.conftest import Api, LiveServer, open_api

BREAD = {
    "name": "Bread",
    "output_sku": "BREAD",
    "output_quantity": 20,
    "shelf_life_days": 3,
    "ingredients": [{"sku": "FLOUR", "quantity": 12}, {"sku": "SALT", "quantity": 0.5}],
}


@pytest.fixture
def api(store: Store, server: LiveServer) -> Iterator[Api]:
    """An organization that manufactures, with flour, salt and bread in its catalogue."""
    opened = open_api(store, server.address, "Bakery", modules=("manufacturing",))
    for sku in ("FLOUR", "SALT", "BREAD", "TOAST"):
        opened.write(partial(factories.variant, sku=sku))
    yield opened
    opened.client.close()


def variant_id(api: Api, sku: str) -> str:
    return str(api.write(lambda session: variant_by_sku(session, sku).id))


def test_a_recipe_is_made_and_read(api: Api) -> None:
    made = api.post("/recipes", {"recipe": BREAD})
    recipe = made.json()
    assert (made.status_code, made.headers["location"]) == (201, f"/api/v1/recipes/{recipe['id']}")
    assert {name: recipe[name] for name in ("number", "name", "status", "output_sku", "output_quantity")} == {
        "number": "RCP-000001", "name": "Bread", "status": "active", "output_sku": "BREAD", "output_quantity": 20,
    }  # fmt: skip
    assert recipe["output_variant_id"] == variant_id(api, "BREAD")
    assert recipe["shelf_life_days"] == 3
    assert [(line["sku"], line["quantity"]) for line in recipe["ingredients"]] == [("FLOUR", 12), ("SALT", 0.5)]
    assert api.get(f"/recipes/{recipe['id']}").json() == recipe
    missing = api.get("/recipes/rcp_no")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "RECIPE_NOT_FOUND")


def test_flat_json_forms_and_other_names_of_the_fields(api: Api) -> None:
    flour, bread = variant_id(api, "FLOUR"), variant_id(api, "BREAD")
    flat = {"output_variant_id": bread, "ingredients_attributes": {"0": {"variant_id": flour, "quantity": 2}}}
    plain = api.post("/recipes", flat).json()
    assert (plain["name"], plain["output_quantity"], plain["shelf_life_days"]) == ("Product BREAD", 1, None)
    form = (
        f"recipe[name]=Toast&recipe[output_sku]=TOAST&recipe[output_quantity]=1.5&recipe[number]=T-1"
        f"&recipe[ingredients][][variant_id]={bread}&recipe[ingredients][][quantity]=3"
        f"&recipe[ingredients][][variant_id]={flour}&recipe[ingredients][][quantity]=0.25"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = api.client.post("/api/v1/recipes", content=form, headers=headers)
    assert answer.status_code == 201, answer.text
    toast = answer.json()
    assert (toast["number"], toast["output_quantity"]) == ("T-1", 1.5)
    assert [(line["sku"], line["quantity"]) for line in toast["ingredients"]] == [("BREAD", 3), ("FLOUR", 0.25)]

    def listed(**params: Any) -> list[str]:
        answer = api.get("/recipes", params=params).json()
        assert answer["meta"]["total"] == len(answer["data"])
        return [row["id"] for row in answer["data"]]

    assert listed() == [toast["id"], plain["id"]]
    assert listed(output_variant_id=bread) == listed(variant_id=bread) == [plain["id"]]
    assert listed(number="T-1") == listed(status="active", number="T-1") == [toast["id"]]
    assert listed(status="archived") == listed(output_variant_id="var_no") == []
    page = api.get("/recipes", params={"per_page": 1, "page": 2}).json()
    assert ([row["id"] for row in page["data"]], page["meta"]["total_pages"]) == ([plain["id"]], 2)
    for params in ({"per_page": 0}, {"page": "x"}, {"status": "gone"}):
        assert api.get("/recipes", params=params).status_code == 422, params


def test_a_recipe_is_archived_and_taken_back_into_use(api: Api) -> None:
    path = f"/recipes/{api.post('/recipes', BREAD).json()['id']}"
    changed = api.patch(path, {"recipe": {"status": "archived", "name": "Old bread"}})
    assert (changed.status_code, changed.json()["status"], changed.json()["name"]) == (200, "archived", "Old bread")
    assert (changed.json()["shelf_life_days"], len(changed.json()["ingredients"])) == (3, 2)
    assert api.get("/recipes", params={"status": "active"}).json()["data"] == []
    site = api.post("/locations", {"name": "Bakery"}).json()["id"]
    plan = {"recipe_id": changed.json()["id"], "location_id": site, "planned_quantity": 1}
    refused = api.post("/production_batches", plan)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "INVALID_STATE")
    stale = api.patch(path, {"name": "New bread"}, headers={"If-Match": '"old"'})
    assert (stale.status_code, api.get(path).json()["name"]) == (412, "Old bread")
    # while it was out of use, its output went into its ingredient
    api.post("/recipes", {"output_sku": "FLOUR", "ingredients": [{"sku": "BREAD", "quantity": 1}]})
    circle = api.patch(path, {"status": "active"})
    assert (circle.status_code, circle.json()["error"]["code"]) == (422, "CONFLICT")
    assert api.patch(path, {"shelf_life_days": 5}).json()["shelf_life_days"] == 5
    for body, status in (({"status": "gone"}, 422), ({"name": ""}, 422), ({"shelf_life_days": 1.5}, 422)):
        assert api.patch(path, body).status_code == status, body
    assert api.patch("/recipes/rcp_no", {"name": "x"}).status_code == 404


def test_wrong_recipes(api: Api) -> None:
    for change, status, field in (
        ({"ingredients": []}, 422, "ingredients"),
        ({"ingredients": None}, 422, "ingredients"),
        ({"ingredients": [{"quantity": 1}]}, 422, "ingredients.0.sku"),
        ({"ingredients": [{"sku": "NO", "quantity": 1}]}, 404, "ingredients.0.sku"),
        ({"ingredients": [{"variant_id": "var_no", "quantity": 1}]}, 404, "ingredients.0.variant_id"),
        ({"ingredients": [{"sku": "FLOUR", "quantity": 0}]}, 422, "ingredients.0.quantity"),
        ({"ingredients": [{"sku": "FLOUR", "quantity": 1}] * 2}, 422, "ingredients.1.variant_id"),
        ({"ingredients": [{"sku": "BREAD", "quantity": 1}]}, 422, "ingredients"),
        ({"output_sku": None}, 422, "output_variant_id"),
        ({"output_sku": "NO"}, 404, "output_sku"),
        ({"output_quantity": 0}, 422, "output_quantity"),
        ({"output_quantity": "20"}, 422, "output_quantity"),
        ({"shelf_life_days": -1}, 422, "shelf_life_days"),
        ({"name": "a\u001bb"}, 422, "name"),
    ):
        body = {name: value for name, value in {**BREAD, **change}.items() if value is not None}
        answer = api.post("/recipes", body)
        assert answer.status_code == status, (change, answer.text)
        assert [row["field"] for row in answer.json()["error"]["details"]] == [field], change
    assert api.get("/recipes").json()["meta"]["total"] == 0


def test_a_circle_a_taken_number_and_who_may(api: Api, store: Store, server: LiveServer) -> None:
    assert api.post("/recipes", {**BREAD, "number": "R-1"}).status_code == 201
    taken = api.post("/recipes", {**BREAD, "number": "R-1"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
    circle = api.post("/recipes", {"output_sku": "FLOUR", "ingredients": [{"sku": "BREAD", "quantity": 1}]})
    assert (circle.status_code, circle.json()["error"]["code"]) == (422, "CONFLICT")
    assert "FLOUR goes into BREAD already" in circle.json()["error"]["message"]
    repeated = [api.post("/recipes", BREAD, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert repeated[0].content == repeated[1].content
    assert api.get("/recipes").json()["meta"]["total"] == 2
    other = open_api(store, server.address, "Trader", modules=("traceability",))
    recipe_id = repeated[0].json()["id"]
    for answer in (other.get("/recipes"), other.get(f"/recipes/{recipe_id}"), other.post("/recipes", BREAD)):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "MODULE_NOT_ENABLED")
    other.client.close()
