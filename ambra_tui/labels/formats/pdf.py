"""Pages of labels: sheets for an office printer, or a page a label for a roll.

Example::

    FORMAT.write(drawings, stock_named("a4-24"))[:5]      # b'%PDF-'
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ambra_tui.labels.fonts import own_font
from ambra_tui.labels.formats import Format
from ambra_tui.labels.layout import Bars, Cells, Drawing, Line, Words
from ambra_tui.labels.stock import Stock

if TYPE_CHECKING:
    from fpdf import FPDF

_POINTS = 72.0
_MM = 25.4
_INSET = 0.1


def write(drawings: Sequence[Drawing], stock: Stock) -> bytes:
    """The drawings in order, as many on a page as the stock has places."""
    from fpdf import FPDF

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table it leaves out
    pdf = FPDF(unit="pt", format=_page(drawings[0], stock))
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.set_title("Labels")
    pdf.set_creator("AmbraWMS")
    pdf.set_fill_color(0)
    for index, drawing in enumerate(drawings):
        if index % stock.per_page == 0:
            pdf.add_page()
        left, top = (round(side * drawing.dpi / _MM) * _POINTS / drawing.dpi for side in stock.place_mm(index))
        _draw(pdf, drawing, left, top)
    return bytes(pdf.output())


def _page(drawing: Drawing, stock: Stock) -> tuple[float, float]:
    """The page in points; on a roll a whole number of the printer's dots and no hair more (a PDF tells hundredths),
    so that its driver stretches nothing."""
    if stock.per_page == 1:
        wide, high = (math.floor(side * _POINTS / drawing.dpi * 100) / 100 for side in (drawing.width, drawing.height))
        return (wide, high)
    width, height = stock.page_mm
    return (width * _POINTS / _MM, height * _POINTS / _MM)


def _draw(pdf: FPDF, drawing: Drawing, left: float, top: float) -> None:
    dot = _POINTS / drawing.dpi
    for mark in drawing.marks:
        if isinstance(mark, Bars):
            for x, width in mark.runs():
                _fill(pdf, left + x * dot, top + mark.y * dot, width * dot, mark.height * dot, dot)
        elif isinstance(mark, Cells):
            for x, y, width in mark.runs():
                _fill(pdf, left + x * dot, top + y * dot, width * dot, mark.module * dot, dot)
        elif isinstance(mark, Line):
            _fill(pdf, left + mark.x * dot, top + mark.y * dot, mark.width * dot, mark.height * dot, dot)
        elif isinstance(mark, Words):
            pdf.set_font(_family(pdf, mark.setting.path), size=mark.size * dot)
            pdf.text(left + mark.x * dot, top + mark.baseline * dot, mark.setting.text)
        else:
            points = [(left + x * dot, top + y * dot) for x, y in mark.points]
            pdf.polygon(points, style="F")


def _fill(pdf: FPDF, x: float, y: float, width: float, height: float, dot: float) -> None:
    """A filled rectangle, smaller by a hair: a printer's driver that rounds outwards must not widen a bar by a dot."""
    hair = _INSET * dot
    pdf.rect(x + hair, y + hair, width - 2 * hair, height - 2 * hair, style="F")


def _family(pdf: FPDF, path: Path) -> str:
    """The name that the file's font has in this document; it is added at its first use."""
    name = "own" if path == own_font() else "extra"
    if name not in pdf.fonts:
        pdf.add_font(name, fname=path)
    return name


FORMAT = Format("pdf", holds_many=True, write=write)
