"""Orders of three lines created, reserved and fulfilled, and purchase orders of ten lines received, over the REST API.

python -m tests.benchmarks.documents [--seconds 2] [--rounds 2] [--sizes 1000,50000]

Each client waits for its answers. Goods are picked evenly from a thousand and from fifty thousand, beside the naive
build of the same work.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from ambra_tui.kit.ids import new_id
from ambra_tui.ledger import INVENTORY_LOSS, MoveKind, Posting, post
from ambra_tui.services import access, places, purchasing, suppliers
from ambra_tui.services.verify import verify_store
from ambra_tui.store import open_store
from ambra_tui.store.models import Product, Variant
from ambra_tui.store.scope import now_of, organization_of
from tests.benchmarks import load, naive_documents, naive_http
from tests.benchmarks.measure import Figures, Line, compared_rates, figures_of, print_lines
from tests.benchmarks.naive import naive_engine
from tests.benchmarks.server import Served, free_port, product_command, wait_until_open

SIZES, CLIENTS = (1_000, 50_000), (1, 8)
ORDER_LINES, RECEIPT_LINES, CHUNK = 3, 10, 500
PURCHASES = 3_000
ORDERS, RECEIPTS = "orders of 3 lines", "receipts of 10 lines"
PEERS = {ORDERS: 5.8, RECEIPTS: 3.8}  # the best peers measured on like machines, a second, one client
PEER_AIM, NAIVE_AIM, CLIENTS_AIM, FLAT_AIM = 20.0, 1.0, 1.0, 0.8
Ask = Callable[[bytes], Awaitable[Any]]
Key = tuple[str, str, int, int]  # build, work, goods, clients


@dataclass(frozen=True)
class Build:
    """One side: where its server is asked, and how. `purchases`: ids that wait to be received."""

    command: list[str]
    orders_path: str
    receive_path: str
    key: str
    order: Callable[[list[dict[str, Any]]], dict[str, Any]]
    purchases: Iterator[str]


# --- what the two stores hold ---------------------------------------------------------------------------------------


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ambra.db'}"


def _product(folder: Path, goods: int, purchases: Sequence[Sequence[int]]) -> Build:
    url = _url(folder)
    with open_store(url) as store:
        organization_id = access.create_organization(store, "Benchmark").id
        assert organization_id is not None
        _, key = access.create_key(
            store, organization_id=organization_id, label="bench", scopes=["admin"], plan="enterprise"
        )
        write = partial(store.writer.run, organization_id=organization_id)
        site = write(lambda session: places.create_site(session, code="WH", name="WH", kind="warehouse", dock="RECV"))
        bins = [
            write(lambda s, n=n: places.create_location(s, site_id=site.id, code=f"B{n}", kind="pick").id)
            for n in range(200)
        ]
        write(_add_product)
        for first in range(0, goods, CHUNK):
            write(partial(_add_variants, numbers=range(first, min(first + CHUNK, goods)), bins=bins))
        vendor = write(lambda session: suppliers.create_supplier(session, name="Vendor").id)
        ids: list[str] = []
        for first in range(0, len(purchases), 20):
            part = purchases[first : first + 20]
            ids += write(partial(_buy, vendor=vendor, site_id=site.id, purchases=part))

    def order(items: list[dict[str, Any]]) -> dict[str, Any]:
        return {"order": {"location_id": site.id, "items": items}}

    base = "/api/v1"
    return Build(product_command(url), f"{base}/orders", f"{base}/purchase_orders/{{}}/receive", key, order, iter(ids))


def _add_product(session: Session) -> None:
    now = now_of(session)
    row = Product(organization_id=organization_of(session), id="p", name="Product", created_at=now, updated_at=now)
    session.add(row)


def _add_variants(session: Session, *, numbers: range, bins: Sequence[str]) -> None:
    organization_id, now = organization_of(session), now_of(session)
    rows = [
        Variant(
            organization_id=organization_id, id=f"var_{n}", product_id="p", sku=f"SKU-{n}", name=f"Product {n}",
            created_at=now, updated_at=now,
        ).model_dump()
        for n in numbers
    ]  # fmt: skip
    session.connection().execute(insert(Variant), rows)
    plenty, opening = Decimal(naive_documents.PLENTY), MoveKind.OPENING_BALANCE
    post(
        session,
        [Posting(f"var_{n}", INVENTORY_LOSS, bins[n % len(bins)], plenty, opening, new_id("open")) for n in numbers],
    )


def _buy(session: Session, *, vendor: str, site_id: str, purchases: Sequence[Sequence[int]]) -> list[str]:
    return [
        purchasing.create_purchase_order(
            session,
            supplier_id=vendor,
            site_id=site_id,
            lines=[purchasing.NewPurchaseLine(f"var_{number}", Decimal(12), unit_cost=10_000) for number in numbers],
        ).id
        for numbers in purchases
    ]


def _naive(folder: Path, goods: int, purchases: Sequence[Sequence[int]]) -> Build:
    url = f"sqlite:///{folder / 'naive.db'}"
    engine = naive_engine(url)
    naive_http.make_tables(engine)
    naive_documents.make(engine, products=goods, purchases=purchases)
    engine.dispose()
    command = [sys.executable, "-m", "tests.benchmarks.naive_http", url, str(free_port())]
    ids = (str(n + 1) for n in range(len(purchases)))
    return Build(command, "/orders", "/purchases/{}/receive", naive_http.KEY, lambda items: {"items": items}, ids)


# --- the work -------------------------------------------------------------------------------------------------------


async def _order(build: Build, goods: int, ask: Ask) -> None:
    items = [{"sku": f"SKU-{n}", "quantity": 1} for n in random.sample(range(goods), ORDER_LINES)]
    made = await ask(load.post(build.orders_path, build.key, build.order(items)))
    for step in ("reserve", "fulfill"):
        made = await ask(load.post(f"{build.orders_path}/{made['id']}/{step}", build.key, {}))
    assert made["status"] == "fulfilled", made


async def _receive(build: Build, goods: int, ask: Ask) -> None:
    made = await ask(load.post(build.receive_path.format(next(build.purchases)), build.key, {}))
    assert made["status"] == "received", made


WORK = {ORDERS: _order, RECEIPTS: _receive}


async def _run(build: Build, address: str, work: str, goods: int, *, clients: int, seconds: float) -> Figures:
    """Each client does its work again as soon as it is done."""
    host, port = address.rsplit(":", 1)
    durations: list[float] = []
    began = time.perf_counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))

        async def ask(request: bytes) -> Any:
            return json.loads(await load.exchange(reader, writer, request))

        while (started := time.perf_counter()) < began + seconds:
            await WORK[work](build, goods, ask)
            durations.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return figures_of(durations, time.perf_counter() - began)


def measure(*, seconds: float = 2.0, rounds: int = 2, sizes: Sequence[int] = SIZES) -> list[Line]:
    """Every size, number of clients and build in turn, so that whatever else the machine does falls on all of them."""
    seen: dict[Key, list[Figures]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sides = [side for goods in sizes for side in _serve(stack, folder / str(goods), goods)]
        for turn in range(rounds + 1):
            for work in WORK:
                for clients in CLIENTS:
                    for name, goods, build, address in sides:
                        length = seconds if turn else 0.3
                        figures = asyncio.run(_run(build, address, work, goods, clients=clients, seconds=length))
                        if turn:
                            seen.setdefault((name, work, goods, clients), []).append(figures)
        for goods in sizes:
            _refuse_wrong_books(folder / str(goods))
    median = {key: sorted(found, key=lambda figures: figures.rate)[len(found) // 2] for key, found in seen.items()}
    return [line for work in WORK for line in _lines(median, work, sizes)]


def _serve(stack: ExitStack, folder: Path, goods: int) -> list[tuple[str, int, Build, str]]:
    """Both builds with as many goods, at their addresses."""
    folder.mkdir()
    purchases = [random.sample(range(goods), RECEIPT_LINES) for _ in range(PURCHASES)]
    sides = []
    for name, make in (("product", _product), ("naive", _naive)):
        build = make(folder, goods, purchases)
        served = stack.enter_context(Served(build.command))
        wait_until_open(served.address)
        sides.append((name, goods, build, served.address))
    return sides


def _refuse_wrong_books(folder: Path) -> None:
    with open_store(_url(folder)) as store:
        if not verify_store(store).is_clean:
            raise RuntimeError("the ledger does not add up: the figures count for nothing")


def _lines(seen: dict[Key, Figures], work: str, sizes: Sequence[int]) -> list[Line]:
    def rate(goods: int, clients: int, build: str = "product") -> float:
        return seen[build, work, goods, clients].rate

    lines = []
    for goods in sizes:
        size = f"{goods // 1000}k"
        for clients in CLIENTS:
            name = f"{work}, {clients} cl., {size}"
            lines.append(compared_rates(name, rate(goods, clients), rate(goods, clients, "naive"), NAIVE_AIM))
        lines.append(compared_rates("  1 client : the best peer", rate(goods, 1), PEERS[work], PEER_AIM))
        lines.append(compared_rates("  8 clients : 1 client", rate(goods, 8), rate(goods, 1), CLIENTS_AIM))
    most, least = max(sizes), min(sizes)
    flat = [rate(most, clients) / rate(least, clients) for clients in CLIENTS]
    if most > least:
        lines.append(
            Line(
                f"  {most // 1000}k goods : {least // 1000}k",
                f"{statistics.mean(rate(most, c) for c in CLIENTS):,.0f}/s",
                f"{statistics.mean(rate(least, c) for c in CLIENTS):,.0f}/s",
                min(flat),
                FLAT_AIM,
                is_more_better=True,
            )
        )
    return lines


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    print_lines(measure(seconds=options.seconds, rounds=options.rounds, sizes=sizes))


if __name__ == "__main__":
    main()
