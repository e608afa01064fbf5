"""Packing, step by step through the engine, on both databases: totes into packages, labels, the hand-over."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from ambra_tui.floor.conversation import Entry
from ambra_tui.services import orders, shipping
from ambra_tui.services.verify import verify_store
from tests.floor.packing import (
    BOLT,
    CHOC,
    CHOC_CASE,
    GLOVE,
    GLOVE_M,
    MILK,
    PAINT,
    PHONE,
    parcels,
    picked,
    settle,
    status,
    tracking,
    waiting,
    weights,
)
from tests.floor.test_undo import undo
from tests.floor.worker import Worker, open_ds1

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    """Ana in the warehouse."""
    store, organization_id = open_ds1(store_url)
    worker = Worker(store, organization_id, "BDG-1001")
    settle(worker)
    yield worker
    store.close()


@pytest.fixture
def ben(ana: Worker) -> Worker:
    return Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")


@pytest.fixture
def cleo(ana: Worker) -> Worker:
    return Worker(ana.store, ana.organization_id, "BDG-9001", station="st-3")


def test_an_order_is_packed_into_two_packages_labelled_and_handed_over(ana: Worker, ben: Worker) -> None:
    picked(ana, "SO-1", ("GLOVE-L", 3), ("CHOC-100", 25))
    assert waiting(ana) == ["SO-1"]
    assert [row.label for row in ben.command("home").prompt.todo if row.label == "SO-1"] == ["SO-1"]
    ana.menu("pack").scan("T1")
    assert (ana.verdict, ana.prompt.ask) == ("G20", "Scan an item into package 1")
    ana.scan(GLOVE_M)
    assert ana.verdict == "E06"  # the look-alike is not on the order
    assert ana.scan(GLOVE).words == "PACKED 1/3: 1 GLOVE-L are in package 1."
    assert ana.type("3").words == "PACKED 3/3: 2 GLOVE-L are in package 1."
    assert ana.scan(GLOVE).verdict == "E14"
    assert ana.command("close").prompt.step == "weight"
    assert (ana.type("1.25").verdict, ana.prompt.ask) == ("G82", "Scan an item into package 2")
    assert [move[:4] for move in ana.moves("bin_move")] == [("bin_move", "GLOVE-L", "T1", "STAGE")]
    ana.scan(CHOC_CASE).scan(CHOC)
    assert ana.prompt.step == "weight"  # everything is in
    assert ana.scan(CHOC).verdict == "E14"
    ana.type("2,5")
    assert (ana.verdict, ana.prompt.step, weights(ana, "SO-1")) == ("G83", "service", [Decimal("1.25"), Decimal("2.5")])
    assert ana.scan("T1").verdict == "E40"
    ana.press("1")
    assert (ana.verdict, ana.prompt.step, status(ana, "SO-1")) == ("W34", "label", "packed")
    numbers = tracking(ana, "SO-1")
    assert len(set(numbers)) == 2 and all(numbers)
    assert [row.value for row in ana.prompt.facts] == numbers
    assert parcels(ana, "SO-1") == [("created", [[("GLOVE-L", "", 3)], [("CHOC-100", "C7", 25)]])]
    assert (waiting(ana), ana.on_hand("GLOVE-L", "T1"), ana.on_hand("CHOC-100", "T1")) == ([], 0, 0)
    assert ben.menu("pack").scan(numbers[1]).words.startswith("PARCEL 1/2")
    assert ben.scan(numbers[1]).verdict == "W08"
    assert ana.moves("order_fulfilled") == []  # half of it has not left
    assert ben.scan(numbers[0]).verdict == "G13"
    assert sorted(move[1:] for move in ana.moves("order_fulfilled")) == [
        ("CHOC-100", "STAGE", "customer", "C7", 25),
        ("GLOVE-L", "STAGE", "customer", "", 3),
    ]
    assert status(ana, "SO-1") == "shipped"
    assert ben.scan(numbers[0]).verdict == "E33"
    assert verify_store(ana.store).is_clean


def test_every_step_of_packing_is_taken_back(ana: Worker) -> None:
    """F2: item, package, label and hand-over, the newest first, until all lies in the tote as it was picked."""
    picked(ana, "SO-1", ("MILK-1L", 6), ("GLOVE-L", 2))
    before = (ana.on_hand("MILK-1L", "T1"), ana.on_hand("GLOVE-L", "T1"))
    ana.menu("pack").scan("T1", GLOVE, GLOVE).command("close").scan("CARTON-1").type("1")
    ana.scan(MILK).type("6").type("3").press("1").scan(*tracking(ana, "SO-1"))
    assert (ana.verdict, status(ana, "SO-1"), ana.on_hand("GLOVE-L", "STAGE")) == ("G13", "shipped", 0)
    undo(ana)
    assert (status(ana, "SO-1"), ana.on_hand("GLOVE-L", "STAGE"), ana.prompt.step) == ("packed", 2, "hand")
    assert all(tracking(ana, "SO-1"))
    undo(ana)
    assert (status(ana, "SO-1"), tracking(ana, "SO-1"), ana.prompt.step) == ("picking", ["", ""], "service")
    undo(ana)
    assert (ana.prompt.step, ana.on_hand("MILK-1L", "T1"), ana.on_hand("GLOVE-L", "T1")) == ("weight", 6, 0)
    undo(ana)  # the number that was typed
    assert parcels(ana, "SO-1") == [("packing", [[("GLOVE-L", "", 2)], [("MILK-1L", "M090", 1)]])]
    undo(ana)
    undo(ana)
    assert (ana.prompt.ask, ana.on_hand("GLOVE-L", "T1")) == ("Scan an item into package 1", 2)
    undo(ana)
    undo(ana)
    assert parcels(ana, "SO-1") == [("packing", [[], []])]
    assert (ana.on_hand("MILK-1L", "T1"), ana.on_hand("GLOVE-L", "T1")) == before
    assert waiting(ana) == ["SO-1"]
    assert verify_store(ana.store).is_clean


def test_two_packers_and_a_take_over(ana: Worker, ben: Worker, cleo: Worker) -> None:
    picked(ana, "SO-1", ("GLOVE-L", 2))
    ana.menu("pack").scan("T1", GLOVE)
    ben.menu("pack").scan("SO-1")
    assert (ben.verdict, ben.prompt.step, ben.facts) == ("E30", "taken", {"Held by": "Ana"})
    assert ben.scan("BDG-9001").prompt.step == "pin"
    assert ben.type("4711").verdict == "G20"
    assert ben.prompt.ask == "Scan an item into package 1"
    assert ana.scan(GLOVE).verdict == "E30"  # it is Ben's now, and what Ana had packed is in it
    assert ana.prompt.step == "order"
    ben.scan(GLOVE)
    assert parcels(ana, "SO-1") == [("packing", [[("GLOVE-L", "", 2)]])]
    ben.command("back").command("give_back")
    assert ben.verdict == "G51"
    assert ana.scan("T1").prompt.step == "weight"
    assert ana.command("close").prompt.step == "service"  # nobody knows what it weighs
    assert [choice.digit for choice in ana.prompt.choices] == ["1"]
    assert ana.enter(Entry("choice", "other", how="manual")).verdict == "E35"
    ana.command("back").command("give_back")
    cleo.menu("pack").scan("SO-1")
    assert [choice.digit for choice in cleo.prompt.choices] == ["1", "2", "3"]
    named = cleo.press("2").prompt.choices
    assert len({choice.label for choice in named}) == len(named) > 2
    others = cleo.press("9").prompt.choices
    assert [choice.code for choice in others[:1]] != [choice.code for choice in named[:1]]
    assert cleo.press("9").prompt.choices == named  # after the last page comes the first
    cleo.press("3")
    assert (cleo.prompt.step, cleo.prompt.target) == ("service", named[2].label)
    assert cleo.press("1").verdict == "W34"


def test_lots_serials_and_what_was_put_on_hold_meanwhile(ana: Worker, cleo: Worker) -> None:
    ana.put("PHONE-X", "A03-1", 1, serial="SN1")
    ana.put("PHONE-X", "A03-1", 1, serial="SN2")
    picked(ana, "SO-1", ("MILK-1L", 12), ("PHONE-X", 2))
    ana.menu("pack").scan("T1", MILK)
    assert (ana.verdict, ana.prompt.step) == ("E20", "lot")  # two lots of it were picked
    assert ana.scan("M120").verdict == "E04"
    assert ana.scan("M090").words == "PACKED 1/12: 1 MILK-1L are in package 1."
    assert ana.type("11").verdict == "E14"
    assert ana.type("10").verdict == "G81"
    assert ana.scan(f"]C1010{MILK}10M120").verdict == "E04"
    ana.scan(PHONE)
    assert (ana.verdict, ana.prompt.step) == ("G32", "serial")
    assert ana.scan("SN9").verdict == "E06"
    assert ana.scan("SN2").verdict == "G81"
    ana.hold("MILK-1L", "M100")
    assert ana.scan(f"]C1010{MILK}10M100").verdict == "E16"
    ana.scan(PHONE)
    ana.hold("MILK-1L", "M090")
    assert ana.command("close").type("4").verdict == "E16"  # what is in the package must not go
    ana.command("back").command("out").scan(f"]C1010{MILK}10M090")
    assert ana.verdict == "G84"
    assert ana.scan(MILK).verdict in ("E16", "E20")
    assert parcels(ana, "SO-1")[0][1][0][0] == ("MILK-1L", "M090", 9)


def test_an_order_cancelled_meanwhile_or_left_by_another_door(ana: Worker, ben: Worker) -> None:
    order_id = picked(ana, "SO-1", ("GLOVE-L", 2))
    ana.menu("pack").scan("T1", GLOVE).command("close")
    ana.write(lambda s: shipping.cancel_order(s, orders.get_order(s, order_id)))
    assert ana.prompt.step == "weight"
    assert (ana.type("1").verdict, ana.prompt.step) == ("E32", "order")
    assert (ana.on_hand("GLOVE-L", "T1"), parcels(ana, "SO-1")) == (2, [])
    assert ("putaway", "T1", "cancelled_order") in ana.tasks()
    labelled = picked(ana, "SO-3", ("BOLT-M8", 1), tote="T3")
    ana.menu("pack").scan("T3", BOLT).command("close").press("1")
    numbers = tracking(ana, "SO-3")
    ana.write(lambda s: shipping.cancel_order(s, orders.get_order(s, labelled)))
    assert ana.command("hand").prompt.ask == "No parcel waits. Esc goes back"
    assert (ana.scan(*numbers).verdict, parcels(ana, "SO-3")) == ("E32", [])
    other = picked(ana, "SO-2", ("GLOVE-L", 2), tote="T2")
    ana.menu("pack").scan("T2", GLOVE)
    ana.write(lambda s: orders.fulfill_order(s, orders.get_order(s, other)))
    assert (ana.scan(GLOVE).verdict, ana.prompt.step) == ("E33", "order")
    assert parcels(ana, "SO-2") == []
    assert verify_store(ana.store).is_clean


def test_part_of_an_order_goes_first_and_the_rest_another_time(ana: Worker) -> None:
    picked(ana, "SO-1", ("GLOVE-L", 2), ("BOLT-M8", 4))
    ana.menu("pack").scan("T1").command("enough")
    assert ana.verdict == "E82"
    ana.scan(GLOVE).command("enough").command("close").press("1")
    assert (ana.prompt.step, status(ana, "SO-1"), waiting(ana)) == ("label", "picking", ["SO-1"])
    first = tracking(ana, "SO-1")
    ana.scan("T1").scan(BOLT).type("4").scan(GLOVE).command("close").press("1")
    assert (status(ana, "SO-1"), waiting(ana)) == ("packed", [])
    ana.command("hand").scan(*first)
    assert (ana.verdict, status(ana, "SO-1")) == ("G13", "packed")
    ana.scan(*tracking(ana, "SO-1")[1:])
    assert (ana.verdict, status(ana, "SO-1")) == ("G13", "shipped")
    assert sorted(move[1:] for move in ana.moves("order_fulfilled")) == [
        ("BOLT-M8", "STAGE", "customer", "", 4),
        ("GLOVE-L", "STAGE", "customer", "", 1),
        ("GLOVE-L", "STAGE", "customer", "", 1),
    ]


@on_sqlite
def test_an_order_without_an_address_goes_without_a_carrier(ana: Worker) -> None:
    picked(ana, "SO-1", ("PAINT-5L", 1), customer={"name": "Counter"})
    ana.menu("pack").scan("SO-1", PAINT).command("close")
    assert [choice.code for choice in ana.prompt.choices] == ["without"]
    assert ana.press("3").verdict == "G86"
    assert ana.command("label").verdict == "E38"  # there is none to print
    assert ana.command("hand").scan("SO-1").verdict == "G13"
    assert status(ana, "SO-1") == "shipped"


@on_sqlite
def test_what_is_no_work_for_packing_says_why(ana: Worker, ben: Worker) -> None:
    ana.menu("pack")
    assert ana.prompt.ask == "Nothing is picked. Esc goes home"
    assert ana.scan("T5").verdict == "E80"
    assert ana.scan("WH1-A01-1").verdict == "E45"
    assert ana.scan(GLOVE).verdict == "E47"
    picked(ana, "SO-1", ("GLOVE-L", 1), tote="STAGE")
    picked(ana, "SO-2", ("GLOVE-L", 1), tote="STAGE")
    ana.menu("pack")
    assert ana.scan("STAGE").verdict == "E81"
    ana.order("SO-3", ("GLOVE-L", 1))
    assert ana.scan("SO-3").verdict == "E80"  # nobody has picked it
    ana.scan("SO-1").scan("T5")
    assert ana.verdict == "E44"
    picked(ben, "SO-4", ("GLOVE-L", 1), tote="T4")
    assert ana.scan("T4").verdict == "E05"
    assert ana.scan(GLOVE).command("close").press("1").verdict == "W34"
    assert ana.moves("bin_move") == []  # it lay on the stage already
    assert ana.command("hand").scan("SO-1").verdict == "E87"
    assert ana.scan("SO-2").verdict == "E80"
    ben.menu("pick").scan("SO-4")
    ana.menu("pack")
