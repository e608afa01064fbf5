"""The first page of a lot's forward trace, with 6,000 movements and with 10; what its index costs a posting.

python -m tests.benchmarks.traces [--rounds 30]

Half of the movements are picks, half shipments, each for an order of its own. What is timed is the whole read of the
operations edition: its statements and its JSON.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.api.edition import Call
from ambra_tui.api.editions.operations.traces import trace_forward
from ambra_tui.api.endpoint import render
from ambra_tui.api.paging import Paging
from ambra_tui.kit.ids import new_id
from ambra_tui.services.lists import read_page
from ambra_tui.store import SYSTEM, Store
from ambra_tui.store.models import StockLevel
from ambra_tui.store.scope import scoped
from tests.benchmarks.lists import insert, one
from tests.benchmarks.measure import Line, compared, print_lines
from tests.benchmarks.stations import make_store

AIM = 1.3
POSTING_AIM = 1.1
MANY, FEW = 6_000, 10
SHIPMENTS_A_ROUND = 200
INDEX = "ix_stock_move_lot_documents"


def _fill(path: Path, lot_id: str, variant_id: str, moves: int) -> None:
    """Picks and shipments of a lot, written past the ledger: only reading is measured."""
    with sqlite3.connect(path) as connection:
        site_id, bin_id = connection.execute("SELECT site_id, id FROM location WHERE code = 'A04-1'").fetchone()
        stage_id = connection.execute("SELECT id FROM location WHERE kind = 'stage'").fetchone()[0]
        order_ids = [f"so_{lot_id[4:]}{n:06d}" for n in range(moves // 2)]
        order = _order(connection, site_id)
        insert(connection, "sales_order", ({**order, "id": key, "number": key} for key in order_ids))
        move = one(connection, "stock_move")
        del move["sequence"]
        common = {**move, "lot_id": lot_id, "variant_id": variant_id, "origin_kind": "sales_order"}

        def rows() -> Iterator[dict[str, Any]]:
            for key in order_ids:
                pick = {"kind": "pick_move", "source_id": bin_id, "destination_id": stage_id,
                        "source_site_id": site_id, "destination_site_id": site_id}  # fmt: skip
                gone = {"kind": "order_fulfilled", "source_id": stage_id, "destination_id": ledger.CUSTOMER,
                        "source_site_id": site_id, "destination_site_id": ""}  # fmt: skip
                for part in (pick, gone):
                    name = f"{key}{part['kind']}"
                    yield {**common, **part, "id": name, "idempotency_key": name, "origin_id": key}

        insert(connection, "stock_move", rows())


def _order(connection: sqlite3.Connection, site_id: str) -> dict[str, Any]:
    organization_id = connection.execute("SELECT organization_id FROM site WHERE id = ?", (site_id,)).fetchone()[0]
    return {
        "organization_id": organization_id, "site_id": site_id, "status": "shipped", "customer": '{"name":"Ana"}',
        "currency": "EUR", "priority": 0, "notes": "", "created_at": 0, "updated_at": 0,
    }  # fmt: skip


def _traced(store: Store, organization_id: int, lot_id: str) -> str:
    call = cast("Call", SimpleNamespace(path={"id": lot_id}))
    with store.read(organization_id) as session:
        return render(trace_forward(session, call, Paging(per_page=FEW)).content)


def _listed(store: Store, organization_id: int, lot_id: str) -> object:
    with store.read(organization_id) as session:
        return read_page(session, f"trace:{lot_id}", limit=FEW)


def _beside(many: Callable[[], object], few: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians in milliseconds, measured in turns, so that whatever else the machine does meets both alike."""
    durations: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 3):
        for act, took in zip((many, few), durations, strict=True):
            started = time.perf_counter()
            act()
            if turn >= 3:
                took.append(time.perf_counter() - started)
    return statistics.median(durations[0]) * 1000, statistics.median(durations[1]) * 1000


def _shipped(store: Store, organization_id: int, level: tuple[str, str, str]) -> None:
    """Shipments of a lot in one transaction, posted by the ledger and taken back."""
    variant_id, location_id, lot_id = level

    def work(session: Session) -> None:
        postings = [
            ledger.Posting(
                variant_id, location_id, ledger.CUSTOMER, Decimal("0.001"), ledger.MoveKind.ORDER_FULFILLED,
                new_id("key"), lot_id=lot_id, origin_kind="sales_order", origin_id=new_id("so"),
            )
            for _ in range(SHIPMENTS_A_ROUND)
        ]  # fmt: skip
        ledger.post(session, postings)

    store.writer.run(work, organization_id=organization_id, actor=SYSTEM)


def measure(*, rounds: int = 30) -> list[Line]:
    """Both lots in one store; both stores posting side by side."""
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder, without = Path(name) / "with", Path(name) / "without"
        folder.mkdir()
        without.mkdir()
        _, store, organization_id = make_store(folder)
        _, bare, bare_organization = make_store(without)
        with store.read(organization_id) as session:
            levels = [
                (row.variant_id, row.location_id, row.lot_id)
                for row in session.exec(scoped(session, StockLevel).where(StockLevel.lot_id != "")).all()
                if row.on_hand > 5
            ]
        big, small = levels[0], next(level for level in levels if level[2] != levels[0][2])
        _fill(folder / "ambra.db", big[2], big[0], MANY)
        _fill(folder / "ambra.db", small[2], small[0], FEW)
        reads = {"forward trace": _traced, "moves of a lot at the terminal": _listed}
        for told, read in reads.items():
            both = [partial(read, store, organization_id, level[2]) for level in (big, small)]
            lines.append(compared(f"{told}, {MANY} : {FEW}", *_beside(both[0], both[1], rounds), AIM))
        with sqlite3.connect(without / "ambra.db") as connection:
            connection.execute(f"DROP INDEX {INDEX}")
        with bare.read(bare_organization) as session:
            found = session.exec(scoped(session, StockLevel).where(StockLevel.lot_id != "")).all()
            there = next((row.variant_id, row.location_id, row.lot_id) for row in found if row.on_hand > 5)
        posts = partial(_shipped, store, organization_id, small), partial(_shipped, bare, bare_organization, there)
        lines.append(compared(f"{SHIPMENTS_A_ROUND} shipments, index : none", *_beside(*posts, rounds), POSTING_AIM))
        store.close()
        bare.close()
    return lines


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    print_lines(measure(rounds=parser.parse_args().rounds))


if __name__ == "__main__":
    main()
