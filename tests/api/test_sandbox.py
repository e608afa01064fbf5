"""A `test_` key: its own sample data, never the live ones, a reset, and refusals on order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ambra_tui.api.app import find_editions
from ambra_tui.api.faults import FAULTS
from ambra_tui.errors import Unauthenticated
from ambra_tui.services import access
from tests.api.conftest import Api, LiveServer

LISTS = [
    (edition.base_path + operation.path, edition)
    for edition in find_editions()
    for operation in edition.operations
    if operation.method == "GET" and "{" not in operation.path and operation.scope != "admin"
]


def client_of(server: LiveServer, secret: str) -> httpx.Client:
    return httpx.Client(base_url=server.address, headers={"Authorization": f"Bearer {secret}"}, timeout=30)


@pytest.fixture
def sandbox(api: Api, server: LiveServer) -> Iterator[httpx.Client]:
    """A client with an admin's `test_` key of the organization of `api`."""
    _, secret = access.create_key(
        api.store, organization_id=api.organization_id, label="try", scopes=["admin"], plan="enterprise", sandbox=True
    )
    with client_of(server, secret) as client:
        yield client


def inventory(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/sku/api/inventory", params={"limit": 200})
    assert answer.status_code == 200
    return {row["sku"]: row["total_on_hand"] for row in answer.json()["data"]}


def test_a_test_key_works_on_sample_data_and_begins_anew(api: Api, sandbox: httpx.Client, server: LiveServer) -> None:
    mine = api.post("/products", {"product": {"name": "Live alone", "sku": "LIVE-1"}})
    assert mine.status_code == 201
    first = inventory(sandbox)
    assert len(first) >= 15 and first["MUG-BLUE"] > 60 and "LIVE-1" not in first

    variant = sandbox.get("/api/v1/products", params={"per_page": 1}).json()["data"][0]
    assert sandbox.post("/api/v1/products", json={"product": {"name": "Mine", "sku": "MINE-1"}}).status_code == 201
    warehouses = sandbox.get("/api/inventory/warehouses").json()["data"]
    own = next(row["id"] for row in warehouses if row["type"] == "own")
    amazon = next(row for row in warehouses if row["type"] == "FBA")
    assert (amazon["marketplace"], amazon["is_readonly"]) == ("amazon_eu", True)
    changed = sandbox.put("/api/inventory/MUG-BLUE", json={"warehouse_id": own, "quantity": 1})
    assert changed.status_code == 200

    answer = sandbox.post("/v1/sandbox/reset")
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    told = answer.json()["data"]
    assert told["products"] >= 15 and told["stock_movements"] > 30 and told["recipes"] == 1
    assert inventory(sandbox) == first
    assert sandbox.get(f"/api/v1/products/{variant['id']}").status_code == 404

    assert set(inventory(api.client)) == set()
    assert [row["sku"] for row in api.get("/products").json()["data"]] == ["LIVE-1"]
    refused = api.client.post("/v1/sandbox/reset")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "NOT_A_SANDBOX")
    _, reader = access.create_key(
        api.store, organization_id=api.organization_id, label="r", scopes=["read", "write"], sandbox=True
    )
    with client_of(server, reader) as client:
        assert client.post("/v1/sandbox/reset").status_code == 403
        assert inventory(client) == first


def test_no_list_of_the_one_tells_of_the_other(api: Api, sandbox: httpx.Client, server: LiveServer) -> None:
    """Every list and report, both ways; and a sandbox's badge opens no terminal of the live organization."""
    api.post("/products", {"product": {"name": "LIVEMARK", "sku": "LIVEMARK-1"}})
    tried = 0
    for path, _edition in LISTS:
        live, test = api.client.get(path), sandbox.get(path)
        assert "LIVEMARK" not in test.text, path
        for word in ("MUG-BLUE", "BEAN-ESP", "Espresso", "FBA EU"):
            assert word not in live.text, path
        tried += live.status_code == test.status_code == 200
    assert tried >= 15
    for path in ("/api/v1/products", "/api/v1/orders"):
        theirs = sandbox.get(path).json()["data"][0]["id"]
        assert api.client.get(f"{path}/{theirs}").status_code == 404

    twin = access.sandbox_of(api.store, api.organization_id).id
    api.store.writer.run(
        lambda s: access.create_user(s, name="Tia", badge="BDG-T", role="operator"), organization_id=twin
    )
    with api.store.read(api.organization_id) as session, pytest.raises(Unauthenticated):
        access.user_by_badge(session, "BDG-T")


def test_a_sandbox_refuses_as_it_is_asked_and_does_nothing_then(api: Api, sandbox: httpx.Client) -> None:
    body = {"product": {"name": "N", "sku": "N-1"}}
    for status, failure in FAULTS.items():
        answer = sandbox.post("/api/v1/products", json=body, headers={"X-Sandbox-Fault": status})
        assert (str(answer.status_code), answer.json()["error"]["code"]) == (status, failure.code)
    assert sandbox.get("/v1/sandbox/none", headers={"X-Sandbox-Fault": "503"}).status_code == 404
    limited = sandbox.post("/v1/sandbox/reset", headers={"X-Sandbox-Fault": "429"})
    assert (limited.status_code, limited.json()["error"]["retry_after"]) == (429, 1)
    assert sandbox.get("/api/v1/products", headers={"X-Sandbox-Fault": "200"}).status_code == 400
    assert sandbox.post("/api/v1/products", json=body).status_code == 201
    assert api.post("/products", body, headers={"X-Sandbox-Fault": "503"}).status_code == 201
