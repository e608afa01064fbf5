"""F4 for picks: two stations take the last unit of an earlier lot out of one bin, again and again, each in a thread of
its own: one gets it, the other is told what is there now and goes on with its own stop."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ambra_tui.services.verify import verify
from ambra_tui.store import open_store
from tests.floor.worker import NOW, Worker, open_ds1

MILK = "5001000000019"
ROUNDS = [10, pytest.param(200, marks=pytest.mark.long)]


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


@pytest.fixture
def ben(ana: Worker, dialect: str, store_url: str) -> Iterator[Worker]:
    """Ben at another station: on SQLite over the same store, on PostgreSQL over a store of his own as well."""
    if dialect == "sqlite":
        yield Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")
        return
    store = open_store(store_url, now=NOW)
    yield Worker(store, ana.organization_id, "BDG-1002", station="st-2")
    store.close()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_stations_fight_for_the_last_unit_of_a_lot(ana: Worker, ben: Worker, rounds: int) -> None:
    """F4: the same for picks; the loser gets new work."""
    ana.put("MILK-1L", "B04-1", -10, lot_number="M090")
    before = ana.on_hand("MILK-1L", "A04-1")
    won = {ana: 0, ben: 0}
    with ThreadPoolExecutor(2) as threads:
        for number in range(rounds):
            ana.put("MILK-1L", "A04-1", 1, lot_number="M100")
            for worker, order in ((ana, f"SO-A{number}"), (ben, f"SO-B{number}")):
                ana.order(order, ("MILK-1L", 1))
                worker.menu("pick").scan(order, "WH1-A04-1")
            ana.put("MILK-1L", "A04-1", 1, lot_number="M090")
            for worker in (ana, ben):
                worker.scan(MILK, "M090")
                assert (worker.verdict, worker.prompt.step) == ("G05", "tote")
            start = Barrier(2)

            def reach(worker: Worker, tote: str, start: Barrier = start) -> None:
                start.wait()
                worker.scan(tote)

            for future in [threads.submit(reach, ana, "T1"), threads.submit(reach, ben, "T2")]:
                future.result(timeout=60)
            assert sorted((ana.verdict, ben.verdict)) == ["E31", "G12"]
            loser = ana if ana.verdict == "E31" else ben
            won[ben if loser is ana else ana] += 1
            assert "QTY NOW 0" in loser.words
            assert (loser.prompt.step, loser.prompt.target) == ("item", "1 MILK-1L")
            loser.scan(MILK, "T1" if loser is ana else "T2")
            assert loser.verdict == "G12"
            for worker in (ana, ben):
                assert worker.command("ship").verdict == "G13"
    picks = [(move[4], move[5]) for move in ana.moves("pick_move")]
    assert sorted(picks) == [("M090", 1)] * rounds + [("M100", 1)] * rounds
    assert ana.on_hand("MILK-1L", "A04-1") == before
    assert sum(won.values()) == rounds
    assert ana.store.writer.run(verify, organization_id=None).differences == []
