"""Pick faces that fall below their minimum, and how they are filled (FLOOR C9), on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlmodel import Session

from ambra_tui.kit.language import languages
from ambra_tui.services import catalog, holds, replenishment
from tests.floor.worker import Worker, open_ds1

BOLT, BOLT_CASE, MILK = "5001000000033", "15001000000030", "5001000000019"

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    worker = Worker(store, organization_id, "BDG-1001")
    face(worker, "BOLT-M8", "A01-1", 495, 800)
    face(worker, "MILK-1L", "A04-1", 20, 40)
    yield worker
    store.close()


def face(worker: Worker, sku: str, code: str, minimum: int, maximum: int) -> None:
    def work(session: Session) -> None:
        replenishment.set_face(
            session,
            variant=catalog.variant_by_sku(session, sku),
            location=worker.location(session, code),
            minimum=Decimal(minimum),
            maximum=Decimal(maximum),
        )

    worker.write(work)


def pick_bolts(ana: Worker, quantity: int, number: str = "SO-1") -> None:
    ana.order(number, ("BOLT-M8", quantity))
    ana.menu("pick").scan(number, "WH1-A01-1", BOLT, "T1").command("ship")


def test_a_pick_below_the_minimum_asks_for_one_replenishment_and_the_fork_lift_fills_the_bin(ana: Worker) -> None:
    """C9: a pick face below its minimum is a task at the fork lift's station."""
    pick_bolts(ana, 5)
    assert ana.tasks() == []
    pick_bolts(ana, 1, "SO-2")
    pick_bolts(ana, 4, "SO-3")
    assert ana.tasks() == [("replenish", "A01-1", "below_minimum")]
    fork = Worker(ana.store, ana.organization_id, "BDG-1002", station="fork-1").menu("replenish")
    assert [choice.label for choice in fork.prompt.choices] == ["A01-1 BOLT-M8"]
    fork.press("1")
    assert (fork.verdict, fork.prompt.target, fork.facts["Take"]) == ("G33", "C02-1", "310 BOLT-M8")
    assert fork.scan("WH1-C01-1").verdict == "E03"
    fork.scan("WH1-C02-1")
    assert fork.scan(MILK).verdict == "E02"
    fork.scan(BOLT)
    assert fork.scan("WH1-A02-1").verdict == "E03"
    fork.scan("WH1-A01-1")
    assert (fork.verdict, fork.prompt.step, fork.tasks()) == ("G64", "task", [])
    assert fork.moves("bin_move") == [("bin_move", "BOLT-M8", "C02-1", "A01-1", "", 310)]
    assert fork.on_hand("BOLT-M8", "A01-1") == 800
    fork.command("back").command("undo").press("1")
    assert (fork.on_hand("BOLT-M8", "A01-1"), fork.tasks()) == (490, [("replenish", "A01-1", "below_minimum")])


def test_a_pick_bin_that_is_on_hold_since_keeps_what_it_was_filled_with(ana: Worker) -> None:
    pick_bolts(ana, 10)
    ana.menu("replenish").scan("WH1-A01-1", "WH1-C02-1", BOLT, "WH1-A01-1")
    filled = ana.on_hand("BOLT-M8", "A01-1")
    ana.write(lambda s: holds.hold_bin(s, ana.location(s, "A01-1"), reason="leaks"))
    ana.command("back").command("undo").press("1")
    assert (ana.verdict, "A01-1 is on hold" in ana.words) == ("E37", True)
    assert (ana.on_hand("BOLT-M8", "A01-1"), ana.tasks()) == (filled, [])


@on_sqlite
def test_cases_are_counted_and_a_part_keeps_the_task_open(ana: Worker) -> None:
    pick_bolts(ana, 10)
    ana.menu("replenish").scan("WH1-A01-1", "WH1-C02-1", BOLT_CASE, BOLT_CASE)
    assert ana.facts["Taken"] == "200 BOLT-M8"
    ana.scan("WH1-A01-1")
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("G64", "source", "C02-1")
    ana.scan("WH1-C02-1", BOLT).type("50").scan("WH1-A01-1")
    assert ana.on_hand("BOLT-M8", "A01-1") == 740


@on_sqlite
def test_a_task_in_other_hands_is_refused_and_an_empty_reserve_bin_is_counted(ana: Worker) -> None:
    pick_bolts(ana, 10)
    ana.menu("replenish").press("1")
    fork = Worker(ana.store, ana.organization_id, "BDG-1002", station="fork-1").menu("replenish")
    assert fork.press("1").verdict == "E30"
    ana.scan("WH1-C02-1").command("nothing")
    assert (ana.verdict, ana.prompt.step) == ("W04", "task")
    assert ("count", "C02-1", "short_pick not_found") in ana.tasks()
    assert fork.press("1").verdict == "E15"


@on_sqlite
def test_a_pick_taken_back_takes_its_replenishment_back(ana: Worker) -> None:
    ana.order("SO-1", ("BOLT-M8", 10))
    ana.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1")
    assert len(ana.tasks()) == 1
    ana.command("undo").press("1")
    assert ana.tasks() == []


@on_sqlite
@pytest.mark.parametrize("language", languages())
def test_nothing_a_worker_sees_is_wider_than_its_place(ana: Worker, language: str) -> None:
    pick_bolts(ana, 10)
    ana.speak(language)
    for step in ("", "WH1-A01-1", "WH1-C02-1", BOLT, "WH1-A01-1"):
        ana.scan(step) if step else ana.menu("replenish")
        prompt = ana.prompt
        assert len(prompt.ask) <= 40 and len(prompt.target) <= 20 and len(prompt.facts) <= 6, prompt
        assert prompt.help_page == "replenish"
