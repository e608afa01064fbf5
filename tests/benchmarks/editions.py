"""The ambra, stock and sku editions beside a naive FastAPI app and a bare cursor: lists of fifty with their total, a
product by its SKU, a durable movement, a page deep in a long list; and what a list costs at a thousand times the rows.

python -m tests.benchmarks.editions [--seconds 2] [--rounds 2] [--rows 200000] [--long 1000000]

Keys are checked on every side. `--rows`: of the deep page's lists; `--long`: of the list beside one of a thousand.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlmodel import Session

from ambra_tui.services import access, places
from ambra_tui.store import open_store
from tests.benchmarks import load, naive_http
from tests.benchmarks.http import CHUNK, add_products
from tests.benchmarks.lists import insert, one
from tests.benchmarks.measure import Figures, Line, compared, compared_rates, print_lines
from tests.benchmarks.server import Served, free_port, product_command, wait_until_open

SHORT = 1_000
LIST_AIM, RAW_AIM, SKU_AIM, POST_AIM = 50.0, 0.8, 5.0, 9.0
POST_P99_AIM, DEEP_AIM, LONG_AIM = 1 / 7, 0.1, 1.2
Request = Callable[[], bytes]


class Stores:
    """A store of the product and one of the naive build, with as many products, each with stock in one warehouse."""

    def __init__(self, folder: Path, rows: int) -> None:
        folder.mkdir()
        self.rows = rows
        self.url, self.naive_url = (f"sqlite:///{folder / file}" for file in ("ambra.db", "naive.db"))
        with open_store(self.url) as store:
            organization_id = access.create_organization(store, "Benchmark").id
            assert organization_id is not None
            _, self.key = access.create_key(
                store, organization_id=organization_id, label="bench", scopes=["admin"], plan="enterprise"
            )
            write = partial(store.writer.run, organization_id=organization_id)
            self.site_id, bin_id = write(_make_places)
            write(partial(add_products, first=0, bin_id=bin_id))
        _multiply(folder / "ambra.db", rows)
        naive_http.make(self.naive_url, 1)
        _multiply_naive(folder / "naive.db", rows)

    def sku(self) -> str:
        return f"SKU-{random.randrange(self.rows)}"

    def product_id(self) -> str:
        return f"prod_x{random.randrange(CHUNK, self.rows):07d}"

    @contextmanager
    def served(self) -> Iterator[tuple[Served, Served]]:
        """The product's server and the naive one."""
        naive = [sys.executable, "-m", "tests.benchmarks.naive_http", self.naive_url, str(free_port())]
        with Served(product_command(self.url)) as own, Served(naive) as other:
            wait_until_open(other.address)
            yield own, other

    def get(self, path: str) -> Request:
        return lambda: load.get(path, self.key)

    def inventory(self) -> bytes:
        return load.get(f"/api/inventory/{self.sku()}", self.key)

    def move(self) -> bytes:
        moved = {"product_id": self.product_id(), "warehouse_id": self.site_id, "type": "in", "quantity": 1}
        return load.post("/v1/stock_movements", self.key, moved)

    def move_in_stock(self) -> bytes:
        moved = {
            "product_id": self.product_id(), "warehouse_id": self.site_id, "movement_type": "in", "quantity": 1,
        }  # fmt: skip
        return load.post("/api/inventory/movements", self.key, moved)


def _make_places(session: Session) -> tuple[str, str]:
    site = places.create_site(session, code="WH", name="WH", kind="warehouse")
    return site.id, places.create_location(session, site_id=site.id, code="B1", kind="pick").id


def _multiply(path: Path, rows: int) -> None:
    """Copies of a product past the ledger: what is measured beside it is only read, or adds to what is there."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        product, variant, stock, level = (
            one(connection, table) for table in ("product", "variant", "site_stock", "stock_level")
        )
        del stock["status"]
        start = connection.execute("SELECT count(*) FROM variant").fetchone()[0]
        moment = product["created_at"]
        numbers = range(start, rows)
        insert(
            connection, "product", ({**product, "id": f"prod_x{n:07d}", "created_at": moment + n} for n in numbers)
        )  # fmt: skip
        insert(
            connection, "variant",
            ({**variant, "id": f"var_x{n:07d}", "product_id": f"prod_x{n:07d}", "sku": f"SKU-{n}",
              "created_at": moment + n} for n in numbers),
        )  # fmt: skip
        insert(connection, "site_stock", ({**stock, "variant_id": f"var_x{n:07d}"} for n in numbers))
        insert(connection, "stock_level", ({**level, "variant_id": f"var_x{n:07d}"} for n in numbers))
        connection.execute("ANALYZE")


def _multiply_naive(path: Path, rows: int) -> None:
    with sqlite3.connect(path) as connection:
        product, stock = one(connection, "naive_product"), one(connection, "naive_stock")
        codes = range(1, rows)
        insert(
            connection, "naive_product",
            ({**product, "id": n + 1, "sku": f"SKU-{n}", "barcode": f"{4_000_000_000_000 + n}", "name": f"Product {n}"}
             for n in codes),
        )  # fmt: skip
        insert(connection, "naive_stock", ({**stock, "id": n + 1, "product_id": n + 1} for n in codes))


def _rates(servers: dict[str, tuple[str, Request]], seconds: float, rounds: int) -> dict[str, tuple[float, float]]:
    """(requests a second, p99 in ms) of each server, in turn."""
    seen: dict[str, list[Figures]] = {name: [] for name in servers}
    for turn in range(rounds + 1):
        for name, (address, request) in servers.items():
            figures = asyncio.run(load.closed_loop(address, request, seconds=seconds if turn else 0.3))
            if turn:
                seen[name].append(figures)
    return {
        name: (statistics.median(f.rate for f in all_), statistics.median(f.p99 for f in all_))
        for name, all_ in seen.items()
    }


def _short_lines(folder: Path, seconds: float, rounds: int) -> Iterator[Line]:
    stores = Stores(folder, SHORT)
    naive = naive_http.KEY
    with stores.served() as (own, other):
        listed = _rates(
            {
                "ambra levels": (own.address, stores.get("/v1/stock_levels?limit=50")),
                "ambra products": (own.address, stores.get("/v1/products?limit=50")),
                "stock": (own.address, stores.get("/api/inventory?page=1&limit=50")),
                "sku": (own.address, stores.get("/sku/api/inventory?limit=50")),
                "naive": (other.address, lambda: load.get("/levels?per_page=50", naive)),
                "raw": (other.address, lambda: load.get("/raw/levels", naive)),
            },
            seconds, rounds,
        )  # fmt: skip
        for name in ("ambra levels", "ambra products", "stock", "sku"):
            yield compared_rates(f"{name}: list of 50 / naive", listed[name][0], listed["naive"][0], LIST_AIM)
            yield compared_rates("  / bare cursor without a total", listed[name][0], listed["raw"][0], RAW_AIM)
        one_ = _rates(
            {
                "ambra": (own.address, lambda: load.get(f"/v1/products?sku={stores.sku()}", stores.key)),
                "sku": (own.address, stores.inventory),
                "naive": (other.address, lambda: load.get(f"/products?sku={stores.sku()}", naive)),
            },
            seconds, rounds,
        )  # fmt: skip
        for name in ("ambra", "sku"):
            yield compared_rates(f"{name}: product by SKU / naive", one_[name][0], one_["naive"][0], SKU_AIM)
        posted = _rates(
            {
                "ambra": (own.address, stores.move),
                "stock": (own.address, stores.move_in_stock),
                "naive": (
                    other.address, lambda: load.post("/adjustments", naive, {"sku": stores.sku(), "quantity": 1})
                ),
            },
            seconds, rounds,
        )  # fmt: skip
        for name in ("ambra", "stock"):
            yield compared_rates(f"{name}: durable movement / naive", posted[name][0], posted["naive"][0], POST_AIM)
            yield compared("  its p99", posted[name][1], posted["naive"][1], POST_P99_AIM)


def _deep_lines(folder: Path, rows: int, seconds: float, rounds: int) -> Iterator[Line]:
    stores = Stores(folder, rows)
    page = rows // 50 - 5

    def near(path: str) -> Request:
        return lambda: load.get(path.format(page=page - random.randrange(20)), stores.key)

    with stores.served() as (own, other):
        seen = _rates(
            {
                "ambra levels": (own.address, near("/v1/stock_levels?limit=50&page={page}")),
                "ambra products": (own.address, near("/v1/products?limit=50&page={page}")),
                "stock": (own.address, near("/api/inventory?limit=50&page={page}")),
                "naive": (
                    other.address, lambda: load.get(f"/levels?per_page=50&page={page - 9}", naive_http.KEY)
                ),
            },
            seconds, rounds,
        )  # fmt: skip
    for name in ("ambra levels", "ambra products", "stock"):
        own_ms, beside_ms = 1000 / seen[name][0], 1000 / seen["naive"][0]
        yield compared(f"{name}: page {page:,} of {rows:,} rows", own_ms, beside_ms, DEEP_AIM)


def _long_lines(folder: Path, rows: int, seconds: float) -> Iterator[Line]:
    paths = {
        "ambra levels": "/v1/stock_levels?limit=50", "ambra products": "/v1/products?limit=50",
        "stock": "/api/inventory?page=1&limit=50", "sku": "/sku/api/inventory?limit=50",
    }  # fmt: skip
    short, long = Stores(folder / "short", SHORT), Stores(folder / "long", rows)
    with short.served() as (small, _), long.served() as (large, _):
        for name, path in paths.items():
            cost = _cpu_ms(large, long.get(path), seconds)
            beside = _cpu_ms(small, short.get(path), seconds)
            yield compared(f"{name}: CPU of a list, {rows:,} : 1k", cost, beside, LONG_AIM)
        cost, beside = _cpu_ms(large, long.inventory, seconds), _cpu_ms(small, short.inventory, seconds)
        yield compared(f"sku: CPU of one SKU, {rows:,} : 1k", cost, beside, LONG_AIM)


def _cpu_ms(served: Served, request: Request, seconds: float) -> float:
    """Milliseconds of the server's processor a request."""
    asyncio.run(load.closed_loop(served.address, request, seconds=0.3))
    before = served.cpu_seconds
    figures = asyncio.run(load.closed_loop(served.address, request, seconds=seconds))
    return (served.cpu_seconds - before) * 1000 / (figures.rate * seconds)


def measure(*, seconds: float = 2.0, rounds: int = 2, rows: int = 200_000, long: int = 1_000_000) -> list[Line]:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            *_short_lines(folder / "lists", seconds, rounds),
            *_deep_lines(folder / "deep", rows, seconds, rounds),
            *_long_lines(_made(folder / "cost"), long, seconds),
        ]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--long", type=int, default=1_000_000)
    options: dict[str, Any] = vars(parser.parse_args())
    print_lines(measure(**options))


if __name__ == "__main__":
    main()
