"""A year of transfers and ten months of invoices, as two businesses recorded them, replayed through the public API.

A real server on a store of its own (or the one that is named) answers several clients at once. Afterwards the totals
of the files are compared with what the API and the ledger say, to the unit, and `ambra verify` goes over the books.

- Foodmart's inventory facts of 1997 are stock transfers (`replaying/foodmart.py`).
- Online Retail's invoices are orders; an invoice that begins with C cancels the order that it takes back whole while
  that has not left, and is a return authorization otherwise (`replaying/retail.py` says which line is what).

python -m tests.benchmarks replay --datasets FOLDER [--store URL] [--limit N] [--clients 8] [--only foodmart]
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ambra_tui.services import access
from ambra_tui.store import open_store
from tests.benchmarks.replaying import foodmart, retail
from tests.benchmarks.replaying.books import Figure, ledger_sums, print_figures
from tests.benchmarks.replaying.client import Client
from tests.benchmarks.replaying.shop import Shop
from tests.benchmarks.screen import ROOT
from tests.benchmarks.server import Served, product_command

NAMES = ("foodmart", "online_retail")
SHOWN_DIFFERENCES = 20


def _organization(url: str, name: str, currency: str) -> tuple[int, str]:
    """A new organization of the store, and a key for it."""
    with open_store(url) as store:
        title = f"{name} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        organization_id = access.create_organization(store, title, currency=currency).id
        assert organization_id is not None
        _, key = access.create_key(
            store, organization_id=organization_id, label="replay", scopes=["admin"], plan="enterprise"
        )
    return organization_id, key


async def _foodmart(url: str, folder: Path, *, clients: int, limit: int | None) -> bool:
    plan = foodmart.plan_of(folder / "foodmart", limit=limit)
    organization_id, key = _organization(url, "Foodmart", "USD")
    with Served(product_command(url)) as served:
        async with Client.open(served.address, key, connections=clients) as client:
            sites = await foodmart.replay(client, plan)
            with open_store(url) as store:
                sums = ledger_sums(store, organization_id)
            figures, wrong = await foodmart.compare(client, plan, sites, sums)
    return _report("Foodmart 1997: transfers", client, figures, wrong)


async def _online_retail(url: str, folder: Path, *, clients: int, limit: int | None) -> bool:
    plan = retail.plan_of(folder / "online_retail", limit=limit)
    organization_id, key = _organization(url, "Online Retail", "GBP")
    with Served(product_command(url)) as served:
        async with Client.open(served.address, key, connections=clients) as client:
            shop = Shop(client, plan)
            await shop.replay()
            with open_store(url) as store:
                sums = ledger_sums(store, organization_id)
            figures, wrong = await shop.compare(sums)
    told = ", ".join(f"{plan.lines[kind]:,} {kind}" for kind in sorted(plan.lines))
    print(f"\nlines of the file: {sum(plan.lines.values()):,} = {told}")
    return _report("Online Retail: orders, cancellations, returns, adjustments", client, figures, wrong)


def _report(title: str, client: Client, figures: Sequence[Figure], wrong: Sequence[str]) -> bool:
    print_figures(title, figures)
    print(f"stock by location and SKU: {'agrees' if not wrong else f'{len(wrong)} differ'}")
    for line in wrong[:SHOWN_DIFFERENCES]:
        print(f"  {line}")
    print(f"\n{client.connections} clients")
    for pace in client.paces.values():
        print(pace)
    return not wrong and all(figure.agrees for figure in figures)


def _verify(url: str) -> bool:
    command = [sys.executable, "-m", "ambra_tui.cli", "verify", "--store", url]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    print(f"\nambra verify: {(done.stdout or done.stderr).strip()}")
    return done.returncode == 0


def replay(url: str, folder: Path, *, clients: int, limit: int | None, only: str | None = None) -> bool:
    """Replays both, or one of them. True when every total agrees and the books add up."""
    agrees = True
    if only in (None, "foodmart"):
        agrees &= asyncio.run(_foodmart(url, folder, clients=clients, limit=limit))
    if only in (None, "online_retail"):
        agrees &= asyncio.run(_online_retail(url, folder, clients=clients, limit=limit))
    return _verify(url) and agrees


def main(arguments: Sequence[str] | None = None) -> None:
    """Replays and prints; ends with 1 when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks replay")
    parser.add_argument("--datasets", type=Path, required=True, help="the folder that holds foodmart and online_retail")
    parser.add_argument("--store", help="a store to replay into; without it one is made and removed")
    parser.add_argument("--limit", type=int, help="so many transfers and invoices only")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--only", choices=NAMES)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        url = given.store or f"sqlite:///{Path(name) / 'replay.db'}"
        agrees = replay(url, given.datasets, clients=given.clients, limit=given.limit, only=given.only)
    if not agrees:
        sys.exit(1)


if __name__ == "__main__":
    main()
