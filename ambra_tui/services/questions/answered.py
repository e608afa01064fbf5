"""What is answered to a question, and what an engine is.

Example::

    Answered("22423: 12 on hand ...", "stock_level", {"sku": "22423"}, rows, confidence=0.95)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sqlmodel import Session

Status = Literal["answered", "clarify", "refused"]
MAX_SUGGESTIONS = 5


@dataclass(frozen=True, slots=True)
class Answered:
    """`answer`: in the question's language, made from `rows`. `intent`: a name of the closed list, empty when the
    question was not understood. `suggestions`: questions that may be asked next, at most five."""

    answer: str
    intent: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] = ()
    confidence: float = 0.0
    engine: str = "grammar"
    suggestions: Sequence[str] = ()
    status: Status = "answered"
    source_endpoint: str = ""
    language: str = "en"


class Engine(Protocol):
    """Another reader of questions over the same tools; None leaves a question to the grammar. What is refused never
    reaches an engine."""

    name: str

    def answer(self, session: Session, text: str, language: str) -> Answered | None:
        """The answer, from rows of the tools."""
