"""Cycle counts: tolerance, recount by another badge, approval and limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.errors import Invalid, NotAllowed
from ambra_tui.services import counts
from ambra_tui.store import Store
from ambra_tui.store.models import Variant
from tests import factories
from tests.services.counting import House, open_house


@pytest.fixture
def house(store: Store, organization_id: int) -> House:
    return open_house(store, organization_id)


@pytest.mark.parametrize(
    ("percent", "units", "counted", "state"),
    [
        (2, 1, 40, "done"),
        (2, 1, 39, "done"),
        (2, 1, 41, "done"),
        (2, 1, 38, "recount"),
        (2, 1, 42, "recount"),
        (10, 1, 36, "done"),
        (10, 1, 35, "recount"),
        (0, 0, 39, "recount"),
        (0, 5, 35, "done"),
    ],
)
def test_a_variance_beyond_the_tolerance_is_counted_again(
    house: House, percent: int, units: int, counted: int, state: str
) -> None:
    def plan(session: Session) -> None:
        count = counts.create_count(
            session, site_id=house.places.site.id, location_ids=[house.places.bin.id], method="bins",
            tolerance_percent=Decimal(percent), tolerance_units=Decimal(units),
        )  # fmt: skip
        counts.load_inventory(session, count)
        counts.start_count(session, count)

    house.work(plan, house.cleo)
    assert house.count(house.ana, {house.glove.id: counted}).state == state


def test_the_same_badge_does_not_recount_and_another_one_confirms(house: House) -> None:
    count = house.plan()
    house.count(house.ana, {house.glove.id: 30})
    with pytest.raises(counts.OtherBadge):
        house.count(house.ana, {house.glove.id: 30})
    assert house.count(house.ben, {house.glove.id: 30}).state == "approval"
    line = house.line(count)
    assert (line.first_counted, line.counted, line.expected, line.variance) == (30, 30, 40, -10)
    assert (line.first_by, line.counted_by) == (house.ana.id, house.ben.id)
    with pytest.raises(counts.Unfinished):
        house.complete(count)
    with pytest.raises(NotAllowed):
        house.decide("approve", house.ben)
    assert house.adjustments() == []
    assert house.decide("approve").state == "done"
    assert house.complete(count).short == []
    assert (house.adjustments(), house.on_hand()) == ([-10], 30)


def test_a_recount_that_finds_what_the_book_says_settles_it(house: House) -> None:
    count = house.plan()
    house.count(house.ana, {house.glove.id: 30})
    assert house.count(house.ben, {house.glove.id: 40}).state == "done"
    house.complete(count)
    assert house.adjustments() == []


def test_a_second_disagreement_is_a_supervisors(house: House) -> None:
    """D3: the second disagreement."""
    count = house.plan()
    house.count(house.ana, {house.glove.id: 30})
    assert house.count(house.ben, {house.glove.id: 33}).state == "approval"
    assert house.decide("again").state == "recount"
    with pytest.raises(counts.OtherBadge):
        house.count(house.ben, {house.glove.id: 33})
    assert house.count(house.ana, {house.glove.id: 33}).state == "approval"
    assert house.decide("keep").state == "done"
    house.complete(count)
    assert (house.adjustments(), house.line(count).state, house.on_hand()) == ([], "kept", 40)


def test_counts_agree_by_their_difference_though_stock_left_between_them(house: House) -> None:
    house.plan()
    house.work(lambda s: counts.set_limit(s, user_id=house.ben.id, quantity=Decimal(10)))
    house.count(house.ana, {house.glove.id: 30})
    house.move(5)
    assert house.count(house.ben, {house.glove.id: 25}).state == "done"


@pytest.mark.parametrize(
    ("limits", "state"),
    [
        ({"quantity": Decimal(10)}, "done"),
        ({"quantity": Decimal(9)}, "approval"),
        ({"percent": Decimal(25)}, "done"),
        ({"percent": Decimal(24)}, "approval"),
        ({"value_minor": 1500}, "done"),
        ({"value_minor": 1499}, "approval"),
        ({"quantity": Decimal(10), "percent": Decimal(24)}, "approval"),
    ],
)
def test_limits_of_the_worker_decide_what_needs_approval(house: House, limits: dict[str, Any], state: str) -> None:
    """D7: percent, quantity and value."""

    def cost(session: Session) -> None:
        glove = session.get_one(Variant, (house.organization_id, house.glove.id))
        glove.cost_minor = 150
        session.add(glove)

    house.work(cost)
    house.work(lambda s: counts.set_limit(s, user_id=house.ben.id, **limits))
    house.plan()
    house.count(house.ana, {house.glove.id: 30})
    assert house.count(house.ben, {house.glove.id: 30}).state == state


def test_a_limit_below_the_tolerance_asks_for_approval_at_once(house: House) -> None:
    house.work(lambda s: counts.set_limit(s, user_id=house.ana.id, quantity=Decimal(0)))
    house.plan()
    assert house.count(house.ana, {house.glove.id: 39}).state == "approval"
    house.work(lambda s: counts.clear_limit(s, user_id=house.ana.id))
    house.plan(house.places.other_bin)
    house.work(lambda s: factories.stock(s, house.glove, house.places.other_bin, 10))
    assert house.count(house.ana, {house.glove.id: 9}, location=house.places.other_bin).state == "done"


@pytest.mark.parametrize("limits", [{}, {"percent": Decimal(-1)}, {"value_minor": -1}])
def test_limits_that_make_no_sense_are_refused(house: House, limits: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        house.work(lambda s: counts.set_limit(s, user_id=house.ana.id, **limits))
