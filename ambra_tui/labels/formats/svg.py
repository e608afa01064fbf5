"""A drawing a label, to be placed in documents of one's own.

Example::

    FORMAT.write([drawing], stock).startswith(b"<svg")      # True
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from ambra_tui.labels.formats import Format
from ambra_tui.labels.layout import Bars, Cells, Drawing, Line, Mark, Words
from ambra_tui.labels.stock import Stock

_FAMILY = "'DejaVu Sans Condensed', 'Arial Narrow', Arial, sans-serif"


def write(drawings: Sequence[Drawing], stock: Stock) -> bytes:
    """The first drawing, in millimetres outside and dots inside."""
    drawing = drawings[0]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_millimetres(drawing.width, drawing.dpi)}mm" '
        f'height="{_millimetres(drawing.height, drawing.dpi)}mm" viewBox="0 0 {drawing.width} {drawing.height}">'
    )
    ground = f'<rect width="{drawing.width}" height="{drawing.height}" fill="#fff"/>'
    body = "\n".join(_element(mark) for mark in drawing.marks)
    return f"{head}\n<title>{escape(drawing.label.name)}</title>\n{ground}\n{body}\n</svg>\n".encode()


def _millimetres(dots: int, dpi: int) -> str:
    return f"{dots * 25.4 / dpi:.3f}"


def _element(mark: Mark) -> str:
    if isinstance(mark, Bars):
        path = "".join(f"M{left} {mark.y}h{width}v{mark.height}h-{width}z" for left, width in mark.runs())
        return f'<path shape-rendering="crispEdges" d="{path}"/>'
    if isinstance(mark, Cells):
        side = mark.module
        path = "".join(f"M{left} {top}h{width}v{side}h-{width}z" for left, top, width in mark.runs())
        return f'<path shape-rendering="crispEdges" d="{path}"/>'
    if isinstance(mark, Line):
        return f'<rect x="{mark.x}" y="{mark.y}" width="{mark.width}" height="{mark.height}"/>'
    if isinstance(mark, Words):
        return (
            f'<text x="{mark.x}" y="{mark.baseline}" font-family="{_FAMILY}" font-weight="bold" '
            f'font-size="{mark.size}" textLength="{mark.width}" lengthAdjust="spacingAndGlyphs" '
            f'xml:space="preserve">{escape(mark.setting.text)}</text>'
        )
    points = " ".join(f"{x},{y}" for x, y in mark.points)
    return f'<polygon points="{points}"/>'


FORMAT = Format("svg", holds_many=False, write=write)
