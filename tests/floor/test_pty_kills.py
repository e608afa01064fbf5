"""kill -9 of the terminal at a random moment of its work: the same step is resumed, nothing is lost or doubled."""

from __future__ import annotations

import random
import time
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui.floor import engine
from ambra_tui.services import catalog, purchasing, suppliers
from ambra_tui.services.purchasing import NewPurchaseLine
from ambra_tui.services.verify import verify
from ambra_tui.store.models import PurchaseOrder, StockMove, User
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.conftest import Start, until
from tests.floor.station import Station
from tests.floor.worker import Worker

PAINT = "5001000000071"
ORDERS = 4
LONGEST_WORK_SECONDS = 0.8


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


def step_of(desk: Worker) -> str:
    """What the store says that Ana is asked now; empty before her first step."""
    with desk.store.read(desk.organization_id) as session:
        ana = session.exec(scoped(session, User).where(User.name == "Ana")).one()
        prompt = engine.look(session, engine.Place("st-1", desk.place.site_id), user_id=ana.id).prompt
    return prompt.ask if prompt else ""


def work_until_killed(ana: Station, numbers: list[str], seconds: float) -> None:
    """Receives order after order as fast as the bytes go, until the moment comes."""
    moment = time.monotonic() + seconds
    for number in numbers:
        for code in (number, PAINT, PAINT, "WH1-RECV"):
            ana.scan(code)
            ana.terminal.pump_until(min(moment, time.monotonic() + 0.02))
        if time.monotonic() >= moment:
            break
    ana.terminal.pump_until(moment)
    ana.kill()


def trial(desk: Worker, start: Start, seed: int) -> None:
    """One terminal killed at a random moment; another resumes and finishes."""
    chance = random.Random(seed)
    order_paint(desk)
    ana = start(24, 80)
    ana.key("1", "purchase order")
    work_until_killed(ana, still_open(desk), chance.uniform(0, LONGEST_WORK_SECONDS))
    left_at = step_of(desk)
    booked = received(desk)
    ana.restart(left_at)
    assert received(desk) == booked
    while still_open(desk):
        _finish(ana, desk)
    assert received(desk) == Decimal(2 * ORDERS)
    assert desk.store.writer.run(verify, organization_id=None).differences == []


def _finish(ana: Station, desk: Worker) -> None:
    """From wherever the terminal stands: back to the menu, and the next open order from its beginning."""
    number = still_open(desk)[0]
    while "Choose or scan" not in ana.screen:
        ana.key("Esc")
    ana.key("1", "purchase order")
    for code in (number, PAINT, PAINT, "WH1-RECV"):
        ana.scan(code)
    until(lambda: number not in still_open(desk), f"the end of {number}", beside=ana)


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_terminal_resumes_its_step(desk: Worker, start: Start, seed: int) -> None:
    """F1: kill -9 at any step: the same step and line, each act 0 or 1 times."""
    trial(desk, start, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
def test_many_killed_terminals_resume_their_step(desk: Worker, start: Start, seed: int) -> None:
    trial(desk, start, seed)
