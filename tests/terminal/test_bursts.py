"""Scanner bytes through a real pseudo-terminal: every code arrives exactly, in order, whatever else happens."""

from __future__ import annotations

import os
import select
import termios
from collections.abc import Callable

import pytest

from tests.terminal.conftest import ROOT, Floor

GS = "\x1d"


def codes_of(count: int, length: int = 13) -> list[str]:
    return [f"{number:06d}".rjust(length, "X") for number in range(count)]


def test_a_thousand_codes_in_one_write_arrive_exactly_and_in_order(floor: Floor) -> None:
    """A1: a thousand distinct codes in one burst are a thousand units, in order, none merged."""
    sent = codes_of(1000)
    floor.terminal.send("".join(code + "\r" for code in sent))
    floor.await_units(1001)
    assert floor.codes[1:] == sent


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n", "\t", "\x03"])
def test_every_ending_ends_one_code(floor: Floor, ending: str) -> None:
    """A2: CR, LF, CRLF, TAB and STX..ETX end one code each, with no phantom code."""
    sent = codes_of(20)
    start = "\x02" if ending == "\x03" else ""
    floor.terminal.send("".join(start + code + ending for code in sent))
    floor.await_units(21)
    floor.terminal.scan("LAST-ONE")
    floor.await_units(22)
    assert floor.codes[1:] == [*sent, "LAST-ONE"]


def test_a_scanner_without_ending_is_heard_after_silence(start_floor: Callable[..., Floor]) -> None:
    """A2: no terminator, where so configured: the idle limit ends the code."""
    floor = start_floor(AMBRA_SCANNER_SUFFIX="none")
    floor.sign_in()
    for number, code in enumerate(["5001000000019", f"]C110LOT-7{GS}21SER9"], 2):
        floor.terminal.send(code)
        floor.await_units(number)
    assert floor.codes[1:] == ["5001000000019", f"]C110LOT-7{GS}21SER9"]


SITUATIONS = ("plain", "help page open", "store stalls")


def burst(floor: Floor, situation: str, *, count: int, gap_seconds: float) -> None:
    sent = [f"]C1{code}" for code in codes_of(count, 57)]
    if situation == "help page open":
        floor.terminal.send("\x1bOP")
        floor.terminal.wait_for("Help")
    if situation == "store stalls":
        sent[0] = "SLOW"
        floor.terminal.scan(sent[0])
    spaced = sent[1:] if situation == "store stalls" else sent
    floor.terminal.send_spaced("".join(code + "\r" for code in spaced), gap_seconds=gap_seconds)
    floor.await_units(count + 1)
    assert floor.codes[1:] == sent


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(("gap_seconds", "count"), [(0.001, 40), (0.010, 5)])
def test_spaced_codes_are_exact(floor: Floor, situation: str, gap_seconds: float, count: int) -> None:
    burst(floor, situation, count=count, gap_seconds=gap_seconds)


@pytest.mark.long
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("gap_seconds", [0.001, 0.010])
def test_two_hundred_spaced_codes_are_exact(floor: Floor, situation: str, gap_seconds: float) -> None:
    burst(floor, situation, count=200, gap_seconds=gap_seconds)


def test_scans_are_echoed_while_the_store_stalls_and_answered_in_order_after_it(floor: Floor) -> None:
    """A9: scans are echoed while the store stalls and answered in order."""
    floor.terminal.scan("SLOW")
    floor.terminal.wait_for("› SLOW", seconds=5)
    floor.terminal.scan("CODE-A")
    floor.terminal.wait_for("› CODE-A", seconds=5)
    assert "UNIT" not in floor.terminal.screen
    floor.terminal.scan("CODE-B")
    floor.await_units(4)
    assert floor.codes[1:] == ["SLOW", "CODE-A", "CODE-B"]


def test_a_scan_answers_no_question_and_a_digit_does(floor: Floor) -> None:
    """A5: a question open: E40, the error tone, and the question stays."""
    floor.terminal.send("\x1b[17~")
    floor.terminal.wait_for("Why is it short?")
    before = floor.terminal.bells
    floor.terminal.send("5001000000040\rT4\r1\r")
    floor.terminal.wait_bells(before + 9)
    floor.terminal.wait_for("E40 ANSWER FIRST")
    floor.terminal.wait_for("Why is it short?")
    floor.terminal.send("1")
    floor.terminal.wait_for("Scan every unit")
    assert [entry[:2] for entry in floor.heard[-2:]] == [["command", "ask"], ["choice", "lost"]]


def test_a_code_on_a_menu_chooses_nothing(start_floor: Callable[..., Floor]) -> None:
    """A4: a code on a numbered menu activates no entry."""
    floor = start_floor()
    floor.terminal.wait_for("Ana, operator")
    floor.terminal.scan("BDG-1001")
    floor.terminal.wait_for("SIGNED IN")
    floor.terminal.scan("5001000000033")
    floor.await_units(2)
    floor.terminal.wait_for("Choose or scan")
    assert floor.heard[-1][:3] == ["code", "5001000000033", "scan"]


def test_typing_and_enter_is_a_manual_entry(floor: Floor) -> None:
    """A6: typed digits and Enter arrive as `manual`."""
    floor.terminal.send_spaced("5001000000040\r", gap_seconds=0.06)
    floor.await_units(2)
    assert floor.heard[-1] == ["code", "5001000000040", "manual", "keyboard"]


def test_a_scan_for_an_earlier_step_is_refused(floor: Floor) -> None:
    floor.terminal.send("SLOW\r")
    floor.terminal.wait_for("› SLOW")
    floor.terminal.send("\x1b[21~")
    floor.terminal.scan("LATE-CODE")
    floor.terminal.wait_for("E41 TASK CHANGED")
    assert floor.codes[-1] == "LATE-CODE"


HOSTILE = {
    "not UTF-8": b"\xe9",
    "a run that is no UTF-8": b"\xff\xfe\xc3\x28\xf0\x28",
    "Ctrl-Q": b"\x11",
    "Ctrl-P": b"\x10",
    "NUL": b"\x00\x00",
    "a lone escape beside data": b"AB\x1bCDEF\r",
    "Ctrl-C": b"\x03",
    "Ctrl-Z": b"\x1a",
    "Ctrl-S": b"\x13",
    "Ctrl-D": b"\x04",
    "F13 to F20": b"\x1b[25~\x1b[26~\x1b[28~\x1b[29~\x1b[31~\x1b[32~\x1b[33~\x1b[34~",
    "a mouse": b"\x1b[<0;5;5M\x1b[<0;5;5m\x1b[M !!",
    "a code with commands inside": b"A\x11B\x10C\x0cD\x0fE\r",
    "a paste without end": b"\x1b[200~ABC",
    "a cursor report": b"\x1b[12;40R\x1b[?2026;2$y\x1b[?2048;1$y",
    "4 KB without end": bytes(0x30 + n % 43 for n in range(4096)),
    "9 KB without end": bytes(0x30 + n % 43 for n in range(9000)),
}


def test_no_stray_byte_ends_the_program_or_acts(floor: Floor) -> None:
    """One after the other on one terminal: each leaves it as it was."""
    for number, (name, sent) in enumerate(HOSTILE.items()):
        entries, good = len(floor.heard), f"GOOD-CODE-{number}"
        floor.terminal.send(sent)
        floor.terminal.wait(lambda screen: True)
        _silence(floor)
        floor.terminal.scan(good)
        _until(floor, good)
        assert floor.terminal.process.poll() is None, name
        new = floor.heard[entries:]
        assert new[-1][:3] == ["code", good, "scan"], name
        allowed = {("code", "A\x11B\x10C\x0cD\x0fE"), ("code", "ABC")}
        if name == "Ctrl-Z":
            allowed.add(("command", "undo"))  # opens a card, which a digit alone answers
        assert all((kind, text) in allowed for kind, text, _, _ in new[:-1]), (name, new)
        floor.terminal.wait_for(good, "Scan every unit")


SEQUENCES = ("\x1b[31m", "\x1b[0m", "\x1b[2J", "\x1b[I", "\x1b[3;4R", "\x1b[<0;5;5M", "\x1b]0;title\x07", "\x1b")


@pytest.mark.parametrize("before", ["", "CODE-"])
def test_a_sequence_inside_a_code_is_no_part_of_it_and_breaks_it(floor: Floor, before: str) -> None:
    for number, sequence in enumerate(SEQUENCES):
        bells, good = floor.terminal.bells, f"GOOD-CODE-{number}"
        floor.terminal.send(f"{before}{sequence}RED-1\r")
        floor.terminal.wait_bells(bells + 3)
        floor.terminal.wait_for("E27 SCAN BROKEN")
        _silence(floor)
        floor.terminal.scan(good)
        _until(floor, good)
        assert floor.codes[1:] == [f"GOOD-CODE-{each}" for each in range(number + 1)], sequence


def test_a_sequence_that_comes_byte_by_byte_breaks_its_code_too(floor: Floor) -> None:
    for code in ("\x1b[31mRED-1", "RED-\x1b[31m1", "RED-\x1b[I1"):
        bells = floor.terminal.bells
        floor.terminal.send_spaced(f"{code}\r", gap_seconds=0.002)
        floor.terminal.wait_bells(bells + 3)
        floor.terminal.wait_for("E27 SCAN BROKEN")
        _silence(floor)
        assert floor.codes[1:] == [], code


def test_a_lone_escape_is_the_back_key(floor: Floor) -> None:
    floor.terminal.send(b"\x1b")
    floor.terminal.wait_for("Choose or scan")
    assert floor.heard[-1][:2] == ["command", "back"]


def test_several_codes_in_one_paste_keep_their_group_separators(floor: Floor) -> None:
    floor.terminal.send(f"\x1b[200~]C110LOT-7{GS}21SER9\rA1-02\r\x1b[201~")
    floor.await_units(3)
    assert floor.codes[1:] == [f"]C110LOT-7{GS}21SER9", "A1-02"]


def test_group_separators_in_every_spelling_of_the_keyboard(floor: Floor) -> None:
    floor.terminal.send(f"]C110LOT-7{GS}21SER9\r")
    floor.terminal.send("]C110LOT-7\x1b[93;5u21SER8\r")
    floor.await_units(3)
    assert floor.codes[1:] == [f"]C110LOT-7{GS}21SER9", f"]C110LOT-7{GS}21SER8"]


def test_a_vanished_terminal_ends_the_program(floor: Floor) -> None:
    floor.terminal.hang_up()
    assert floor.terminal.process.wait(10) != 0


def test_an_idle_terminal_writes_nothing_and_uses_no_time(floor: Floor) -> None:
    _silence(floor)
    before, ticks = len(floor.terminal.output), _cpu_ticks(floor.terminal.process.pid)
    assert select.select([floor.terminal.master], [], [], 2.0)[0] == []
    assert len(floor.terminal.output) == before
    assert _cpu_ticks(floor.terminal.process.pid) - ticks <= 5


def test_the_terminal_is_given_back_as_it_was(floor: Floor) -> None:
    floor.terminal.send(b"\x1b")
    floor.terminal.wait_for("Choose or scan")
    floor.terminal.send(b"\x03")
    floor.terminal.wait_for("Leave AmbraWMS?")
    floor.terminal.send(b"\x03")
    assert floor.terminal.wait_exit() == 0
    assert floor.terminal.modes & termios.ICANON
    assert floor.terminal.modes & termios.ECHO


def test_a_terminal_left_in_disorder_by_a_kill_is_put_right(floor: Floor) -> None:
    floor.terminal.kill()
    assert not floor.terminal.modes & termios.ICANON
    mark = len(floor.terminal.output)
    floor.terminal.start_again(floor.argv, folder=ROOT, environment={"AMBRA_HOME": str(floor.record.parent / "home")})
    floor.sign_in()
    fresh = bytes(floor.terminal.output[mark:])
    start = fresh.index(b"\x1b[?1049h")
    for mode in (b"1049l", b"1000l", b"1003l", b"1006l", b"2004l"):
        assert 0 <= fresh.index(b"\x1b[?" + mode) < start
    assert b"\x1b[?1000h" not in floor.terminal.output
    floor.terminal.send(b"\x1b")
    floor.terminal.wait_for("Choose or scan")
    floor.terminal.send(b"\x03")
    floor.terminal.wait_for("Leave AmbraWMS?")
    floor.terminal.send(b"\x03")
    assert floor.terminal.wait_exit() == 0
    assert floor.terminal.modes & termios.ICANON


def test_digits_that_were_typed_survive_a_kill(floor: Floor) -> None:
    floor.terminal.send(b"\x1b")
    floor.terminal.wait_for("Choose or scan")
    floor.terminal.send("4")
    floor.terminal.wait_for("› 4")
    floor.terminal.send("2")
    floor.terminal.wait_for("› 42")
    floor.terminal.kill()
    floor.terminal.start_again(floor.argv, folder=ROOT, environment={"AMBRA_HOME": str(floor.record.parent / "home")})
    floor.terminal.wait_for("Ana, operator")
    floor.terminal.scan("BDG-1001")
    floor.terminal.wait_for("SIGNED IN", "› 42")


def test_asked_to_end_it_gives_the_terminal_back(floor: Floor) -> None:
    floor.terminal.process.terminate()
    assert floor.terminal.wait_exit() == 128 + 15
    assert floor.terminal.modes & termios.ICANON


def test_a_leave_question_is_not_answered_by_a_scan(start_floor: Callable[..., Floor]) -> None:
    floor = start_floor()
    floor.terminal.wait_for("Ana, operator")
    floor.terminal.send(b"\x03")
    floor.terminal.wait_for("Leave AmbraWMS?")
    floor.terminal.send("5001000000040\r\r\n")
    floor.terminal.wait_for("E40 ANSWER FIRST")
    floor.terminal.send(b"\x1b")
    floor.terminal.wait_for("Scan your badge")
    floor.terminal.scan("BDG-1001")
    floor.terminal.wait_for("SIGNED IN")
    assert floor.codes == ["BDG-1001"]


def test_a_store_that_does_not_open_is_told_in_words(start_floor: Callable[..., Floor]) -> None:
    floor = start_floor("--broken", "disk [/] is full \x1b[2J")
    floor.terminal.wait_for("The store cannot be opened")
    floor.terminal.wait_for("disk [/] is full")
    floor.terminal.send(b"\x03")
    floor.terminal.wait_for("Leave AmbraWMS?")
    floor.terminal.send(b"\x1b[21~")
    assert floor.terminal.wait_exit() == 0


def _silence(floor: Floor) -> None:
    """Read until the terminal has been silent for longer than any burst may pause."""
    while select.select([floor.terminal.master], [], [], 0.8)[0]:
        if not floor.terminal._take():
            return


def _until(floor: Floor, code: str) -> None:
    floor.terminal.wait(lambda _: code in floor.codes, what=f"{code} heard")


def _cpu_ticks(process_id: int) -> int:
    with open(f"/proc/{process_id}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 100 // os.sysconf("SC_CLK_TCK")
