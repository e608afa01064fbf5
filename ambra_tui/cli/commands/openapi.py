"""`ambra openapi`: an edition's OpenAPI document, for client generators and other tools. No store is needed.

Example::

    $ ambra openapi ambra --out ambra.json
    ambra.json describes 41 operations.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ambra_tui.cli.command import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``EDITION`` and ``--out``."""
    parser.add_argument("edition", metavar="EDITION", help="ambra, stock, sku, commerce or operations")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write it there (else to standard output)")


def run(arguments: argparse.Namespace) -> int:
    """Write the document, or print it."""
    import json

    from ambra_tui.api.app import find_editions
    from ambra_tui.api.openapi import document_of
    from ambra_tui.errors import Invalid
    from ambra_tui.kit.text import printable

    editions = {edition.name: edition for edition in find_editions()}
    if arguments.edition not in editions:
        raise Invalid(f"the edition is one of {', '.join(sorted(editions))}", field="edition")
    document = document_of(editions[arguments.edition])
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if arguments.out is None:
        print(text, end="")
        return 0
    _write(arguments.out, text)
    count = sum(len(methods) for methods in document["paths"].values())
    print(f"{printable(str(arguments.out))} describes {count} operations.")
    return 0


def _write(path: Path, text: str) -> None:
    from ambra_tui.errors import Invalid
    from ambra_tui.kit.text import printable

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Invalid(f"{printable(str(path))} cannot be written: {error.strerror}", field="out") from error


COMMAND = Command(
    name="openapi",
    help="write the OpenAPI document of an edition of the API, for client generators",
    add_arguments=add_arguments,
    run=run,
)
