"""An answer's rows as lines: a table, cards on a narrow screen, or bars where the rows are a series.

Example::

    table([{"sku": "MILK-1L", "on_hand": 12}], width=80, say=station.say)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from ambra_tui.kit.clock import parse_moment
from ambra_tui.kit.text import printable
from ambra_tui.tui.arrange import Line, Span
from ambra_tui.tui.rows import ledger_word
from ambra_tui.tui.text import fit, wrap

Say = Callable[..., str]
Row = Mapping[str, Any]
TABLE_FROM = 60
MIN_BAR = 4
MIN_COLUMN = 6
SERIES_FROM = 3
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-(\d\d-\d\d)")
_WORD = re.compile(r"[a-z]+(_[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that people read: `cells` in the rows' order. `is_number`: right-aligned."""

    label: str
    cells: tuple[str, ...]
    is_number: bool

    @property
    def width(self) -> int:
        """Columns of the screen that it wants."""
        return max(cell_len(text) for text in (self.label, *self.cells))


def columns_of(rows: Sequence[Row], say: Say) -> list[Column]:
    """What is worth showing: no ids, nothing nested, nothing that every row lacks."""
    found = []
    for key in dict.fromkeys(key for row in rows for key in row):
        values = [row.get(key) for row in rows]
        if key == "id" or key.endswith("_id") or any(isinstance(value, list | dict) for value in values):
            continue
        if all(value is None or value == "" for value in values):
            continue
        is_number = all(value is None or _is_number(value) for value in values)
        found.append(Column(_label(key, say), tuple(cell(value, say) for value in values), is_number))
    return found


def cell(value: Any, say: Say) -> str:
    """One value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return say("ask.yes" if value else "ask.no")
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    text = printable(str(value))
    if _MOMENT.fullmatch(text):
        return f"{parse_moment(text).astimezone():%Y-%m-%d %H:%M}"
    return ledger_word(say, text) if isinstance(value, str) and _WORD.fullmatch(text) else text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _label(key: str, say: Say) -> str:
    try:
        return say(f"ask.column_{key}")
    except KeyError:
        return printable(key.replace("_", " "))


def table(rows: Sequence[Row], *, width: int, say: Say) -> list[Line]:
    """All rows; a narrow screen gets a card for each."""
    columns = columns_of(rows, say)
    if not columns:
        return []
    if width < TABLE_FROM:
        return [line for index in range(len(rows)) for line in _card(columns, index, width)]
    columns, widths = _fitted(columns, width)
    head = "".join(_aligned(column.label, size, column) for column, size in zip(columns, widths, strict=True))
    return [((fit(head, width), "side_title"),), *(_table_row(columns, widths, index) for index in range(len(rows)))]


def _fitted(columns: Sequence[Column], width: int) -> tuple[list[Column], list[int]]:
    """The columns that fit, and their widths: the widest give way first, then the last ones."""
    shown = list(columns)
    while len(shown) > 1 and sum(min(column.width, MIN_COLUMN) + 2 for column in shown) > width:
        shown.pop()
    widths = [column.width for column in shown]
    while sum(widths) + 2 * len(shown) > width and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return shown, widths


def _aligned(text: str, size: int, column: Column) -> str:
    shown = fit(text, size)
    return f" {shown.rstrip():>{size}} " if column.is_number and cell_len(text) <= size else f" {shown} "


def _table_row(columns: Sequence[Column], widths: Sequence[int], index: int) -> Line:
    spans: list[Span] = []
    for place, (column, size) in enumerate(zip(columns, widths, strict=True)):
        style = "strong" if column.is_number else "value" if place == 0 else "label"
        spans.append((_aligned(column.cells[index], size, column), style))
    return tuple(spans)


def _card(columns: Sequence[Column], index: int, width: int) -> list[Line]:
    """The first text and the first number on one line, everything else below, nothing cut."""
    title = next((column for column in columns if not column.is_number), columns[0])
    number = next((column for column in columns if column.is_number and column is not title), None)
    value = number.cells[index] if number else ""
    room = width - cell_len(value) - 1
    first, *more = wrap(title.cells[index] or "-", max(4, room)) or [""]
    lines: list[Line] = [((fit(first, room), "value"), (f" {value}", "strong"))]
    lines += [((row, "value"),) for row in more]
    rest = [column for column in columns if column not in (title, number) and column.cells[index]]
    told = "  ".join(f"{column.label} {column.cells[index]}" for column in rest)
    return [*lines, *(((f" {row}", "label"),) for row in wrap(told, width - 1))]


def is_series(rows: Sequence[Row], chart: tuple[str, str] | None) -> bool:
    """The rows are a series that is worth a plot: each thing once, no number below zero, and not all of them zero."""
    if chart is None or len(rows) < SERIES_FROM:
        return False
    labels = {row.get(chart[0]) for row in rows}
    values = [_number(row, chart[1]) for row in rows]
    return len(labels) == len(rows) and min(values) >= 0 and max(values) > 0


def bars(rows: Sequence[Row], chart: tuple[str, str], *, width: int, say: Say) -> list[Line]:
    """A bar for each row, its label before and its number after it."""
    labels = [_short(cell(row.get(chart[0]), say), width) for row in rows]
    values = [cell(row.get(chart[1]), say) for row in rows]
    before = min(max(map(cell_len, labels)), max(4, width // 3))
    after = max(map(cell_len, values))
    room = max(MIN_BAR, width - before - after - 2)
    most = max(_number(row, chart[1]) for row in rows) or 1
    lines: list[Line] = []
    for row, label, value in zip(rows, labels, values, strict=True):
        filled = max(0, round(_number(row, chart[1]) / most * room))
        bar = "█" * filled + " " * (room - filled)
        lines.append(((fit(label, before), "label"), (f" {bar} ", "bar"), (f"{value:>{after}}", "strong")))
    return lines


def _short(label: str, width: int) -> str:
    """A day without its year where there is little room."""
    day = _DAY.fullmatch(label)
    return day[1] if day and width < TABLE_FROM else label


def _number(row: Row, key: str) -> float:
    value = row.get(key)
    return float(value) if isinstance(value, int | float) else 0.0
