"""Sites and suppliers by code or name: ``Berlin`` is BER, ``Acme`` is Acme Giftware.

Example::

    find_named(["stock", "in", "berlin"], entries_of_sites(session), lexicon("en"), free={2})
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA
from sqlmodel import Session, col, select

from ambra_tui.services.questions.lexicon import Lexicon
from ambra_tui.services.questions.words import folded, read_words
from ambra_tui.store.models import Site, Supplier
from ambra_tui.store.scope import organization_of

MAX_NAMED = 500
_LEAST_FUZZY = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """Something with a name. `value`: what parameters say of it; `words`: its name's words that tell it apart;
    `all_words`: those and the rest of its name."""

    id: str
    value: str
    name: str
    code: str
    words: frozenset[str]
    all_words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Named:
    """An entry that words `start` up to `end` name. `others`: further entries that fit as well."""

    entry: Entry
    start: int
    end: int
    others: tuple[Entry, ...] = ()
    is_fuzzy: bool = False


def entries_of_sites(session: Session, generic: Collection[str]) -> list[Entry]:
    """Every site of the organization."""
    statement = select(Site.id, Site.code, Site.name).where(Site.organization_id == organization_of(session))
    rows = session.exec(statement.order_by(col(Site.code)).limit(MAX_NAMED)).all()
    return [_entry(key, code, name, code, generic) for key, code, name in rows]


def entries_of_suppliers(session: Session, generic: Collection[str]) -> list[Entry]:
    """The organization's suppliers."""
    statement = select(Supplier.id, Supplier.code, Supplier.name).where(
        Supplier.organization_id == organization_of(session)
    )
    rows = session.exec(statement.order_by(col(Supplier.name)).limit(MAX_NAMED)).all()
    return [_entry(key, name, name, code, generic) for key, code, name in rows]


def _entry(key: str, value: str, name: str, code: str, generic: Collection[str]) -> Entry:
    every = frozenset(word.text for word in read_words(name))
    return Entry(key, value, name, folded(code), frozenset(w for w in every if w not in generic) or every, every)


def find_named(texts: Sequence[str], entries: Sequence[Entry], words: Lexicon, free: Collection[int]) -> list[Named]:
    """What of `entries` the free words name, from left to right. A word stands for one entry alone."""
    found: list[Named] = []
    start = 0
    while start < len(texts):
        named = _at(texts, entries, words, start, free) if start in free else None
        if named is None:
            start += 1
        else:
            found.append(named)
            start = named.end
    return found


def _at(
    texts: Sequence[str], entries: Sequence[Entry], words: Lexicon, start: int, free: Collection[int]
) -> Named | None:
    spelled = words.other_names.get(texts[start], texts[start])
    of_code = [entry for entry in entries if entry.code and entry.code == spelled]
    if of_code:
        return Named(of_code[0], start, _extended(texts, of_code[0], words, start + 1))
    fitting = [entry for entry in entries if spelled in entry.words]
    if not fitting and len(spelled) >= _LEAST_FUZZY and spelled not in words.vocabulary:
        near = [entry for entry in entries if any(_is_near(spelled, word) for word in (*entry.words, entry.code))]
        return Named(near[0], start, _extended(texts, near[0], words, start + 1), is_fuzzy=True) if near else None
    if not fitting:
        return None
    ends = {entry.id: _extended(texts, entry, words, start + 1) for entry in fitting}
    best = max(ends.values())
    longest = [entry for entry in fitting if ends[entry.id] == best]
    return Named(longest[0], start, best, tuple(longest[1:]))


def _extended(texts: Sequence[str], entry: Entry, words: Lexicon, end: int) -> int:
    """Where the entry's name ends in the question."""
    while end < len(texts):
        text = words.other_names.get(texts[end], texts[end])
        if text not in entry.all_words and text not in words.place_nouns:
            break
        end += 1
    return end


def _is_near(typed: str, word: str) -> bool:
    if len(word) < _LEAST_FUZZY:
        return False
    return OSA.distance(typed, word) <= (1 if len(word) < 8 else 2)
