"""`ambra stopwatch`: scans and seconds a line, errors an hour, per worker and flow.

Example::

    $ ambra stopwatch --hours 8
    worker  flow     lines  scans/line  s/line  errors/h
    Ana     receive     41         1.2     9.4       1.9
"""

from __future__ import annotations

import argparse
import csv
import sys
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ambra_tui.services.stopwatch import Pace

HEAD = ("worker", "flow", "lines", "scans/line", "s/line", "errors/h")
MAX_HOURS = 24 * 366


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--hours``, ``--site``, ``--csv`` and the store's arguments."""
    add_store_arguments(parser)
    parser.add_argument("--hours", type=_hours, default=8.0, metavar="N", help="the last N hours (8)")
    parser.add_argument("--at", metavar="CODE", dest="site_code", help="this site alone")
    parser.add_argument("--csv", action="store_true", help="comma-separated values, for other programs")


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 < hours <= MAX_HOURS:
        raise ValueError
    return hours


def run(arguments: argparse.Namespace) -> int:
    """Print a row per worker and flow, and the sum."""
    from datetime import timedelta

    from ambra_tui.cli.stores import opened
    from ambra_tui.services.places import site_by_code
    from ambra_tui.services.stopwatch import paces, total

    with opened(arguments) as (store, organization), store.read(organization.id) as session:
        site_id = site_by_code(session, arguments.site_code).id if arguments.site_code else None
        until = store.clock.now()
        found = paces(session, since=until - timedelta(hours=arguments.hours), until=until, site_id=site_id)
    if not found:
        print("Nobody did anything in that time.", file=sys.stderr)
        return 0
    rows = [HEAD, *(_row(pace) for pace in found)]
    if arguments.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
    else:
        _print([*rows, _row(total(found, name="all"))])
    return 0


def _row(pace: Pace) -> tuple[str, ...]:
    from ambra_tui.kit.text import printable

    rates = (pace.scans_a_line, pace.seconds_a_line, pace.errors_an_hour)
    return (
        printable(pace.name),
        pace.flow,
        str(pace.lines),
        *("" if rate is None else f"{rate:.1f}" for rate in rates),
    )


def _print(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        words = [
            cell.ljust(width) if n < 2 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(words).rstrip())


COMMAND = Command(
    name="stopwatch", help="print scans and seconds a line, errors an hour", add_arguments=add_arguments, run=run
)
