"""Moves inside a site, waste and holds (FLOOR E2-E4), and how each is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, NotAllowed, WrongState
from ambra_tui.services import holds, moves, orders, picking, waste
from ambra_tui.services.acts import _trail
from ambra_tui.services.adjustments import Place
from ambra_tui.services.moves import Part
from ambra_tui.services.places import find_or_create_plate
from ambra_tui.services.putaway import BinRefused
from ambra_tui.store.models import Lot, SiteStock, StockLevel, StockMove, WasteRecord
from ambra_tui.store.scope import organization_of, scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
LATE, EARLY = date(2030, 6, 1), date(2030, 1, 1)


@dataclass
class Hall:
    """A bin with milk of an early lot (10) and a late one (24), a reserve bin with another late lot (240)."""

    house: factories.Warehouse
    milk: Any
    early: Any
    late: Any
    last: Any


def hall(session: Any) -> Hall:
    house = factories.warehouse(session)
    milk = factories.variant(session, is_lot_tracked=True)
    early, late, last = (
        factories.lot(session, milk, number=number, expiry=expiry)
        for number, expiry in (("M090", EARLY), ("M100", LATE), ("M120", date(2031, 1, 1)))
    )
    factories.stock(session, milk, house.bin, 10, lot=early)
    factories.stock(session, milk, house.other_bin, 24, lot=late)
    factories.stock(session, milk, house.reserve, 240, lot=last)
    for lot in (early, late, last):
        session.refresh(lot)
    return Hall(house, milk, early, late, last)


def fresh(session: Any, row: Any) -> Any:
    """The row as it is now."""
    return session.get_one(type(row), (row.organization_id, row.id))


def held_in(session: Any, location: Any) -> dict[tuple[str, str], Decimal]:
    """(lot, plate) -> what a location holds."""
    return {(row.lot_id, row.plate_id): row.on_hand for row in moves.levels_in(session, location.id)}


def order_of(session: Any, h: Hall, quantity: int, number: str = "SO-1") -> Any:
    line = orders.NewOrderLine(h.milk.id, Decimal(quantity))
    order = orders.create_order(session, site_id=h.house.site.id, lines=[line], number=number)
    orders.reserve_order(session, order)
    picking.plan(session, order)
    return order


def stops(session: Any, order: Any) -> list[tuple[str, Decimal]]:
    return [(stop.location.code, stop.quantity) for stop in picking.stops(session, order.id)]


def act_of(session: Any, kind: str, posted: Any = (), **values: Any) -> Any:
    user = factories.user(session)
    return _trail.record(
        session, user_id=user.id, step=1, station="st-1", site_id="-", flow="move", kind=kind, moves=posted,
        summary={}, **values,
    )  # fmt: skip


# --- moves ----------------------------------------------------------------------------------------------------------


def test_e2_a_whole_bin_moves_with_its_plates_and_is_taken_back(write: Any) -> None:
    h = write(hall)
    plate = write(lambda s: find_or_create_plate(s, "LP1"))
    write(lambda s: factories.stock(s, h.milk, h.house.bin, 5, lot=h.late, destination_plate_id=plate.id))
    target = write(lambda s: factories.location(s, h.house.site, code="A09-1"))

    def work(session: Any) -> Any:
        contents = moves.contents_of_bin(session, h.house.bin)
        posted = moves.move(session, contents=contents, location=target, idempotency_key="m", keeps_plates=True)
        return act_of(session, "move", posted)

    act = write(work)
    whole = {(h.early.id, ""): 10, (h.late.id, plate.id): 5}
    assert write(lambda s: held_in(s, target)) == whole
    assert write(lambda s: held_in(s, h.house.bin)) == {}
    write(lambda s: _trail.undo(s, fresh(s, act), idempotency_key="undo"))
    assert write(lambda s: held_in(s, h.house.bin)) == whole


def move_some(h: Hall, quantity: int, target: Any, key: str = "m", source: Any = None) -> Any:
    def work(session: Any) -> Any:
        level = moves.level_in(session, source or h.house.bin, h.milk)
        content = moves.content_of(level, Decimal(quantity))
        return act_of(session, "move", moves.move(session, contents=[content], location=target, idempotency_key=key))

    return work


def test_e2_so_many_of_an_item_move_and_more_than_there_is_does_not(write: Any) -> None:
    h = write(hall)
    free = write(lambda s: factories.location(s, h.house.site, code="A09-1"))
    write(move_some(h, 4, free))
    assert write(lambda s: held_in(s, free)) == {(h.early.id, ""): 4}
    with pytest.raises(InsufficientStock):
        write(move_some(h, 7, free, "n"))
    assert write(lambda s: held_in(s, h.house.bin)) == {(h.early.id, ""): 6}


def test_what_picks_are_assigned_to_stays_and_the_refusal_names_the_order(write: Any) -> None:
    h = write(hall)
    free = write(lambda s: factories.location(s, h.house.site, code="A09-1"))
    write(lambda s: order_of(s, h, 7))
    with pytest.raises(moves.Promised) as refused:
        write(move_some(h, 4, free))
    assert (refused.value.free, refused.value.assigned, refused.value.documents) == (3, 7, ("SO-1",))
    write(move_some(h, 3, free))
    assert write(lambda s: held_in(s, h.house.bin)) == {(h.early.id, ""): 7}


def test_bins_keep_their_rules_for_moves_too(write: Any) -> None:
    h = write(hall)

    def bins(session: Any) -> list[Any]:
        site = h.house.site
        return [
            factories.location(session, site, code="S1", is_single_lot=True),
            factories.location(session, site, code="CAP", capacity=Decimal(3)),
            factories.location(session, site, code="HELD", is_held=True),
        ]

    single, small, held = write(bins)
    write(lambda s: factories.stock(s, h.milk, single, 1, lot=h.late))
    for target, rule in ((single, "mix"), (small, "full"), (held, "held"), (h.house.dock, "not_storage")):
        with pytest.raises(BinRefused) as refused:
            write(move_some(h, 4, target))
        assert refused.value.rule == rule
    write(move_some(h, 4, h.house.quarantine))
    stock = write(lambda s: s.get(SiteStock, (organization_of(s), h.milk.id, h.house.site.id)))
    assert (stock.on_hand, stock.held) == (275, 4)


def test_a_move_within_itself_or_to_another_site_is_refused(write: Any) -> None:
    h = write(hall)
    other = write(lambda s: factories.warehouse(s, "WH2"))
    with pytest.raises(WrongState):
        write(move_some(h, 4, h.house.bin))
    with pytest.raises(Invalid):
        write(move_some(h, 4, other.bin))


def test_a_move_is_not_taken_back_once_the_stock_has_gone_on_or_the_bin_is_taken(write: Any) -> None:
    h = write(hall)
    free = write(lambda s: factories.location(s, h.house.site, code="A09-1"))
    single = write(lambda s: factories.location(s, h.house.site, code="S1", is_single_lot=True))
    write(lambda s: factories.stock(s, h.milk, single, 4, lot=h.late))
    act = write(move_some(h, 4, free, source=single))
    write(lambda s: factories.stock(s, h.milk, single, 1, lot=h.early))
    with pytest.raises(_trail.CannotUndo, match="already holds"):
        write(lambda s: _trail.undo(s, fresh(s, act), idempotency_key="undo"))
    second = write(move_some(h, 4, free, "n"))
    gone = ledger.Posting(
        h.milk.id, free.id, ledger.WASTE, Decimal(2), ledger.MoveKind.WASTE_RECORDED, "gone", lot_id=h.early.id
    )
    write(lambda s: ledger.post(s, [gone]))
    with pytest.raises(_trail.CannotUndo, match="waste_recorded"):
        write(lambda s: _trail.undo(s, fresh(s, second), idempotency_key="undo-2"))


def test_an_item_of_several_lots_serials_or_plates_must_be_named(write: Any) -> None:
    h = write(hall)

    def work(session: Any) -> None:
        factories.stock(session, h.milk, h.house.bin, 2, lot=h.late)
        with pytest.raises(moves.Ambiguous) as lot:
            moves.level_in(session, h.house.bin, h.milk)
        assert lot.value.what == "lot"
        assert moves.level_in(session, h.house.bin, h.milk, Part(lot_id=h.late.id)).on_hand == 2
        with pytest.raises(moves.NotThere):
            moves.level_in(session, h.house.bin, h.milk, Part(lot_id=h.last.id))
        phone = factories.variant(session, sku="PHONE", is_serial_tracked=True)
        factories.stock(session, phone, h.house.bin, 1, serial="S1")
        assert moves.level_in(session, h.house.bin, phone).serial == "S1"
        factories.stock(session, phone, h.house.bin, 1, serial="S2")
        with pytest.raises(moves.Ambiguous) as serial:
            moves.level_in(session, h.house.bin, phone)
        assert serial.value.what == "serial"
        paint = factories.variant(session, sku="PAINT")
        plate = find_or_create_plate(session, "LP1")
        factories.stock(session, paint, h.house.bin, 1)
        factories.stock(session, paint, h.house.bin, 1, destination_plate_id=plate.id)
        with pytest.raises(moves.Ambiguous) as on_plate:
            moves.level_in(session, h.house.bin, paint)
        assert on_plate.value.what == "plate"

    write(work)


# --- waste ----------------------------------------------------------------------------------------------------------


def throw(h: Hall, quantity: Any, *, location: Any = None, key: str = "w", **values: Any) -> Any:
    place = Place(h.house.site, location)
    options = {"reason": "damaged", **values}
    return lambda s: waste.record_waste(
        s, place=place, variant=h.milk, quantity=Decimal(quantity), idempotency_key=key, **options
    )


def records(session: Any) -> list[tuple[Any, ...]]:
    rows = session.exec(scoped(session, WasteRecord).order_by(WasteRecord.id)).all()
    return [(row.quantity, row.reason, row.lot_id, row.status) for row in rows]


def test_e3_waste_infers_a_single_lot_and_posts_nothing_when_there_is_less(write: Any) -> None:
    h = write(hall)
    wasted = write(throw(h, 3, location=h.house.bin))
    assert (wasted.record.lot_id, wasted.hit) == (h.early.id, ())
    assert write(lambda s: held_in(s, h.house.bin)) == {(h.early.id, ""): 7}
    with pytest.raises(InsufficientStock):
        write(throw(h, 999, location=h.house.bin, key="x"))
    assert write(throw(h, 3, location=h.house.bin)).posted == []  # the same key again
    assert write(records) == [(3, "damaged", h.early.id, "recorded")]


@pytest.mark.parametrize("reason", ["", "stolen", "Damaged"])
def test_there_are_six_reasons_for_waste(write: Any, reason: str) -> None:
    h = write(hall)
    with pytest.raises(Invalid):
        write(throw(h, 1, location=h.house.bin, reason=reason))
    for number, known in enumerate(("expired", "damaged", "production", "spoilage", "contamination", "other")):
        write(throw(h, 1, location=h.house.bin, reason=known, key=f"k{number}"))
    assert write(lambda s: held_in(s, h.house.bin)) == {(h.early.id, ""): 4}


def test_waste_of_a_site_wants_the_lot_where_there_are_several(write: Any) -> None:
    h = write(hall)
    with pytest.raises(Invalid, match="M090, M100, M120"):
        write(throw(h, 3))
    write(throw(h, 3, part=Part(lot_id=h.late.id)))
    assert write(lambda s: held_in(s, h.house.other_bin)) == {(h.late.id, ""): 21}
    with pytest.raises(InsufficientStock):
        write(throw(h, 22, part=Part(lot_id=h.late.id), key="x"))


def test_held_stock_may_be_thrown_away_and_that_of_a_marketplace_may_not(write: Any) -> None:
    h = write(hall)
    write(lambda s: holds.hold_lot(s, fresh(s, h.late), reason="quality"))
    write(throw(h, 24, part=Part(lot_id=h.late.id)))
    stock = write(lambda s: s.get(SiteStock, (organization_of(s), h.milk.id, h.house.site.id)))
    assert (stock.on_hand, stock.held) == (250, 0)
    fba = write(lambda s: factories.site(s, code="FBA", is_read_only=True))
    with pytest.raises(NotAllowed):
        write(
            lambda s: waste.record_waste(
                s, place=Place(fba), variant=h.milk, quantity=Decimal(1), reason="other", idempotency_key="f"
            )
        )


def test_waste_may_hit_promised_stock_which_is_then_picked_elsewhere(write: Any) -> None:
    h = write(hall)
    order = write(lambda s: order_of(s, h, 8))
    assert write(lambda s: stops(s, order)) == [("A01-1", 8)]

    def work(session: Any) -> Any:
        wasted = throw(h, 6, location=h.house.bin)(session)
        act = act_of(
            session, "waste", wasted.posted, document_id=wasted.record.id, details={"orders": list(wasted.replanned)}
        )
        return wasted, act

    wasted, act = write(work)
    assert wasted.hit == ("SO-1",)
    assert write(lambda s: stops(s, order)) == [("A01-1", 4), ("A01-2", 4)]
    write(lambda s: _trail.undo(s, fresh(s, act), idempotency_key="undo"))
    assert write(lambda s: stops(s, order)) == [("A01-1", 8)]
    assert write(records) == [(6, "damaged", h.early.id, "reversed")]
    back = write(
        lambda s: s.exec(
            select(StockMove).where(StockMove.organization_id == organization_of(s), StockMove.kind == "reversal")
        ).one()
    )
    assert (back.quantity, back.reverses_id) == (6, wasted.posted[0].id)


def test_waste_below_what_is_reserved_names_the_orders(write: Any) -> None:
    h = write(hall)
    write(lambda s: order_of(s, h, 270))
    wasted = write(throw(h, 20, location=h.house.reserve))
    assert wasted.hit == ("SO-1",)
    stock = write(lambda s: s.get(SiteStock, (organization_of(s), h.milk.id, h.house.site.id)))
    assert stock.on_hand - stock.reserved == -16


# --- holds ----------------------------------------------------------------------------------------------------------


def test_e4_a_lot_on_hold_is_picked_from_nowhere_and_planned_picks_go_elsewhere(write: Any) -> None:
    h = write(hall)
    order = write(lambda s: order_of(s, h, 20))
    assert write(lambda s: stops(s, order)) == [("A01-1", 10), ("A01-2", 10)]

    def work(session: Any) -> Any:
        held = holds.hold_lot(session, fresh(session, h.late), reason="quality")
        details = {"before": "active", "after": "quarantine", "orders": list(held.replanned)}
        return held, act_of(session, "hold", document_kind="lot", document_id=h.late.id, details=details)

    held, act = write(work)
    assert (held.quantity, held.replanned, held.short) == (24, ("SO-1",), ())
    assert write(lambda s: stops(s, order)) == [("A01-1", 10), ("R01-1", 10)]
    level = write(lambda s: s.get(StockLevel, (organization_of(s), h.milk.id, h.house.other_bin.id, h.late.id, "", "")))
    assert level.allocated == 0
    write(lambda s: _trail.undo(s, fresh(s, act), idempotency_key="undo"))
    assert write(lambda s: stops(s, order)) == [("A01-1", 10), ("A01-2", 10)]
    assert write(lambda s: fresh(s, h.late)).status == "active"


def test_a_hold_that_leaves_too_little_names_the_orders(write: Any) -> None:
    h = write(hall)
    write(lambda s: order_of(s, h, 260))
    assert write(lambda s: holds.hold_lot(s, fresh(s, h.late), reason="recall")).short == ("SO-1",)


def test_a_bin_on_hold_and_free_again(write: Any) -> None:
    h = write(hall)
    order = write(lambda s: order_of(s, h, 5))
    held = write(lambda s: holds.hold_bin(s, fresh(s, h.house.bin), reason="damaged"))
    assert held.replanned == ("SO-1",)
    assert write(lambda s: stops(s, order)) == [("A01-2", 5)]
    with pytest.raises(WrongState):
        write(lambda s: holds.hold_bin(s, fresh(s, h.house.bin), reason="damaged"))
    write(lambda s: holds.free_bin(s, fresh(s, h.house.bin), reason="checked"))
    stock = write(lambda s: s.get(SiteStock, (organization_of(s), h.milk.id, h.house.site.id)))
    assert stock.held == 0
    with pytest.raises(WrongState):
        write(lambda s: holds.free_bin(s, fresh(s, h.house.quarantine), reason="checked"))


def test_a_hold_is_not_taken_back_after_somebody_freed_the_lot(write: Any) -> None:
    h = write(hall)

    def work(session: Any) -> Any:
        holds.hold_lot(session, fresh(session, h.late), reason="quality")
        details = {"before": "active", "after": "quarantine"}
        return act_of(session, "hold", document_kind="lot", document_id=h.late.id, details=details)

    act = write(work)
    write(lambda s: holds.free_lot(s, s.get_one(Lot, (organization_of(s), h.late.id)), reason="checked"))
    with pytest.raises(_trail.CannotUndo):
        write(lambda s: _trail.undo(s, fresh(s, act), idempotency_key="undo"))
