"""The door to questions: clean, refuse, let an engine answer, else the grammar.

Example::

    ask(session, "Welche Artikel sind ausverkauft?").intent   # 'out_of_stock'
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session, col

from ambra_tui.kit.text import clean_line
from ambra_tui.services.questions.answered import Answered, Engine
from ambra_tui.services.questions.catalogue import MayRead, limit_to
from ambra_tui.services.questions.grammar import Grammar
from ambra_tui.store.models import SiteStock, Variant
from ambra_tui.store.scope import organization_of, scoped

MAX_QUESTION = 500
ANY_SKU = "<sku>"
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
    return _with_own_sku(session, _answer(session, question, language, engine))


def _answer(session: Session, question: str, language: str, engine: Engine | None) -> Answered:
    refusal = _GRAMMAR.refusal(question, language)
    if refusal is not None:
        return refusal
    answered = None if engine is None else engine.answer(session, question, language)
    return answered or _GRAMMAR.answer(session, question, language)


def _with_own_sku(session: Session, answered: Answered) -> Answered:
    """Examples ask for a product that the organization has in stock; without one they are left out."""
    if not any(ANY_SKU in question for question in answered.suggestions):
        return answered
    statement = (
        scoped(session, Variant)
        .join(SiteStock, (col(SiteStock.variant_id) == Variant.id) & (col(SiteStock.on_hand) > 0))
        .where(SiteStock.organization_id == organization_of(session))
        .order_by(col(SiteStock.variant_id))
    )
    variant = session.exec(statement.limit(1)).first()
    asked = [
        question.replace(ANY_SKU, variant.sku) if variant else question
        for question in answered.suggestions
        if variant or ANY_SKU not in question
    ]
    return replace(answered, suggestions=asked)
