"""The two terminals that are scanned at: the product on the sample ds1, receiving serials, and the naive build.

Each scan posts one unit durably and is over when its verdict is on the screen.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from sqlmodel import Session

from ambra_tui.services import catalog, places, purchasing, suppliers
from ambra_tui.services.purchasing import NewPurchaseLine
from ambra_tui.services.sample import load_sample
from ambra_tui.store import SYSTEM, Store, open_store
from tests.benchmarks.naive import make_naive, naive_engine
from tests.benchmarks.screen import Screen

NOW = "2026-03-02T08:00Z"
ORDERED = 100_000
SERIALS_A_DOCK_SCAN = 10
PAUSE_SECONDS = 0.03
NAIVE_ROWS = 1_000
Scan = Callable[[int], float]


def make_store(folder: Path) -> tuple[str, Store, int]:
    """ds1 with a purchase order PO-1 for very many phones. Answers its URL, the open store and the organization."""
    url = f"sqlite:///{folder / 'ambra.db'}"
    store = open_store(url, now=NOW)
    organization = load_sample(store, "ds1")
    assert organization.id is not None
    store.writer.run(_buy, organization_id=organization.id, actor=SYSTEM)
    return url, store, organization.id


def _buy(session: Session) -> None:
    supplier = suppliers.create_supplier(session, name="Supplier", code="S1")
    variant = catalog.variant_by_sku(session, "PHONE-X")
    site = places.site_by_code(session, "WH1")
    purchasing.create_purchase_order(
        session,
        supplier_id=supplier.id,
        site_id=site.id,
        lines=[NewPurchaseLine(variant.id, Decimal(ORDERED))],
        number="PO-1",
    )


def open_station(url: str, folder: Path, station: str = "bench") -> Screen:
    """The product's terminal, signed in and at the first serial of PO-1."""
    environment = {"AMBRA_NOW": NOW, "AMBRA_HOME": str(folder)}
    argv = [
        sys.executable, "-m", "ambra_tui.cli",
        "--store", url, "--site", "WH1", "--no-server", "--station", station,
    ]  # fmt: skip
    screen = Screen(argv, environment)
    screen.until(b"Scan your badge")
    screen.time(b"BDG-1001\r", b"SIGNED IN")
    screen.pause(0.3)
    screen.time(b"1", b"purchase order")
    screen.pause(0.3)
    screen.time(b"PO-1\r", b"DOCUMENT OK")
    screen.pause(0.3)
    return screen


def scan_serial(screen: Screen, number: int) -> float:
    """One serial, received to the dock at once; now and then the dock is scanned, as people do."""
    if number % SERIALS_A_DOCK_SCAN == 0:
        screen.time(b"WH1-RECV\r", b"\x07")
        screen.pause(PAUSE_SECONDS)
    seconds = screen.time(b"]C1010500100000006421S%06d\r" % number, b"S%06d noted" % number)
    screen.pause(PAUSE_SECONDS)
    return seconds


def open_naive(folder: Path) -> Screen:
    """The naive terminal on a store of its own."""
    url = f"sqlite:///{folder / 'naive.db'}"
    engine = naive_engine(url)
    if not (folder / "naive.db").exists():
        make_naive(engine, NAIVE_ROWS)
    engine.dispose()
    screen = Screen([sys.executable, "-m", "tests.benchmarks.naive_terminal", url], {})
    screen.until(b"READY")
    screen.pause(0.3)
    return screen


def scan_naive(screen: Screen, count: int) -> float:
    """One barcode of thirteen digits; `count` is how many this terminal has seen with it."""
    code = 4_000_000_000_000 + random.randrange(NAIVE_ROWS)
    seconds = screen.time(b"%d\r" % code, b"TAKEN %06d" % count)
    screen.pause(PAUSE_SECONDS)
    return seconds
