"""The cue tables of a language, from `data/questions/<language>.toml`: which phrase means what.

Example::

    lexicon("de").concepts.find(["wie", "viele"])   # [Hit(start=0, end=2, values=('how_many',))]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ambra_tui.kit.resources import data_path
from ambra_tui.services.questions.words import folded

LANGUAGES = ("en", "de", "es", "pt")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_LEAST_SPELLED = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """Words `start` up to but without `end` mean `values`."""

    start: int
    end: int
    values: tuple[str, ...]


@dataclass(slots=True)
class Phrases:
    """Phrases of one kind, found longest first. A word that ends in ``*`` stands for all words that begin so."""

    _exact: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    _stems: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    @classmethod
    def of(cls, table: Mapping[str, Iterable[str]]) -> Phrases:
        """Phrases from a table value -> its phrases."""
        made = cls()
        for value, phrases in table.items():
            for phrase in phrases:
                for spelling in dict.fromkeys((phrase, phrase.translate(_UMLAUTS))):
                    made._add(tuple(folded(spelling).split()), value)
        for entries in (*made._exact.values(), made._stems):
            entries.sort(key=lambda entry: -len(entry[0]))
        return made

    def _add(self, words: tuple[str, ...], value: str) -> None:
        if words[0].endswith("*"):
            self._stems.append((words, value))
        else:
            self._exact.setdefault(words[0], []).append((words, value))

    def at(self, words: Sequence[str], start: int) -> Hit | None:
        """The longest phrase that begins at `start`, with everything it means."""
        found: list[str] = []
        length = 0
        for phrase, value in (*self._exact.get(words[start], ()), *self._stems):
            if len(phrase) >= max(length, 1) and _fits(phrase, words, start):
                if len(phrase) > length:
                    found, length = [], len(phrase)
                found.append(value)
        return Hit(start, start + length, tuple(dict.fromkeys(found))) if length else None

    def find(self, words: Sequence[str]) -> list[Hit]:
        """Every phrase in `words`, from left to right, none inside another."""
        hits: list[Hit] = []
        start = 0
        while start < len(words):
            hit = self.at(words, start)
            if hit is None:
                start += 1
            else:
                hits.append(hit)
                start = hit.end
        return hits

    def ends_before(self, words: Sequence[str], end: int) -> bool:
        """Whether a phrase ends right before word `end`."""
        return any(
            (hit := self.at(words, start)) is not None and hit.end == end for start in range(max(0, end - 4), end)
        )

    def vocabulary(self) -> set[str]:
        """Every single word of the phrases, without stems."""
        phrases = [phrase for entries in self._exact.values() for phrase, _ in entries]
        phrases += [phrase for phrase, _ in self._stems]
        return {word for phrase in phrases for word in phrase if not word.endswith("*")}


def _fits(phrase: tuple[str, ...], words: Sequence[str], start: int) -> bool:
    if start + len(phrase) > len(words):
        return False
    return all(
        word.startswith(part[:-1]) if part.endswith("*") else word == part
        for part, word in zip(phrase, words[start:], strict=False)
    )


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything that the questions of one language are read by. `vocabulary`: what a slip may be put right to;
    `understood`: what is no slip."""

    language: str
    skipped: frozenset[str]
    concepts: Phrases
    statuses: Phrases
    groups: Phrases
    reasons: Phrases
    directions: Phrases
    periods: Phrases
    units: Phrases
    months: Phrases
    weekdays: Phrases
    numbers: Phrases
    particles: Mapping[str, Phrases]
    refusals: Mapping[str, Phrases]
    slips: Mapping[str, str]
    other_names: Mapping[str, str]
    generic_names: frozenset[str]
    place_nouns: frozenset[str]
    vocabulary: frozenset[str]
    understood: frozenset[str]

    def particle(self, name: str) -> Phrases:
        """Phrases of a particle, such as those that mean ``since``."""
        return self.particles[name]


@cache
def lexicon(language: str) -> Lexicon:
    """The cue tables of `language`."""
    source = tomllib.loads(data_path(f"questions/{language}.toml").read_text(encoding="utf-8"))
    skipped = frozenset(folded(source["words_to_skip"]).split())
    books = {name: Phrases.of(source[name]) for name in ("concepts", "statuses", "groups", "reasons", "directions")}
    periods = Phrases.of(source["period"])
    units = Phrases.of(source["units"])
    months, weekdays = (Phrases.of(_numbered(source[name]["names"])) for name in ("months", "weekdays"))
    particles = {name: Phrases.of({name: phrases}) for name, phrases in source["period_words"].items()}
    numbers = Phrases.of(_by_number(_pairs(source["numbers"])))
    number_words = {word for phrase, _ in _pairs(source["numbers"]) for word in folded(phrase).split()}
    known: set[str] = set(skipped) | number_words
    for book in (*books.values(), periods, units, months, weekdays, *particles.values()):
        known |= book.vocabulary()
    names = source.get("names", {})
    refusals = {name: Phrases.of({name: phrases}) for name, phrases in source["refuse"].items()}
    others = {word for book in refusals.values() for word in book.vocabulary()}
    return Lexicon(
        language=language,
        skipped=skipped,
        periods=periods,
        units=units,
        months=months,
        weekdays=weekdays,
        numbers=numbers,
        particles=particles,
        refusals=refusals,
        understood=frozenset(known | others),
        slips={folded(slip): folded(meant) for slip, meant in source["slips"].items()},
        other_names={folded(theirs): ours for ours, all_theirs in names.items() for theirs in all_theirs},
        generic_names=_names("generic_names") | _names("place_nouns"),
        place_nouns=_names("place_nouns"),
        vocabulary=frozenset(word for word in known if len(word) >= _LEAST_SPELLED),
        **books,
    )


def _pairs(table: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(phrase, int(number)) for phrase, number in table.items()]


def _by_number(pairs: Iterable[tuple[str, int]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for phrase, number in pairs:
        found.setdefault(str(number), []).append(phrase)
    return found


def _numbered(names: Sequence[str]) -> dict[str, list[str]]:
    return {str(number): name.split("|") for number, name in enumerate(names, start=1)}


def _names(which: str) -> frozenset[str]:
    """Words of names that many sites and suppliers share."""
    return frozenset(folded(str(_rules()[which])).split())


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads(data_path("questions/intents.toml").read_text(encoding="utf-8"))


_PATTERN_WEIGHT = re.compile(r" ?:(-?[0-9.]+)$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to ask for an intent: each of `needed` must be there (one of its alternatives), `optional` may, none of
    `barred` may."""

    intent: str
    needed: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...]
    barred: tuple[str, ...]
    bonus: float


@dataclass(frozen=True, slots=True)
class Rules:
    """How concepts become an intent (`data/questions/intents.toml`)."""

    weights: Mapping[str, float]
    patterns: tuple[Pattern, ...]
    requires: Mapping[str, tuple[str, ...]]


@cache
def rules() -> Rules:
    """The rules, the same in every language."""
    source = _rules()
    patterns = tuple(_pattern(intent, text) for intent, lines in source["intents"].items() for text in lines)
    requires = {intent: tuple(needed) for intent, needed in source["requires"].items()}
    return Rules(source["weights"], patterns, requires)


def _pattern(intent: str, text: str) -> Pattern:
    weight = _PATTERN_WEIGHT.search(text)
    parts = _PATTERN_WEIGHT.sub("", text).split()
    needed = tuple(tuple(part.split("|")) for part in parts if part[0] not in "?!")
    optional = tuple(part[1:] for part in parts if part[0] == "?")
    barred = tuple(part[1:] for part in parts if part[0] == "!")
    return Pattern(intent, needed, optional, barred, float(weight[1]) if weight else 0.0)
