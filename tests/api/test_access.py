"""Who may call what: keys, scopes, modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ambra_tui.api.app import find_editions, make_app
from ambra_tui.api.edition import Catalogue, Edition, Nothing, Operation
from ambra_tui.services import access
from tests.api.conftest import Api, LiveServer, client_for

OPERATIONS = [(edition, operation) for edition in find_editions() for operation in edition.operations]
IDS = [operation.operation_id for _, operation in OPERATIONS]


SHOP_CODES = {"INVALID_API_KEY": "authentication_error", "INSUFFICIENT_PERMISSIONS": "authorization_error"}


def spelled(edition: Edition, code: str) -> str:
    """A code as the edition writes it."""
    return SHOP_CODES[code] if edition.name == "commerce" else code


def place_of(edition: Edition, operation: Operation) -> str:
    path = edition.base_path + operation.path
    for name in ("{id}", "{product_id}", "{barcode:path}", "{sku:path}"):
        path = path.replace(name, "none")
    return path


def test_the_editions_are_these() -> None:
    assert [edition.name for edition in find_editions()] == ["ambra", "commerce", "operations", "sku", "stock"]


def test_every_operation_names_a_scope_of_its_verb() -> None:
    for _, operation in OPERATIONS:
        verb = operation.scope.partition(":")[2] or operation.scope
        is_removal = operation.method == "DELETE" or operation.path.endswith("/erase")
        changes = ("write", "delete", "admin") if is_removal else ("write", "admin")
        allowed = ("read",) if (operation.method == "GET" and verb != "admin") or operation.is_question else changes
        assert verb in allowed, operation.operation_id


def test_an_operation_without_a_right_scope_cannot_be_declared() -> None:
    catalogue = Catalogue("Things")
    for scope in ("", "root", "things", "things:eat", "Things:read"):
        with pytest.raises(ValueError, match="is not a scope"):
            catalogue.read("/x", Nothing, scope=scope, operation_id="x", summary="x", shape=dict)(lambda *_: None)  # type: ignore[arg-type]  # refused before
    assert catalogue.operations == []


def test_an_edition_that_declares_an_operation_twice_does_not_start(sqlite_store: Any) -> None:
    edition = next(edition for edition in find_editions() if edition.name == "operations")
    twice = Edition(
        edition.name, "t", "/t", "1", "d", [*edition.operations, edition.operations[0]], edition.error_body,
        edition.list_body, edition.list_meta,
    )  # fmt: skip
    with pytest.raises(ValueError, match="twice"):
        make_app(sqlite_store, editions=[twice])


@pytest.fixture
def bare(server: LiveServer) -> Iterator[httpx.Client]:
    """A client without a key."""
    with httpx.Client(base_url=server.address, timeout=30) as client:
        yield client


@pytest.fixture
def dialect() -> str:
    """Who may do what does not lie in the database."""
    return "sqlite"


def test_every_operation_wants_a_key(bare: httpx.Client) -> None:
    for edition, operation in OPERATIONS:
        answer = bare.request(operation.method, place_of(edition, operation))
        assert answer.status_code == 401, operation.operation_id
        assert answer.json()["error"]["code"] == spelled(edition, "INVALID_API_KEY")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Basic YTpi", "Bearer x", "Bearer ambra_live_00000000_" + "0" * 43, "Bearer " + "x" * 5000],
)
def test_wrong_keys(bare: httpx.Client, header: str) -> None:
    answer = bare.get("/api/v1/orders", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "INVALID_API_KEY")


def test_a_cut_or_longer_key_is_wrong(bare: httpx.Client, api: Api) -> None:
    good = api.client.headers["authorization"]
    for wrong in (good[:-1], good + "a", good[:-1] + "-", good.replace("_", "-")):
        assert bare.get("/api/v1/orders", headers={"Authorization": wrong}).status_code == 401
    assert bare.get("/api/v1/orders", headers={"Authorization": good}).status_code == 200
    assert bare.get("/api/v1/orders", headers={"Authorization": good.replace("Bearer", "bearer")}).status_code == 200
    assert bare.get("/api/v1/orders", headers={"X-API-Key": good.removeprefix("Bearer ")}).status_code == 200


def test_a_key_never_works_from_the_query(bare: httpx.Client, api: Api) -> None:
    secret = api.client.headers["authorization"].removeprefix("Bearer ")
    assert bare.get("/api/v1/orders", params={"api_key": secret, "access_token": secret}).status_code == 401


def test_a_revoked_key_ends(api: Api, server: LiveServer) -> None:
    key, secret = access.create_key(
        api.store, organization_id=api.organization_id, label="short", scopes=["read"], plan="enterprise"
    )
    with httpx.Client(base_url=server.address, headers={"Authorization": f"Bearer {secret}"}) as client:
        assert client.get("/api/v1/orders").status_code == 200
        api.write(lambda session: access.revoke_key(session, key.id))
        access.forget_keys()
        assert client.get("/api/v1/orders").status_code == 401


@pytest.mark.parametrize(
    "held", [["admin"], ["read"], ["write"], ["delete"], ["orders:read"], ["orders:write"], ["orders:delete"]]
)
def test_scopes_open_exactly_their_operations(api: Api, server: LiveServer, held: list[str]) -> None:
    """F12: a key's scopes open exactly their operations."""
    with client_for(api.store, server.address, api.organization_id, held) as client:
        for edition, operation in OPERATIONS:
            resource, _, verb = operation.scope.partition(":")
            wide = held[0]
            may = wide in ("admin", verb, operation.scope)
            may = may or (verb == "read" and wide in ("write", f"{resource}:write"))
            may = may or (operation.method == "DELETE" and verb == "write" and wide in ("delete", f"{resource}:delete"))
            answer = client.request(operation.method, place_of(edition, operation))
            assert (answer.status_code != 403) is may, (operation.operation_id, answer.text)
            if not may:
                assert answer.json()["error"]["code"] == spelled(edition, "INSUFFICIENT_PERMISSIONS")
                assert operation.scope in answer.json()["error"]["message"]
