"""The SDK has a call for every operation of the edition, and none for what is not there."""

from __future__ import annotations

import inspect
from typing import Any

import httpx

from ambra_tui.api.app import find_editions
from ambra_tui.sdk.resources import Resource
from tests.sdk.test_requests import Line, client_on

HERE = {"on", "verify", "handle", "dispatch", "listen"}
"""What works at the receiver of webhooks, without a request."""


def ask(resource: Resource[Any, Any, Any], name: str) -> None:
    """Makes one call, with "x" for every name that it wants."""
    call = getattr(resource, name)
    wanted = [part for part in inspect.signature(call).parameters.values() if part.default is part.empty]
    call(*("x" for part in wanted if part.kind is part.POSITIONAL_ONLY))


def test_the_calls_are_the_operations() -> None:
    line = Line(httpx.Response(200, json={"data": {}}))
    for resource in vars(client_on(line)).values():
        if isinstance(resource, Resource):
            for name, _ in inspect.getmembers(resource, inspect.ismethod):
                if not name.startswith("_") and name not in HERE:
                    ask(resource, name)
    asked = {(request.method, request.url.path.removeprefix("/v1").replace("/x", "/{}")) for request in line.sent}
    ambra = next(edition for edition in find_editions() if edition.name == "ambra")
    assert asked == {(operation.method, _bare(operation.path)) for operation in ambra.operations}


def _bare(path: str) -> str:
    return "/".join("{}" if step.startswith("{") else step for step in path.split("/"))
