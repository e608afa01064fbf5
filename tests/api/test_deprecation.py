"""What an answer tells of its own future: the edition's version, and of an operation that goes away, until when."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
from typing_extensions import TypedDict

from ambra_tui.api.app import find_editions, make_app
from ambra_tui.api.deprecation import Deprecation
from ambra_tui.api.edition import Answer, Catalogue, Nothing
from ambra_tui.api.openapi import document_of
from ambra_tui.services import access
from ambra_tui.store import Store

GOING = Deprecation(since=date(2027, 1, 1), sunset=date(2027, 7, 2), link="/docs/api-commerce")


class ThingView(TypedDict):
    """A thing."""

    id: str


def edition() -> Any:
    """An edition with two operations, one of which goes away."""
    catalogue = Catalogue("Things", about="Things of a test.")

    @catalogue.read("/things", Nothing, scope="things:read", operation_id="getThings", summary="Old", shape=ThingView)
    def old(_session: Any, _call: Any, _query: object) -> Answer:
        return Answer({"id": "1"})

    @catalogue.read("/items", Nothing, scope="things:read", operation_id="getItems", summary="New", shape=ThingView)
    def new(_session: Any, _call: Any, _query: object) -> Answer:
        return Answer({"id": "1"})

    catalogue.deprecate("getThings", GOING)
    with pytest.raises(ValueError, match="not declared"):
        catalogue.deprecate("getNothing", GOING)
    found = next(each for each in find_editions() if each.name == "operations")
    return replace(found, name="test", base_path="/t", version="9.1", operations=tuple(catalogue.operations), about={})


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_operation_that_goes_away_says_so_with_every_answer(store: Store) -> None:
    made = edition()
    organization = access.create_organization(store, "Acme")
    _, key = access.create_key(store, organization_id=organization.id or 0, label="k", scopes=["read"])
    app = make_app(store, editions=[made])

    def ask(path: str, key: str = key) -> httpx.Response:
        async def work() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a") as client:
                return await client.get(path, headers={"Authorization": f"Bearer {key}"})

        return asyncio.run(work())

    for answer in (ask("/t/things"), ask("/t/things?nothing=1")):
        assert answer.headers["deprecation"] == "@1798761600"
        assert answer.headers["sunset"] == "Fri, 02 Jul 2027 00:00:00 GMT"
        assert answer.headers["link"] == '</docs/api-commerce>; rel="deprecation"'
        assert answer.headers["api-version"] == "9.1"
    for path in ("/t/items", "/t/nowhere", "/t/openapi.json"):
        answer = ask(path)
        assert answer.headers["api-version"] == "9.1" and "deprecation" not in answer.headers
    assert "api-version" not in ask("/healthz").headers
    paths = document_of(made)["paths"]
    assert paths["/t/things"]["get"]["deprecated"] is True and "deprecated" not in paths["/t/items"]["get"]


def test_nothing_goes_away_without_half_a_year_of_notice() -> None:
    with pytest.raises(ValueError, match="182 days"):
        Deprecation(since=date(2027, 1, 1), sunset=date(2027, 7, 1))
    assert Deprecation(since=date(2027, 1, 1)).headers == [(b"deprecation", b"@1798761600")]
    assert [each.operation_id for one in find_editions() for each in one.operations if each.deprecation] == []


def test_documents_name_keys_and_flows() -> None:
    for each in find_editions():
        document = document_of(each)
        scheme = document["components"]["securitySchemes"]["oauth2"]
        scopes = scheme["flows"]["authorizationCode"]["scopes"]
        assert scheme["flows"].keys() == {"authorizationCode", "clientCredentials"}
        assert scopes.keys() == {operation.scope for operation in each.operations} and all(scopes.values())
