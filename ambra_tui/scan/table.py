"""The table of Application Identifiers, read once from `data/gs1/application_identifiers.tsv`.

Example::

    load_table().find("10M130", 0).title   # 'BATCH/LOT'
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ambra_tui.kit.resources import data_path
from ambra_tui.scan.content import Content, compile_format

Link = Literal["key", "attribute", ""]

_SSCC = "00"
_LINKS: dict[str, Link] = {"key": "key", "attribute": "attribute", "": ""}


@dataclass(frozen=True, slots=True)
class Identifier:
    """One Application Identifier.

    `is_predefined`: its length is known to every scanner, so no separator follows. `requires`: one of these groups
    of identifiers stands on the same item; `excludes`: none of these does. Both may hold ``31nn``: any digits.
    `qualifiers`: the orders in which further keys may follow it in a Digital Link.
    """

    ai: str
    title: str
    format: str
    is_predefined: bool
    link: Link
    requires: tuple[tuple[str, ...], ...]
    excludes: tuple[str, ...]
    qualifiers: tuple[tuple[str, ...], ...]

    @property
    def content(self) -> Content:
        """The compiled format."""
        return compile_format(self.format)

    def excluded_among(self, present: Set[str]) -> str:
        """The first identifier of `present` that may not stand beside this one, or an empty text."""
        for pattern in self.excludes:
            for ai in _matching(pattern, present):
                if ai != self.ai:
                    return ai
        return ""

    def is_satisfied_by(self, present: Set[str]) -> bool:
        """True when one of the required groups is among `present`.

        An SSCC asked for together with another identifier may stand in the label's other symbol or on the pallet's
        other side: a group is satisfied without it.
        """
        if not self.requires:
            return True
        return any(
            all(any(_matching(pattern, present)) for pattern in group if pattern != _SSCC or len(group) == 1)
            for group in self.requires
        )

    def requirement(self) -> str:
        """What it requires, in a few words: ``10 needs 01 or 02``."""
        return f"{self.ai} needs " + " or ".join("+".join(group) for group in self.requires)


def _matching(pattern: str, present: Set[str]) -> Iterator[str]:
    start = pattern.rstrip("n")
    if start == pattern:
        if pattern in present:
            yield pattern
        return
    # No identifier is the beginning of another, so its first digits decide.
    yield from (ai for ai in present if ai.startswith(start))


class Table:
    """Every Application Identifier by its digits. No identifier is the beginning of another."""

    def __init__(self, identifiers: dict[str, Identifier]) -> None:
        self._identifiers = identifiers

    def __iter__(self) -> Iterator[Identifier]:
        return iter(self._identifiers.values())

    def __len__(self) -> int:
        return len(self._identifiers)

    def get(self, ai: str) -> Identifier | None:
        """The identifier with exactly these digits."""
        return self._identifiers.get(ai)

    def find(self, text: str, position: int) -> Identifier | None:
        """The identifier that `text` holds at `position`."""
        for length in (2, 3, 4):
            found = self._identifiers.get(text[position : position + length])
            if found is not None:
                return found
        return None


@lru_cache(maxsize=1)
def load_table() -> Table:
    """The product's table; read at the first call."""
    lines = data_path("gs1/application_identifiers.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    identifiers: dict[str, Identifier] = {}
    for row in rows[1:]:
        for identifier in _expand(row + [""] * (len(rows[0]) - len(row))):
            identifiers[identifier.ai] = identifier
    return Table(identifiers)


def _expand(row: list[str]) -> Iterator[Identifier]:
    span, title, format_, predefined, link, requires, excludes, qualifiers = row
    first, _, last = span.partition("-")
    use = _LINKS[link]
    for number in range(int(first), int(last or first) + 1):
        yield Identifier(
            ai=str(number).zfill(len(first)),
            title=title,
            format=format_,
            is_predefined=predefined == "yes",
            link=use,
            requires=tuple(tuple(group.split("+")) for group in requires.split(",") if group),
            excludes=tuple(ai for ai in excludes.split(",") if ai),
            qualifiers=tuple(tuple(order.split(",")) for order in qualifiers.split("|") if order),
        )
