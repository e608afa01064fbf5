"""The ledger's statements for SQLite. BEGIN IMMEDIATE holds the whole store, so loading needs no further lock.

Example::

    known, books = SqliteGateway(connection).load(1, ids, postings)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from ambra_tui.ledger.books import Books, Level, LevelKey, LotRow, Move, Place, Total, TotalKey
from ambra_tui.ledger.gateway import (
    MOVE_COLUMNS,
    KnownMove,
    RowChanged,
    Stamp,
    move_row,
    needs_of,
    refuse_missing,
)
from ambra_tui.ledger.posting import Posting

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
    "SELECT on_hand, reserved, held, average_cost, reorder_point, safety_stock FROM site_stock "
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
# A total is made once: it takes along what the policies say of it (`mirror.py` follows their changes).
INSERT_TOTAL = (
    "INSERT INTO site_stock (organization_id, variant_id, site_id, on_hand, reserved, held, average_cost, "
    "updated_at, reorder_point, safety_stock) SELECT n.organization_id, n.v, n.i, n.h, n.r, n.d, n.c, n.u, "
    "coalesce(p.reorder_point, o.reorder_point, a.reorder_point, 0), "
    "coalesce(p.safety_stock, o.safety_stock, a.safety_stock, 0) "
    "FROM (SELECT ? AS organization_id, ? AS v, ? AS i, ? AS h, ? AS r, ? AS d, ? AS c, ? AS u) n "
    "LEFT JOIN inventory_policy p ON p.organization_id = n.organization_id AND p.variant_id = n.v AND p.site_id = n.i "
    "LEFT JOIN policy_default o ON o.organization_id = n.organization_id AND o.variant_id = n.v "
    "LEFT JOIN policy_default a ON a.organization_id = n.organization_id AND a.variant_id = ''"
)
UPDATE_TOTAL = (
    "UPDATE site_stock SET on_hand = ?, reserved = ?, held = ?, average_cost = ?, updated_at = ? "
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

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()
        self._execute = self._cursor.execute

    def enter(self, organization_id: int) -> None:
        """The statements name it."""

    def load(
        self, organization_id: int, ids: Sequence[str], postings: Sequence[Posting]
    ) -> tuple[dict[str, KnownMove], Books]:
        known = self._known_moves(organization_id, ids)
        fresh = [posting for posting, key in zip(postings, ids, strict=True) if key not in known]
        needs = needs_of(fresh)
        places = self._places(organization_id, needs.locations)
        self._check_variants(organization_id, fresh, places)
        return known, Books(
            places=places,
            lots=self._lots(organization_id, needs.lots),
            levels=self._levels(organization_id, needs.level_keys(places)),
            totals=self._totals(organization_id, needs.total_keys(places)),
        )

    def _known_moves(self, organization_id: int, ids: Sequence[str]) -> dict[str, KnownMove]:
        found = (self._execute(KNOWN_MOVE, (organization_id, i)).fetchone() for i in ids)
        return {row[0]: KnownMove(*row) for row in found if row}

    def _places(self, organization_id: int, ids: Iterable[str]) -> dict[str, Place]:
        found = ((i, self._execute(PLACE, (organization_id, i)).fetchone()) for i in ids)
        return {i: Place(row[0], row[1], bool(row[2]), row[3]) for i, row in found if row}

    def _lots(self, organization_id: int, ids: Iterable[str]) -> dict[str, LotRow]:
        found = ((i, self._execute(LOT, (organization_id, i)).fetchone()) for i in ids)
        return {i: LotRow(row[0]) for i, row in found if row}

    def _check_variants(self, organization_id: int, postings: Sequence[Posting], places: Mapping[str, Place]) -> None:
        """What leaves a level needs no look: the level tells."""
        looked_at = {
            p.variant_id for p in postings if p.source_id not in places or not places[p.source_id].keeps_levels
        }
        refuse_missing(i for i in looked_at if self._execute(VARIANT, (organization_id, i)).fetchone() is None)

    def _levels(self, organization_id: int, keys: Iterable[LevelKey]) -> dict[LevelKey, Level]:
        execute, levels = self._execute, {}
        for key in keys:
            row = execute(LEVEL, (organization_id, *key)).fetchone()
            levels[key] = Level() if row is None else Level(row[0], row[1], row)
        return levels

    def _totals(self, organization_id: int, keys: Iterable[TotalKey]) -> dict[TotalKey, Total]:
        execute, totals = self._execute, {}
        for key in keys:
            row = execute(TOTAL, (organization_id, *key)).fetchone()
            totals[key] = Total() if row is None else Total(row[0], row[1], row[2], row[3], row[:3], row[4], row[5])
        return totals

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def save_levels(self, organization_id: int, rows: Mapping[LevelKey, Level]) -> None:
        new = [(organization_id, *k, v.on_hand, v.allocated) for k, v in rows.items() if v.before is None]
        old = [
            (v.on_hand, v.allocated, organization_id, *k, *v.before) for k, v in rows.items() if v.before is not None
        ]
        if new:
            self._cursor.executemany(INSERT_LEVEL, new)
        self._update(UPDATE_LEVEL, old)

    def save_totals(self, stamp: Stamp, rows: Mapping[TotalKey, Total]) -> None:
        organization_id, now = stamp.organization_id, stamp.posted_at
        new = [
            (organization_id, *k, v.on_hand, v.reserved, v.held, v.average_cost, now)
            for k, v in rows.items()
            if v.before is None
        ]
        old = [
            (v.on_hand, v.reserved, v.held, v.average_cost, now, organization_id, *k, *v.before)
            for k, v in rows.items()
            if v.before is not None
        ]
        if new:
            self._cursor.executemany(INSERT_TOTAL, new)
        self._update(UPDATE_TOTAL, old)

    def _update(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows and self._cursor.executemany(statement, rows).rowcount != len(rows):
            raise RowChanged(statement)

    def save_moves(self, moves: Sequence[tuple[Move, Stamp]]) -> None:
        self._cursor.executemany(INSERT_MOVE, [move_row(stamp, move) for move, stamp in moves])

    def save_events(self, stamp: Stamp, events: Sequence[tuple[str, str, str]]) -> None:
        rows = [(stamp.organization_id, *event, stamp.posted_at) for event in events]
        self._cursor.executemany(INSERT_EVENT, rows)

    def lot_stock(self, organization_id: int, lot_id: str) -> int:
        return int(self._execute(LOT_STOCK, (organization_id, lot_id)).fetchone()[0])

    def save_lot(self, stamp: Stamp, lot_id: str, status: str, initial_gain: int) -> None:
        self._execute(UPDATE_LOT, (status, initial_gain, stamp.posted_at, stamp.organization_id, lot_id))

    def reserving_documents(self, organization_id: int, key: TotalKey) -> list[str]:
        return [row[0] for row in self._execute(RESERVING, (organization_id, *key))]
