"""`ambra openapi`: an edition's OpenAPI document, for client generators and other tools. No store is needed.

Example::

    $ ambra openapi ambra --out ambra.json
    ambra.json describes 41 operations.
    $ ambra openapi commerce --diff commerce-2.3.0.json
    - POST /v2/orders takes channel
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ambra_tui.cli.command import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``EDITION``, ``--out`` and ``--diff``."""
    parser.add_argument("edition", metavar="EDITION", help="ambra, stock, sku, commerce or operations")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write it there (else to standard output)")
    parser.add_argument(
        "--diff",
        metavar="OLD",
        type=Path,
        help="print what changed since this older document; 1 when a program that was right may break",
    )


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
    if arguments.diff is not None:
        return _tell_changes(arguments.diff, document)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if arguments.out is None:
        print(text, end="")
        return 0
    _write(arguments.out, text)
    count = sum(len(methods) for methods in document["paths"].values())
    print(f"{printable(str(arguments.out))} describes {count} operations.")
    return 0


def _tell_changes(path: Path, document: dict[str, Any]) -> int:
    import json

    from ambra_tui.api.changes import changes_between
    from ambra_tui.errors import Invalid
    from ambra_tui.kit.text import printable

    try:
        changes = changes_between(json.loads(path.read_text(encoding="utf-8")), document)
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        raise Invalid(f"{printable(str(path))} is no OpenAPI document", field="diff") from None
    for change in changes:
        print(f"- {'BREAKS: ' if change.is_breaking else ''}{change.text}")
    return 1 if any(change.is_breaking for change in changes) else 0


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
