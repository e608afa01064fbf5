"""The supervisor's pages: the floor live, and the shift as a plot. Both read anew every second while they are open.

Example::

    app.push_screen(LivePage())
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.timer import Timer
from textual_plotext import PlotextPlot

from ambra_tui.floor.flows.desk import doing_words
from ambra_tui.kit.text import printable
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.tui.arrange import Line
from ambra_tui.tui.reading import ReadingPage
from ambra_tui.tui.text import clip, fit, wrap

if TYPE_CHECKING:
    from ambra_tui.services.desk import Board, WorkerLine

EVERY_SECONDS = 1.0
TABLE_FROM = 70
PLOT_BESIDE_FROM = 110
LINES_COLOR, ERRORS_COLOR = (240, 178, 60), (240, 106, 95)


class _FloorPage(ReadingPage):
    """Reads the desk's figures while it is on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: Board | None = None
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self._timer = self.set_interval(EVERY_SECONDS, self._read)
        self.call_later(self._read)

    async def _read(self) -> None:
        self.figures = await self.answer(lambda host: host.board()) or self.figures
        if self.is_mounted:
            self.figures_changed()

    def figures_changed(self) -> None:
        """Draw what was read."""
        self.redraw()

    def title_text(self) -> str:
        return self.station.say("desk.live_title")


class ShiftPlot(PlotextPlot):
    """Lines and errors of each hour of the shift."""

    can_focus = False

    def show(self, board: Board, *, lines: str, errors: str, title: str) -> None:
        """Draw the hours of `board`, with these words for the two series."""
        hours = [f"{hour.start.astimezone():%H}" for hour in board.hours]
        self.plt.clear_data()
        self.plt.clear_figure()
        self.plt.title(title)
        self.plt.multiple_bar(  # type: ignore[call-arg]  # the stub lacks what the call takes
            hours,
            [[hour.lines for hour in board.hours], [hour.errors for hour in board.hours]],
            labels=[lines, errors],
            color=[LINES_COLOR, ERRORS_COLOR],  # type: ignore[arg-type]  # nor of colours by their parts
            width=0.6,
        )
        most = max((max(hour.lines, hour.errors) for hour in board.hours), default=0)
        self.plt.ylim(0, max(4, most))
        step = max(1, -(-max(4, most) // 4))
        self.plt.yticks(list(range(0, max(4, most) + 1, step)))
        every = 1 if self.app.size.width >= TABLE_FROM else 2
        self.plt.xticks(list(range(1, len(hours) + 1, every)), hours[::every])
        self.refresh()


class LivePage(_FloorPage):
    """Who is where on which task, how fast, and what is open. On wide screens the shift stands beside it."""

    own_key = "f5"
    DEFAULT_CSS = """
    LivePage { layout: horizontal; }
    LivePage ShiftPlot { width: 48; height: 1fr; display: none; }
    """

    def compose(self) -> ComposeResult:
        yield self.board
        yield ShiftPlot()

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(ShiftPlot).display = self.app.size.width >= PLOT_BESIDE_FROM
        super().on_resize(event)
        self.figures_changed()

    def figures_changed(self) -> None:
        plot = self.query_one(ShiftPlot)
        if plot.display and self.figures is not None:
            say = self.station.say
            plot.show(
                self.figures,
                lines=say("desk.shift_lines"),
                errors=say("desk.shift_errors"),
                title=say("desk.shift_title"),
            )
        self.redraw()

    def redraw(self) -> None:
        width, height = self.app.size
        if self.is_mounted and width and height:
            beside = 48 if width >= PLOT_BESIDE_FROM else 0
            self.board.show(self.lines(width - beside, height))

    def content(self, width: int) -> list[Line]:
        say, figures = self.station.say, self.figures
        if figures is None:
            return [((row, "label"),) for row in wrap(self.failure or say("desk.list_reading"), width)]
        lines = _totals(figures, width, say("desk.column_lines"), say("desk.column_errors"))
        if not figures.workers:
            lines += [((row, "label"),) for row in wrap(say("desk.nobody"), width)]
        elif width >= TABLE_FROM:
            lines += self._table(figures, width)
        else:
            lines += [line for worker in figures.workers for line in self._card(worker, figures.at, width)]
        return [*lines, (("", ""),), *self._open(figures, width)]

    def _table(self, figures: Board, width: int) -> list[Line]:
        say = self.station.say
        sizes = (max(10, width - 60), 15, 13, 13, 9, 10)
        names = ("worker", "work", "station", "scan", "lines", "errors")
        head = "".join(fit(f" {say(f'desk.column_{name}')}", size) for name, size in zip(names, sizes, strict=True))
        rows: list[Line] = [((fit(head, width), "side_title"),)]
        for worker in figures.workers:
            place = f"{worker.site_code}/{worker.station}"
            cells = (worker.name, self._doing(worker), place, self._ago(worker, figures.at))
            spans = [(fit(f" {printable(cell)}", size), "value") for cell, size in zip(cells, sizes, strict=False)]
            spans.append((fit(f" {worker.lines_an_hour}", sizes[4]), "strong"))
            spans.append(
                (fit(f" {worker.errors_an_hour}", sizes[5]), "past_wrong" if worker.errors_an_hour else "done")
            )
            rows.append(tuple(spans))
        return rows

    def _card(self, worker: WorkerLine, now: datetime, width: int) -> list[Line]:
        rate = f"{worker.lines_an_hour}/h"
        name = fit(printable(worker.name), width - cell_len(rate) - 1)
        doing = printable(f"{self._doing(worker)} {self._ago(worker, now)}")
        told = [((f" {row}", "label"),) for row in wrap(doing, width - 1)]
        return [((name, "value"), (f" {rate}", "strong")), *told]

    def _doing(self, worker: WorkerLine) -> str:
        doing = doing_words(self.station.language, worker)
        return f"{doing} {worker.work[0]}" if worker.work else doing

    def _ago(self, worker: WorkerLine, now: datetime) -> str:
        if worker.last_scan_at is None:
            return self.station.say("desk.no_scan")
        seconds = max(0, int((now - worker.last_scan_at).total_seconds()))
        if seconds < 100:
            return self.station.say("desk.ago_seconds", seconds=seconds)
        if seconds < 6000:
            return self.station.say("desk.ago_minutes", minutes=seconds // 60)
        return self.station.say("desk.ago_long", hours=seconds // 3600)

    def _open(self, figures: Board, width: int) -> list[Line]:
        say = self.station.say
        waiting = [(_kind(say, kind), count) for kind, count in figures.open_exceptions.items()]
        waiting += [(_kind(say, f"task_{kind}"), count) for kind, count in figures.open_tasks.items()]
        lines: list[Line] = [((fit(f" {say('desk.open_title')}", width), "side_title"),)]
        if not waiting:
            return lines + [((row, "label"),) for row in wrap(say("desk.nothing_open"), width)]
        for words, count in waiting:
            first, *more = wrap(words, width - 6) or [""]
            lines.append(((fit(f" {first}", width - 5), "value"), (f"{count:>4}", "strong")))
            lines += [((f"  {row}", "value"),) for row in more]
        return lines

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        return (("Esc", say("terminal.key_back")), ("F11", say("desk.page_shift")))

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        if stroke.key == "f11":
            self.terminal.open_page("page.shift")
            return
        super().stroke(stroke, is_lone=is_lone)


class ShiftPage(_FloorPage):
    """The shift's hours, as large as the screen."""

    own_key = "f11"
    DEFAULT_CSS = """
    ShiftPage { layout: vertical; }
    ShiftPage Board { height: 3; }
    ShiftPage ShiftPlot { height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        yield self.board
        yield ShiftPlot()

    def title_text(self) -> str:
        return self.station.say("desk.page_shift")

    def content(self, width: int) -> list[Line]:
        say = self.station.say
        if self.figures is None:
            return [((clip(self.failure or say("desk.list_reading"), width), "label"),)]
        return _totals(self.figures, width, say("desk.column_lines"), say("desk.column_errors"))[:1]

    def redraw(self) -> None:
        width = self.app.size.width
        if self.is_mounted and width:
            self.board.show(self.lines(width, 3))

    def figures_changed(self) -> None:
        if self.figures is not None:
            say, is_narrow = self.station.say, self.app.size.width < TABLE_FROM
            self.query_one(ShiftPlot).show(
                self.figures,
                lines=say("desk.shift_lines"),
                errors=say("desk.shift_errors"),
                title="" if is_narrow else say("desk.shift_title"),
            )
        self.redraw()


def _totals(figures: Board, width: int, lines: str, errors: str) -> list[Line]:
    told = ((lines, figures.lines_an_hour, "strong"), (errors, figures.errors_an_hour, "value"))
    if width >= 50:
        spans = [span for label, count, style in told for span in ((f"{label} ", "label"), (f"{count}   ", style))]
        return [tuple(spans), (("", ""),)]
    return [((f"{clip(label, width - 6)} ", "label"), (str(count), style)) for label, count, style in told]


def _kind(say: Callable[[str], str], kind: str) -> str:
    try:
        return say(f"desk.kind_{kind}")
    except KeyError:
        return kind.replace("_", " ")
