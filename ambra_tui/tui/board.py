"""The widget that every screen of the terminal is drawn with: lines of styled text, repainted row by row.

Example::

    board.show(arrange(view, chrome, width=20, height=16))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ambra_tui.kit.text import printable
from ambra_tui.tui.arrange import Line, Span

MAX_DRAWN = 1000
STYLES = (
    "title",
    "title_right",
    "status",
    "status_good",
    "status_doubt",
    "status_wrong",
    "target",
    "large",
    "ask",
    "label",
    "value",
    "strong",
    "done",
    "digit",
    "choice",
    "prompt",
    "typed",
    "cursor",
    "echo",
    "pending",
    "hint",
    "calm",
    "good",
    "good_detail",
    "doubt",
    "doubt_detail",
    "wrong",
    "wrong_detail",
    "past_good",
    "past_doubt",
    "past_wrong",
    "key",
    "key_label",
    "rule",
    "side_title",
    "bar",
    "bar_rest",
    "heading",
    "code",
    "chosen",
    "symbol",
)


class Board(Widget):
    """A fixed screen of lines. Texts are letters here, never markup."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"board--{style}" for style in STYLES}
    DEFAULT_CSS = """
    Board { width: 1fr; height: 1fr; background: $background; color: $foreground; }
    Board > .board--title { background: $panel; color: $primary; text-style: bold; }
    Board > .board--title_right { background: $panel; color: $foreground; text-style: bold; }
    Board > .board--status { background: $panel; color: $text-muted; }
    Board > .board--status_good { background: $panel; color: $success; }
    Board > .board--status_doubt { background: $panel; color: $warning; }
    Board > .board--status_wrong { background: $panel; color: $error; text-style: bold; }
    Board > .board--target { background: $primary; color: #14110a; text-style: bold; }
    Board > .board--large { color: $primary; text-style: bold; }
    Board > .board--ask { color: $foreground; text-style: bold; }
    Board > .board--label { color: $text-muted; }
    Board > .board--value { color: $foreground; }
    Board > .board--strong { color: $primary; text-style: bold; }
    Board > .board--done { color: $text-muted; }
    Board > .board--digit { background: $panel; color: $primary; text-style: bold; }
    Board > .board--choice { color: $foreground; }
    Board > .board--prompt { color: $primary; text-style: bold; }
    Board > .board--typed { color: $foreground; text-style: bold; }
    Board > .board--cursor { background: $primary; }
    Board > .board--echo { color: $text-muted; }
    Board > .board--pending { color: $warning; text-style: bold; }
    Board > .board--hint { color: $text-muted; }
    Board > .board--calm { background: $surface; }
    Board > .board--good { background: #1f6b3a; color: #ffffff; text-style: bold; }
    Board > .board--good_detail { background: #174d2b; color: #e8f5ec; }
    Board > .board--doubt { background: #e0a321; color: #14110a; text-style: bold; }
    Board > .board--doubt_detail { background: #6b4d0c; color: #fff6e0; }
    Board > .board--wrong { background: #c22f2f; color: #ffffff; text-style: bold; }
    Board > .board--wrong_detail { background: #6e1d1d; color: #ffecec; }
    Board > .board--past_good { color: $success; }
    Board > .board--past_doubt { color: $warning; }
    Board > .board--past_wrong { color: $error; }
    Board > .board--key { color: $primary; text-style: bold; }
    Board > .board--key_label { color: $text-muted; }
    Board > .board--rule { color: $panel; }
    Board > .board--side_title { background: $surface; color: $text-muted; text-style: bold; }
    Board > .board--bar { color: $primary; }
    Board > .board--bar_rest { color: $panel; }
    Board > .board--heading { color: $primary; text-style: bold; }
    Board > .board--code { color: $success; }
    Board > .board--symbol { background: #ffffff; color: #000000; }
    Board > .board--chosen { background: $primary; color: #14110a; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self._styles: dict[str, Style] = {}
        self._drawn: dict[Span, str] = {}

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines`; only rows that differ are painted again."""
        before, self.lines = self.lines, list(lines)
        width = self.size.width
        if len(before) != len(self.lines):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self.lines, strict=True)) if old != new]
        if not changed:
            return
        regions = [Region(0, y, width, 1) for y in changed]
        if self._has_screen_to_itself():
            self._set_dirty(*regions)  # the toolkit forgets how these rows looked, and has nothing left to paint
            self._repaint_regions.clear()
            self._dirty_regions.clear()
            self._write("".join(f"\x1b[{y + 1}H{self._row(y)}" for y in changed))
        else:
            self.refresh(*regions)

    def _has_screen_to_itself(self) -> bool:
        """The board fills the terminal, nothing lies over it and the toolkit owes no paint: rows may go out at once."""
        app, screen = self.app, self.screen
        return (
            self.size == app.size
            and screen.is_current
            and not (app.is_headless or app._batch_count or self._repaint_required or self._repaint_regions)
            and not (screen._layout_required or screen._repaint_required or screen._dirty_widgets)
            and screen._compositor.visible_widgets.keys() == {screen, self}
        )

    def _write(self, sequence: str) -> None:
        if self.app._driver is not None:
            self.app._driver.write(sequence)

    def _row(self, y: int) -> str:
        """One row as the terminal takes it. What was drawn once is kept: most of a screen is what it was before."""
        line = [span for span in self.lines[y] if span[0]]
        missing = self.size.width - sum(cell_len(printable(part)) for part, _ in line)
        if missing > 0:
            line.append((" " * missing, line[-1][1] if line and self._fills(y) else ""))
        return "".join(self._drawn.get(span) or self._draw(span) for span in line)

    def _draw(self, span: Span) -> str:
        strip = Strip([self._segment(*span)])
        for line_filter in self.get_line_filters():
            strip = strip.apply_filter(line_filter, self.background_colors[1])
        if len(self._drawn) >= MAX_DRAWN:
            self._drawn.clear()
        self._drawn[span] = strip.render(self.app.console)
        return self._drawn[span]

    @property
    def plain(self) -> str:
        """The letters on the board, for tests and pictures."""
        return "\n".join("".join(part for part, _ in line).rstrip() for line in self.lines)

    def render_line(self, y: int) -> Strip:
        """One row."""
        base = self.rich_style
        if y >= len(self.lines):
            return Strip.blank(self.size.width, base)
        segments = [self._segment(part, style) for part, style in self.lines[y] if part]
        last = segments[-1].style if segments and self._fills(y) else base
        strip = Strip(segments, sum(cell_len(segment.text) for segment in segments))
        return strip.adjust_cell_length(self.size.width, last)

    def _fills(self, y: int) -> bool:
        return bool(self.lines[y]) and self.lines[y][-1][1] in ("status", "title_right")

    def _segment(self, part: str, style: str) -> Segment:
        shown = printable(part)
        return Segment(shown, self._style(style))

    def _style(self, name: str) -> Style:
        if not name:
            return self.rich_style
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"board--{name}")
        return self._styles[name]
