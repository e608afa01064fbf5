"""Picking: bins by expiry in walking order, totes, short picks, races, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Invalid, Stale
from ambra_tui.services import orders, picking, tasks
from ambra_tui.services.orders import HeldStock, NewOrderLine
from ambra_tui.services.picking import EarlierLotFirst, Stop, Taken, ToteTaken
from ambra_tui.store import Store
from ambra_tui.store.models import (
    Location,
    Lot,
    SalesOrder,
    SalesOrderLine,
    Site,
    SiteStock,
    StockLevel,
    StockMove,
    Task,
    Variant,
)
from ambra_tui.store.scope import organization_of, scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
Write = Callable[[Callable[[Session], Any]], Any]


@dataclass(frozen=True)
class House:
    """A serpentine aisle: A04-1 (40), B04-1 (50), B03-1 (60); reserve C01-1; totes T1, T2."""

    site: Site
    a01: Location
    a04: Location
    b04: Location
    b03: Location
    reserve: Location
    t1: Location
    t2: Location
    milk: Variant
    bolt: Variant
    paint: Variant
    m090: Lot
    m100: Lot
    m120: Lot


def build(session: Session) -> House:
    site = factories.site(session)

    def place(code: str, kind: str, sequence: int | None = None) -> Location:
        return factories.location(session, site, code=code, kind=kind, sequence=sequence)

    milk = factories.variant(session, sku="MILK-1L", is_lot_tracked=True, is_expiry_tracked=True)
    return House(
        site=site,
        a01=place("A01-1", "pick", 10),
        a04=place("A04-1", "pick", 40),
        b04=place("B04-1", "pick", 50),
        b03=place("B03-1", "pick", 60),
        reserve=place("C01-1", "reserve", 5),
        t1=place("T1", "tote"),
        t2=place("T2", "tote"),
        milk=milk,
        bolt=factories.variant(session, sku="BOLT-M8"),
        paint=factories.variant(session, sku="PAINT-5L"),
        m090=factories.lot(session, milk, number="M090", expiry=date(2099, 3, 20)),
        m100=factories.lot(session, milk, number="M100", expiry=date(2099, 4, 10)),
        m120=factories.lot(session, milk, number="M120", expiry=date(2099, 6, 1)),
    )


def fill(session: Session, house: House) -> None:
    factories.stock(session, house.bolt, house.a01, 500)
    factories.stock(session, house.milk, house.a04, 24, lot=house.m100)
    factories.stock(session, house.milk, house.b04, 10, lot=house.m090)
    factories.stock(session, house.milk, house.reserve, 240, lot=house.m120)
    factories.stock(session, house.paint, house.b03, 12)


@pytest.fixture
def house(write: Write) -> House:
    made = write(build)
    write(lambda s: fill(s, made))
    return made


def reserved(write: Write, house: House, number: str, *lines: tuple[Variant, int]) -> SalesOrder:
    new = [NewOrderLine(variant.id, Decimal(quantity)) for variant, quantity in lines]

    def work(session: Session) -> SalesOrder:
        order = orders.create_order(session, site_id=house.site.id, lines=new, number=number)
        return orders.reserve_order(session, order)

    return write(work)


def planned(write: Write, order: SalesOrder) -> list[tuple[str, str, str, Decimal]]:
    found = write(lambda s: picking.plan(s, order)).stops
    return [
        (stop.location.code, stop.variant.sku, stop.lot.lot_number if stop.lot else "", stop.quantity) for stop in found
    ]


def first(write: Write, order: SalesOrder) -> Stop:
    return write(lambda s: picking.plan(s, order)).stops[0]


def pick(write: Write, order: SalesOrder, stop: Stop, quantity: int, tote: Location, key: str, **more: Any) -> Any:
    return write(
        lambda s: picking.pick(
            s, order, stop=stop, quantity=Decimal(quantity), destination=tote, idempotency_key=key, **more
        )
    )


def level(write: Write, location: Location, variant: Variant, lot: Lot | None = None) -> tuple[Decimal, Decimal]:
    def work(session: Session) -> tuple[Decimal, Decimal]:
        key = (organization_of(session), variant.id, location.id, lot.id if lot else "", "", "")
        row = session.get(StockLevel, key)
        return (row.on_hand, row.allocated) if row else (Decimal(0), Decimal(0))

    return write(work)


def moves(write: Write, order: SalesOrder) -> list[tuple[str, Decimal]]:
    statement = select(StockMove).where(StockMove.origin_id == order.id).order_by(col(StockMove.sequence))
    return write(
        lambda s: [
            (move.kind, move.quantity)
            for move in s.exec(statement.where(StockMove.organization_id == organization_of(s)))
        ]
    )


def the_line(write: Write, order: SalesOrder) -> SalesOrderLine:
    return write(lambda s: orders.lines_of(s, order.id))[0]


def test_stops_follow_the_aisle_and_lots_leave_by_expiry(write: Write, house: House) -> None:
    one = reserved(write, house, "SO-1", (house.bolt, 10), (house.milk, 6))
    two = reserved(write, house, "SO-2", (house.paint, 1), (house.milk, 8))
    assert planned(write, one) == [("A01-1", "BOLT-M8", "", 10), ("B04-1", "MILK-1L", "M090", 6)]
    assert planned(write, two) == [
        ("A04-1", "MILK-1L", "M100", 4),
        ("B04-1", "MILK-1L", "M090", 4),
        ("B03-1", "PAINT-5L", "", 1),
    ]


def test_planning_twice_assigns_once(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 6))
    assert planned(write, order) == planned(write, order)
    assert level(write, house.b04, house.milk, house.m090) == (10, 6)


def test_reserve_bins_are_visited_only_when_pick_bins_hold_no_allowed_lot(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 40))
    assert planned(write, order) == [
        ("C01-1", "MILK-1L", "M120", 6),
        ("A04-1", "MILK-1L", "M100", 24),
        ("B04-1", "MILK-1L", "M090", 10),
    ]


def test_a_lot_put_on_hold_after_planning_is_replaced(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 20))
    planned(write, order)
    write(lambda s: ledger.set_lot_status(s, s.get(Lot, (organization_of(s), house.m100.id)), "quarantine"))
    assert planned(write, order) == [("C01-1", "MILK-1L", "M120", 10), ("B04-1", "MILK-1L", "M090", 10)]
    assert level(write, house.a04, house.milk, house.m100) == (24, 0)


def test_an_expired_lot_is_never_directed(write: Write, house: House) -> None:
    def add_expired(session: Session) -> None:
        old = factories.lot(session, house.paint, number="OLD", expiry=date(2001, 1, 1))
        factories.stock(session, house.paint, house.a01, 5, lot=old)

    write(add_expired)
    order = reserved(write, house, "SO-1", (house.paint, 14))
    result = write(lambda s: picking.plan(s, order))
    assert [(stop.location.code, stop.quantity) for stop in result.stops] == [("B03-1", 12)]
    assert [(gap.variant.sku, gap.quantity) for gap in result.missing] == [("PAINT-5L", 2)]


def test_two_lines_at_one_bin_follow_each_other(write: Write, house: House) -> None:
    write(lambda s: factories.stock(s, house.paint, house.a01, 5))
    order = reserved(write, house, "SO-1", (house.bolt, 1), (house.milk, 1), (house.paint, 3))
    assert [row[0] for row in planned(write, order)] == ["A01-1", "A01-1", "B04-1"]


def test_a_pick_moves_stock_into_the_tote_and_keeps_the_promise(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 6))
    picked = pick(write, order, first(write, order), 6, house.t1, "step-1")
    assert (picked.is_order_picked, picked.is_bin_empty) == (True, False)
    assert level(write, house.b04, house.milk, house.m090) == (4, 0)
    assert level(write, house.t1, house.milk, house.m090) == (6, 6)
    total = write(lambda s: s.get(SiteStock, (organization_of(s), house.milk.id, house.site.id)))
    assert (total.on_hand, total.reserved) == (274, 6)
    assert moves(write, order) == [("pick_move", 6)]
    write(lambda s: picking.ship_picked(s, order))
    assert moves(write, order) == [("pick_move", 6), ("order_fulfilled", 6)]
    assert level(write, house.t1, house.milk, house.m090) == (0, 0)


def test_the_pick_that_empties_a_bin_says_so(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.paint, 12))
    assert pick(write, order, first(write, order), 12, house.t1, "step-1").is_bin_empty


@pytest.mark.parametrize("quantity", [0, -1, 7])
def test_more_than_was_assigned_is_refused_and_so_is_nothing(write: Write, house: House, quantity: int) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 6))
    with pytest.raises(Stale if quantity > 0 else Invalid):  # more than is assigned by now: somebody took of it
        pick(write, order, first(write, order), quantity, house.t1, "step-1")
    assert moves(write, order) == []


def test_a_tote_serves_one_order_until_its_stock_has_left(write: Write, house: House) -> None:
    one = reserved(write, house, "SO-1", (house.milk, 6))
    two = reserved(write, house, "SO-2", (house.paint, 1))
    pick(write, one, first(write, one), 6, house.t1, "step-1")
    with pytest.raises(ToteTaken) as refused:
        pick(write, two, first(write, two), 1, house.t1, "step-2")
    assert refused.value.document == "SO-1"
    write(lambda s: picking.ship_picked(s, one))
    assert pick(write, two, first(write, two), 1, house.t1, "step-2").is_order_picked


def test_a_tote_with_stock_of_nobody_and_a_place_that_is_no_tote_are_refused(write: Write, house: House) -> None:
    write(lambda s: factories.stock(s, house.bolt, house.t2, 1))
    order = reserved(write, house, "SO-1", (house.paint, 1))
    stop = first(write, order)
    with pytest.raises(ToteTaken):
        pick(write, order, stop, 1, house.t2, "step-1")
    with pytest.raises(Invalid):
        pick(write, order, stop, 1, house.a01, "step-1")


def test_a_stage_is_shared_by_orders(write: Write, house: House) -> None:
    stage = write(lambda s: factories.location(s, house.site, code="STAGE", kind="stage"))
    for number in ("SO-1", "SO-2"):
        order = reserved(write, house, number, (house.paint, 2))
        pick(write, order, first(write, order), 2, stage, f"step-{number}")
    assert level(write, stage, house.paint) == (4, 4)


def test_a_later_lot_is_refused_and_an_earlier_one_taken_instead(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 12))
    write(lambda s: factories.stock(s, house.milk, house.a04, 5, lot=house.m120))
    a04 = first(write, order)
    assert (a04.location.code, a04.quantity) == ("A04-1", 2)
    with pytest.raises(EarlierLotFirst) as refused:
        pick(write, order, a04, 2, house.t1, "step-1", taken=Taken(lot_id=house.m120.id))
    assert (refused.value.lot.lot_number, refused.value.location.code) == ("M100", "A04-1")
    write(lambda s: factories.stock(s, house.milk, house.a04, 5, lot=house.m090))
    pick(write, order, a04, 2, house.t1, "step-2", taken=Taken(lot_id=house.m090.id))
    assert level(write, house.a04, house.milk, house.m090) == (3, 0)
    assert level(write, house.a04, house.milk, house.m100) == (24, 0)


def test_held_stock_is_not_picked(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 6))
    stop = first(write, order)
    write(lambda s: ledger.set_lot_status(s, s.get(Lot, (organization_of(s), house.m090.id)), "recalled"))
    with pytest.raises(HeldStock):
        pick(write, order, stop, 6, house.t1, "step-1")


def test_a_stop_that_somebody_else_finished_is_stale(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 6))
    stop = first(write, order)
    pick(write, order, stop, 6, house.t1, "step-1")
    with pytest.raises(Stale):
        pick(write, order, stop, 6, house.t1, "step-2")
    assert moves(write, order) == [("pick_move", 6)]


def test_two_stations_at_one_stop_pick_it_once(store: Store, organization_id: int, write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 6))
    stop = first(write, order)

    def work(session: Session, key: str) -> Any:
        return picking.pick(session, order, stop=stop, quantity=Decimal(6), destination=house.t1, idempotency_key=key)

    futures = [store.writer.submit(lambda s, k=key: work(s, k), organization_id=organization_id) for key in "abcdef"]
    wait(futures)
    assert sum(isinstance(future.exception(), Stale) for future in futures) == 5
    assert moves(write, order) == [("pick_move", 6)]


def test_a_short_pick_seeks_other_bins_first_and_adjusts_nothing(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.milk, 8))
    stop = first(write, order)
    shown = write(lambda s: picking.preview_short(s, order, stop=stop, found=Decimal(5)))
    done = write(
        lambda s: picking.short_pick(
            s, order, stop=stop, found=Decimal(5), reason="not_found", destination=house.t1, idempotency_key="step-1"
        )
    )
    assert shown == done == picking.ShortPick((("A04-1", Decimal(3)),), Decimal(0))
    assert planned(write, order) == [("A04-1", "MILK-1L", "M100", 3)]
    assert level(write, house.b04, house.milk, house.m090) == (5, 0)
    assert moves(write, order) == [("pick_move", 5)]
    counts = write(lambda s: s.exec(scoped(s, Task)).all())
    assert [(t.kind, t.location_id, t.variant_id, t.reason) for t in counts] == [
        ("count", house.b04.id, house.milk.id, "short_pick not_found")
    ]


def test_a_short_pick_without_stock_elsewhere_is_backordered_and_its_bin_waits_for_a_count(
    write: Write, house: House
) -> None:
    order = reserved(write, house, "SO-4", (house.paint, 10))
    stop = first(write, order)
    shown = write(lambda s: picking.preview_short(s, order, stop=stop, found=Decimal(6)))
    done = write(
        lambda s: picking.short_pick(
            s, order, stop=stop, found=Decimal(6), reason="not_found", destination=house.t1, idempotency_key="step-1"
        )
    )
    assert shown == done == picking.ShortPick((), Decimal(4))
    line = the_line(write, order)
    assert (line.picked, line.backordered, line.fulfilled) == (6, 4, 0)
    total = write(lambda s: s.get(SiteStock, (organization_of(s), house.paint.id, house.site.id)))
    assert (total.on_hand, total.reserved) == (12, 6)
    other = reserved(write, house, "SO-5", (house.paint, 1))
    result = write(lambda s: picking.plan(s, other))
    assert (result.stops, result.missing[0].stopped) == ([], ("B03-1",))
    write(lambda s: tasks.finish_task(s, tasks.open_tasks(s, house.site.id)[0]))
    assert planned(write, other) == [("B03-1", "PAINT-5L", "", 1)]


def test_nothing_found_at_all_needs_no_tote(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.paint, 3))
    stop = first(write, order)
    done = write(
        lambda s: picking.short_pick(s, order, stop=stop, found=Decimal(0), reason="damaged", idempotency_key="step-1")
    )
    assert done.backordered == 3 and moves(write, order) == []
    assert level(write, house.b03, house.paint) == (12, 0)


def test_an_assignment_to_a_bin_in_doubt_is_sought_elsewhere_for_other_orders_too(write: Write, house: House) -> None:
    one = reserved(write, house, "SO-1", (house.milk, 4))
    two = reserved(write, house, "SO-2", (house.milk, 4))
    stop = first(write, one)
    assert planned(write, two) == [("B04-1", "MILK-1L", "M090", 4)]
    write(
        lambda s: picking.short_pick(s, one, stop=stop, found=Decimal(0), reason="not_found", idempotency_key="step-1")
    )
    assert planned(write, two) == [("A04-1", "MILK-1L", "M100", 4)]


def test_a_backordered_rest_is_reserved_again_when_stock_has_come(write: Write, house: House) -> None:
    order = reserved(write, house, "SO-1", (house.paint, 10))
    stop = first(write, order)
    write(
        lambda s: picking.short_pick(
            s, order, stop=stop, found=Decimal(6), reason="not_found", destination=house.t1, idempotency_key="step-1"
        )
    )
    write(lambda s: factories.stock(s, house.paint, house.a01, 20))
    write(lambda s: orders.reserve_order(s, order))
    assert planned(write, order) == [("A01-1", "PAINT-5L", "", 4)]
    assert the_line(write, order).backordered == 0


def test_asking_for_the_same_count_twice_asks_once(write: Write, house: House) -> None:
    for _ in range(2):
        write(
            lambda s: tasks.ask_count(s, location=house.b03, variant_id=house.paint.id, reason="short_pick not_found")
        )
    assert len(write(lambda s: tasks.open_tasks(s, house.site.id, kind="count"))) == 1


def test_orders_planned_at_once_never_share_a_unit(
    store: Store, organization_id: int, write: Write, house: House
) -> None:
    made = [reserved(write, house, f"SO-{number}", (house.paint, 2)) for number in range(6)]
    futures = [
        store.writer.submit(lambda s, o=order: picking.plan(s, o), organization_id=organization_id) for order in made
    ]
    wait(futures)
    assert sum(stop.quantity for future in futures for stop in future.result().stops) == 12
    assert level(write, house.b03, house.paint) == (12, 12)
