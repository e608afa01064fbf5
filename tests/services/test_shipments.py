"""Shipments: packed, labelled, handed over, taken back, tracked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.carriers import carrier_named
from ambra_tui.errors import Conflict, Invalid, WrongState
from ambra_tui.labels.draw import draw_checked
from ambra_tui.labels.model import label_from_json, label_to_json
from ambra_tui.labels.parcel import PARCEL_STOCK
from ambra_tui.labels.printer import parse_printer, send
from ambra_tui.services import errands, orders, returns, shipping
from ambra_tui.services.orders import NewOrderLine
from ambra_tui.services.shipping import NewPackage, NewShipment, PackedItem, simulated
from ambra_tui.store import Store
from ambra_tui.store.models import Errand, Organization, OutboxEvent, SalesOrder, Shipment, SiteStock, Variant
from ambra_tui.store.scope import now_of, organization_of, scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
Write = Callable[[Callable[[Session], Any]], Any]
NEW_YORK = {"name": "Acme", "line1": "1 Broadway", "city": "New York", "state": "NY", "zip": "10004", "country": "US"}
BEVERLY = {
    "name": "Jane",
    "line1": "9 Rodeo Dr",
    "city": "Beverly Hills",
    "state": "CA",
    "zip": "90210",
    "country": "US",
}


@pytest.fixture
def house(write: Write) -> factories.Warehouse:
    def work(session: Session) -> factories.Warehouse:
        made = factories.warehouse(session)
        made.site.address = dict(NEW_YORK)
        session.add(made.site)
        return made

    return write(work)


@pytest.fixture
def milk(write: Write, house: factories.Warehouse) -> Variant:
    def work(session: Session) -> Variant:
        variant = factories.variant(session, sku="MILK-1L", price_minor=120)
        factories.stock(session, variant, house.bin, 20)
        return variant

    return write(work)


def make(session: Session, house: factories.Warehouse, *lines: tuple[Variant, int]) -> SalesOrder:
    new = [NewOrderLine(variant.id, Decimal(quantity)) for variant, quantity in lines]
    order = orders.create_order(
        session, site_id=house.site.id, lines=new, customer={"name": "Jane", "address": BEVERLY}
    )
    return orders.reserve_order(session, order)


def stock(session: Session, house: factories.Warehouse, variant: Variant) -> tuple[int, int]:
    row = session.get(SiteStock, (organization_of(session), variant.id, house.site.id))
    assert row is not None
    session.refresh(row)
    return int(row.on_hand), int(row.reserved)


def facts(session: Session, subject: str) -> list[str]:
    statement = select(OutboxEvent.type).where(
        OutboxEvent.organization_id == organization_of(session), OutboxEvent.subject == subject
    )
    return list(session.exec(statement.order_by(col(OutboxEvent.id))))


def test_a_shipment_is_packed_labelled_handed_over_and_taken_back(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    def work(session: Session) -> None:
        order = make(session, house, (milk, 6))
        line = orders.lines_of(session, order.id)[0]
        shipment = shipping.open_shipment(session, order)
        assert shipping.open_shipment(session, order).id == shipment.id
        first, second = (shipping.add_package(session, shipment) for _ in range(2))
        content = shipping.add_content(session, first, line_id=line.id, quantity=Decimal(3))
        assert shipping.add_content(session, first, line_id=line.id, quantity=Decimal(1)).id == content.id
        shipping.remove_content(session, content, Decimal(1))
        shipping.add_content(session, second, line_id=line.id, quantity=Decimal(2))
        assert shipping.left_to_pack(session, order) == {line.id: Decimal(1)}
        with pytest.raises(Invalid, match="1 are left to pack"):
            shipping.add_content(session, second, line_id=line.id, quantity=Decimal(2))
        sides = (Decimal(12), Decimal(8), Decimal(6))
        shipping.close_package(session, first, weight=Decimal("2.5"), weight_unit="lb", size=sides, size_unit="in")
        with pytest.raises(WrongState, match="closed"):
            shipping.add_content(session, first, line_id=line.id, quantity=Decimal(1))
        with pytest.raises(Invalid, match="not weighed"):
            shipping.options_for(session, shipment)
        shipping.close_package(session, second, weight=Decimal(1), weight_unit="kg")
        quote = shipping.options_for(session, shipment)
        assert [option.cost for option in quote.options] == sorted(option.cost for option in quote.options)
        with pytest.raises(Invalid, match="no carrier"):
            shipping.make_label(session, shipment, carrier="pigeon", service="ground")
        with pytest.raises(Invalid, match="no service"):
            shipping.make_label(session, shipment, carrier="ups", service="pigeon")
        shipping.make_label(session, shipment, carrier="ups", service="ground")
        numbers = [package.tracking_number for package in shipping.packages_of(session, shipment.id)]
        assert len(set(numbers)) == 2 and all(carrier_named("ups").is_number(number) for number in numbers)
        option = next(each for each in quote.options if (each.carrier, each.service) == ("ups", "ground"))
        assert (shipment.cost_minor, shipment.estimated_on) == (option.cost_minor, option.estimated_on)
        shipping.void_label(session, shipment)
        assert shipment.status == "packing" and not shipping.events_of(session, shipment.id)
        shipping.make_label(session, shipment, carrier="usps", service="priority")
        for label in shipping.labels_of_shipment(session, shipment):
            draw_checked(label, PARCEL_STOCK, dpi=203)
        assert stock(session, house, milk) == (20, 6)
        fulfilled = shipping.hand_over(session, shipment)
        assert [posted.quantity for posted in fulfilled.posted] == [Decimal(5)]
        assert stock(session, house, milk) == (15, 1) and order.fulfillment_status == "partial"
        for number, move_id in enumerate(reversed(shipping.moves_of(shipment))):
            ledger.reverse(session, move_id, idempotency_key=f"undo:{number}")
        shipping.take_back(session, shipment)
        assert shipment.left_at is None and stock(session, house, milk) == (20, 6)
        assert order.fulfillment_status == "unfulfilled" and order.status == "allocated"
        shipping.hand_over(session, shipment)
        shipping.cancel_shipment(session, shipment)
        assert shipment.status == "cancelled" and stock(session, house, milk) == (20, 6)
        assert shipping.left_to_pack(session, order) == {line.id: Decimal(6)}
        assert facts(session, shipment.id).count("shipment_cancelled") == 1

    write(work)


def test_a_shipment_of_which_something_comes_back_is_not_cancelled(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    """Else the same goods would come back into the stock twice."""

    def work(session: Session) -> None:
        order = make(session, house, (milk, 3))
        shipment = shipping.create_shipment(session, order, NewShipment(carrier="ups", service="ground"))
        back = [returns.NewReturnLine(milk.id, Decimal(1))]
        asked = returns.create_return(session, order_id=order.id, reason="sour", lines=back)
        with pytest.raises(Conflict, match=f"return {asked.number}"):
            shipping.cancel_shipment(session, shipment)
        returns.cancel_return(session, asked)
        assert shipping.cancel_shipment(session, shipment).status == "cancelled"
        assert stock(session, house, milk) == (20, 3)

    write(work)


@pytest.mark.parametrize("cancel", [shipping.cancel_order, shipping.cancel_in_shop])
def test_parcels_that_have_not_left_are_given_up_with_their_order(
    write: Write, house: factories.Warehouse, milk: Variant, cancel: Callable[..., SalesOrder]
) -> None:
    def packed(session: Session, order: SalesOrder, quantity: int) -> Shipment:
        shipment = shipping.open_shipment(session, order)
        package = shipping.add_package(session, shipment)
        line = orders.lines_of(session, order.id)[0]
        shipping.add_content(session, package, line_id=line.id, quantity=Decimal(quantity))
        shipping.close_package(session, package, weight=Decimal(1), weight_unit="kg")
        return shipment

    def work(session: Session) -> None:
        order = make(session, house, (milk, 6))
        labelled = packed(session, order, 2)
        shipping.make_label(session, labelled, carrier="usps", service="priority")
        packing = packed(session, order, 3)
        assert labelled.id != packing.id and stock(session, house, milk) == (20, 6)
        cancelled = cancel(session, order, reason="out of season", note="Told by telephone")
        assert cancelled.status == "cancelled" and stock(session, house, milk) == (20, 0)
        for shipment in (labelled, packing):
            assert shipment.status == "cancelled"
            assert facts(session, shipment.id).count("shipment_cancelled") == 1
        last = orders.history_of(session, [order.id])[order.id][-1]
        assert (last.status, last.reason, last.note) == ("cancelled", "out of season", "Told by telephone")
        with pytest.raises(WrongState):
            shipping.hand_over(session, labelled)
        gone = make(session, house, (milk, 4))
        left = packed(session, gone, 1)
        shipping.make_label(session, left, carrier="usps", service="priority")
        shipping.hand_over(session, left)
        stays = packed(session, gone, 1)
        with pytest.raises(WrongState), session.begin_nested():
            cancel(session, gone)
        assert (left.status, stays.status, gone.fulfillment_status) == ("created", "packing", "partial")

    write(work)


def test_shipments_in_one_go_may_be_parts_and_never_more_than_is_open(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    def work(session: Session) -> None:
        order = make(session, house, (milk, 5))
        line = orders.lines_of(session, order.id)[0]

        def ship(*items: PackedItem) -> Shipment:
            package = NewPackage(Decimal(2), "lb", items=items)
            with session.begin_nested():
                return shipping.create_shipment(session, order, NewShipment("fedex", "ground", [package]))

        ship(PackedItem(Decimal(2), sku="MILK-1L"))
        assert order.fulfillment_status == "partial" and stock(session, house, milk) == (18, 3)
        with pytest.raises(Invalid, match="3 are left to ship"):
            ship(PackedItem(Decimal(4), line_id=line.id))
        with pytest.raises(Invalid, match="not an item"):
            ship(PackedItem(Decimal(1), sku="BREAD"))

    write(work)

    def rest(session: Session) -> None:
        order = session.exec(select(SalesOrder).where(SalesOrder.organization_id == organization_of(session))).one()
        shipment = shipping.create_shipment(session, order, NewShipment("fedex", "ground"))
        assert shipment.cost_minor is None, "nobody weighed it"
        assert (order.status, order.fulfillment_status) == ("shipped", "fulfilled")
        with pytest.raises(WrongState):
            shipping.create_shipment(session, order, NewShipment("fedex", "ground"))

    write(rest)


def test_tracking_goes_by_the_time_of_events_and_delivers_the_order_with_its_last_shipment(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    def work(session: Session) -> None:
        order = make(session, house, (milk, 2))
        one = NewPackage(Decimal(1), items=[PackedItem(Decimal(1), sku="MILK-1L")])
        first = shipping.create_shipment(session, order, NewShipment("ups", "ground", [one]))
        second = shipping.create_shipment(session, order, NewShipment("ups", "ground", [one]))
        now = now_of(session)
        late, early = now - timedelta(minutes=1), now - timedelta(minutes=9)
        event = shipping.add_event(session, first, status="out_for_delivery", happened_at=late, location="LA, CA")
        again = shipping.add_event(session, first, status="out_for_delivery", happened_at=late, location="LA, CA")
        assert again.id == event.id
        shipping.add_event(session, first, status="in_transit", happened_at=early, location="Memphis, TN")
        assert first.status == "out_for_delivery", "what happened earlier does not set it back"
        assert [each.status for each in shipping.events_of(session, first.id)][:2] == ["in_transit", "out_for_delivery"]
        with pytest.raises(WrongState, match="out for delivery"):
            shipping.cancel_shipment(session, first)
        with pytest.raises(Invalid, match="future"):
            shipping.add_event(session, first, status="delivered", happened_at=now + timedelta(days=1))
        shipping.add_event(session, first, status="delivered")
        assert first.status == "delivered" and order.status == "shipped"
        shipping.add_event(session, second, status="delivered")
        assert order.status == "delivered"
        shipping.add_event(session, first, status="exception", happened_at=late)
        assert first.status == "delivered"
        told = facts(session, first.id)
        assert told.count("shipment_in_transit") == told.count("shipment_delivered") == 1
        assert told.index("shipment_created") < told.index("shipment_in_transit") < told.index("shipment_delivered")

    write(work)


def test_a_label_carries_any_address_and_is_drawn_for_every_carrier(
    write: Write, house: factories.Warehouse, milk: Variant, tmp_path: Path
) -> None:
    def work(session: Session) -> None:
        long = {
            **BEVERLY,
            "name": "Ekaterina " * 20,
            "company": "株式会社アンブラ",
            "line1": "W" * 240,
            "line2": "Ω" * 200,
        }
        far = {**long, "country": "JP", "zip": "100-0001"}
        for carrier, service, to in (("dhl", "express", far), ("usps", "express", long)):
            order = make(session, house, (milk, 1))
            wanted = NewShipment(carrier, service, ship_to=shipping.read_address(to, field="ship_to"))
            shipment = shipping.create_shipment(session, order, wanted)
            label = shipping.labels_of_shipment(session, shipment)[0]
            assert label_from_json(json.loads(json.dumps(label_to_json(label)))) == label, "a reprint is the same label"
            send(parse_printer(f"file://{tmp_path}/?sheet=57x32"), "job_1", label.title, [label])
            with pypdfium2.PdfDocument(next(tmp_path.glob(f"{label.title}*.pdf"))) as document:
                assert [round(side) for side in document[0].get_size()] == [288, 432], "four by six inches on any roll"
            drawing = draw_checked(label, PARCEL_STOCK, dpi=203 if carrier == "dhl" else 300)
            shown = "".join(mark.setting.text for mark in drawing.marks if hasattr(mark, "setting"))
            assert shown.count("W") >= 240 and "…" not in shown

    write(work)


def test_a_sandbox_plays_the_carrier_and_a_live_organization_does_not(
    write: Write, house: factories.Warehouse, milk: Variant, store: Store, organization_id: int
) -> None:
    def send(session: Session) -> str:
        order = make(session, house, (milk, 1))
        return shipping.create_shipment(session, order, NewShipment("ups", "ground")).id

    def waiting(session: Session) -> list[tuple[str, str, timedelta]]:
        rows = session.exec(scoped(session, Errand).where(Errand.kind == simulated.STEP).order_by(col(Errand.id)))
        return [(row.id, row.details["status"], row.next_attempt_at - row.created_at) for row in rows]

    write(send)
    assert write(waiting) == [], "nobody plays for live keys"

    live_id = factories.organization(store, "Live")

    def become_sandbox(session: Session) -> None:
        own = session.get(Organization, organization_id)
        assert own is not None
        own.sandbox_of = live_id
        session.add(own)

    store.writer.run(become_sandbox, organization_id=None, actor=factories.TESTER)
    shipment_id = write(send)
    found = write(waiting)
    assert [(status, after.total_seconds()) for _, status, after in found] == [
        ("in_transit", 60), ("out_for_delivery", 120), ("delivered", 180),
    ]  # fmt: skip
    for errand_id, _, _ in found:
        assert errands.run(store, organization_id, errand_id)

    def state(session: Session) -> tuple[str, list[str]]:
        events = shipping.events_of(session, shipment_id)
        return shipping.get_shipment(session, shipment_id).status, [event.status for event in events]

    assert write(state) == ("delivered", ["created", "in_transit", "out_for_delivery", "delivered"])


def test_what_leaves_are_the_lots_that_lie_in_the_package(
    write: Write, house: factories.Warehouse, milk: Variant
) -> None:
    def work(session: Session) -> None:
        cheese = factories.variant(session, sku="CHEESE", is_lot_tracked=True)
        early = factories.lot(session, cheese, number="EARLY", expiry=date(2027, 1, 1))
        late = factories.lot(session, cheese, number="LATE", expiry=date(2027, 6, 1))
        for lot in (early, late):
            factories.stock(session, cheese, house.bin, 5, lot=lot)
        order = make(session, house, (cheese, 4))
        line = orders.lines_of(session, order.id)[0]
        for lot in (early, late):
            ledger.allocate(
                session, location_id=house.bin.id, variant_id=cheese.id, quantity=Decimal(2), line_id=line.id,
                document_kind="sales_order", document_id=order.id, lot_id=lot.id,
            )  # fmt: skip
        shipment = shipping.open_shipment(session, order)
        package = shipping.add_package(session, shipment)
        shipping.add_content(session, package, line_id=line.id, quantity=Decimal(2), lot_id=late.id)
        shipping.close_package(session, package, weight=Decimal(1))
        shipping.make_label(session, shipment, carrier="fedex", service="2day")
        fulfilled = shipping.hand_over(session, shipment)
        assert [(part.lot_id, part.quantity) for part in fulfilled.parts] == [(late.id, Decimal(2))]

    write(work)
