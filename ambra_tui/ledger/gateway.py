"""What the ledger asks of a database driver; `sqlite.py` and `postgresql.py` each answer it.

Every statement is a module constant that binds the organization: the guard of compiled statements cannot see
driver-level SQL, so a test walks them.

Example::

    known, books = gateway_for(session.connection()).load(1, ids, postings)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.engine import Connection

from ambra_tui.errors import NotFound
from ambra_tui.kit.clock import to_microseconds
from ambra_tui.ledger.books import Books, Level, LevelKey, Move, Place, Total, TotalKey, destination_key, source_key
from ambra_tui.ledger.posting import Posting


@dataclass(frozen=True, slots=True)
class KnownMove:
    """A move that was posted before; quantities scaled, moments in microseconds."""

    id: str
    variant_id: str
    source_id: str
    destination_id: str
    quantity: int
    source_balance: int | None
    destination_balance: int | None
    posted_at: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who posts, from where, when: `posted_at` in microseconds."""

    organization_id: int
    actor_id: str
    station: str
    posted_at: int
    moment: datetime


@dataclass(frozen=True, slots=True)
class Needs:
    """The keys of the rows that postings touch, in order. `levels`: those on either side of each, kept or not."""

    locations: list[str]
    variants: list[str]
    lots: list[str]
    levels: list[LevelKey]

    def level_keys(self, places: Mapping[str, Place]) -> list[LevelKey]:
        """The levels at locations that keep any."""
        return [key for key in self.levels if key[1] in places and places[key[1]].keeps_levels]

    def total_keys(self, places: Mapping[str, Place]) -> list[TotalKey]:
        """The totals of the sites that the locations stand in."""
        sides = ((key[0], places[key[1]].site_id) for key in self.levels if key[1] in places)
        return sorted({key for key in sides if key[1]})


def needs_of(postings: Sequence[Posting]) -> Needs:
    """What has to be read to decide `postings`."""
    levels = {key for posting in postings for key in (source_key(posting), destination_key(posting))}
    return Needs(
        locations=sorted({key[1] for key in levels}),
        variants=sorted({key[0] for key in levels}),
        lots=sorted({key[2] for key in levels if key[2]}),
        levels=sorted(levels),
    )


def refuse_missing(variants: Iterable[str]) -> None:
    """Raises NotFound for the first of `variants`, which are not there."""
    missing = sorted(variants)
    if missing:
        raise NotFound("variant", missing[0])


class Gateway(Protocol):
    """The rows of one organization, on one open transaction."""

    def enter(self, organization_id: int) -> None:
        """The transaction belongs to this organization from the first statement on."""

    def load(
        self, organization_id: int, ids: Sequence[str], postings: Sequence[Posting]
    ) -> tuple[dict[str, KnownMove], Books]:
        """The moves among `ids` that were posted before, and the rows that the others of `postings` touch, locked
        lots first, then levels, then site totals, the hottest last, each in key order. Raises NotFound for a variant
        that is not there, before anything is written."""

    def together(self) -> AbstractContextManager[None]:
        """What is saved inside may reach the database when the block ends. Raises RowChanged there or earlier."""

    def save_levels(self, organization_id: int, rows: Mapping[LevelKey, Level]) -> None: ...

    def save_totals(self, stamp: Stamp, rows: Mapping[TotalKey, Total]) -> None: ...

    def save_moves(self, moves: Sequence[tuple[Move, Stamp]]) -> None: ...

    def save_events(self, stamp: Stamp, events: Sequence[tuple[str, str, str]]) -> None: ...

    def lot_stock(self, organization_id: int, lot_id: str) -> int: ...

    def save_lot(self, stamp: Stamp, lot_id: str, status: str, initial_gain: int) -> None: ...

    def reserving_documents(self, organization_id: int, key: TotalKey) -> list[str]: ...


MOVE_COLUMNS = (
    "organization_id", "id", "idempotency_key", "variant_id", "lot_id", "serial", "plate_id", "destination_plate_id",
    "source_id", "destination_id", "source_site_id", "destination_site_id", "quantity", "kind", "reason", "note",
    "unit_cost", "origin_kind", "origin_id", "origin_line_id", "actor_id", "station", "reverses_id", "occurred_at",
    "posted_at", "source_balance", "destination_balance",
)  # fmt: skip


def move_row(stamp: Stamp, move: Move) -> tuple[Any, ...]:
    """The values of `MOVE_COLUMNS`."""
    posting = move.posting
    occurred_at = stamp.posted_at if posting.occurred_at is None else to_microseconds(posting.occurred_at)
    return (
        stamp.organization_id, move.id, posting.idempotency_key, posting.variant_id, posting.lot_id, posting.serial,
        posting.plate_id, posting.destination_plate_id, posting.source_id, posting.destination_id,
        move.source_site_id, move.destination_site_id, move.quantity, str(posting.kind), posting.reason, posting.note,
        move.unit_cost, posting.origin_kind, posting.origin_id, posting.origin_line_id, stamp.actor_id, stamp.station,
        posting.reverses_id, occurred_at, stamp.posted_at, move.source_balance, move.destination_balance,
    )  # fmt: skip


class RowChanged(Exception):
    """A row that was held under lock is not as it was read."""


def gateway_for(connection: Connection) -> Gateway:
    """The gateway of a connection's database."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        from ambra_tui.ledger.postgresql import PostgresqlGateway  # psycopg is loaded only where it is used

        return PostgresqlGateway(driver, connection.info.setdefault("ambra_sites", {}))
    from ambra_tui.ledger.sqlite import SqliteGateway

    return SqliteGateway(driver)
