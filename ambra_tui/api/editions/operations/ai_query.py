"""Questions in words, answered from tools that only read.

Example::

    POST /api/v1/ai/query    {"query": "Which products are low in Berlin?"}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, WithJsonSchema
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.fields import Body
from ambra_tui.errors import Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.services.assistants import configured_engine
from ambra_tui.services.questions import MAX_QUESTION, ask

catalogue = Catalogue("AI")


def _question(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    try:
        return clean_line(value, field="the text", max_length=MAX_QUESTION)
    except Invalid as error:
        raise ValueError(error.message.removeprefix("the text ")) from None


Question = Annotated[
    str,
    BeforeValidator(_question),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_QUESTION}),
]


class Query(Body):
    """`query` may be called question or q."""

    query: Question = Field(validation_alias=AliasChoices("query", "question", "q"))


class AnsweredView(TypedDict):
    """`status`: answered, clarify (the question is unclear: `suggestions` are what may be meant), refused. `intent`: a
    name of the closed list in the documentation, empty when the question was not understood. `rows`: what the answer
    was made from."""

    answer: str
    intent: str
    parameters: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    confidence: float
    engine: str
    suggestions: Sequence[str]
    status: Literal["answered", "clarify", "refused"]
    source_endpoint: str
    language: str


@catalogue.question(
    "/ai/query", Query, scope="inventory:read", operation_id="askQuestion", wrapper="ai_query",
    summary="A question in words, answered from rows", shape=AnsweredView,
    example={"query": "Which lots expire within 30 days?"},
)  # fmt: skip
def query(session: Session, call: Call, body: Query) -> Answer:
    """The answer, with status 200 also where the question is unclear or refused. A key is told what it may read."""

    def may_read(resource: str) -> bool:
        return call.principal.allows(resource, "read")

    answered = ask(session, body.query, engine=configured_engine(), may_read=may_read)
    view: AnsweredView = {
        "answer": answered.answer,
        "intent": answered.intent,
        "parameters": answered.parameters,
        "rows": answered.rows,
        "confidence": answered.confidence,
        "engine": answered.engine,
        "suggestions": answered.suggestions,
        "status": answered.status,
        "source_endpoint": answered.source_endpoint,
        "language": answered.language,
    }
    return Answer(view)
