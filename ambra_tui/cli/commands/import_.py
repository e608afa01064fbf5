"""`ambra import`: goods, places, stock and documents from CSV files.

Example::

    $ ambra import catalog goods.csv.gz --map sku=ProductNumber
    catalog: 504 rows, 504 imported, 0 already there, 0 refused.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command
from ambra_tui.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ambra_tui.services.imports._sync import Changed
    from ambra_tui.services.imports._terms import Refused, Report

KINDS = (
    "catalog", "locations", "stock", "purchase-orders", "orders", "pick-faces", "substitutions", "policies", "recipes",
)  # fmt: skip
BAR_WIDTH = 30
MAX_CHANGES = 200
QUIET_SECONDS = 1.0
BAR_EVERY_SECONDS = 0.1
LINE_EVERY_SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The kind, the file and how to read it."""
    parser.description = (
        "Imports a CSV file, plain or gzip; its first line names the columns. Refused rows are named with their line "
        "on standard error and the others stay imported; the exit code is 1 when any was refused. Importing a file "
        "twice changes nothing. The fields of each kind: `ambra import KIND --fields`."
    )
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    parser.add_argument(
        "--map", action="append", default=[], metavar="FIELD=COLUMN", help="which column holds a field; may be repeated"
    )
    parser.add_argument(
        "--lines", type=Path, metavar="FILE", help="a second file with the lines of the documents in FILE"
    )
    parser.add_argument("--dry-run", action="store_true", help="report what the import would do, and write nothing")
    parser.add_argument("--fields", action="store_true", help="print the fields of KIND and end")
    parser.add_argument(
        "--sync", action="store_true",
        help="with stock: set the stock of a marketplace's site (--site) to what FILE tells",
    )  # fmt: skip
    parser.add_argument("--site", default="", metavar="CODE", help="with --sync: the code of the marketplace's site")
    parser.add_argument("--marketplace", default="", metavar="NAME", help="with --sync: whose it is, such as amazon_eu")
    add_store_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import the file, or print the fields of its kind."""
    if arguments.sync != bool(arguments.site) or (arguments.sync and arguments.kind != "stock"):
        raise Invalid("--sync and --site go together: ambra import stock --sync FILE --site CODE")
    if arguments.fields:
        return _print_fields(arguments.kind)
    if arguments.file is None:
        raise Invalid("Name the file to import.")
    return _import(arguments)


def _print_fields(kind: str) -> int:
    from ambra_tui.services.imports._run import import_kinds

    for field in import_kinds()[kind].fields:
        needed = " (required)" if field.is_required else ""
        others = f"  also: {', '.join(field.aliases)}" if field.aliases else ""
        print(f"{field.name:<24} {field.help}{needed}{others}")
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.services.imports._run import run_import
    from ambra_tui.services.imports._sync import sync_kind
    from ambra_tui.store import SYSTEM

    display = _Display(sys.stderr)
    changes: list[Changed] = []  # what a sync changes
    sync = sync_kind(arguments.site, changes, marketplace=arguments.marketplace) if arguments.sync else None
    with opened(arguments) as (store, organization):
        assert organization.id is not None
        report = run_import(
            store,
            organization_id=organization.id,
            kind=sync or arguments.kind,
            path=arguments.file,
            lines_path=arguments.lines,
            mapping=read_mapping(arguments.map),
            is_rehearsal=arguments.dry_run,
            actor=SYSTEM if sync else command_line_actor(),
            on_refused=display.refuse,
            on_progress=display.advance,
        )
    display.close()
    _print_changes(changes)
    note = " Nothing was written: this was a dry run." if arguments.dry_run else ""
    done = "changed" if sync else "imported"
    print(
        f"{arguments.kind}: {report.rows:,} rows, {report.made:,} {done}, {report.unchanged:,} already there, "
        f"{report.refused:,} refused.{note}"
    )
    return 1 if report.refused else 0


def _print_changes(changes: Sequence[Changed]) -> None:
    """What a sync changed, the first of them one by one."""
    from ambra_tui.kit.quantity import show
    from ambra_tui.kit.text import printable

    for change in changes[:MAX_CHANGES]:
        print(f"{printable(change.sku)}: {show(change.before)} -> {show(change.after)}")
    if len(changes) > MAX_CHANGES:
        print(f"... and {len(changes) - MAX_CHANGES:,} more")


def read_mapping(texts: list[str]) -> dict[str, str]:
    """``FIELD=COLUMN`` texts as field -> column. Raises Invalid."""
    mapping = {}
    for text in texts:
        field, equals, column = text.partition("=")
        if not (field.strip() and equals and column.strip()):
            raise Invalid(f"--map takes FIELD=COLUMN, not '{text}'")
        mapping[field.strip()] = column.strip()
    return mapping


class _Display:
    """Refused rows and the progress bar on standard error; the bar only on a terminal, plain lines elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.started = time.monotonic()
        self.shown_at = self.started
        self.has_bar = False

    def refuse(self, refused: Refused) -> None:
        from ambra_tui.kit.text import printable

        self.close()
        where = f"line {refused.line}" if refused.line else "no line"
        subject = f" ({printable(refused.subject)})" if refused.subject else ""
        print(f"{where}{subject}: {printable(refused.reason)}", file=self.stream)

    def advance(self, share: float, report: Report) -> None:
        now = time.monotonic()
        pause = BAR_EVERY_SECONDS if self.is_terminal else LINE_EVERY_SECONDS
        if now - self.started < QUIET_SECONDS or now - self.shown_at < pause:
            return
        self.shown_at = now
        if self.is_terminal:
            done = int(share * BAR_WIDTH)
            bar = "#" * done + "." * (BAR_WIDTH - done)
            self.stream.write(f"\r[{bar}] {share:4.0%}  {report.rows:,} rows")
            self.stream.flush()
            self.has_bar = True
        else:
            print(f"{share:.0%}: {report.rows:,} rows", file=self.stream)

    def close(self) -> None:
        """Take the bar away."""
        if self.has_bar:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self.has_bar = False


COMMAND = Command(name="import", help="import CSV files", add_arguments=add_arguments, run=run)
