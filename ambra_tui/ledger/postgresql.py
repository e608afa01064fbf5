"""The ledger's statements for PostgreSQL: one set-based statement per table and batch, rows locked in key order.

What a batch reads goes to the server together, and what it writes: two answers to wait for, however many statements.

Example::

    known, books = PostgresqlGateway(connection).load(1, ids, postings)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from ambra_tui.ledger.books import Books, Level, LevelKey, LotRow, Move, Place, Total, TotalKey
from ambra_tui.ledger.gateway import (
    MOVE_COLUMNS,
    KnownMove,
    Needs,
    RowChanged,
    Stamp,
    move_row,
    needs_of,
    refuse_missing,
)
from ambra_tui.ledger.posting import Posting
from ambra_tui.store.security import SET_TENANT, tenant_parameters

SiteKey = tuple[int, str]
MAX_KNOWN_SITES = 50_000
# Rows are found by their key, one index probe each: OFFSET 0 keeps the planner from making it a join. After an import
# its statistics still say that the tables are empty, and a join would read the whole table for every key.
KNOWN_MOVES = (
    "SELECT m.* FROM unnest(%s::text[]) k(i) CROSS JOIN LATERAL (SELECT id, variant_id, source_id, destination_id, "
    "quantity, source_balance, destination_balance, posted_at FROM stock_move WHERE organization_id = %s AND id = k.i "
    "OFFSET 0) m"
)
PLACES = (
    "SELECT id, coalesce(site_id, ''), usage, is_held, code FROM location "
    "WHERE organization_id = %s AND id = ANY(%s::text[])"
)
LOTS = "SELECT id, status FROM lot WHERE organization_id = %s AND id = ANY(%s::text[]) ORDER BY id FOR UPDATE"
VARIANTS = "SELECT id FROM variant WHERE organization_id = %s AND id = ANY(%s::text[])"
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
    "CROSS JOIN LATERAL (SELECT variant_id, site_id, on_hand, reserved, held, average_cost, "
    f"reorder_point, safety_stock {_THE_TOTAL} OFFSET 0 FOR UPDATE) s"
)
# A total is made once: it takes along what the policies say of it (`mirror.py` follows their changes).
NEW_TOTALS = (
    "INSERT INTO site_stock "
    "(organization_id, variant_id, site_id, on_hand, reserved, held, reorder_point, safety_stock) "
    "SELECT n.organization_id, k.v, k.i, 0, 0, 0, coalesce(p.reorder_point, o.reorder_point, a.reorder_point, 0), "
    "coalesce(p.safety_stock, o.safety_stock, a.safety_stock, 0) "
    "FROM (SELECT %s::int AS organization_id) n CROSS JOIN unnest(%s::text[], %s::text[]) k(v, i) "
    "LEFT JOIN LATERAL (SELECT reorder_point, safety_stock FROM inventory_policy "
    "WHERE organization_id = n.organization_id AND variant_id = k.v AND site_id = k.i OFFSET 0) p ON true "
    "LEFT JOIN LATERAL (SELECT reorder_point, safety_stock FROM policy_default "
    "WHERE organization_id = n.organization_id AND variant_id = k.v OFFSET 0) o ON true "
    "LEFT JOIN LATERAL (SELECT reorder_point, safety_stock FROM policy_default "
    "WHERE organization_id = n.organization_id AND variant_id = '' OFFSET 0) a ON true "
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
    "reorder_point, safety_stock, updated_at) "
    "SELECT f.organization_id, k.v, k.i, k.h, k.r, k.d, k.c, 0, 0, %s::bigint FROM "
    "unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], "
    "%s::bigint[], %s::bigint[]) k(v, i, h, r, d, c, bh, br, bd) CROSS JOIN LATERAL (SELECT organization_id "
    f"{_THE_TOTAL} AND on_hand = k.bh AND reserved = k.br AND held = k.bd OFFSET 0) f "
    "ON CONFLICT (organization_id, variant_id, site_id) DO UPDATE SET on_hand = excluded.on_hand, "
    "reserved = excluded.reserved, held = excluded.held, average_cost = excluded.average_cost, "
    "updated_at = excluded.updated_at"
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


def _texts(values: Sequence[str]) -> str:
    """The array literal of texts; the driver's own would quote each by itself."""
    joined = '","'.join(values)
    if "\\" in joined or joined.count('"') != 2 * (len(values) - 1):
        joined = '","'.join(value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return f'{{"{joined}"}}' if values else "{}"


def _numbers(values: Sequence[int | None]) -> str:
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"


def _columns(rows: Sequence[tuple[Any, ...]], texts: int) -> list[str]:
    """The columns of `rows` as array literals: the first `texts` of them are text, the others numbers. No rows: `texts`
    empty ones."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * texts
    return [*map(_texts, columns[:texts]), *map(_numbers, columns[texts:])]


_MOVE_WRITERS = [_numbers if column in _MOVE_TYPES else _texts for column in MOVE_COLUMNS]


class PostgresqlGateway:
    """The ledger's rows through the driver's own connection."""

    def __init__(self, connection: psycopg.Connection[Any], sites: dict[SiteKey, str]) -> None:
        self._connection = connection
        self._sites = sites
        self._tenant: int | None = None
        self._awaited: list[tuple[psycopg.Cursor[Any], int]] = []

    def enter(self, organization_id: int) -> None:
        self._tenant = organization_id

    def _send(self, statement: str, values: Any) -> psycopg.Cursor[Any]:
        return self._connection.cursor().execute(statement, values)

    def load(
        self, organization_id: int, ids: Sequence[str], postings: Sequence[Posting]
    ) -> tuple[dict[str, KnownMove], Books]:
        """Whether a location is held is read when the rows are locked: a hold waits for them, or they for it."""
        needs = needs_of(postings)
        with self._connection.pipeline():
            if self._tenant is not None:
                self._send(SET_TENANT, tenant_parameters(self._tenant))
            moves = self._send(KNOWN_MOVES, (_texts(ids), organization_id))
            lots = self._send(LOTS, (organization_id, _texts(needs.lots))) if needs.lots else ()
            levels = self._send_levels(organization_id, needs.levels)
            totals = self._send_totals(organization_id, self._likely_totals(organization_id, needs))
            places = self._send_places(organization_id, needs)
        known = {row[0]: KnownMove(*row) for row in moves}
        books = Books(
            places=self._places(organization_id, places),
            levels=_levels(levels),
            totals=_totals(totals),
            lots={row[0]: LotRow(row[1]) for row in lots},
        )
        if known:
            needs = needs_of([posting for posting, key in zip(postings, ids, strict=True) if key not in known])
        self._check_variants(organization_id, needs, books)
        if self._make_missing(organization_id, needs, books):
            books.places |= self._places(organization_id, self._send_places(organization_id, needs))
        return known, books

    def _likely_totals(self, organization_id: int, needs: Needs) -> list[TotalKey]:
        """The totals as far as it is known where the locations stand; the others are locked when that is read."""
        sides = ((key[0], self._sites.get((organization_id, key[1]), "")) for key in needs.levels)
        return sorted({key for key in sides if key[1]})

    def _places(self, organization_id: int, rows: Iterable[tuple[Any, ...]]) -> dict[str, Place]:
        places = {row[0]: Place(row[1], row[2], bool(row[3]), row[4]) for row in rows}
        if len(self._sites) > MAX_KNOWN_SITES:
            self._sites.clear()
        self._sites.update({(organization_id, location_id): place.site_id for location_id, place in places.items()})
        return places

    def _send_places(self, organization_id: int, needs: Needs) -> psycopg.Cursor[Any]:
        return self._send(PLACES, (organization_id, _texts(needs.locations)))

    def _send_levels(self, organization_id: int, keys: Sequence[LevelKey]) -> psycopg.Cursor[Any]:
        return self._send(LEVELS, (*_columns(keys, 5), organization_id))

    def _send_totals(self, organization_id: int, keys: Sequence[TotalKey]) -> psycopg.Cursor[Any]:
        return self._send(TOTALS, (*_columns(keys, 2), organization_id))

    def _check_variants(self, organization_id: int, needs: Needs, books: Books) -> None:
        """What is on a level needs no look."""
        unseen = set(needs.variants) - {key[0] for key in books.levels}
        if unseen:
            found = self._send(VARIANTS, (organization_id, _texts(list(unseen))))
            refuse_missing(unseen - {row[0] for row in found})

    def _make_missing(self, organization_id: int, needs: Needs, books: Books) -> bool:
        """Makes and locks the rows that postings need and that are not there yet."""
        levels = [key for key in needs.level_keys(books.places) if key not in books.levels]
        totals = [key for key in needs.total_keys(books.places) if key not in books.totals]
        if not levels and not totals:
            return False
        with self._connection.pipeline():
            if levels:
                self._send(NEW_LEVELS, (organization_id, *_columns(levels, 5)))
            made_levels = self._send_levels(organization_id, levels)
            if totals:
                self._send(NEW_TOTALS, (organization_id, *_columns(totals, 2)))
            made_totals = self._send_totals(organization_id, totals)
        books.levels |= _levels(made_levels)
        books.totals |= _totals(made_totals)
        return True

    @contextmanager
    def together(self) -> Iterator[None]:
        with self._connection.pipeline():
            yield
        for cursor, count in self._awaited:
            if cursor.rowcount != count:
                raise RowChanged(cursor.statusmessage)
        self._awaited.clear()

    def save_levels(self, organization_id: int, rows: Mapping[LevelKey, Level]) -> None:
        values = [(*k, v.on_hand, v.allocated, *(v.before or (0, 0))) for k, v in rows.items()]
        self._update(UPDATE_LEVELS, _columns(values, 5), organization_id, len(values))

    def save_totals(self, stamp: Stamp, rows: Mapping[TotalKey, Total]) -> None:
        values = [
            (*k, v.on_hand, v.reserved, v.held, v.average_cost, *(v.before or (0, 0, 0))) for k, v in rows.items()
        ]
        self._update(UPDATE_TOTALS, (stamp.posted_at, *_columns(values, 2)), stamp.organization_id, len(values))

    def _update(self, statement: str, columns: Sequence[object], organization_id: int, count: int) -> None:
        if count:
            self._awaited.append((self._send(statement, (*columns, organization_id)), count))

    def save_moves(self, moves: Sequence[tuple[Move, Stamp]]) -> None:
        columns = zip(*[move_row(stamp, move) for move, stamp in moves], strict=True)
        self._send(INSERT_MOVES, [write(column) for write, column in zip(_MOVE_WRITERS, columns, strict=True)])

    def save_events(self, stamp: Stamp, events: Sequence[tuple[str, str, str]]) -> None:
        self._send(INSERT_EVENTS, (stamp.organization_id, stamp.posted_at, *_columns(events, 3)))

    def lot_stock(self, organization_id: int, lot_id: str) -> int:
        return int(self._send(LOT_STOCK, (organization_id, lot_id)).fetchall()[0][0])

    def save_lot(self, stamp: Stamp, lot_id: str, status: str, initial_gain: int) -> None:
        self._send(UPDATE_LOT, (status, initial_gain, stamp.posted_at, stamp.organization_id, lot_id))

    def reserving_documents(self, organization_id: int, key: TotalKey) -> list[str]:
        return [row[0] for row in self._send(RESERVING, (organization_id, *key))]


def _levels(rows: Iterable[tuple[Any, ...]]) -> dict[LevelKey, Level]:
    return {(r[0], r[1], r[2], r[3], r[4]): Level(r[5], r[6], (r[5], r[6])) for r in rows}


def _totals(rows: Iterable[tuple[Any, ...]]) -> dict[TotalKey, Total]:
    return {(r[0], r[1]): Total(r[2], r[3], r[4], r[5], (r[2], r[3], r[4]), r[6], r[7]) for r in rows}
