"""Production: what a plan may ask for, what may go in, and what a batch that is over leaves behind."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.errors import InsufficientStock, Invalid, WrongState
from ambra_tui.kit.quantity import MAX_QUANTITY
from ambra_tui.services import claims, production
from ambra_tui.services.lots import change_lot_status
from ambra_tui.services.production import ActualInput, NewIngredient
from ambra_tui.store import Actor, Store
from tests import factories
from tests.services.test_production import Bakery, bakery, content, inputs

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def b(write: Any) -> Bakery:
    made: Bakery = write(bakery)
    return made


def test_a_plan_counts_what_may_be_used_and_what_can_be_counted(b: Bakery, write: Any) -> None:
    """Held stock is none; a trace of an ingredient is the least that can be counted; too much of one is refused."""
    write(lambda s: change_lot_status(s, lot_id=b.near.id, status="quarantine"))
    with pytest.raises(InsufficientStock) as short:
        write(lambda s: b.plan(s, 200))
    assert [(one.sku, one.requested, one.available) for one in short.value.shortages] == [("FLOUR", 120, 100)]

    def recipe(session: Session, output: int, salt: str) -> Any:
        parts = [NewIngredient(b.salt.id, Decimal(salt))]
        return production.create_recipe(
            session, name="R", output_variant_id=b.bread.id, output_quantity=Decimal(output), ingredients=parts
        )

    def planned(session: Session, made: Any, quantity: Decimal) -> list[Decimal]:
        batch = production.plan_batch(session, recipe_id=made.id, site_id=b.house.site.id, planned_quantity=quantity)
        return [row.planned_quantity for row in production.inputs_of(session, batch.id)]

    thin, rich = write(lambda s: (recipe(s, 10_000_000, "0.5"), recipe(s, 1, "2")))
    assert write(lambda s: planned(s, thin, Decimal("0.000001"))) == [Decimal("0.000001")]
    with pytest.raises(Invalid, match="cannot be counted"):
        write(lambda s: planned(s, rich, MAX_QUANTITY))


def test_what_may_go_in_and_why_something_is_lost(b: Bakery, store: Store, write: Any) -> None:
    """A lot keeps to the end of its day; held bins, other items and reasons that nobody knows are refused."""
    batch = write(b.start)
    last = write(lambda s: factories.lot(s, b.flour, number="F-LAST", expiry=store.clock.today()))
    gone = write(lambda s: factories.lot(s, b.flour, number="F-GONE", expiry=store.clock.today() - timedelta(days=1)))
    for lot, place in ((last, b.house.reserve), (gone, b.house.stage)):
        write(lambda s, lot=lot, place=place: factories.stock(s, b.flour, place, 3, lot=lot))
    found = write(lambda s: [x.level.lot_id for x in production.sources_of(s, batch, inputs(s, batch)[0])])
    assert last.id in found and gone.id not in found

    def take(session: Session, location: Any, variant: Any, **more: Any) -> Any:
        part = content(session, location, variant, 1)
        row = inputs(session, batch)[0]
        return production.take(session, batch, row, content=part, idempotency_key="k", **more)

    with pytest.raises(Invalid, match="the input is FLOUR"):
        write(lambda s: take(s, b.house.bin, b.salt))
    with pytest.raises(Invalid, match="reason is one of"):
        write(lambda s: take(s, b.house.reserve, b.flour, is_waste=True, reason="gone"))
    write(lambda s: factories.stock(s, b.flour, b.house.quarantine, 3, lot=b.far))
    with pytest.raises(production.HeldLot, match="in QUAR is on hold"):
        write(lambda s: take(s, b.house.quarantine, b.flour))
    assert write(lambda s: production.takings_of(s, batch.id)) == []
    assert write(lambda s: take(s, b.house.reserve, b.flour)).taking.lot_id == last.id


def test_completing_goes_by_what_was_taken(b: Bakery, write: Any) -> None:
    """Less than what went in, or was lost, already is no answer; nor is a place elsewhere."""
    batch = write(b.start)

    def take(session: Session, quantity: int, **more: Any) -> None:
        part, row = content(session, b.house.other_bin, b.flour, quantity), inputs(session, batch)[0]
        production.take(session, batch, row, content=part, idempotency_key=f"k{quantity}", **more)

    def complete(session: Session, used: int, lost: int, **more: Any) -> Any:
        given = [ActualInput(inputs(session, batch)[0].id, Decimal(used), Decimal(lost))]
        return production.complete_batch(
            session, batch, quantity=Decimal(40), inputs=given, idempotency_key="c", **more
        )

    write(lambda s: take(s, 10))
    write(lambda s: take(s, 2, is_waste=True))
    with pytest.raises(WrongState, match="partly made"):
        write(lambda s: production.unstart_batch(s, batch.id))
    with pytest.raises(Invalid, match="10 of it went in already"):
        write(lambda s: complete(s, 9, 2))
    with pytest.raises(Invalid, match="2 of it were recorded as waste already"):
        write(lambda s: complete(s, 10, 1))
    other = write(lambda s: factories.warehouse(s, "WH2"))
    with pytest.raises(Invalid, match="is not in the site"):
        write(lambda s: complete(s, 10, 2, location_id=other.bin.id))
    done = write(lambda s: complete(s, 10, 2))
    assert write(lambda s: production.outputs_of(s, done.batch.id)[0].unit_cost) is not None


def test_an_output_of_which_a_part_has_no_known_cost_has_none(b: Bakery, write: Any) -> None:
    def make(session: Session) -> int | None:
        gift = factories.variant(session, sku="GIFT")
        factories.stock(session, gift, b.house.bin, 5)
        parts = [NewIngredient(b.salt.id, Decimal(1)), NewIngredient(gift.id, Decimal(1))]
        made = production.create_recipe(
            session, name="R", output_variant_id=b.bread.id, output_quantity=Decimal(1), ingredients=parts
        )
        batch = production.plan_batch(session, recipe_id=made.id, site_id=b.house.site.id, planned_quantity=Decimal(1))
        production.start_batch(session, batch)
        production.complete_batch(session, batch, quantity=Decimal(1), idempotency_key="c")
        return production.outputs_of(session, batch.id)[0].unit_cost

    assert write(make) is None


def test_nobody_works_on_a_batch_that_is_over(b: Bakery, store: Store, organization_id: int, write: Any) -> None:
    ana = write(lambda s: factories.user(s, name="Ana"))

    def hold(session: Session) -> Any:
        batch = b.start(session)
        claims.claim(session, production.DOCUMENT, batch.id)
        return batch

    def held() -> int:
        return len(write(lambda s: claims.claims_of(s, ana.id)))

    actor = Actor(ana.id, ana.name, role=ana.role)
    first, second = (store.writer.run(hold, organization_id=organization_id, actor=actor) for _ in range(2))
    assert held() == 2
    write(lambda s: production.complete_batch(s, first, quantity=Decimal(40), idempotency_key="c"))
    assert held() == 1
    write(lambda s: production.cancel_batch(s, second, idempotency_key="x"))
    assert held() == 0
