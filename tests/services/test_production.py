"""Production: recipes, batches, what they take and what they make (FLOOR E6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, InsufficientStock, Invalid, NotFound, WrongState
from ambra_tui.ledger import MoveKind, ReserveLine
from ambra_tui.services import orders, production, purchasing
from ambra_tui.services.lots import change_lot_status, find_lot
from ambra_tui.services.modules import set_modules
from ambra_tui.services.moves import content_of, level_in
from ambra_tui.services.production import ActualInput, ChosenLot, NewIngredient
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store, open_store
from ambra_tui.store.models import (
    Lot,
    ProductionBatch,
    ProductionInput,
    ProductionOutput,
    ProductionTaking,
    SiteStock,
    StockLevel,
    StockMove,
    WasteRecord,
)
from ambra_tui.store.scope import organization_of, scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
NEAR, FAR = date(2031, 1, 1), date(2032, 1, 1)


@dataclass
class Bakery:
    """Flour in two lots (30 that expire first, in the second bin; 100 later), 5 salt without lots, and a recipe: 20
    loaves of 12 flour and half a salt, which keep three days."""

    house: factories.Warehouse
    flour: Any
    salt: Any
    bread: Any
    near: Any
    far: Any
    recipe: Any

    def plan(self, session: Any, quantity: int = 40, **more: Any) -> ProductionBatch:
        return production.plan_batch(
            session, recipe_id=self.recipe.id, site_id=self.house.site.id, planned_quantity=Decimal(quantity), **more
        )

    def start(self, session: Any, quantity: int = 40) -> ProductionBatch:
        return production.start_batch(session, self.plan(session, quantity))


def bakery(session: Any) -> Bakery:
    house = factories.warehouse(session)
    flour = factories.variant(session, sku="FLOUR", is_lot_tracked=True)
    salt = factories.variant(session, sku="SALT")
    bread = factories.variant(session, sku="BREAD", is_lot_tracked=True, is_made=True)
    near = factories.lot(session, flour, number="F-NEAR", expiry=NEAR)
    far = factories.lot(session, flour, number="F-FAR", expiry=FAR)
    factories.stock(session, flour, house.bin, 100, lot=far, unit_cost=100)
    factories.stock(session, flour, house.other_bin, 30, lot=near, unit_cost=100)
    factories.stock(session, salt, house.bin, 5, unit_cost=400)
    recipe = production.create_recipe(
        session,
        name="Bread",
        output_variant_id=bread.id,
        output_quantity=Decimal(20),
        ingredients=[NewIngredient(flour.id, Decimal(12)), NewIngredient(salt.id, Decimal("0.5"))],
        shelf_life_days=3,
    )
    return Bakery(house, flour, salt, bread, near, far, recipe)


def stock(session: Any, variant: Any, site: Any) -> tuple[Decimal, Decimal]:
    """On hand and reserved."""
    row = session.get(SiteStock, (organization_of(session), variant.id, site.id), populate_existing=True)
    return (Decimal(0), Decimal(0)) if row is None else (row.on_hand, row.reserved)


def moves(session: Any, *kinds: MoveKind) -> list[StockMove]:
    statement = select(StockMove).where(
        StockMove.organization_id == organization_of(session), col(StockMove.kind).in_(kinds)
    )
    return list(session.exec(statement.order_by(col(StockMove.sequence))))


def inputs(session: Any, batch: ProductionBatch) -> tuple[ProductionInput, ProductionInput]:
    flour, salt = production.inputs_of(session, batch.id)
    return flour, salt


def content(session: Any, location: Any, variant: Any, quantity: int) -> Any:
    return content_of(level_in(session, location, variant), Decimal(quantity))


def test_a_batch_from_its_plan_to_the_shelf(store: Store, write: Any) -> None:
    b = write(bakery)
    site = b.house.site

    batch = write(lambda s: b.plan(s, notes="for the weekend"))
    assert (batch.number, batch.status, batch.actual_quantity_produced) == ("PB-000001", "planned", None)
    assert write(lambda s: stock(s, b.flour, site)) == (130, 0)
    write(lambda s: production.start_batch(s, batch))
    assert write(lambda s: [stock(s, v, site) for v in (b.flour, b.salt)]) == [(130, 24), (5, 1)]

    def complete(session: Any) -> Any:
        flour, salt = inputs(session, batch)
        given = [ActualInput(flour.id, Decimal(29), Decimal(2)), ActualInput(salt.id, Decimal("0.9"))]
        return production.complete_batch(session, batch, quantity=Decimal(38), inputs=given, idempotency_key="complete")

    done = write(complete)
    today = store.clock.today()
    assert (done.lot.lot_number, done.lot.expiry_date, done.lot.production_date) == (
        "PB-000001", today + timedelta(days=3), today,
    )  # fmt: skip
    assert done.released == {write(lambda s: inputs(s, batch)[1].id): Decimal("0.1")}
    assert write(lambda s: [stock(s, v, site) for v in (b.flour, b.salt, b.bread)]) == [
        (99, 0), (Decimal("4.1"), 0), (38, 0),
    ]  # fmt: skip

    def ledger_says(session: Any) -> list[tuple[Any, ...]]:
        kinds = (MoveKind.PRODUCTION_CONSUMED, MoveKind.PRODUCTION_WASTE, MoveKind.PRODUCTION_OUTPUT)
        return [
            (m.kind, m.variant_id, m.lot_id, m.quantity, m.destination_id, m.origin_kind, m.origin_id)
            for m in moves(session, *kinds)
        ]

    said = ("production_batch", batch.id)
    assert write(ledger_says) == [
        ("production_consumed", b.flour.id, b.near.id, 29, ledger.PRODUCTION, *said),
        ("production_waste", b.flour.id, b.near.id, 1, ledger.WASTE, *said),
        ("production_waste", b.flour.id, b.far.id, 1, ledger.WASTE, *said),
        ("production_consumed", b.salt.id, "", Decimal("0.9"), ledger.PRODUCTION, *said),
        ("production_output", b.bread.id, done.lot.id, 38, b.house.dock.id, *said),
    ]
    # 31 flour at 100 and 0.9 salt at 400 make 38 loaves: 3460 / 38
    assert write(lambda s: (production.outputs_of(s, batch.id)[0].unit_cost, s.get(
        SiteStock, (organization_of(s), b.bread.id, site.id)).average_cost)) == (91, 91)  # fmt: skip
    wasted = write(lambda s: s.exec(scoped(s, WasteRecord)).all())
    assert [(row.reason, row.quantity, row.notes) for row in wasted] == [("production", 1, "PB-000001")] * 2
    rows = write(lambda s: [(row.actual_quantity, row.waste_quantity) for row in inputs(s, batch)])
    assert rows == [(29, 2), (Decimal("0.9"), 0)]
    with pytest.raises(WrongState, match="PB-000001 is completed: cannot complete it"):
        write(complete)
    assert verify_store(store).is_clean


def test_every_short_ingredient_is_listed_and_nothing_is_promised(write: Any) -> None:
    b = write(bakery)
    with pytest.raises(InsufficientStock) as refused:
        write(lambda s: b.plan(s, 400))
    assert {(one.sku, one.requested, one.available) for one in refused.value.shortages} == {
        ("FLOUR", 240, 130), ("SALT", 10, 5),
    }  # fmt: skip
    write(lambda s: b.plan(s, 200))  # 120 flour and 5 salt: to the last grain of salt
    batch = write(lambda s: s.exec(scoped(s, ProductionBatch)).one())

    def promise(session: Any) -> None:
        lines = [ReserveLine("l1", b.flour.id, Decimal(11)), ReserveLine("l2", b.salt.id, Decimal(1))]
        ledger.reserve(session, site_id=b.house.site.id, document_kind="sales_order", document_id="o", lines=lines)

    write(promise)
    with pytest.raises(InsufficientStock) as late:
        write(lambda s: production.start_batch(s, batch))
    assert {one.sku for one in late.value.shortages} == {"FLOUR", "SALT"}
    assert write(lambda s: (production.get_batch(s, batch.id).status, stock(s, b.flour, b.house.site))) == (
        "planned", (130, 11),
    )  # fmt: skip


def test_a_wrong_move_names_the_state(write: Any) -> None:
    b = write(bakery)
    steps = {
        "start": production.start_batch,
        "complete": lambda s, x: production.complete_batch(s, x, quantity=Decimal(1), idempotency_key="c"),
        "cancel": lambda s, x: production.cancel_batch(s, x, idempotency_key="x"),
    }
    planned, begun = write(b.plan), write(b.start)
    done, ended = write(b.start), write(b.plan)
    write(lambda s: steps["complete"](s, done))
    write(lambda s: steps["cancel"](s, ended))
    allowed = {("planned", "start"), ("planned", "cancel"), ("in_progress", "complete"), ("in_progress", "cancel")}
    for batch, state in ((planned, "planned"), (begun, "in_progress"), (done, "completed"), (ended, "cancelled")):
        for name, step in steps.items():
            if (state, name) not in allowed:
                with pytest.raises(WrongState, match=f"is {state}: cannot {name} it"):
                    write(lambda s, step=step, batch=batch: step(s, batch))


def test_beyond_what_is_promised_the_available_is_taken_and_nothing_else(write: Any) -> None:
    b = write(bakery)
    batch = write(b.start)

    def promise(session: Any) -> None:  # 130 flour, 24 of the batch: 6 are left
        lines = [ReserveLine("l1", b.flour.id, Decimal(100))]
        ledger.reserve(session, site_id=b.house.site.id, document_kind="sales_order", document_id="o", lines=lines)

    def complete(session: Any, used: int) -> None:
        flour, _ = inputs(session, batch)
        given = [ActualInput(flour.id, Decimal(used))]
        production.complete_batch(session, batch, quantity=Decimal(40), inputs=given, idempotency_key=f"c{used}")

    write(promise)
    with pytest.raises(InsufficientStock, match="FLOUR"):
        write(lambda s: complete(s, 31))
    assert write(lambda s: (stock(s, b.flour, b.house.site), stock(s, b.bread, b.house.site))) == ((130, 124), (0, 0))
    write(lambda s: complete(s, 30))
    assert write(lambda s: stock(s, b.flour, b.house.site)) == (100, 100)


def test_the_floor_takes_lot_by_lot(store: Store, write: Any) -> None:
    """Each taking posts at once, uses the promise first, and is posted once; held, expired and foreign stock is not
    taken; completing takes nothing more and gives the rest back."""
    b = write(bakery)
    batch = write(b.start)

    def take(session: Any, quantity: int, key: str, location: Any = None, **more: Any) -> Any:
        flour, _ = inputs(session, batch)
        part = content(session, location or b.house.other_bin, b.flour, quantity)
        return production.take(session, batch, flour, content=part, idempotency_key=key, **more)

    assert write(lambda s: [x.level.lot_id for x in production.sources_of(s, batch, inputs(s, batch)[0])]) == [
        b.near.id, b.far.id,
    ]  # fmt: skip
    first = write(lambda s: take(s, 20, "k1"))
    again = write(lambda s: take(s, 20, "k1"))
    assert (first.posted.repeated, again.posted.repeated) == (False, True)
    assert (first.taking.id, first.taking.reserved) == (again.taking.id, 20)
    lost = write(lambda s: take(s, 6, "k2", is_waste=True, notes="torn sack"))
    assert lost.taking.reserved == 4  # of 24 promised, 20 had gone in
    assert write(lambda s: stock(s, b.flour, b.house.site)) == (104, 0)

    other = write(lambda s: factories.warehouse(s, "WH2"))
    write(lambda s: factories.stock(s, b.flour, other.bin, 9, lot=b.far))
    with pytest.raises(Invalid, match="not in the site"):
        write(lambda s: take(s, 1, "k3", other.bin))
    write(lambda s: change_lot_status(s, lot_id=b.near.id, status="quarantine"))
    with pytest.raises(production.HeldLot, match="F-NEAR of FLOUR in A01-2 is on hold"):
        write(lambda s: take(s, 1, "k4"))
    write(lambda s: change_lot_status(s, lot_id=b.near.id, status="active"))
    old = write(lambda s: factories.lot(s, b.flour, number="F-OLD", expiry=store.clock.today() - timedelta(days=1)))
    write(lambda s: factories.stock(s, b.flour, b.house.reserve, 50, lot=old))
    with pytest.raises(production.ExpiredLot, match="F-OLD of FLOUR expired"):
        write(lambda s: take(s, 1, "k5", b.house.reserve))
    assert old.id not in write(lambda s: [x.level.lot_id for x in production.sources_of(s, batch, inputs(s, batch)[0])])

    done = write(
        lambda s: production.complete_batch(
            s, batch, quantity=Decimal(33), takes_rest=False, lot_number="B-33", idempotency_key="k6"
        )
    )
    assert (done.lot.lot_number, list(done.takings), len(done.posted)) == ("B-33", [], 1)
    assert list(done.released.values()) == [1]  # the salt
    assert write(lambda s: [stock(s, v, b.house.site)[1] for v in (b.flour, b.salt)]) == [0, 0]
    assert write(lambda s: [(t.quantity, t.is_waste) for t in production.takings_of(s, batch.id)]) == [
        (20, False), (6, True),
    ]  # fmt: skip
    assert verify_store(store).is_clean


def test_steps_are_taken_back_in_turn(store: Store, write: Any) -> None:
    """Completion, takings and start: the batch, the promises and the waste say again what they said before."""
    b = write(bakery)
    batch = write(b.start)

    def state(session: Any) -> tuple[Any, ...]:
        flour, salt = inputs(session, batch)
        return (
            production.get_batch(session, batch.id).status, flour.actual_quantity, flour.waste_quantity,
            salt.actual_quantity, stock(session, b.flour, b.house.site), stock(session, b.salt, b.house.site),
            stock(session, b.bread, b.house.site), len(production.outputs_of(session, batch.id)),
        )  # fmt: skip

    def take(session: Any, quantity: int, key: str, **more: Any) -> Any:
        part = content(session, b.house.other_bin, b.flour, quantity)
        return production.take(session, batch, inputs(session, batch)[0], content=part, idempotency_key=key, **more)

    def back(session: Any, posted: Any, key: str) -> None:
        for number, one in enumerate(reversed(posted)):
            ledger.reverse(session, one.id, idempotency_key=f"{key}:{number}")

    begun = write(state)
    used = write(lambda s: take(s, 20, "t1"))
    after_use = write(state)
    lost = write(lambda s: take(s, 6, "t2", is_waste=True))
    after_waste = write(state)

    def complete(session: Any, key: str) -> Any:
        return production.complete_batch(session, batch, quantity=Decimal(40), idempotency_key=key)

    done = write(lambda s: complete(s, "c1"))
    assert write(state) == ("completed", 24, 6, 1, (100, 0), (4, 0), (40, 0), 1)

    def reopen(session: Any) -> None:
        back(session, done.posted, "r1")
        ids = [taking.id for taking in done.takings]
        production.reopen_batch(session, batch.id, taking_ids=ids, released=done.released)

    write(reopen)
    assert write(state) == after_waste
    again = write(lambda s: complete(s, "c2"))
    assert (again.lot.id, again.lot.status) == (done.lot.id, "active")  # the label that hangs there already
    assert write(lambda s: s.get(Lot, (organization_of(s), done.lot.id)).quantity_initial) == 40

    def all_back(session: Any) -> None:
        back(session, again.posted, "r2")
        ids = [taking.id for taking in again.takings]
        production.reopen_batch(session, batch.id, taking_ids=ids, released=again.released)
        for taken, key in ((lost, "r3"), (used, "r4")):
            back(session, [taken.posted], key)
            production.take_back(session, batch.id, [taken.taking.id])
            assert state(session) == (after_use if key == "r3" else begun)

    with pytest.raises(WrongState):
        write(lambda s: production.unstart_batch(s, batch.id))
    write(all_back)
    assert write(lambda s: [row.status for row in s.exec(scoped(s, WasteRecord))]) == ["reversed"]
    write(lambda s: production.unstart_batch(s, batch.id))
    assert write(state)[:1] + write(state)[4:6] == ("planned", (130, 0), (5, 0))
    assert verify_store(store).is_clean


def test_what_a_cancelled_batch_had_taken_is_back_and_what_was_lost_stays_lost(store: Store, write: Any) -> None:
    b = write(bakery)
    batch = write(b.start)

    def take(session: Any, quantity: int, key: str, **more: Any) -> Any:
        part = content(session, b.house.other_bin, b.flour, quantity)
        return production.take(session, batch, inputs(session, batch)[0], content=part, idempotency_key=key, **more)

    write(lambda s: take(s, 10, "t1"))
    write(lambda s: take(s, 2, "t2", is_waste=True))
    ended = write(lambda s: production.cancel_batch(s, batch, idempotency_key="x"))
    assert (ended.batch.status, len(ended.posted)) == ("cancelled", 1)
    assert write(lambda s: [stock(s, v, b.house.site) for v in (b.flour, b.salt, b.bread)]) == [
        (128, 0), (5, 0), (0, 0),
    ]  # fmt: skip
    assert write(lambda s: level_in(s, b.house.other_bin, b.flour).on_hand) == 28
    assert write(lambda s: [(t.quantity, t.is_waste) for t in production.takings_of(s, batch.id)]) == [(2, True)]
    assert verify_store(store).is_clean


def test_a_lot_of_the_output_is_never_invented(write: Any) -> None:
    """Without lots kept and without tracing there is none; its expiry is told, or follows from the recipe, or is not
    known; its number is free."""
    b = write(bakery)

    def recipe(session: Any, sku: str, **more: Any) -> Any:
        made = factories.variant(session, sku=sku, **more)
        parts = [NewIngredient(b.flour.id, Decimal(1))]
        return production.create_recipe(
            session, name=sku, output_variant_id=made.id, output_quantity=Decimal(1), ingredients=parts
        )

    def make(session: Any, recipe: Any, **more: Any) -> Any:
        batch = production.plan_batch(
            session, recipe_id=recipe.id, site_id=b.house.site.id, planned_quantity=Decimal(1)
        )
        production.start_batch(session, batch)
        return production.complete_batch(
            session, batch, quantity=Decimal(1), idempotency_key=f"c:{batch.id}", **more
        ).lot

    plain = write(lambda s: recipe(s, "PASTE"))
    assert write(lambda s: make(s, plain)) is None
    named = write(lambda s: make(s, plain, lot_number="P-7"))
    assert (named.lot_number, named.expiry_date) == ("P-7", None)
    write(lambda s: set_modules(s, ["manufacturing", "traceability"]))
    traced = write(lambda s: make(s, plain, location_id=b.house.bin.id))
    assert (traced.lot_number[:3], traced.expiry_date) == ("PB-", None)
    assert write(lambda s: level_in(s, b.house.bin, s.get(type(b.flour), (
        organization_of(s), plain.output_variant_id))).lot_id) == traced.id  # fmt: skip
    for number in ("P-7", traced.lot_number):
        with pytest.raises(Duplicate, match=number):
            write(lambda s, number=number: make(s, plain, lot_number=number))
    write(lambda s: factories.lot(s, b.bread, number="PB-000004"))
    kept = write(lambda s: make(s, b.recipe, expiry_date=FAR))
    assert (kept.lot_number, kept.expiry_date) == ("PB-000004-2", FAR)
    with pytest.raises(Invalid, match="expired before it was made"):
        write(lambda s: make(s, b.recipe, expiry_date=date(2020, 1, 1)))


def test_the_lots_of_an_input_may_be_named(write: Any) -> None:
    b = write(bakery)
    batch = write(b.start)

    def complete(session: Any, *lots: ChosenLot, **more: Any) -> Any:
        flour, _ = inputs(session, batch)
        given = [ActualInput(flour.id, Decimal(24), Decimal(2), lots)]
        return production.complete_batch(
            session, batch, quantity=Decimal(40), inputs=given, idempotency_key="c", **more
        )

    salt = write(lambda s: factories.lot(s, b.salt, number="S-1"))
    for lots, error, said in (
        ([ChosenLot(b.far.id, Decimal(25))], Invalid, "more than the 24"),
        ([ChosenLot(salt.id, Decimal(1))], Invalid, "S-1 is not of FLOUR"),
        ([ChosenLot("lot_no", Decimal(1))], NotFound, "lot_no"),
    ):
        with pytest.raises(error, match=said):
            write(lambda s, lots=lots: complete(s, *lots))
    write(lambda s: change_lot_status(s, lot_id=b.near.id, status="recalled"))
    with pytest.raises(production.HeldLot, match="F-NEAR"):
        write(lambda s: complete(s, ChosenLot(b.near.id, Decimal(1))))
    write(lambda s: change_lot_status(s, lot_id=b.near.id, status="active"))
    write(lambda s: complete(s, ChosenLot(b.far.id, Decimal(20))))
    taken = write(lambda s: [
        (t.lot_id, t.quantity, t.is_waste) for t in production.takings_of(s, batch.id) if t.lot_id
    ])  # fmt: skip
    assert taken == [(b.far.id, 20, False), (b.near.id, 4, False), (b.far.id, 2, True)]


def test_recipes_of_several_levels_contain_no_circle(write: Any) -> None:
    b = write(bakery)

    def recipe(session: Any, output: Any, *parts: Any, **more: Any) -> Any:
        ingredients = [NewIngredient(part.id, Decimal(1)) for part in parts]
        return production.create_recipe(
            session, **{"name": output.sku, "output_variant_id": output.id, "output_quantity": Decimal(1),
                        "ingredients": ingredients, **more},
        )  # fmt: skip

    toast = write(lambda s: factories.variant(s, sku="TOAST"))
    write(lambda s: recipe(s, toast, b.bread, b.salt, number="R-1"))
    for output, parts, said in (
        (b.flour, (toast,), "FLOUR goes into TOAST already"),
        (b.flour, (b.salt, b.bread), "FLOUR goes into BREAD already"),
        (b.salt, (b.salt,), "SALT goes into SALT already"),
    ):
        with pytest.raises(production.RecipeCycle, match=said):
            write(lambda s, output=output, parts=parts: recipe(s, output, *parts))
    write(lambda s: recipe(s, toast, b.flour))  # a second way to make it
    assert write(lambda s: [row.number for row in production.recipes_for(s, toast.id)]) == ["R-1", "RCP-000002"]
    for parts, more, error in (
        ((), {}, Invalid),
        ((b.salt, b.salt), {}, Invalid),
        ((b.salt,), {"output_quantity": Decimal(0)}, Invalid),
        ((b.salt,), {"shelf_life_days": -1}, Invalid),
        ((b.salt,), {"number": "R-1"}, Duplicate),
        ((b.salt,), {"output_variant_id": "var_no"}, NotFound),
    ):
        with pytest.raises(error):
            write(lambda s, parts=parts, more=more: recipe(s, toast, *parts, **more))
    b.recipe.status = "archived"
    write(lambda s: s.merge(b.recipe))
    with pytest.raises(WrongState, match="is archived"):
        write(b.plan)


# --- four levels ----------------------------------------------------------------------------------------------------


def bought_lots(session: Any, lot_id: str) -> set[str]:
    """Backward: the lots that were bought and went into a lot, through every level of production."""
    made = session.exec(scoped(session, ProductionOutput).where(ProductionOutput.lot_id == lot_id)).first()
    if made is None:
        return {session.get(Lot, (organization_of(session), lot_id)).lot_number}
    taken = production.takings_of(session, made.production_batch_id)
    return {number for one in taken if one.lot_id and not one.is_waste for number in bought_lots(session, one.lot_id)}


def order_numbers(session: Any, lot_id: str) -> set[str]:
    """Forward: the orders that a lot left with, itself or as what was made of it."""
    left = [m for m in moves(session, MoveKind.ORDER_FULFILLED) if m.lot_id == lot_id]
    found = {orders.get_order(session, move.origin_id).number for move in left}
    taken = session.exec(scoped(session, ProductionTaking).where(ProductionTaking.lot_id == lot_id)).all()
    for batch_id in {one.production_batch_id for one in taken if not one.is_waste}:
        for made in production.outputs_of(session, batch_id):
            found |= order_numbers(session, made.lot_id)
    return found


def test_four_levels_from_the_supplier_to_the_customer(store: Store, write: Any) -> None:
    """Steel becomes a blank, a rim, a wheel, a bicycle; each level is a batch, and every lot is found both ways."""
    chain = ("STEEL", "BLANK", "RIM", "WHEEL", "BIKE")

    def prepare(session: Any) -> tuple[Any, dict[str, Any], Any]:
        house = factories.warehouse(session)
        items = {sku: factories.variant(session, sku=sku, is_lot_tracked=True) for sku in (*chain, "SPOKE", "PAINT")}
        lines = ((items["STEEL"], 100), (items["SPOKE"], 400), (items["PAINT"], 10))
        order = factories.purchase_order(session, house.site, *lines, status="ordered")
        receipt = [
            purchasing.ReceiptItem(sku=item.sku, lot_number=f"L-{item.sku}", quantity=Decimal(quantity))
            for item, quantity in lines
        ]
        purchasing.receive_order(session, order, receipt, idempotency_key="receipt")
        parts = {
            "BLANK": {"STEEL": 2}, "RIM": {"BLANK": 1, "PAINT": "0.25"}, "WHEEL": {"RIM": 1, "SPOKE": 36},
            "BIKE": {"WHEEL": 2, "PAINT": "0.5", "STEEL": 3},
        }  # fmt: skip
        for sku, needed in parts.items():
            production.create_recipe(
                session, name=sku, output_variant_id=items[sku].id, output_quantity=Decimal(1),
                ingredients=[NewIngredient(items[part].id, Decimal(q)) for part, q in needed.items()],
            )  # fmt: skip
        return house, items, order

    house, items, _ = write(prepare)

    def make(session: Any, sku: str, quantity: int) -> Any:
        recipe = production.recipes_for(session, items[sku].id)[0]
        batch = production.plan_batch(
            session, recipe_id=recipe.id, site_id=house.site.id, planned_quantity=Decimal(quantity)
        )
        production.start_batch(session, batch)
        done = production.complete_batch(session, batch, quantity=Decimal(quantity), idempotency_key=f"make-{sku}")
        return done.lot

    made = {
        sku: write(lambda s, sku=sku, q=q: make(s, sku, q))
        for sku, q in (("BLANK", 8), ("RIM", 8), ("WHEEL", 8), ("BIKE", 4))
    }

    def sell(session: Any) -> None:
        line = orders.NewOrderLine(items["BIKE"].id, Decimal(3))
        order = orders.create_order(session, site_id=house.site.id, lines=[line], number="SO-BIKE")
        orders.fulfill_order(session, order)

    write(sell)
    backward = {sku: write(lambda s, lot=lot: bought_lots(s, lot.id)) for sku, lot in made.items()}
    assert backward == {
        "BLANK": {"L-STEEL"}, "RIM": {"L-STEEL", "L-PAINT"}, "WHEEL": {"L-STEEL", "L-PAINT", "L-SPOKE"},
        "BIKE": {"L-STEEL", "L-PAINT", "L-SPOKE"},
    }  # fmt: skip
    for sku in ("STEEL", "SPOKE", "PAINT"):
        lot = write(lambda s, sku=sku: find_lot(s, items[sku].id, f"L-{sku}"))
        assert write(lambda s, lot=lot: order_numbers(s, lot.id)) == {"SO-BIKE"}
    on_hand = {sku: write(lambda s, sku=sku: stock(s, items[sku], house.site)[0]) for sku in items}
    assert on_hand == {
        "STEEL": 72, "BLANK": 0, "RIM": 0, "WHEEL": 0, "BIKE": 1, "SPOKE": 112, "PAINT": 6,
    }  # fmt: skip
    assert verify_store(store).is_clean


# --- at the same moment ---------------------------------------------------------------------------------------------


def test_two_servers_start_and_complete_a_batch_once(store: Store, organization_id: int, write: Any) -> None:
    """Two programs on one store: of two starts, and of two completions, one is refused and posts nothing."""
    b = write(bakery)
    batch = write(b.plan)
    second = open_store(store.url)

    def complete(session: Any, key: str) -> None:
        production.complete_batch(session, batch, quantity=Decimal(40), idempotency_key=key)

    def both(work: Any) -> list[BaseException | None]:
        asked = [
            opened.writer.submit(
                lambda s, key=key: work(s, key), organization_id=organization_id, actor=factories.TESTER
            )
            for key, opened in (("one", store), ("two", second))
        ]
        return [future.exception(timeout=60) for future in asked]

    try:
        for work in (lambda s, key: production.start_batch(s, production.get_batch(s, batch.id)), complete):
            errors = both(work)
            assert sorted(type(error).__name__ for error in errors) == ["NoneType", "WrongState"]
    finally:
        second.close()
    assert write(lambda s: [stock(s, v, b.house.site) for v in (b.flour, b.bread)]) == [(106, 0), (40, 0)]
    assert write(lambda s: len(s.exec(scoped(s, ProductionOutput)).all())) == 1
    lots = write(lambda s: s.exec(scoped(s, StockLevel).where(StockLevel.variant_id == b.bread.id)).all())
    assert [row.on_hand for row in lots] == [40]
    assert verify_store(store).is_clean
