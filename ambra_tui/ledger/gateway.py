"""What the ledger asks of a database driver; `sqlite.py` and `postgresql.py` each answer it.

Every statement is a module constant that binds the organization: the guard of compiled statements cannot see
driver-level SQL, so a test walks them.

Example::

    gateway = gateway_for(session.connection())
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.engine import Connection

from ambra_tui.ledger.books import Level, LevelKey, LotRow, Move, Place, Total, TotalKey


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
    """Who posts, from where, when (microseconds)."""

    organization_id: int
    actor_id: str
    station: str
    posted_at: int


class Gateway(Protocol):
    """The rows of one organization, on one open transaction. Loading locks levels, totals and lots, in key order.
    `holds_whole_store`: the transaction itself keeps every other writer out."""

    holds_whole_store: bool

    def known_moves(self, organization_id: int, ids: Sequence[str]) -> dict[str, KnownMove]: ...

    def places(self, organization_id: int, ids: Iterable[str]) -> dict[str, Place]: ...

    def lots(self, organization_id: int, ids: Iterable[str]) -> dict[str, LotRow]: ...

    def missing_variants(self, organization_id: int, ids: Iterable[str]) -> set[str]: ...

    def levels(self, organization_id: int, keys: Iterable[LevelKey]) -> dict[LevelKey, Level]: ...

    def totals(self, organization_id: int, keys: Iterable[TotalKey]) -> dict[TotalKey, Total]: ...

    def save_levels(self, organization_id: int, rows: Mapping[LevelKey, Level]) -> None: ...

    def save_totals(self, organization_id: int, rows: Mapping[TotalKey, Total]) -> None: ...

    def save_moves(self, stamp: Stamp, moves: Sequence[Move]) -> None: ...

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


def move_row(stamp: Stamp, move: Move, occurred_at: int) -> tuple[Any, ...]:
    """The values of `MOVE_COLUMNS`."""
    posting = move.posting
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

        return PostgresqlGateway(driver)
    from ambra_tui.ledger.sqlite import SqliteGateway

    return SqliteGateway(driver)
