"""Labels into files: which format, which stock, and nothing half written.

Imported inside `run`: it brings the drawing libraries with it.

Example::

    write_labels(labels, "bins.pdf", kind="bins", sheet="a4-24")
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ambra_tui.cli.progress import progress_bar
from ambra_tui.errors import Invalid
from ambra_tui.kit.text import printable
from ambra_tui.labels.draw import draw_checked
from ambra_tui.labels.fonts import lacks_letters
from ambra_tui.labels.formats import Format, formats
from ambra_tui.labels.layout import Drawing
from ambra_tui.labels.model import Label
from ambra_tui.labels.printer import replace_file
from ambra_tui.labels.stock import Stock, stock_named

USUAL_SHEETS = {"plates": "4x6", "badges": "card", "variants": "57x32"}
USUAL_SHEET = "100x50"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def format_of(out: str, named: str | None = None) -> Format:
    """The format that is named, else the one that the file's ending tells, else PDF. Raises Invalid."""
    name = named or Path(out).suffix.lower().lstrip(".") or "pdf"
    if name not in formats():
        raise Invalid(f"'{Path(out).name}' tells no format: end it in .pdf, .svg, .png or .zpl, or give --format")
    return formats()[name]


def write_labels(
    labels: Sequence[Label],
    out: str,
    *,
    kind: str,
    format_name: str | None = None,
    sheet: str | None = None,
    dpi: int = 203,
    copies: int = 1,
    font: Path | None = None,
) -> None:
    """Draws, reads back and writes the labels; an older file is replaced whole. Raises Invalid."""
    path, form = Path(out), format_of(out, format_name)
    stock = stock_named(sheet or USUAL_SHEETS.get(kind, USUAL_SHEET))
    is_folder = path.is_dir() or out.endswith("/")
    if len(labels) > 1 and not form.holds_many and not is_folder:
        raise Invalid(
            f"{len(labels)} labels do not go into one {form.name.upper()}. Give --out a folder (its name ends in /), "
            "or choose --format pdf.",
            field="out",
        )
    drawings = _drawn(labels, stock, dpi, font)
    try:
        if is_folder:
            path.mkdir(parents=True, exist_ok=True)
        for target, content in _files(path, form, drawings, stock, kind=kind, copies=copies, is_folder=is_folder):
            replace_file(target, content)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror or error}", field="out") from None


def _files(
    path: Path, form: Format, drawings: Sequence[Drawing], stock: Stock, *, kind: str, copies: int, is_folder: bool
) -> list[tuple[Path, bytes]]:
    if is_folder and not form.holds_many:
        return [
            (path / _own_name(drawing.label, index, form.name), form.write([drawing], stock))
            for index, drawing in enumerate(drawings, start=1)
        ]
    target = path / f"{kind}.{form.name}" if is_folder else path
    return [(target, form.write([drawing for drawing in drawings for _ in range(copies)], stock))]


def _own_name(label: Label, index: int, ending: str) -> str:
    return f"{index:04d}-{_UNSAFE.sub('-', label.title).strip('-.')[:60] or label.kind}.{ending}"


def _drawn(labels: Sequence[Label], stock: Stock, dpi: int, font: Path | None) -> list[Drawing]:
    drawings: list[Drawing] = []
    lacking = 0
    with progress_bar("labels") as show:
        for index, label in enumerate(labels):
            drawings.append(draw_checked(label, stock, dpi=dpi, font=font))
            lacking += any(lacks_letters(text, font) for text in (label.title, *label.lines))
            show(index / len(labels), printable(label.title))
    if lacking:
        print(
            f"{lacking} labels hold letters that the font has not (shown as □; the codes are right). "
            "Give a font that has them: --font FILE",
            file=sys.stderr,
        )
    return drawings
