"""The ledger's statements for SQLite. BEGIN IMMEDIATE holds the whole store, so loading needs no further lock.

Example::

    SqliteGateway(connection).places(1, ["loc_supplier"])
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from ambra_tui.kit.clock import to_microseconds
from ambra_tui.ledger.books import Level, LevelKey, LotRow, Move, Place, Total, TotalKey
from ambra_tui.ledger.gateway import MOVE_COLUMNS, KnownMove, RowChanged, Stamp, move_row

KNOWN_MOVE = (
    "SELECT id, variant_id, source_id, destination_id, quantity, source_balance, destination_balance, posted_at "
    "FROM stock_move WHERE organization_id = ? AND id = ?"
)
PLACE = "SELECT coalesce(site_id, ''), usage, is_held, code FROM location WHERE organization_id = ? AND id = ?"
LOT = "SELECT status FROM lot WHERE organization_id = ? AND id = ?"
VARIANT = "SELECT 1 FROM variant WHERE organization_id = ? AND id = ?"
LEVEL = (
    "SELECT on_hand, allocated FROM stock_level WHERE organization_id = ? AND variant_id = ? AND location_id = ? "
    "AND lot_id = ? AND serial = ? AND plate_id = ?"
)
TOTAL = (
    "SELECT on_hand, reserved, held, average_cost FROM site_stock "
    "WHERE organization_id = ? AND variant_id = ? AND site_id = ?"
)
INSERT_LEVEL = (
    "INSERT INTO stock_level (organization_id, variant_id, location_id, lot_id, serial, plate_id, on_hand, allocated) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
UPDATE_LEVEL = (
    "UPDATE stock_level SET on_hand = ?, allocated = ? WHERE organization_id = ? AND variant_id = ? "
    "AND location_id = ? AND lot_id = ? AND serial = ? AND plate_id = ? AND on_hand = ? AND allocated = ?"
)
INSERT_TOTAL = (
    "INSERT INTO site_stock (organization_id, variant_id, site_id, on_hand, reserved, held, average_cost, "
    "reorder_point, safety_stock) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)"
)
UPDATE_TOTAL = (
    "UPDATE site_stock SET on_hand = ?, reserved = ?, held = ?, average_cost = ? "
    "WHERE organization_id = ? AND variant_id = ? AND site_id = ? AND on_hand = ? AND reserved = ? AND held = ?"
)
INSERT_MOVE = (
    f"INSERT INTO stock_move ({', '.join(MOVE_COLUMNS)}) "  # noqa: S608 - constant names
    f"VALUES ({', '.join('?' * len(MOVE_COLUMNS))})"
)
INSERT_EVENT = "INSERT INTO outbox_event (organization_id, type, subject, payload, created_at) VALUES (?, ?, ?, ?, ?)"
LOT_STOCK = "SELECT coalesce(sum(on_hand), 0) FROM stock_level WHERE organization_id = ? AND lot_id = ?"
UPDATE_LOT = (
    "UPDATE lot SET status = ?, quantity_initial = quantity_initial + ?, updated_at = ? "
    "WHERE organization_id = ? AND id = ?"
)
RESERVING = (
    "SELECT DISTINCT document_id FROM reservation "
    "WHERE organization_id = ? AND variant_id = ? AND site_id = ? AND quantity > 0 ORDER BY document_id"
)


class SqliteGateway:
    """The ledger's rows through the driver's own connection."""

    holds_whole_store = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()
        self._execute = self._cursor.execute

    def known_moves(self, organization_id: int, ids: Sequence[str]) -> dict[str, KnownMove]:
        found = (self._execute(KNOWN_MOVE, (organization_id, i)).fetchone() for i in ids)
        return {row[0]: KnownMove(*row) for row in found if row}

    def places(self, organization_id: int, ids: Iterable[str]) -> dict[str, Place]:
        found = ((i, self._execute(PLACE, (organization_id, i)).fetchone()) for i in ids)
        return {i: Place(row[0], row[1], bool(row[2]), row[3]) for i, row in found if row}

    def lots(self, organization_id: int, ids: Iterable[str]) -> dict[str, LotRow]:
        found = ((i, self._execute(LOT, (organization_id, i)).fetchone()) for i in ids)
        return {i: LotRow(row[0]) for i, row in found if row}

    def missing_variants(self, organization_id: int, ids: Iterable[str]) -> set[str]:
        return {i for i in ids if self._execute(VARIANT, (organization_id, i)).fetchone() is None}

    def levels(self, organization_id: int, keys: Iterable[LevelKey]) -> dict[LevelKey, Level]:
        execute, levels = self._execute, {}
        for key in keys:
            row = execute(LEVEL, (organization_id, *key)).fetchone()
            levels[key] = Level() if row is None else Level(row[0], row[1], row)
        return levels

    def totals(self, organization_id: int, keys: Iterable[TotalKey]) -> dict[TotalKey, Total]:
        execute, totals = self._execute, {}
        for key in keys:
            row = execute(TOTAL, (organization_id, *key)).fetchone()
            totals[key] = Total() if row is None else Total(row[0], row[1], row[2], row[3], row[:3])
        return totals

    def save_levels(self, organization_id: int, rows: Mapping[LevelKey, Level]) -> None:
        new = [(organization_id, *k, v.on_hand, v.allocated) for k, v in rows.items() if v.before is None]
        old = [
            (v.on_hand, v.allocated, organization_id, *k, *v.before) for k, v in rows.items() if v.before is not None
        ]
        if new:
            self._cursor.executemany(INSERT_LEVEL, new)
        self._update(UPDATE_LEVEL, old)

    def save_totals(self, organization_id: int, rows: Mapping[TotalKey, Total]) -> None:
        new = [
            (organization_id, *k, v.on_hand, v.reserved, v.held, v.average_cost)
            for k, v in rows.items()
            if v.before is None
        ]
        old = [
            (v.on_hand, v.reserved, v.held, v.average_cost, organization_id, *k, *v.before)
            for k, v in rows.items()
            if v.before is not None
        ]
        if new:
            self._cursor.executemany(INSERT_TOTAL, new)
        self._update(UPDATE_TOTAL, old)

    def _update(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows and self._cursor.executemany(statement, rows).rowcount != len(rows):
            raise RowChanged(statement)

    def save_moves(self, stamp: Stamp, moves: Sequence[Move]) -> None:
        self._cursor.executemany(INSERT_MOVE, [move_row(stamp, m, _occurred(m, stamp)) for m in moves])

    def save_events(self, stamp: Stamp, events: Sequence[tuple[str, str, str]]) -> None:
        rows = [(stamp.organization_id, *event, stamp.posted_at) for event in events]
        self._cursor.executemany(INSERT_EVENT, rows)

    def lot_stock(self, organization_id: int, lot_id: str) -> int:
        return int(self._execute(LOT_STOCK, (organization_id, lot_id)).fetchone()[0])

    def save_lot(self, stamp: Stamp, lot_id: str, status: str, initial_gain: int) -> None:
        self._execute(UPDATE_LOT, (status, initial_gain, stamp.posted_at, stamp.organization_id, lot_id))

    def reserving_documents(self, organization_id: int, key: TotalKey) -> list[str]:
        return [row[0] for row in self._execute(RESERVING, (organization_id, *key))]


def _occurred(move: Move, stamp: Stamp) -> int:
    told = move.posting.occurred_at
    return stamp.posted_at if told is None else to_microseconds(told)
