"""What a station costs: its memory alone and as one of ten, and the bytes and CPU of a signed-in terminal at rest.

python -m tests.benchmarks.at_rest [--seconds 20]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from ambra_tui.services import access
from ambra_tui.store import SYSTEM, Store
from tests.benchmarks.first_paint import BARE_APP
from tests.benchmarks.measure import Line, print_lines
from tests.benchmarks.screen import Screen
from tests.benchmarks.stations import NOW, make_store

STATIONS = 10
MEMORY_AIM = 3.5
TEN_AIM = 10.0
CPU_AIM = 1.0


def add_workers(store: Store, organization_id: int, count: int) -> list[str]:
    """So many operators; answers their badges."""
    badges = [f"BDG-2{number:03d}" for number in range(count)]
    for badge in badges:
        store.writer.run(
            partial(access.create_user, name=f"W {badge}", badge=badge, role="operator"),
            organization_id=organization_id,
            actor=SYSTEM,
        )
    return badges


def open_terminal(url: str, folder: Path, station: str, badge: str) -> Screen:
    """A terminal at the menu, signed in."""
    argv = [sys.executable, "-m", "ambra_tui.cli", "--store", url, "--site", "WH1", "--no-server", "--station", station]
    screen = Screen(argv, {"AMBRA_NOW": NOW, "AMBRA_HOME": str(folder)})
    screen.until(b"Scan your badge")
    screen.time(badge.encode() + b"\r", b"SIGNED IN")
    screen.pause(0.5)
    return screen


def memory_mb(process_id: int) -> float:
    """Proportional set size: pages shared with other processes count in part."""
    for line in Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel tells no proportional set size")


def cpu_seconds(process_id: int) -> float:
    """CPU that a process used so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(*, seconds: float = 20.0) -> list[Line]:
    """One station and a bare app, then the station at rest, then ten stations."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url, store, organization_id = make_store(folder)
        badges = add_workers(store, organization_id, STATIONS)
        store.close()
        bare = stack.enter_context(Screen([sys.executable, "-c", BARE_APP], {}))
        bare.until(b"FIRST FRAME")
        bare.pause(0.5)
        bare_mb = memory_mb(bare.process_id)
        stations = [stack.enter_context(open_terminal(url, folder, "rest-0", badges[0]))]
        alone_mb = memory_mb(stations[0].process_id)
        cpu = cpu_seconds(stations[0].process_id)
        idle_bytes = stations[0].listen(seconds)
        cpu = cpu_seconds(stations[0].process_id) - cpu
        for number, badge in enumerate(badges[1:], start=1):
            stations.append(stack.enter_context(open_terminal(url, folder, f"rest-{number}", badge)))
        ten_mb = sum(memory_mb(station.process_id) for station in stations)
    return [
        Line("memory of a station", f"{alone_mb:.0f} MB", f"bare {bare_mb:.0f} MB", alone_mb / bare_mb, MEMORY_AIM),
        Line("memory of ten stations", f"{ten_mb:.0f} MB", f"one {alone_mb:.0f} MB", ten_mb / alone_mb, TEN_AIM),
        Line("bytes a second at rest", f"{idle_bytes / seconds:.1f} B/s", "0", idle_bytes / seconds, 0.0),
        Line("CPU at rest, percent", f"{100 * cpu / seconds:.2f} %", "1 %", 100 * cpu / seconds, CPU_AIM),
    ]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    print_lines(measure(seconds=parser.parse_args().seconds))


if __name__ == "__main__":
    main()
