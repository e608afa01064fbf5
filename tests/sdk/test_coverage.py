"""The SDK has a call for every operation of its editions, and none for what is not there."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ambra_tui.api.app import find_editions
from ambra_tui.sdk.resources import Resource
from tests.sdk.test_commerce import shop_on
from tests.sdk.test_requests import Line, client_on

HERE = {"on", "verify", "handle", "dispatch", "listen"}
"""What works at the receiver of webhooks, without a request."""


def ask(resource: Resource[Any, Any, Any], name: str) -> None:
    """Makes one call, with "x" for every name that it wants."""
    call = getattr(resource, name)
    wanted = [part for part in inspect.signature(call).parameters.values() if part.default is part.empty]
    call(*("x" for part in wanted if part.kind is part.POSITIONAL_ONLY))


@pytest.mark.parametrize(("client", "name"), [(client_on, "ambra"), (shop_on, "commerce")])
def test_the_calls_are_the_operations(client: Callable[[Line], Any], name: str) -> None:
    line = Line(httpx.Response(200, json={"data": {}}))
    edition = next(edition for edition in find_editions() if edition.name == name)
    for resource in vars(client(line)).values():
        if isinstance(resource, Resource):
            for method, _ in inspect.getmembers(resource, inspect.ismethod):
                if not method.startswith("_") and method not in HERE:
                    ask(resource, method)
    base = edition.base_path
    asked = {(request.method, request.url.path.removeprefix(base).replace("/x", "/{}")) for request in line.sent}
    assert asked == {(operation.method, _bare(operation.path)) for operation in edition.operations}


def _bare(path: str) -> str:
    return "/".join("{}" if step.startswith("{") else step for step in path.split("/"))
