"""Every screen at every size, by keyboard alone."""

from __future__ import annotations

import os
import tty
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.conftest import Floor

F1, F2, F3, F4, F6, F8, F10, F12, ESC = (
    "\x1bOP",
    "\x1bOQ",
    "\x1bOR",
    "\x1bOS",
    "\x1b[17~",
    "\x1b[19~",
    "\x1b[21~",
    "\x1b[24~",
    "\x1b",
)
SIZES = [(16, 20), (8, 40), (20, 40), (24, 80), (40, 120), (6, 16)]


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_a_step_its_verdict_and_its_question_are_seen_whole(
    start_floor: Callable[..., Floor], rows: int, columns: int
) -> None:
    """F5: question and verdict are seen at once at every size, without scrolling."""
    floor = start_floor(rows=rows, columns=columns)
    terminal = floor.terminal
    terminal.wait_for("Scan your")
    terminal.wait_for("Ana")
    terminal.scan("BDG-1001")
    terminal.wait_for("G15")
    terminal.send("1")
    terminal.wait(lambda screen: "every unit" in screen.replace("\n", " ") and "G01" in screen)
    terminal.wait(lambda screen: any(sign in screen for sign in ("B02-1", "█", "▀")))
    terminal.scan("E03")
    detail = "Look again." if rows > 6 else ""
    terminal.wait(lambda screen: "E03 NOT SO" in screen and "unit" in screen and detail in screen)
    terminal.send(F6)
    terminal.wait(lambda screen: "1  not found" in screen and "2  damaged" in screen)


def test_a_wide_screen_shows_what_is_left_the_bin_and_the_last_verdicts(start_floor: Callable[..., Floor]) -> None:
    floor = start_floor(rows=40, columns=120)
    floor.sign_in()
    floor.terminal.wait_for(
        "To do", "✓ A01-1 BOLT-M8", "› B02-1 GLOVE-L", "In B02-1", "Last verdicts", "✓ G15 SIGNED IN"
    )


def test_the_screen_follows_a_change_of_size(floor: Floor) -> None:
    floor.terminal.resize(40, 120)
    floor.terminal.wait_for("Last verdicts")
    floor.terminal.resize(16, 20)
    floor.terminal.wait(lambda screen: "To do" not in screen and "Scan every unit" in screen and "Lot  C7" in screen)


def test_the_scanner_test_shows_bytes_and_what_to_set_and_books_nothing(floor: Floor) -> None:
    """A11: F2 shows bytes, symbology, verdict and `<GS>`, and books nothing."""
    floor.terminal.scan("]C110LOT-7\x1d21SER9")
    floor.await_units(2)
    entries = len(floor.heard)
    floor.terminal.send(F2)
    floor.terminal.wait_for("5d 43 31 31 30", "]C110LOT-7<GS>21SER9", "1d 32 31", "]C1 wedge scan G01")
    for code, words in (
        ("]C0Az09-/.:_\x1d", "set up rightly"),
        ("]C0aZ09-/.:_\x1d", "Caps Lock is on"),
        ("]C0Az09-/.:_", "The GS character is lost"),
        ("Az09-/.:_\x1d", "No AIM identifier"),
        ("]C0Ay09'-.:?\x1d", "z→y -→' /→- _→?"),
    ):
        floor.terminal.scan(code)
        floor.terminal.wait_for(words)
    assert len(floor.heard) == entries
    floor.terminal.send(F8)
    floor.terminal.wait_for("F8 End key")
    floor.terminal.send("]C0Az09-/.:_\x1d")
    floor.terminal.wait_for("set up rightly")
    floor.terminal.send(F8)
    floor.terminal.send(ESC)
    floor.terminal.wait_for("Scan every unit")


def test_the_practice_scanner_sends_the_chosen_code_as_a_scan(floor: Floor) -> None:
    floor.terminal.send(F4)
    floor.terminal.wait_for("Practice scanner", "1 ✓ GLOVE-L", "2 ✗ a wrong bin")
    floor.terminal.send("\x1b[B\r")
    floor.await_units(2)
    assert floor.heard[-1] == ["code", "A9", "scan", "practice"]
    floor.terminal.send(F4)
    floor.terminal.wait_for("Practice scanner")
    floor.terminal.send("1")
    floor.await_units(3)
    assert floor.heard[-1] == ["code", "5001000000040", "scan", "practice"]


def test_help_tells_the_steps_keys_the_verdict_and_every_code(floor: Floor) -> None:
    floor.terminal.scan("E03")
    floor.terminal.wait_for("E03 NOT SO")
    floor.terminal.send(F1)
    floor.terminal.wait_for("Keys at this step", "E03 NOT SO", "F10  Close")
    floor.terminal.send("\x1b[15~")
    floor.terminal.wait_for("E03 WRONG BIN")
    floor.terminal.send(ESC)
    floor.terminal.wait_for("Scan every unit")
    floor.terminal.send(F3)
    floor.terminal.wait(lambda _: ["command", "inquiry"] in [entry[:2] for entry in floor.heard])


def test_a_scan_closes_a_page_and_goes_on(floor: Floor) -> None:
    floor.terminal.send(F1)
    floor.terminal.wait_for("Keys at this step")
    floor.terminal.scan("5001000000040")
    floor.await_units(2)
    floor.terminal.wait_for("Scan every unit")


def test_signing_out_keeps_the_terminal_and_asks_for_a_badge(floor: Floor) -> None:
    floor.terminal.send(F12)
    floor.terminal.wait_for("Scan your badge")
    floor.terminal.scan("NOBODY")
    floor.terminal.wait_for("E50 UNKNOWN BADGE")


def test_ctrl_c_within_work_does_nothing(floor: Floor) -> None:
    floor.terminal.send("\x03")
    floor.terminal.scan("5001000000040")
    floor.await_units(2)
    assert "Leave" not in floor.terminal.screen


def test_german_from_the_badge_on(start_floor: Callable[..., Floor]) -> None:
    floor = start_floor("--language", "de", rows=16, columns=20)
    floor.terminal.wait_for("Ana")
    floor.terminal.scan("BDG-1001")
    floor.terminal.wait_for("F1 Hilfe")
    floor.terminal.send(F2)
    floor.terminal.wait_for("Scannertest")


def test_plain_letters_for_old_clients(start_floor: Callable[..., Floor]) -> None:
    floor = start_floor(AMBRA_ASCII="1")
    floor.terminal.wait_for("Ana, operator")
    floor.terminal.scan("BDG-1001")
    floor.terminal.wait_for("+ G15 SIGNED IN")
    assert floor.terminal.output.isascii()


def test_a_serial_scanner_reaches_the_step_and_its_loss_is_seen(
    start_floor: Callable[..., Floor], tmp_path: Path
) -> None:
    master, far_end = os.openpty()
    tty.setraw(far_end)
    link = tmp_path / "scanner"
    link.symlink_to(os.ttyname(far_end))
    floor = start_floor("--serial", str(link))
    floor.sign_in()
    floor.terminal.wait_for("● scanner ready")
    os.write(master, b"\xff]C110LOT-7\x1d21S")
    os.write(master, b"ER9\r\nA1-02\r")
    floor.await_units(3)
    assert floor.heard[-2:] == [
        ["code", "]C110LOT-7\x1d21SER9", "scan", "serial"],
        ["code", "A1-02", "scan", "serial"],
    ]
    link.unlink()
    os.close(far_end)
    os.close(master)
    floor.terminal.wait_for("○", seconds=1.0)
    master, far_end = os.openpty()
    tty.setraw(far_end)
    link.symlink_to(os.ttyname(far_end))
    floor.terminal.wait_for("● scanner ready", seconds=2.0)
    os.write(master, b"B1-03\r")
    floor.await_units(4)
    os.close(far_end)
    os.close(master)


def test_a_recording_is_replayed_like_a_scanner(start_floor: Callable[..., Floor], tmp_path: Path) -> None:
    path = tmp_path / "monday.scans"
    path.write_text("0\tBDG-1001\n", encoding="utf-8")
    floor = start_floor("--serial", f"replay:{path}")
    floor.terminal.wait_for("SIGNED IN")
    assert floor.heard == [["code", "BDG-1001", "scan", "replay"]]
