"""From what a question holds to what it asks for: the best of the patterns in `data/questions/intents.toml`.

Example::

    route({"stock", "@product", "@location"}).intent   # 'stock_level'
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ambra_tui.services.questions.lexicon import Pattern, rules

LEAST = 0.9
_SPECIFIC = 2.0


@dataclass(frozen=True, slots=True)
class Route:
    """`intent`: empty when nothing fits. `margin`: how far the next intent is behind. `is_specific`: a word says what
    is asked for, not a name alone."""

    intent: str = ""
    score: float = 0.0
    margin: float = 0.0
    is_specific: bool = False


def route(marks: Collection[str]) -> Route:
    """The intent that fits `marks` best."""
    best: dict[str, float] = {}
    for pattern in rules().patterns:
        score = _score(pattern, marks)
        if score > best.get(pattern.intent, 0.0):
            best[pattern.intent] = score
    ranked = sorted(best.items(), key=lambda entry: (-entry[1], entry[0]))
    if not ranked or ranked[0][1] < LEAST:
        return Route()
    intent, score = ranked[0]
    behind = ranked[1][1] if len(ranked) > 1 else 0.0
    weights = rules().weights
    is_specific = any(weights.get(mark, 0.0) >= _SPECIFIC for mark in marks)
    return Route(intent, score, score - behind, is_specific)


def _score(pattern: Pattern, marks: Collection[str]) -> float:
    weights = rules().weights
    if any(mark in marks for mark in pattern.barred):
        return 0.0
    score = pattern.bonus
    for alternatives in pattern.needed:
        there = [weights.get(mark, 0.0) for mark in alternatives if mark in marks]
        if not there:
            return 0.0
        score += max(there)
    return score + sum(weights.get(mark, 0.0) for mark in pattern.optional if mark in marks)
