"""Where everything stands on a label: a pure function from what it says to marks in whole dots of the printer.

Above, the title in the largest letters that fit, lines for people, an arrow or a square code; below, the bars across
the whole width with their text. Each bar is a whole number of dots wide, so no printer has to round one.

Example::

    drawing = lay_out(label, stock_named("100x50"), dpi=203)
    drawing.width, drawing.height      # (799, 399)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from ambra_tui.errors import Invalid
from ambra_tui.labels.fonts import ASCENT, LINE_HEIGHT, Setting, set_in, width_of
from ambra_tui.labels.model import MAX_LINES, Arrow, Code, Label, Symbology
from ambra_tui.labels.stock import Stock
from ambra_tui.labels.symbols import Squares, bars_of, quiet_modules, squares_of

DPIS = (203, 300)
_MM = 25.4
_LEAST_BAR_MM, _MOST_BAR_MM = {"itf14": 0.12}, {"itf14": 0.5, "ean13": 0.66, "ean8": 0.66, "upca": 0.66}
_LEAST_SQUARE_MM, _MOST_SQUARE_MM = 0.25, 1.6
_LEAST_BARS_MM, _MOST_BARS_MM = 4.0, 50.0
_LEAST_TEXT_MM, _MOST_TEXT_MM = 1.6, 30.0
_BARS_SHARE, _SQUARE_SHARE = 0.40, 0.42
_TITLE_SHARE = {0: 1.0, 1: 0.7, 2: 0.55}


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars from `x`, `y` down, `module` dots a step of `pattern`."""

    code: Code
    x: int
    y: int
    height: int
    module: int
    pattern: str

    def runs(self) -> list[tuple[int, int]]:
        """Left edge and width of every dark bar, in dots."""
        runs: list[tuple[int, int]] = []
        position = 0
        while position < len(self.pattern):
            if self.pattern[position] == "0":
                position += 1
                continue
            end = position
            while end < len(self.pattern) and self.pattern[end] == "1":
                end += 1
            runs.append((self.x + position * self.module, (end - position) * self.module))
            position = end
        return runs


@dataclass(frozen=True, slots=True)
class Cells:
    """A square code from `x`, `y`, `module` dots a square."""

    code: Code
    x: int
    y: int
    module: int
    rows: Squares

    def runs(self) -> list[tuple[int, int, int]]:
        """Left, top and width of every dark run of a row, in dots; each is `module` high."""
        found: list[tuple[int, int, int]] = []
        for row, squares in enumerate(self.rows):
            column = 0
            while column < len(squares):
                if not squares[column]:
                    column += 1
                    continue
                end = column
                while end < len(squares) and squares[end]:
                    end += 1
                left, top = self.x + column * self.module, self.y + row * self.module
                found.append((left, top, (end - column) * self.module))
                column = end
        return found


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text: its left edge, its baseline, its letters' size and its width, in dots."""

    setting: Setting
    x: int
    baseline: int
    size: int
    width: int


@dataclass(frozen=True, slots=True)
class Triangle:
    """A filled triangle."""

    points: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Line:
    """A filled rectangle that parts one thing from another."""

    x: int
    y: int
    width: int
    height: int


Mark = Bars | Cells | Words | Triangle | Line


@dataclass(frozen=True, slots=True)
class Drawing:
    """A label as marks, in dots of `dpi`. `label`: what it says, as it is drawn."""

    label: Label
    dpi: int
    width: int
    height: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class _Box:
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Millimetres to dots, and what to say when something does not fit."""

    dpi: int
    stock: Stock
    name: str
    font: Path | None

    def dots(self, millimetres: float) -> int:
        return round(millimetres * self.dpi / _MM)

    def least(self, millimetres: float) -> int:
        return max(1, math.ceil(millimetres * self.dpi / _MM - 0.05))

    def does_not_fit(self, what: str) -> Invalid:
        size = f"{self.stock.width_mm:g}x{self.stock.height_mm:g} mm"
        return Invalid(f"{self.name}: {what} does not fit on a label of {size}. Choose a larger one.", field="sheet")


def scale_of(label: Label, stock: Stock, dpi: int, font: Path | None) -> Scale:
    """The scale of a label in `dpi`. Raises Invalid for one that no printer has."""
    if dpi not in DPIS:
        raise Invalid(f"labels are drawn for {' or '.join(map(str, DPIS))} dpi, not {dpi}", field="dpi")
    return Scale(dpi, stock, label.name, font)


def lay_out(label: Label, stock: Stock, *, dpi: int, font: Path | None = None) -> Drawing:
    """The label on one place of `stock`. Raises Invalid where it does not fit or a code cannot be drawn."""
    if label.parcel is not None:
        from ambra_tui.labels.parcel import lay_out_parcel

        return lay_out_parcel(label, stock, dpi=dpi, font=font)
    scale = scale_of(label, stock, dpi, font)
    width, height = (int(side * dpi / _MM + 0.01) for side in (stock.width_mm, stock.height_mm))
    pad = scale.dots(min(3.0, max(1.5, 0.04 * min(stock.width_mm, stock.height_mm))))
    box = _Box(pad, pad, width - 2 * pad, height - 2 * pad)
    drawn = _narrowed(label, box.width, scale)
    marks: list[Mark] = []
    upper = box
    if not drawn.codes[0].is_square:
        bars, upper = _bars(drawn.codes[0], box, scale)
        marks += bars
    square = next((code for code in drawn.codes if code.is_square), None)
    if square is not None:
        cells, upper = _cells(square, upper, scale)
        marks.append(cells)
    if drawn.arrow:
        triangle, upper = _arrow(drawn.arrow, upper)
        marks.append(triangle)
    lines = drawn.lines
    if drawn.codes[0].is_square and (drawn.codes[0].shown or drawn.codes[0].text) != drawn.title:
        lines = (drawn.codes[0].shown or drawn.codes[0].text, *lines)
    marks += _texts(drawn.title, lines, upper, scale)
    return Drawing(drawn, dpi, width, height, tuple(marks))


_SQUARES: dict[Symbology, Symbology] = {"code128": "datamatrix", "gs1_128": "gs1_datamatrix"}


def _narrowed(label: Label, width: int, scale: Scale) -> Label:
    """The same label with square codes where its bars would be too narrow to scan."""
    code = label.codes[0]
    if code.is_square or bar_module(code, len(bars_of(code)), width, scale) > 0:
        return label
    square = _SQUARES.get(code.symbology)
    if square is None:
        raise scale.does_not_fit(f"the {code.symbology} {code.text}")
    return replace(label, codes=(replace(code, symbology=square),))


def bar_module(code: Code, modules: int, width: int, scale: Scale) -> int:
    """The widest module that fits with its quiet zones; 0: none that a scanner could read."""
    least = scale.least(_LEAST_BAR_MM.get(code.symbology, 0.16))
    most = max(least, scale.dots(_MOST_BAR_MM.get(code.symbology, 0.6)))
    fitting = width // (modules + 2 * quiet_modules(code))
    return min(fitting, most) if fitting >= least else 0


def _bars(code: Code, box: _Box, scale: Scale) -> tuple[list[Mark], _Box]:
    pattern = bars_of(code)
    module = bar_module(code, len(pattern), box.width, scale)
    size = min(max(scale.dots(2.2), round(box.height * 0.09)), scale.dots(5.0))
    height = min(round(box.height * _BARS_SHARE), scale.dots(_MOST_BARS_MM))
    if height < scale.dots(_LEAST_BARS_MM):
        raise scale.does_not_fit("the barcode")
    width = module * len(pattern)
    text_height = round(size * LINE_HEIGHT)
    top = box.y + box.height - text_height - height
    x = box.x + (box.width - width) // 2
    shown = _words(code.shown or code.text, box.x, top + height, box.width, size, scale, is_centred=True)
    gap = scale.dots(1.2)
    upper = _Box(box.x, box.y, box.width, top - gap - box.y)
    return [Bars(code, x, top, height, module, pattern), shown], upper


def _cells(code: Code, box: _Box, scale: Scale) -> tuple[Cells, _Box]:
    rows = squares_of(code)
    modules = len(rows) + 2 * quiet_modules(code)
    least = scale.least(_LEAST_SQUARE_MM)
    side = min(box.height, round(box.width * _SQUARE_SHARE))
    module = min(max(side // modules, least), max(least, scale.dots(_MOST_SQUARE_MM)))
    taken = module * modules
    if taken > box.height or taken > box.width * 2 // 3:
        raise scale.does_not_fit(f"the {code.symbology}")
    left = box.x + box.width - taken
    border = quiet_modules(code) * module
    cells = Cells(code, left + border, box.y + (box.height - taken) // 2 + border, module, rows)
    return cells, replace(box, width=box.width - taken - scale.dots(1.5))


def _arrow(arrow: Arrow, box: _Box) -> tuple[Triangle, _Box]:
    side = min(box.height, box.width // 4)
    left, right = box.x + box.width - side, box.x + box.width
    top = box.y + (box.height - side) // 2
    bottom = top + side
    tip, base = (top, bottom) if arrow == "up" else (bottom, top)
    triangle = Triangle(((left, base), (right, base), ((left + right) // 2, tip)))
    return triangle, replace(box, width=box.width - side - side // 4)


def _texts(title: str, lines: tuple[str, ...], box: _Box, scale: Scale) -> list[Mark]:
    """The title as large as it fits, then as many lines as there is room for."""
    least = scale.dots(_LEAST_TEXT_MM)
    if box.height < least:
        raise scale.does_not_fit("the text")
    shown = [line for line in lines if line][:MAX_LINES]
    share = _TITLE_SHARE.get(len(shown), 0.45)
    title_size = min(round(box.height * share / LINE_HEIGHT), scale.dots(_MOST_TEXT_MM))
    head = _words(title, box.x, box.y, box.width, max(title_size, least), scale)
    top = box.y + round(head.size * LINE_HEIGHT)
    room = box.y + box.height - top
    if not shown or room < round(least * LINE_HEIGHT):
        return [head]
    size = max(least, min(round(room / len(shown) / LINE_HEIGHT), scale.dots(5.0), head.size))
    height = round(size * LINE_HEIGHT)
    kept = max(1, min(len(shown), room // height))
    if kept < len(shown):
        shown = [*shown[: kept - 1], f"{shown[kept - 1]} … +{len(shown) - kept}"]
    return [
        head,
        *(_words(line, box.x, top + row * height, box.width, size, scale) for row, line in enumerate(shown)),
    ]


def _words(text: str, x: int, top: int, width: int, size: int, scale: Scale, *, is_centred: bool = False) -> Words:
    """The text in at most `size`, smaller where it is too wide, cut with an ellipsis where it is still too wide."""
    setting = set_in(text, scale.font)
    measured = width_of(setting, size)
    if measured > width:
        size = max(scale.dots(_LEAST_TEXT_MM), size * width // measured)
        measured = width_of(setting, size)
    while measured > width and len(setting.text) > 1:
        keep = max(1, min(len(setting.text) - 2, len(setting.text) * width // measured - 1))
        setting = Setting(setting.text[:keep].rstrip("…") + "…", setting.path)
        measured = width_of(setting, size)
    left = x + max(0, (width - measured) // 2) if is_centred else x
    return Words(setting, left, top + round(size * ASCENT), size, measured)
