"""What an import kind is, and what running one tells.

Example::

    IMPORT = ImportKind(name="catalog", help="...", fields=(Field("sku", "the variant's SKU"),), make=CatalogImport)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlmodel import Session

Learned = dict[tuple[str, ...], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A documented column: `name`, what it holds, other names that files use for it."""

    name: str
    help: str
    aliases: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line it starts on, and its fields as text, blanks trimmed; absent columns read as empty."""

    line: int
    values: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken: its line, what it is about, and why."""

    line: int
    subject: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What writing some rows did. `learned`: what later rows of the same file need to know of them."""

    made: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
    learned: Learned = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """The sum of an import. `refused` counts rows; the rows themselves went to `on_refused`."""

    rows: int = 0
    made: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a run is made for. `currency`: the organization's, of amounts without one. `only_site`: the code of its
    site, empty when it has none or several."""

    is_rehearsal: bool
    currency: str
    only_site: str = ""


class Importer(Protocol):
    """One run of an import: knows what the file said so far.

    `prepare` checks a row by itself and raises Invalid; `write` is one transaction, may be run again by the writer and
    therefore changes nothing but the session; `remember` takes in what `write` learned, once it is committed.
    """

    chunk: int

    def prepare(self, record: Record) -> Any: ...

    def write(self, session: Session, items: Sequence[Any]) -> Outcome: ...

    def remember(self, learned: Learned) -> None: ...


@dataclass(frozen=True, slots=True)
class ImportKind:
    """`make` begins a run. `subject`: the fields that name a row.

    `group_by`: rows with the same value of this field are one document, handed to `prepare` one by one and to `write`
    together; empty: every row stands alone.
    """

    name: str
    help: str
    fields: tuple[Field, ...]
    make: Callable[[Circumstances], Importer]
    subject: tuple[str, ...]
    group_by: str = ""
