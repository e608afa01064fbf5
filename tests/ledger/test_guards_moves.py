"""Guards of the move itself: its key, all or nothing, its reversal, its cost, what can never be right."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session, select

from ambra_tui.errors import AmbraError, InsufficientStock, Invalid, KeyReused, NotFound, WrongState
from ambra_tui.ledger import (
    CUSTOMER,
    SUPPLIER,
    TRANSIT,
    MoveKind,
    Posting,
    post,
    reverse,
)
from ambra_tui.ledger.core import submit
from ambra_tui.store.models import StockMove
from tests import factories
from tests.ledger.conftest import House
from tests.ledger.guarding import average, costs, raced

# --- keys -----------------------------------------------------------------------------------------------------------


def test_a_repeated_key_posts_once_and_answers_the_first(house: House) -> None:
    posting = house.receipt(10)
    first, again = house.post(posting), house.post(posting)
    assert (first.repeated, again.repeated) == (False, True)
    assert replace(again, repeated=False) == first
    assert house.level() == (10, 0)


def test_a_key_repeated_within_one_call_posts_once(house: House) -> None:
    posting = house.receipt(10)
    assert [posted.repeated for posted in house.post_all(posting, posting)] == [False, True]
    assert house.level() == (10, 0)


def test_a_key_repeated_within_one_batch_of_the_fast_path_posts_once(house: House) -> None:
    posting = house.receipt(10)
    futures = [
        submit(house.store.writer, posting, organization_id=house.organization_id, actor=factories.TESTER)
        for _ in range(20)
    ]
    assert sorted(future.result().repeated for future in futures) == [False] + [True] * 19
    assert house.level() == (10, 0)


def test_a_key_raced_posts_once(house: House) -> None:
    posting = house.receipt(10)
    outcomes = raced([lambda: house.post(posting) for _ in range(12)])
    assert sorted(outcome.repeated for outcome in outcomes) == [False] + [True] * 11
    assert len({outcome.id for outcome in outcomes}) == 1
    assert house.level() == (10, 0)


@pytest.mark.parametrize(
    "change",
    [{"quantity": Decimal(9)}, {"destination_id": "other_bin"}, {"source_id": CUSTOMER}, {"variant_id": "milk"}],
    ids=lambda change: next(iter(change)),
)
def test_a_key_used_for_another_move_is_refused(house: House, change: dict[str, Any]) -> None:
    names = {"other_bin": house.warehouse.other_bin.id, "milk": house.milk.id}
    posting = house.receipt(10)
    house.post(posting)
    with pytest.raises(KeyReused):
        house.post(replace(posting, **{k: names.get(v, v) if isinstance(v, str) else v for k, v in change.items()}))
    assert house.level() == (10, 0)


def test_a_key_that_was_refused_may_be_used_again(house: House) -> None:
    posting = house.issue(5)
    with pytest.raises(InsufficientStock):
        house.post(posting)
    house.receive(5)
    assert house.post(posting).repeated is False


def test_the_same_key_in_two_organizations_posts_in_both(house: House) -> None:
    other = factories.organization(house.store, "Brand")
    house.receive(10, idempotency_key="same")

    def fill(session: Session) -> None:
        place = factories.warehouse(session)
        factories.stock(session, factories.variant(session), place.bin, 3, idempotency_key="same")

    house.store.writer.run(fill, organization_id=other, actor=factories.TESTER)


@pytest.mark.parametrize("key", ["", "k" * 301])
def test_a_key_has_a_length(house: House, key: str) -> None:
    with pytest.raises(Invalid):
        house.receive(1, idempotency_key=key)


# --- all or nothing -------------------------------------------------------------------------------------------------


def test_a_call_posts_all_or_nothing_and_lists_every_short_line(house: House) -> None:
    house.receive(10)
    with pytest.raises(InsufficientStock) as refused:
        house.post_all(house.issue(8), house.issue(3), house.receipt(1), house.issue(9))
    assert [shortage.requested for shortage in refused.value.shortages] == [3, 9]
    assert house.level() == (10, 0)


def test_what_a_call_brings_it_may_also_take(house: House) -> None:
    house.post_all(house.receipt(5), house.bin_move(5), house.issue(5, source_id=house.warehouse.other_bin.id))
    assert house.site_stock() == (0, 0, 0)


def test_a_function_that_fails_after_posting_leaves_nothing(house: House) -> None:
    def work(session: Session) -> None:
        post(session, [house.receipt(10, idempotency_key="lost")])
        raise WrongState("sales_order", "so_1", state="cancelled", step="ship")

    with pytest.raises(WrongState):
        house.write(work)
    assert house.level() == (0, 0)
    assert house.receive(10, idempotency_key="lost").repeated is False


# --- reversals ------------------------------------------------------------------------------------------------------


def test_a_reversal_mirrors_its_original_once(house: House) -> None:
    posted = house.receive(10)
    house.write(lambda session: reverse(session, posted.id, idempotency_key="undo"))
    assert house.level() == (0, 0)
    assert house.write(lambda session: reverse(session, posted.id, idempotency_key="undo")).repeated
    with pytest.raises(WrongState):
        house.write(lambda session: reverse(session, posted.id, idempotency_key="undo again"))


def test_reversals_raced_post_once(house: House) -> None:
    posted = house.receive(10)
    house.receive(10)
    outcomes = raced(
        [partial(house.write, partial(reverse, original_id=posted.id, idempotency_key=f"undo {n}")) for n in range(8)]
    )
    assert sum(isinstance(outcome, AmbraError) for outcome in outcomes) == 7
    assert house.level() == (10, 0)


def test_a_receipt_whose_stock_is_gone_cannot_be_reversed(house: House) -> None:
    posted = house.receive(10)
    house.post(house.issue(1))
    with pytest.raises(InsufficientStock):
        house.write(lambda session: reverse(session, posted.id, idempotency_key="undo"))
    assert house.level() == (9, 0)


def test_a_move_that_is_not_there_cannot_be_reversed(house: House) -> None:
    with pytest.raises(NotFound):
        house.write(lambda session: reverse(session, "mov_none", idempotency_key="undo"))


# --- cost -----------------------------------------------------------------------------------------------------------


def test_receipts_move_the_average_and_issues_leave_at_it(house: House) -> None:
    house.receive(10, unit_cost=10_000)
    house.receive(30, unit_cost=20_000)
    assert average(house) == 17_500
    house.post(house.issue(5))
    house.post(house.waste(5))
    assert (average(house), costs(house)) == (17_500, [10_000, 20_000, 17_500, 17_500])


def test_a_reversal_leaves_at_the_original_s_cost(house: House) -> None:
    house.receive(10, unit_cost=10_000)
    second = house.receive(30, unit_cost=20_000)
    house.write(lambda session: reverse(session, second.id, idempotency_key="undo"))
    assert (average(house), costs(house)[-1]) == (10_000, 20_000)


def test_a_transfer_carries_its_cost_through_transit(house: House) -> None:
    house.receive(10, unit_cost=10_000)
    out = house.post(house.issue(4, destination_id=TRANSIT, kind=MoveKind.TRANSFER_OUT))
    assert out.source_balance == 6
    arrival = Posting(house.bolt.id, TRANSIT, house.shop_bin, Decimal(4), MoveKind.TRANSFER_IN, "in", unit_cost=10_000)
    house.post(arrival)
    assert (average(house, house.shop.id), house.site_stock(house.shop.id)) == (10_000, (4, 0, 0))
    with pytest.raises(InsufficientStock):
        house.post(replace(arrival, idempotency_key="twice"))


def test_a_receipt_without_a_cost_leaves_the_average(house: House) -> None:
    house.receive(10, unit_cost=10_000)
    house.receive(10)
    assert average(house) == 10_000


# --- what can never be right ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0000001", "NaN", "Infinity"])
def test_a_quantity_that_can_never_be_right_is_refused(house: House, quantity: str) -> None:
    with pytest.raises(Invalid):
        house.receive(Decimal(quantity))


def test_a_serial_number_is_one_unit(house: House) -> None:
    with pytest.raises(Invalid):
        house.receive(2, serial="S1")
    house.receive(1, serial="S1")


def test_stock_never_moves_from_a_place_to_itself(house: House) -> None:
    house.receive(10)
    with pytest.raises(Invalid):
        house.post(house.bin_move(1, destination_id=house.warehouse.bin.id))


@pytest.mark.parametrize("field", ["variant_id", "source_id", "destination_id", "lot_id"])
def test_what_belongs_to_another_organization_is_as_absent(house: House, field: str) -> None:
    other = factories.organization(house.store, "Brand")

    def fill(session: Session) -> dict[str, str]:
        place, milk = factories.warehouse(session), factories.variant(session)
        lot = factories.lot(session, milk)
        return {"variant_id": milk.id, "source_id": place.bin.id, "destination_id": place.bin.id, "lot_id": lot.id}

    foreign = house.store.writer.run(fill, organization_id=other, actor=factories.TESTER)
    errors = []
    for value in (foreign[field], "absent"):
        with pytest.raises(NotFound) as refused:
            house.receive(1, **{field: value})
        errors.append(str(refused.value).replace(value, "ID"))
    assert errors[0] == errors[1]
    assert house.level() == (0, 0)


def test_who_moved_what_from_where_is_in_the_record(house: House) -> None:
    house.receive(10, reason="supplier_receipt", note="two cartons wet", origin_kind="purchase_order", origin_id="po_1")
    with house.store.read(house.organization_id) as session:
        move = session.exec(select(StockMove).where(StockMove.organization_id == house.organization_id)).one()
    assert (move.actor_id, move.station, move.reason, move.note, move.origin_id, move.source_id) == (
        factories.TESTER.id, factories.TESTER.station, "supplier_receipt", "two cartons wet", "po_1", SUPPLIER,
    )  # fmt: skip
