"""Where stock may be put, and which bin is proposed for it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from ambra_tui.errors import InsufficientStock, Invalid
from ambra_tui.services import places, putaway
from ambra_tui.services.putaway import BinRefused
from ambra_tui.services.receiving import Content
from ambra_tui.store.models import Location, StockMove, Variant
from ambra_tui.store.scope import organization_of
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
Write = Callable[[Callable[[Session], Any]], Any]


def carried(variant: Variant, place: Location, quantity: int = 10, **more: str) -> list[Content]:
    return [Content(variant.id, place.id, Decimal(quantity), **more)]


def refused(session: Session, location: Location, contents: list[Content]) -> str:
    """The rule that speaks against a bin, or empty."""
    try:
        putaway.refuse_illegal_bin(session, location, contents)
    except BinRefused as refusal:
        return refusal.rule
    return ""


def test_docks_stages_totes_and_closed_or_held_bins_are_no_storage(write: Write) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        milk = factories.variant(session)
        tote = factories.location(session, house.site, code="T1", kind="tote")
        closed = factories.location(session, house.site, code="X1", status="inactive")
        held = factories.location(session, house.site, code="X2", is_held=True)
        contents = carried(milk, house.dock)
        found = [refused(session, place, contents) for place in (house.dock, house.stage, tote, closed, held)]
        assert found == ["not_storage", "not_storage", "not_storage", "not_storage", "held"]
        assert refused(session, house.quarantine, contents) == "held"
        assert [refused(session, place, contents) for place in (house.bin, house.reserve)] == ["", ""]

    write(work)


@pytest.mark.parametrize(
    ("rule", "same_lot", "other_lot", "other_item"),
    [("", "", "", ""), ("is_single_lot", "", "mix", "mix"), ("is_single_variant", "", "", "mix")],
)
def test_a_bin_kept_for_one_kind_takes_no_other(
    write: Write, rule: str, same_lot: str, other_lot: str, other_item: str
) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        milk, bolt = factories.variant(session, is_lot_tracked=True), factories.variant(session, sku="BOLT-M8")
        lots = [factories.lot(session, milk, number=number) for number in ("M1", "M2")]
        kept = factories.location(session, house.site, code="K1", **({rule: True} if rule else {}))
        first, second = (carried(milk, house.dock, lot_id=lot.id) for lot in lots)
        bolts = carried(bolt, house.dock)
        assert refused(session, kept, first + second) == ("mix" if rule == "is_single_lot" else "")
        assert refused(session, kept, first + bolts) == ("mix" if rule else "")
        factories.stock(session, milk, kept, 5, lot=lots[0])
        assert [refused(session, kept, contents) for contents in (first, second, bolts)] == [
            same_lot,
            other_lot,
            other_item,
        ]

    write(work)


def test_a_bin_takes_what_fits(write: Write) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        milk = factories.variant(session)
        small = factories.location(session, house.site, code="S1", capacity=Decimal(12))
        factories.stock(session, milk, small, 2)
        assert refused(session, small, carried(milk, house.dock, 10)) == ""
        with pytest.raises(BinRefused) as refusal:
            putaway.refuse_illegal_bin(session, small, carried(milk, house.dock, 11))
        assert (refusal.value.rule, refusal.value.room) == ("full", 10)

    write(work)


def test_the_proposal_goes_home_then_to_its_own_then_to_what_is_empty(write: Write) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        milk, bolt = factories.variant(session), factories.variant(session, sku="BOLT-M8")
        far = factories.location(session, house.site, code="R09-1", kind="reserve", zone="R", sequence=90)
        near = factories.location(session, house.site, code="R05-1", kind="reserve", zone="M", sequence=50)
        same_zone = factories.location(session, house.site, code="R08-1", kind="reserve", zone="M", sequence=80)
        loose = carried(milk, house.dock)

        def proposal(contents: list[Content]) -> tuple[str, str]:
            found = putaway.suggest_bin(session, site=house.site, contents=contents)
            assert found is not None
            return found.location.code, found.reason

        assert proposal(loose) == ("R01-1", "empty")
        factories.stock(session, bolt, house.reserve, 1)
        factories.stock(session, milk, near, 5, lot=factories.lot(session, milk, number="OLD"))
        assert proposal(loose) == ("R08-1", "empty_same_zone")
        factories.stock(session, bolt, same_zone, 1)
        assert proposal(loose) == ("R09-1", "empty")
        factories.stock(session, bolt, far, 1)
        assert proposal(loose) == ("A01-1", "empty")
        factories.stock(session, milk, house.other_bin, 5)
        factories.stock(session, milk, far, 5)
        assert proposal(loose) == ("A01-2", "same_item")
        assert proposal(carried(milk, house.dock, plate_id="lp_1")) == ("R09-1", "same_item")
        milk.home_location_id = same_zone.id
        session.add(milk)
        session.flush()
        assert proposal(loose) == ("R08-1", "home")
        same_zone.is_single_variant = True
        session.add(same_zone)
        session.flush()
        assert proposal(loose) == ("A01-2", "same_item")

    write(work)


def test_a_site_without_a_legal_bin_proposes_none(write: Write) -> None:
    def work(session: Session) -> None:
        shop = factories.site(session, code="ST1")
        dock = factories.location(session, shop, code="RECV", kind="dock")
        milk = factories.variant(session)
        assert putaway.suggest_bin(session, site=shop, contents=carried(milk, dock)) is None
        assert putaway.suggest_bin(session, site=shop, contents=[]) is None

    write(work)


def test_a_plate_moves_whole_and_a_repeat_moves_nothing(write: Write) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        milk, bolt = factories.variant(session), factories.variant(session, sku="BOLT-M8")
        plate = places.find_or_create_plate(session, "LP-1")
        for variant in (milk, bolt):
            factories.stock(session, variant, house.dock, 12, destination_plate_id=plate.id)
        contents = putaway.contents_of_plate(session, plate)
        for _ in range(2):
            putaway.put_away(session, contents=contents, location=house.reserve, idempotency_key="k", plate_id=plate.id)
        assert {content.location_id for content in putaway.contents_of_plate(session, plate)} == {house.reserve.id}
        statement = select(StockMove.kind).where(
            StockMove.organization_id == organization_of(session), StockMove.kind == "bin_move"
        )
        assert len(session.exec(statement).all()) == 2
        assert [plate.code for plate in putaway.plates_at(session, house.reserve.id)] == ["LP-1"]
        assert putaway.plates_at(session, house.dock.id) == []

    write(work)


def test_what_is_gone_or_elsewhere_is_refused(write: Write) -> None:
    def work(session: Session) -> None:
        house, shop = factories.warehouse(session), factories.warehouse(session, code="ST1")
        milk = factories.variant(session)
        factories.stock(session, milk, house.dock, 5)
        with pytest.raises(InsufficientStock):
            putaway.put_away(session, contents=carried(milk, house.dock, 6), location=house.bin, idempotency_key="a")
        with pytest.raises(Invalid):
            putaway.put_away(session, contents=carried(milk, house.dock, 5), location=shop.bin, idempotency_key="b")
        with pytest.raises(Invalid):
            putaway.put_away(session, contents=[], location=house.bin, idempotency_key="c")
        assert putaway.loose_at(session, house.dock.id)[0].quantity == 5

    write(work)
