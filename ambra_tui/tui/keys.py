"""The keys that work everywhere, in one table: the bar at the bottom, the help page and the dispatch read it.

Digits and letters are never commands. F5 to F11 belong to the step.

Example::

    EVERYWHERE["f1"].name     # 'help'
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events

from ambra_tui.scan.sources.wedge import Stroke


@dataclass(frozen=True, slots=True)
class Key:
    """`name`: what happens; `label`: key of its text in ``terminal.toml``."""

    name: str
    label: str


EVERYWHERE = {
    "f1": Key("help", "terminal.key_help"),
    "f2": Key("scans", "terminal.key_scans"),
    "f3": Key("inquiry", "terminal.key_inquiry"),
    "f4": Key("practice", "terminal.key_practice"),
    "escape": Key("back", "terminal.key_back"),
    "ctrl+f": Key("ask", "terminal.key_ask"),
    "ctrl+z": Key("undo", "terminal.key_undo"),
    "ctrl+g": Key("language", "terminal.key_language"),
    "ctrl+l": Key("redraw", "terminal.key_redraw"),
    "ctrl+o": Key("sign_out", "terminal.key_sign_out"),
    "f12": Key("sign_out", "terminal.key_sign_out"),
    "ctrl+c": Key("leave", "terminal.key_leave"),
}
STEP_KEYS = frozenset(f"f{number}" for number in range(5, 12))

_NAMED_CONTROLS = {
    "ctrl+right_square_bracket": "\x1d",
    "ctrl+backslash": "\x1c",
    "ctrl+circumflex_accent": "\x1e",
    "ctrl+underscore": "\x1f",
    "ctrl+@": "\x00",
    "ctrl+at": "\x00",
    "enter": "\r",
    "tab": "\t",
    "backspace": "\x7f",
    "escape": "",
    "shift+escape": "",
}
_MODIFIERS = frozenset(
    f"{side}_{name}" for side in ("left", "right") for name in ("shift", "control", "alt", "super", "hyper", "meta")
) | {"caps_lock", "num_lock", "scroll_lock", "iso_level3_shift", "iso_level5_shift"}


def stroke_of(event: events.Key) -> Stroke | None:
    """A key event as a stroke; None for keys that mean nothing (modifiers alone, F13 and above, NUL)."""
    key, character = event.key, event.character or ""
    if key in _MODIFIERS or (len(key) == 1 and not key.isprintable() and key != "\ufffd"):
        return None
    if key in _NAMED_CONTROLS:
        character = _NAMED_CONTROLS[key]
    elif not character and key.startswith("ctrl+") and len(key) == 6 and "a" <= key[-1] <= "z":
        character = chr(ord(key[-1]) - 96)
    elif key.startswith("alt+"):
        character = ""
    if key == "ctrl+j":
        key = "enter"
    return Stroke(key, character[:1], event.time * 1000.0)
