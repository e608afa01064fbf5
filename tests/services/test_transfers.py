"""Transfers between sites: shipped, received, what is missing, taken back (FLOOR E1, P7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select

from ambra_tui.errors import Duplicate, InsufficientStock, Invalid, NotAllowed, WrongState
from ambra_tui.ledger import MoveKind, Posting, post
from ambra_tui.services import receiving, transfers
from ambra_tui.services.acts import _trail
from ambra_tui.services.moves import content_of, level_in
from ambra_tui.services.transfers import Arrival, NewTransferLine
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store
from ambra_tui.store.models import Discrepancy, SiteStock, StockLevel, StockMove
from ambra_tui.store.scope import organization_of, scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")


@dataclass
class Trade:
    """Two sites, milk of one lot and gloves in the first, and a transfer of both to the second."""

    house: factories.Warehouse
    shop: factories.Warehouse
    milk: Any
    glove: Any
    lot: Any
    transfer: Any


def trade(session: Any) -> Trade:
    house, shop = factories.warehouse(session), factories.warehouse(session, "ST1")
    milk, glove = factories.variant(session, is_lot_tracked=True), factories.variant(session, sku="GLOVE-L")
    lot = factories.lot(session, milk, number="C7", expiry=date(2030, 1, 1))
    factories.stock(session, milk, house.bin, 48, lot=lot, unit_cost=120)
    factories.stock(session, glove, house.bin, 40, unit_cost=300)
    factories.stock(session, glove, shop.bin, 5, unit_cost=100)
    lines = [NewTransferLine(glove.id, Decimal(10)), NewTransferLine(milk.id, Decimal(24))]
    transfer = transfers.create_transfer(
        session, source_site_id=house.site.id, destination_site_id=shop.site.id, lines=lines, number="TR-1"
    )
    return Trade(house, shop, milk, glove, lot, transfer)


def on_hand(session: Any, variant: Any, site: Any) -> Decimal:
    row = session.get(SiteStock, (organization_of(session), variant.id, site.id), populate_existing=True)
    return Decimal(0) if row is None else row.on_hand


def fresh(session: Any, row: Any) -> Any:
    """The row as it is now."""
    return session.get_one(type(row), (row.organization_id, row.id))


def everywhere(session: Any, variant: Any) -> Decimal:
    """What the sites and the transit hold together."""
    rows = session.exec(scoped(session, StockLevel).where(StockLevel.variant_id == variant.id))
    return sum((row.on_hand for row in rows.all()), Decimal(0))


def moves_of(session: Any, *kinds: MoveKind) -> list[tuple[str, Decimal, str, Any]]:
    statement = select(StockMove).where(
        StockMove.organization_id == organization_of(session), col(StockMove.kind).in_(kinds)
    )
    return [(m.kind, m.quantity, m.lot_id, m.unit_cost) for m in session.exec(statement.order_by(StockMove.sequence))]


def test_p7_what_is_shipped_is_in_transit_until_it_is_received_or_explained(store: Store, write: Any) -> None:
    t = write(trade)
    write(lambda s: transfers.ship(s, t.transfer, idempotency_key="ship"))

    def after_ship(session: Any) -> None:
        assert on_hand(session, t.glove, t.house.site) == 30
        assert on_hand(session, t.milk, t.house.site) == 24
        assert on_hand(session, t.glove, t.shop.site) == 5
        assert everywhere(session, t.glove) == 45
        assert transfers.get_transfer(session, t.transfer.id).status == "in_transit"
        carried = transfers.contents_of(session, t.transfer.id)
        assert sum(transfers.in_transit(row) for row in carried) == 34

    write(after_ship)
    with pytest.raises(transfers.TooMany, match="at most 24"):
        write(lambda s: transfers.take_in(s, t.transfer, [Arrival(t.milk.id, Decimal(25))], idempotency_key="over"))
    arrivals = [Arrival(t.glove.id, Decimal(10)), Arrival(t.milk.id, Decimal(22))]
    missing = write(lambda s: transfers.receive(s, t.transfer, arrivals, idempotency_key="in"))
    assert [(row.kind, row.quantity, row.variant_id) for row in missing] == [("transfer_loss", 2, t.milk.id)]

    def after_receipt(session: Any) -> None:
        assert on_hand(session, t.glove, t.shop.site) == 15
        assert on_hand(session, t.milk, t.shop.site) == 22
        assert moves_of(session, MoveKind.TRANSFER_IN) == [
            ("transfer_in", 10, "", 300),
            ("transfer_in", 22, t.lot.id, 120),
        ]
        assert everywhere(session, t.milk) == 48
        glove = session.get(SiteStock, (organization_of(session), t.glove.id, t.shop.site.id))
        assert glove.average_cost == 233  # (5 x 100 + 10 x 300) / 15: costs travel along

    write(after_receipt)
    loss = write(lambda s: transfers.open_losses(s, site_id=t.shop.site.id)[0])
    write(lambda s: transfers.settle_loss(s, fresh(s, loss), reason="lost", idempotency_key="settle"))
    assert write(lambda s: everywhere(s, t.milk)) == 46
    assert write(lambda s: transfers.open_losses(s, transfer_id=t.transfer.id)) == []
    with pytest.raises(WrongState):
        write(lambda s: transfers.settle_loss(s, fresh(s, loss), reason="found", idempotency_key="again"))
    assert verify_store(store).is_clean


@pytest.mark.parametrize(
    ("reason", "house_milk", "shop_milk", "in_all"),
    [("lost", 24, 22, 46), ("damaged", 24, 22, 46), ("not_sent", 26, 22, 48), ("found", 24, 24, 48)],
)
def test_the_reason_decides_where_the_missing_stock_goes(
    write: Any, reason: str, house_milk: int, shop_milk: int, in_all: int
) -> None:
    t = write(trade)
    write(lambda s: transfers.ship(s, t.transfer, idempotency_key="ship"))
    arrivals = [Arrival(t.glove.id, Decimal(10)), Arrival(t.milk.id, Decimal(22))]
    loss = write(lambda s: transfers.receive(s, t.transfer, arrivals, idempotency_key="in"))[0]
    write(lambda s: transfers.settle_loss(s, fresh(s, loss), reason=reason, idempotency_key="settle"))

    def look(session: Any) -> tuple[Any, ...]:
        return (
            on_hand(session, t.milk, t.house.site),
            on_hand(session, t.milk, t.shop.site),
            everywhere(session, t.milk),
        )

    assert write(look) == (house_milk, shop_milk, in_all)
    assert write(lambda s: s.get(Discrepancy, (organization_of(s), loss.id))).reason == reason


def test_a_transfer_that_cannot_ship_whole_ships_nothing_and_lists_every_short_line(write: Any) -> None:
    t = write(trade)
    lines = [NewTransferLine(t.glove.id, Decimal(41)), NewTransferLine(t.milk.id, Decimal(49))]
    sites = {"source_site_id": t.house.site.id, "destination_site_id": t.shop.site.id}
    second = write(lambda s: transfers.create_transfer(s, lines=lines, **sites))
    assert second.number == "TR-000001"
    with pytest.raises(InsufficientStock) as refused:
        write(lambda s: transfers.ship(s, second, idempotency_key="ship"))
    assert {(s.sku, s.available) for s in refused.value.shortages} == {("GLOVE-L", 40), ("MILK-1L", 48)}
    assert write(lambda s: transfers.get_transfer(s, second.id).status) == "draft"
    assert write(lambda s: moves_of(s, MoveKind.TRANSFER_OUT)) == []


def test_what_was_not_sent_is_an_open_discrepancy_until_somebody_gives_a_reason(store: Store, write: Any) -> None:
    t = write(trade)
    departures = [transfers.Departure(t.milk.id, Decimal(20)), transfers.Departure(t.glove.id, Decimal(0))]
    with pytest.raises(transfers.TooMany, match="at most 24"):
        more = [transfers.Departure(t.milk.id, Decimal(25))]
        write(lambda s: transfers.ship(s, t.transfer, departures=more, idempotency_key="more"))
    write(lambda s: transfers.ship(s, t.transfer, departures=departures, idempotency_key="ship"))

    def open_rows(session: Any) -> list[tuple[Any, ...]]:
        rows = session.exec(receiving.list_exceptions(session, site_id=t.house.site.id)).all()
        return sorted((row.kind, row.quantity, row.variant_id) for row in rows)

    short = "transfer_short"
    assert write(open_rows) == sorted([(short, 10, t.glove.id), (short, 4, t.milk.id)])
    assert write(lambda s: everywhere(s, t.milk)) == 48
    assert write(lambda s: transfers.receive(s, t.transfer, [], idempotency_key="in")) == []
    assert write(lambda s: transfers.open_losses(s, transfer_id=t.transfer.id)) == []  # nothing of it is in transit

    def explain(session: Any) -> None:
        for row in session.exec(receiving.list_exceptions(session)).all():
            receiving.resolve_exception(session, row.id, reason="sold before it was loaded")

    write(explain)
    assert write(open_rows) == [] and verify_store(store).is_clean


def test_a_transfer_that_is_sent_again_lacks_only_what_is_lacking_then(write: Any) -> None:
    t = write(trade)
    half = [transfers.Departure(t.milk.id, Decimal(20))]
    write(lambda s: transfers.ship(s, t.transfer, departures=half, idempotency_key="ship"))
    write(lambda s: transfers.reopen(s, fresh(s, t.transfer), "draft"))
    assert write(lambda s: list(s.exec(receiving.list_exceptions(s)).all())) == []
    write(lambda s: transfers.ship(s, t.transfer, idempotency_key="again"))
    assert write(lambda s: list(s.exec(receiving.list_exceptions(s)).all())) == []


def test_what_orders_were_promised_is_not_shipped(write: Any) -> None:
    from ambra_tui.ledger import ReserveLine, reserve

    t = write(trade)
    line = ReserveLine("l1", t.glove.id, Decimal(35))
    write(lambda s: reserve(s, site_id=t.house.site.id, document_kind="sales_order", document_id="o1", lines=[line]))
    with pytest.raises(InsufficientStock):
        write(lambda s: transfers.ship(s, t.transfer, idempotency_key="ship"))
    assert write(lambda s: on_hand(s, t.milk, t.house.site)) == 48


def test_steps_in_the_wrong_state_are_refused(write: Any) -> None:
    t = write(trade)
    with pytest.raises(WrongState, match="draft"):
        write(lambda s: transfers.receive(s, t.transfer, [], idempotency_key="in"))
    with pytest.raises(Invalid, match="nothing is loaded"):
        write(lambda s: transfers.send(s, t.transfer))
    write(lambda s: transfers.ship(s, t.transfer, idempotency_key="ship"))
    with pytest.raises(WrongState, match="in_transit"):
        write(lambda s: transfers.ship(s, t.transfer, idempotency_key="ship-2"))
    with pytest.raises(WrongState):
        write(lambda s: transfers.cancel_transfer(s, t.transfer))
    assert write(lambda s: transfers.receive(s, t.transfer, [], idempotency_key="in")) == []
    with pytest.raises(WrongState, match="received"):
        write(lambda s: transfers.receive(s, t.transfer, [], idempotency_key="in-2"))


def test_what_a_transfer_cannot_be(write: Any) -> None:
    t = write(trade)
    fba = write(lambda s: factories.site(s, code="FBA", is_read_only=True))
    one = [NewTransferLine(t.glove.id, Decimal(1))]
    sites = {"source_site_id": t.house.site.id, "destination_site_id": t.shop.site.id}

    def make(**values: Any) -> Any:
        return write(lambda s: transfers.create_transfer(s, **{"lines": one, **sites, **values}))

    for values, refusal in (
        ({"lines": []}, Invalid),
        ({"lines": one * 2}, Invalid),
        ({"lines": [NewTransferLine(t.glove.id, Decimal(0))]}, Invalid),
        ({"destination_site_id": t.house.site.id}, Invalid),
        ({"destination_site_id": fba.id}, NotAllowed),
        ({"number": "TR-1"}, Duplicate),
    ):
        with pytest.raises(refusal):
            make(**values)
    assert make().status == "draft"


def test_loading_bit_by_bit_takes_no_more_than_is_to_go(write: Any) -> None:
    t = write(trade)

    def load(quantity: int, key: str) -> Any:
        def work(session: Any) -> Any:
            level = level_in(session, t.house.bin, t.glove)
            content = content_of(level, Decimal(quantity))
            return transfers.load(session, t.transfer, content=content, idempotency_key=key)

        return write(work)

    load(4, "a")
    assert write(lambda s: on_hand(s, t.glove, t.house.site)) == 36
    with pytest.raises(transfers.TooMany, match="at most 6"):
        load(7, "b")
    load(6, "c")
    rows = write(lambda s: transfers.contents_of(s, t.transfer.id))
    assert [(row.shipped, row.unit_cost) for row in rows] == [(10, 300)]
    with pytest.raises(WrongState, match="partly loaded"):
        write(lambda s: transfers.cancel_transfer(s, t.transfer))


def act_of(session: Any, kind: str, transfer: Any, carried: Any, **details: Any) -> Any:
    user = factories.user(session)
    return _trail.record(
        session, user_id=user.id, step=1, station="st-1", site_id=transfer.source_site_id, flow="transfer", kind=kind,
        moves=[each.posted for each in carried], document_kind="stock_transfer", document_id=transfer.id, summary={},
        details={"carried": [[each.content_id, str(each.quantity)] for each in carried], **details},
    )  # fmt: skip


def test_shipping_is_taken_back_as_long_as_nothing_arrived(write: Any) -> None:
    t = write(trade)
    act = write(
        lambda s: act_of(
            s, "transfer_ship", t.transfer, transfers.ship(s, t.transfer, idempotency_key="ship"), sent=True
        )
    )
    write(lambda s: transfers.take_in(s, t.transfer, [Arrival(t.glove.id, Decimal(1))], idempotency_key="in"))
    with pytest.raises(_trail.CannotUndo, match="has arrived"):
        write(lambda s: _trail.undo(s, fresh(s, act), idempotency_key="undo"))
    other = write(trade_again(t))
    again = write(
        lambda s: act_of(s, "transfer_ship", other, transfers.ship(s, other, idempotency_key="ship-2"), sent=True)
    )
    before = write(lambda s: on_hand(s, t.glove, t.house.site))
    write(lambda s: _trail.undo(s, fresh(s, again), idempotency_key="undo-2"))
    assert write(lambda s: on_hand(s, t.glove, t.house.site)) == before + 3
    assert write(lambda s: transfers.get_transfer(s, other.id).status) == "draft"
    assert write(lambda s: transfers.lines_of(s, other.id)[0].shipped) == 0


def trade_again(t: Trade) -> Any:
    return lambda session: transfers.create_transfer(
        session, source_site_id=t.house.site.id, destination_site_id=t.shop.site.id,
        lines=[NewTransferLine(t.glove.id, Decimal(3))],
    )  # fmt: skip


def test_an_ended_receipt_is_taken_back_until_the_missing_stock_is_settled(write: Any) -> None:
    t = write(trade)
    write(lambda s: transfers.ship(s, t.transfer, idempotency_key="ship"))

    def end(session: Any) -> Any:
        carried = transfers.take_in(session, t.transfer, [Arrival(t.milk.id, Decimal(22))], idempotency_key="in")
        transfers.close(session, t.transfer)
        return act_of(session, "transfer_receive", t.transfer, carried, closed=True)

    act = write(end)
    assert len(write(lambda s: transfers.open_losses(s, transfer_id=t.transfer.id))) == 2
    write(lambda s: _trail.undo(s, fresh(s, act), idempotency_key="undo"))
    assert write(lambda s: transfers.open_losses(s, transfer_id=t.transfer.id)) == []
    assert write(lambda s: transfers.get_transfer(s, t.transfer.id).status) == "in_transit"
    assert write(lambda s: on_hand(s, t.milk, t.shop.site)) == 0
    second = write(lambda s: end_again(s, t))
    loss = write(lambda s: transfers.open_losses(s, transfer_id=t.transfer.id)[0])
    settled = write(lambda s: settle(s, t, loss))
    with pytest.raises(_trail.CannotUndo, match="settled"):
        write(lambda s: _trail.undo(s, fresh(s, second), idempotency_key="undo-2"))
    write(lambda s: _trail.undo(s, fresh(s, settled), idempotency_key="undo-3"))
    assert [row.id for row in write(lambda s: transfers.open_losses(s, transfer_id=t.transfer.id))] == [loss.id]
    assert write(lambda s: everywhere(s, t.glove)) == 45


def end_again(session: Any, t: Trade) -> Any:
    carried = transfers.take_in(session, t.transfer, [Arrival(t.milk.id, Decimal(24))], idempotency_key="in-2")
    transfers.close(session, t.transfer)
    return act_of(session, "transfer_receive", t.transfer, carried, closed=True)


def settle(session: Any, t: Trade, loss: Any) -> Any:
    carried = transfers.settle_loss(session, fresh(session, loss), reason="lost", idempotency_key="settle")
    return act_of(session, "transfer_settle", t.transfer, carried, loss=loss.id, reason="lost")


def test_a_serial_number_travels_with_its_unit(write: Any) -> None:
    def work(session: Any) -> None:
        t = trade(session)
        phone = factories.variant(session, sku="PHONE", is_serial_tracked=True)
        for serial in ("S1", "S2"):
            factories.stock(session, phone, t.house.bin, 1, serial=serial)
        transfer = transfers.create_transfer(
            session, source_site_id=t.house.site.id, destination_site_id=t.shop.site.id,
            lines=[NewTransferLine(phone.id, Decimal(2))],
        )  # fmt: skip
        transfers.ship(session, transfer, idempotency_key="ship")
        arrival = Arrival(phone.id, Decimal(1), serial="S2")
        transfers.take_in(session, transfer, [arrival], idempotency_key="in")
        with pytest.raises(transfers.TooMany):
            transfers.take_in(session, transfer, [arrival], idempotency_key="in-2")
        with pytest.raises(transfers.NotOnTransfer):
            foreign = Arrival(phone.id, Decimal(1), serial="S9")
            transfers.take_in(session, transfer, [foreign], idempotency_key="in-3")
        level = level_in(session, t.shop.dock, phone)
        assert (level.serial, level.on_hand) == ("S2", 1)

    write(work)


def test_stock_in_transit_of_two_transfers_stays_apart(write: Any) -> None:
    t = write(trade)
    other = write(trade_again(t))
    write(lambda s: transfers.ship(s, t.transfer, idempotency_key="ship"))
    write(lambda s: transfers.ship(s, other, idempotency_key="ship-2"))
    with pytest.raises(transfers.TooMany, match="at most 3"):
        write(lambda s: transfers.take_in(s, other, [Arrival(t.glove.id, Decimal(4))], idempotency_key="in"))


def test_two_drafts_want_the_last_units_and_one_gets_them(write: Any) -> None:
    t = write(trade)
    taken = Posting(
        t.glove.id, t.house.bin.id, "loc_customer", Decimal(30), MoveKind.ORDER_FULFILLED, idempotency_key="gone"
    )
    write(lambda s: post(s, [taken]))
    other = write(trade_again(t))

    def load(transfer: Any, quantity: int, key: str) -> Any:
        def work(session: Any) -> Any:
            content = content_of(level_in(session, t.house.bin, t.glove), Decimal(quantity))
            return transfers.load(session, transfer, content=content, idempotency_key=key)

        return write(work)

    load(t.transfer, 10, "a")
    with pytest.raises(Exception, match="holds no GLOVE-L"):
        load(other, 3, "b")
    assert write(lambda s: on_hand(s, t.glove, t.house.site)) == 0
