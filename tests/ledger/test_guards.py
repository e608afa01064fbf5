"""Each guard of QUANTITIES: the case that holds, the one just outside, the one repeated, the one raced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session, select

from ambra_tui.errors import AmbraError, InsufficientStock, Invalid, KeyReused, NotFound, WrongState
from ambra_tui.ledger import (
    CUSTOMER,
    SUPPLIER,
    TRANSIT,
    MoveKind,
    Posting,
    ReserveLine,
    allocate,
    consume_lines,
    post,
    release,
    reserve,
    reverse,
    set_location_held,
    set_lot_status,
    take,
    unallocate,
)
from ambra_tui.ledger.core import submit
from ambra_tui.store.models import Allocation, Location, Lot, OutboxEvent, StockMove
from tests import factories
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


# --- issue without reservation --------------------------------------------------------------------------------------


def test_an_issue_takes_what_is_available(house: House) -> None:
    house.receive(10)
    posted = house.post(house.issue(10))
    assert (posted.source_balance, posted.destination_balance) == (0, None)
    assert house.level() == (0, 0)
    assert house.site_stock() == (0, 0, 0)


def test_an_issue_of_one_too_many_changes_nothing_and_says_what_there_is(house: House) -> None:
    house.receive(10)
    with pytest.raises(InsufficientStock) as refused:
        house.post(house.issue(Decimal("10.000001")))
    shortage = refused.value.shortages[0]
    assert (shortage.requested, shortage.available, shortage.variant_id) == (Decimal("10.000001"), 10, house.bolt.id)
    assert house.site_stock() == (10, 0, 0)


def test_an_issue_leaves_what_is_promised_to_others(house: House) -> None:
    house.receive(10)
    promise(house, 4)
    house.post(house.issue(6))
    with pytest.raises(InsufficientStock) as refused:
        house.post(house.issue(1))
    assert refused.value.shortages[0].available == 0
    assert house.site_stock() == (4, 4, 0)


def test_an_issue_leaves_what_is_assigned_to_others(house: House) -> None:
    house.receive(10)
    assign(house, 4)
    house.post(house.issue(6))
    with pytest.raises(InsufficientStock) as refused:
        house.post(house.issue(1))
    assert refused.value.shortages[0].location_code == "A01-1"
    assert house.level() == (4, 4)


def test_an_issue_never_takes_what_is_held(house: House) -> None:
    house.receive(10, destination_id=house.warehouse.quarantine.id)
    house.receive(1)
    with pytest.raises(InsufficientStock):
        house.post(house.issue(1, source_id=house.warehouse.quarantine.id))
    house.post(house.issue(1))
    assert house.site_stock() == (10, 0, 10)


def test_issues_of_the_last_units_raced_are_granted_exactly(house: House) -> None:
    house.receive(10)
    outcomes = raced([lambda: house.post(house.issue(1)) for _ in range(16)])
    assert short(outcomes) == 6
    assert house.level() == (0, 0)


def test_issues_through_the_fast_path_raced_are_granted_exactly(house: House) -> None:
    house.receive(10)
    futures = [
        submit(house.store.writer, house.issue(1), organization_id=house.organization_id, actor=factories.TESTER)
        for _ in range(30)
    ]
    outcomes = [future.exception() or future.result() for future in futures]
    assert short(outcomes) == 20
    balances = sorted(outcome.source_balance for outcome in outcomes if not isinstance(outcome, InsufficientStock))
    assert balances == list(range(10))


# --- reserve --------------------------------------------------------------------------------------------------------


def test_a_reservation_takes_what_is_available_and_no_more(house: House) -> None:
    house.receive(10)
    promise(house, 10)
    assert house.site_stock() == (10, 10, 0)
    with pytest.raises(InsufficientStock) as refused:
        promise(house, 1, "so_2")
    assert (refused.value.shortages[0].sku, refused.value.shortages[0].available) == ("BOLT", 0)
    assert house.site_stock() == (10, 10, 0)


def test_lines_of_one_variant_are_summed_before_they_are_promised(house: House) -> None:
    house.receive(10)
    lines = [ReserveLine("line_1", house.bolt.id, Decimal(6)), ReserveLine("line_2", house.bolt.id, Decimal(5))]

    def work(session: Session) -> None:
        reserve(session, site_id=house.warehouse.site.id, document_kind="so", document_id="so_1", lines=lines)

    with pytest.raises(InsufficientStock) as refused:
        house.write(work)
    assert (refused.value.shortages[0].requested, refused.value.shortages[0].available) == (11, 10)
    assert house.site_stock() == (10, 0, 0)


def test_every_short_variant_is_listed_and_none_is_promised(house: House) -> None:
    house.receive(1)
    lines = [
        ReserveLine("line_1", house.bolt.id, Decimal(1)),
        ReserveLine("line_2", house.milk.id, Decimal(2)),
        ReserveLine("line_3", house.bolt.id, Decimal(1)),
    ]

    def work(session: Session) -> None:
        reserve(session, site_id=house.warehouse.site.id, document_kind="so", document_id="so_1", lines=lines)

    with pytest.raises(InsufficientStock) as refused:
        house.write(work)
    assert sorted(s.sku for s in refused.value.shortages) == ["BOLT", "MILK-1L"]
    assert house.site_stock() == (1, 0, 0)


def test_held_stock_is_not_promised(house: House) -> None:
    house.receive(10, destination_id=house.warehouse.quarantine.id)
    with pytest.raises(InsufficientStock):
        promise(house, 1)


def test_reservations_raced_grant_exactly_what_there_is(house: House) -> None:
    house.receive(10)
    outcomes = raced([partial(promise, house, 1, f"so_{n}") for n in range(16)])
    assert short(outcomes) == 6
    assert house.site_stock() == (10, 10, 0)


def test_a_release_gives_back_once(house: House) -> None:
    house.receive(10)
    promise(house, 10)
    assert house.write(lambda session: release(session, document_id="so_1")) == 10
    assert house.write(lambda session: release(session, document_id="so_1")) == 0
    assert house.site_stock() == (10, 0, 0)


# --- what was reserved leaves ---------------------------------------------------------------------------------------


def ship(house: House, quantity: Decimal | int, document: str = "so_1") -> None:
    def work(session: Session) -> None:
        amount = Decimal(quantity)
        (reserved,) = consume_lines(session, document_id=document, wanted=[("line_1", house.bolt.id, amount)])
        post(session, [house.issue(amount, reserved=reserved)])

    house.write(work)


def test_what_was_reserved_leaves_with_its_reservation(house: House) -> None:
    house.receive(10)
    promise(house, 10)
    ship(house, 4)
    assert house.site_stock() == (6, 6, 0)


def test_more_than_was_reserved_leaves_only_from_what_is_available(house: House) -> None:
    house.receive(10)
    promise(house, 4)
    promise(house, 4, "so_2")
    with pytest.raises(InsufficientStock):
        ship(house, 7)
    assert house.site_stock() == (10, 8, 0)
    ship(house, 6)
    assert house.site_stock() == (4, 4, 0)


def test_what_was_reserved_leaves_even_after_a_count_took_more_than_was_free(house: House) -> None:
    """A count tells the truth below what is promised; the promise is still kept from what is left."""
    house.receive(10)
    promise(house, 10)
    house.post(house.count_loss(3))
    assert house.site_stock() == (7, 10, 0)
    ship(house, 5)
    assert house.site_stock() == (2, 5, 0)
    with pytest.raises(InsufficientStock):
        ship(house, 3)


def test_a_shipment_that_fails_keeps_its_reservation(house: House) -> None:
    house.receive(2)
    house.receive(8, destination_id=house.warehouse.other_bin.id)
    promise(house, 10)
    with pytest.raises(InsufficientStock):
        ship(house, 3)
    assert house.site_stock() == (10, 10, 0)
    assert house.write(lambda session: release(session, document_id="so_1")) == 10


# --- waste, counts, corrections -------------------------------------------------------------------------------------


def test_waste_goes_into_promised_stock_and_names_the_orders_it_hits(house: House) -> None:
    house.receive(10)
    promise(house, 8)
    house.post(house.waste(5))
    assert house.site_stock() == (5, 8, 0)
    with house.store.read(house.organization_id) as session:
        events = session.exec(
            select(OutboxEvent).where(
                OutboxEvent.organization_id == house.organization_id, OutboxEvent.type == "stock_overdrawn"
            )
        ).all()
        assert [event.payload["documents"] for event in events] == [["so_1"]]


def test_waste_is_never_more_than_there_is(house: House) -> None:
    house.receive(10)
    with pytest.raises(InsufficientStock):
        house.post(house.waste(11))
    house.post(house.waste(10))
    assert house.level() == (0, 0)


def test_waste_raced_never_takes_more_than_there_is(house: House) -> None:
    house.receive(10)
    outcomes = raced([lambda: house.post(house.waste(3)) for _ in range(8)])
    assert short(outcomes) == 5
    assert house.level() == (1, 0)


def test_held_stock_can_be_wasted(house: House) -> None:
    house.receive(10, destination_id=house.warehouse.quarantine.id)
    house.post(house.waste(4, source_id=house.warehouse.quarantine.id))
    assert house.site_stock() == (6, 0, 6)


# --- bin moves ------------------------------------------------------------------------------------------------------


def test_a_bin_move_is_net_zero_for_its_site(house: House) -> None:
    house.receive(10)
    posted = house.post(house.bin_move(4))
    assert (posted.source_balance, posted.destination_balance) == (10, 10)
    assert (house.level()[0], house.level(house.warehouse.other_bin.id)[0]) == (6, 4)


def test_a_bin_move_leaves_what_is_assigned_unless_it_carries_it_along(house: House) -> None:
    house.receive(10)
    assign(house, 8)
    with pytest.raises(InsufficientStock) as refused:
        house.post(house.bin_move(3))
    assert refused.value.shortages[0].available == 2
    house.post(house.bin_move(2))
    assert house.level() == (8, 8)


def test_a_promised_but_unassigned_unit_may_change_its_bin(house: House) -> None:
    house.receive(10)
    promise(house, 10)
    house.post(house.bin_move(10))
    assert house.site_stock() == (10, 10, 0)


def test_a_move_into_quarantine_holds_and_out_of_it_frees(house: House) -> None:
    house.receive(10)
    quarantine = house.warehouse.quarantine.id
    house.post(house.bin_move(4, destination_id=quarantine))
    assert house.site_stock() == (10, 0, 4)
    house.post(house.bin_move(1, source_id=quarantine, destination_id=house.warehouse.bin.id))
    assert house.site_stock() == (10, 0, 3)


def test_bin_moves_raced_never_take_more_than_there_is(house: House) -> None:
    house.receive(10)
    outcomes = raced([lambda: house.post(house.bin_move(3)) for _ in range(8)])
    assert short(outcomes) == 5
    assert (house.level()[0], house.level(house.warehouse.other_bin.id)[0]) == (1, 9)


def test_bin_moves_both_ways_at_once_do_not_block_each_other(house: House) -> None:
    house.receive(50)
    house.receive(50, destination_id=house.warehouse.other_bin.id)
    there = [lambda: house.post(house.bin_move(1)) for _ in range(10)]
    back = [
        lambda: house.post(
            house.bin_move(1, source_id=house.warehouse.other_bin.id, destination_id=house.warehouse.bin.id)
        )
        for _ in range(10)
    ]
    assert short(raced([*there, *back])) == 0
    assert (house.level()[0], house.level(house.warehouse.other_bin.id)[0]) == (50, 50)


# --- allocations ----------------------------------------------------------------------------------------------------


def test_an_assignment_takes_what_is_free_at_its_level(house: House) -> None:
    house.receive(10)
    assign(house, 10)
    with pytest.raises(InsufficientStock):
        assign(house, 1)
    assert house.level() == (10, 10)


def test_assignments_raced_never_exceed_the_level(house: House) -> None:
    house.receive(10)
    assert short(raced([lambda: assign(house, 3) for _ in range(8)])) == 5
    assert house.level() == (10, 9)


def pick(house: House, allocation_id: str, quantity: Decimal | int) -> None:
    def work(session: Session) -> None:
        allocation = session.get(Allocation, (house.organization_id, allocation_id))
        assert allocation is not None
        take(session, allocation, Decimal(quantity))
        move = house.bin_move(quantity, destination_id=house.warehouse.stage.id, allocated=Decimal(quantity))
        post(session, [replace(move, kind=MoveKind.PICK_MOVE)])

    house.write(work)


def test_a_pick_lowers_the_level_and_its_assignment_together(house: House) -> None:
    house.receive(10)
    allocation = assign(house, 6)
    pick(house, allocation, 4)
    assert house.level() == (6, 2)
    with pytest.raises(Invalid):
        pick(house, allocation, 3)
    pick(house, allocation, 2)
    assert house.level() == (4, 0)


def test_an_assigned_unit_is_picked_even_after_a_count_took_more_than_was_free(house: House) -> None:
    house.receive(10)
    allocation = assign(house, 10)
    house.post(house.count_loss(4))
    assert house.level() == (6, 10)
    pick(house, allocation, 6)
    assert house.level() == (0, 4)
    with pytest.raises(InsufficientStock):
        pick(house, allocation, 1)


def test_an_assignment_given_back_is_free_again_once(house: House) -> None:
    house.receive(10)
    allocation_id = assign(house, 10)

    def give_back(session: Session) -> None:
        allocation = session.get(Allocation, (house.organization_id, allocation_id))
        assert allocation is not None
        unallocate(session, allocation)

    house.write(give_back)
    house.write(give_back)
    assert house.level() == (10, 0)


# --- holds ----------------------------------------------------------------------------------------------------------


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


def test_a_recalled_lot_is_on_hand_but_cannot_leave(house: House) -> None:
    milk = {"variant_id": house.milk.id, "lot_id": house.lot.id}
    house.receive(10, **milk)
    set_lot(house, "recalled")
    assert house.site_stock(variant_id=house.milk.id) == (10, 0, 10)
    with pytest.raises(InsufficientStock):
        house.post(house.issue(1, **milk))
    set_lot(house, "active")
    house.post(house.issue(10, **milk))
    assert house.site_stock(variant_id=house.milk.id) == (0, 0, 0)


def test_a_held_lot_in_a_held_bin_is_held_once(house: House) -> None:
    milk = {"variant_id": house.milk.id, "lot_id": house.lot.id}
    house.receive(10, **milk)
    for act in (lambda: set_lot(house, "quarantine"), lambda: hold_bin(house, True)):
        act()
        act()
        assert house.site_stock(variant_id=house.milk.id) == (10, 0, 10)
    set_lot(house, "active")
    assert house.site_stock(variant_id=house.milk.id) == (10, 0, 10)
    hold_bin(house, False)
    assert house.site_stock(variant_id=house.milk.id) == (10, 0, 0)


def test_a_hold_raced_with_postings_counts_every_unit(house: House) -> None:
    milk = {"variant_id": house.milk.id, "lot_id": house.lot.id}
    house.receive(10, **milk)
    works: list[Callable[[], Any]] = [lambda: house.receive(1, **milk) for _ in range(10)]
    works.insert(5, lambda: set_lot(house, "quarantine"))
    raced(works)
    assert house.site_stock(variant_id=house.milk.id) == (20, 0, 20)


def test_a_lot_is_exhausted_by_its_last_unit_and_active_again_when_one_comes_back(house: House) -> None:
    milk = {"variant_id": house.milk.id, "lot_id": house.lot.id}

    def status() -> str:
        with house.store.read(house.organization_id) as session:
            lot = session.get(Lot, (house.organization_id, house.lot.id))
            assert lot is not None
            return lot.status

    house.receive(10, **milk)
    house.post(house.issue(9, **milk))
    assert status() == "active"
    posted = house.post(house.issue(1, **milk))
    assert status() == "exhausted"
    house.write(lambda session: reverse(session, posted.id, idempotency_key="back"))
    assert status() == "active"


# --- keys -----------------------------------------------------------------------------------------------------------


def test_a_repeated_key_posts_once_and_answers_the_first(house: House) -> None:
    posting = house.receipt(10)
    first, again = house.post(posting), house.post(posting)
    assert (first.repeated, again.repeated) == (False, True)
    assert replace(again, repeated=False) == first
    assert house.level() == (10, 0)


def test_a_key_repeated_within_one_call_posts_once(house: House) -> None:
    posting = house.receipt(10)
    assert [posted.repeated for posted in house.post_all(posting, posting)] == [False, True]
    assert house.level() == (10, 0)


def test_a_key_repeated_within_one_batch_of_the_fast_path_posts_once(house: House) -> None:
    posting = house.receipt(10)
    futures = [
        submit(house.store.writer, posting, organization_id=house.organization_id, actor=factories.TESTER)
        for _ in range(20)
    ]
    assert sorted(future.result().repeated for future in futures) == [False] + [True] * 19
    assert house.level() == (10, 0)


def test_a_key_raced_posts_once(house: House) -> None:
    posting = house.receipt(10)
    outcomes = raced([lambda: house.post(posting) for _ in range(12)])
    assert sorted(outcome.repeated for outcome in outcomes) == [False] + [True] * 11
    assert len({outcome.id for outcome in outcomes}) == 1
    assert house.level() == (10, 0)


@pytest.mark.parametrize(
    "change",
    [{"quantity": Decimal(9)}, {"destination_id": "other_bin"}, {"source_id": CUSTOMER}, {"variant_id": "milk"}],
    ids=lambda change: next(iter(change)),
)
def test_a_key_used_for_another_move_is_refused(house: House, change: dict[str, Any]) -> None:
    names = {"other_bin": house.warehouse.other_bin.id, "milk": house.milk.id}
    posting = house.receipt(10)
    house.post(posting)
    with pytest.raises(KeyReused):
        house.post(replace(posting, **{k: names.get(v, v) if isinstance(v, str) else v for k, v in change.items()}))
    assert house.level() == (10, 0)


def test_a_key_that_was_refused_may_be_used_again(house: House) -> None:
    posting = house.issue(5)
    with pytest.raises(InsufficientStock):
        house.post(posting)
    house.receive(5)
    assert house.post(posting).repeated is False


def test_the_same_key_in_two_organizations_posts_in_both(house: House) -> None:
    other = factories.organization(house.store, "Brand")
    house.receive(10, idempotency_key="same")

    def fill(session: Session) -> None:
        place = factories.warehouse(session)
        factories.stock(session, factories.variant(session), place.bin, 3, idempotency_key="same")

    house.store.writer.run(fill, organization_id=other, actor=factories.TESTER)


@pytest.mark.parametrize("key", ["", "k" * 301])
def test_a_key_has_a_length(house: House, key: str) -> None:
    with pytest.raises(Invalid):
        house.receive(1, idempotency_key=key)


# --- all or nothing -------------------------------------------------------------------------------------------------


def test_a_call_posts_all_or_nothing_and_lists_every_short_line(house: House) -> None:
    house.receive(10)
    with pytest.raises(InsufficientStock) as refused:
        house.post_all(house.issue(8), house.issue(3), house.receipt(1), house.issue(9))
    assert [shortage.requested for shortage in refused.value.shortages] == [3, 9]
    assert house.level() == (10, 0)


def test_what_a_call_brings_it_may_also_take(house: House) -> None:
    house.post_all(house.receipt(5), house.bin_move(5), house.issue(5, source_id=house.warehouse.other_bin.id))
    assert house.site_stock() == (0, 0, 0)


def test_a_function_that_fails_after_posting_leaves_nothing(house: House) -> None:
    def work(session: Session) -> None:
        post(session, [house.receipt(10, idempotency_key="lost")])
        raise WrongState("sales_order", "so_1", state="cancelled", step="ship")

    with pytest.raises(WrongState):
        house.write(work)
    assert house.level() == (0, 0)
    assert house.receive(10, idempotency_key="lost").repeated is False


# --- reversals ------------------------------------------------------------------------------------------------------


def test_a_reversal_mirrors_its_original_once(house: House) -> None:
    posted = house.receive(10)
    house.write(lambda session: reverse(session, posted.id, idempotency_key="undo"))
    assert house.level() == (0, 0)
    assert house.write(lambda session: reverse(session, posted.id, idempotency_key="undo")).repeated
    with pytest.raises(WrongState):
        house.write(lambda session: reverse(session, posted.id, idempotency_key="undo again"))


def test_reversals_raced_post_once(house: House) -> None:
    posted = house.receive(10)
    house.receive(10)
    outcomes = raced(
        [partial(house.write, partial(reverse, original_id=posted.id, idempotency_key=f"undo {n}")) for n in range(8)]
    )
    assert sum(isinstance(outcome, AmbraError) for outcome in outcomes) == 7
    assert house.level() == (10, 0)


def test_a_receipt_whose_stock_is_gone_cannot_be_reversed(house: House) -> None:
    posted = house.receive(10)
    house.post(house.issue(1))
    with pytest.raises(InsufficientStock):
        house.write(lambda session: reverse(session, posted.id, idempotency_key="undo"))
    assert house.level() == (9, 0)


def test_a_move_that_is_not_there_cannot_be_reversed(house: House) -> None:
    with pytest.raises(NotFound):
        house.write(lambda session: reverse(session, "mov_none", idempotency_key="undo"))


# --- cost -----------------------------------------------------------------------------------------------------------


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


def test_receipts_move_the_average_and_issues_leave_at_it(house: House) -> None:
    house.receive(10, unit_cost=10_000)
    house.receive(30, unit_cost=20_000)
    assert average(house) == 17_500
    house.post(house.issue(5))
    house.post(house.waste(5))
    assert (average(house), costs(house)) == (17_500, [10_000, 20_000, 17_500, 17_500])


def test_a_reversal_leaves_at_the_original_s_cost(house: House) -> None:
    house.receive(10, unit_cost=10_000)
    second = house.receive(30, unit_cost=20_000)
    house.write(lambda session: reverse(session, second.id, idempotency_key="undo"))
    assert (average(house), costs(house)[-1]) == (10_000, 20_000)


def test_a_transfer_carries_its_cost_through_transit(house: House) -> None:
    house.receive(10, unit_cost=10_000)
    out = house.post(house.issue(4, destination_id=TRANSIT, kind=MoveKind.TRANSFER_OUT))
    assert out.source_balance == 6
    arrival = Posting(house.bolt.id, TRANSIT, house.shop_bin, Decimal(4), MoveKind.TRANSFER_IN, "in", unit_cost=10_000)
    house.post(arrival)
    assert (average(house, house.shop.id), house.site_stock(house.shop.id)) == (10_000, (4, 0, 0))
    with pytest.raises(InsufficientStock):
        house.post(replace(arrival, idempotency_key="twice"))


def test_a_receipt_without_a_cost_leaves_the_average(house: House) -> None:
    house.receive(10, unit_cost=10_000)
    house.receive(10)
    assert average(house) == 10_000


# --- what can never be right ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0000001", "NaN", "Infinity"])
def test_a_quantity_that_can_never_be_right_is_refused(house: House, quantity: str) -> None:
    with pytest.raises(Invalid):
        house.receive(Decimal(quantity))


def test_a_serial_number_is_one_unit(house: House) -> None:
    with pytest.raises(Invalid):
        house.receive(2, serial="S1")
    house.receive(1, serial="S1")


def test_stock_never_moves_from_a_place_to_itself(house: House) -> None:
    house.receive(10)
    with pytest.raises(Invalid):
        house.post(house.bin_move(1, destination_id=house.warehouse.bin.id))


@pytest.mark.parametrize("field", ["variant_id", "source_id", "destination_id", "lot_id"])
def test_what_belongs_to_another_organization_is_as_absent(house: House, field: str) -> None:
    other = factories.organization(house.store, "Brand")

    def fill(session: Session) -> dict[str, str]:
        place, milk = factories.warehouse(session), factories.variant(session)
        lot = factories.lot(session, milk)
        return {"variant_id": milk.id, "source_id": place.bin.id, "destination_id": place.bin.id, "lot_id": lot.id}

    foreign = house.store.writer.run(fill, organization_id=other, actor=factories.TESTER)
    errors = []
    for value in (foreign[field], "absent"):
        with pytest.raises(NotFound) as refused:
            house.receive(1, **{field: value})
        errors.append(str(refused.value).replace(value, "ID"))
    assert errors[0] == errors[1]
    assert house.level() == (0, 0)


def test_who_moved_what_from_where_is_in_the_record(house: House) -> None:
    house.receive(10, reason="supplier_receipt", note="two cartons wet", origin_kind="purchase_order", origin_id="po_1")
    with house.store.read(house.organization_id) as session:
        move = session.exec(select(StockMove).where(StockMove.organization_id == house.organization_id)).one()
    assert (move.actor_id, move.station, move.reason, move.note, move.origin_id, move.source_id) == (
        factories.TESTER.id, factories.TESTER.station, "supplier_receipt", "two cartons wet", "po_1", SUPPLIER,
    )  # fmt: skip
