"""kill -9 of the terminal at a random moment of its work: the same step is resumed, nothing is lost or doubled."""

from __future__ import annotations

import random
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui.floor import engine
from ambra_tui.services import catalog, purchasing, suppliers
from ambra_tui.services.purchasing import NewPurchaseLine
from ambra_tui.services.verify import verify
from ambra_tui.store import Store
from ambra_tui.store.models import PurchaseOrder, StockMove
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.worker import NOW, Worker, open_ds1
from tests.pty_harness import Terminal

ROOT = Path(__file__).resolve().parents[2]
PAINT = "5001000000071"
ESCAPE = "\x1b"
ORDERS = 4
LONGEST_WORK_SECONDS = 0.8
A_PERSON_S_PAUSE = 0.3  # an Esc and a digit closer together are an Alt key


def order_paint(worker: Worker) -> None:
    """The purchase orders PO-K1 ... of two PAINT-5L each."""

    def work(session: Any) -> None:
        vendor = suppliers.create_supplier(session, name="Paints")
        variant = catalog.variant_by_sku(session, "PAINT-5L")
        for number in range(1, ORDERS + 1):
            purchasing.create_purchase_order(
                session,
                supplier_id=vendor.id,
                site_id=worker.place.site_id,
                lines=[NewPurchaseLine(variant.id, Decimal(2))],
                number=f"PO-K{number}",
            )

    worker.write(work)


def still_open(worker: Worker) -> list[str]:
    """Numbers of the orders that are not received."""

    def work(session: Any) -> list[str]:
        orders = session.exec(scoped(session, PurchaseOrder).where(PurchaseOrder.status != "received"))
        return sorted(order.number for order in orders)

    return worker.write(work)


def received(worker: Worker) -> Decimal:
    """What the ledger received of everything."""

    def work(session: Any) -> Decimal:
        moves = session.exec(
            select(StockMove.quantity).where(
                StockMove.organization_id == organization_of(session), StockMove.kind == "purchase_received"
            )
        )
        return sum(moves, Decimal(0))

    return worker.write(work)


def step_of(store: Store, worker: Worker, user_id: str) -> str:
    """What the store says that the badge is asked now; empty before its first step."""
    with store.read(worker.organization_id) as session:
        prompt = engine.look(session, engine.Place("st-1", worker.place.site_id), user_id=user_id).prompt
    return prompt.ask if prompt else ""


def flat(screen: str) -> str:
    """The screen's words in one line, however they were wrapped."""
    return " ".join(screen.split())


def work_until_killed(terminal: Terminal, numbers: list[str], seconds: float) -> None:
    """Receives order after order as fast as the bytes go, until the moment comes."""
    moment = time.monotonic() + seconds
    for number in numbers:
        for code in (number, PAINT, PAINT, "WH1-RECV"):
            terminal.scan(code)
            terminal.pump_until(min(moment, time.monotonic() + 0.02))
        if time.monotonic() >= moment:
            break
    terminal.pump_until(moment)
    terminal.kill()


def trial(store_url: str, folder: Path, seed: int) -> None:
    """One terminal killed at a random moment; another resumes and finishes."""
    chance = random.Random(seed)
    store, organization_id = open_ds1(store_url)
    office = Worker(store, organization_id, "BDG-9001", station="office")
    ana = Worker(store, organization_id, "BDG-1001", station="elsewhere")
    order_paint(office)
    argv = [
        sys.executable, "-m", "ambra_tui.cli",
        "--store", store_url, "--site", "WH1", "--no-server", "--station", "st-1",
    ]  # fmt: skip
    environment = {"AMBRA_NOW": NOW, "AMBRA_HOME": str(folder / "home")}
    with Terminal.start(argv, folder=ROOT, environment=environment) as terminal:
        terminal.wait_for("Scan your badge")
        terminal.scan("BDG-1001")
        terminal.wait_for("SIGNED IN")
        terminal.send("1")
        terminal.wait_for("purchase order")
        work_until_killed(terminal, still_open(office), chance.uniform(0, LONGEST_WORK_SECONDS))
        left_at = step_of(store, office, ana.reply.user_id)
        booked = received(office)
        terminal.start_again(argv, folder=ROOT, environment=environment)
        terminal.wait_for("Scan your badge")
        terminal.scan("BDG-1001")
        terminal.wait(lambda screen: left_at in flat(screen), what=f"the step {left_at!r}")
        assert received(office) == booked
        while still_open(office):
            _finish(terminal, office)
    assert received(office) == Decimal(2 * ORDERS)
    assert store.writer.run(verify, organization_id=None).differences == []
    store.close()


def _finish(terminal: Terminal, office: Worker) -> None:
    """From wherever the terminal stands: back to the menu, and the next open order from its beginning."""
    number = still_open(office)[0]
    while "Choose or scan" not in flat(terminal.screen):
        terminal.send(ESCAPE)
        terminal.pump_until(time.monotonic() + A_PERSON_S_PAUSE)
    terminal.send("1")
    terminal.wait_for("purchase order")
    for code in (number, PAINT, PAINT, "WH1-RECV"):
        terminal.scan(code)
    deadline = time.monotonic() + 30
    while number in still_open(office) and time.monotonic() < deadline:
        terminal.pump_until(time.monotonic() + 0.05)


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_terminal_resumes_its_step(store_url: str, tmp_path: Path, seed: int) -> None:
    trial(store_url, tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
def test_many_killed_terminals_resume_their_step(store_url: str, tmp_path: Path, seed: int) -> None:
    trial(store_url, tmp_path, seed)
