"""E5: returns come back unit by unit, each in the condition that its key says; only sellable units add stock."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ambra_tui.services import catalog, orders, returns
from ambra_tui.services.returns import NewReturnLine
from ambra_tui.store import Store
from ambra_tui.store.models import Discrepancy, SiteStock
from ambra_tui.store.scope import scoped
from tests.floor.test_undo import undo
from tests.floor.worker import Worker, open_ds1

GLOVE, CHOC, PAINT, MILK, PHONE = (
    "5001000000040", "5001000000095", "5001000000071", "5001000000019", "5001000000064",
)  # fmt: skip


@pytest.fixture
def ds1(store_url: str) -> Iterator[tuple[Store, int]]:
    store, organization_id = open_ds1(store_url)
    with store:
        yield store, organization_id


@pytest.fixture
def ana(ds1: tuple[Store, int]) -> Worker:
    return Worker(*ds1, "BDG-1001")


def ship(worker: Worker, number: str, *lines: tuple[str, int]) -> str:
    """An order that has left; its id."""
    order = worker.order(number, *lines)
    worker.write(lambda s: orders.fulfill_order(s, orders.get_order(s, order.id)))
    return order.id


def authorize(worker: Worker, number: str, order_id: str, *lines: tuple[str, int, str]) -> None:
    """A return of (SKU, quantity, condition) lines."""

    def work(session: Any) -> None:
        new = [
            NewReturnLine(catalog.variant_by_sku(session, sku).id, Decimal(quantity), condition)
            for sku, quantity, condition in lines
        ]
        returns.create_return(session, order_id=order_id, reason="does not fit", lines=new, number=number)

    worker.write(work)


def state(worker: Worker, number: str) -> tuple[str, list[tuple[int, int, int]]]:
    """Status, and per line how many came sellable, damaged, discarded."""

    def work(session: Any) -> tuple[str, list[tuple[int, int, int]]]:
        rma = returns.find_return(session, number)
        assert rma is not None
        lines = returns.lines_of(session, rma.id)
        return rma.status, [(int(x.sellable), int(x.damaged), int(x.discarded)) for x in lines]

    return worker.write(work)


def at_site(worker: Worker, sku: str) -> int:
    """On hand of the whole site."""

    def work(session: Any) -> int:
        variant = catalog.variant_by_sku(session, sku)
        statement = scoped(session, SiteStock).where(
            SiteStock.variant_id == variant.id, SiteStock.site_id == worker.place.site_id
        )
        return int(session.exec(statement).one().on_hand)

    return worker.write(work)


@pytest.fixture
def rma(ana: Worker) -> Worker:
    """P10: SO-9 was shipped, RMA-1 says what comes back of it."""
    order_id = ship(ana, "SO-9", ("GLOVE-L", 4), ("CHOC-100", 2))
    authorize(ana, "RMA-1", order_id, ("GLOVE-L", 2, "sellable"), ("CHOC-100", 1, "damaged"))
    return ana


def test_unit_by_unit_in_the_condition_that_its_key_says(rma: Worker) -> None:
    """E5: s, d and x a unit; only sellable ones add stock."""
    rma.menu("returns").scan("RMA-1", GLOVE)
    assert [choice.digit for choice in rma.prompt.choices] == ["s", "d", "x"]
    rma.press("s").scan(GLOVE).press("s").scan(CHOC).press("d")
    assert rma.codes[-6:] == ["G79", "G71", "G79", "G71", "G79", "G73"]
    assert state(rma, "RMA-1") == ("received", [(2, 0, 0), (0, 1, 0)])
    assert rma.moves("return_received") == [("return_received", "GLOVE-L", "customer", "RECV", "", 1)] * 2
    assert rma.moves("return_disposed") == [
        ("return_disposed", "CHOC-100", "customer", "RECV", "C7", 1),
        ("return_disposed", "CHOC-100", "RECV", "waste", "C7", 1),
    ]
    assert (at_site(rma, "GLOVE-L"), at_site(rma, "CHOC-100")) == (38, 46)


def test_the_condition_that_is_found_counts_not_the_one_that_was_expected(rma: Worker) -> None:
    rma.menu("returns").scan("RMA-1", GLOVE).press("x").scan(CHOC).press("s")
    assert state(rma, "RMA-1") == ("pending", [(0, 0, 1), (1, 0, 0)])
    assert (at_site(rma, "GLOVE-L"), at_site(rma, "CHOC-100")) == (36, 47)


def test_no_scan_tells_a_condition(rma: Worker) -> None:
    rma.menu("returns").scan("RMA-1", GLOVE, GLOVE, "s", "RMA-1").type("s")
    assert rma.codes[-4:] == ["E40"] * 4
    assert state(rma, "RMA-1")[1] == [(0, 0, 0), (0, 0, 0)]


def test_more_than_authorized_and_other_items_are_refused(rma: Worker) -> None:
    rma.menu("returns").scan("RMA-1", CHOC).press("d").scan(CHOC)
    assert (rma.verdict, rma.prompt.step) == ("E14", "item")
    rma.scan("15001000000047")
    assert rma.verdict == "E14"
    assert rma.scan(PAINT).verdict == "E06"
    assert rma.scan("NO-SUCH").verdict == "E01"


def test_what_does_not_come_is_an_open_difference(rma: Worker) -> None:
    rma.menu("returns").scan("RMA-1").command("close")
    assert rma.verdict == "E60"
    rma.scan(GLOVE).press("s").command("close")
    assert (rma.verdict, state(rma, "RMA-1")[0]) == ("W71", "received")

    def open_differences(session: Any) -> list[tuple[str, int]]:
        return [(row.kind, int(row.quantity)) for row in session.exec(scoped(session, Discrepancy)).all()]

    assert rma.write(open_differences) == [("short_return", 1), ("short_return", 1)]
    assert rma.scan("RMA-1").verdict == "E33"


def test_a_return_is_chosen_by_its_digit_and_held_by_one_worker(ds1: tuple[Store, int], rma: Worker) -> None:
    rma.menu("returns").press("1")
    assert rma.verdict == "G20"
    ben = Worker(*ds1, "BDG-1002", station="st-2")
    assert ben.menu("returns").scan("RMA-1").verdict == "E30"
    rma.command("back")
    assert ben.scan("RMA-1").verdict == "G20"


def test_of_several_shipped_lots_the_label_tells_which(ana: Worker) -> None:
    order_id = ship(ana, "SO-9", ("MILK-1L", 12))
    authorize(ana, "RMA-2", order_id, ("MILK-1L", 3, "sellable"))
    ana.menu("returns").scan("RMA-2", "5001000000019")
    assert ana.prompt.step == "lot"
    assert ana.type("M120").verdict == "E04"
    ana.type("M100").press("s").scan("]C1" + "0105001000000019" + "10M090").press("d")
    assert [move[4] for move in ana.moves("return_received", "return_disposed")] == ["M100", "M090", "M090"]


def test_a_serial_that_was_not_shipped_does_not_come_back(ana: Worker) -> None:
    for serial in ("SN1", "SN2"):
        ana.put("PHONE-X", "A01-1", 1, serial=serial)
    order_id = ship(ana, "SO-9", ("PHONE-X", 1))
    left = ({"SN1", "SN2"} - set(ana.serials("A01-1"))).pop()
    stayed = ({"SN1", "SN2"} - {left}).pop()
    authorize(ana, "RMA-3", order_id, ("PHONE-X", 1, "sellable"))
    ana.menu("returns").scan("RMA-3", "5001000000064").type(stayed)
    assert ana.verdict == "E06"
    ana.type(left).press("s")
    assert (ana.verdict, ana.serials("RECV")) == ("G73", [left])


def test_what_came_back_before_does_not_come_back_again(ana: Worker) -> None:
    for serial in ("SN1", "SN2"):
        ana.put("PHONE-X", "A01-1", 1, serial=serial)
    order_id = ship(ana, "SO-9", ("PHONE-X", 2))
    authorize(ana, "RMA-1", order_id, ("PHONE-X", 1, "damaged"))
    authorize(ana, "RMA-2", order_id, ("PHONE-X", 1, "sellable"))
    ana.menu("returns").scan("RMA-1", PHONE, "SN1").press("x").scan("RMA-2", PHONE, "SN1")
    assert (ana.verdict, ana.prompt.step) == ("E06", "serial")
    undo(ana)
    assert ana.codes[-1] == "G70"
    ana.scan("RMA-2", PHONE, "SN1").press("s").scan("RMA-1", PHONE, "SN1")
    assert ana.verdict == "E06"
    ana.scan("SN2").press("s")
    assert (ana.verdict, ana.serials("RECV")) == ("G73", ["SN1", "SN2"])


def test_of_a_lot_comes_back_no_more_than_was_shipped(ana: Worker) -> None:
    order_id = ship(ana, "SO-9", ("MILK-1L", 12))
    shipped = {move[4]: move[5] for move in ana.moves("order_fulfilled")}
    assert shipped == {"M090": 10, "M100": 2}
    authorize(ana, "RMA-1", order_id, ("MILK-1L", 12, "sellable"))
    ana.menu("returns").scan("RMA-1")
    for _ in range(2):
        ana.scan(MILK, "M100").press("s")
    ana.scan(MILK)
    assert ana.prompt.step == "condition"  # all that is still out is of one lot
    ana.command("back").scan(f"]C1010{MILK}10M100")
    assert (ana.verdict, ana.prompt.step) == ("E04", "item")
    for _ in range(10):
        ana.scan(MILK).press("s")
    assert (ana.verdict, state(ana, "RMA-1")[0]) == ("G73", "received")
    assert [move[4] for move in ana.moves("return_received")] == ["M100"] * 2 + ["M090"] * 10


def test_two_returns_at_once_do_not_take_the_same_serial(ana: Worker) -> None:
    for serial in ("SN1", "SN2"):
        ana.put("PHONE-X", "A01-1", 1, serial=serial)
    order_id = ship(ana, "SO-9", ("PHONE-X", 2))
    authorize(ana, "RMA-1", order_id, ("PHONE-X", 1, "damaged"))
    authorize(ana, "RMA-2", order_id, ("PHONE-X", 1, "sellable"))
    ben = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")
    ana.menu("returns").scan("RMA-1", PHONE, "SN1")
    ben.menu("returns").scan("RMA-2", PHONE, "SN1")
    ana.press("x")
    ben.press("s")
    assert (ana.verdict, ben.verdict, ana.serials("RECV")) == ("G73", "E06", [])


def test_each_unit_and_the_close_are_taken_back(rma: Worker) -> None:
    rma.menu("returns").scan("RMA-1", GLOVE).press("s").scan(CHOC).press("d").command("close")
    assert undo(rma).codes[-1] == "G70"
    assert state(rma, "RMA-1")[0] == "pending"
    undo(rma)
    assert (state(rma, "RMA-1")[1], at_site(rma, "CHOC-100")) == ([(1, 0, 0), (0, 0, 0)], 46)
    undo(rma)
    assert (state(rma, "RMA-1")[1], at_site(rma, "GLOVE-L")) == ([(0, 0, 0), (0, 0, 0)], 36)
    rma.scan(GLOVE).press("s")
    assert rma.verdict == "G71"


def test_the_last_unit_taken_back_opens_the_return_again(rma: Worker) -> None:
    rma.menu("returns").scan("RMA-1", CHOC).press("d").scan(GLOVE).press("s").scan(GLOVE).press("s")
    assert state(rma, "RMA-1")[0] == "received"
    undo(rma)
    assert state(rma, "RMA-1") == ("pending", [(1, 0, 0), (0, 1, 0)])
    rma.scan(GLOVE).press("s")
    assert state(rma, "RMA-1") == ("received", [(2, 0, 0), (0, 1, 0)])


def test_a_unit_cannot_be_taken_back_once_the_rest_was_written_off(ds1: tuple[Store, int], rma: Worker) -> None:
    rma.menu("returns").scan("RMA-1", GLOVE).press("s").command("back")
    ben = Worker(*ds1, "BDG-1002", station="st-2")
    ben.menu("returns").scan("RMA-1").command("close")
    undo(rma)
    assert (rma.codes[-1], at_site(rma, "GLOVE-L")) == ("E37", 37)
