"""Purchase orders: what may be received, what it changes, how an order ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, Invalid, NotAllowed, NotFound, WrongState
from ambra_tui.services import purchasing
from ambra_tui.services.lots import ExpiryDiffers, find_lot
from ambra_tui.services.purchasing import NewPurchaseLine, OverReceipt, ReceiptItem
from ambra_tui.services.receiving import DuplicateSerial
from ambra_tui.store.models import (
    AuditEntry,
    Discrepancy,
    Location,
    OutboxEvent,
    PurchaseOrder,
    SiteStock,
    StockLevel,
    StockMove,
    Variant,
)
from ambra_tui.store.scope import organization_of, scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
Write = Callable[[Callable[[Session], Any]], Any]
MILK_EXPIRY = date(2026, 7, 15)


def _order(session: Session, *lines: tuple[Variant, int], number: str = "PO-1", **values: Any) -> PurchaseOrder:
    house = factories.warehouse(session)
    vendor = factories.supplier(session)
    return purchasing.create_purchase_order(
        session,
        supplier_id=vendor.id,
        site_id=house.site.id,
        lines=[NewPurchaseLine(variant.id, Decimal(quantity), **values) for variant, quantity in lines],
        number=number,
    )


def _moves(session: Session) -> list[StockMove]:
    statement = select(StockMove).where(StockMove.organization_id == organization_of(session))
    return list(session.exec(statement.order_by(StockMove.sequence)).all())


def _received(session: Session, order: PurchaseOrder) -> list[Decimal]:
    return [line.received for line in purchasing.lines_of(session, order.id)]


# --- made -----------------------------------------------------------------------------------------------------------


def test_an_order_keeps_its_number_and_its_lines(write: Write) -> None:
    def work(session: Session) -> None:
        milk, bolt = factories.variant(session), factories.variant(session, sku="BOLT-M8")
        order = _order(session, (milk, 120), (bolt, 1000), (milk, 5), number="PO-1001")
        assert (order.number, order.status) == ("PO-1001", "ordered")
        lines = purchasing.lines_of(session, order.id)
        assert [(line.position, line.variant_id, line.quantity) for line in lines] == [
            (1, milk.id, Decimal(120)),
            (2, bolt.id, Decimal(1000)),
            (3, milk.id, Decimal(5)),
        ]
        assert purchasing.find_purchase_order(session, " po-1001 ") is order

    write(work)


def test_numbers_are_given_and_jump_over_taken_ones(write: Write) -> None:
    def work(session: Session) -> None:
        milk = factories.variant(session)
        house, vendor = factories.warehouse(session), factories.supplier(session)
        numbers = [
            purchasing.create_purchase_order(
                session,
                supplier_id=vendor.id,
                site_id=house.site.id,
                lines=[NewPurchaseLine(milk.id, Decimal(1))],
                number=number,
            ).number
            for number in (None, "PO-000002", None)
        ]
        assert numbers == ["PO-000001", "PO-000002", "PO-000003"]

    write(work)


def test_a_taken_number_is_refused(write: Write) -> None:
    milk_id = write(
        lambda s: (_order(s, (factories.variant(s), 1), number="PO-7"), factories.variant(s, sku="B"))[1].id
    )

    def again(session: Session) -> None:
        order = purchasing.find_purchase_order(session, "PO-7")
        assert order is not None
        with pytest.raises(Duplicate):
            purchasing.create_purchase_order(
                session,
                supplier_id=order.supplier_id,
                site_id=order.site_id,
                lines=[NewPurchaseLine(milk_id, Decimal(1))],
                number="po-7",
            )

    write(again)


def test_what_cannot_be_ordered_is_refused_by_field(write: Write) -> None:
    def work(session: Session) -> None:
        milk = factories.variant(session)
        house, vendor = factories.warehouse(session), factories.supplier(session)

        def make(*lines: NewPurchaseLine, supplier_id: str = vendor.id, site_id: str = house.site.id) -> None:
            purchasing.create_purchase_order(session, supplier_id=supplier_id, site_id=site_id, lines=lines)

        for bad in (
            NewPurchaseLine(milk.id, Decimal(0)),
            NewPurchaseLine(milk.id, Decimal(-1)),
            NewPurchaseLine(milk.id, Decimal("0.0000001")),
            NewPurchaseLine(milk.id, Decimal(1), unit_cost=-1),
            NewPurchaseLine(milk.id, Decimal(1), tolerance_percent=Decimal(-1)),
        ):
            with pytest.raises(Invalid) as refusal:
                make(bad)
            assert refusal.value.field.startswith("items[0].")
        with pytest.raises(Invalid):
            make()
        with pytest.raises(NotFound):
            make(NewPurchaseLine("var_none", Decimal(1)))
        with pytest.raises(NotFound):
            make(NewPurchaseLine(milk.id, Decimal(1)), supplier_id="sup_none")
        market = factories.site(session, code="FBA1", kind="fba", is_read_only=True)
        with pytest.raises(NotAllowed):
            make(NewPurchaseLine(milk.id, Decimal(1)), site_id=market.id)

    write(work)


# --- received -------------------------------------------------------------------------------------------------------


def test_receiving_everything_posts_at_the_dock_at_cost(write: Write) -> None:
    def work(session: Session) -> None:
        milk, bolt = factories.variant(session), factories.variant(session, sku="BOLT-M8")
        order = _order(session, (milk, 120), (bolt, 1000), unit_cost=250_000)
        purchasing.receive_order(session, order, idempotency_key="r-1")
        assert order.status == "received"
        moves = _moves(session)
        assert [(m.kind, m.variant_id, m.quantity, m.unit_cost) for m in moves] == [
            ("purchase_received", milk.id, Decimal(120), 250_000),
            ("purchase_received", bolt.id, Decimal(1000), 250_000),
        ]
        assert {m.origin_id for m in moves} == {order.id}
        stock = session.get(SiteStock, (organization_of(session), milk.id, order.site_id))
        assert stock is not None
        assert (stock.on_hand, stock.average_cost) == (Decimal(120), 250_000)

    write(work)


def test_a_part_makes_the_order_partially_received_and_the_rest_closes_it(write: Write) -> None:
    def work(session: Session) -> None:
        milk, bolt = factories.variant(session), factories.variant(session, sku="BOLT-M8")
        order = _order(session, (milk, 10), (bolt, 5))
        purchasing.receive_order(session, order, [ReceiptItem(sku="MILK-1L", quantity=Decimal(4))], idempotency_key="a")
        assert (order.status, _received(session, order)) == ("partially_received", [Decimal(4), Decimal(0)])
        purchasing.receive_order(session, order, idempotency_key="b")
        assert (order.status, _received(session, order)) == ("received", [Decimal(10), Decimal(5)])
        with pytest.raises(WrongState):
            purchasing.receive_order(session, order, idempotency_key="c")

    write(work)


def test_a_receipt_repeated_with_its_key_changes_nothing(write: Write) -> None:
    def work(session: Session) -> None:
        milk = factories.variant(session)
        order = _order(session, (milk, 10))
        items = [ReceiptItem(variant_id=milk.id, quantity=Decimal(4))]
        first = purchasing.receive_order(session, order, items, idempotency_key="same")
        again = purchasing.receive_order(session, order, items, idempotency_key="same")
        assert [p.id for p in again] == [p.id for p in first]
        assert all(p.repeated for p in again)
        assert _received(session, order) == [Decimal(4)]
        assert len(_moves(session)) == 1

    write(work)


def test_a_line_repeated_with_its_key_counts_once_even_when_it_is_full(write: Write) -> None:
    def work(session: Session) -> None:
        order = _order(session, (factories.variant(session), 10))
        line = purchasing.lines_of(session, order.id)[0]
        dock = ledger.receiving_location(
            session, site_id=order.site_id, variant=session.get(Variant, (line.organization_id, line.variant_id))
        )
        for _ in range(2):
            purchasing.receive_line(
                session, line=line, quantity=Decimal(10), location_id=dock.id, idempotency_key="once"
            )
        assert _received(session, order) == [Decimal(10)]
        assert len(_moves(session)) == 1

    write(work)


@pytest.mark.parametrize(("line_percent", "item_percent", "most"), [(None, None, 100), (5, 50, 105), (None, 5, 105)])
def test_the_tolerance_is_the_lines_else_the_items_else_none(
    write: Write, line_percent: int | None, item_percent: int | None, most: int
) -> None:
    def work(session: Session) -> None:
        milk = factories.variant(session, receipt_tolerance_percent=item_percent and Decimal(item_percent))
        order = _order(session, (milk, 100), tolerance_percent=line_percent and Decimal(line_percent))
        with pytest.raises(OverReceipt) as refusal:
            items = [ReceiptItem(variant_id=milk.id, quantity=Decimal(most + 1))]
            purchasing.receive_order(session, order, items, idempotency_key="over")
        assert refusal.value.overs[0].maximum == most
        assert _moves(session) == []
        items = [ReceiptItem(variant_id=milk.id, quantity=Decimal(most))]
        purchasing.receive_order(session, order, items, idempotency_key="most")
        assert (order.status, _received(session, order)) == ("received", [Decimal(most)])

    write(work)


def test_every_line_that_is_over_is_named_and_nothing_is_posted(write: Write) -> None:
    def work(session: Session) -> None:
        milk, bolt, glove = (factories.variant(session, sku=sku) for sku in ("MILK", "BOLT", "GLOVE"))
        order = _order(session, (milk, 1), (bolt, 1), (glove, 1))
        items = [
            ReceiptItem(sku=sku, quantity=Decimal(2 if sku != "GLOVE" else 1)) for sku in ("MILK", "GLOVE", "BOLT")
        ]
        with pytest.raises(OverReceipt) as refusal:
            purchasing.receive_order(session, order, items, idempotency_key="k")
        assert {over.sku for over in refusal.value.overs} == {"MILK", "BOLT"}
        assert _moves(session) == []

    write(work)


def test_an_item_on_two_lines_fills_the_first_then_the_second(write: Write) -> None:
    def work(session: Session) -> None:
        milk = factories.variant(session)
        order = _order(session, (milk, 10), (milk, 5))
        dock = ledger.receiving_location(session, site_id=order.site_id, variant=milk)
        for number, quantity in enumerate((8, 4)):
            purchasing.receive_variant(
                session,
                order=order,
                variant_id=milk.id,
                quantity=Decimal(quantity),
                location_id=dock.id,
                idempotency_key=f"k{number}",
            )
        assert _received(session, order) == [Decimal(10), Decimal(2)]
        with pytest.raises(OverReceipt) as refusal:
            purchasing.receive_variant(
                session, order=order, variant_id=milk.id, quantity=Decimal(4), location_id=dock.id, idempotency_key="x"
            )
        assert refusal.value.overs[0].maximum == 3

    write(work)


def test_a_lot_comes_in_with_its_expiry_and_another_date_is_refused(write: Write) -> None:
    def work(session: Session) -> None:
        milk = factories.variant(session, is_lot_tracked=True, is_expiry_tracked=True)
        order = _order(session, (milk, 20))
        item = ReceiptItem(variant_id=milk.id, quantity=Decimal(4), lot_number="M130", expiry_date=MILK_EXPIRY)
        purchasing.receive_order(session, order, [item], idempotency_key="a")
        lot = find_lot(session, milk.id, "M130")
        assert lot is not None
        assert (lot.expiry_date, lot.quantity_initial) == (MILK_EXPIRY, Decimal(4))
        other = ReceiptItem(variant_id=milk.id, quantity=Decimal(4), lot_number="M130", expiry_date=date(2026, 8, 1))
        with pytest.raises(ExpiryDiffers):
            purchasing.receive_order(session, order, [other], idempotency_key="b")
        bare = ReceiptItem(variant_id=milk.id, quantity=Decimal(4), lot_number="M130")
        purchasing.receive_order(session, order, [bare], idempotency_key="c")
        session.refresh(lot)
        assert lot.expiry_date == MILK_EXPIRY
        unnamed = ReceiptItem(variant_id=milk.id, quantity=Decimal(1))
        purchasing.receive_order(session, order, [unnamed], idempotency_key="d")
        assert _moves(session)[-1].lot_id == ""

    write(work)


def test_serials_come_in_one_by_one_and_never_twice(write: Write) -> None:
    def work(session: Session) -> None:
        phone = factories.variant(session, sku="PHONE-X", is_serial_tracked=True)
        order = _order(session, (phone, 3))
        item = ReceiptItem(variant_id=phone.id, serials=("SN1", "SN2"))
        purchasing.receive_order(session, order, [item], idempotency_key="a")
        assert [(m.serial, m.quantity) for m in _moves(session)] == [("SN1", Decimal(1)), ("SN2", Decimal(1))]
        with pytest.raises(DuplicateSerial) as refusal:
            again = ReceiptItem(variant_id=phone.id, serials=("SN2",))
            purchasing.receive_order(session, order, [again], idempotency_key="b")
        assert refusal.value.location.code == "RECV"
        for serials in (("SN3", "SN3"), ("SN3", "SN4", "SN5")):
            with pytest.raises((Invalid, OverReceipt)):
                item = ReceiptItem(variant_id=phone.id, serials=serials)
                purchasing.receive_order(session, order, [item], idempotency_key="c")

    write(work)


def test_a_place_of_another_site_or_an_unknown_line_is_refused(write: Write) -> None:
    def work(session: Session) -> None:
        milk, bolt = factories.variant(session), factories.variant(session, sku="BOLT-M8")
        order = _order(session, (milk, 20))
        elsewhere = factories.warehouse(session, code="WH2")
        for item in (
            ReceiptItem(variant_id=milk.id, quantity=Decimal(1), location_id=elsewhere.dock.id),
            ReceiptItem(variant_id=bolt.id, quantity=Decimal(1)),
            ReceiptItem(quantity=Decimal(1)),
            ReceiptItem(line_id="pol_none"),
            ReceiptItem(variant_id=milk.id, quantity=Decimal(1), expiry_date=MILK_EXPIRY),
            ReceiptItem(variant_id=milk.id, serials=("S1",)),
        ):
            with pytest.raises(Invalid):
                purchasing.receive_order(session, order, [item], idempotency_key="k")
        at_site = ReceiptItem(variant_id=milk.id, quantity=Decimal(1), location_id=order.site_id)
        purchasing.receive_order(session, order, [at_site], idempotency_key="k")
        assert _moves(session)[-1].destination_id == write_dock(session, order)

    def write_dock(session: Session, order: PurchaseOrder) -> str:
        milk = session.exec(scoped(session, Variant).where(Variant.sku == "MILK-1L")).one()
        return ledger.receiving_location(session, site_id=order.site_id, variant=milk).id

    write(work)


def test_damaged_units_count_as_received_but_are_held(write: Write) -> None:
    def work(session: Session) -> None:
        paint = factories.variant(session, sku="PAINT-5L")
        order = _order(session, (paint, 20))
        line = purchasing.lines_of(session, order.id)[0]
        quarantine = scoped(session, Location)
        held = next(row for row in session.exec(quarantine).all() if row.kind == "quarantine")
        purchasing.receive_line(
            session,
            line=line,
            quantity=Decimal(1),
            location_id=held.id,
            idempotency_key="k",
            reason=purchasing.DAMAGED,
        )
        stock = session.get(SiteStock, (organization_of(session), paint.id, order.site_id))
        assert stock is not None
        assert (stock.on_hand, stock.held, _received(session, order)) == (Decimal(1), Decimal(1), [Decimal(1)])

    write(work)


def test_a_receipt_taken_back_opens_its_line_again(write: Write) -> None:
    def work(session: Session) -> None:
        milk = factories.variant(session)
        order = _order(session, (milk, 10))
        posted = purchasing.receive_order(session, order, idempotency_key="a")
        assert order.status == "received"
        for _ in range(2):
            purchasing.take_back(session, move_id=posted[0].id, idempotency_key="undo")
        assert (order.status, _received(session, order)) == ("ordered", [Decimal(0)])
        levels = session.exec(scoped(session, StockLevel)).all()
        assert [level.on_hand for level in levels] == [Decimal(0)]
        with pytest.raises(NotFound):
            purchasing.take_back(session, move_id="mov_none", idempotency_key="x")

    write(work)


# --- ended ----------------------------------------------------------------------------------------------------------


def test_closing_short_needs_a_reason_and_leaves_a_discrepancy_a_line(write: Write) -> None:
    def work(session: Session) -> None:
        paint, bolt = factories.variant(session, sku="PAINT-5L"), factories.variant(session, sku="BOLT-M8")
        order = _order(session, (paint, 20), (bolt, 5))
        items = [ReceiptItem(sku="PAINT-5L", quantity=Decimal(18)), ReceiptItem(sku="BOLT-M8", quantity=Decimal(5))]
        with pytest.raises(WrongState):
            purchasing.close_short(session, order, reason="SHORT")
        purchasing.receive_order(session, order, items[:1], idempotency_key="a")
        with pytest.raises(Invalid):
            purchasing.close_short(session, order, reason=" ")
        purchasing.receive_order(session, order, items[1:], idempotency_key="b")
        purchasing.close_short(session, order, reason="SHORT")
        assert (order.status, order.close_reason) == ("received", "SHORT")
        rows = session.exec(scoped(session, Discrepancy)).all()
        assert [(r.kind, r.variant_id, r.quantity, r.reason, r.status) for r in rows] == [
            ("short_receipt", paint.id, Decimal(2), "SHORT", "open")
        ]
        with pytest.raises(WrongState):
            purchasing.close_short(session, order, reason="SHORT")
        with pytest.raises(WrongState):
            line = purchasing.lines_of(session, order.id)[0]
            dock = _moves(session)[0].destination_id
            purchasing.receive_line(session, line=line, quantity=Decimal(1), location_id=dock, idempotency_key="late")
        acts = session.exec(select(AuditEntry.act).where(AuditEntry.organization_id == organization_of(session))).all()
        assert "purchase_order_closed_short" in acts

    write(work)


def test_a_draft_is_ordered_before_it_is_received_and_may_be_cancelled(write: Write) -> None:
    def work(session: Session) -> None:
        milk = factories.variant(session)
        house, vendor = factories.warehouse(session), factories.supplier(session)
        lines = [NewPurchaseLine(milk.id, Decimal(2))]
        draft, other = (
            purchasing.create_purchase_order(
                session, supplier_id=vendor.id, site_id=house.site.id, lines=lines, is_draft=True
            )
            for _ in range(2)
        )
        with pytest.raises(WrongState):
            purchasing.receive_order(session, draft, idempotency_key="a")
        purchasing.place_order(session, draft)
        with pytest.raises(WrongState):
            purchasing.place_order(session, draft)
        part = [ReceiptItem(variant_id=milk.id, quantity=Decimal(1))]
        purchasing.receive_order(session, draft, part, idempotency_key="b")
        with pytest.raises(WrongState):
            purchasing.cancel_purchase_order(session, draft)
        purchasing.cancel_purchase_order(session, other, reason="wrong supplier")
        assert (other.status, other.close_reason) == ("cancelled", "wrong supplier")
        with pytest.raises(WrongState):
            purchasing.receive_order(session, other, idempotency_key="c")

    write(work)


def test_lists_filter_by_state_supplier_and_site(write: Write) -> None:
    def work(session: Session) -> None:
        milk = factories.variant(session)
        house = factories.warehouse(session)
        store = factories.warehouse(session, code="ST1")
        vendors = [factories.supplier(session, name=name) for name in ("One", "Two")]
        for number, (vendor, place) in enumerate(((0, house), (1, house), (1, store)), start=1):
            purchasing.create_purchase_order(
                session,
                supplier_id=vendors[vendor].id,
                site_id=place.site.id,
                lines=[NewPurchaseLine(milk.id, Decimal(1))],
                number=f"PO-{number}",
            )
        first = purchasing.find_purchase_order(session, "PO-1")
        assert first is not None
        purchasing.receive_order(session, first, idempotency_key="k")

        def numbers(**filters: Any) -> set[str]:
            return {order.number for order in session.exec(purchasing.list_purchase_orders(session, **filters)).all()}

        assert numbers() == {"PO-1", "PO-2", "PO-3"}
        assert numbers(status="received") == {"PO-1"}
        assert numbers(supplier_id=vendors[1].id) == {"PO-2", "PO-3"}
        assert numbers(site_id=store.site.id) == {"PO-3"}
        with pytest.raises(Invalid):
            numbers(status="lost")
        assert [order.number for order in purchasing.expected_orders(session, house.site.id)] == ["PO-2"]

    write(work)


def test_states_are_told_to_the_outbox(write: Write) -> None:
    def work(session: Session) -> None:
        order = _order(session, (factories.variant(session), 1))
        purchasing.receive_order(session, order, idempotency_key="k")
        events = session.exec(select(OutboxEvent).where(OutboxEvent.organization_id == organization_of(session))).all()
        told = [event.payload["status"] for event in events if event.type.startswith("purchase_order")]
        assert told == ["ordered", "received"]

    write(work)
