"""Search over one normalised token table, the same on both databases.

Text is folded (NFKD, accents dropped, case folded) and cut into words at everything that is neither letter nor
digit; forms with inner punctuation (``LOT-7``) stay whole as well. A search looks for the exact form, then for its
prefix, then for all its words, then for what begins alike; at most 50 candidates are ranked by likeness.

Example::

    index_subject(session, "variant", variant.id, variant.sku, variant.name)
    find_subjects(session, "variant", "choc dark", names=names_of)   # ['var_01K...', ...]
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, delete, false, insert, select
from sqlmodel import Session, col

from ambra_tui.store.models import SearchToken
from ambra_tui.store.scope import organization_of

MAX_TOKEN = 80
MAX_CANDIDATES = 50
MAX_TERMS = 8
_LIKENESS_NEEDED = 60.0
_STEM = 3
_LAST_CHARACTER = "\U0010ffff"

Names = Callable[[Sequence[str]], dict[str, str]]


def fold(text: str) -> str:
    """`text` without accents and case, so that equal-looking words are equal."""
    if text.isascii():
        return text.lower()
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.casefold()


_split = re.compile(r"[^\W_]+").findall


def words(text: str) -> list[str]:
    """The folded words of `text`."""
    return _split(fold(text))


def tokens(*texts: str) -> set[str]:
    """What a subject described by `texts` is found by: words, forms such as ``lot-7``, and each text whole."""
    found: set[str] = set()
    for text in dict.fromkeys(texts):
        parts = fold(text).split()
        for part in parts:
            split = _split(part)
            if split and split[0] != part:
                found.add(part.strip(".,;:()[]"))
            found.update(split)
        found.add(" ".join(parts))
    return {token[:MAX_TOKEN] for token in found if token}


def index_subject(session: Session, kind: str, subject_id: str, *texts: str) -> None:
    """Make a new subject findable by `texts`."""
    organization_id = organization_of(session)
    rows = [
        {"organization_id": organization_id, "kind": kind, "token": token, "subject_id": subject_id}
        for token in sorted(tokens(*texts))
    ]
    if rows:
        session.connection().execute(insert(SearchToken), rows)


def reindex_subject(session: Session, kind: str, subject_id: str, *texts: str) -> None:
    """Replace what a subject is found by."""
    session.connection().execute(
        delete(SearchToken).where(
            col(SearchToken.organization_id) == organization_of(session),
            col(SearchToken.kind) == kind,
            col(SearchToken.subject_id) == subject_id,
        )
    )
    index_subject(session, kind, subject_id, *texts)


def subjects_with(session: Session, kind: str, token: str, *, limit: int = MAX_CANDIDATES) -> list[str]:
    """Ids of the subjects that carry exactly the folded `token`."""
    return list(
        session.connection().execute(_matching(session, kind, col(SearchToken.token) == token, limit)).scalars()
    )


def find_subjects(session: Session, kind: str, text: str, *, names: Names, limit: int = 20) -> list[str]:
    """Ids of at most `limit` subjects of `kind`, best first. `names` tells the candidates' texts for ranking."""
    whole = " ".join(fold(text).split())[:MAX_TOKEN]
    terms = words(text)[:MAX_TERMS]
    if not whole or not terms:
        return []
    exact = subjects_with(session, kind, whole)
    found = dict.fromkeys(exact)
    for statement in (
        _matching(session, kind, _begins(session, whole)),
        _with_all_words(session, kind, terms),
    ):
        if len(found) < limit:
            found.update(dict.fromkeys(session.connection().execute(statement).scalars()))
    likeness_needed = 0.0
    if not found:
        stems = [term[:_STEM] for term in terms]
        found = dict.fromkeys(session.connection().execute(_with_all_words(session, kind, stems)).scalars())
        likeness_needed = _LIKENESS_NEEDED
    candidates = list(found)[:MAX_CANDIDATES]
    return _ranked(whole, candidates, set(exact), names(candidates), likeness_needed)[:limit]


def is_like(session: Session, kind: str, text: str, column: ColumnElement[str]) -> ColumnElement[bool]:
    """True where `column` is the id of a subject of `kind` that has a word beginning with each word of `text`."""
    terms = words(text)[:MAX_TERMS]
    if not terms:
        return false()
    subjects = select(col(SearchToken.subject_id)).where(
        col(SearchToken.organization_id) == organization_of(session), col(SearchToken.kind) == kind
    )
    return and_(*(column.in_(subjects.where(_begins(session, term))) for term in terms))


def _ranked(
    whole: str, candidates: Iterable[str], exact: set[str], texts: dict[str, str], likeness_needed: float
) -> list[str]:
    scored = []
    for place, subject in enumerate(candidates):
        likeness = fuzz.WRatio(whole, fold(texts.get(subject, "")))
        if subject in exact or likeness >= likeness_needed:
            scored.append((subject not in exact, -likeness, place, subject))
    return [subject for *_, subject in sorted(scored)]


def begins_with(session: Session, column: SQLColumnExpression[str], prefix: str) -> ColumnElement[bool]:
    """True where `column` starts with `prefix`, in the form that the database's index serves."""
    if session.get_bind().dialect.name == "postgresql":
        return column.op("^@", is_comparison=True)(prefix)
    return and_(column >= prefix, column < prefix + _LAST_CHARACTER)


def _begins(session: Session, prefix: str) -> ColumnElement[bool]:
    return begins_with(session, col(SearchToken.token), prefix)


def _matching(session: Session, kind: str, condition: ColumnElement[bool], limit: int = MAX_CANDIDATES) -> Select[str]:
    return (
        select(col(SearchToken.subject_id))
        .where(col(SearchToken.organization_id) == organization_of(session), col(SearchToken.kind) == kind, condition)
        .distinct()
        .order_by(col(SearchToken.subject_id))
        .limit(limit)
    )


def _with_all_words(session: Session, kind: str, terms: Sequence[str]) -> Select[str]:
    """The subjects that carry a token beginning with each of `terms`; the longest term leads, as the rarest."""
    first, *others = sorted(terms, key=len, reverse=True)
    statement = _matching(session, kind, _begins(session, first))
    for term in others:
        also = select(col(SearchToken.subject_id)).where(
            col(SearchToken.organization_id) == organization_of(session),
            col(SearchToken.kind) == kind,
            _begins(session, term),
        )
        statement = statement.where(col(SearchToken.subject_id).in_(also))
    return statement
