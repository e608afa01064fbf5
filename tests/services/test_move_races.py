"""Stations that move, ship, waste and hold the same stock at once: never negative, never twice (FLOOR F4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.errors import AmbraError, InsufficientStock
from ambra_tui.kit.ids import new_id
from ambra_tui.services import holds, moves, transfers, waste
from ambra_tui.services.adjustments import Place
from ambra_tui.services.moves import NotThere
from ambra_tui.services.transfers import Arrival, NewTransferLine, TooMany
from ambra_tui.store import Store, open_store
from ambra_tui.store.models import Location, Lot, Site, StockLevel, Variant
from ambra_tui.store.scope import fetch, scoped
from tests import factories

Write = Callable[[Callable[[Session], Any]], Any]
UNITS = 10


@pytest.fixture
def stores(dialect: str, store: Store, store_url: str) -> Iterator[list[Store]]:
    """Two processes' stores on PostgreSQL; on SQLite the one that there is."""
    others = [open_store(store_url)] if dialect == "postgresql" else []
    yield [store, *others]
    for other in others:
        other.close()


def together(stores: list[Store], organization_id: int, works: list[Callable[[Session], Any]]) -> list[Any]:
    """What each of many functions, submitted at once to the stores in turn, answered or raised."""
    futures = [
        stores[number % len(stores)].writer.submit(work, organization_id=organization_id, actor=factories.TESTER)
        for number, work in enumerate(works)
    ]
    answers: list[Any] = []
    for future in futures:
        try:
            answers.append(future.result(timeout=60))
        except AmbraError as error:
            answers.append(error)
    return answers


@dataclass(frozen=True)
class Ids:
    house: str
    shop: str
    bin: str
    other_bin: str
    milk: str
    lot: str


@pytest.fixture
def ids(write: Write) -> Ids:
    """Ten units of one lot in a bin of a site that sends, and a site that receives."""

    def work(session: Session) -> Ids:
        house, shop = factories.warehouse(session), factories.warehouse(session, "ST1")
        milk = factories.variant(session, is_lot_tracked=True)
        lot = factories.lot(session, milk, number="L1")
        factories.stock(session, milk, house.bin, UNITS, lot=lot)
        return Ids(house.site.id, shop.site.id, house.bin.id, house.other_bin.id, milk.id, lot.id)

    return write(work)


def transfer_of(ids: Ids, quantity: int) -> Callable[[Session], str]:
    lines = [NewTransferLine(ids.milk, Decimal(quantity))]
    return lambda session: (
        transfers.create_transfer(session, source_site_id=ids.house, destination_site_id=ids.shop, lines=lines).id
    )


def content(session: Session, ids: Ids, quantity: int = 1) -> Any:
    location = fetch(session, Location, ids.bin, resource="location")
    level = moves.level_in(session, location, fetch(session, Variant, ids.milk, resource="variant"))
    return moves.content_of(level, Decimal(quantity))


def load(ids: Ids, transfer_id: str) -> Callable[[Session], Any]:
    def work(session: Session) -> Any:
        transfer = transfers.get_transfer(session, transfer_id)
        return transfers.load(session, transfer, content=content(session, ids), idempotency_key=new_id("key"))

    return work


def shift(ids: Ids) -> Callable[[Session], Any]:
    def work(session: Session) -> Any:
        target = fetch(session, Location, ids.other_bin, resource="location")
        return moves.move(session, contents=[content(session, ids)], location=target, idempotency_key=new_id("key"))

    return work


def throw(ids: Ids) -> Callable[[Session], Any]:
    def work(session: Session) -> Any:
        return waste.record_waste(
            session,
            place=Place(
                fetch(session, Site, ids.house, resource="location"),
                fetch(session, Location, ids.bin, resource="location"),
            ),
            variant=fetch(session, Variant, ids.milk, resource="variant"),
            quantity=Decimal(1),
            reason="damaged",
            idempotency_key=new_id("key"),
        )

    return work


def levels(session: Session, ids: Ids) -> dict[str, int]:
    rows = session.exec(scoped(session, StockLevel).where(StockLevel.variant_id == ids.milk)).all()
    assert all(row.on_hand >= 0 and row.allocated >= 0 for row in rows)
    return {row.location_id: int(row.on_hand) for row in rows if row.on_hand}


def test_stations_ship_the_last_units_and_each_goes_once(
    stores: list[Store], organization_id: int, write: Write, ids: Ids
) -> None:
    drafts = [write(transfer_of(ids, 1)) for _ in range(2 * UNITS)]
    answers = together(stores, organization_id, [load(ids, draft) for draft in drafts])
    assert sum(isinstance(answer, transfers.Carried) for answer in answers) == UNITS
    assert {type(a) for a in answers} <= {transfers.Carried, InsufficientStock, NotThere}
    assert write(lambda s: levels(s, ids)) == {"loc_transit": UNITS}


def test_moves_loads_and_waste_of_one_bin_share_what_there_is(
    stores: list[Store], organization_id: int, write: Write, ids: Ids
) -> None:
    draft = write(transfer_of(ids, UNITS))
    works = [work for _ in range(6) for work in (shift(ids), load(ids, draft), throw(ids))]
    answers = together(stores, organization_id, works)
    done = [answer for answer in answers if not isinstance(answer, AmbraError)]
    assert len(done) == UNITS
    found = write(lambda s: levels(s, ids))
    wasted = sum(isinstance(answer, waste.Wasted) for answer in done)
    assert sum(found.values()) == UNITS - wasted
    assert ids.bin not in found


def test_no_more_arrives_than_was_sent_whoever_receives(
    stores: list[Store], organization_id: int, write: Write, ids: Ids
) -> None:
    draft = write(transfer_of(ids, 4))
    write(lambda s: transfers.ship(s, transfers.get_transfer(s, draft), idempotency_key="ship"))

    def one(session: Session) -> Any:
        transfer = transfers.get_transfer(session, draft)
        arrival = Arrival(ids.milk, Decimal(1))
        return transfers.take_in(session, transfer, [arrival], idempotency_key=new_id("key"))

    answers = together(stores, organization_id, [one] * 10)
    assert sum(isinstance(answer, list) for answer in answers) == 4
    assert {type(answer) for answer in answers} == {list, TooMany}


def test_a_lot_on_hold_and_a_load_of_it_never_both_win_halfway(
    stores: list[Store], organization_id: int, write: Write, ids: Ids
) -> None:
    drafts = [write(transfer_of(ids, 1)) for _ in range(6)]

    def hold(session: Session) -> Any:
        return holds.hold_lot(session, fetch(session, Lot, ids.lot, resource="lot"), reason="quality")

    works = [load(ids, draft) for draft in drafts]
    answers = together(stores, organization_id, [*works[:3], hold, *works[3:]])
    loaded = sum(isinstance(answer, transfers.Carried) for answer in answers)
    found = write(lambda s: levels(s, ids))
    assert (found.get(ids.bin, 0), found.get("loc_transit", 0)) == (UNITS - loaded, loaded)
    with pytest.raises(InsufficientStock):
        write(load(ids, write(transfer_of(ids, 1))))
