"""Guards of what leaves: the case that holds, the one just outside, the one repeated, the one raced."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from sqlmodel import Session, select

from ambra_tui.errors import InsufficientStock
from ambra_tui.ledger import (
    ReserveLine,
    release,
    reserve,
)
from ambra_tui.ledger.core import submit
from ambra_tui.store.models import OutboxEvent
from tests import factories
from tests.ledger.conftest import House
from tests.ledger.guarding import assign, promise, raced, ship, short

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
