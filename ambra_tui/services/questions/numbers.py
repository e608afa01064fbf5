"""How many: limits (top 10), thresholds (fewer than 5) and age buckets (61-90) in a question.

Example::

    find_numbers(["top", "10", "movers"], lexicon("en"), taken=set()).limit   # 10
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ambra_tui.services.questions.lexicon import Lexicon

BUCKETS = ("0-30", "31-60", "61-90", "90+")
MAX_LIMIT = 100
MAX_THRESHOLD = 1_000_000
_RANGE = re.compile(r"(0-30|31-60|61-90)(d|days|tage|dias)?")
_OPEN_END = re.compile(r"(?:>|9[01])?(90)(\+|plus)(d|days)?|>90")
_UNDER = re.compile(r"<=?([0-9]{1,7})")
_NUMBER = re.compile(r"[0-9]{1,7}")
_RANGE_JOINTS = frozenset({"to", "bis", "a", "ate", "and", "und", "e", "y", "-", "–"})


@dataclass(slots=True)
class Numbers:
    """`taken`: places of the words that say it."""

    limit: int | None = None
    threshold: int | None = None
    bucket: str = ""
    taken: set[int] = field(default_factory=set)


def find_numbers(texts: Sequence[str], words: Lexicon, *, taken: Collection[int]) -> Numbers:
    """Reads limits, thresholds and buckets from the words that are not `taken`."""
    found = Numbers()
    for start in range(len(texts)):
        if start in taken or start in found.taken:
            continue
        for step in (_bucket, _threshold, _limit):
            end = step(texts, words, start, found, taken)
            if end > start:
                found.taken.update(range(start, end))
                break
    return found


def bucket_over(days: int) -> str:
    """The bucket of what is older than `days`; empty when no bucket begins there."""
    return {30: "31-60", 31: "31-60", 60: "61-90", 61: "61-90", 90: "90+", 91: "90+"}.get(
        days, "90+" if days > 90 else ""
    )


def _bucket(texts: Sequence[str], words: Lexicon, start: int, found: Numbers, _taken: Collection[int]) -> int:
    text = texts[start]
    exact = _RANGE.fullmatch(text)
    end = start + 1
    if exact:
        found.bucket = exact[1]
    elif _OPEN_END.fullmatch(text):
        found.bucket = "90+"
    elif text == "90" and texts[start + 1 : start + 2] in (["+"], ["plus"]):
        found.bucket, end = "90+", start + 2
    elif len(texts) > start + 2 and texts[start + 1] in _RANGE_JOINTS and f"{text}-{texts[start + 2]}" in BUCKETS:
        found.bucket, end = f"{text}-{texts[start + 2]}", start + 3
    else:
        return start
    unit = words.units.at(texts, end) if end < len(texts) else None
    return unit.end if unit else end


def _threshold(texts: Sequence[str], words: Lexicon, start: int, found: Numbers, taken: Collection[int]) -> int:
    sign = _UNDER.fullmatch(texts[start])
    if sign:
        found.threshold = int(sign[1])
        return start + 1
    if texts[start] in ("<", "<="):
        number, end = _number(texts, words, start + 1, taken)
    else:
        hit = words.particle("less_than").at(texts, start)
        number, end = _number(texts, words, hit.end, taken) if hit else (None, start)
    if number is None:
        number, end = _or_less(texts, words, start, taken)
    if number is None or number > MAX_THRESHOLD:
        return start
    found.threshold = number
    return end


def _or_less(texts: Sequence[str], words: Lexicon, start: int, taken: Collection[int]) -> tuple[int | None, int]:
    """``5 or fewer``."""
    number, after = _number(texts, words, start, taken)
    hit = words.particle("or_less").at(texts, after) if number is not None and after < len(texts) else None
    return (number, hit.end) if hit else (None, start)


def _limit(texts: Sequence[str], words: Lexicon, start: int, found: Numbers, taken: Collection[int]) -> int:
    top = words.particle("top").at(texts, start)
    number, end = _number(texts, words, top.end, taken) if top else (None, start)
    if number is None:
        number, end = _number(texts, words, start, taken)
        if number is None or end >= len(texts) or words.particle("after_top").at(texts, end) is None:
            return start
    if number is not None and 1 <= number <= MAX_LIMIT:
        found.limit = number
        found.taken.update(range(top.end if top and end > top.end else start, end))
    return start


def _number(texts: Sequence[str], words: Lexicon, start: int, taken: Collection[int]) -> tuple[int | None, int]:
    if start >= len(texts) or start in taken:
        return None, start
    if _NUMBER.fullmatch(texts[start]):
        return int(texts[start]), start + 1
    hit = words.numbers.at(texts, start)
    return (int(hit.values[0]), hit.end) if hit else (None, start)
