"""The OpenAPI document is valid, equals the routes, and its examples are accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args, get_origin

import pytest
from pydantic import TypeAdapter

from ambra_tui.api.app import find_editions
from ambra_tui.api.openapi import document_of
from ambra_tui.services.modules import set_modules
from tests import factories
from tests.api.conftest import Api
from tests.api.test_access import OPERATIONS


@pytest.fixture
def dialect() -> str:
    """The document does not depend on the database."""
    return "sqlite"


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The document as the server hands it out."""
    answer = api.client.get("/api/v1/openapi.json", headers={"Authorization": ""})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_document_equals_the_routes(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    documented = {(path, method) for path, method, _ in operations_of(document)}
    routed = {
        (edition.base_path + re.sub(r"{(\w+):path}", r"{\1}", operation.path), operation.method)
        for edition, operation in OPERATIONS
        if edition.name == "operations"
    }
    assert documented == routed


def test_every_operation_is_whole(document: dict[str, Any]) -> None:
    names = set()
    questions = {operation.operation_id for _, operation in OPERATIONS if operation.is_question}
    for path, method, operation in operations_of(document):
        assert operation["operationId"] not in names
        names.add(operation["operationId"])
        assert operation["summary"] and operation["tags"]
        assert operation["security"] == [{"bearer": []}, {"header": []}, {"oauth2": [operation["x-scope"]]}]
        named = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))
        assert len({(p["in"], p["name"]) for p in operation["parameters"]}) == len(operation["parameters"])
        assert {"401", "403", "422", "500"} <= set(operation["responses"])
        assert ("requestBody" in operation) is (method != "GET")
        if method != "GET" and operation["operationId"] not in questions:
            assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
        assert all(response["description"] for response in operation["responses"].values())


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in document["components"]["schemas"]


def test_answers_require_every_key(document: dict[str, Any]) -> None:
    for name in ("OrderView", "ProductView", "LotView", "InventoryLevelView", "LedgerEntryView", "Error", "Meta"):
        schema = document["components"]["schemas"][name]
        assert set(schema["required"]) == set(schema["properties"]), name


def ship(api: Api, house: factories.Warehouse, variant: Any) -> str:
    """The id of an order that has left."""
    api.write(lambda session: factories.stock(session, variant, house.bin, 3))
    order = api.post("/orders", {"location_id": house.site.id, "items": [{"sku": variant.sku, "quantity": 3}]}).json()
    assert api.post(f"/orders/{order['id']}/fulfill").status_code == 200
    return str(order["id"])


def furnish_bakery(session: Any, house: factories.Warehouse) -> None:
    """Manufacturing is on, and what the recipe of the examples names is in stock."""
    set_modules(session, ["manufacturing", "traceability"])
    for sku in ("BREAD-750", "FLOUR-1", "SUGAR-1"):
        factories.stock(session, factories.variant(session, sku=sku), house.bin, 50)


def test_examples_are_what_the_server_takes(
    api: Api, document: dict[str, Any], house: factories.Warehouse, milk: Any
) -> None:
    supplier = api.post("/suppliers", {"name": "Dairy"}).json()["id"]
    shipped = ship(api, house, milk)
    api.write(lambda session: furnish_bakery(session, house))
    made: dict[str, str] = {}
    seen = 0
    for path, method, operation in operations_of(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "example" not in content or "{" in path:
            continue
        text = json.dumps(content["example"])
        text = text.replace("wh_1", house.site.id).replace("sup_1", supplier).replace("ord_1", shipped)
        text = text.replace('"sku": "MILK-1L", "bar', '"bar').replace("var_1", milk.id)
        text = text.replace("rcp_1", made.get("createRecipe", ""))
        if "wh_2" in text:
            text = text.replace("wh_2", api.write(lambda session: factories.warehouse(session, "WH2")).site.id)
        if operation["operationId"] == "createInventoryAdjustment":
            api.post("/inventory_adjustments", {"sku": "MILK-1L", "location_id": house.site.id, "quantity": 5})
        if operation["operationId"] == "createLocation":
            text = text.replace("WH1", "WH9")
        answer = api.client.request(method, path, json=json.loads(text))
        assert str(answer.status_code) in operation["responses"] and answer.is_success, (path, answer.text)
        made[operation["operationId"]] = answer.json().get("id", "")
        seen += 1
    assert seen >= 5


def test_answers_have_the_documented_shape(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    """Reads every list and every object of a store with one of each, and checks each against its shape."""
    supplier = api.post("/suppliers", {"name": "Dairy"}).json()["id"]
    api.write(lambda session: furnish_bakery(session, house))
    lot = {"lot_number": "A", "sku": "MILK-1L", "location_id": house.site.id, "quantity_initial": 1}
    bread = {"output_sku": "BREAD-750", "ingredients": [{"sku": "FLOUR-1", "quantity": 2}]}
    recipe = api.post("/recipes", bread)
    batch = {"recipe_id": recipe.json()["id"], "location_id": house.site.id, "planned_quantity": 3}
    batch = api.post("/production_batches", batch).json()
    for step in ("start", "complete"):
        done = api.post(f"/production_batches/{batch['id']}/{step}", {"actual_quantity_produced": 3})
    returned = {"reason": "sour", "items": [{"sku": "MILK-1L", "quantity": 1, "condition": "damaged"}]}
    made = {
        "/return_authorizations/{id}": api.post(
            "/return_authorizations", {"order_id": ship(api, house, stocked), **returned}
        ),
        "/products/{id}": api.post("/products", {"name": "Butter", "sku": "B", "barcode": "96385074"}),
        "/orders/{id}": api.post("/orders", {"customer": "Ana", "items": [{"sku": "MILK-1L", "quantity": 2}]}),
        "/purchase_orders/{id}": api.post(
            "/purchase_orders", {"supplier_id": supplier, "items": [{"sku": "MILK-1L", "quantity": 2}]}
        ),
        "/cycle_counts/{id}": api.post("/cycle_counts", {"location_id": house.site.id}),
        "/locations/{id}": (shop := api.post("/locations", {"name": "Shop", "kind": "store"})),
        "/stock_transfers/{id}": api.post(
            "/stock_transfers",
            {
                "from_location_id": house.site.id,
                "to_location_id": shop.json()["id"],
                "items": [{"sku": "MILK-1L", "quantity": 2}],
            },
        ),
        "/waste_records/{id}": api.post(
            "/waste_records", {"sku": "MILK-1L", "location_id": house.site.id, "quantity": 1, "reason": "other"}
        ),
        "/suppliers/{id}": api.post("/suppliers", {"name": "Farm"}),
        "/lots/{id}": api.post("/lots", {**lot, "expiry_date": (api.store.clock.today() + timedelta(5)).isoformat()}),
        "/recipes/{id}": recipe,
        "/production_batches/{id}": done,
        "/inventory_policies/{id}": api.post(
            "/inventory_policies",
            {"sku": "MILK-1L", "location_id": house.site.id, "reorder_point": 99, "reorder_quantity": 1},
        ),
        "/inventory_policy_defaults/{id}": api.client.put(
            "/api/v1/inventory_policy_defaults/organization", json={"lead_time_days": 3}
        ),
        "/inventory_adjustments/{id}": api.post(
            "/inventory_adjustments", {"sku": "MILK-1L", "location_id": house.site.id, "quantity": -1}
        ),
    }
    api.post(f"/cycle_counts/{made['/cycle_counts/{id}'].json()['id']}/load_inventory")
    seen = set()
    reads = [
        operation for edition, operation in OPERATIONS if edition.name == "operations" and operation.method == "GET"
    ]
    for operation in reads:
        path = operation.path.replace("{product_id}", stocked.product_id).replace("{barcode:path}", "96385074")
        if "{id}" in path:
            path = path.replace("{id}", made[operation.path.partition("{id}")[0] + "{id}"].json()["id"])
        answer = api.get(path)
        assert answer.status_code == 200, (path, answer.text)
        is_bare = get_origin(operation.shape) is list
        shape = get_args(operation.shape)[0] if is_bare else operation.shape
        content = answer.json()
        rows = content if is_bare else content["data"] if operation.is_list else [content]
        assert rows, path
        adapter = TypeAdapter(shape)
        for row in rows:
            assert set(row) == shape.__required_keys__, path
            adapter.validate_python(row, strict=True)
        seen.add(operation.operation_id)
    assert len(seen) == len(reads)


def test_chosen_words_are_listed(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/v1/lots"]["get"]["parameters"]
    status = next(parameter for parameter in parameters if parameter["name"] == "status")
    assert "quarantine" in json.dumps(status["schema"])


def test_what_stays_has_no_default() -> None:
    bodies = {
        edition.name: document_of(edition)["components"]["schemas"]
        for edition in find_editions()
        if edition.name in ("ambra", "commerce")
    }
    kept = [("commerce", "ProductChange", "status"), ("commerce", "AddressBody", "type")]
    kept += [
        ("ambra", f"{noun}Change", "status") for noun in ("Category", "Location", "Product", "Supplier", "Warehouse")
    ]
    for edition, body, field in kept:
        assert "description" not in bodies[edition][body]["properties"][field], (edition, body)
    assert bodies["commerce"]["NewAddress"]["properties"]["type"]["description"] == 'Without it: "shipping".'
