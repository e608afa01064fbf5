"""F4: two stations want the last unit of a bin, again and again: one gets it, the other is told what is there now."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from ambra_tui.floor import engine
from ambra_tui.floor.conversation import Entry
from ambra_tui.scan.parse import parse
from ambra_tui.store import Actor, open_store
from tests.floor.test_transfer import PAINT, held, plan
from tests.floor.worker import NOW, Worker, open_ds1

ROUNDS = [10, pytest.param(200, marks=pytest.mark.long)]


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


@pytest.fixture
def ben(ana: Worker, dialect: str, store_url: str) -> Iterator[Worker]:
    """Ben at another station; on PostgreSQL in a process of his own as far as the database knows."""
    if dialect == "sqlite":
        yield Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")
        return
    store = open_store(store_url, now=NOW)
    yield Worker(store, ana.organization_id, "BDG-1002", station="st-2")
    store.close()


def at_once(first: tuple[Worker, Entry], second: tuple[Worker, Entry]) -> None:
    """Both workers enter something at the same moment."""
    futures = []
    for worker, entry in (first, second):
        run, user_id, place = worker.reply.run, worker.reply.user_id, worker.place
        work = partial(engine.hear, place=place, user_id=user_id, run=run, entry=entry)
        actor = Actor(user_id, "", station=place.station)
        futures.append((worker, worker.store.writer.submit(work, organization_id=worker.organization_id, actor=actor)))
    for worker, future in futures:
        worker.reply = future.result(timeout=60)


def scanned(worker: Worker, text: str) -> Entry:
    meaning = parse(text, today=worker.store.clock.today(), associations=False)
    return Entry("code", text, how="scan", scan=meaning, source="wedge")


def typed(worker: Worker, text: str) -> Entry:
    meaning = parse(text, today=worker.store.clock.today(), associations=False)
    return Entry("code", text, how="manual", scan=meaning, source="wedge")


@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_stations_fight_for_the_last_unit_of_a_bin(ana: Worker, ben: Worker, rounds: int) -> None:
    """F4: one wins, the other sees E31 and what is there now; 200 times."""
    ana.put("PAINT-5L", "B03-1", -12)
    plan(ana, "TR-1", ("PAINT-5L", 2 * rounds))
    ana.menu("move")
    ben.menu("transfer").scan("TR-1", "WH1-C03-1")
    moved = 0
    for number in range(rounds):
        ana.put("PAINT-5L", "C03-1", 1)
        ana.scan("WH1-C03-1", PAINT)
        ben.scan(PAINT)
        assert (ana.verdict, ben.verdict) == ("G17", "G17")
        acts = [(ana, scanned(ana, "WH1-A03-1")), (ben, typed(ben, "1"))]
        at_once(*(acts if number % 2 else acts[::-1]))
        assert (ana.verdict, ben.verdict) in (("G34", "E31"), ("E31", "G35"))
        loser = ben if ana.verdict == "G34" else ana
        assert "QTY NOW 0" in loser.words
        moved += loser is ben
        loser.command("back")
        if loser is ana:
            ana.command("back")
    assert held(ana, "PAINT-5L") == (moved, 0, rounds - moved)
    assert (ana.on_hand("PAINT-5L", "A03-1"), ana.on_hand("PAINT-5L", "C03-1")) == (moved, 0)
