"""Guards of where stock lies: bin moves, assignments, holds; just inside, just outside, repeated, raced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.errors import InsufficientStock, Invalid
from ambra_tui.ledger import (
    reverse,
    unallocate,
)
from ambra_tui.store.models import Allocation, Lot
from tests.ledger.conftest import House
from tests.ledger.guarding import assign, hold_bin, pick, promise, raced, set_lot, short

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
