"""What the guards' tests share: promises, assignments, holds, and works that race.

Example::

    outcomes = raced([lambda: house.post(house.issue(1))] * 8)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlmodel import Session, select

from ambra_tui.errors import AmbraError, InsufficientStock
from ambra_tui.ledger import (
    MoveKind,
    ReserveLine,
    allocate,
    consume_lines,
    post,
    reserve,
    set_location_held,
    set_lot_status,
    take,
)
from ambra_tui.store.models import Allocation, Location, Lot, StockMove
from tests.ledger.conftest import House


def promise(house: House, quantity: Decimal | int, document: str = "so_1", variant_id: str = "") -> None:
    house.write(
        lambda session: (
            reserve(
                session,
                site_id=house.warehouse.site.id,
                document_kind="sales_order",
                document_id=document,
                lines=[ReserveLine("line_1", variant_id or house.bolt.id, Decimal(quantity))],
            )
            and None
        )
    )


def assign(house: House, quantity: Decimal | int, location_id: str = "") -> str:
    def work(session: Session) -> str:
        return allocate(
            session,
            location_id=location_id or house.warehouse.bin.id,
            variant_id=house.bolt.id,
            quantity=Decimal(quantity),
            document_kind="sales_order",
            document_id="so_1",
            line_id="line_1",
        ).id

    made: str = house.write(work)
    return made


def raced(works: list[Callable[[], Any]]) -> list[Any]:
    """Run `works` at the same time; answers each one's outcome, an error of ours included."""
    outcomes: list[Any] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes[number] = works[number]()
        except AmbraError as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def short(outcomes: list[Any]) -> int:
    return sum(isinstance(outcome, InsufficientStock) for outcome in outcomes)


def ship(house: House, quantity: Decimal | int, document: str = "so_1") -> None:
    def work(session: Session) -> None:
        amount = Decimal(quantity)
        (reserved,) = consume_lines(session, document_id=document, wanted=[("line_1", house.bolt.id, amount)])
        post(session, [house.issue(amount, reserved=reserved)])

    house.write(work)


def pick(house: House, allocation_id: str, quantity: Decimal | int) -> None:
    def work(session: Session) -> None:
        allocation = session.get(Allocation, (house.organization_id, allocation_id))
        assert allocation is not None
        take(session, allocation, Decimal(quantity))
        move = house.bin_move(quantity, destination_id=house.warehouse.stage.id, allocated=Decimal(quantity))
        post(session, [replace(move, kind=MoveKind.PICK_MOVE)])

    house.write(work)


def set_lot(house: House, status: str) -> None:
    def work(session: Session) -> None:
        lot = session.get(Lot, (house.organization_id, house.lot.id))
        assert lot is not None
        set_lot_status(session, lot, status)

    house.write(work)


def hold_bin(house: House, is_held: bool) -> None:
    def work(session: Session) -> None:
        location = session.get(Location, (house.organization_id, house.warehouse.bin.id))
        assert location is not None
        set_location_held(session, location, is_held)

    house.write(work)


def average(house: House, site_id: str = "") -> int | None:
    with house.store.read(house.organization_id) as session:
        from ambra_tui.store.models import SiteStock

        row = session.get(SiteStock, (house.organization_id, house.bolt.id, site_id or house.warehouse.site.id))
        assert row is not None
        return row.average_cost


def costs(house: House) -> list[int | None]:
    with house.store.read(house.organization_id) as session:
        statement = select(StockMove).where(StockMove.organization_id == house.organization_id)
        return [move.unit_cost for move in sorted(session.exec(statement), key=lambda move: move.sequence or 0)]
