"""The door to questions: clean, refuse, let an engine answer, else the grammar.

Example::

    ask(session, "Welche Artikel sind ausverkauft?").intent   # 'out_of_stock'
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.kit.text import clean_line
from ambra_tui.services.questions.answered import Answered, Engine
from ambra_tui.services.questions.catalogue import MayRead, limit_to
from ambra_tui.services.questions.grammar import Grammar

MAX_QUESTION = 500
_GRAMMAR = Grammar()


def ask(
    session: Session, text: str, *, language: str = "", engine: Engine | None = None, may_read: MayRead | None = None
) -> Answered:
    """The answer to a question in words, from the rows of the session's organization.

    `language` settles which one is meant where the words do not tell; `engine` answers first where it can; `may_read`
    says which of the API's resources whoever asks may read, all without it. Raises Invalid for an empty question, a
    longer one than 500 characters, and control characters.
    """
    if may_read is not None:
        limit_to(session, may_read)
    question = clean_line(text, field="query", max_length=MAX_QUESTION)
    refusal = _GRAMMAR.refusal(question, language)
    if refusal is not None:
        return refusal
    answered = None if engine is None else engine.answer(session, question, language)
    return answered or _GRAMMAR.answer(session, question, language)
