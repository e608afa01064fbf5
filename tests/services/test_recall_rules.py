"""Recalls: whom one of a lot alone leaves in peace, and lots of which nothing is left."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.services import production, recalls
from ambra_tui.services.lots import find_lot
from ambra_tui.services.moves import content_of, level_in
from tests.services.test_tracing import Bakery, bakery, number, shipped

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def b(write: Any) -> Bakery:
    made: Bakery = write(bakery)
    return made


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
