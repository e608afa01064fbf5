"""Long lists of a terminal: of a million rows and of a thousand, opened, paged and read anew after a change.

python -m tests.benchmarks.lists [--rounds 15]

What is timed is what the screen waits for: the rows that a page of the list reads from the store.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ambra_tui.services.lists import Key, read_page
from ambra_tui.store import Store, open_store
from tests.benchmarks.measure import Line, compared, print_lines
from tests.benchmarks.stations import make_store

AIM = 1.3
SHORT, LONG = 1_000, 1_000_000
LEVELS_A_VARIANT = 10
PAGE = 200


def _fill(path: Path, organization_id: int, rows: int) -> None:
    """As many stock levels and moves as asked for, written past the ledger: only reading is measured."""
    with sqlite3.connect(path) as connection:
        variant, move = one(connection, "variant"), one(connection, "stock_move")
        places = [row[0] for row in connection.execute("SELECT id FROM location WHERE site_id IS NOT NULL")]
        variants = rows // LEVELS_A_VARIANT
        insert(
            connection,
            "variant",
            ({**variant, "id": f"var_x{n:07d}", "sku": f"X-{n:07d}"} for n in range(variants)),
        )
        connection.executemany(
            "INSERT INTO stock_level (organization_id, variant_id, location_id, lot_id, serial, plate_id, on_hand,"
            " allocated) VALUES (?, ?, ?, '', '', '', 1000000, 0)",
            ((organization_id, f"var_x{n:07d}", place) for n in range(variants) for place in places[:LEVELS_A_VARIANT]),
        )
        del move["sequence"]
        moves = (
            {
                **move,
                "id": f"mov_{n}",
                "idempotency_key": f"k{n}",
                "variant_id": f"var_x{n % variants:07d}",
                "lot_id": "",
            }
            for n in range(rows)
        )
        insert(connection, "stock_move", moves)


def one(connection: sqlite3.Connection, table: str) -> dict[str, Any]:
    """A row of the table, by the names of its columns."""
    found = connection.execute(f"SELECT * FROM {table} LIMIT 1")
    names = [column[0] for column in found.description]
    return dict(zip(names, found.fetchone(), strict=True))


def insert(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """Rows past every rule of the store, all with the columns of the first."""
    first = next(rows)
    names = list(first)
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
    connection.execute(statement, tuple(first.values()))
    connection.executemany(statement, (tuple(row.values()) for row in rows))


def _store_of(folder: Path, rows: int) -> tuple[Store, int]:
    folder.mkdir()
    url, store, organization_id = make_store(folder)
    store.close()
    _fill(folder / "ambra.db", organization_id, rows)
    return open_store(url), organization_id


def _read(store: Store, organization_id: int, name: str, after: Key | None = None) -> Key:
    with store.read(organization_id) as session:
        return read_page(session, name, after=after, limit=PAGE).rows[-1].key


def _median_ms(act: Callable[[], object], rounds: int) -> float:
    act()
    durations = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        durations.append(time.perf_counter() - started)
    return statistics.median(durations) * 1000


def measure(*, rounds: int = 15) -> list[Line]:
    """The same acts on both stores."""
    lines = []
    with tempfile.TemporaryDirectory() as name:
        stores = [_store_of(Path(name) / str(rows), rows) for rows in (LONG, SHORT)]
        for listed in ("stock", "moves"):
            opened, paged = [], []
            for store, organization_id in stores:
                first = _read(store, organization_id, listed)
                deep = _read(store, organization_id, listed, first)
                opened.append(_median_ms(partial(_read, store, organization_id, listed), rounds))
                paged.append(_median_ms(partial(_read, store, organization_id, listed, deep), rounds))
            lines.append(compared(f"list of {listed} opened, 1M : 1k", *opened, AIM))
            lines.append(compared(f"list of {listed} paged, 1M : 1k", *paged, AIM))
        for store, _ in stores:
            store.close()
    return lines


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    print_lines(measure(rounds=parser.parse_args().rounds))


if __name__ == "__main__":
    main()
