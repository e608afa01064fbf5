"""What a receipt respects, and what it does with goods that nobody ordered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.errors import Invalid, NotAllowed, WrongState
from ambra_tui.services import places, receiving
from ambra_tui.services.receiving import Content
from ambra_tui.store.models import Discrepancy, StockLevel
from ambra_tui.store.scope import scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
Write = Callable[[Callable[[Session], Any]], Any]
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("days", "refusal"),
    [(-1, receiving.Expired), (0, receiving.ShortDated), (20, receiving.ShortDated), (21, None)],
)
def test_a_lot_needs_its_items_life(write: Write, days: int, refusal: type[Exception] | None) -> None:
    def work(session: Session) -> None:
        yoghurt = factories.variant(session, minimum_shelf_life_days=21)

        def check(**allowed: bool) -> None:
            expiry = TODAY + timedelta(days=days)
            receiving.refuse_short_dated(yoghurt, lot_number="Y1", expiry=expiry, today=TODAY, **allowed)

        if refusal is None:
            check()
            return
        with pytest.raises(refusal):
            check()
        if refusal is receiving.ShortDated:
            check(is_short_allowed=True)
        else:
            with pytest.raises(refusal):
                check(is_short_allowed=True)

    write(work)


def test_an_item_without_a_minimum_takes_everything_that_is_not_expired(write: Write) -> None:
    def work(session: Session) -> None:
        flour = factories.variant(session)
        receiving.refuse_short_dated(flour, lot_number="F1", expiry=TODAY, today=TODAY)
        with pytest.raises(receiving.Expired):
            receiving.refuse_short_dated(flour, lot_number="F1", expiry=TODAY - timedelta(days=1), today=TODAY)

    write(work)


def test_a_serial_in_stock_is_named_with_its_place_and_one_that_left_may_come_back(write: Write) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        phone = factories.variant(session, sku="PHONE-X", is_serial_tracked=True)
        other = factories.variant(session, sku="PHONE-Y", is_serial_tracked=True)
        factories.stock(session, phone, house.bin, 1, serial="SN1")
        with pytest.raises(receiving.DuplicateSerial) as refusal:
            receiving.refuse_known_serial(session, phone, "SN1")
        assert refusal.value.location.code == "A01-1"
        receiving.refuse_known_serial(session, phone, "SN2")
        receiving.refuse_known_serial(session, other, "SN1")
        receiving.ledger.post(
            session,
            [
                receiving.Posting(
                    phone.id,
                    house.bin.id,
                    receiving.ledger.CUSTOMER,
                    Decimal(1),
                    receiving.MoveKind.ORDER_FULFILLED,
                    "gone",
                    serial="SN1",
                )
            ],
        )
        receiving.refuse_known_serial(session, phone, "SN1")

    write(work)


@pytest.mark.parametrize("with_order", [True, False])
def test_goods_that_nobody_ordered_are_posted_and_listed_once(write: Write, with_order: bool) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        glove, bolt = factories.variant(session, sku="GLOVE-L"), factories.variant(session, sku="BOLT-M8")
        order = factories.purchase_order(session, house.site, (bolt, 5)) if with_order else None
        for _ in range(2):
            posted = receiving.receive_unordered(
                session,
                site=house.site,
                variant=glove,
                quantity=Decimal(3),
                location_id=house.dock.id,
                idempotency_key="k",
                order=order,
            )
        rows = session.exec(scoped(session, Discrepancy)).all()
        kind = "unexpected_item" if with_order else "blind_receipt"
        assert [(row.kind, row.quantity, row.document_id) for row in rows] == [
            (kind, Decimal(3), order.id if order else "")
        ]
        assert [level.on_hand for level in session.exec(scoped(session, StockLevel)).all()] == [Decimal(3)]
        receiving.drop_exception(session, posted.id)
        assert session.exec(receiving.list_exceptions(session, site_id=house.site.id)).all() == []

    write(work)


def test_a_read_only_site_receives_nothing(write: Write) -> None:
    def work(session: Session) -> None:
        market = factories.site(session, code="FBA", kind="fba", is_read_only=True)
        dock = factories.location(session, market, code="RECV", kind="dock")
        with pytest.raises(NotAllowed):
            receiving.receive_unordered(
                session,
                site=market,
                variant=factories.variant(session),
                quantity=Decimal(1),
                location_id=dock.id,
                idempotency_key="k",
            )

    write(work)


def test_an_exception_is_closed_once_with_a_reason(write: Write) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        posted = receiving.receive_unordered(
            session,
            site=house.site,
            variant=factories.variant(session),
            quantity=Decimal(1),
            location_id=house.dock.id,
            idempotency_key="k",
        )
        assert posted.destination_balance == 1
        row = session.exec(receiving.list_exceptions(session)).one()
        with pytest.raises(Invalid):
            receiving.resolve_exception(session, row.id, reason="  ")
        receiving.resolve_exception(session, row.id, reason="sample from the supplier")
        assert (row.status, row.reason) == ("resolved", "sample from the supplier")
        assert session.exec(receiving.list_exceptions(session)).all() == []
        assert len(session.exec(receiving.list_exceptions(session, status=None)).all()) == 1
        with pytest.raises(WrongState):
            receiving.resolve_exception(session, row.id, reason="again")

    write(work)


def test_damaged_goods_have_a_place(write: Write) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        assert receiving.quarantine_location(session, house.site.id).code == "QUAR"
        factories.location(session, house.site, code="DMG", kind="damaged")
        assert receiving.quarantine_location(session, house.site.id).code == "DMG"
        with pytest.raises(Invalid):
            receiving.quarantine_location(session, factories.site(session, code="ST1").id)

    write(work)


def test_what_was_received_moves_with_its_plate(write: Write) -> None:
    def work(session: Session) -> None:
        house = factories.warehouse(session)
        milk = factories.variant(session)
        plate = places.find_or_create_plate(session, "LP-1")
        factories.stock(session, milk, house.dock, 12, destination_plate_id=plate.id)
        assert receiving.plate_location(session, plate) == house.dock
        content = Content(milk.id, house.dock.id, Decimal(12), plate_id=plate.id)
        receiving.move_received(session, contents=[content], location=house.reserve, idempotency_key="m")
        assert receiving.plate_location(session, plate) == house.reserve
        assert [level.on_hand for level in receiving.plate_levels(session, plate.id)] == [Decimal(12)]

    write(work)
