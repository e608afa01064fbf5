"""The forecast of one item: what sold, what the next days may bring, and the reorder point that follows, as a plot.

A scan or typed words choose the item; F10 takes the suggestion into the policy.

Example::

    app.push_screen(ForecastPage(variant_id))
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual_plotext import PlotextPlot

from ambra_tui.kit.quantity import show
from ambra_tui.kit.text import printable
from ambra_tui.scan.model import RawScan
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.services.forecasts.card import stretches
from ambra_tui.tui.arrange import Line, key_lines
from ambra_tui.tui.reading import ReadingPage
from ambra_tui.tui.text import clip, fit, wrap

if TYPE_CHECKING:
    from ambra_tui.services.forecasts import Forecast

PLOT_FROM_ROWS, PLOT_FROM_COLUMNS = 20, 40
TEXT_ROWS = 8  # above a plot, keys and title aside
WIDE_FROM = 70
PAST, POINT = (240, 178, 60), (240, 106, 95)
QUANTILES = (("p50", (95, 191, 127)), ("p80", (143, 184, 216)), ("p95", (200, 160, 240)))
STEPS = " .▄█"


class ForecastPlot(PlotextPlot):
    """What sold in stretches as long as the reorder point has to last, the quantiles of the next one, and the point."""

    can_focus = False

    def show(self, shown: Forecast, *, point: str, weeks: str) -> None:
        """Draw `shown`; `point` and `weeks` name the reorder point and the axis of time."""
        self.plt.clear_data()
        self.plt.clear_figure()
        past = stretches(shown)
        ahead = max(1.0, shown.cover_days / 7)
        first = -max((ended for ended, _ in past), default=4)
        if past:
            units = [float(sold) for _, sold in past]
            self.plt.plot([-ended for ended, _ in past], units, color=PAST)
        for name, color in QUANTILES:
            height = float(getattr(shown, name))
            self.plt.plot([0, ahead], [height, height], color=color, label=name)
        line = float(shown.reorder_point)
        self.plt.plot([first, ahead], [line, line], color=POINT, label=f"{point} {show(shown.reorder_point)}")
        highest = max([line, float(shown.p95), *(float(sold) for _, sold in past), 1.0])
        self.plt.ylim(0, highest * 1.05)
        self.plt.xlabel(weeks)
        self.refresh()


class ForecastPage(ReadingPage):
    """The item's figures in words over their plot; on small screens the figures and a line of blocks."""

    own_key = "f8"
    DEFAULT_CSS = """
    ForecastPage { layout: vertical; }
    ForecastPage ForecastPlot { height: 1fr; }
    """

    def __init__(self, subject: str = "") -> None:
        super().__init__()
        self.shown: Forecast | None = None
        self.typed = ""
        self.notice = ""
        self._subject = subject

    def compose(self) -> ComposeResult:
        yield self.board
        yield ForecastPlot()

    def on_mount(self) -> None:
        super().on_mount()
        if self._subject:
            self._look_for(self._subject)

    # ------------------------------------------------------------------ reading

    def _look_for(self, text: str) -> None:
        self._subject, self.typed, self.notice = text, "", ""
        self._do(self._read())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        self.read(work)
        self.redraw()

    async def _read(self) -> None:
        self.shown = await self.answer(lambda host: host.forecast(self._subject))
        self.notice = self.failure
        self._show_plot()
        self.redraw()

    async def _take(self) -> None:
        shown = self.shown
        if shown is None:
            return
        await self.answer(lambda host: host.take_forecast(shown))
        if self.failure:
            self.notice = self.failure
            self.redraw()
            return
        await self._read()
        self.notice = self.station.say("forecast.taken", quantity=show(shown.reorder_point))
        self.redraw()

    # ------------------------------------------------------------------ drawing

    def title_text(self) -> str:
        title = self.station.say("forecast.title")
        return f"{title} {printable(self.shown.sku)}" if self.shown else title

    def redraw(self) -> None:
        width, height = self.app.size
        if not (self.is_mounted and width and height):
            return
        has_plot = self.shown is not None and height >= PLOT_FROM_ROWS and width >= PLOT_FROM_COLUMNS
        plot = self.query_one(ForecastPlot)
        plot.display = has_plot
        keys = len(key_lines(self.keys(), width, rows=2 if height >= 16 else 1))
        rows = min(height, TEXT_ROWS + 1 + keys) if has_plot else height
        self.board.styles.height = rows
        self.board.show(self.lines(width, rows))

    def _show_plot(self) -> None:
        if self.shown is not None and self.is_mounted:
            say = self.station.say
            weeks = say("forecast.axis", days=self.shown.cover_days)
            self.query_one(ForecastPlot).show(self.shown, point=say("forecast.point"), weeks=weeks)

    def content(self, width: int) -> list[Line]:
        say, shown = self.station.say, self.shown
        asked: list[Line] = [(("› ", "prompt"), (clip(printable(self.typed), width - 4), "typed"), (" ", "cursor"))]
        told: list[Line] = [((row, "past_doubt"),) for row in wrap(self.notice, width)] if self.notice else []
        if shown is None:
            is_reading = self.is_reading and not self.notice
            words = say("desk.list_reading") if is_reading else say("forecast.ask")
            return [*told, *([] if is_reading else asked), *(((row, "label"),) for row in wrap(words, width))]
        facts = self._facts(shown)
        head = _beside(facts, width) if width >= WIDE_FROM else _below(facts, width)
        bars: list[Line] = [((_blocks(shown, width), "bar"),)] if width < PLOT_FROM_COLUMNS else []
        reason = [((row, "label"),) for row in wrap(printable(shown.reason(self.station.language)), width)]
        return [*(asked if self.typed else []), *told, *head, *bars, *reason]

    def _facts(self, shown: Forecast) -> list[tuple[str, str]]:
        say = self.station.say
        return [
            (say("forecast.point"), show(shown.reorder_point)),
            (say("forecast.now"), show(shown.policy_reorder_point)),
            (say("forecast.safety"), show(shown.safety_stock)),
            (say("forecast.days"), str(shown.cover_days)),
            (say("forecast.mean"), show(shown.cover_mean)),
            ("50/80/95 %", "/".join(show(units) for units in (shown.p50, shown.p80, shown.p95))),
            (say("forecast.available"), show(shown.available)),
            (say("forecast.on_order"), show(shown.on_order)),
            (say("forecast.order"), show(shown.suggested_quantity)),
            (say("forecast.confidence"), say(f"forecast.confidence_{shown.confidence}")),
        ]

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        take = (("F10", say("forecast.key_take")),) if self.shown and self.shown.confidence != "none" else ()
        return (("Esc", say("terminal.key_back")), *take)

    # ------------------------------------------------------------------ keys

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        key, character = stroke.key, stroke.character
        if key == "f10" and self.shown is not None:
            self._do(self._take())
        elif key == "enter" and self.typed.strip():
            self._look_for(self.typed.strip())
        elif key == "backspace" and self.typed:
            self._type(self.typed[:-1])
        elif key == "escape" and self.typed:
            self._type("")
        elif character and character.isprintable() and (key != "space" or self.typed):
            self._type((self.typed + character)[:60])
        else:
            super().stroke(stroke, is_lone=is_lone)

    def _type(self, text: str) -> None:
        self.typed, self.first_row = text, 0
        self.redraw()

    def scanned(self, raw: RawScan) -> bool:
        host = self.station.host
        if host is not None:
            self._look_for(host.parse(raw).gtin or raw.text)
        return True


def _below(facts: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """A fact a row; a value that does not fit beside its label stands below it."""
    lines: list[Line] = []
    for label, value in facts:
        room = width - cell_len(value) - 1
        if cell_len(label) <= room:
            lines.append(((fit(label, room), "label"), (f" {value}", "strong")))
        else:
            lines += [((clip(label, width), "label"),), ((f"{value:>{width}}", "strong"),)]
    return lines


def _beside(facts: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Two facts a row."""
    half = width // 2
    pairs = [facts[index : index + 2] for index in range(0, len(facts), 2)]
    return [tuple(span for fact in pair for span in _cell(*fact, half)) for pair in pairs]


def _cell(label: str, value: str, width: int) -> tuple[tuple[str, str], tuple[str, str]]:
    room = max(4, width - cell_len(value) - 3)
    return (fit(label, room), "label"), (f" {value}  ", "strong")


def _blocks(shown: Forecast, width: int) -> str:
    """The last weeks as blocks, the newest at the right; a gap is a week without stock."""
    weeks = shown.history[-width:]
    most = max((units for units in weeks if units), default=0.0)
    steps = len(STEPS) - 1
    return "".join(STEPS[-(-int(steps * 1000 * units / most) // 1000)] if units and most else " " for units in weeks)
