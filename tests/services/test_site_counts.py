"""On hand of a site set to what was counted: only over what was read, and with the moment of the last count."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.errors import Conflict
from ambra_tui.services.moves import levels_in
from ambra_tui.services.site_counts import Counted, note_counts, on_hand_of, set_on_hand
from ambra_tui.store.models import LastCount, SiteStock
from ambra_tui.store.scope import now_of, organization_of, scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")


def test_a_count_is_set_over_what_was_read_alone(write: Any) -> None:
    house = write(factories.warehouse)
    milk = write(factories.variant)
    write(lambda s: factories.stock(s, milk, house.bin, 10))
    key = (milk.id, house.site.id)

    def set_to(session: Session, quantity: int, read: int, **more: Any) -> Any:
        count = Counted(milk, house.site, Decimal(quantity), **more)
        return set_on_hand(session, [count], idempotency_key=f"c{quantity}", before={key: Decimal(read)})[0]

    def on_hand() -> Decimal:
        found: Decimal = write(lambda s: on_hand_of(s, [key])[key])
        return found

    for quantity, read in ((8, 12), (15, 12)):
        with pytest.raises(Conflict, match="changed while it was set"):
            write(lambda s, quantity=quantity, read=read: set_to(s, quantity, read))
        assert on_hand() == 10
    with pytest.raises(Conflict, match="moved at Site WH1 while it was counted"):
        write(lambda s: set_to(s, 1, 12))
    assert (write(lambda s: set_to(s, 8, 10)).delta, on_hand()) == (-2, 8)


def test_what_was_told_and_not_counted_leaves_the_last_count_and_a_later_count_stays(write: Any) -> None:
    house = write(factories.warehouse)
    milk, tea = write(lambda s: (factories.variant(s), factories.variant(s, sku="TEA")))

    def told(session: Session, variant: Any, quantity: int, **more: Any) -> None:
        count = Counted(variant, house.site, Decimal(quantity), **more)
        set_on_hand(session, [count], idempotency_key=f"{variant.sku}{quantity}")

    def counted(session: Session) -> dict[str, Any]:
        return {row.variant_id: row.counted_at for row in session.exec(scoped(session, LastCount)).all()}

    write(lambda s: told(s, milk, 4, is_count=False))
    assert write(counted) == {}
    write(lambda s: told(s, milk, 5))
    last = write(counted)[milk.id]
    write(lambda s: note_counts(s, {(milk.id, house.site.id): now_of(s) - timedelta(days=1)}))
    assert write(counted) == {milk.id: last}
    write(lambda s: told(s, tea, 0))  # there is none, and somebody looked: the site has a record of it now
    row = write(lambda s: s.get(SiteStock, (organization_of(s), tea.id, house.site.id)))
    assert row is not None and row.on_hand == 0 and set(write(counted)) == {milk.id, tea.id}


def test_what_a_count_misses_is_missing_in_the_bins_before_it_is_on_a_stage(write: Any) -> None:
    house = write(factories.warehouse)
    milk = write(factories.variant)
    stage = write(lambda s: factories.location(s, house.site, code="A00", kind="stage"))
    for place in (stage, house.bin):
        write(lambda s, place=place: factories.stock(s, milk, place, 5))

    def left(quantity: int) -> list[Decimal]:
        write(lambda s: set_on_hand(s, [Counted(milk, house.site, Decimal(quantity))], idempotency_key=f"c{quantity}"))
        return [
            write(lambda s, at=at: sum(x.on_hand for x in levels_in(s, at.id, milk.id))) for at in (house.bin, stage)
        ]

    assert left(7) == [2, 5]
    assert left(3) == [0, 3]
