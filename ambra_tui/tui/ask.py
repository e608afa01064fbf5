"""Questions in words, from anywhere: Ctrl+F opens the page over whatever is there, Esc leads back to it.

What was typed or scanned at the step beneath stays there. A scan on this page becomes a word of the question; nothing
asked here books anything.

Example::

    app.push_screen(AskPage())
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ambra_tui.kit.text import printable
from ambra_tui.scan.model import RawScan
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.tui.answer import bars, is_series, table
from ambra_tui.tui.arrange import Line, key_lines
from ambra_tui.tui.reading import ReadingPage
from ambra_tui.tui.text import fit, wrap

if TYPE_CHECKING:
    from ambra_tui.floor.host import Told

MAX_QUESTION = 500
MAX_ROWS_OF_QUESTION = 3
CHOICES = "12345"
EXAMPLES = ("example_stock", "example_low", "example_order")
_STYLES = {"answered": "ask", "clarify": "past_doubt", "refused": "past_wrong"}
_GAP: Line = (("", ""),)


class AskPage(ReadingPage):
    """A question, its answer in words, and the rows behind it. `is_asking`: a question waits for its answer."""

    own_key = "ctrl+f"

    def __init__(self) -> None:
        super().__init__()
        self.typed = ""
        self.asked = ""
        self.told: Told | None = None
        self.is_asking = False
        self._is_table = False

    # ------------------------------------------------------------------ asking

    def ask(self, question: str) -> None:
        """Ask; an answer that is still awaited is not shown any more."""
        question = question.strip()
        if not question or self.station.host is None:
            return
        self.asked, self.typed, self.failure, self.told = question, "", "", None
        self.first_row, self.is_asking = 0, True
        self.read(self._answer(question))
        self.redraw()

    async def _answer(self, question: str) -> None:
        self.told = await self.answer(lambda host: host.ask(question))
        self.is_asking = self._is_table = False
        self.redraw()

    def _choices(self) -> tuple[str, ...]:
        """What a digit asks next."""
        told = self.told
        return tuple(told.suggestions[: len(CHOICES)]) if told is not None and told.status == "clarify" else ()

    # ------------------------------------------------------------------ drawing

    def title_text(self) -> str:
        return self.station.say("ask.title")

    def lines(self, width: int, height: int) -> list[Line]:
        foot = key_lines(self.keys(), width, rows=2 if height >= 16 else 1)
        question = self._question(width)
        room = max(1, height - 1 - len(question) - len(foot))
        self._room = room
        content = self.content(width)
        self.first_row = max(0, min(self.first_row, len(content) - room))
        shown = content[self.first_row : self.first_row + room]
        place = f"{self.first_row + len(shown)}/{len(content)}" if len(content) > room else ""
        title = fit(f" {self.title_text()}", width - len(place) - 1)
        header: Line = ((title, "title"), (f"{place} ", "title_right"))
        return [header, *question, *shown, *[_GAP] * (room - len(shown)), *foot][:height]

    def _question(self, width: int) -> list[Line]:
        """What is typed, or what was asked: its last rows, however long it is."""
        if self.typed:
            rows = wrap(f"{printable(self.typed)}▏", width - 2)[-MAX_ROWS_OF_QUESTION:]
            return [(("› " if place == 0 else "  ", "prompt"), (row, "typed")) for place, row in enumerate(rows)]
        if self.asked:
            rows = wrap(printable(self.asked), width - 2)[-MAX_ROWS_OF_QUESTION:]
            return [(("› " if place == 0 else "  ", "prompt"), (row, "echo")) for place, row in enumerate(rows)]
        return [(("› ", "prompt"), (" ", "cursor"), (f" {self.station.say('ask.hint')}", "hint"))]

    def content(self, width: int) -> list[Line]:
        say = self.station.say
        if self.failure:
            return [((row, "past_wrong"),) for row in wrap(self.failure, width)]
        if self.is_asking:
            return [((row, "label"),) for row in wrap(say("ask.looking"), width)]
        if self.told is None:
            examples = [line for name in EXAMPLES for line in _item("·", say(f"ask.{name}"), width, "value")]
            return [*(((row, "label"),) for row in wrap(say("ask.about"), width)), _GAP, *examples]
        return [*self._words(self.told, width), *self._rows(self.told, width), *self._next(self.told, width)]

    def _words(self, told: Told, width: int) -> list[Line]:
        style = _STYLES.get(told.status, "value")
        return [((row, style),) for part in told.answer.splitlines() for row in wrap(printable(part), width)]

    def _rows(self, told: Told, width: int) -> list[Line]:
        if not told.rows or told.status == "clarify":  # the choices say what was found
            return []
        say = self.station.say
        if told.chart is not None and self._shows_bars(told):
            return [_GAP, *bars(told.rows, told.chart, width=width, say=say)]
        return [_GAP, *table(told.rows, width=width, say=say)]

    def _shows_bars(self, told: Told) -> bool:
        return is_series(told.rows, told.chart) and not self._is_table

    def _next(self, told: Told, width: int) -> list[Line]:
        if not told.suggestions:
            return []
        if told.status == "clarify":
            pairs = zip(CHOICES, told.suggestions, strict=False)
            return [_GAP, *(line for digit, words in pairs for line in _item(digit, words, width, "choice"))]
        title = self.station.say("ask.next")
        rows = [line for words in told.suggestions for line in _item("·", words, width, "label")]
        return [_GAP, *(((row, "label"),) for row in wrap(title, width)), *rows]

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        shown = [("Enter", say("ask.key_ask")), ("Esc", say("terminal.key_back"))]
        if self.told is not None and self.told.forecast_of:
            shown.append(("F11", say("ask.key_plot")))
        elif self.told is not None and is_series(self.told.rows, self.told.chart):
            shown.append(("F11", say("ask.key_plot" if self._is_table else "ask.key_table")))
        return shown

    # ------------------------------------------------------------------ keys and scans

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        key, character = stroke.key, stroke.character
        choices = self._choices()
        if key == "enter":
            self.ask(self.typed)
        elif key == "f11":
            self._plot()
        elif key in ("backspace", "ctrl+u"):
            self.typed = self.typed[:-1] if key == "backspace" else ""
            self.redraw()
        elif is_lone and not self.typed and character and character in CHOICES[: len(choices)]:
            self.ask(choices[CHOICES.index(character)])
        elif character and character.isprintable():
            self._add(character)
        else:
            super().stroke(stroke, is_lone=is_lone)

    def _plot(self) -> None:
        """Another look at the same rows: the item's forecast on its page, or bars and table in turn."""
        if self.told is not None and self.told.forecast_of:
            from ambra_tui.tui.forecast import ForecastPage

            self.terminal.push_screen(ForecastPage(self.told.forecast_of))
            return
        self._is_table = not self._is_table
        self.redraw()

    def _add(self, text: str) -> None:
        self.typed = (self.typed + text)[:MAX_QUESTION]
        self.redraw()

    def scanned(self, raw: RawScan) -> bool:
        """The code stands in the question, as a word of its own; Enter asks. A sentence that comes at once is asked."""
        if not raw.trouble and (raw.how == "manual" or " " in raw.text.strip()):
            self.ask(f"{self.typed}{printable(raw.text)}"[:MAX_QUESTION])
            return True
        word = self.station.quote(raw)
        if not word:
            notice = self.station.notice
            self.failure = f"{notice.code} {notice.headline}" if notice else ""
            self.redraw()
            return True
        before = self.typed if not self.typed or self.typed.endswith(" ") else f"{self.typed} "
        self.typed = ""
        self._add(f"{before}{word} ")
        return True


def _item(mark: str, words: str, width: int, style: str) -> list[Line]:
    """A row that begins with a mark; what does not fit goes on below it."""
    first, *more = wrap(printable(words), max(4, width - 3)) or [""]
    mark_style = "digit" if mark in CHOICES else "label"
    lines: list[Line] = [((f" {mark} " if mark in CHOICES else f"{mark} ", mark_style), (first, style))]
    return [*lines, *(((f"   {row}", style),) for row in more)]
