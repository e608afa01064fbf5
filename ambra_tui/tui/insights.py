"""What the books say that somebody should look at: a list, and on Enter what one insight rests on.

Example::

    app.push_screen(InsightsPage())
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from ambra_tui.kit.quantity import show
from ambra_tui.kit.text import printable
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.tui.arrange import Line
from ambra_tui.tui.reading import ReadingPage
from ambra_tui.tui.rows import ledger_word
from ambra_tui.tui.text import clip, fit, wrap

if TYPE_CHECKING:
    from ambra_tui.services.insights import Evidence, Insight

WIDE_FROM = 60
TITLE_ROOM = 19
STYLES = {"critical": "past_wrong", "warning": "past_doubt", "info": "label"}
MARKS = {"critical": "!", "warning": "~", "info": "·"}


class InsightsPage(ReadingPage):
    """The insights of the terminal's site, the severest first. Arrows choose one, Enter shows its evidence."""

    own_key = "f10"

    def __init__(self) -> None:
        super().__init__()
        self.insights: tuple[Insight, ...] = ()
        self.total = 0
        self.chosen = 0
        self.is_open = False
        self._is_read = False
        self._chosen_rows = (0, 0)

    def on_mount(self) -> None:
        super().on_mount()
        self.read(self._read())

    async def _read(self) -> None:
        found = await self.answer(lambda host: host.insights())
        if found is not None:
            (self.insights, self.total), self._is_read = found, True
        self.redraw()

    # ------------------------------------------------------------------ drawing

    def title_text(self) -> str:
        say = self.station.say
        if self.is_open:
            return self.insights[self.chosen].title(self.station.language)
        return f"{say('insight.title')} ({self.total})" if self.total else say("insight.title")

    def content(self, width: int) -> list[Line]:
        say = self.station.say
        if not self.insights:
            words = self.failure or say("insight.none" if self._is_read else "desk.list_reading")
            return [((row, "label"),) for row in wrap(words, width)]
        return self._opened(self.insights[self.chosen], width) if self.is_open else self._list(width)

    def _list(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for index, insight in enumerate(self.insights):
            first = len(lines)
            lines += self._drawn(insight, width, is_chosen=index == self.chosen)
            if index == self.chosen:
                self._chosen_rows = (first, len(lines))
        return lines

    def _drawn(self, insight: Insight, width: int, *, is_chosen: bool) -> list[Line]:
        """On a wide screen a row and its sentence; on a narrow one two rows."""
        style = "chosen" if is_chosen else STYLES[insight.severity]
        title = f"{MARKS[insight.severity]} {insight.title(self.station.language)}"
        name = printable(self._subject(insight))
        if width >= WIDE_FROM:
            room = width - TITLE_ROOM - 2
            first, *more = wrap(printable(insight.message(self.station.language)), room) or [""]
            rows: list[Line] = [((fit(title, TITLE_ROOM), style), (fit(f" {first}", room + 2), "value"))]
            return rows + [((" " * TITLE_ROOM, ""), (fit(f" {row}", room + 2), "value")) for row in more]
        units = f" {insight.units.quantize(1) if insight.units >= 1 else insight.units:f}"
        return [
            ((fit(title, width), style),),
            ((fit(f"  {name}", width - cell_len(units)), "value"), (units, "strong")),
        ]

    def _subject(self, insight: Insight) -> str:
        told = insight.told
        kind = self._word("kind", told["kind"]) if "kind" in told else ""
        return insight.sku or told.get("number") or told.get("bin") or kind

    def _opened(self, insight: Insight, width: int) -> list[Line]:
        say, language = self.station.say, self.station.language
        severity = say(f"insight.severity_{insight.severity}")
        lines: list[Line] = [((fit(severity, width), STYLES[insight.severity]),)]
        lines += [((row, "value"),) for row in wrap(printable(insight.message(language)), width)]
        lines += [((fit(f" {say('insight.evidence')}", width), "side_title"),)]
        return lines + [line for row in insight.evidence for line in self._evidence(row, width)]

    def _evidence(self, row: Evidence, width: int) -> list[Line]:
        quantity = "" if row.quantity is None else show(row.quantity)
        room = width - cell_len(quantity) - 1
        told = [self._word("kind", row.kind), row.on.isoformat() if row.on else "", self._word("detail", row.detail)]
        below = "  ".join(part for part in told if part)
        return [
            ((fit(printable(row.label), room), "value"), (f" {quantity}", "strong")),
            *(((clip(f" {line}", width), "label"),) for line in wrap(below, width - 1)),
        ]

    def _word(self, group: str, name: str) -> str:
        """A word of the rows in the worker's language; a name or a text as it is."""
        try:
            return self.station.say(f"insight.{group}_{name}")
        except KeyError:
            return ledger_word(self.station.say, name) if name else ""

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        back = ("Esc", say("terminal.key_back"))
        if self.is_open or not self.insights:
            return (back,)
        return (("Enter", say("insight.key_open")), ("↑↓", say("terminal.key_choose")), back)

    # ------------------------------------------------------------------ keys

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        key = stroke.key
        if self.is_open and key in ("escape", "enter"):
            self._turn(is_open=False)
        elif not self.is_open and key == "enter" and self.insights:
            self._turn(is_open=True)
        elif not self.is_open and key in ("up", "down", "home", "end", "pageup", "pagedown") and self.insights:
            self._choose(key)
        else:
            super().stroke(stroke, is_lone=is_lone)

    def _turn(self, *, is_open: bool) -> None:
        self.is_open, self.first_row = is_open, 0
        self._follow()

    def _choose(self, key: str) -> None:
        last = len(self.insights) - 1
        each = max(1, self._room // max(1, self._chosen_rows[1] - self._chosen_rows[0]))
        steps = {"up": -1, "down": 1, "pageup": -each, "pagedown": each, "home": -last, "end": last}
        self.chosen = max(0, min(last, self.chosen + steps[key]))
        self._follow()

    def _follow(self) -> None:
        """The chosen insight is on the screen."""
        if not self.is_open:
            self.content(self.app.size.width)
            first, end = self._chosen_rows
            self.first_row = max(min(self.first_row, first), end - self._room)
        self.redraw()
