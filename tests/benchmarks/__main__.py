"""Runs every benchmark and prints one table.

python -m tests.benchmarks [--only postings,http]
python -m tests.benchmarks replay --datasets FOLDER
python -m tests.benchmarks forecasts --datasets FOLDER
python -m tests.benchmarks bills --datasets FOLDER
python -m tests.benchmarks analytics --datasets FOLDER
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from tests.benchmarks import (
    analytics,
    at_rest,
    bills,
    contention,
    documents,
    editions,
    first_paint,
    fleet,
    forecasts,
    http,
    imports,
    lists,
    postings,
    replay,
    scan_to_verdict,
    traces,
    under_load,
)
from tests.benchmarks.measure import Line, print_lines

BENCHMARKS: dict[str, Callable[[], list[Line]]] = {
    "postings": postings.measure,
    "scan_to_verdict": scan_to_verdict.measure,
    "under_load": under_load.measure,
    "first_paint": first_paint.measure,
    "imports": imports.measure,
    "contention": contention.measure,
    "http": http.measure,
    "editions": editions.measure,
    "documents": documents.measure,
    "lists": lists.measure,
    "traces": traces.measure,
    "at_rest": at_rest.measure,
    "fleet": fleet.measure,
}
ON_DATASETS: dict[str, Callable[[Sequence[str]], None]] = {
    "replay": replay.main,
    "forecasts": forecasts.main,
    "bills": bills.main,
    "analytics": analytics.main,
}


def main() -> None:
    """Measures what is asked for, one after another; what runs on recorded data is asked for by its name alone."""
    if sys.argv[1:] and sys.argv[1] in ON_DATASETS:
        ON_DATASETS[sys.argv[1]](sys.argv[2:])
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", metavar="NAMES", help=f"some of: {', '.join(BENCHMARKS)}")
    only = parser.parse_args().only
    names = only.split(",") if only else list(BENCHMARKS)
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}")
    lines: list[Line] = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        lines += BENCHMARKS[name]()
    print_lines(lines)


if __name__ == "__main__":
    main()
