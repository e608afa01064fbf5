"""The organization of a key and its modules: switched by an admin key, by the command line, seen at once everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ambra_tui.api.app import find_editions
from ambra_tui.services import access
from ambra_tui.services.modules import MODULES, switch_modules
from tests.api.conftest import Api, LiveServer, client_for
from tests.trail import list_entries

GATED = [(operation, edition) for edition in find_editions() for operation in edition.operations if operation.module]
OFF = (403, "MODULE_NOT_ENABLED")


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def switch(api: Api, *, on: tuple[str, ...] = (), off: tuple[str, ...] = ()) -> None:
    """By another door than this server's: nothing here is told of it."""
    api.write(lambda session: switch_modules(session, on=on, off=off))


@pytest.fixture
def sandbox(api: Api, server: LiveServer) -> Iterator[httpx.Client]:
    """A `test_` key of the same organization."""
    _, secret = access.create_key(
        api.store, organization_id=api.organization_id, label="try", scopes=["admin"], plan="enterprise", sandbox=True
    )
    with httpx.Client(base_url=server.address, headers={"Authorization": f"Bearer {secret}"}, timeout=30) as client:
        yield client


def test_modules_are_read_and_switched_by_an_admin_key(api: Api, other: Api, server: LiveServer) -> None:
    found = api.get("/organization")
    assert found.json() == {
        "name": "Acme", "currency": "EUR", "is_sandbox": False, "modules": ["manufacturing", "traceability"],
    }  # fmt: skip
    etag = found.headers["etag"]
    changed = api.patch("/organization", {"organization": {"modules": ["traceability"]}})
    assert (changed.status_code, changed.json()["modules"]) == (200, ["traceability"])
    assert api.get("/organization").json() == changed.json()
    assert other.get("/organization").json()["modules"] == list(MODULES)
    stale = api.patch("/organization", {"modules": []}, headers={"If-Match": etag})
    assert told(stale) == (412, "PRECONDITION_FAILED")
    form = api.client.patch("/api/v1/organization", data={"organization[modules][]": ["manufacturing"]})
    assert (form.status_code, form.json()["modules"]) == (200, ["manufacturing"])
    assert api.patch("/organization", {"modules": []}).json()["modules"] == []

    for body in ({}, {"modules": "traceability"}, {"modules": ["warp"]}, {"organization": {"modules": [1]}}):
        refused = api.patch("/organization", body)
        assert told(refused) == (422, "VALIDATION_ERROR"), body
        assert refused.json()["error"]["details"][0]["field"].startswith("modules")
    for scopes, may_read in (
        (["read"], True),
        (["write"], True),
        (["organization:read"], True),
        (["lots:read"], False),
    ):
        with client_for(api.store, server.address, api.organization_id, scopes) as client:
            assert (client.get("/api/v1/organization").status_code == 200) is may_read
            refused = client.patch("/api/v1/organization", json={"modules": ["traceability"]})
            assert told(refused) == (403, "INSUFFICIENT_PERMISSIONS")
    assert api.get("/organization").json()["modules"] == []

    with api.store.read(api.organization_id) as session:
        entries = list_entries(session, act="modules_switched")
    assert [(entry.details["before"], entry.details["after"]) for entry in entries] == [
        (["manufacturing"], []), (["traceability"], ["manufacturing"]), (list(MODULES), ["traceability"]),
    ]  # fmt: skip
    assert all(entry.actor_name == "test" and entry.request_id for entry in entries)


def test_every_path_of_a_module_is_closed_while_it_is_off(api: Api, server: LiveServer) -> None:
    """403 before anything of the request is looked at: an id, a filter, a body."""
    assert {operation.module for operation, _ in GATED} == set(MODULES)
    for module in MODULES:
        switch(api, off=(module,))
        for operation, edition in GATED:
            for name in ("none", "x" * 200, "%00"):
                path = edition.base_path + operation.path.replace("{id}", name)
                for refused in tries(api.client, operation.method, path):
                    is_off = refused.status_code == 403 and told(refused) == OFF
                    assert is_off is (operation.module == module), (operation.operation_id, name)
        switch(api, on=(module,))
    with client_for(api.store, server.address, api.organization_id, ["orders:read"]) as client:
        switch(api, off=MODULES)
        for operation, edition in GATED:
            refused = client.request(operation.method, edition.base_path + operation.path.replace("{id}", "none"))
            assert told(refused) == (403, "INSUFFICIENT_PERMISSIONS"), "who lacks the scope hears of that alone"


def tries(client: httpx.Client, method: str, path: str) -> list[httpx.Response]:
    """What is wrong with it in several ways."""
    if method == "GET":
        return [client.get(path), client.get(path, params={"status": "?", "page": "-1", "days": "0", "limit": "x"})]
    wrong: list[dict[str, Any]] = [
        {"json": {}},
        {"json": {"quantity": "many"}},
        {"content": b"{", "headers": {"content-type": "application/json"}},
        {"content": b"<x/>", "headers": {"content-type": "text/xml"}},
        {"json": {}, "headers": {"idempotency-key": "x" * 300}},
    ]
    return [client.request(method, path, **options) for options in wrong]


def test_a_switch_elsewhere_is_seen_with_the_next_request(api: Api) -> None:
    assert api.get("/lots").status_code == 200
    switch(api, off=("traceability",))
    assert told(api.get("/lots")) == OFF
    switch(api, on=("traceability",))
    assert api.get("/lots").status_code == 200


def test_a_sandbox_has_the_modules_of_its_organization(api: Api, sandbox: httpx.Client) -> None:
    path = "/api/v1/organization"
    assert sandbox.get(path).json()["is_sandbox"] is True
    assert told(sandbox.patch(path, json={"modules": []})) == (403, "INSUFFICIENT_PERMISSIONS")
    assert api.patch("/organization", {"modules": ["manufacturing"]}).status_code == 200
    assert sandbox.get(path).json()["modules"] == ["manufacturing"]
    assert told(sandbox.get("/api/v1/lots")) == OFF
