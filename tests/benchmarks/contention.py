"""Four processes that post to one SQLite store: how evenly they get their turn, and the longest wait, beside naive.

python -m tests.benchmarks.contention [--seconds 4] [--processes 4]
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from queue import Queue
from typing import Any

from sqlalchemy.exc import OperationalError

from tests.benchmarks.measure import Line, compared, print_lines
from tests.benchmarks.naive import make_naive, naive_engine, naive_post
from tests.benchmarks.postings import ROWS, poster, prepare

EVEN_AIM, WAIT_AIM = 0.9, 1 / 30
Act = Callable[[], object]
Seen = tuple[int, float]  # posts, longest wait in seconds


def _own(url: str, organization_id: int, process: int, ready: Barrier, seconds: float, seen: Queue[Seen]) -> None:
    from ambra_tui.store import open_store

    with open_store(url) as store:
        act = poster(store, organization_id, f"p{process}")
        _work(lambda: act(process, 0), ready, seconds, seen)


def _naive(url: str, _organization: int, process: int, ready: Barrier, seconds: float, seen: Queue[Seen]) -> None:
    engine = naive_engine(url)

    def act() -> None:
        try:
            naive_post(engine, f"SKU-{random.randrange(ROWS)}")
        except OperationalError:
            return  # locked: it waits again, and the wait counts

    _work(act, ready, seconds, seen)
    engine.dispose()


def _work(act: Act, ready: Barrier, seconds: float, seen: Queue[Seen]) -> None:
    ready.wait()
    deadline = time.perf_counter() + seconds
    count, longest = 0, 0.0
    while (started := time.perf_counter()) < deadline:
        act()
        longest = max(longest, time.perf_counter() - started)
        count += 1
    seen.put((count, longest))


def _race(target: Callable[..., None], url: str, organization_id: int, processes: int, seconds: float) -> list[Seen]:
    context: Any = multiprocessing.get_context("spawn")
    ready, seen = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=target, args=(url, organization_id, number, ready, seconds, seen))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    results = [seen.get(timeout=seconds + 60) for _ in workers]
    for worker in workers:
        worker.join()
    return results


def measure(*, processes: int = 4, seconds: float = 4.0) -> list[Line]:
    """Both builds in turn, each with its own file."""
    from ambra_tui.store import open_store

    with tempfile.TemporaryDirectory() as name:
        url, naive_url = (f"sqlite:///{Path(name) / file}" for file in ("ambra.db", "naive.db"))
        with open_store(url) as store:
            organization_id = prepare(store)
        engine = naive_engine(naive_url)
        make_naive(engine, ROWS)
        engine.dispose()
        own = _race(_own, url, organization_id, processes, seconds)
        naive = _race(_naive, naive_url, 0, processes, seconds)
    own_even, naive_even = _evenness(own), _evenness(naive)
    return [
        Line("slowest / fastest process", _counts(own), _counts(naive), own_even, EVEN_AIM, is_more_better=True),
        compared("longest wait beside naive", _longest(own), _longest(naive), WAIT_AIM),
        Line("  (naive: slowest / fastest)", "", _counts(naive), naive_even, 0.0, is_more_better=True),
    ]


def _evenness(seen: list[Seen]) -> float:
    counts = [count for count, _ in seen]
    return min(counts) / max(counts)


def _counts(seen: list[Seen]) -> str:
    return "/".join(str(count) for count, _ in sorted(seen))


def _longest(seen: list[Seen]) -> float:
    return max(longest for _, longest in seen) * 1000


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    print_lines(measure(processes=options.processes, seconds=options.seconds))


if __name__ == "__main__":
    main()
