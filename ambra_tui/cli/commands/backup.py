"""`ambra backup`: write the whole store to one file while others work.

Example::

    $ ambra backup ambra.backup
    ambra.backup holds 3482 moves and verifies.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``FILE``, ``--store``, ``--organization``."""
    add_store_arguments(parser)
    parser.add_argument("file", metavar="FILE", type=Path, help="the backup; an older one of that name is replaced")


def run(arguments: argparse.Namespace) -> int:
    """Back up, verify the copy, say what it holds. Every organization is in it, whichever is named."""
    from ambra_tui.cli.progress import progress_bar
    from ambra_tui.cli.stores import open_existing, organization_filter
    from ambra_tui.kit.text import printable
    from ambra_tui.services.backup import back_up

    with open_existing(arguments) as store, progress_bar("backup") as show:
        organization_filter(store, arguments.organization)
        report = back_up(store, arguments.file, progress=show)
    print(f"{printable(str(arguments.file))} holds {report.moves} moves and verifies.")
    return 0


COMMAND = Command(
    name="backup",
    help="write the whole store to one file, verified, while others go on working",
    add_arguments=add_arguments,
    run=run,
)
