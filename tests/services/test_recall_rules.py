"""Recalls and traces: a lot recalled alone, lots used up, what was lost, and lots that are reached on two ways."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.services import production, purchasing, recalls, tracing
from ambra_tui.services.lots import change_lot_status, find_lot
from ambra_tui.services.moves import Part, content_of, level_in
from tests import factories
from tests.services.test_tracing import Bakery, bakery, made, number, shipped

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def b(write: Any) -> Bakery:
    opened: Bakery = write(bakery)
    return opened


def test_what_is_made_of_a_lot_that_was_recalled_alone_is_free(b: Bakery, write: Any) -> None:
    """Its flour had gone in before; who recalled the flour meant the flour alone."""

    def begin(session: Session) -> str:
        recipe = production.recipes_for(session, b.items["DOUGH"].id)[0]
        batch = production.plan_batch(session, recipe_id=recipe.id, site_id=b.house.site.id, planned_quantity=number(5))
        production.start_batch(session, batch)
        content = content_of(level_in(session, b.house.bin, b.items["FLOUR"]), number(5))
        row = production.inputs_of(session, batch.id)[0]
        production.take(session, batch, row, content=content, idempotency_key="take")
        return batch.id

    batch_id = write(begin)
    write(lambda s: recalls.recall(s, b.lot(s, "F1"), reason="torn sacks", include_descendants=False))
    write(lambda s: production.complete_batch(
        s, production.get_batch(s, batch_id), quantity=number(5), idempotency_key="done", takes_rest=False,
        lot_number="D2",
    ))  # fmt: skip
    assert write(lambda s: find_lot(s, b.items["DOUGH"].id, "D2").status) == "active"
    assert write(lambda s: b.lot(s, "F1").status) == "recalled"


def test_a_lot_of_which_nothing_was_left_is_set_free_with_the_others(b: Bakery, write: Any) -> None:
    write(lambda s: shipped(s, b.house.site, "SO-9", "Cem", b.items["SANDWICH"], 8))
    assert write(lambda s: b.lot(s, "S1").status) == "exhausted"
    write(lambda s: recalls.recall(s, b.lot(s, "F1"), reason="metal"))
    assert write(lambda s: [b.lot(s, name).status for name in ("F1", "D1", "S1")]) == ["recalled"] * 3
    write(lambda s: recalls.lift(s, b.lot(s, "F1"), reason="fine"))
    assert write(lambda s: [b.lot(s, name).status for name in ("F1", "D1", "S1")]) == ["active", "active", "exhausted"]


def test_what_was_recalled_without_a_record_stays_recalled(b: Bakery, write: Any) -> None:
    """Its recall was told by the books of an earlier system."""
    write(lambda s: change_lot_status(s, lot_id=b.lots["S1"], status="recalled"))
    write(lambda s: recalls.recall(s, b.lot(s, "F1"), reason="metal"))
    write(lambda s: recalls.lift(s, b.lot(s, "F1"), reason="fine"))
    assert write(lambda s: [b.lot(s, name).status for name in ("B1", "S1")]) == ["active", "recalled"]


def test_what_was_lost_beside_a_batch_went_into_nothing(b: Bakery, write: Any) -> None:
    def make(session: Session) -> tuple[str, str]:
        spilled = made(session, b.house, b.items["DOUGH"], b.items["FLOUR"], "D9", 5)
        recipe = production.recipes_for(session, b.items["BREAD"].id)[0]
        batch = production.plan_batch(session, recipe_id=recipe.id, site_id=b.house.site.id, planned_quantity=number(5))
        production.start_batch(session, batch)
        row = production.inputs_of(session, batch.id)[0]
        content = content_of(level_in(session, b.house.bin, b.items["DOUGH"], Part(lot_id=spilled.id)), number(1))
        production.take(session, batch, row, content=content, is_waste=True, idempotency_key="lost")
        given = [production.ActualInput(row.id, number(5), number(1), (production.ChosenLot(b.lots["D1"], number(5)),))]
        done = production.complete_batch(
            session, batch, quantity=number(5), idempotency_key="done", inputs=given, lot_number="B9"
        )
        assert done.lot is not None
        return done.lot.id, spilled.id

    bread, spilled = write(make)
    assert {link.lot_id for link in write(lambda s: tracing.ancestors_of(s, bread)).links} == {
        b.lots["D1"], b.lots["F1"],
    }  # fmt: skip
    assert write(lambda s: tracing.descendants_of(s, spilled)).links == ()


def test_a_lot_that_is_reached_on_two_ways_is_followed_once(b: Bakery, write: Any) -> None:
    """A club takes flour and bread, and bread is made of the flour: the platter of the club comes once."""

    def make(session: Session) -> tuple[str, str]:
        club, platter = (factories.variant(session, sku=sku, is_lot_tracked=True) for sku in ("CLUB", "PLATTER"))
        parts = [production.NewIngredient(b.items[sku].id, number(1)) for sku in ("FLOUR", "BREAD")]
        recipe = production.create_recipe(
            session, name="Club", output_variant_id=club.id, output_quantity=number(1), ingredients=parts
        )
        batch = production.plan_batch(session, recipe_id=recipe.id, site_id=b.house.site.id, planned_quantity=number(3))
        production.start_batch(session, batch)
        done = production.complete_batch(
            session, batch, quantity=number(3), idempotency_key="club", lot_number="C1", location_id=b.house.bin.id
        )
        assert done.lot is not None
        return done.lot.id, made(session, b.house, platter, club, "P1", 2).id

    club, platter = write(make)
    family = write(lambda s: tracing.descendants_of(s, b.lots["F1"]))
    assert family.is_complete
    assert [link.parent_id for link in family.links if link.lot_id == platter] == [club]
    assert sorted(link.level for link in family.links if link.lot_id == club) == [1, 3]


def test_a_receipt_that_was_taken_back_whole_brought_nothing(b: Bakery, write: Any) -> None:
    def receipts(session: Session) -> list[tuple[str, int]]:
        return [(row.number, int(row.quantity)) for row in tracing.receipts_of(session, [b.lots["F1"]])]

    def receive(session: Session) -> str:
        vendor = factories.supplier(session)
        order = purchasing.create_purchase_order(
            session, supplier_id=vendor.id, site_id=b.house.site.id, number="PO-8",
            lines=[purchasing.NewPurchaseLine(b.items["FLOUR"].id, number(9))],
        )  # fmt: skip
        line = purchasing.lines_of(session, order.id)[0]
        return purchasing.receive_line(
            session, line=line, quantity=number(9), location_id=b.house.bin.id, lot_id=b.lots["F1"], idempotency_key="r"
        ).id

    move_id = write(receive)
    assert write(receipts) == [("PO-7", 100), ("PO-8", 9)]
    write(lambda s: purchasing.take_back(s, move_id=move_id, idempotency_key="back"))
    assert write(receipts) == [("PO-7", 100)]
