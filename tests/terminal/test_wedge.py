"""Bursts become codes, typing stays typing; time is passed in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambra_tui.scan.model import RawScan
from ambra_tui.scan.sources.wedge import FRAME_LIMIT, Assembler, Outcome, Stroke, Typed, WedgeSettings

DATA = "".join(chr(c) for c in range(0x20, 0x7F)) + "\x1d"
codes = st.text(alphabet=DATA, min_size=4, max_size=60).filter(lambda text: len(set(text)) > 1)


def strokes(text: str, *, gap: float = 1.0, start: float = 0.0) -> list[Stroke]:
    return [Stroke(c, c, start + index * gap) for index, c in enumerate(text)]


def outcomes(assembler: Assembler, given_strokes: list[Stroke], *, silence: bool = True) -> list[Outcome]:
    found = [outcome for stroke in given_strokes for outcome in assembler.feed(stroke)]
    return found + (assembler.expire(given_strokes[-1].at_ms + 10_000) if silence and given_strokes else [])


def frames(found: list[Outcome]) -> list[RawScan]:
    return [outcome for outcome in found if isinstance(outcome, RawScan)]


def typed_text(found: list[Outcome]) -> str:
    return "".join(s.character for outcome in found if isinstance(outcome, Typed) for s in outcome.strokes)


@given(st.lists(codes, min_size=1, max_size=8), st.sampled_from(["\r", "\n", "\r\n", "\t"]), st.floats(0, 30))
def test_every_code_of_a_burst_arrives_once_and_in_order(sent: list[str], ending: str, gap: float) -> None:
    """A2: any codes, any ending, any pause of a scanner: each code once, in order."""
    found = outcomes(Assembler(), strokes("".join(code + ending for code in sent), gap=gap))
    assert [f.text for f in frames(found)] == sent
    assert all(f.how == "scan" and not f.trouble for f in frames(found))
    assert typed_text(found) == ""


@given(st.lists(codes, min_size=1, max_size=5))
def test_codes_between_start_and_end_of_text_arrive(sent: list[str]) -> None:
    """A2: STX..ETX."""
    found = outcomes(Assembler(), strokes("".join(f"\x02{code}\x03" for code in sent)))
    assert [f.text for f in frames(found)] == sent


@given(codes, st.integers(5, 50), st.floats(36, 400))
def test_a_stall_after_the_fourth_character_splits_nothing(code: str, at: int, pause: float) -> None:
    if len(code) <= 5:
        return
    at = min(at, len(code) - 1)
    fed = [Stroke(c, c, i + (pause - 1 if i >= at else 0)) for i, c in enumerate(code + "\r")]
    assert [f.text for f in frames(outcomes(Assembler(), fed))] == [code]


def test_a_pause_within_the_first_four_characters_is_bridged_only_with_a_prefix() -> None:
    split = [Stroke(c, c, i + (100 if i >= 2 else 0)) for i, c in enumerate("]E05001\r")]
    assert [f.text for f in frames(outcomes(Assembler(), split))] == ["]E05001"]
    plain = [Stroke(c, c, i + (100 if i >= 2 else 0)) for i, c in enumerate("XE05001\r")]
    assert [f.text for f in frames(outcomes(Assembler(), plain))] == ["05001"]


@given(st.text(alphabet="0123456789abcXYZ-", min_size=1, max_size=20), st.floats(36, 300))
def test_a_person_types_every_character_and_the_end(text: str, gap: float) -> None:
    found = outcomes(Assembler(), strokes(text + "\r", gap=gap))
    assert frames(found) == []
    assert typed_text(found) == text + "\r"
    assert all(outcome.is_lone for outcome in found if isinstance(outcome, Typed))


def test_a_scan_without_an_end_is_refused_and_the_next_one_is_exact() -> None:
    fed = strokes("5001000000") + strokes("5001000000019\r", start=1000)
    found = outcomes(Assembler(), fed)
    assert [(f.text, f.trouble) for f in frames(found)] == [("5001000000", "broken"), ("5001000000019", "")]
    assert typed_text(found) == ""


def test_a_scanner_without_suffix_ends_by_silence() -> None:
    settings = WedgeSettings(has_suffix=False)
    fed = strokes("5001000000019") + strokes("5001000000026", start=500)
    found = outcomes(Assembler(settings), fed)
    assert [(f.text, f.trouble) for f in frames(found)] == [("5001000000019", ""), ("5001000000026", "")]


def test_a_key_held_down_is_typing_and_never_a_hot_key() -> None:
    found = outcomes(Assembler(), strokes("1" * 12, gap=33))
    assert frames(found) == []
    assert typed_text(found) == "1" * 12
    assert not any(outcome.is_lone for outcome in found if isinstance(outcome, Typed))


def test_a_short_number_with_enter_in_one_write_is_a_persons_entry() -> None:
    assert [(f.text, f.how) for f in frames(outcomes(Assembler(), strokes("104\r")))] == [("104", "manual")]
    assert [(f.text, f.how) for f in frames(outcomes(Assembler(), strokes("6\r")))] == [("6", "manual")]
    assert [(f.text, f.how) for f in frames(outcomes(Assembler(), strokes("T4\r")))] == [("T4", "scan")]
    assert [(f.text, f.how) for f in frames(outcomes(Assembler(), strokes("1040\r")))] == [("1040", "scan")]


def test_no_phantom_code_from_repeated_ends() -> None:
    found = outcomes(Assembler(), strokes("A1-02\r\r\n\t\r\nB2-03\r\n"))
    assert [f.text for f in frames(found)] == ["A1-02", "B2-03"]
    assert typed_text(found) == ""


def test_an_enter_alone_is_a_key() -> None:
    found = outcomes(Assembler(), strokes("\r"))
    assert typed_text(found) == "\r"


def test_a_line_feed_long_after_the_return_is_swallowed_but_not_one_of_a_person() -> None:
    assembler = Assembler()
    outcomes(assembler, strokes("A1-02\r"), silence=False)
    assert assembler.feed(Stroke("ctrl+j", "\n", 300.0)) == []
    assert typed_text(assembler.feed(Stroke("ctrl+j", "\n", 5000.0))) == "\n"


@pytest.mark.parametrize("character", ["\x10", "\x11", "\x0c", "\x0f", "\x01", "\x1c", "\x1e"])
def test_control_characters_inside_a_burst_are_data(character: str) -> None:
    found = outcomes(Assembler(), strokes(f"AB{character}CDE\r"))
    assert [f.text for f in frames(found)] == [f"AB{character}CDE"]
    assert typed_text(found) == ""


@pytest.mark.parametrize("key", ["escape", "f10", "alt+d", "up", "backspace"])
def test_a_key_that_is_no_data_breaks_its_code_and_does_not_act(key: str) -> None:
    fed = [*strokes("ABCDE"), Stroke(key, "\x7f" if key == "backspace" else "", 6.0), *strokes("FG\rNEXT1\r", start=7)]
    found = outcomes(Assembler(), fed)
    assert [(f.text, f.trouble) for f in frames(found)] == [("ABCDEFG", "broken"), ("NEXT1", "")]
    assert typed_text(found) == ""


def test_a_function_key_beside_typing_is_a_key() -> None:
    found = outcomes(Assembler(), [Stroke("5", "5", 0.0), Stroke("f5", "", 10.0)])
    assert [s.key for outcome in found if isinstance(outcome, Typed) for s in outcome.strokes] == ["5", "f5"]


def test_bytes_that_are_no_text_are_dropped_and_told() -> None:
    found = frames(outcomes(Assembler(), strokes("\ufffd\ufffdA1-02\rB1-02\r", gap=1)))
    assert [(f.text, f.suspect) for f in found[:1]] == [("A1-02", True)]
    late = frames(outcomes(Assembler(), [*strokes("\ufffd"), *strokes("A1-02\r", start=60_000)]))
    assert [(f.text, f.suspect) for f in late] == [("A1-02", False)]


def test_nul_is_nothing() -> None:
    assert [f.text for f in frames(outcomes(Assembler(), strokes("A1\x00-02\r")))] == ["A1-02"]
    assert outcomes(Assembler(), strokes("\x00")) == []


def test_four_kilobytes_without_an_end_are_refused_once_and_leave_no_tail() -> None:
    blob = "".join(chr(0x30 + i % 43) for i in range(FRAME_LIMIT + 700))
    found = outcomes(Assembler(), strokes(blob + "\rA1-02\r", gap=0.1))
    assert [(len(f.text), f.trouble) for f in frames(found)] == [(FRAME_LIMIT, "overflow"), (5, "")]
    assert typed_text(found) == ""


def test_a_blob_followed_by_silence_does_not_eat_the_next_code() -> None:
    blob = "".join(chr(0x30 + i % 43) for i in range(FRAME_LIMIT + 700))
    found = outcomes(Assembler(), strokes(blob, gap=0.1) + strokes("A1-02\r", start=5000))
    assert [f.trouble for f in frames(found)] == ["overflow", ""]


def test_a_paste_may_hold_several_codes_with_group_separators() -> None:
    found = Assembler().paste("]C110LOT-7\x1d21SER9\r\nA1-02\x1c\n\nB\ufffd1-02", 0.0)
    assert [(f.text, f.suspect) for f in found] == [
        ("]C110LOT-7\x1d21SER9", False),
        ("A1-02\x1c", False),
        ("B1-02", True),
    ]
    assert Assembler().paste("x" * (FRAME_LIMIT + 1), 0.0)[0].trouble == "overflow"


@given(st.lists(st.tuples(st.text(min_size=1, max_size=1), st.floats(0, 500)), max_size=60))
def test_nothing_is_lost_or_invented_by_hostile_input(given_keys: list[tuple[str, float]]) -> None:
    at, assembler, fed, got = 0.0, Assembler(), "", ""
    for character, gap in given_keys:
        at += gap
        fed += character
        for outcome in assembler.feed(Stroke(character, character, at)):
            got += outcome.text if isinstance(outcome, RawScan) else "".join(s.character for s in outcome.strokes)
    for outcome in assembler.expire(at + 10_000):
        got += outcome.text if isinstance(outcome, RawScan) else "".join(s.character for s in outcome.strokes)
    marks = "\r\n\t\x02\x03\x00\ufffd\x1b\x08\x7f"
    assert [c for c in got if c not in marks] == [c for c in fed if c not in marks]


@pytest.mark.parametrize("position", range(6))
def test_a_stray_escape_anywhere_in_a_code_refuses_it(position: int) -> None:
    fed = strokes("ABCDEF\rNEXT1\r")
    fed.insert(position, Stroke("shift+escape", "", float(position)))
    found = outcomes(Assembler(), fed)
    assert [(f.text, f.trouble) for f in frames(found)] == [("ABCDEF", "broken"), ("NEXT1", "")]


def test_a_code_that_follows_another_at_once_may_pause_anywhere() -> None:
    fed = strokes("A1-02\rB1") + strokes("-03\r", start=300)
    assert [f.text for f in frames(outcomes(Assembler(), fed))] == ["A1-02", "B1-03"]


def test_a_character_after_the_end_of_a_code_is_no_hot_key() -> None:
    found = outcomes(Assembler(), strokes("A1-02\r1"))
    assert [(f.text, f.trouble) for f in frames(found)] == [("A1-02", ""), ("1", "broken")]
    assert typed_text(found) == ""


def test_keys_pressed_as_soon_as_the_verdict_is_seen_are_a_persons() -> None:
    found = outcomes(Assembler(), [*strokes("A1-02\r", gap=0), Stroke("1", "1", 10.0), Stroke("enter", "\r", 60.0)])
    assert typed_text(found) == "1\r"
    found = outcomes(Assembler(), [*strokes("A1-02\r", gap=0), Stroke("enter", "\r", 10.0)])
    assert typed_text(found) == "\r"
    assert [
        (f.text, f.how) for f in frames(outcomes(Assembler(), strokes("A1-02\r", gap=0) + strokes("6\r", start=10)))
    ] == [
        ("A1-02", "scan"),
        ("6", "manual"),
    ]


def test_a_slow_scanner_may_end_its_codes_twice() -> None:
    assert typed_text(outcomes(Assembler(), strokes("A1-02\r\t", gap=15))) == ""
