"""ZPL as a printer reads it: its field data say what the label says, and no name is ever a command."""

from __future__ import annotations

import re

import pytest

from ambra_tui.labels.draw import draw_checked
from ambra_tui.labels.formats import formats
from ambra_tui.labels.formats.zpl import field_data
from ambra_tui.labels.layout import Bars
from ambra_tui.labels.model import Code, Label
from ambra_tui.labels.stock import stock_named
from tests.labels.conftest import HOSTILE, LABELS

ROLL = stock_named("100x50")
KNOWN = {"XA", "CI", "PW", "LL", "LH", "FO", "BY", "FH", "FD", "FS", "A0", "GF", "PQ", "XZ"}
CODES = {"BC", "BE", "B8", "BU", "B2", "BX", "BQ"}
_COMMAND = re.compile(r"\^([A-Z][A-Z0-9])([^\^]*)")
_HEX = re.compile(rb"\\([0-9A-F]{2})")


def zpl(label: Label, dpi: int = 203) -> str:
    return formats()["zpl"].write([draw_checked(label, ROLL, dpi=dpi)], ROLL).decode()


def commands(text: str) -> list[tuple[str, str]]:
    """Every command and what follows it, as a printer splits them: at carets, whatever they stand in."""
    return [(name, rest.strip("\n")) for name, rest in _COMMAND.findall(text)]


def told(data: str) -> str:
    """Field data with its numbers made letters (``^FH\\``)."""
    return _HEX.sub(lambda found: bytes([int(found[1], 16)]), data.encode()).decode()


def codes(text: str) -> dict[str, str]:
    """Symbol command -> the data that it draws."""
    found: dict[str, str] = {}
    current = ""
    for name, rest in commands(text):
        current = name if name in CODES else current
        if name == "FD" and current:
            found[current] = told(rest)
            current = ""
    return found


def test_the_printer_draws_each_symbol_with_its_own_command() -> None:
    expected = [
        {"BC": "WH1-A01-1"},
        {"BC": "T1"},
        {"BC": "BDG-1001"},
        {"BE": "500100000001", "BX": "_1010500100000001917260715" + "10M130"},
        {"B8": "9638507"},
        {"BU": "01234567890"},
        {"BC": "BOX/7 b"},
        {"B2": "15001000000016"},
        {"BC": ">8011500100000001617260715" + "10M130>83710"},
        {"BC": ">800050010000000000019"},
        {"BC": "LP-000017"},
        {"BC": "PO-1001", "BQ": "MA,PO-1001"},
        {"BX": "Kühl-漢-1"},
    ]
    assert [codes(zpl(label)) for label in LABELS] == expected


@pytest.mark.parametrize("dpi", [203, 300])
def test_the_label_and_its_bars_are_as_wide_as_what_was_read_back(dpi: int) -> None:
    drawing = draw_checked(LABELS[0], ROLL, dpi=dpi)
    (bars,) = (mark for mark in drawing.marks if isinstance(mark, Bars))
    text = formats()["zpl"].write([drawing], ROLL).decode()
    assert f"^PW{drawing.width}\n^LL{drawing.height}\n" in text
    assert f"^FO{bars.x},{bars.y}^BY{bars.module}^BCN,{bars.height},N,N,N,A" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_a_command(name: str) -> None:
    text = zpl(Label("bin", (Code("code128", "A1"),), name, (name,), "up"))
    assert {command for command, _ in commands(text)} <= KNOWN | CODES
    assert text.count("^XA") == text.count("^XZ") == 1
    assert "~" not in text


def test_field_data_are_the_name_in_numbers() -> None:
    assert field_data("A^~\\ü") == "A\\5E\\7E\\5C\\C3\\BC"
    assert told(field_data("A^~\\ü 漢")) == "A^~\\ü 漢"


def test_what_code_128_gives_a_meaning_to_has_the_printer_s_own_sign() -> None:
    assert codes(zpl(Label("bin", (Code("code128", "A>8^B~"),), "x"))) == {"BC": "A>08><B>="}


def test_letters_that_the_printer_lacks_are_sent_as_dots() -> None:
    text = zpl(Label("bin", (Code("code128", "A1"),), "Жук"))
    assert "^GFA," in text
    assert "Жук" not in text


def test_many_labels_are_one_stream() -> None:
    text = formats()["zpl"].write([draw_checked(label, ROLL, dpi=203) for label in LABELS], ROLL).decode()
    assert text.count("^XA") == text.count("^XZ") == len(LABELS)
