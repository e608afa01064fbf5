"""Stations that receive and put away at the same moment: each rule holds for all of them together."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from sqlmodel import Session

from ambra_tui.errors import AmbraError
from ambra_tui.services import purchasing, putaway
from ambra_tui.services.purchasing import OverReceipt
from ambra_tui.services.putaway import BinRefused
from ambra_tui.services.receiving import Content, DuplicateSerial, receive_unordered
from ambra_tui.store import Store
from ambra_tui.store.models import Location, Lot, PurchaseOrder, Site, Variant
from ambra_tui.store.scope import fetch
from tests import factories

T = TypeVar("T")
Write = Callable[[Callable[[Session], Any]], Any]


def together(store: Store, organization_id: int, works: list[Callable[[Session], T]]) -> list[T | AmbraError]:
    """What each of many functions, submitted at once, answered or raised."""
    futures = [store.writer.submit(work, organization_id=organization_id, actor=factories.TESTER) for work in works]
    answers: list[T | AmbraError] = []
    for future in futures:
        try:
            answers.append(future.result(timeout=30))
        except AmbraError as error:
            answers.append(error)
    return answers


def test_a_line_takes_no_more_than_ordered_from_all_stations_together(
    store: Store, organization_id: int, write: Write
) -> None:
    def prepare(session: Session) -> tuple[str, str]:
        house = factories.warehouse(session)
        order = factories.purchase_order(session, house.site, (factories.variant(session), 10))
        return order.id, house.dock.id

    order_id, dock_id = write(prepare)

    def one(number: int) -> Callable[[Session], str]:
        def work(session: Session) -> str:
            line = purchasing.lines_of(session, order_id)[0]
            return purchasing.receive_line(
                session, line=line, quantity=Decimal(1), location_id=dock_id, idempotency_key=f"k{number}"
            ).id

        return work

    answers = together(store, organization_id, [one(number) for number in range(30)])
    assert sum(isinstance(answer, str) for answer in answers) == 10
    assert {type(answer) for answer in answers} == {str, OverReceipt}
    order = write(lambda session: fetch(session, PurchaseOrder, order_id, resource="purchase_order"))
    assert order.status == "received"


def test_a_serial_comes_in_once_whoever_scans_it(store: Store, organization_id: int, write: Write) -> None:
    def prepare(session: Session) -> tuple[str, str, list[str]]:
        house = factories.warehouse(session)
        phone = factories.variant(session, sku="PHONE-X", is_serial_tracked=True)
        return house.site.id, phone.id, [house.dock.id, house.bin.id, house.reserve.id]

    site_id, variant_id, bins = write(prepare)

    def one(number: int) -> Callable[[Session], str]:
        return lambda session: (
            receive_unordered(
                session,
                site=fetch(session, Site, site_id, resource="location"),
                variant=fetch(session, Variant, variant_id, resource="variant"),
                quantity=Decimal(1),
                location_id=bins[number % 3],
                serial="SN1",
                idempotency_key=f"k{number}",
            ).id
        )

    answers = together(store, organization_id, [one(number) for number in range(12)])
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert {type(answer) for answer in answers} == {str, DuplicateSerial}


def test_a_single_lot_bin_takes_one_lot_whoever_comes_first(store: Store, organization_id: int, write: Write) -> None:
    def prepare(session: Session) -> tuple[str, list[Content]]:
        house = factories.warehouse(session)
        milk = factories.variant(session, is_lot_tracked=True)
        kept = factories.location(session, house.site, code="C1", kind="reserve", is_single_lot=True)
        contents = []
        for number in range(8):
            lot: Lot = factories.lot(session, milk, number=f"L{number}")
            factories.stock(session, milk, house.dock, 5, lot=lot)
            contents.append(Content(milk.id, house.dock.id, Decimal(5), lot.id))
        return kept.id, contents

    bin_id, contents = write(prepare)

    def one(content: Content) -> Callable[[Session], str]:
        return lambda session: (
            putaway.put_away(
                session,
                contents=[content],
                location=fetch(session, Location, bin_id, resource="location"),
                idempotency_key=content.lot_id,
            )[0].id
        )

    answers = together(store, organization_id, [one(content) for content in contents])
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert all(isinstance(answer, str | BinRefused) for answer in answers)


@pytest.mark.parametrize("tries", [3])
def test_one_receipt_sent_many_times_is_one_receipt(
    store: Store, organization_id: int, write: Write, tries: int
) -> None:
    def prepare(session: Session) -> str:
        house = factories.warehouse(session)
        return factories.purchase_order(session, house.site, (factories.variant(session), 10)).id

    order_id = write(prepare)

    def receive(session: Session) -> list[str]:
        order = purchasing.get_purchase_order(session, order_id)
        return [posted.id for posted in purchasing.receive_order(session, order, idempotency_key="erp-7")]

    answers = together(store, organization_id, [receive] * tries)
    assert len({tuple(answer) for answer in answers if isinstance(answer, list)}) == 1
    assert all(isinstance(answer, list) for answer in answers)
