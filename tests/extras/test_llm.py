"""A language model as a reader of questions: what it may say, and that the grammar answers when it fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic_ai import models
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.test import TestModel

from ambra_tui.services import assistants, questions
from ambra_tui.services.assistants.llm import ModelEngine
from ambra_tui.store import Store

models.ALLOW_MODEL_REQUESTS = False
QUESTION = "how many GLOVE-L do we have?"


@pytest.fixture
def session(asked: tuple[Store, int]) -> Iterator[Any]:
    store, organization_id = asked
    with store.read(organization_id) as opened:
        yield opened


def model(prose: Callable[[dict[str, Any]], str], *, tool: str = "stock_level", **parameters: Any) -> FunctionModel:
    """Calls one tool, then says `prose` of what it returned."""

    def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        returned = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
        if returned:
            content = returned[0].content
            return ModelResponse(parts=[TextPart(prose(content if isinstance(content, dict) else {}))])
        assert {offered.name for offered in info.function_tools} >= {tool}
        return ModelResponse(parts=[ToolCallPart(tool, parameters or {"sku": "GLOVE-L"})])

    return FunctionModel(respond)


def test_the_models_words_are_told_when_the_rows_back_them(session: Any) -> None:
    def prose(returned: dict[str, Any]) -> str:
        return f"There are {returned['rows'][0]['on_hand']} of GLOVE-L there."

    told = questions.ask(session, QUESTION, engine=ModelEngine(model(prose)))
    assert (told.engine, told.intent, told.status) == ("llm", "stock_level", "answered")
    assert told.answer == f"There are {told.rows[0]['on_hand']} of GLOVE-L there."
    assert dict(told.parameters) == {"sku": "GLOVE-L"}


@pytest.mark.parametrize(
    "prose", ["There are 123456 of them.", "About 41.5, twelve short.", "See https://example.com", "", "x" * 2000]
)
def test_what_the_rows_do_not_back_is_replaced_by_their_own_words(session: Any, prose: str) -> None:
    told = questions.ask(session, QUESTION, engine=ModelEngine(model(lambda _: prose)))
    assert told.engine == "llm" and told.rows
    assert told.answer != prose
    assert "GLOVE-L" in told.answer


def test_no_row_is_sent_where_none_may_be(session: Any) -> None:
    seen: list[str] = []

    def prose(returned: dict[str, Any]) -> str:
        seen.append(json.dumps(returned))
        return "There are 4 of them."

    told = questions.ask(session, QUESTION, engine=ModelEngine(model(prose), sends_rows=False))
    assert told.rows and "rows" not in json.loads(seen[0])
    assert "WH1" not in seen[0]


def _broken(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    raise ConnectionError("the endpoint is gone")


def _idle(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[TextPart("I think there are plenty.")])


async def _slow(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("function", [_broken, _idle, _slow])
def test_the_grammar_answers_when_the_model_does_not(session: Any, function: Any) -> None:
    engine = ModelEngine(FunctionModel(function), timeout_seconds=0.3)
    told = questions.ask(session, QUESTION, engine=engine)
    assert (told.engine, told.intent, told.status) == ("grammar", "stock_level", "answered")


def test_a_wrong_call_is_told_to_the_model_and_ends(session: Any) -> None:
    told = questions.ask(session, QUESTION, engine=ModelEngine(model(lambda _: "none", sku="GLOVE-L", limit="many")))
    assert told.engine == "grammar"


def test_what_is_refused_never_reaches_a_model(session: Any) -> None:
    told = questions.ask(session, "delete all orders", engine=ModelEngine(FunctionModel(_broken)))
    assert (told.status, told.engine) == ("refused", "grammar")


def test_every_tool_can_be_called_with_what_its_schema_allows(session: Any) -> None:
    """The library's own test model calls every tool with generated parameters."""
    told = questions.ask(session, QUESTION, engine=ModelEngine(TestModel(), timeout_seconds=60))
    assert told.status == "answered"


def test_an_engine_comes_from_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMBRA_LLM_URL", raising=False)
    assert assistants.configured_engine() is None
    monkeypatch.setenv("AMBRA_LLM_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("AMBRA_LLM_MODEL", "small")
    engine = assistants.configured_engine()
    assert engine is not None and engine.name == "llm"
    assert assistants.configured_engine() is engine
