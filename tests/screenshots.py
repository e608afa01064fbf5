"""Makes the pictures in `screenshots/` from the real program on the sample ds1:

python -m tests.screenshots
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from ambra_tui.runtime import TerminalHost, TerminalOptions, open_terminal
from ambra_tui.services import catalog, suppliers
from ambra_tui.services.purchasing import NewPurchaseLine, create_purchase_order
from ambra_tui.tui.app import Terminal
from tests.floor.worker import NOW, Worker, open_ds1

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"
SIZES = ((16, 20), (24, 80), (40, 120))
MILK_LABEL = "]C10215001000000016172607153710\x1d10M130"
SETTLE_SECONDS = 0.15
SCENES: dict[str, Sequence[str]] = {
    "sign-in": (),
    "home": ("BDG-1001",),
    "receive": ("BDG-1001", "key:1", "PO-1001", "]C100050010000000000019", MILK_LABEL),
    "pick": ("BDG-1001", "key:3", "SO-2", "WH1-A02-1"),
    "wrong-bin": ("BDG-1001", "key:3", "SO-2", "WH1-A03-1"),
    "inquiry": ("BDG-1001", "5001000000019"),
}


def prepare(store_url: str) -> None:
    """The sample with a purchase order and two sales orders."""
    store, organization_id = open_ds1(store_url)
    office = Worker(store, organization_id, "BDG-9001", station="office")

    def buy(session: Any) -> None:
        vendor = suppliers.create_supplier(session, name="Green Valley Dairy")
        lines = [
            NewPurchaseLine(catalog.variant_by_sku(session, sku).id, Decimal(quantity))
            for sku, quantity in (("MILK-1L", 120), ("BOLT-M8", 1000))
        ]
        create_purchase_order(
            session, supplier_id=vendor.id, site_id=office.place.site_id, lines=lines, number="PO-1001"
        )

    office.write(buy)
    office.order("SO-1", ("BOLT-M8", 10), ("MILK-1L", 6))
    office.order("SO-2", ("MILK-1L", 8), ("PAINT-5L", 1), ("GLOVE-L", 3), ("CABLE-2M", 2))
    store.close()


async def picture(store_url: str, steps: Sequence[str], rows: int, columns: int) -> str:
    """The screen after `steps` (scans, or ``key:`` and a key), as SVG."""

    def host() -> TerminalHost:
        return open_terminal(TerminalOptions(store_url, "dock-1", site="WH1", server=False, now=NOW))

    terminal = Terminal(host, station="dock-1")
    async with terminal.run_test(size=(columns, rows)) as pilot:
        await until(lambda: terminal.station.is_open)
        for step in steps:
            await pilot.pause(SETTLE_SECONDS)
            if step.startswith("key:"):
                await pilot.press(step.removeprefix("key:"))
            else:
                terminal.practice.send(step)
        await pilot.pause(3 * SETTLE_SECONDS)
        svg = terminal.export_screenshot(title="AmbraWMS")
    return re.sub(r"terminal-\d+-", "terminal-", svg)  # the library's random prefix would change every picture


async def until(holds: Any) -> None:
    """Lets the program run until `holds`."""
    while not holds():
        await asyncio.sleep(0.01)


def main() -> None:
    """Every scene at every size, each on a store of its own."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        os.environ["AMBRA_HOME"] = name
        for scene, steps in SCENES.items():
            for rows, columns in SIZES:
                store_url = f"sqlite:///{name}/{scene}-{rows}.db"
                prepare(store_url)
                svg = asyncio.run(picture(store_url, steps, rows, columns))
                (FOLDER / f"{scene}-{rows}x{columns}.svg").write_text(svg, encoding="utf-8")
                print(f"{scene}-{rows}x{columns}.svg")


if __name__ == "__main__":
    main()
