"""Sales on the supervisor's screen: four figures, the revenue of each day, week or month as a plot, and the largest
products, categories, customers or regions.

F6 changes the window, F7 what is listed.

Example::

    app.push_screen(SalesPage())
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult
from textual_plotext import PlotextPlot

from ambra_tui.kit.quantity import show
from ambra_tui.kit.text import printable
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.tui.arrange import Line, key_lines
from ambra_tui.tui.reading import ReadingPage
from ambra_tui.tui.text import clip, fit, wrap

if TYPE_CHECKING:
    from ambra_tui.services.analytics.board import SalesBoard

WINDOWS = ("last_30_days", "last_90_days", "last_365_days", "last_7_days")
GROUPS = ("product", "category", "customer", "region")
REGION_WORDS = frozenset(
    (
        "north_america", "latin_america", "europe", "middle_east", "africa", "asia", "oceania", "unknown", "guest",
        "uncategorized",
    )
)  # fmt: skip
PLOT_FROM_ROWS, PLOT_FROM_COLUMNS, PLOT_ROWS = 22, 40, 11
WIDE_FROM = 60
BAR = (240, 178, 60)
BLOCKS = " ▁▂▃▄▅▆▇█"
LABEL_ROOM = 8  # columns of a label below the plot


class SalesPlot(PlotextPlot):
    """The revenue of each step."""

    can_focus = False

    def show(self, board: SalesBoard, *, title: str) -> None:
        """Draw the steps of `board`."""
        names = [name for name, _ in board.steps]
        values = [float(value) for _, value in board.steps]
        places = [float(place) for place in range(1, len(names) + 1)]
        self.plt.clear_data()
        self.plt.clear_figure()
        self.plt.title(title)
        self.plt.bar(places, values, color=BAR, width=0.7)
        self.plt.ylim(0, max([*values, 1.0]) * 1.05)
        every = max(1, -(-len(names) * LABEL_ROOM // max(LABEL_ROOM, self.app.size.width - 16)))
        self.plt.xticks(places[::every], names[::every])
        self.refresh()


class SalesPage(ReadingPage):
    """The organization's sales of one window."""

    DEFAULT_CSS = """
    SalesPage { layout: vertical; }
    SalesPage SalesPlot { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.sales: SalesBoard | None = None
        self._window, self._group = WINDOWS[0], GROUPS[0]

    def compose(self) -> ComposeResult:
        yield self.board
        yield SalesPlot()

    def on_mount(self) -> None:
        super().on_mount()
        self._ask()

    def _ask(self) -> None:
        self.read(self._read())
        self.redraw()

    async def _read(self) -> None:
        self.sales = await self.answer(lambda host: host.sales(self._window, self._group))
        if self.sales is not None and self.is_mounted:
            self.query_one(SalesPlot).show(self.sales, title=self._caption(self.sales))
        self.redraw()

    # ------------------------------------------------------------------ drawing

    def title_text(self) -> str:
        return f"{self.station.say('sales.title')} {self.station.say(f'sales.{self._window}')}"

    def _caption(self, told: SalesBoard) -> str:
        return self.station.say("sales.caption", currency=told.currency)

    def redraw(self) -> None:
        width, height = self.app.size
        if not (self.is_mounted and width and height):
            return
        has_plot = bool(self.sales and self.sales.orders)
        has_plot = has_plot and height >= PLOT_FROM_ROWS and width >= PLOT_FROM_COLUMNS
        self.query_one(SalesPlot).display = has_plot
        keys = len(key_lines(self.keys(), width, rows=2 if height >= 16 else 1))
        rows = max(height - PLOT_ROWS, keys + 4) if has_plot else height
        self.board.styles.height = rows
        self.board.show(self.lines(width, rows))

    def content(self, width: int) -> list[Line]:
        say, told = self.station.say, self.sales
        if told is None:
            words = self.failure or say("desk.list_reading")
            return [((row, "label"),) for row in wrap(words, width)]
        if not told.orders:
            return [((row, "label"),) for row in wrap(say("sales.none"), width)]
        facts = [
            (say("sales.revenue"), f"{told.revenue:f} {told.currency}"),
            (say("sales.orders"), str(told.orders)),
            (say("sales.units"), show(told.units)),
            (say("sales.average"), f"{told.average:f}" if told.average is not None else "-"),
        ]
        lines = _beside(facts, width) if width >= WIDE_FROM else [_fact(*fact, width) for fact in facts]
        if width < PLOT_FROM_COLUMNS:
            lines.append(((_blocks([value for _, value in told.steps], width), "bar"),))
        head = say("sales.by", what=say(f"sales.{told.group_by}"))
        lines += [(("─" * width, "rule"),), ((clip(head, width), "side_title"),)]
        return lines + [line for group in told.groups for line in self._drawn(*group, width)]

    def _drawn(self, name: str, revenue: Decimal, orders: int, width: int) -> list[Line]:
        """A group in a row; on small screens its name has the rows that it needs."""
        word = self.station.say(f"sales.{name}") if name in REGION_WORDS else printable(name)
        value = f" {revenue:>12f}"
        if width >= WIDE_FROM:
            count = f" {orders:>7}"
            return [
                ((fit(word, width - cell_len(value) - cell_len(count)), "value"), (count, "label"), (value, "strong"))
            ]
        *above, last = wrap(word, width)
        if cell_len(last) + cell_len(value.lstrip()) >= width:
            above, last = [*above, last], ""
        return [*(((row, "value"),) for row in above), _fact(last, value.strip(), width)]

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        return (
            ("Esc", say("terminal.key_back")),
            ("F6", say("sales.key_window")),
            ("F7", say("sales.key_group")),
        )

    # ------------------------------------------------------------------ keys

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        if stroke.key == "f6":
            self._window = _next(WINDOWS, self._window)
        elif stroke.key == "f7":
            self._group = _next(GROUPS, self._group)
        else:
            super().stroke(stroke, is_lone=is_lone)
            return
        self.first_row = 0
        self._ask()


def _next(known: Sequence[str], present: str) -> str:
    return known[(known.index(present) + 1) % len(known)]


def _fact(label: str, value: str, width: int) -> Line:
    room = max(1, width - cell_len(value) - 1)
    return ((fit(label, room), "label"), (f" {value}", "strong"))


def _beside(facts: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Two facts a row."""
    half = width // 2
    pairs = (facts[index : index + 2] for index in range(0, len(facts), 2))
    return [tuple(span for fact in pair for span in (*_fact(*fact, half - 2), ("  ", "label"))) for pair in pairs]


def _blocks(values: Sequence[Decimal], width: int) -> str:
    """The last steps as blocks, the newest at the right."""
    shown = values[-width:]
    most = max(shown, default=Decimal(0)) or Decimal(1)
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[-(-int(steps * 1000 * value / most) // 1000)] if value > 0 else " " for value in shown)
