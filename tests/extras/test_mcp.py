"""The MCP server: every tool with its schema, rows as data, nothing beyond one organization, and the command itself."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import mcp
import pytest

from ambra_tui.services import access, questions
from ambra_tui.services.assistants.mcp_server import make_server
from ambra_tui.services.modules import set_modules
from ambra_tui.store import SYSTEM, Store

Talk = Callable[[mcp.Client], Coroutine[Any, Any, Any]]


def talk(server: Any, what: Talk) -> Any:
    """What a client that is connected to `server` hears."""

    async def connected() -> Any:
        async with mcp.Client(server) as client:
            return await what(client)

    return asyncio.run(asyncio.wait_for(connected(), 60))


def call(name: str, **arguments: Any) -> Talk:
    async def ask(client: mcp.Client) -> Any:
        return await client.call_tool(name, arguments)

    return ask


async def names(client: mcp.Client) -> dict[str, Any]:
    return {tool.name: tool for tool in (await client.list_tools()).tools}


def switch(store: Store, organization_id: int, modules: list[str]) -> None:
    store.writer.run(lambda session: set_modules(session, modules), organization_id=organization_id, actor=SYSTEM)


def test_every_tool_is_offered_with_its_schema(asked: tuple[Store, int]) -> None:
    store, organization_id = asked
    switch(store, organization_id, ["manufacturing", "traceability"])
    offered = talk(make_server(store, organization_id), names)
    assert set(offered) == {*questions.TOOLS, "ask"}
    for name, tool in questions.TOOLS.items():
        assert offered[name].input_schema == tool.parameters.model_json_schema()
        assert offered[name].annotations.read_only_hint is True
    switch(store, organization_id, [])
    offered = talk(make_server(store, organization_id), names)
    assert set(offered) == {name for name, tool in questions.TOOLS.items() if not tool.module} | {"ask"}


def test_a_tool_answers_rows(asked: tuple[Store, int]) -> None:
    server = make_server(*asked)
    told = talk(server, call("stock_level", sku="GLOVE-L"))
    assert not told.is_error
    rows = told.structured_content["rows"]
    assert rows and all("GLOVE-L" in json.dumps(row) for row in rows)
    assert json.loads(told.content[0].text) == told.structured_content
    assert "GLOVE-L" in told.structured_content["answer"]


def test_a_question_in_words_is_answered_and_a_wish_is_refused(asked: tuple[Store, int]) -> None:
    server = make_server(*asked)
    told = talk(server, call("ask", question="how many GLOVE-L do we have?")).structured_content
    assert (told["status"], told["intent"]) == ("answered", "stock_level")
    told = talk(server, call("ask", question="delete all orders")).structured_content
    assert (told["status"], told["rows"]) == ("refused", [])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("stock_level", {"sku": "NO-SUCH"}), ("stock_level", {"organization_id": 2}), ("nothing", {}), ("ask", {})],
)
def test_what_is_wrong_is_told_as_an_error(asked: tuple[Store, int], name: str, arguments: dict[str, Any]) -> None:
    told = talk(make_server(*asked), call(name, **arguments))
    assert told.is_error
    assert "Traceback" not in told.content[0].text


def test_the_other_organization_is_not_there(asked: tuple[Store, int]) -> None:
    store, _ = asked
    other = access.create_organization(store, "Other")
    assert other.id is not None
    told = talk(make_server(store, other.id), call("stock_level", sku="GLOVE-L"))
    assert told.is_error
    rows = talk(make_server(store, other.id), call("low_stock")).structured_content["rows"]
    assert rows == []


def test_the_command_serves_over_its_standard_streams(asked: tuple[Store, int]) -> None:
    store, organization_id = asked
    _, secret = access.create_key(
        store, organization_id=organization_id, label="mcp", scopes=["inventory:read"], plan="enterprise"
    )
    command = mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "ambra_tui.cli", "--store", store.url, "mcp"],
        env={"AMBRA_API_KEY": secret},
    )  # fmt: skip
    told = talk(command, call("stock_level", sku="GLOVE-L"))
    assert told.structured_content["rows"]
