"""Questions from anywhere: Ctrl+F over a step, the answer, and back to the step as it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.terminal.conftest import Floor

CTRL_F, ESC, F2, F11 = "\x06", "\x1b", "\x1bOQ", "\x1b[23~"


def type_slowly(floor: Floor, text: str) -> None:
    """As a person types: one key after the other."""
    floor.terminal.send_spaced(text, gap_seconds=0.06)


def test_a_question_is_answered_and_the_step_is_as_it_was(floor: Floor) -> None:
    type_slowly(floor, "12")
    floor.terminal.wait_for("› 12")
    entries = len(floor.heard)
    floor.terminal.send(CTRL_F)
    floor.terminal.wait_for("Ask", "type a question", "how many MILK-1L do we have")
    type_slowly(floor, "stock of gloves\r")
    floor.terminal.wait_for("› stock of gloves", "SKU", "GLOVE-L", "36")
    floor.terminal.send(ESC)
    floor.terminal.wait_for("Scan every unit", "› 12")
    assert len(floor.heard) == entries


def test_what_is_unclear_is_chosen_by_digit_and_a_series_is_drawn(floor: Floor) -> None:
    floor.terminal.send(CTRL_F)
    floor.terminal.wait_for("type a question")
    type_slowly(floor, "which gloves\r")
    floor.terminal.wait_for("Which GLOVE-L do you mean?", "1 stock of GLOVE-L", "2 days of BOLT-M8")
    floor.terminal.send("2")
    floor.terminal.wait_for("› days of BOLT-M8", "2026-03-10 ███", "F11 Table")
    floor.terminal.send(F11)
    floor.terminal.wait_for("Day", "Quantity", "F11 Plot")
    type_slowly(floor, "delete all\r")
    floor.terminal.wait_for("Questions change nothing.", "stock of GLOVE-L")
    floor.terminal.send(CTRL_F)
    floor.terminal.wait_for("Scan every unit")


def test_a_scan_becomes_a_word_of_the_question_and_reaches_no_step(floor: Floor) -> None:
    entries = len(floor.heard)
    floor.terminal.send(CTRL_F)
    floor.terminal.wait_for("type a question")
    type_slowly(floor, "days")
    floor.terminal.wait_for("› days")
    floor.terminal.scan("]C1010500100000004010C7")
    floor.terminal.wait(lambda screen: "› days ]C1" in screen.replace("▏", ""))
    floor.terminal.send("\r")
    floor.terminal.wait_for("2026-03-10 ███")
    floor.terminal.scan("which gloves are there")
    floor.terminal.wait_for("Which GLOVE-L do you mean?")
    floor.terminal.send(ESC)
    floor.terminal.wait_for("Scan every unit")
    assert len(floor.heard) == entries
    floor.terminal.send(F2)
    floor.terminal.wait_for("wedge scan quoted")


LONG = pytest.mark.long


@pytest.mark.parametrize(
    ("rows", "columns"), [(16, 20), pytest.param(8, 40, marks=LONG), pytest.param(6, 16, marks=LONG)]
)
def test_it_works_on_the_smallest_screens(start_floor: Callable[..., Floor], rows: int, columns: int) -> None:
    floor = start_floor(rows=rows, columns=columns)
    terminal = floor.terminal
    terminal.wait_for("Scan your")
    terminal.scan("BDG-1001")
    terminal.wait_for("G15")
    terminal.send(CTRL_F)
    terminal.wait_for("Ask", "Enter Ask")
    type_slowly(floor, "gloves\r")
    terminal.wait_for("› gloves", "GLOVE-L", "36")
    terminal.send(ESC)
    terminal.wait_gone("› gloves")
