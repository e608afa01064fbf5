"""F5: the menu of eleven flows is read whole at every size, in both languages, with and without a verdict."""

from __future__ import annotations

import pytest

from ambra_tui.kit.language import languages, say
from ambra_tui.tui.arrange import arrange
from ambra_tui.tui.view import Chrome, Fact, Notice, View

FLOWS = ("receive", "putaway", "pick", "count", "move", "transfer", "waste", "returns", "replenish", "desk", "produce")
KEYS = "1234567890+"
HELLO = Notice("G15", "good", "SIGNED IN", "Hello Cleo, welcome back to work.")


def menu(language: str) -> View:
    labels = [f"{say(language, f'home.{name}')} (9+)" for name in FLOWS]
    return View(
        title="AMBRA",
        ask=say(language, "home.ask"),
        facts=(Fact("Cleo", say(language, "home.role_supervisor")),),
        choices=tuple(zip(KEYS, labels, strict=True)),
        keys=(("F1", "Help"), ("F3", "Look up"), ("F12", "Sign out")),
    )


def rows(language: str, height: int, width: int, notice: Notice | None, typed: str = "") -> list[str]:
    chrome = Chrome(place="WH1/st-1", notice=notice, typed=typed)
    lines = arrange(menu(language), chrome, width=width, height=height)
    assert len(lines) == height
    return ["".join(part for part, _ in line) for line in lines]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("notice", [None, HELLO])
@pytest.mark.parametrize(("height", "width"), [(16, 20), (8, 40), (24, 80), (40, 120)])
def test_every_entry_is_there_with_its_label(language: str, notice: Notice | None, height: int, width: int) -> None:
    shown = "\n".join(rows(language, height, width, notice))
    for digit, name in zip(KEYS, FLOWS, strict=True):
        assert f" {digit}  {say(language, f'home.{name}')}" in shown
    assert "…" not in "".join(line for line in shown.split("\n") if "  " in line[:3])
    assert notice is None or "G15 SIGNED IN" in shown


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("notice", [None, HELLO])
def test_the_smallest_screen_shows_every_digit_with_some_letters(language: str, notice: Notice | None) -> None:
    shown = "\n".join(rows(language, 6, 16, notice))
    for digit, name in zip(KEYS, FLOWS, strict=True):
        assert f"{digit}{say(language, f'home.{name}')[:3]}" in shown
    assert notice is None or "G15 SIGNED IN" in shown


@pytest.mark.parametrize(("height", "width"), [(16, 20), (8, 40), (6, 16)])
def test_what_is_typed_is_seen_beside_the_menu(height: int, width: int) -> None:
    assert any("› 4711" in line for line in rows("en", height, width, HELLO, typed="4711"))
