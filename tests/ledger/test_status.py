"""The status of a total gets worse by whatever lowers it, and each time that is told once, with the change itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.ledger import CUSTOMER, SUPPLIER, MoveKind, Posting, ReserveLine, status_of
from ambra_tui.services import policies
from ambra_tui.store.models import InventoryPolicy, OutboxEvent, SiteStock
from ambra_tui.store.scope import scoped
from tests import factories

if TYPE_CHECKING:
    from ambra_tui.store import Store

Write = Callable[[Callable[[Session], Any]], Any]


def _fallen(store: Store) -> list[tuple[str, str]]:
    with store.read_system() as session:
        statement = select(OutboxEvent).where(OutboxEvent.type == ledger.STATUS_FELL).order_by(col(OutboxEvent.id))
        return [(event.payload["before"], event.payload["after"]) for event in session.exec(statement)]


def test_what_gets_worse_is_told_once_until_it_was_better(store: Store, organization_id: int, write: Write) -> None:
    house = write(factories.warehouse)
    milk = write(factories.variant)
    write(lambda session: policies.take_suggestion(
        session, variant_id=milk.id, site_id=house.site.id, reorder_point=Decimal(20), safety_stock=Decimal(5)
    ))  # fmt: skip
    number = iter(range(1_000))

    def move(quantity: int) -> Callable[[Session], Any]:
        source, kind = (
            (SUPPLIER, MoveKind.PURCHASE_RECEIVED) if quantity > 0 else (house.bin.id, MoveKind.ORDER_FULFILLED)
        )
        destination = house.bin.id if quantity > 0 else CUSTOMER
        posting = Posting(milk.id, source, destination, Decimal(abs(quantity)), kind, f"move-{next(number)}")
        return lambda session: ledger.post(session, [posting])

    def status(session: Session) -> str:
        stock = session.exec(scoped(session, SiteStock)).one()
        available = stock.on_hand - stock.reserved - stock.held
        assert stock.status == status_of(available, stock.reorder_point, stock.safety_stock)
        return str(stock.status)

    told: list[tuple[str, str]] = []

    def after(work: Callable[[Session], Any], expected: str, *facts: tuple[str, str]) -> None:
        write(work)
        assert write(status) == expected
        told.extend(facts)
        assert _fallen(store) == told

    after(move(25), "normal")  # what comes in makes nothing worse
    after(move(-5), "normal")  # 20 is not below 20
    after(move(-1), "low", ("normal", "low"))
    after(move(-1), "low")
    after(move(2), "normal")
    after(
        lambda session: ledger.reserve(
            session,
            site_id=house.site.id,
            document_kind="sales_order",
            document_id="ord_1",
            lines=[ReserveLine("1", milk.id, Decimal(15))],
        ),
        "critical",
        ("normal", "critical"),
    )
    after(lambda session: ledger.release(session, document_id="ord_1"), "normal")
    after(
        lambda session: ledger.set_location_held(session, _own(session, house.bin), True),
        "out_of_stock",
        ("normal", "out_of_stock"),
    )
    after(lambda session: ledger.set_location_held(session, _own(session, house.bin), False), "normal")
    after(_reorder_at(milk.id, 21), "low", ("normal", "low"))
    after(_reorder_at(milk.id, 22), "low")
    after(_reorder_at(milk.id, 3), "normal")
    with store.read_system() as session:
        row = session.exec(select(OutboxEvent).where(OutboxEvent.type == ledger.STATUS_FELL)).first()
        assert row is not None and row.subject == milk.id and row.organization_id == organization_id
        assert row.payload["site_id"] == house.site.id and json.dumps(row.payload)


def _own(session: Session, row: Any) -> Any:
    return session.get(type(row), (row.organization_id, row.id))


def _reorder_at(variant_id: str, point: int) -> Callable[[Session], Any]:
    def work(session: Session) -> None:
        policy = session.exec(scoped(session, InventoryPolicy)).one()
        policies.take_suggestion(
            session,
            variant_id=variant_id,
            site_id=policy.site_id,
            reorder_point=Decimal(point),
            safety_stock=Decimal(0),
        )

    return work


def test_one_commit_of_many_postings_tells_where_it_ends(store: Store, organization_id: int, write: Write) -> None:
    house = write(factories.warehouse)
    milk = write(factories.variant)
    write(lambda session: factories.stock(session, milk, house.bin, 3))
    out = [
        Posting(milk.id, house.bin.id, CUSTOMER, Decimal(1), MoveKind.ORDER_FULFILLED, f"out-{number}")
        for number in range(3)
    ]
    write(lambda session: ledger.post(session, out))
    assert _fallen(store) == [("normal", "out_of_stock")]
