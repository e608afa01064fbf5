"""Rows of an answer on screens of any width: nothing cut on a handheld, a table on a wide one, bars for a series."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from ambra_tui.kit.language import say
from ambra_tui.tui.answer import bars, columns_of, is_series, table
from ambra_tui.tui.board import STYLES

STOCK = [
    {"variant_id": "var_1", "sku": "MILK-1L", "name": "Milk 1 l, whole", "location": "WH1", "available": 12.5,
     "status": "active", "expiry_date": None, "parts": [1]},
    {"variant_id": "var_2", "sku": "PAINT-5L", "name": "Paint [red] \x1b[2J", "location": "ST1", "available": 0,
     "status": "active", "expiry_date": None, "parts": []},
]  # fmt: skip
DAYS = [{"date": f"2026-03-{day:02d}", "quantity": day} for day in range(1, 8)]


def english(key: str, **params: object) -> str:
    return say("en", key, **params)


def german(key: str, **params: object) -> str:
    return say("de", key, **params)


def shown(lines: list[Any]) -> list[str]:
    assert all(style in STYLES or not style for line in lines for _, style in line)
    return ["".join(part for part, _ in line).rstrip() for line in lines]


@pytest.mark.parametrize("width", [16, 20, 40, 60, 80, 120])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    for lines in (table(STOCK, width=width, say=english), bars(DAYS, ("date", "quantity"), width=width, say=english)):
        for line in lines:
            assert sum(cell_len(part) for part, _ in line) <= width


def test_a_wide_screen_has_a_table_with_its_words() -> None:
    lines = shown(table(STOCK, width=80, say=german))
    assert lines[0].split() == ["SKU", "Name", "Standort", "Verfügbar", "Stand"]
    assert lines[1].split()[0] == "MILK-1L" and "12.5" in lines[1]
    assert "<1B>[2J" in lines[2]


def test_a_handheld_has_cards_with_everything() -> None:
    text = " ".join(shown(table(STOCK, width=20, say=english))).split()
    for word in ("MILK-1L", "12.5", "whole", "WH1", "PAINT-5L", "0", "Site"):
        assert word in text, word
    assert "…" not in " ".join(text)


def test_ids_nested_values_and_empty_columns_are_left_out() -> None:
    assert [column.label for column in columns_of(STOCK, english)] == ["SKU", "Name", "Site", "Available", "State"]


def test_bars_grow_with_their_numbers() -> None:
    lines = shown(bars(DAYS, ("date", "quantity"), width=20, say=english))
    assert lines[0].split()[0] == "03-01"
    lengths = [line.count("█") for line in lines]
    assert lengths == sorted(lengths) and lengths[-1] > lengths[0]
    assert [line.split()[-1] for line in lines] == [str(day) for day in range(1, 8)]


def test_a_series_has_three_things_and_something_of_them() -> None:
    assert is_series(DAYS, ("date", "quantity"))
    assert not is_series(DAYS, None)
    assert not is_series(DAYS[:2], ("date", "quantity"))
    assert not is_series([{**row, "quantity": 0} for row in DAYS], ("date", "quantity"))
    assert not is_series([{**row, "quantity": -1} for row in DAYS], ("date", "quantity"))
    assert not is_series([{**row, "date": "2026-03-01"} for row in DAYS], ("date", "quantity"))
