"""Cycle counts: what is loaded, how counts are planned, and how their steps are taken back."""

from __future__ import annotations

from decimal import Decimal
from itertools import count as numbers
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.errors import Conflict, Invalid
from ambra_tui.kit.ids import new_id
from ambra_tui.services import count_plans, counts, tasks
from ambra_tui.services.acts import _trail
from ambra_tui.store import Store
from ambra_tui.store.models import CycleCount, CycleCountBin, Discrepancy, User, Variant
from ambra_tui.store.scope import scoped
from tests import factories
from tests.services.counting import House, open_house


@pytest.fixture
def house(store: Store, organization_id: int) -> House:
    return open_house(store, organization_id)


# --- lots, serials, plates, loading ----------------------------------------------------------------------------------


def test_a_plate_of_the_item_counts_without_being_scanned(house: House) -> None:
    from ambra_tui.services.places import find_or_create_plate

    plate = house.work(lambda s: find_or_create_plate(s, "LP-1"))
    house.work(lambda s: factories.stock(s, house.glove, house.places.bin, 10, destination_plate_id=plate.id))
    count = house.plan()
    house.count(house.ana, {house.glove.id: 49})
    counted = {(line.plate_id, int(line.expected), int(line.variance or 0)) for line in house.lines(count)}
    assert counted == {("", 40, -1), (plate.id, 10, 0)}


def test_a_serial_that_the_book_has_elsewhere_is_not_doubled(house: House) -> None:
    phone = house.work(lambda s: factories.variant(s, sku="PHONE-X", is_serial_tracked=True))
    house.work(lambda s: factories.stock(s, phone, house.places.reserve, 1, serial="SN1"))
    count = house.plan(house.places.other_bin)

    def work(session: Session) -> None:
        count_bin = counts.find_bin(session, house.places.other_bin)
        assert count_bin is not None
        counts.begin_bin(session, count_bin)
        counts.tally(session, count_bin, variant_id=phone.id, quantity=Decimal(1), serial="SN1", is_total=True)
        counts.submit_bin(session, count_bin)

    house.work(work)
    house.complete(count)
    assert house.adjustments() == []
    found = house.work(lambda s: s.exec(scoped(s, Discrepancy)).all())
    assert [(row.kind, row.quantity) for row in found] == [("count_serial_elsewhere", 1)]


def test_loading_again_keeps_what_was_counted_and_adds_what_is_new(house: House) -> None:
    cable = house.work(lambda s: factories.variant(s, sku="CABLE-2M"))

    def work(session: Session) -> CycleCount:
        count = counts.create_count(session, site_id=house.places.site.id)
        assert counts.load_inventory(session, count) == 1
        return counts.start_count(session, count)

    count = house.work(work)
    item = counts.CountedItem(house.line(count).id, Decimal(41))
    house.work(lambda s: counts.submit_items(s, count, [item]))
    house.work(lambda s: factories.stock(s, cable, house.places.other_bin, 3))
    house.move(4)
    assert house.work(lambda s: counts.load_inventory(s, counts.get_count(s, count.id))) == 2
    assert house.work(lambda s: counts.load_inventory(s, counts.get_count(s, count.id))) == 0
    glove = next(line for line in house.lines(count) if line.location_id == house.places.bin.id)
    assert (glove.expected, glove.counted, glove.variance) == (40, 41, 1)


def test_what_a_leaving_worker_tallied_is_theirs_and_not_the_next_ones(house: House) -> None:
    house.plan()
    cable = house.work(lambda s: factories.variant(s, sku="CABLE-2M"))

    def begin(session: Session) -> CycleCountBin:
        count_bin = counts.find_bin(session, house.places.bin)
        assert count_bin is not None
        return counts.begin_bin(session, count_bin)

    def tally(session: Session) -> None:
        count_bin = begin(session)
        counts.tally(session, count_bin, variant_id=cable.id, quantity=Decimal(2))
        counts.tally(session, count_bin, variant_id=house.glove.id, quantity=Decimal(7))
        counts.leave_bin(session, count_bin)

    house.work(tally)
    assert len(house.work(lambda s: counts.tallied(s, begin(s)))) == 2
    house.work(lambda s: counts.leave_bin(s, begin(s)))
    assert house.work(lambda s: counts.tallied(s, begin(s)), house.ben) == []


# --- tasks, plans, dues ----------------------------------------------------------------------------------------------


def doubt(house: House) -> None:
    house.work(
        lambda s: tasks.ask_count(s, location=house.places.bin, variant_id=house.glove.id, reason=tasks.SHORT_PICK)
    )


def stopped(house: House) -> int:
    return len(house.work(lambda s: tasks.stopped_bins(s, house.places.site.id)))


def test_a_counted_bin_is_open_to_picks_again_once_its_book_is_true(house: House) -> None:
    doubt(house)
    house.plan()
    house.count(house.ana, {house.glove.id: 40})
    assert stopped(house) == 0
    doubt(house)
    count = house.plan()
    house.count(house.ana, {house.glove.id: 39})
    assert stopped(house) == 1
    house.complete(count)
    assert stopped(house) == 0


def test_ways_to_plan(house: House) -> None:
    site_id = house.places.site.id

    def codes(method: str, **more: Any) -> list[str]:
        return [row.code for row in house.work(lambda s: count_plans.bins_by(s, site_id, method, **more))]

    assert codes("bins", codes=["R01-1", "WH1-A01-1"]) == ["R01-1", "A01-1"]
    assert codes("aisle", aisle="a") == ["A01-1", "A01-2"]
    assert codes("suspicion") == []
    doubt(house)
    assert codes("suspicion") == ["A01-1"]
    assert codes("abc") == ["A01-1", "A01-2", "R01-1"]
    for method, more in (
        ("bins", {"codes": ["X"]}),
        ("aisle", {"aisle": "Z"}),
        ("aisle", {"aisle": " "}),
        ("moon", {}),
    ):
        with pytest.raises(Invalid):
            codes(method, **more)
    house.plan()
    with pytest.raises(Conflict, match="CC-000001"):
        house.plan()
    with pytest.raises(Conflict):
        house.work(lambda s: count_plans.plan_count(s, site_id=site_id, method="suspicion", location_ids=[]))


@pytest.mark.parametrize(
    ("abc", "days", "is_due"),
    [
        ("A", 29, False), ("A", 30, True), ("B", 90, False), ("B", 91, True),
        ("C", 364, False), ("C", 365, True), ("", 365, True),
    ],
)  # fmt: skip
def test_a_class_is_due_again_a_month_a_quarter_a_year_after_its_last_count(
    house: House, abc: str, days: int, is_due: bool
) -> None:
    """D6: A monthly, B quarterly, C yearly."""
    from datetime import timedelta

    house.plan()
    house.count(house.ana, {house.glove.id: 40})

    def age(session: Session) -> None:
        glove = session.get_one(Variant, (house.organization_id, house.glove.id))
        glove.abc_class = abc
        row = session.exec(scoped(session, CycleCountBin)).one()
        assert row.counted_at is not None
        row.counted_at -= timedelta(days=days)
        session.add_all((glove, row))

    house.work(age)
    due = [row.location.code for row in house.work(lambda s: count_plans.due_bins(s, house.places.site.id))]
    assert ("A01-1" in due) is is_due
    assert house.work(lambda s: counts.is_due(s, house.places.bin)) is is_due


def test_the_days_list_begins_with_what_matters_most(house: House) -> None:
    def classify(session: Session) -> None:
        paint = factories.variant(session, sku="PAINT", abc_class="A")
        factories.stock(session, paint, house.places.reserve, 1)

    house.work(classify)
    due = house.work(lambda s: count_plans.due_bins(s, house.places.site.id, limit=1))
    assert [(row.location.code, row.abc_class) for row in due] == [("R01-1", "A")]


def test_an_opportunity_is_offered_where_something_asks_for_a_count(house: House) -> None:
    def due() -> bool:
        return house.work(lambda s: counts.is_due(s, house.places.bin))

    assert due() is False
    doubt(house)
    assert due() is True
    house.plan()
    assert due() is True
    house.work(lambda s: counts.begin_bin(s, counts.find_bin(s, house.places.bin)))
    assert due() is False
    assert house.work(lambda s: counts.is_due(s, house.places.dock)) is False


# --- taken back ------------------------------------------------------------------------------------------------------


STEPS = numbers(1)


def did(house: House, who: User, kind: str, moves: Any, document_id: str, details: Any) -> Any:
    def work(session: Session) -> Any:
        return _trail.record(
            session, user_id=who.id, step=next(STEPS), station="st",
            site_id=house.places.site.id, flow="count", kind=kind, moves=moves, document_kind="cycle_count",
            document_id=document_id, summary={}, details=details,
        )  # fmt: skip

    return house.work(work, who)


def undo(house: House, who: User) -> None:
    house.work(lambda s: _trail.undo(s, _trail.last_acts(s, who.id)[0], idempotency_key=new_id("undo")), who)


def counted_act(house: House, who: User, quantity: int) -> None:
    def work(session: Session) -> Any:
        count_bin = counts.find_bin(session, house.places.bin)
        assert count_bin is not None
        counts.begin_bin(session, count_bin)
        counts.tally(session, count_bin, variant_id=house.glove.id, quantity=Decimal(quantity), is_total=True)
        return counts.submit_bin(session, count_bin)

    submitted = house.work(work, who)
    did(house, who, "count_bin", (), submitted.bin.cycle_count_id, submitted.details)


def test_a_bins_count_is_taken_back_until_somebody_went_on_from_it(house: House) -> None:
    doubt(house)
    count = house.plan()
    counted_act(house, house.ana, 40)
    assert stopped(house) == 0
    undo(house, house.ana)
    line = house.line(count)
    assert (line.state, line.counted, line.variance, line.tally, stopped(house)) == ("open", None, None, 40, 1)
    counted_act(house, house.ana, 30)
    counted_act(house, house.ben, 30)
    with pytest.raises(_trail.CannotUndo, match="Ben went on with A01-1"):
        undo(house, house.ana)
    undo(house, house.ben)
    undo(house, house.ana)
    assert house.line(count).state == "open"
    counted_act(house, house.ana, 39)
    counted_act(house, house.ben, 39)  # who took a doubted count back may not guess: another badge counts again
    house.complete(count)
    with pytest.raises(_trail.CannotUndo, match="is completed"):
        undo(house, house.ben)


def test_a_completed_count_is_taken_back_while_nothing_depends_on_it(house: House) -> None:
    doubt(house)
    count = house.plan(house.places.bin, house.places.other_bin)
    house.work(lambda s: factories.stock(s, house.glove, house.places.other_bin, 5))
    house.count(house.ana, {house.glove.id: 41})
    done = house.complete(count, uncounted="keep")
    did(house, house.cleo, "count_complete", done.moves, count.id, done.details)
    undo(house, house.cleo)
    assert (house.on_hand(), house.status(count), stopped(house)) == (40, "in_progress", 1)
    again = house.complete(count)
    assert (house.on_hand(), house.adjustments()) == (41, [1, 1])
    did(house, house.cleo, "count_complete", again.moves, count.id, again.details)
    house.move(41)
    with pytest.raises(_trail.CannotUndo, match="bin_move"):
        undo(house, house.cleo)
    assert house.status(count) == "completed"


def test_a_decision_is_taken_back(house: House) -> None:
    count = house.plan()
    house.count(house.ana, {house.glove.id: 30})
    house.count(house.ben, {house.glove.id: 30})
    house.decide("approve")
    did(house, house.cleo, "count_decision", (), count.id, {"line_id": house.line(count).id})
    undo(house, house.cleo)
    assert house.line(count).state == "approval"
    with pytest.raises(counts.Unfinished):
        house.complete(count)


def test_a_plan_is_taken_back_while_nothing_is_counted(house: House) -> None:
    count = house.plan()
    did(house, house.cleo, "count_plan", (), count.id, {})
    undo(house, house.cleo)
    assert house.status(count) == "cancelled"
    second = house.plan()
    did(house, house.cleo, "count_plan", (), second.id, {})
    house.count(house.ana, {house.glove.id: 40})
    with pytest.raises(_trail.CannotUndo):
        undo(house, house.cleo)
