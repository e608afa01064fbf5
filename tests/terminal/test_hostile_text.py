"""Names that look like markup or like commands to a terminal are shown letter by letter, on every screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ambra_tui.kit.text import is_control
from ambra_tui.tui.arrange import arrange
from ambra_tui.tui.text import text
from ambra_tui.tui.view import Chrome, Fact, Notice, View
from tests.terminal.conftest import Floor

PAYLOADS = {
    "action": "[@click=app.quit]go[/]",
    "closing tag": "[/]",
    "broken tag": "[/",
    "link": "[link=file:///etc/passwd]x[/link]",
    "style": "[red]x[/]",
    "tag-like name": "[TODO] x",
    "clear screen": "A\x1b[2JB",
    "clipboard": "A\x1b]52;c;QUJD\x07B",
    "window title": "A\x1b]0;owned\x07B",
    "C1": "A\x9b31mB\x9d0;x\x9cC",
    "line ends": "A\r\nB\x0bC",
    "right to left": "A\u202eB\u2066C",
    "backspaces": "ABC\x08\x08\x08D",
}
OWN = (
    b"\x1b[2J",
    b"\x1b]52",
    b"\x1b]0;",
    b"\xc2\x9b",
    b"\xc2\x9d",
    b"\x0b",
    b"\x08",
    "\u202e".encode(),
    "\u2066".encode(),
)


def shown(payload: str) -> str:
    """What an operator sees of a payload."""
    return "".join(f"<{ord(c):02X}>" if is_control(c) else c for c in payload)


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_screen_shows_a_hostile_name_as_letters(start_floor: Callable[..., Floor], name: str) -> None:
    payload = PAYLOADS[name]
    expected = shown(payload)[:20]
    floor = start_floor("--names", payload, rows=30, columns=110)
    terminal = floor.terminal
    terminal.wait_for("Scan your badge")
    terminal.wait_for(expected)
    cleared = bytes(terminal.output).count(OWN[0])
    terminal.scan("BDG-1001")
    terminal.wait_for("G15")
    terminal.wait_for(expected)
    terminal.send("1")
    terminal.wait_for("G01")
    terminal.scan("E03")
    terminal.wait_for("E03 " + expected)
    for key, sign in (("\x1bOP", "Help"), ("\x1bOQ", "Scanner test"), ("\x1bOS", "Practice scanner")):
        terminal.send(key)
        terminal.wait_for(sign)
        if "\r" not in payload and "\x08" not in payload:
            terminal.wait_for(expected) if sign != "Scanner test" else terminal.send(f"\x1b[200~{payload}\x1b[201~")
        terminal.send("\x1b")
        terminal.wait_gone(sign)
    terminal.scan("LAST-CODE-1")
    terminal.wait(lambda _: "LAST-CODE-1" in floor.codes)
    assert terminal.process.poll() is None
    assert bytes(terminal.output).count(OWN[0]) == cleared
    assert not any(mark in terminal.output for mark in OWN[1:])


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_one_way_for_dynamic_text_keeps_letters_and_drops_nothing(name: str) -> None:
    assert text(PAYLOADS[name]).plain == shown(PAYLOADS[name])


SIZES = [(16, 20), (8, 40), (20, 40), (24, 80), (40, 120), (6, 16), (1, 1), (3, 7)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_names_fit_every_size(size: tuple[int, int], name: str) -> None:
    from rich.cells import cell_len

    bad = shown(PAYLOADS[name]) * 3
    fact = Fact(bad, bad)
    view = View(bad, bad, bad, (fact,) * 6, (("1", bad),) * 9, (("F5", bad),) * 7, (3, 7), (fact,) * 30, bad,
                (fact,) * 9,
                (("08:00", "wrong", bad),) * 10)  # fmt: skip
    chrome = Chrome(bad, bad, "ready", bad, bad, bad, bad, bad, 3, bad, Notice("E03", "wrong", bad, bad), bad, bad)
    for typed in (chrome, Chrome()):
        lines = arrange(view, typed, width=size[1], height=size[0])
        assert len(lines) == size[0]
        assert all(sum(cell_len(part) for part, _ in line) <= size[1] for line in lines)
