"""`ambra verify`: prove that what is kept equals what the ledger says.

Example::

    $ ambra verify
    12 rules hold over 3482 moves.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command

if TYPE_CHECKING:
    from ambra_tui.services.verify import Report
    from ambra_tui.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--repair``, ``--store``, ``--organization``."""
    add_store_arguments(parser)
    parser.add_argument(
        "--repair",
        action="store_true",
        help="write what the ledger says where something else is kept, and verify again",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print every difference; 0 when there is none (any more), 1 otherwise."""
    from ambra_tui.cli.stores import command_line_actor, open_existing, organization_filter
    from ambra_tui.kit.text import printable
    from ambra_tui.services.repair import repair

    with open_existing(arguments) as store:
        only = organization_filter(store, arguments.organization)
        report = _verified(store, only)
        _print(report)
        if arguments.repair:
            _sweep(store)
        if not arguments.repair or report.is_clean:
            return 0 if report.is_clean else 1
        repaired = store.writer.run(repair, organization_id=None, actor=command_line_actor())
        for rule, count in repaired.items():
            if count:
                print(f"repaired {printable(rule)}: {count}")
        report = _verified(store, only)
        _print(report)
        return 0 if report.is_clean else 1


def _sweep(store: Store) -> None:
    """Takes away pictures that nothing shows any more."""
    from ambra_tui.services.images import sweep

    count = sweep(store)
    if count:
        print(f"removed pictures that nothing shows: {count}")


def _verified(store: Store, organization_id: int | None) -> Report:
    from ambra_tui.cli.progress import progress_bar
    from ambra_tui.services.verify import verify_store

    with progress_bar("verify") as show:
        return verify_store(
            store, organization_id=organization_id, progress=lambda done, of, words: show(done / of, words)
        )


def _print(report: Report) -> None:
    from ambra_tui.kit.text import printable

    if report.is_clean:
        print(f"{len(report.counts)} rules hold over {report.moves} moves.")
        return
    for difference in report.differences:
        print(f"{difference.rule}: {printable(difference.text)}")
    for rule, count in report.counts.items():
        listed = sum(1 for difference in report.differences if difference.rule == rule)
        if count > listed:
            print(f"{rule}: {count - listed} more")
    broken = sum(1 for count in report.counts.values() if count)
    print(f"{broken} of {len(report.counts)} rules are broken; {report.moves} moves were read.", file=sys.stderr)


COMMAND = Command(
    name="verify",
    help="prove that stock equals the ledger; exit code 1 where it does not",
    add_arguments=add_arguments,
    run=run,
)
