"""Several processes on one store: nothing lost, nothing doubled, nothing oversold, whoever is killed."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import Session, select

from ambra_tui.services.verify import verify_store
from ambra_tui.store.models import StockMove, Variant
from tests import factories
from tests.ledger.conftest import House
from tests.ledger.worker import receipt

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def worker(house: House, name: str, *work: str) -> Iterator[subprocess.Popen[str]]:
    """A process on the store; it is gone when the block ends."""
    command = [sys.executable, "-m", "tests.ledger.worker", house.store.url, str(house.organization_id), name, *work]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def ask(process: subprocess.Popen[str], line: str = "") -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def posted_keys(house: House) -> list[str]:
    with house.store.read(house.organization_id) as session:
        statement = select(StockMove.idempotency_key).where(StockMove.organization_id == house.organization_id)
        return list(session.exec(statement))


def test_four_processes_share_a_store_fairly_and_lose_nothing(house: House) -> None:
    """Each has work at any moment; when the first is through with 80 posts, the slowest has made a fair share too."""
    place, wanted = (house.bolt.id, house.warehouse.bin.id), 80
    done: dict[str, int] = {}
    first_through = threading.Event()

    def drive(name: str) -> None:
        with worker(house, name, "post", *place) as process:
            ready.wait()
            for number in range(wanted * 4):
                if first_through.is_set():
                    break
                ask(process)
                assert answer(process) == str(number)
                done[name] = number + 1
                if number + 1 == wanted:
                    first_through.set()

    ready = threading.Barrier(4)
    drivers = [threading.Thread(target=drive, args=(f"process {n}",)) for n in range(4)]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join()
    keys = posted_keys(house)
    assert len(keys) == len(set(keys)) == sum(done.values())
    assert house.level()[0] == len(keys)
    assert min(done.values()) >= wanted // 4, done


def race_reservations(house: House, trials: int) -> None:
    """25 reservations in each of two processes, of the last 10 units."""
    site = house.warehouse.site.id
    with worker(house, "a", "reserve", site) as first, worker(house, "b", "reserve", site) as second:
        for trial in range(trials):

            def stock(session: Session, trial: int = trial) -> Variant:
                variant = factories.variant(session, sku=f"LAST-{trial}")
                factories.stock(session, variant, house.warehouse.bin, 10)
                return variant

            variant = house.write(stock)
            for process in (first, second):
                ask(process, variant.id)
            assert int(answer(first)) + int(answer(second)) == 10
            assert house.site_stock(variant_id=variant.id) == (10, 10, 0)


def test_the_last_ten_units_are_granted_exactly_over_two_processes(house: House) -> None:
    race_reservations(house, 5)


@pytest.mark.long
def test_the_last_ten_units_are_granted_exactly_a_hundred_times(house: House) -> None:
    race_reservations(house, 100)


def kill_while_posting(house: House, kills: int, seed: int) -> None:
    """What was confirmed is there once, what was not may be there, and repeating it posts it once."""
    chance = random.Random(seed)
    place = (house.bolt.id, house.warehouse.bin.id)
    for kill in range(kills):
        name = f"life {kill}"
        confirmed = -1
        with worker(house, name, "post", *place) as process:
            asked = chance.randint(1, 40)
            for _ in range(asked):
                ask(process)
            for _ in range(chance.randint(0, asked)):
                confirmed = int(answer(process))
            process.kill()
            rest = process.stdout.read().split() if process.stdout else []
            confirmed = int(rest[-1]) if rest else confirmed
        mine = [key for key in posted_keys(house) if key.startswith(f"{name} ")]
        assert len(mine) == len(set(mine))
        assert {f"{name} {number}" for number in range(confirmed + 1)} <= set(mine)
        assert len(mine) <= confirmed + 2
        repeated = house.post(receipt(name, confirmed + 1, *place)).repeated
        assert repeated == (len(mine) == confirmed + 2)
        assert verify_store(house.store).is_clean
    assert house.level()[0] == Decimal(len(posted_keys(house)))


def test_a_killed_process_loses_nothing_that_it_confirmed(house: House) -> None:
    kill_while_posting(house, kills=5, seed=5)


@pytest.mark.long
def test_a_hundred_killed_processes_lose_nothing_that_they_confirmed(house: House) -> None:
    kill_while_posting(house, kills=100, seed=100)
