"""Orders: made, reserved, fulfilled, cancelled, and raced, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import wait
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, InsufficientStock, Invalid, NotAllowed, NotFound, WrongState
from ambra_tui.services import orders, picking
from ambra_tui.services.orders import FulfillLine, NewOrderLine
from ambra_tui.store import Store
from ambra_tui.store.models import Allocation, Lot, SalesOrder, SiteStock, StockLevel, StockMove, Task, Variant
from ambra_tui.store.scope import organization_of, scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
Write = Callable[[Callable[[Session], Any]], Any]


@pytest.fixture
def house(write: Write) -> factories.Warehouse:
    return write(factories.warehouse)


@pytest.fixture
def milk(write: Write) -> Variant:
    return write(lambda s: factories.variant(s, sku="MILK-1L", price_minor=120))


@pytest.fixture
def paint(write: Write) -> Variant:
    return write(lambda s: factories.variant(s, sku="PAINT-5L"))


def make(
    write: Write, house: factories.Warehouse, *lines: tuple[Variant, int], number: str | None = None
) -> SalesOrder:
    new = [NewOrderLine(variant.id, Decimal(quantity)) for variant, quantity in lines]
    return write(lambda s: orders.create_order(s, site_id=house.site.id, lines=new, number=number))


def totals(write: Write, house: factories.Warehouse, variant: Variant) -> tuple[Decimal, Decimal]:
    def work(session: Session) -> tuple[Decimal, Decimal]:
        row = session.get(SiteStock, (organization_of(session), variant.id, house.site.id))
        return (row.on_hand, row.reserved) if row else (Decimal(0), Decimal(0))

    return write(work)


def fulfilled_moves(write: Write, order: SalesOrder) -> list[tuple[str, Decimal]]:
    def work(session: Session) -> list[tuple[str, Decimal]]:
        statement = (
            select(StockMove)
            .where(
                StockMove.organization_id == organization_of(session),
                StockMove.origin_id == order.id,
                StockMove.kind == "order_fulfilled",
            )
            .order_by(col(StockMove.sequence))
        )
        codes = {}
        rows = session.exec(statement).all()
        for row in rows:
            codes[row.source_id] = session.get(factories.Location, (organization_of(session), row.source_id)).code
        return [(codes[row.source_id], row.quantity) for row in rows]

    return write(work)


def reserve(write: Write, order: SalesOrder) -> SalesOrder:
    return write(lambda s: orders.reserve_order(s, order))


def fulfill(write: Write, order: SalesOrder, lines: list[FulfillLine] | None = None) -> SalesOrder:
    return write(lambda s: orders.fulfill_order(s, order, lines))


def test_an_order_keeps_its_number_and_takes_prices_from_its_variants(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    order = make(write, house, (milk, 4), number="SO-1")
    numbered = make(write, house, (milk, 1))
    lines = write(lambda s: orders.lines_of(s, order.id))
    assert (order.number, order.status, numbered.number) == ("SO-1", "confirmed", "SO-000001")
    assert [(line.quantity, line.price_minor) for line in lines] == [(Decimal(4), 120)]


def test_a_generated_number_skips_one_that_was_given_by_hand(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    make(write, house, (milk, 1), number="SO-000001")
    assert make(write, house, (milk, 1)).number == "SO-000002"


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0000001", "NaN", "Infinity"])
def test_a_quantity_that_can_never_be_right_is_refused(
    write: Write, house: factories.Warehouse, milk: Variant, quantity: str
) -> None:
    with pytest.raises(Invalid) as refused:
        write(
            lambda s: orders.create_order(
                s, site_id=house.site.id, lines=[NewOrderLine(milk.id, Decimal(quantity))], number="SO-9"
            )
        )
    assert refused.value.field == "items[0].quantity"
    assert write(lambda s: orders.find_order(s, "SO-9")) is None


def test_an_order_without_items_and_one_with_a_taken_number_are_refused(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    make(write, house, (milk, 4), number="SO-1")
    with pytest.raises(Duplicate):
        make(write, house, (milk, 4), number="SO-1")
    with pytest.raises(Invalid):
        make(write, house)
    with pytest.raises(NotFound):
        write(lambda s: orders.create_order(s, site_id=house.site.id, lines=[NewOrderLine("var_x", Decimal(1))]))


def test_reserving_promises_every_line_or_none_and_names_every_short_one(
    write: Write, house: factories.Warehouse, milk: Variant, paint: Variant
) -> None:
    write(lambda s: (factories.stock(s, milk, house.bin, 10), factories.stock(s, paint, house.bin, 1)))
    order = make(write, house, (milk, 6), (milk, 5), (paint, 2))
    with pytest.raises(InsufficientStock) as refused:
        reserve(write, order)
    assert {(s.sku, s.requested, s.available) for s in refused.value.shortages} == {
        ("MILK-1L", Decimal(11), Decimal(10)),
        ("PAINT-5L", Decimal(2), Decimal(1)),
    }
    assert totals(write, house, milk) == (10, 0)
    fitting = make(write, house, (milk, 6), (milk, 4), (paint, 1))
    assert reserve(write, fitting).status == "allocated"
    assert totals(write, house, milk) == (10, 10)


def test_an_order_is_reserved_once(write: Write, house: factories.Warehouse, milk: Variant) -> None:
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    order = make(write, house, (milk, 4))
    reserve(write, order)
    with pytest.raises(WrongState, match="is reserved: cannot reserve it"):
        reserve(write, order)
    assert totals(write, house, milk) == (10, 4)


def test_a_pending_order_is_fulfilled_from_pick_bins_before_reserve_bins(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    write(lambda s: (factories.stock(s, milk, house.reserve, 10), factories.stock(s, milk, house.bin, 3)))
    order = make(write, house, (milk, 5))
    assert fulfill(write, order).status == "shipped"
    assert fulfilled_moves(write, order) == [("A01-1", 3), ("R01-1", 2)]
    assert totals(write, house, milk) == (8, 0)


def test_a_reserved_order_consumes_its_promise_even_when_a_count_left_too_little(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    order, other = make(write, house, (milk, 4)), make(write, house, (milk, 6))
    reserve(write, order)
    reserve(write, other)
    loss = ledger.Posting(
        milk.id, house.bin.id, ledger.INVENTORY_LOSS, Decimal(5), ledger.MoveKind.CYCLE_COUNT_ADJUSTMENT, "count-1",
        guard=ledger.Guard.PHYSICAL,
    )  # fmt: skip
    write(lambda s: ledger.post(s, [loss]))
    fulfill(write, order)
    assert totals(write, house, milk) == (1, 6)
    with pytest.raises(InsufficientStock) as refused:
        fulfill(write, other)
    assert [(s.requested, s.available) for s in refused.value.shortages] == [(6, 1)]
    assert totals(write, house, milk) == (1, 6)


def test_a_pending_order_never_takes_what_is_promised_to_another(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    reserve(write, make(write, house, (milk, 8)))
    greedy = make(write, house, (milk, 3))
    with pytest.raises(InsufficientStock) as refused:
        fulfill(write, greedy)
    assert refused.value.shortages[0].sku == "MILK-1L"
    assert fulfill(write, make(write, house, (milk, 2))).status == "shipped"


def test_every_short_line_of_a_fulfilment_is_named_and_nothing_leaves(
    write: Write, house: factories.Warehouse, milk: Variant, paint: Variant
) -> None:
    write(lambda s: (factories.stock(s, milk, house.bin, 2), factories.stock(s, paint, house.bin, 2)))
    order = make(write, house, (milk, 1), (milk, 2), (paint, 3))
    with pytest.raises(InsufficientStock) as refused:
        fulfill(write, order)
    assert {s.sku for s in refused.value.shortages} == {"MILK-1L", "PAINT-5L"}
    assert fulfilled_moves(write, order) == []


def test_an_order_is_fulfilled_in_parts_and_never_beyond_what_is_open(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    order = reserve(write, make(write, house, (milk, 6)))
    line = write(lambda s: orders.lines_of(s, order.id))[0]
    assert fulfill(write, order, [FulfillLine(line.id, Decimal(4))]).status == "allocated"
    assert totals(write, house, milk) == (6, 2)
    with pytest.raises(Invalid):
        fulfill(write, order, [FulfillLine(line.id, Decimal(3))])
    with pytest.raises(WrongState, match="partly fulfilled"):
        write(lambda s: orders.cancel_order(s, order))
    assert fulfill(write, order).status == "shipped"
    assert totals(write, house, milk) == (4, 0)
    with pytest.raises(WrongState, match="is fulfilled: cannot fulfill it"):
        fulfill(write, order)


def test_what_was_picked_for_the_order_leaves_first(write: Write, house: factories.Warehouse, milk: Variant) -> None:
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    order = reserve(write, make(write, house, (milk, 6)))

    def pick_four(session: Session) -> None:
        stop = picking.plan(session, order).stops[0]
        picking.pick(session, order, stop=stop, quantity=Decimal(4), destination=house.stage, idempotency_key="pick-1")

    write(pick_four)
    fulfill(write, order)
    assert fulfilled_moves(write, order) == [("STAGE", 4), ("A01-1", 2)]
    levels = write(lambda s: s.exec(scoped(s, StockLevel)).all())
    assert {(level.on_hand, level.allocated) for level in levels} == {(4, 0), (0, 0)}
    assert write(lambda s: s.exec(scoped(s, Allocation).where(Allocation.status == "open")).all()) == []


def test_cancelling_gives_back_promises_and_sends_picked_stock_to_be_put_away(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    order = reserve(write, make(write, house, (milk, 6)))

    def pick_two(session: Session) -> None:
        stop = picking.plan(session, order).stops[0]
        picking.pick(session, order, stop=stop, quantity=Decimal(2), destination=house.stage, idempotency_key="pick-1")

    write(pick_two)
    assert write(lambda s: orders.cancel_order(s, order, reason="called off")).status == "cancelled"
    assert totals(write, house, milk) == (10, 0)
    assert {level.allocated for level in write(lambda s: s.exec(scoped(s, StockLevel)).all())} == {0}
    tasks = write(lambda s: s.exec(scoped(s, Task)).all())
    assert [(task.kind, task.location_id) for task in tasks] == [("putaway", house.stage.id)]
    for step in (orders.cancel_order, orders.reserve_order, orders.fulfill_order):
        with pytest.raises(WrongState, match="is cancelled"):
            write(lambda s, step=step: step(s, order))


def test_held_stock_is_not_shipped_although_it_was_picked(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    lot = write(lambda s: factories.lot(s, milk, number="M1"))
    write(lambda s: factories.stock(s, milk, house.bin, 10, lot=lot))
    order = reserve(write, make(write, house, (milk, 6)))

    def pick_all(session: Session) -> None:
        stop = picking.plan(session, order).stops[0]
        picking.pick(session, order, stop=stop, quantity=Decimal(6), destination=house.stage, idempotency_key="pick-1")

    write(pick_all)
    write(lambda s: ledger.set_lot_status(s, s.get(Lot, (organization_of(s), lot.id)), "quarantine"))
    with pytest.raises(orders.HeldStock, match="Lot M1 of MILK-1L in STAGE is on hold"):
        fulfill(write, order)


def test_a_read_only_site_neither_reserves_nor_ships(write: Write, milk: Variant) -> None:
    site = write(lambda s: factories.site(s, code="FBA", kind="fba", is_read_only=True))
    order = write(lambda s: orders.create_order(s, site_id=site.id, lines=[NewOrderLine(milk.id, Decimal(1))]))
    for step in (orders.reserve_order, orders.fulfill_order):
        with pytest.raises(NotAllowed):
            write(lambda s, step=step: step(s, order))


def test_of_many_orders_racing_for_the_last_units_exactly_as_many_win_as_there_are_units(
    store: Store, organization_id: int, write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    made = [make(write, house, (milk, 1)) for _ in range(25)]
    futures = [
        store.writer.submit(lambda s, o=order: orders.reserve_order(s, o), organization_id=organization_id)
        for order in made
    ]
    wait(futures)
    errors = [future.exception() for future in futures if future.exception()]
    assert len(errors) == 15 and all(isinstance(error, InsufficientStock) for error in errors)
    assert totals(write, house, milk) == (10, 10)


def test_an_order_fulfilled_by_two_at_once_leaves_once(
    store: Store, organization_id: int, write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    order = reserve(write, make(write, house, (milk, 4)))
    futures = [
        store.writer.submit(lambda s: orders.fulfill_order(s, order), organization_id=organization_id) for _ in range(6)
    ]
    wait(futures)
    refused = [future.exception() for future in futures if future.exception()]
    assert len(refused) == 5 and all(isinstance(error, WrongState) for error in refused)
    assert totals(write, house, milk) == (6, 0)


def test_due_orders_come_urgent_first_and_done_ones_not_at_all(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    make(write, house, (milk, 1), number="SO-1")
    done = make(write, house, (milk, 1), number="SO-2")
    fulfill(write, done)
    line = [NewOrderLine(milk.id, Decimal(1))]
    write(lambda s: orders.create_order(s, site_id=house.site.id, lines=line, number="SO-3", priority=5))
    write(
        lambda s: orders.create_order(s, site_id=house.site.id, lines=line, number="SO-4", due_at=factories.now_of(s))
    )
    assert [order.number for order in write(lambda s: orders.due_orders(s, house.site.id))] == ["SO-3", "SO-4", "SO-1"]
