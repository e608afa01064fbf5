"""Scans while the server of the same store answers 500 requests a second, beside the same scans without load.

python -m tests.benchmarks.under_load [--scans 100] [--rounds 2] [--rate 500]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from ambra_tui.services import access
from tests.benchmarks.measure import Line, compared, milliseconds, print_lines
from tests.benchmarks.screen import ROOT, Screen
from tests.benchmarks.server import Served, product_command
from tests.benchmarks.stations import make_store, open_station, scan_serial

P99_AIM = 1.4
LOOKED_UP = "BOLT-M8"
ENOUGH_SECONDS = 120


def _site_id(url: str) -> str:
    from sqlmodel import select

    from ambra_tui.store import open_store
    from ambra_tui.store.models import Site

    with open_store(url) as store, store.read(1) as session:
        return session.exec(select(Site.id).where(Site.organization_id == 1, Site.code == "WH1")).one()


def _scans(station: Screen, first: int, count: int) -> list[float]:
    return [scan_serial(station, number) for number in range(first, first + count)]


def measure(*, scans: int = 100, rounds: int = 2, rate: int = 500) -> list[Line]:
    """Rounds with and without load, in turn; the server runs all the time."""
    calm: list[float] = []
    loaded: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url, store, organization_id = make_store(folder)
        _, key = access.create_key(
            store, organization_id=organization_id, label="bench", scopes=["admin"], plan="enterprise"
        )
        store.close()
        site_id = _site_id(url)
        with Served(product_command(url)) as served, open_station(url, folder) as station:
            generator = [
                sys.executable, "-m", "tests.benchmarks.load", served.address, key, site_id, LOOKED_UP,
                "--rate", str(rate),
            ]  # fmt: skip
            _scans(station, 1, 5)
            number = 6
            for _ in range(rounds):
                calm += _scans(station, number, scans)
                number += scans
                load = subprocess.Popen(
                    [*generator, "--seconds", str(ENOUGH_SECONDS)], cwd=ROOT, stdout=subprocess.DEVNULL
                )
                try:
                    station.pause(1.0)
                    loaded += _scans(station, number, scans)
                    number += scans
                finally:
                    was_alive = load.poll() is None
                    load.kill()
                    load.wait()
                if not was_alive:
                    raise RuntimeError("the load ended before the scans did")
            report = subprocess.run(
                [*generator, "--seconds", "3"], cwd=ROOT, check=True, capture_output=True, text=True
            )
            print(f"the server at {rate}/s asked: {report.stdout.strip()}")
    own, beside = milliseconds(loaded), milliseconds(calm)
    return [
        compared("scan under load, p50, beside calm", own[0], beside[0], P99_AIM),
        compared("scan under load, p99, beside calm", own[1], beside[1], P99_AIM),
    ]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scans", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rate", type=int, default=500)
    options = parser.parse_args()
    print_lines(measure(scans=options.scans, rounds=options.rounds, rate=options.rate))


if __name__ == "__main__":
    main()
