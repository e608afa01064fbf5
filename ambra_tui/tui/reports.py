"""Reports on the supervisor's screen: bars to look at, and below them the rows that they are made of.

Example::

    app.push_screen(ReportPage("aging"))
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.cells import cell_len

from ambra_tui.kit.quantity import show
from ambra_tui.kit.text import printable
from ambra_tui.services.reports.board import NO_AGE
from ambra_tui.tui.answer import bars
from ambra_tui.tui.arrange import Line
from ambra_tui.tui.reading import ReadingPage
from ambra_tui.tui.text import clip, fit, wrap

if TYPE_CHECKING:
    from ambra_tui.services.reports.board import ReportBoard, ReportLine

REPORTS = ("movers", "aging", "sites")
WIDE_FROM = 60
TITLE_ROOM = 20


class ReportPage(ReadingPage):
    """One of REPORTS, of the terminal's site."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.report_name = name
        self.report: ReportBoard | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self.read(self._read())

    async def _read(self) -> None:
        self.report = await self.answer(lambda host: host.report(self.report_name))
        self.redraw()

    def title_text(self) -> str:
        title = self.station.say(f"report.title_{self.report_name}")
        return f"{title} ({self.report.total})" if self.report and self.report.total else title

    def content(self, width: int) -> list[Line]:
        say, report = self.station.say, self.report
        if report is None or not report.lines:
            words = self.failure or say("report.none" if report else "desk.list_reading")
            return [((row, "label"),) for row in wrap(words, width)]
        lines = [*self._bars(report, width), (("─" * width, "rule"),)]
        return lines + [line for row in report.lines for line in self._drawn(row, width)]

    def _bars(self, report: ReportBoard, width: int) -> list[Line]:
        say = self.station.say
        caption = say(f"report.bars_{report.name}_{report.measure}", currency=report.currency)
        labels = [say("report.no_age") if bar.label == NO_AGE else printable(bar.label) for bar in report.bars]
        words: list[Line] = [((row, "label"),) for row in wrap(caption, width)]
        if max(map(cell_len, labels)) > width // 3:
            return words + _bars_below(labels, [bar.value for bar in report.bars], width)
        rows = [
            {"label": label, "value": float(bar.value)} for label, bar in zip(labels, report.bars, strict=True)
        ]  # fmt: skip
        return words + bars(rows, ("label", "value"), width=width, say=say)

    def _drawn(self, row: ReportLine, width: int) -> list[Line]:
        told = self.station.say(f"report.told_{self.report_name}", **row.told)
        if width >= WIDE_FROM:
            value = f" {row.value:>12} "
            rest = max(0, width - TITLE_ROOM - cell_len(value))
            title = fit(printable(row.title), TITLE_ROOM)
            return [((title, "value"), (value, "strong"), (clip(printable(told), rest), "label"))]
        title = fit(printable(row.title), max(4, width - cell_len(row.value) - 1))
        below = wrap(printable(told), width - 1)
        return [((title, "value"), (f" {row.value}", "strong")), *(((f" {line}", "label"),) for line in below)]

    def keys(self) -> Sequence[tuple[str, str]]:
        return (("Esc", self.station.say("terminal.key_back")),)


def _bars_below(labels: Sequence[str], values: Sequence[Decimal], width: int) -> list[Line]:
    """Bars under their names, where the names need the row."""
    most = max(values) or 1
    lines: list[Line] = []
    for label, value in zip(labels, values, strict=True):
        number = show(value)
        lines.append(((fit(label, width - cell_len(number) - 1), "label"), (f" {number}", "strong")))
        lines.append((("█" * max(1, round(value / most * width)), "bar"),))
    return lines
