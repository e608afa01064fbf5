"""The label of a parcel, 4 by 6 inches: who sends it, who gets it, by which service, and the carrier's barcode.

Long addresses are set in smaller letters over more lines; nothing of them is cut off.

Example::

    label = parcel_label(Parcel(sender=("Acme",), receiver=("Jane Doe", "1 Main St"), ...), code, title="1Z...")
    draw_checked(label, PARCEL_STOCK, dpi=203)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ambra_tui.labels.fonts import ASCENT, LINE_HEIGHT, Setting, set_in, width_of
from ambra_tui.labels.layout import Bars, Drawing, Line, Mark, Words, bar_module, scale_of
from ambra_tui.labels.model import Code, Label, Parcel
from ambra_tui.labels.stock import ROLLS, Stock
from ambra_tui.labels.symbols import bars_of

PARCEL_STOCK = ROLLS["4x6"]
KIND = "parcel"
_LEAST_MM = 1.5
_PAD_MM, _RULE_MM = 3.0, 0.5
_SENDER_MM, _RECEIVER_MM, _SERVICE_MM, _FOOT_MM = 22.0, 44.0, 17.0, 20.0


def parcel_label(parcel: Parcel, code: Code, *, title: str) -> Label:
    """The label of one parcel; `title`: its tracking number."""
    return Label(KIND, (code,), title, parcel=parcel)


def lay_out_parcel(label: Label, stock: Stock, *, dpi: int, font: Path | None = None) -> Drawing:
    """The label on `stock`. Raises Invalid where the barcode does not fit."""
    assert label.parcel is not None
    page = _Page(label, stock, dpi, font)
    parcel = label.parcel
    page.part(_SENDER_MM, [(0.62, 2.6, parcel.sender), (0.36, 3.4, parcel.facts)])
    page.part(_RECEIVER_MM, [(1.0, 5.2, parcel.receiver)], caption=parcel.caption)
    page.part(_SERVICE_MM, [(0.64, 6.5, parcel.service), (0.34, 9.0, (parcel.route,))])
    page.bars(label.codes[0], _FOOT_MM)
    page.part(_FOOT_MM, [(1.0, 3.0, parcel.notes)], is_last=True)
    return Drawing(label, dpi, page.width, page.height, tuple(page.marks))


class _Page:
    """The label's parts from top to bottom."""

    def __init__(self, label: Label, stock: Stock, dpi: int, font: Path | None) -> None:
        self.scale = scale_of(label, stock, dpi, font)
        self.width, self.height = (int(side * dpi / 25.4 + 0.01) for side in (stock.width_mm, stock.height_mm))
        self.pad = self.scale.dots(_PAD_MM)
        self.font = font
        self.marks: list[Mark] = []
        self.top = self.pad
        # The parts are as high on another stock as their share of six inches.
        self.share = stock.height_mm / PARCEL_STOCK.height_mm

    def part(
        self,
        height_mm: float,
        columns: Sequence[tuple[float, float, Sequence[str]]],
        *,
        caption: str = "",
        is_last: bool = False,
    ) -> None:
        """A strip with columns of (share of the width, largest letters in mm, lines), a rule below it."""
        height = self.scale.dots(height_mm * self.share)
        bottom = self.height - self.pad if is_last else self.top + height
        inner = self.width - 2 * self.pad
        x, top = self.pad, self.top
        if caption:
            size = self.scale.dots(2.2)
            self.marks.append(self._line(set_in(caption, self.font), x, top, size))
            top += round(size * LINE_HEIGHT)
        for share, most_mm, lines in columns:
            width = round(inner * share)
            self._block(lines, x, top, width, bottom - self.scale.dots(1.0) - top, self.scale.dots(most_mm))
            x += width + round(inner * 0.02)
        self.top = bottom
        if not is_last:
            self.rule()

    def rule(self) -> None:
        """A line across."""
        thick = max(1, self.scale.dots(_RULE_MM))
        self.marks.append(Line(self.pad, self.top, self.width - 2 * self.pad, thick))
        self.top += thick + self.scale.dots(1.0)

    def bars(self, code: Code, below_mm: float) -> None:
        """The barcode with its text, as high as what is left above the strip below it."""
        pattern = bars_of(code)
        inner = self.width - 2 * self.pad
        module = bar_module(code, len(pattern), inner, self.scale)
        bottom = self.height - self.pad - self.scale.dots(below_mm * self.share)
        size = self.scale.dots(3.6)
        text_height = round(size * LINE_HEIGHT)
        height = bottom - self.top - text_height - self.scale.dots(3.0)
        if module == 0 or height < self.scale.dots(8.0):
            raise self.scale.does_not_fit(f"the barcode {code.text}")
        width = module * len(pattern)
        top = self.top + self.scale.dots(1.0)
        self.marks.append(Bars(code, self.pad + (inner - width) // 2, top, height, module, pattern))
        shown = set_in(code.shown or code.text, self.font)
        size = self._fitting([shown.text], inner, text_height, size)
        left = self.pad + max(0, (inner - width_of(shown, size)) // 2)
        self.marks.append(self._line(shown, left, top + height + self.scale.dots(0.5), size))
        self.top = bottom
        self.rule()

    def _block(self, lines: Sequence[str], x: int, top: int, width: int, height: int, most: int) -> None:
        """The lines in the largest letters in which all of them fit, broken where they are too long."""
        shown = [line for line in lines if line]
        if not shown:
            return
        size = self._fitting(shown, width, height, most)
        for line in self._broken(shown, width, size):
            self.marks.append(self._line(line, x, top, size))
            top += round(size * LINE_HEIGHT)

    def _fitting(self, lines: Sequence[str], width: int, height: int, most: int) -> int:
        """The largest size in which the lines fit; the smallest where none does."""
        low = self.scale.dots(_LEAST_MM)
        high = max(most, low)
        while low < high:
            size = (low + high + 1) // 2
            if len(self._broken(lines, width, size)) * round(size * LINE_HEIGHT) <= height:
                low = size
            else:
                high = size - 1
        return low

    def _broken(self, lines: Sequence[str], width: int, size: int) -> list[Setting]:
        """The lines broken between words, and within words that are wider than the block."""
        rows: list[Setting] = []
        for line in lines:
            row = ""
            for word in line.split():
                rest = word
                wider = f"{row} {rest}".strip()
                if width_of(set_in(wider, self.font), size) <= width:
                    row = wider
                    continue
                if row:
                    rows.append(set_in(row, self.font))
                while width_of(set_in(rest, self.font), size) > width and len(rest) > 1:
                    keep = self._keep(rest, width, size)
                    rows.append(set_in(rest[:keep], self.font))
                    rest = rest[keep:]
                row = rest
            if row:
                rows.append(set_in(row, self.font))
        return rows

    def _keep(self, word: str, width: int, size: int) -> int:
        """How many letters of a long word fit, one at least."""
        keep = max(1, len(word) * width // max(1, width_of(set_in(word, self.font), size)))
        while keep > 1 and width_of(set_in(word[:keep], self.font), size) > width:
            keep -= 1
        return keep

    def _line(self, setting: Setting, x: int, top: int, size: int) -> Words:
        return Words(setting, x, top + round(size * ASCENT), size, width_of(setting, size))
