"""Fifty thousand variants with stock, imported by the commands, beside a naive build that takes a session per row.

The naive build imports a tenth of the rows of this run's size at most, and is judged by its rate.

python -m tests.benchmarks.imports [--variants 50000]
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session

from tests.benchmarks.measure import Line, compared_rates, print_lines
from tests.benchmarks.naive import NaiveLedger, NaiveLevel, make_naive, naive_engine
from tests.benchmarks.screen import ROOT

VARIANTS, NAIVE_ROWS, BINS = 50_000, 1_000, 200
PEER_RATE = 1_000 / 19  # the best peer measured takes 19 seconds for 1,000
PEER_AIM, NAIVE_AIM = 20.0, 5.0


def _write(path: Path, head: list[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)


def _ambra(url: str, *words: str) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "ambra_tui.cli", *words, "--store", url]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - started


def _product(folder: Path, variants: int) -> tuple[float, float]:
    """Seconds of the catalogue and of the stock."""
    url = f"sqlite:///{folder / 'ambra.db'}"
    bins = [[f"B{n:03d}", "WH", "pick"] for n in range(BINS)]
    _write(folder / "locations.csv", ["code", "site", "kind"], bins)
    goods = [[f"SKU-{n:06d}", f"Article number {n}"] for n in range(variants)]
    _write(folder / "catalog.csv", ["sku", "name"], goods)
    stock = [[f"SKU-{n:06d}", f"B{n % BINS:03d}", n % 90 + 10] for n in range(variants)]
    _write(folder / "stock.csv", ["sku", "location", "quantity"], stock)
    _ambra(url, "organization", "create", "Benchmark")
    _ambra(url, "import", "locations", str(folder / "locations.csv"))
    catalogue = _ambra(url, "import", "catalog", str(folder / "catalog.csv"))
    return catalogue, _ambra(url, "import", "stock", str(folder / "stock.csv"))


def _naive(folder: Path, rows: int) -> float:
    engine = naive_engine(f"sqlite:///{folder / 'naive.db'}")
    make_naive(engine, 1)
    started = time.perf_counter()
    for n in range(rows):
        with Session(engine) as session:
            level = NaiveLevel(sku=f"NEW-{n}", barcode=f"{n}", on_hand=n)
            session.add(level)
            session.add(NaiveLedger(sku=level.sku, change=n, balance=n, kind="opening", actor="u1"))
            session.commit()
            session.refresh(level)
    seconds = time.perf_counter() - started
    engine.dispose()
    return seconds


def measure(*, variants: int = VARIANTS) -> list[Line]:
    """Imports once; the naive build's rate is taken in the same run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        naive_rate = NAIVE_ROWS / _naive(folder, NAIVE_ROWS)
        catalogue, stock = _product(folder, variants)
    print(f"{variants:,} variants: catalogue {catalogue:.1f} s, stock {stock:.1f} s")
    rate = variants / (catalogue + stock)
    return [
        compared_rates("import with stock, beside naive", rate, naive_rate, NAIVE_AIM),
        compared_rates("import with stock, beside a peer", rate, PEER_RATE, PEER_AIM),
    ]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--variants", type=int, default=VARIANTS)
    print_lines(measure(variants=parser.parse_args().variants))


if __name__ == "__main__":
    main()
