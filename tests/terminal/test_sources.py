"""Every way a code can come in, behind one interface; the log and the diagnosis."""

from __future__ import annotations

import queue
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambra_tui.errors import Invalid
from ambra_tui.kit.discover import discover
from ambra_tui.kit.text import is_control
from ambra_tui.scan.diagnosis import TEST_CODE, diagnose, layout_differences
from ambra_tui.scan.log import KEPT_FRAMES, ScanLog, visible
from ambra_tui.scan.model import RawScan
from ambra_tui.scan.sources.practice import PracticeSource
from ambra_tui.scan.sources.replay import ReplaySource, unescape

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_the_sources_are_these_four() -> None:
    found = discover("ambra_tui.scan.sources", "SOURCE")
    assert {name: source.name for name, source in found.items()} == {
        "practice": "practice",
        "replay": "replay",
        "serial": "serial",
        "wedge": "wedge",
    }
    for source in found.values():
        assert all(hasattr(source, part) for part in ("start", "stop", "state"))


def test_practice_codes_travel_as_scans() -> None:
    got: list[RawScan] = []
    source = PracticeSource()
    source.send("lost")
    source.start(got.append)
    source.send("A1\x1d")
    source.stop()
    source.send("lost")
    assert [(f.text, f.how, f.source) for f in got] == [("A1\x1d", "scan", "practice")]


def escaped(text: str) -> str:
    """One line of plain text for a frame, as recordings are written."""
    return "".join(f"\\x{ord(c):02x}" if is_control(c) and ord(c) < 256 else c for c in text.replace("\\", "\\\\"))


def test_a_recording_is_sent_again_in_order(tmp_path: Path) -> None:
    recorded = [RawScan("]C110L\x1d21S", "serial", last_ms=100.0), RawScan("back\\slash", "wedge", last_ms=130.0)]
    lines = [f"{frame.last_ms - 100.0:.0f}\t{escaped(frame.text)}\n" for frame in recorded]
    (tmp_path / "monday.scans").write_text("".join(lines), encoding="utf-8")
    got: queue.Queue[RawScan] = queue.Queue()
    source = ReplaySource(tmp_path / "monday.scans", speed=0)
    source.start(got.put)
    source.join(5)
    assert [got.get_nowait().text for _ in recorded] == ["]C110L\x1d21S", "back\\slash"]
    assert source.state.condition == "down"
    source.stop()


def test_a_file_that_is_no_recording_is_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.scans"
    path.write_text("0\tA1\nnothing here\n", encoding="utf-8")
    with pytest.raises(Invalid, match="line 2"):
        ReplaySource(path)


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF)))
def test_escaping_loses_nothing(text: str) -> None:
    assert unescape(escaped(text)) == text


def test_the_log_keeps_the_last_fifty_and_shows_controls() -> None:
    """A11: the last fifty frames with bytes and `<GS>`."""
    log = ScanLog()
    entries = [log.add(RawScan(f"A{n}\x1d", "wedge"), at=AT) for n in range(KEPT_FRAMES + 10)]
    log.answer(entries[-1], "E03")
    newest = next(iter(log))
    assert (len(log), visible(newest.raw.text), newest.hexadecimal, newest.verdict) == (
        50,
        "A59<GS>",
        "41 35 39 1d",
        "E03",
    )


@pytest.mark.parametrize(
    ("text", "trouble", "findings"),
    [
        (TEST_CODE, "", ("right",)),
        ("Az09-/.:_\x1d", "", ("no_aim",)),
        ("]C0Az09-/.:_", "", ("gs_lost",)),
        ("]C0Az09-/.:_|", "", ("gs_replaced",)),
        ("]C0Az09-/.:_{GS}", "", ("gs_replaced",)),
        ("]C0Az09-/.:_^]", "", ("gs_replaced",)),
        ("]c0aZ09-/.:_\x1d", "", ("caps_lock",)),
        ("]C0Ay09'-.:?\x1d", "", ("layout",)),
        (TEST_CODE, "broken", ("no_suffix",)),
        ("az09ß-.Ö?", "", ("no_aim", "gs_lost", "layout")),
        ("5001000000019", "", ("not_test_code",)),
        ("]C0Az", "broken", ("broken",)),
    ],
)
def test_one_scan_of_the_test_code_tells_what_to_set(text: str, trouble: str, findings: tuple[str, ...]) -> None:
    assert diagnose(RawScan(text, "wedge", trouble=trouble)) == findings


def test_a_wrong_layout_is_shown_character_by_character() -> None:
    assert layout_differences(RawScan("]C0Ay09'-.:?\x1d", "wedge")) == (("z", "y"), ("-", "'"), ("/", "-"), ("_", "?"))
