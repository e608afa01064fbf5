"""Pages whose lines come from the store: read beside the keys, given up when the page goes.

Example::

    class ReportPage(ReadingPage):
        async def _read(self) -> None:
            self.report = await self.answer(lambda host: host.report("aging"))
            self.redraw()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from ambra_tui.errors import AmbraError
from ambra_tui.kit.text import printable
from ambra_tui.tui.pages import Page

if TYPE_CHECKING:
    from ambra_tui.floor.host import FloorHost

Told = TypeVar("Told")


class ReadingPage(Page):
    """A page that reads one thing at a time. `failure`: why the last answer did not come, in words."""

    def __init__(self) -> None:
        super().__init__()
        self.failure = ""
        self._reading: asyncio.Task[None] | None = None

    def on_unmount(self) -> None:
        self._give_up()

    @property
    def is_reading(self) -> bool:
        """An answer is on its way."""
        return self._reading is not None and not self._reading.done()

    def read(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin on `work`; what was being read is given up."""
        self._give_up()
        self._reading = asyncio.create_task(work)

    def _give_up(self) -> None:
        if self._reading is not None:
            self._reading.cancel()

    async def answer(self, asked: Callable[[FloorHost], Future[Told]]) -> Told | None:
        """What the store answers; None when there is no store yet, or with `failure` when it refuses."""
        host = self.station.host
        if host is None:
            return None
        try:
            told = await asyncio.wrap_future(asked(host))
        except AmbraError as error:
            self.failure = printable(error.message)
            return None
        self.failure = ""
        return told
