"""Sixteen stations on one store, each scanning once in three seconds: how long until the verdict is on the screen.

python -m tests.benchmarks.fleet [--seconds 60]
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.at_rest import add_workers, open_terminal
from tests.benchmarks.measure import Line, figures_of, print_lines
from tests.benchmarks.screen import Screen
from tests.benchmarks.stations import make_store

STATIONS = 16
EVERY_SECONDS = 3.0
P95_AIM_MS, MOST_MS = 100.0, 400.0


def _receive(screen: Screen, station: int, seconds: float, start: float, durations: list[float]) -> None:
    """Serials of one station, evenly spread; stations take turns within the three seconds."""
    due = start + EVERY_SECONDS * station / STATIONS
    number = 0
    while due < start + seconds:
        screen.pause(max(0.0, due - time.perf_counter()))
        number += 1
        code = b"]C1010500100000006421F%02d%04d\r" % (station, number)
        durations.append(screen.time(code, b"F%02d%04d noted" % (station, number)))
        due += EVERY_SECONDS


def measure(*, seconds: float = 60.0) -> list[Line]:
    """All stations at once."""
    durations: list[list[float]] = [[] for _ in range(STATIONS)]
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url, store, organization_id = make_store(folder)
        badges = add_workers(store, organization_id, STATIONS)
        store.close()
        screens = []
        for number, badge in enumerate(badges):
            screen = stack.enter_context(open_terminal(url, folder, f"fleet-{number}", badge))
            screen.time(b"1", b"purchase order")
            screen.pause(0.3)
            screen.time(b"PO-1\r", b"DOCUMENT OK")
            screens.append(screen)
        start = time.perf_counter() + 1.0
        threads = [
            threading.Thread(target=_receive, args=(screen, number, seconds, start, durations[number]))
            for number, screen in enumerate(screens)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    every = sorted(duration * 1000 for own in durations for duration in own)
    p95, most = every[int(len(every) * 0.95)], every[-1]
    p50 = figures_of([d for own in durations for d in own], seconds).p50
    return [
        Line("16 stations: verdict p95", f"{p95:.0f} ms", f"p50 {p50:.0f} ms", p95 / P95_AIM_MS, 1.0),
        Line("16 stations: longest verdict", f"{most:.0f} ms", f"{len(every)} scans", most / MOST_MS, 1.0),
    ]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    print_lines(measure(seconds=parser.parse_args().seconds))


if __name__ == "__main__":
    main()
