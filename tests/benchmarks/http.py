"""Requests a second of a list of fifty levels, a variant by barcode and a posting, beside a naive FastAPI app.

python -m tests.benchmarks.http [--seconds 2] [--rounds 2]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

from sqlmodel import Session

from ambra_tui.kit.ids import new_id
from ambra_tui.ledger import INVENTORY_LOSS, MoveKind, Posting, post
from ambra_tui.services import access, catalog, places
from ambra_tui.store import open_store
from tests.benchmarks import load, naive_http
from tests.benchmarks.measure import Figures, Line, compared, compared_rates, print_lines
from tests.benchmarks.server import Served, free_port, product_command, wait_until_open

PRODUCTS, CHUNK = 500, 20
AIMS = {"list of 50 levels": 50.0, "product by barcode": 5.0, "durable posting": 9.0}
POST_P99_AIM = 1 / 7
Requests = dict[str, Callable[[], bytes]]


def _number() -> int:
    return random.randrange(PRODUCTS)


def _gtin(number: int) -> str:
    body = f"{400_000_000_000 + number}"
    odd, even = (sum(int(digit) for digit in body[start::2]) for start in (0, 1))
    return f"{body}{-(odd + 3 * even) % 10}"


def _make_store(url: str) -> Requests:
    with open_store(url) as store:
        organization_id = access.create_organization(store, "Benchmark").id
        assert organization_id is not None
        _, key = access.create_key(
            store, organization_id=organization_id, label="bench", scopes=["admin"], plan="enterprise"
        )
        write = partial(store.writer.run, organization_id=organization_id)
        site_id = write(lambda session: places.create_site(session, code="WH", name="WH", kind="warehouse").id)
        bin_id = write(lambda session: places.create_location(session, site_id=site_id, code="B1", kind="pick").id)
        for first in range(0, PRODUCTS, CHUNK):
            write(partial(add_products, first=first, bin_id=bin_id))

    def adjust() -> bytes:
        change = {"sku": f"SKU-{_number()}", "location_id": bin_id, "quantity": 1, "reason": "stock_in"}
        return load.post("/api/v1/inventory_adjustments", key, {"inventory_adjustment": change})

    return {
        "list of 50 levels": lambda: load.get("/api/v1/inventory_levels?per_page=50", key),
        "product by barcode": lambda: load.get(f"/api/v1/variants/barcode/{_gtin(_number())}", key),
        "durable posting": adjust,
    }


def add_products(session: Session, *, first: int, bin_id: str) -> None:
    """Twenty products from the number `first` on, a thousand of each in the bin."""
    postings = []
    for n in range(first, first + CHUNK):
        product = catalog.create_product(session, name=f"Product {n}", sku=f"SKU-{n}", barcode=_gtin(n))
        variant = catalog.variants_of(session, product.id)[0]
        opening = MoveKind.OPENING_BALANCE
        postings.append(Posting(variant.id, INVENTORY_LOSS, bin_id, Decimal(1000), opening, new_id("open")))
    session.flush()
    post(session, postings)


def _naive_requests() -> Requests:
    key = naive_http.KEY
    return {
        "list of 50 levels": lambda: load.get("/levels?per_page=50", key),
        "product by barcode": lambda: load.get(f"/products?barcode={4_000_000_000_000 + _number()}", key),
        "durable posting": lambda: load.post("/adjustments", key, {"sku": f"SKU-{_number()}", "quantity": 1}),
    }


def measure(*, seconds: float = 2.0, rounds: int = 2) -> list[Line]:
    """Each kind of request at either server, in turn."""
    seen: dict[tuple[str, str], list[Figures]] = {}
    with tempfile.TemporaryDirectory() as name:
        url, naive_url = (f"sqlite:///{Path(name) / file}" for file in ("ambra.db", "naive.db"))
        requests = {"product": _make_store(url), "naive": _naive_requests()}
        naive_http.make(naive_url, PRODUCTS)
        naive = [sys.executable, "-m", "tests.benchmarks.naive_http", naive_url, str(free_port())]
        with Served(product_command(url)) as own, Served(naive) as other:
            wait_until_open(other.address)
            addresses = {"product": own.address, "naive": other.address}
            for turn in range(rounds + 1):
                for kind in AIMS:
                    for build, address in addresses.items():
                        length = seconds if turn else 0.3
                        figures = asyncio.run(load.closed_loop(address, requests[build][kind], seconds=length))
                        if turn:
                            seen.setdefault((kind, build), []).append(figures)
    return [line for kind in AIMS for line in _lines(kind, seen[kind, "product"], seen[kind, "naive"])]


def _lines(kind: str, own: list[Figures], naive: list[Figures]) -> list[Line]:
    rate, beside = (statistics.median(figures.rate for figures in seen) for seen in (own, naive))
    lines = [compared_rates(f"HTTP {kind}", rate, beside, AIMS[kind])]
    if kind == "durable posting":
        own_wait, wait = (statistics.median(figures.p99 for figures in seen) for seen in (own, naive))
        lines.append(compared("  its p99", own_wait, wait, POST_P99_AIM))
    return lines


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    print_lines(measure(seconds=options.seconds, rounds=options.rounds))


if __name__ == "__main__":
    main()
