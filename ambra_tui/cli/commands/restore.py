"""`ambra restore`: fill a store from a backup and verify it.

Example::

    $ ambra --store postgresql+psycopg://ambra@db/ambra restore ambra.backup
    Restored: 12 rules hold over 3482 moves.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``FILE``, ``--force``, ``--store``, ``--organization``."""
    add_store_arguments(parser)
    parser.add_argument("file", metavar="FILE", type=Path, help="a backup of either database")
    parser.add_argument("--force", action="store_true", help="replace everything in a store that holds organizations")


def run(arguments: argparse.Namespace) -> int:
    """Restore and verify; 1 when what was restored does not verify."""
    from ambra_tui.cli.progress import progress_bar
    from ambra_tui.services.backup import restore
    from ambra_tui.settings import Settings

    url = Settings.from_environment(store_url=arguments.store).store_url
    with progress_bar("restore") as show:
        report = restore(url, arguments.file, is_forced=arguments.force, progress=show)
    if not report.is_clean:
        print("Restored, but the store does not verify: run `ambra verify`.")
        return 1
    print(f"Restored: {len(report.counts)} rules hold over {report.moves} moves.")
    return 0


COMMAND = Command(
    name="restore",
    help="fill a store from a backup of either database, and verify it",
    add_arguments=add_arguments,
    run=run,
)
