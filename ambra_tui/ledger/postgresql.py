"""The ledger's statements for PostgreSQL: one set-based statement per table and batch, rows locked in key order.

Example::

    PostgresqlGateway(connection).places(1, ["loc_supplier"])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg

from ambra_tui.kit.clock import to_microseconds
from ambra_tui.ledger.books import Level, LevelKey, LotRow, Move, Place, Total, TotalKey
from ambra_tui.ledger.gateway import MOVE_COLUMNS, KnownMove, RowChanged, Stamp, move_row

KNOWN_MOVES = (
    "SELECT id, variant_id, source_id, destination_id, quantity, source_balance, destination_balance, posted_at "
    "FROM stock_move WHERE organization_id = %s AND id = ANY(%s::text[])"
)
PLACES = (
    "SELECT id, coalesce(site_id, ''), usage, is_held, code FROM location "
    "WHERE organization_id = %s AND id = ANY(%s::text[])"
)
LOTS = "SELECT id, status FROM lot WHERE organization_id = %s AND id = ANY(%s::text[]) ORDER BY id FOR UPDATE"
VARIANTS = "SELECT id FROM variant WHERE organization_id = %s AND id = ANY(%s::text[])"
# Rows are found by their key, one index probe each: OFFSET 0 keeps the planner from making it a join. After an import
# its statistics still say that the tables are empty, and a join would read the whole table for every key.
_THE_LEVEL = (
    "FROM stock_level WHERE organization_id = %s AND variant_id = k.v AND location_id = k.o AND lot_id = k.t "
    "AND serial = k.s AND plate_id = k.p"
)
LEVELS = (
    "SELECT l.* FROM (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[]) "  # noqa: S608 - constant parts
    "u(v, o, t, s, p) ORDER BY v, o, t, s, p) k CROSS JOIN LATERAL (SELECT variant_id, location_id, lot_id, serial, "
    f"plate_id, on_hand, allocated {_THE_LEVEL} OFFSET 0 FOR UPDATE) l"
)
NEW_LEVELS = (
    "INSERT INTO stock_level (organization_id, variant_id, location_id, lot_id, serial, plate_id, on_hand, allocated) "
    "SELECT %s::int, v, o, t, s, p, 0, 0 FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[]) "
    "k(v, o, t, s, p) ORDER BY v, o, t, s, p ON CONFLICT DO NOTHING"
)
_THE_TOTAL = "FROM site_stock WHERE organization_id = %s AND variant_id = k.v AND site_id = k.i"
TOTALS = (
    "SELECT s.* FROM (SELECT * FROM unnest(%s::text[], %s::text[]) u(v, i) ORDER BY v, i) k "  # noqa: S608 - constant parts
    "CROSS JOIN LATERAL (SELECT variant_id, site_id, on_hand, reserved, held, average_cost "
    f"{_THE_TOTAL} OFFSET 0 FOR UPDATE) s"
)
NEW_TOTALS = (
    "INSERT INTO site_stock "
    "(organization_id, variant_id, site_id, on_hand, reserved, held, reorder_point, safety_stock) "
    "SELECT %s::int, v, i, 0, 0, 0, 0, 0 FROM unnest(%s::text[], %s::text[]) k(v, i) "
    "ORDER BY v, i ON CONFLICT DO NOTHING"
)
# An UPDATE would be planned as a join again. Every row is there and locked, so the conflict is certain, and its index
# finds the row; a row that is not as it was before is left out, and missed in the count.
UPDATE_LEVELS = (
    "INSERT INTO stock_level "  # noqa: S608 - constant parts
    "(organization_id, variant_id, location_id, lot_id, serial, plate_id, on_hand, allocated) "
    "SELECT f.organization_id, k.v, k.o, k.t, k.s, k.p, k.h, k.a FROM "
    "unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], "
    "%s::bigint[], %s::bigint[]) k(v, o, t, s, p, h, a, bh, ba) CROSS JOIN LATERAL "
    f"(SELECT organization_id {_THE_LEVEL} AND on_hand = k.bh AND allocated = k.ba OFFSET 0) f "
    "ON CONFLICT (organization_id, variant_id, location_id, lot_id, serial, plate_id) "
    "DO UPDATE SET on_hand = excluded.on_hand, allocated = excluded.allocated"
)
UPDATE_TOTALS = (
    "INSERT INTO site_stock (organization_id, variant_id, site_id, on_hand, reserved, held, average_cost, "  # noqa: S608 - constant parts
    "reorder_point, safety_stock) SELECT f.organization_id, k.v, k.i, k.h, k.r, k.d, k.c, 0, 0 FROM "
    "unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], "
    "%s::bigint[], %s::bigint[]) k(v, i, h, r, d, c, bh, br, bd) CROSS JOIN LATERAL (SELECT organization_id "
    f"{_THE_TOTAL} AND on_hand = k.bh AND reserved = k.br AND held = k.bd OFFSET 0) f "
    "ON CONFLICT (organization_id, variant_id, site_id) DO UPDATE SET on_hand = excluded.on_hand, "
    "reserved = excluded.reserved, held = excluded.held, average_cost = excluded.average_cost"
)
_MOVE_TYPES = {
    "organization_id": "int", "quantity": "bigint", "unit_cost": "bigint", "occurred_at": "bigint",
    "posted_at": "bigint", "source_balance": "bigint", "destination_balance": "bigint",
}  # fmt: skip
INSERT_MOVES = (
    f"INSERT INTO stock_move ({', '.join(MOVE_COLUMNS)}) "  # noqa: S608 - constant names
    f"SELECT * FROM unnest({', '.join('%s::' + _MOVE_TYPES.get(c, 'text') + '[]' for c in MOVE_COLUMNS)})"
)
INSERT_EVENTS = (
    "INSERT INTO outbox_event (organization_id, type, subject, payload, created_at) "
    "SELECT %s::int, t, s, p, %s::bigint FROM unnest(%s::text[], %s::text[], %s::text[]) k(t, s, p)"
)
LOT_STOCK = "SELECT coalesce(sum(on_hand), 0) FROM stock_level WHERE organization_id = %s AND lot_id = %s"
UPDATE_LOT = (
    "UPDATE lot SET status = %s, quantity_initial = quantity_initial + %s, updated_at = %s "
    "WHERE organization_id = %s AND id = %s"
)
RESERVING = (
    "SELECT DISTINCT document_id FROM reservation "
    "WHERE organization_id = %s AND variant_id = %s AND site_id = %s AND quantity > 0 ORDER BY document_id"
)


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


class PostgresqlGateway:
    """The ledger's rows through the driver's own connection."""

    holds_whole_store = False

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = connection.cursor()

    def _rows(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._cursor.execute(statement, values).fetchall()

    def known_moves(self, organization_id: int, ids: Sequence[str]) -> dict[str, KnownMove]:
        return {row[0]: KnownMove(*row) for row in self._rows(KNOWN_MOVES, (organization_id, list(ids)))}

    def places(self, organization_id: int, ids: Iterable[str]) -> dict[str, Place]:
        rows = self._rows(PLACES, (organization_id, list(ids)))
        return {row[0]: Place(row[1], row[2], bool(row[3]), row[4]) for row in rows}

    def lots(self, organization_id: int, ids: Iterable[str]) -> dict[str, LotRow]:
        wanted = list(ids)
        return {r[0]: LotRow(r[1]) for r in self._rows(LOTS, (organization_id, wanted))} if wanted else {}

    def missing_variants(self, organization_id: int, ids: Iterable[str]) -> set[str]:
        wanted = set(ids)
        return wanted - {row[0] for row in self._rows(VARIANTS, (organization_id, list(wanted)))}

    def levels(self, organization_id: int, keys: Iterable[LevelKey]) -> dict[LevelKey, Level]:
        wanted = list(keys)
        levels = self._locked_levels(organization_id, wanted)
        missing = [key for key in wanted if key not in levels]
        if missing:
            self._cursor.execute(NEW_LEVELS, (organization_id, *_columns(missing, 5)))
            levels |= self._locked_levels(organization_id, missing)
        return levels

    def _locked_levels(self, organization_id: int, keys: Sequence[LevelKey]) -> dict[LevelKey, Level]:
        rows = self._rows(LEVELS, (*_columns(keys, 5), organization_id)) if keys else []
        return {(r[0], r[1], r[2], r[3], r[4]): Level(r[5], r[6], (r[5], r[6])) for r in rows}

    def totals(self, organization_id: int, keys: Iterable[TotalKey]) -> dict[TotalKey, Total]:
        wanted = list(keys)
        totals = self._locked_totals(organization_id, wanted)
        missing = [key for key in wanted if key not in totals]
        if missing:
            self._cursor.execute(NEW_TOTALS, (organization_id, *_columns(missing, 2)))
            totals |= self._locked_totals(organization_id, missing)
        return totals

    def _locked_totals(self, organization_id: int, keys: Sequence[TotalKey]) -> dict[TotalKey, Total]:
        rows = self._rows(TOTALS, (*_columns(keys, 2), organization_id)) if keys else []
        return {(r[0], r[1]): Total(r[2], r[3], r[4], r[5], before=(r[2], r[3], r[4])) for r in rows}

    def save_levels(self, organization_id: int, rows: Mapping[LevelKey, Level]) -> None:
        values = [(*k, v.on_hand, v.allocated, *(v.before or (0, 0))) for k, v in rows.items()]
        self._update(UPDATE_LEVELS, values, 9, organization_id)

    def save_totals(self, organization_id: int, rows: Mapping[TotalKey, Total]) -> None:
        values = [
            (*k, v.on_hand, v.reserved, v.held, v.average_cost, *(v.before or (0, 0, 0))) for k, v in rows.items()
        ]
        self._update(UPDATE_TOTALS, values, 9, organization_id)

    def _update(self, statement: str, rows: Sequence[tuple[Any, ...]], width: int, organization_id: int) -> None:
        if not rows:
            return
        self._cursor.execute(statement, (*_columns(rows, width), organization_id))
        if self._cursor.rowcount != len(rows):
            raise RowChanged(statement)

    def save_moves(self, stamp: Stamp, moves: Sequence[Move]) -> None:
        rows = [move_row(stamp, move, _occurred(move, stamp)) for move in moves]
        self._cursor.execute(INSERT_MOVES, _columns(rows, len(MOVE_COLUMNS)))

    def save_events(self, stamp: Stamp, events: Sequence[tuple[str, str, str]]) -> None:
        self._cursor.execute(INSERT_EVENTS, (stamp.organization_id, stamp.posted_at, *_columns(events, 3)))

    def lot_stock(self, organization_id: int, lot_id: str) -> int:
        return int(self._rows(LOT_STOCK, (organization_id, lot_id))[0][0])

    def save_lot(self, stamp: Stamp, lot_id: str, status: str, initial_gain: int) -> None:
        values = (status, initial_gain, stamp.posted_at, stamp.organization_id, lot_id)
        self._cursor.execute(UPDATE_LOT, values)

    def reserving_documents(self, organization_id: int, key: TotalKey) -> list[str]:
        return [row[0] for row in self._rows(RESERVING, (organization_id, *key))]


def _occurred(move: Move, stamp: Stamp) -> int:
    told = move.posting.occurred_at
    return stamp.posted_at if told is None else to_microseconds(told)
