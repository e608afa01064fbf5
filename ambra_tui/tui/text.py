"""The one way for a dynamic text onto the screen, and the last filter before the wire.

Names from outside may hold brackets, which are markup to the toolkit, and, where an older store let them in,
control characters, which are commands to the terminal. Neither acts here.

Example::

    text("[@click=app.quit]go[/]")     # shown letter by letter
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from ambra_tui.kit.text import has_control, is_control, printable


def text(value: str) -> Content:
    """`value` as content that is never read as markup; controls become visible."""
    return Content(printable(value))


def fit(value: str, width: int) -> str:
    """`value` in exactly `width` columns: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(value) <= width:
        return value + " " * (width - cell_len(value))
    return set_cell_size(value, width - 1) + "…"


def clip(value: str, width: int) -> str:
    """`value` in at most `width` columns, without padding."""
    return value if cell_len(value) <= width else fit(value, width)


def wrap(value: str, width: int) -> list[str]:
    """`value` in lines of at most `width` columns; words longer than a line are broken, nothing is lost."""
    width = max(1, width)
    lines: list[str] = []
    line = ""
    for word in value.split():
        while cell_len(word) > width:
            room = width - cell_len(line) - 1 if line else width
            if room < 4 and line:
                lines.append(line)
                line, room = "", width
            head = set_cell_size(word, room).rstrip() or word[:1]
            lines.append(f"{line} {head}".strip())
            line, word = "", word[len(head) :]
        if line and cell_len(line) + 1 + cell_len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line] if line else lines


class ControlFilter(LineFilter):
    """Drops every control character from what is about to be written; the terminal sees letters only."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """`segments` without controls; segments that are the toolkit's own commands pass."""
        return [
            segment
            if segment.control or not has_control(segment.text)
            else Segment("".join(c for c in segment.text if not is_control(c)), segment.style)
            for segment in segments
        ]


class PlainFilter(ControlFilter):
    """For clients that cannot show anything but ASCII: signs become their nearest plain letter."""

    _SIGNS = str.maketrans(
        {"█": "#", "▀": '"', "▄": "_", "░": ".", "─": "-", "│": "|", "…": "~", "✓": "+", "✗": "x", "›": ">", "‹": "<",
         "━": "=", "●": "*", "○": "o", "→": ">", "·": ".", "×": "x", "–": "-", "▏": "|", "“": '"', "”": '"', "’": "'",
         "ä": "a", "ö": "o", "ü": "u", "Ä": "A", "Ö": "O", "Ü": "U", "ß": "s"}
    )  # fmt: skip

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """`segments` in ASCII, each sign one column as before."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(_ascii(segment.text.translate(self._SIGNS)), segment.style)
            for segment in super().apply(segments, background)
        ]


def _ascii(value: str) -> str:
    return "".join(c if c.isascii() else "?" * cell_len(c) for c in value)
