"""`ambra scan parse`: what the scan engine makes of raw scans, one JSON object a line.

Example::

    $ printf '%s\\n' ']C10105001000000019' | ambra scan parse
    {"kind": "gs1", "gtin": "05001000000019", ...}
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import date
from typing import IO, TYPE_CHECKING, Any

from ambra_tui.cli.command import Command

if TYPE_CHECKING:
    from ambra_tui.scan.model import Scan

LINE_LIMIT_BYTES = 65_536
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|\\)")
_TEXTS = ("gtin", "lot", "serial", "sscc", "gln", "item_reference", "symbology", "text", "error", "detail")
_DATES = ("expiry", "best_before", "production_date")
_NUMBERS = ("count", "net_weight_kg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``parse`` with its options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    parse = actions.add_parser(
        "parse",
        help="read a raw scan a line from standard input, print one JSON object a line",
        description=(
            "Reads a raw scan a line from standard input (\\x1d is the GS1 separator, any \\xHH a byte, "
            "\\\\ a backslash) and prints one JSON object a line."
        ),
        allow_abbrev=False,
    )
    parse.add_argument(
        "--today",
        type=_day,
        metavar="DATE",
        help="the day that decides the century of two-digit years (YYYY-MM-DD, default: today)",
    )
    parse.add_argument(
        "--masks",
        default="",
        metavar="NAME",
        help="the set of masks for restricted numbers, one of data/scan_masks.toml",
    )
    parse.add_argument(
        "--label-parts",
        action="store_true",
        help="accept a symbol whose required companions stand in another symbol of the label",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no date: write it as 2026-03-02") from None


def run(arguments: argparse.Namespace) -> int:
    """Answer every line of standard input."""
    import json

    from ambra_tui.kit.clock import Clock
    from ambra_tui.scan.parse import parse
    from ambra_tui.scan.restricted import load_masks

    today = arguments.today or Clock().today()
    masks = load_masks(arguments.masks)
    for raw in read_scans(sys.stdin.buffer):
        scan = parse(raw, today=today, masks=masks, associations=not arguments.label_parts)
        # Flushed a line, so that a program can ask and read the answer.
        print(json.dumps(as_json(scan)), flush=True)
    return 0


def read_scans(stream: IO[bytes]) -> Iterator[str]:
    """The scans of `stream`, a line each, escapes resolved; bytes that are no UTF-8 become U+FFFD.

    What a line holds beyond `LINE_LIMIT_BYTES` is dropped; such a line is too long for a scan anyway.
    """
    while line := stream.readline(LINE_LIMIT_BYTES):
        rest = line
        while len(rest) == LINE_LIMIT_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_LIMIT_BYTES)
        text = line.rstrip(b"\r\n").decode("utf-8", errors="replace")
        yield _ESCAPE.sub(_unescape, text)


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match.group(1), 16)) if match.group(1) else "\\"


def as_json(scan: Scan) -> dict[str, Any]:
    """The printed form of `scan`: every key always there, null where nothing was said."""
    values: dict[str, Any] = {"kind": scan.kind}
    values |= {name: getattr(scan, name) or None for name in _TEXTS}
    values |= {name: _iso(getattr(scan, name)) for name in _DATES}
    values |= {name: _number(getattr(scan, name)) for name in _NUMBERS}
    values |= {"other": dict(scan.other), "is_content": scan.is_content}
    values |= {"warnings": list(scan.warnings), "missing": list(scan.missing)}
    return values


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _number(value: Any) -> int | float | None:
    from ambra_tui.kit.quantity import to_json

    return None if value is None else to_json(value)


COMMAND = Command(name="scan", help="try the scan engine", add_arguments=add_arguments, run=run)
