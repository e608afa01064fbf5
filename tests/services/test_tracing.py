"""Tracing and recalls: a bought lot through three levels of making to the customers, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col

from ambra_tui import ledger
from ambra_tui.errors import WrongState
from ambra_tui.services import orders, picking, production, purchasing, recalls, returns, suppliers, tracing, transfers
from ambra_tui.services.holds import levels_of_lot
from ambra_tui.services.lists import read_page
from ambra_tui.services.lots import create_lot, find_lot, find_or_create_lot
from ambra_tui.services.modules import set_modules
from ambra_tui.services.moves import content_of, level_in, move
from ambra_tui.services.orders import HeldStock
from ambra_tui.services.production import NewIngredient
from ambra_tui.services.set_aside import RecalledLot, refuse_recalled, set_aside
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store, open_store
from ambra_tui.store.models import Allocation, Lot, LotRecallOrder, SalesOrder, SiteStock
from ambra_tui.store.scope import clock_of, fetch, organization_of, scoped
from tests import factories
from tests.services.test_move_races import together

pytestmark = pytest.mark.usefixtures("store")


def number(value: Any) -> Decimal:
    return Decimal(value)


@dataclass
class Bakery:
    """Flour F1 was bought (PO-7), dough D1 made of it, bread B1 of the dough, sandwiches S1 of the bread; Ana got 3 of
    4 breads of SO-1 in the end, Ben 2 sandwiches of SO-2. SO-3 waits in the pick bin for bread."""

    house: factories.Warehouse
    shop: factories.Warehouse
    items: dict[str, Any]
    lots: dict[str, str]
    rma_id: str = ""

    def lot(self, session: Any, name: str) -> Lot:
        found = fetch(session, Lot, self.lots[name], resource="lot")
        session.refresh(found)
        return found


def bought(session: Any, house: factories.Warehouse, flour: Any) -> Lot:
    dairy = suppliers.create_supplier(session, name="Mill Ltd")
    line = purchasing.NewPurchaseLine(flour.id, number(100))
    order = purchasing.create_purchase_order(
        session, supplier_id=dairy.id, site_id=house.site.id, lines=[line], number="PO-7"
    )
    lot = find_or_create_lot(session, variant=flour, lot_number="F1")
    row = purchasing.lines_of(session, order.id)[0]
    purchasing.receive_line(
        session, line=row, quantity=number(100), location_id=house.bin.id, lot_id=lot.id, idempotency_key="in"
    )
    return lot


def made(session: Any, house: factories.Warehouse, output: Any, ingredient: Any, lot_number: str, quantity: int) -> Lot:
    """A batch that makes as many of `output` as it takes of `ingredient`, into the pick bin."""
    recipe = production.create_recipe(
        session, name=lot_number, output_variant_id=output.id, output_quantity=number(1),
        ingredients=[NewIngredient(ingredient.id, number(1))],
    )  # fmt: skip
    batch = production.plan_batch(
        session, recipe_id=recipe.id, site_id=house.site.id, planned_quantity=number(quantity)
    )
    production.start_batch(session, batch)
    done = production.complete_batch(
        session, batch, quantity=number(quantity), idempotency_key=f"make-{lot_number}", lot_number=lot_number,
        location_id=house.bin.id,
    )  # fmt: skip
    assert done.lot is not None
    return done.lot


def ordered(session: Any, site: Any, name: str, customer: str, variant: Any, quantity: int) -> SalesOrder:
    line = orders.NewOrderLine(variant.id, number(quantity))
    order = orders.create_order(session, site_id=site.id, lines=[line], number=name, customer={"name": customer})
    return orders.reserve_order(session, order)


def shipped(session: Any, site: Any, name: str, customer: str, variant: Any, quantity: int) -> SalesOrder:
    return orders.fulfill_order(session, ordered(session, site, name, customer, variant, quantity))


def bakery(session: Any) -> Bakery:
    set_modules(session, ["manufacturing", "traceability"])
    house, shop = factories.warehouse(session), factories.warehouse(session, code="WH2")
    items = {
        sku: factories.variant(session, sku=sku, is_lot_tracked=True, is_made=sku != "FLOUR")
        for sku in ("FLOUR", "DOUGH", "BREAD", "SANDWICH")
    }
    lots = {"F1": bought(session, house, items["FLOUR"]).id}
    lots["D1"] = made(session, house, items["DOUGH"], items["FLOUR"], "D1", 40).id
    lots["B1"] = made(session, house, items["BREAD"], items["DOUGH"], "B1", 30).id
    lots["S1"] = made(session, house, items["SANDWICH"], items["BREAD"], "S1", 10).id
    first = shipped(session, house.site, "SO-1", "Ana", items["BREAD"], 4)
    shipped(session, house.site, "SO-2", "Ben", items["SANDWICH"], 2)
    rma = returns.create_return(
        session,
        order_id=first.id,
        reason="stale",
        lines=[returns.NewReturnLine(items["BREAD"].id, number(1), "discarded")],
    )
    return Bakery(house, shop, items, lots, rma.id)


def test_every_level_is_followed_forward_to_the_orders_and_back_to_the_purchase(write: Any, store: Store) -> None:
    b = write(bakery)

    def look(session: Any) -> None:
        forward = tracing.descendants_of(session, b.lots["F1"])
        names = {lot_id: name for name, lot_id in b.lots.items()}
        told = [(link.level, names[link.parent_id], names[link.lot_id], int(link.quantity)) for link in forward.links]
        assert told == [(1, "F1", "D1", 40), (2, "D1", "B1", 30), (3, "B1", "S1", 10)]
        back = tracing.ancestors_of(session, b.lots["S1"])
        told = [(link.level, names[link.parent_id], names[link.lot_id], int(link.quantity)) for link in back.links]
        assert told == [(1, "S1", "B1", 10), (2, "B1", "D1", 30), (3, "D1", "F1", 40)]
        assert (forward.is_complete, back.is_complete) == (True, True)
        (receipt,) = tracing.receipts_of(session, list(b.lots.values()))
        assert (receipt.number, receipt.supplier_name, receipt.lot_id) == ("PO-7", "Mill Ltd", b.lots["F1"])
        assert receipt.quantity == 100
        reached = tracing.orders_reached(session, (b.lots["F1"], *forward.lot_ids))
        assert [(row.number, row.customer_name, names[row.lot_id], int(row.shipped)) for row in reached] == [
            ("SO-2", "Ben", "S1", 2), ("SO-1", "Ana", "B1", 4),
        ]  # fmt: skip
        cut = tracing.descendants_of(session, b.lots["F1"], limit=2)
        assert (len(cut.links), cut.is_complete) == (2, False)
        assert tracing.ancestors_of(session, b.lots["F1"]).links == ()
        assert [batch.status for batch in tracing.source_batches(session, b.lots["B1"])] == ["completed"]

    write(look)
    assert verify_store(store).is_clean


def test_movements_come_by_the_page_with_signs_that_add_up_to_the_stock(write: Any) -> None:
    b = write(bakery)

    def look(session: Any) -> None:
        bread_id = b.lots["B1"]
        content = content_of(level_in(session, b.house.bin, b.items["BREAD"]), number(5))
        move(session, contents=[content], location=b.house.other_bin, idempotency_key="m1")
        everything, total = tracing.movements_of(session, bread_id, offset=0, limit=100)
        assert [(row.kind, int(row.change), int(row.quantity)) for row in everything] == [
            ("bin_move", 0, 5), ("order_fulfilled", -4, 4), ("production_consumed", -10, 10),
            ("production_output", 30, 30),
        ]  # fmt: skip
        assert total == 4
        assert sum(row.change for row in everything) == tracing.stock_of(session, [bread_id]).on_hand == 16
        left = everything[1]
        assert left.document is not None
        assert (left.document.number, left.document.customer) == ("SO-1", {"name": "Ana"})
        assert (left.source.code, left.source.site_code, left.destination.kind) == ("A01-1", "WH1", "customer")
        second, _ = tracing.movements_of(session, bread_id, offset=2, limit=1)
        assert [row.id for row in second] == [everything[2].id]
        assert tracing.movements_of(session, bread_id, offset=4, limit=1) == ([], 4)
        bins = [(held.code, int(held.on_hand)) for held in tracing.stock_of(session, [bread_id]).bins]
        assert bins == [("A01-1", 11), ("A01-2", 5)]
        page = read_page(session, f"trace:{bread_id}", limit=2)
        assert [(row.title, row.value) for row in page.rows] == [("bin_move", "5"), ("order_fulfilled", "-4")]
        older = read_page(session, f"trace:{bread_id}", after=page.rows[-1].key)
        assert [row.title for row in older.rows] == ["production_consumed", "production_output"]
        assert [row.value for row in read_page(session, f"trace:{bread_id}", search="a01-2").rows] == ["5"]
        assert [row.value for row in read_page(session, f"trace:{bread_id}", search="SO-").rows] == ["-4"]
        reached = read_page(session, f"reached:{b.lots['F1']}")
        assert [(row.title, row.value, row.details[0]) for row in reached.rows] == [
            ("SO-2", "2", "Ben"), ("SO-1", "4", "Ana"),
        ]  # fmt: skip

    write(look)


def test_what_came_back_and_what_was_taken_back_reached_nobody(write: Any) -> None:
    b = write(bakery)

    def give_back(session: Any) -> None:
        rma = returns.get_return(session, b.rma_id)
        returns.receive_return(session, rma, idempotency_key="r1")

    def undo_shipment(session: Any) -> None:
        moves, _ = tracing.movements_of(session, b.lots["S1"], offset=0, limit=1)
        ledger.reverse(session, moves[0].id, idempotency_key="u1")

    write(give_back)
    write(undo_shipment)

    def look(session: Any) -> None:
        ids = [b.lots["B1"], b.lots["S1"]]
        (only,) = tracing.orders_reached(session, ids)
        assert (only.number, only.shipped, only.returned, only.outstanding) == ("SO-1", 4, 1, 3)
        newest, _ = tracing.movements_of(session, b.lots["S1"], offset=0, limit=1)
        assert (newest[0].kind, newest[0].change, bool(newest[0].reverses_id)) == ("reversal", 2, True)

    write(look)


def test_a_recall_holds_every_level_everywhere_keeps_whom_it_reached_and_is_lifted_whole(
    write: Any, store: Store, organization_id: int
) -> None:
    b = write(bakery)

    def wait(session: Any) -> str:
        order = ordered(session, b.house.site, "SO-3", "Cem", b.items["BREAD"], 6)
        fresh = create_lot(session, variant_id=b.items["BREAD"].id, lot_number="B2")
        factories.stock(session, b.items["BREAD"], b.house.reserve, 6, lot=fresh)
        picking.plan(session, order)
        return order.id

    order_id = write(wait)
    before = write(lambda s: recalls.preview(s, b.lot(s, "F1")))
    assert before.open_orders == ("SO-3",)
    assert write(lambda s: b.lot(s, "B1").status) == "active"

    done = write(lambda s: recalls.recall(s, b.lot(s, "F1"), reason="metal found"))
    assert done.hits.customers == ("Ana", "Ben")
    assert done.replanned == ("SO-3",)
    assert write(lambda s: [b.lot(s, name).status for name in ("F1", "D1", "B1", "S1")]) == ["recalled"] * 4
    assert write(lambda s: [stop.lot.lot_number for stop in picking.stops(s, order_id)]) == ["B2"]
    with pytest.raises(WrongState, match="recalled"):
        write(lambda s: recalls.recall(s, b.lot(s, "F1"), reason="again"))

    def kept(session: Any) -> None:
        record, hits = recalls.report(session, b.lot(session, "B1"))
        assert record is not None
        assert (record.status, record.reason, record.lot_id) == ("open", "metal found", b.lots["F1"])
        assert [(row.number, int(row.outstanding)) for row in hits.orders] == [("SO-2", 2), ("SO-1", 4)]
        assert len(session.exec(scoped(session, LotRecallOrder)).all()) == 2
        bread = session.get(SiteStock, (organization_of(session), b.items["BREAD"].id, b.house.site.id))
        assert bread is not None
        assert (bread.on_hand, bread.held) == (22, 16)

    write(kept)
    assert verify_store(store).is_clean
    held = write(lambda s: recalls.lift(s, b.lot(s, "F1"), reason="false alarm"))
    assert held.quantity == 60
    assert write(lambda s: [b.lot(s, name).status for name in ("F1", "D1", "B1", "S1")]) == ["active"] * 4
    record = write(lambda s: recalls.report(s, b.lot(s, "F1"))[0])
    assert (record.status, record.lift_reason) == ("lifted", "false alarm")
    assert verify_store(store).is_clean


def test_two_recalls_of_one_lot_and_a_recall_of_the_lot_alone(write: Any) -> None:
    b = write(bakery)
    write(lambda s: recalls.recall(s, b.lot(s, "B1"), reason="its own", include_descendants=False))
    assert write(lambda s: b.lot(s, "S1").status) == "active"
    write(lambda s: recalls.recall(s, b.lot(s, "D1"), reason="dough"))
    assert write(lambda s: b.lot(s, "S1").status) == "recalled"
    write(lambda s: recalls.lift(s, b.lot(s, "D1"), reason="dough is fine"))
    assert write(lambda s: [b.lot(s, name).status for name in ("D1", "B1", "S1")]) == ["active", "recalled", "active"]
    write(lambda s: recalls.change_status(s, b.lot(s, "B1"), "quarantine", reason="look again"))
    assert write(lambda s: b.lot(s, "B1").status) == "quarantine"


def test_what_is_made_of_a_recalled_lot_later_is_recalled_with_it(write: Any) -> None:
    b = write(bakery)

    def begin(session: Any) -> str:
        recipe = production.recipes_for(session, b.items["DOUGH"].id)[0]
        batch = production.plan_batch(session, recipe_id=recipe.id, site_id=b.house.site.id, planned_quantity=number(5))
        production.start_batch(session, batch)
        content = content_of(level_in(session, b.house.bin, b.items["FLOUR"]), number(5))
        production.take(
            session, batch, production.inputs_of(session, batch.id)[0], content=content, idempotency_key="take"
        )
        return batch.id

    batch_id = write(begin)
    done = write(lambda s: recalls.recall(s, b.lot(s, "F1"), reason="metal"))
    assert len(done.hits.open_batches) == 1

    def finish(session: Any) -> str:
        batch = production.get_batch(session, batch_id)
        made = production.complete_batch(
            session, batch, quantity=number(5), idempotency_key="done", takes_rest=False, lot_number="D2"
        )
        assert made.lot is not None
        session.refresh(made.lot)
        return made.lot.status

    assert write(finish) == "recalled"
    write(lambda s: recalls.lift(s, b.lot(s, "F1"), reason="fine"))
    assert write(lambda s: find_lot(s, b.items["DOUGH"].id, "D2").status) == "active"


def test_what_is_made_of_a_lot_that_was_set_free_alone_is_free(write: Any) -> None:
    b = write(bakery)
    write(lambda s: recalls.recall(s, b.lot(s, "F1"), reason="metal"))
    write(lambda s: recalls.lift(s, b.lot(s, "D1"), reason="sieved"))
    again = write(lambda s: made(s, b.house, b.items["BREAD"], b.items["DOUGH"], "B2", 5).id)
    assert write(lambda s: fetch(s, Lot, again, resource="lot").status) == "active"


@pytest.mark.parametrize("first", ["D1", "F1"])
def test_what_two_recalls_hold_is_what_it_was_once_both_are_lifted(write: Any, first: str) -> None:
    b = write(bakery)
    write(lambda s: recalls.change_status(s, b.lot(s, "S1"), "quarantine", reason="look at it"))
    for name in ("D1", "F1"):
        write(lambda s, name=name: recalls.recall(s, b.lot(s, name), reason=name))
    for name in (first, "F1" if first == "D1" else "D1"):
        assert write(lambda s: b.lot(s, "S1").status) == "recalled"
        write(lambda s, name=name: recalls.lift(s, b.lot(s, name), reason="fine"))
    assert write(lambda s: [b.lot(s, name).status for name in ("F1", "D1", "B1", "S1")]) == [
        "active", "active", "active", "quarantine",
    ]  # fmt: skip


def test_a_lot_on_its_way_is_recalled_there_and_told_with_its_transfer(write: Any, store: Store) -> None:
    b = write(bakery)

    def send(session: Any) -> None:
        transfer = transfers.create_transfer(
            session, source_site_id=b.house.site.id, destination_site_id=b.shop.site.id, number="TR-9",
            lines=[transfers.NewTransferLine(b.items["BREAD"].id, number(7))],
        )  # fmt: skip
        transfers.ship(session, transfer, idempotency_key="ship")

    write(send)
    done = write(lambda s: recalls.recall(s, b.lot(s, "B1"), reason="x", include_descendants=False))
    assert done.hits.stock.in_transit == 7
    assert [(row.number, int(row.quantity)) for row in done.hits.carrying] == [("TR-9", 7)]
    assert verify_store(store).is_clean


def test_recalled_stock_in_a_tote_goes_to_quarantine_only_and_its_order_is_picked_anew(
    write: Any, store: Store
) -> None:
    b = write(bakery)

    def pick(session: Any) -> str:
        order = ordered(session, b.house.site, "SO-3", "Cem", b.items["BREAD"], 6)
        stop = picking.plan(session, order).stops[0]
        picking.pick(session, order, stop=stop, quantity=number(6), destination=b.house.stage, idempotency_key="p1")
        fresh = create_lot(session, variant_id=b.items["BREAD"].id, lot_number="B2")
        factories.stock(session, b.items["BREAD"], b.house.reserve, 6, lot=fresh)
        return order.id

    order_id = write(pick)
    write(lambda s: recalls.recall(s, b.lot(s, "B1"), reason="x"))
    with pytest.raises(HeldStock, match="recalled") as refused:
        write(lambda s: orders.fulfill_order(s, orders.get_order(s, order_id)))
    assert refused.value.is_recalled

    def contents(session: Any) -> list[Any]:
        return [content_of(level, level.on_hand) for level in levels_of_lot(session, b.lots["B1"])
                if level.location_id == b.house.stage.id]  # fmt: skip

    with pytest.raises(RecalledLot):
        write(lambda s: refuse_recalled(s, contents(s), b.house.bin))

    def to_quarantine(session: Any) -> tuple[str, ...]:
        found = contents(session)
        freed = set_aside(session, found, b.house.quarantine)
        move(session, contents=found, location=b.house.quarantine, idempotency_key="aside")
        return freed

    assert write(to_quarantine) == ("SO-3",)
    assert write(lambda s: [stop.lot.lot_number for stop in picking.stops(s, order_id)]) == ["B2"]
    assert write(lambda s: orders.lines_of(s, order_id)[0].picked) == 0

    def assigned(session: Any) -> set[str]:
        is_open = (Allocation.status == "open", col(Allocation.quantity) > 0)
        return {row.lot_id for row in session.exec(scoped(session, Allocation).where(*is_open)).all()}

    assert write(assigned) != {b.lots["B1"]}
    assert verify_store(store).is_clean


def test_expiring_lots_are_those_in_stock_soonest_first(write: Any) -> None:
    def look(session: Any) -> None:
        today = clock_of(session).today()
        house = factories.warehouse(session)
        milk = factories.variant(session)
        days = {"GONE": -1, "TODAY": 0, "LAST": 30, "LATER": 31, "EMPTY": 5}
        lots = {name: factories.lot(session, milk, number=name, expiry=today + timedelta(days=n))
                for name, n in days.items()}  # fmt: skip
        factories.lot(session, milk, number="NEVER", expiry=None)
        for name in ("LATER", "LAST", "TODAY", "GONE", "EMPTY"):
            factories.stock(session, milk, house.bin, 3, lot=lots[name])
        used_up = ledger.Posting(
            milk.id,
            house.bin.id,
            ledger.WASTE,
            number(3),
            ledger.MoveKind.WASTE_RECORDED,
            "used",
            lot_id=lots["EMPTY"].id,
        )
        ledger.post(session, [used_up])
        found = tracing.expiring(session, days=30)
        assert [(row.lot_number, row.days_left, int(row.on_hand)) for row in found] == [
            ("TODAY", 0, 3), ("LAST", 30, 3),
        ]  # fmt: skip
        assert found[0].by_site == {house.site.id: 3}
        everything = tracing.expiring(session, days=30, include_expired=True)
        assert [row.lot_number for row in everything] == ["GONE", "TODAY", "LAST"]
        assert date.min < everything[0].expiry_date

    write(look)


@pytest.fixture
def stores(dialect: str, store: Store, store_url: str) -> Iterator[list[Store]]:
    """Two processes' stores on PostgreSQL; on SQLite the one that there is."""
    others = [open_store(store_url)] if dialect == "postgresql" else []
    yield [store, *others]
    for other in others:
        other.close()


def test_what_leaves_while_a_lot_is_recalled_is_on_its_list_or_does_not_leave(
    write: Any, stores: list[Store], organization_id: int
) -> None:
    def prepare(session: Any) -> tuple[str, list[str]]:
        house = factories.warehouse(session)
        milk = factories.variant(session, is_lot_tracked=True)
        lot = factories.lot(session, milk, number="L1")
        factories.stock(session, milk, house.bin, 12, lot=lot)
        return lot.id, [ordered(session, house.site, f"SO-{n}", f"C{n}", milk, 1).id for n in range(12)]

    lot_id, order_ids = write(prepare)

    def ship(order_id: str) -> Any:
        return lambda session: orders.fulfill_order(session, orders.get_order(session, order_id)).id

    works = [ship(order_id) for order_id in order_ids]
    works.insert(6, lambda s: recalls.recall(s, fetch(s, Lot, lot_id, resource="lot"), reason="x").record.id)
    before = together(stores, organization_id, works[:3])
    answers = before + together(stores, organization_id, works[3:])
    left = {answer for answer in answers if answer in order_ids}
    kept = {row.sales_order_id for row in write(lambda s: s.exec(scoped(s, LotRecallOrder)).all())}
    assert kept == left
    assert len(before) <= len(left) < len(order_ids)
    assert verify_store(stores[0]).is_clean
