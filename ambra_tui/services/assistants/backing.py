"""Whether a sentence is backed by rows: every number in it stands in them, or was asked.

A model may put an answer into words; it may not add a figure. What is not backed is thrown away, and the answer made of
the rows stands in its place.

Example::

    is_backed("There are 12 MILK-1L.", rows=[{"sku": "MILK-1L", "on_hand": 12}], also=())   # True
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ambra_tui.kit.text import has_control

MAX_PROSE = 600
_NUMBER = re.compile(r"\d+(?:[.,/'’\u00a0\u202f -]\d+)*")
_FOREIGN = re.compile(r"https?:|www\.|<[a-z/!]|\]\(", re.IGNORECASE)
_PLAIN = re.compile(r"\d+(?:\.\d+)?")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_WORD = re.compile(r"[^\W\d_]+")
# "one" is an article in most languages here, so it counts nothing.
_COUNTING = {
    2: "two zwei dos dois duas", 3: "three drei tres três", 4: "four vier cuatro quatro", 5: "five fünf cinco",
    6: "six sechs seis", 7: "seven sieben siete sete", 8: "eight acht ocho oito", 9: "nine neun nueve nove",
    10: "ten zehn diez dez", 11: "eleven elf once onze", 12: "twelve zwölf doce doze dozen dutzend docena dúzia",
    20: "twenty zwanzig veinte vinte", 50: "fifty fünfzig cincuenta cinquenta",
    100: "hundred hundert cien ciento cem cento", 1000: "thousand tausend mil",
    1_000_000: "million millionen millón milhão",
}  # fmt: skip
_VALUE_OF = {word: Decimal(value) for value, words in _COUNTING.items() for word in words.split()}


def is_backed(prose: str, *, rows: Sequence[Mapping[str, Any]], also: Iterable[object]) -> bool:
    """True when `prose` is short plain text whose numbers all stand in `rows` or `also`. A name with digits in it, such
    as a SKU, counts as a name; the parts of a day back that day alone."""
    text = prose.strip()
    if not text or len(text) > MAX_PROSE or has_control(text.replace("\n", " ")) or _FOREIGN.search(text):
        return False
    values = [*leaves(list(rows)), *leaves(list(also))]
    names = {value for value in values if isinstance(value, str) and any(map(str.isdigit, value))}
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text, flags=re.IGNORECASE)
    written = _NUMBER.findall(text)
    days = [tuple(map(int, found.groups())) for value in values if (found := _DAY.match(str(value)))]
    known = {number for value in values for number in _numbers_of(value)} | {Decimal(len(rows))}
    known |= {Decimal(part) for year, _, day in days if str(year) in written for part in (year, day)}
    words = {_VALUE_OF[word] for word in map(str.casefold, _WORD.findall(text)) if word in _VALUE_OF}
    return words <= known and all(readings(one) & known or _is_day(one, days) for one in written)


def _is_day(written: str, days: Iterable[tuple[int, ...]]) -> bool:
    """``31.03.2026``, ``31.3.``, ``03/31/26``: the parts of one of `days`."""
    parts = {int(part) for part in re.findall(r"\d+", written)}
    return len(re.findall(r"\d+", written)) > 1 and any(parts <= {*day, day[0] % 100} for day in days)


def readings(written: str) -> set[Decimal]:
    """Every number that the digits may mean: ``1.234`` is 1.234 or 1234, ``1 234`` is 1234, or 1 and 234."""
    marks = [character for character in written if not character.isdigit()]
    digits = "".join(character for character in written if character.isdigit())
    found = {Decimal(digits)} if len(digits) <= 30 else set()
    if marks and marks[-1] in ".,":
        whole, _, rest = written.rpartition(marks[-1])
        plain = "".join(character for character in whole if character.isdigit())
        found.add(_decimal(f"{plain}.{rest}"))
    return found


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def leaves(value: Any) -> Iterator[Any]:
    """Every text and number inside `value`."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield value


def _numbers_of(value: Any) -> Iterator[Decimal]:
    """What a leaf says in numbers: its own value, without its sign."""
    if isinstance(value, int | float | Decimal):
        yield abs(Decimal(str(value)))
    elif isinstance(value, str) and _PLAIN.fullmatch(value):
        yield Decimal(value)
