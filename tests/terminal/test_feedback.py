"""Good, doubtful and wrong at a terminal: three sounds, three colours, three words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.terminal.conftest import Floor

GOOD, DOUBT, WRONG = ("5001000000019", "UNIT 2"), ("W01", "W01 NOT SO"), ("E03", "E03 NOT SO")


def colours_of(floor: Floor, text: str) -> set[tuple[str, str]]:
    """Sign colour and ground of a text on the screen."""
    for cells in floor.terminal.cells:
        at = "".join(sign for sign, _, _ in cells).find(text)
        if at >= 0:
            return {(colour, ground) for _, colour, ground in cells[at : at + len(text)]}
    raise AssertionError(f"{text} is not on the screen")


@pytest.mark.parametrize(("rows", "columns"), [(16, 20), (24, 60)])
def test_f6_three_levels_differ_in_sound_colour_and_word(
    start_floor: Callable[..., Floor], rows: int, columns: int
) -> None:
    """F6: one, two and three bells; a colour of its own each; a mark and a code that say the same without colour."""
    floor = start_floor(rows=rows, columns=columns)
    floor.sign_in()
    seen: list[set[tuple[str, str]]] = []
    for (code, words), mark, bells in ((GOOD, "✓", 1), (DOUBT, "!", 2), (WRONG, "✗", 3)):
        before = floor.terminal.bells
        floor.terminal.scan(code)
        floor.terminal.wait_for(words)
        floor.terminal.wait_bells(before + bells)
        assert floor.terminal.bells == before + bells
        line = next(line for line in floor.terminal.screen.splitlines() if words in line)
        assert mark in line
        seen.append(colours_of(floor, words))
    assert all(
        first.isdisjoint(second) for first, second in ((seen[0], seen[1]), (seen[1], seen[2]), (seen[0], seen[2]))
    )


def test_f6_without_colours_the_mark_and_the_code_are_still_there(start_floor: Callable[..., Floor]) -> None:
    """F6: colour alone carries nothing: plain letters say it too."""
    floor = start_floor(AMBRA_ASCII="1", NO_COLOR="1")
    floor.sign_in()
    for (_, words), code, mark in ((GOOD, GOOD[0], "+"), (DOUBT, "W01", "!"), (WRONG, "E03", "x")):
        floor.terminal.scan(code)
        line = next(line for line in floor.terminal.wait_for(words).splitlines() if words in line)
        assert mark in line.partition(words)[0]


def test_f6_a_refusal_stays_until_enter_or_the_next_scan(floor: Floor) -> None:
    """F6: a refusal goes with Enter, or with the answer to the next scan, and never by itself."""
    floor.terminal.scan("E03")
    floor.terminal.wait_for("E03 NOT SO")
    floor.terminal.send("\r")
    floor.terminal.wait(lambda screen: "E03 NOT SO" not in screen.split("Last verdicts")[0], what="an empty notice")
    floor.terminal.scan("E04")
    floor.terminal.wait_for("E04 NOT SO")
    floor.terminal.scan("5001000000019")
    floor.terminal.wait(lambda screen: "UNIT 4" in screen and "E04 NOT SO" not in screen, what="the next answer alone")
