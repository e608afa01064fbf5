"""The paper: sheets of labels and rolls, by name.

Example::

    stock_named("a4-24").per_page     # 24
    stock_named("80x40").width_mm     # 80.0
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ambra_tui.errors import Invalid

_SIZE = re.compile(r"(\d{2,3}(?:\.\d)?)x(\d{2,3}(?:\.\d)?)")
SMALLEST_MM, LARGEST_MM = 10.0, 300.0


class Stock(NamedTuple):
    """Labels of one size. On a sheet: columns and rows, the page, its margins, the gaps, in millimetres; a roll is a
    page of one label."""

    name: str
    width_mm: float
    height_mm: float
    columns: int = 1
    rows: int = 1
    page_width_mm: float = 0.0
    page_height_mm: float = 0.0
    left_mm: float = 0.0
    top_mm: float = 0.0
    gap_x_mm: float = 0.0
    gap_y_mm: float = 0.0

    @property
    def per_page(self) -> int:
        """Labels on a page."""
        return self.columns * self.rows

    @property
    def page_mm(self) -> tuple[float, float]:
        """The page's width and height."""
        return (self.page_width_mm or self.width_mm, self.page_height_mm or self.height_mm)

    def place_mm(self, index: int) -> tuple[float, float]:
        """Left and top of the label at `index` on its page, row by row."""
        row, column = divmod(index % self.per_page, self.columns)
        left = self.left_mm + column * (self.width_mm + self.gap_x_mm)
        return (left, self.top_mm + row * (self.height_mm + self.gap_y_mm))


_A4, _LETTER = (210.0, 297.0), (215.9, 279.4)
SHEETS = {
    stock.name: stock
    for stock in (
        Stock("a4-24", 70, 37, 3, 8, *_A4, left_mm=0, top_mm=0.5),
        Stock("a4-21", 63.5, 38.1, 3, 7, *_A4, left_mm=7.2, top_mm=15.1, gap_x_mm=2.5),
        Stock("a4-10", 96, 50.8, 2, 5, *_A4, left_mm=8, top_mm=21.5, gap_x_mm=2),
        Stock("a4-8", 99.1, 67.7, 2, 4, *_A4, left_mm=4.65, top_mm=13.1, gap_x_mm=2.5),
        Stock("a4-4", 105, 148.5, 2, 2, *_A4),
        Stock("letter-30", 66.7, 25.4, 3, 10, *_LETTER, left_mm=4.8, top_mm=12.7, gap_x_mm=3.1),
        Stock("letter-10", 101.6, 50.8, 2, 5, *_LETTER, left_mm=4.1, top_mm=12.7, gap_x_mm=4.5),
    )
}
ROLLS = {
    stock.name: stock
    for stock in (
        Stock("4x6", 101.6, 152.4),
        Stock("4x2", 101.6, 50.8),
        Stock("100x50", 100, 50),
        Stock("57x32", 57, 32),
        Stock("card", 85.6, 54),
    )
}
STOCKS = {**SHEETS, **ROLLS}


def stock_named(name: str) -> Stock:
    """The stock of this name, or a roll of ``WIDTHxHEIGHT`` millimetres. Raises Invalid listing what there is."""
    wanted = name.strip().lower()
    if wanted in STOCKS:
        return STOCKS[wanted]
    size = _SIZE.fullmatch(wanted)
    if size is None:
        known = ", ".join(STOCKS)
        raise Invalid(f"There is no label stock '{name}'. Known: {known}, or WIDTHxHEIGHT in mm", field="sheet")
    width, height = float(size[1]), float(size[2])
    if not (min(width, height) >= SMALLEST_MM and max(width, height) <= LARGEST_MM):
        raise Invalid(f"labels are {SMALLEST_MM:g} to {LARGEST_MM:g} mm wide and high", field="sheet")
    return Stock(wanted, width, height)
