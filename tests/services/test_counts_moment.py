"""Cycle counts: what moves while somebody counts, and what completing posts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import WrongState
from ambra_tui.services import claims, counts
from ambra_tui.store import Store
from ambra_tui.store.models import CycleCount, Discrepancy, User
from ambra_tui.store.scope import scoped
from tests import factories
from tests.services.counting import House, open_house


@pytest.fixture
def house(store: Store, organization_id: int) -> House:
    return open_house(store, organization_id)


# --- the moment of counting ------------------------------------------------------------------------------------------


def test_the_difference_is_posted_whatever_moved_before_and_after(house: House) -> None:
    count = house.plan()
    house.move(3)
    house.count(house.ana, {house.glove.id: 36})
    house.move(5)
    house.waste(2)
    house.move(4, source=house.places.stage, destination=house.places.bin)
    house.complete(count)
    assert (house.adjustments(), house.on_hand()) == ([-1], 33)
    line = house.line(count)
    assert (line.expected, line.counted, line.variance, line.posted) == (37, 36, -1, -1)


def test_a_move_between_counting_and_leaving_the_bin_is_no_variance(house: House) -> None:
    count = house.plan()

    def tally(session: Session) -> None:
        count_bin = counts.find_bin(session, house.places.bin)
        assert count_bin is not None
        counts.begin_bin(session, count_bin)
        counts.tally(session, count_bin, variant_id=house.glove.id, quantity=Decimal(40), is_total=True)

    house.work(tally)
    house.move(6)
    house.work(lambda s: counts.submit_bin(s, counts.find_bin(s, house.places.bin)))
    house.complete(count)
    assert (house.adjustments(), house.on_hand(), house.line(count).variance) == ([], 34, 0)


@pytest.mark.parametrize(
    ("scans", "moved", "more", "state"),
    [
        ((39,), 1, (), "recount"),  # the unit that left had not been scanned
        ((39,), 1, (1,), "recount"),  # it had been
        ((38,), 1, (1,), "accepted"),
        ((39,), 0, (), "accepted"),
        ((20, 19), 0, (), "accepted"),
    ],
)
def test_a_variance_of_units_scanned_while_stock_moved_is_not_believed(
    house: House, scans: tuple[int, ...], moved: int, more: tuple[int, ...], state: str
) -> None:
    count = house.plan()
    scan_some(house, house.ana, scans)
    if moved:
        house.move(moved)
    scan_some(house, house.ana, more)
    house.submit(house.ana)
    assert house.line(count).state == state


def test_a_number_that_was_typed_stands_whatever_moves_after_it_until_more_is_scanned(house: House) -> None:
    count = house.plan()
    scan_some(house, house.ana, (10,))
    house.move(1)
    scan_some(house, house.ana, (38,), is_total=True)
    house.move(2)
    house.submit(house.ana)
    assert (house.line(count).state, house.line(count).variance) == ("accepted", -1)
    count = house.plan(house.places.other_bin)
    house.work(lambda s: factories.stock(s, house.glove, house.places.other_bin, 5))
    scan_some(house, house.ana, (4,), is_total=True, location=house.places.other_bin)
    house.move(1, source=house.places.other_bin)
    scan_some(house, house.ana, (1,), location=house.places.other_bin)
    house.submit(house.ana, location=house.places.other_bin)
    assert house.line(count).state == "recount"


def test_two_counts_of_a_bin_that_was_not_steady_are_a_supervisors(house: House) -> None:
    count = house.plan()
    for who in (house.ana, house.ben):
        scan_some(house, who, (20,))
        house.move(1)
        scan_some(house, who, (10,))
        house.submit(who)
    assert house.line(count).state == "approval"


def scan_some(
    house: House, who: User, quantities: tuple[int, ...], *, is_total: bool = False, location: Any = None
) -> None:
    """A person at the bin scans so many, one scan after the other."""

    def work(session: Session) -> None:
        count_bin = counts.find_bin(session, location or house.places.bin)
        assert count_bin is not None
        counts.begin_bin(session, count_bin)
        for quantity in quantities:
            counts.tally(session, count_bin, variant_id=house.glove.id, quantity=Decimal(quantity), is_total=is_total)

    house.work(work, who)


def test_what_the_level_no_longer_holds_becomes_a_discrepancy(house: House) -> None:
    count = house.plan()
    house.count(house.ana, {house.glove.id: 30})
    house.count(house.ben, {house.glove.id: 30})
    house.decide("approve")
    house.move(37)
    done = house.complete(count)
    assert [line.variant_id for line in done.short] == [house.glove.id]
    assert (house.adjustments(), house.on_hand()) == ([-3], 0)
    found = house.work(lambda s: s.exec(scoped(s, Discrepancy)).all())
    assert [(row.kind, row.status, row.quantity) for row in found] == [("count_short", "open", -7)]


def test_a_count_tells_the_truth_though_the_stock_is_promised(house: House) -> None:
    count = house.plan()
    line = ledger.ReserveLine("line-1", house.glove.id, Decimal(40))
    house.work(
        lambda s: ledger.reserve(
            s, site_id=house.places.site.id, document_kind="sales_order", document_id="so-1", lines=[line]
        )
    )
    house.count(house.ana, {house.glove.id: 39})
    house.complete(count)
    assert house.on_hand() == 39


def test_two_counts_of_one_bin_do_not_post_the_same_difference_twice(house: House) -> None:
    def both(session: Session) -> list[CycleCount]:
        made = []
        for _ in range(2):
            count = counts.create_count(session, site_id=house.places.site.id)
            counts.load_inventory(session, count)
            made.append(counts.start_count(session, count))
        return made

    def send(count: CycleCount, quantity: int) -> None:
        item = counts.CountedItem(house.line(count).id, Decimal(quantity))
        house.work(lambda s: counts.submit_items(s, counts.get_count(s, count.id), [item]))

    for order in ((0, 1), (1, 0)):
        first, second = house.work(both)
        book = int(house.on_hand())
        send(first, book - 1)
        send(second, book - 2)
        for index in order:
            house.complete((first, second)[index])
        assert house.on_hand() == book - 2


# --- completing ------------------------------------------------------------------------------------------------------


def test_completing_again_posts_nothing(house: House) -> None:
    """D8: completing posts once."""
    count = house.plan()
    house.count(house.ana, {house.glove.id: 39})
    house.complete(count)
    with pytest.raises(WrongState) as refusal:
        house.complete(count)
    assert "completed" in str(refusal.value)
    assert (house.adjustments(), house.status(count)) == ([-1], "completed")


@pytest.mark.parametrize(
    ("choice", "left", "state"), [(None, 40, "kept"), ("keep", 40, "kept"), ("zero", 0, "accepted")]
)
def test_lines_that_nobody_counted_are_kept_unless_zeroing_is_chosen(
    house: House, choice: str | None, left: int, state: str
) -> None:
    count = house.plan()
    assert house.work(lambda s: counts.uncounted_lines(s, count.id)) == 1
    house.complete(count, uncounted=choice)
    assert (house.on_hand(), house.line(count).state) == (left, state)


def test_what_lies_in_a_counted_bin_and_was_not_scanned_asks_what_that_means(house: House) -> None:
    cable = house.work(lambda s: factories.variant(s, sku="CABLE-2M"))
    house.work(lambda s: factories.stock(s, cable, house.places.bin, 3))
    count = house.plan()
    with pytest.raises(counts.RestUncounted):
        house.count(house.ana, {house.glove.id: 40})
    assert house.count(house.ana, {house.glove.id: 40}, rest="keep").state == "done"
    assert house.work(lambda s: counts.uncounted_lines(s, count.id)) == 1
    house.complete(count)
    assert house.on_hand(cable) == 3
    second = house.plan()
    assert house.count(house.ana, {house.glove.id: 40}, rest="zero").state == "recount"
    assert house.count(house.ben, {}, rest="zero").state == "approval"
    house.decide("approve")
    house.complete(second)
    assert (house.on_hand(cable), house.on_hand()) == (0, 40)


def test_nobody_completes_while_somebody_stands_at_a_bin(house: House) -> None:
    count = house.plan()
    house.work(lambda s: counts.begin_bin(s, counts.find_bin(s, house.places.bin)))
    with pytest.raises(counts.StillCounting, match="Ana counts A01-1"):
        house.complete(count)
    with pytest.raises(claims.Taken):
        house.count(house.ben, {house.glove.id: 40})
    house.work(lambda s: counts.leave_bin(s, counts.find_bin(s, house.places.bin)))
    house.complete(count)


def test_stock_that_lands_after_the_count_of_a_bin_is_not_counted(house: House) -> None:
    count = house.plan(house.places.other_bin)
    assert house.count(house.ana, {}, location=house.places.other_bin).state == "done"
    house.move(7, destination=house.places.other_bin)
    house.complete(count, uncounted="zero")
    assert (house.adjustments(), house.on_hand(location=house.places.other_bin)) == ([], 7)
