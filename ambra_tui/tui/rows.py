"""A long list on the screen: a window of rows around where one looks, read ahead in both directions.

Typing searches; a scan searches too. A list of a million rows opens like one of a hundred, because only pages beside
the window are ever read.

Example::

    app.push_screen(RowsPage("moves"))
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from ambra_tui.errors import AmbraError
from ambra_tui.kit.text import printable
from ambra_tui.scan.model import RawScan
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.tui.arrange import Line, key_lines
from ambra_tui.tui.reading import ReadingPage
from ambra_tui.tui.text import clip, fit

if TYPE_CHECKING:
    from ambra_tui.floor.host import FloorHost
    from ambra_tui.services.lists import ListRow

PAGE_ROWS = 200
KEPT_ROWS = 1000
READ_AHEAD = 60
WIDE_FROM = 60
RENEW_SECONDS = 1.0


class RowsPage(ReadingPage):
    """The list `name` of `services.lists`; ``trace:<id>`` is the list of one subject."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.list_name = name
        self.rows: list[ListRow] = []
        self.search = ""
        self.typed = ""
        self._is_start = self._is_end = False
        self._is_read = False

    def on_mount(self) -> None:
        super().on_mount()
        self.station.watch(self._facts)
        self._start()

    def on_unmount(self) -> None:
        self.station.unwatch(self._facts)
        super().on_unmount()

    # ------------------------------------------------------------------ reading

    def _start(self) -> None:
        """Read the list from its first row."""
        self.read(self._read_first())

    async def _page(self, *, after: ListRow | None = None, before: ListRow | None = None) -> tuple[list[ListRow], bool]:
        host = self._host()
        page = await asyncio.wrap_future(
            host.rows(
                self.list_name,
                after=after.key if after else None,
                before=before.key if before else None,
                search=self.search,
                limit=PAGE_ROWS,
            )
        )
        return list(page.rows), page.has_more

    def _host(self) -> FloorHost:
        host = self.station.host
        assert host is not None
        return host

    async def _read_first(self) -> None:
        try:
            rows, has_more = await self._page()
        except AmbraError as error:
            self.failure, self._is_read = printable(error.message), True
        else:
            self.rows, self.first_row = rows, 0
            self._is_start, self._is_end, self._is_read = True, not has_more, True
        self.redraw()

    async def _read_beside(self) -> None:
        """Reads on where the window nears an end of what is known; lets go of what is far behind."""
        if not self.rows:
            return
        if not self._is_end and self.first_row + self._room + READ_AHEAD > len(self.rows):
            more, has_more = await self._page(after=self.rows[-1])
            self.rows += more
            self._is_end = not has_more
            surplus = len(self.rows) - KEPT_ROWS
            if surplus > 0:
                del self.rows[:surplus]
                self.first_row = max(0, self.first_row - surplus)
                self._is_start = False
        elif not self._is_start and self.first_row < READ_AHEAD:
            more, has_more = await self._page(before=self.rows[0])
            self.rows[:0] = more
            self.first_row += len(more)
            self._is_start = not has_more
            if len(self.rows) > KEPT_ROWS:
                del self.rows[KEPT_ROWS:]
                self._is_end = False
        self.redraw()

    def _facts(self) -> None:
        """Stock changed somewhere: what is shown is read again, in place."""
        if not self.is_reading:
            self.read(self._renew())

    async def _renew(self) -> None:
        await asyncio.sleep(RENEW_SECONDS)
        if not self.rows or (self._is_start and self.first_row == 0):
            await self._read_first()
            return
        top = self.rows[self.first_row]
        above = self.rows[self.first_row - 1] if self.first_row else None
        rows, has_more = await self._page(after=above) if above else await self._page(after=None)
        if rows and above:
            self.rows[self.first_row :] = rows
            self._is_end = not has_more
        elif rows and any(row.key == top.key for row in rows):
            self.rows, self._is_end = rows, not has_more
            self.first_row = next(index for index, row in enumerate(rows) if row.key == top.key)
        self.redraw()

    # ------------------------------------------------------------------ drawing

    def title_text(self) -> str:
        return self.station.say(f"desk.list_{self.list_name.partition(':')[0]}")

    def lines(self, width: int, height: int) -> list[Line]:
        foot = key_lines(self.keys(), width, rows=2 if height >= 16 else 1)
        each = 1 if width >= WIDE_FROM else 2
        room = max(1, height - 2 - len(foot))
        self._room = max(1, room // each)
        self.first_row = max(0, min(self.first_row, len(self.rows) - self._room))
        shown = self.rows[self.first_row : self.first_row + self._room]
        drawn = [line for row in shown for line in self._drawn(row, width)] or [
            ((clip(self._empty(), width), "label"),)
        ]
        header: Line = ((fit(f" {self.title_text()}", width), "title"),)
        return ([header, self._entry(width), *drawn, *[(("", ""),)] * (room - len(drawn)), *foot])[:height]

    def _empty(self) -> str:
        if self.failure:
            return self.failure
        if not self._is_read:
            return self.station.say("desk.list_reading")
        return (
            self.station.say("desk.list_not_found", text=self.search)
            if self.search
            else self.station.say("desk.list_empty")
        )

    def _entry(self, width: int) -> Line:
        if self.typed or self.search:
            return (("› ", "prompt"), (clip(printable(self.typed or self.search), width - 4), "typed"), (" ", "cursor"))
        return (
            ("› ", "prompt"),
            (" ", "cursor"),
            (f" {clip(self.station.say('desk.list_search'), width - 4)}", "hint"),
        )

    def _drawn(self, row: ListRow, width: int) -> list[Line]:
        moment = self._moment(row, is_wide=width >= WIDE_FROM)
        details = "  ".join(self._word(part) for part in row.details if part).replace("  →  ", " → ")
        value = printable(row.value)
        if width >= WIDE_FROM:
            title_room = 24 if width >= 100 else 18
            value_room = max(12, cell_len(value))
            rest = max(0, width - cell_len(moment) - title_room - value_room - 3)
            return [(
                (moment, "label"), (fit(self._word(row.title), title_room), "value"),
                (f" {value:>{value_room}} ", "strong"), (f" {clip(details, rest)}", "label"),
            )]  # fmt: skip
        title = fit(self._word(row.title), max(4, width - cell_len(value) - 1))
        return [((title, "value"), (f" {value}", "strong")), ((clip(f" {moment}{details}", width), "label"),)]

    def _moment(self, row: ListRow, *, is_wide: bool) -> str:
        """Day and time; on a narrow screen the time of what is from today, else the day."""
        if row.moment is None:
            return ""
        moment = row.moment.astimezone()
        is_today = moment.date() == self.station.clock.now().astimezone().date()
        return f"{moment:%d.%m. %H:%M}  " if is_wide else f"{moment:%H:%M} " if is_today else f"{moment:%d.%m.} "

    def _word(self, part: str) -> str:
        """A word of the ledger's in the worker's language; a name as it is."""
        return ledger_word(self.station.say, part)

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        return (("Esc", say("terminal.key_back")), ("Enter", say("desk.list_search_key")))

    # ------------------------------------------------------------------ keys

    def move(self, rows: int) -> None:
        if rows <= -(10**6):
            self._start()
            return
        self.first_row = max(0, min(self.first_row + rows, len(self.rows) - self._room))
        self.redraw()
        if not self.is_reading:
            self.read(self._read_beside())

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        key, character = stroke.key, stroke.character
        if key == "enter":
            self._search_for(self.typed)
        elif key == "backspace":
            self.typed = self.typed[:-1]
            self.redraw()
        elif key == "escape" and (self.typed or self.search):
            self.typed = ""
            self._search_for("")
        elif character and character.isprintable() and key != "space":
            self.typed = (self.typed + character)[:60]
            self.redraw()
        else:
            super().stroke(stroke, is_lone=is_lone)

    def scanned(self, raw: RawScan) -> bool:
        self._search_for(self._host().parse(raw).gtin or raw.text)
        return True

    def _search_for(self, text: str) -> None:
        self.search, self.typed = text.strip(), ""
        self.failure, self.rows, self._is_read = "", [], False
        self._start()


def ledger_word(say: Callable[..., str], part: str) -> str:
    """A word of the ledger's in the words of `say`; a name as it is."""
    for key in (f"desk.word_{part}", f"desk.kind_{part}", f"desk.act_{part}"):
        try:
            return say(key)
        except KeyError:
            continue
    return printable(part.replace("_", " ") if part.islower() else part)
