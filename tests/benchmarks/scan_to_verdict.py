"""From the bytes of a scan to its verdict on the screen, posted durably: the terminal beside a naive Textual app.

python -m tests.benchmarks.scan_to_verdict [--scans 100] [--rounds 2]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.benchmarks.measure import Line, compared, milliseconds, print_lines
from tests.benchmarks.stations import make_store, open_naive, open_station, scan_naive, scan_serial

P50_AIM, P99_AIM = 1 / 6, 1 / 8
WARMING_SCANS = 5


def measure(*, scans: int = 100, rounds: int = 2) -> list[Line]:
    """Rounds of scans, in turn at either terminal."""
    product: list[float] = []
    naive: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url, store, _ = make_store(folder)
        store.close()
        with open_station(url, folder) as station, open_naive(folder) as other:
            number = taken = 0
            for part in range(rounds + 1):
                for _ in range(scans if part else WARMING_SCANS):
                    number += 1
                    product.append(scan_serial(station, number))
                for _ in range(scans if part else WARMING_SCANS):
                    taken += 1
                    naive.append(scan_naive(other, taken))
                if part == 0:
                    product.clear()
                    naive.clear()
    own, beside = milliseconds(product), milliseconds(naive)
    return [
        compared("scan to verdict, p50", own[0], beside[0], P50_AIM),
        compared("scan to verdict, p99", own[1], beside[1], P99_AIM),
    ]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scans", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    print_lines(measure(scans=options.scans, rounds=options.rounds))


if __name__ == "__main__":
    main()
