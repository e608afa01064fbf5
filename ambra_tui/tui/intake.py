"""The queue between what comes in and the program that answers: bounded, in order, one answer at a time.

Everything an operator does travels through it, so a scan, a key and the next scan are answered in the order they
were made, however long the store takes; and each is bound to the step it was made for.

Example::

    intake.put(Item("scan", raw=frame, run=reply.run, step="bin"))
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from ambra_tui.scan.log import LoggedFrame
from ambra_tui.scan.model import RawScan

QUEUE_LIMIT = 2000
log = logging.getLogger(__name__)


ItemKind = Literal["scan", "command", "choice", "look"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to answer. `run`, `step`, `is_signed_in`: what the operator saw when it was made; `text`: a command's
    name or a choice's code."""

    kind: ItemKind
    run: int
    step: str = ""
    is_signed_in: bool = False
    text: str = ""
    raw: RawScan | None = None
    logged: LoggedFrame | None = None


class Intake:
    """Holds items until `answer` has dealt with those before."""

    def __init__(self, answer: Callable[[Item], Awaitable[None]]) -> None:
        self._answer = answer
        self._items: asyncio.Queue[Item] = asyncio.Queue(QUEUE_LIMIT)
        self._looks = 0
        self.is_answering = False

    @property
    def waiting(self) -> int:
        """How many items are not answered yet, not counting the one being answered."""
        return self._items.qsize()

    def put(self, item: Item) -> bool:
        """Queue `item`; False when there is no room. A look is queued once at most."""
        if item.kind == "look":
            if self._looks:
                return True
            self._looks += 1
        try:
            self._items.put_nowait(item)
        except asyncio.QueueFull:
            return False
        return True

    async def run(self) -> None:
        """Answer items for ever."""
        while True:
            item = await self._items.get()
            if item.kind == "look":
                self._looks -= 1
            self.is_answering = True
            try:
                await self._answer(item)
            except Exception:  # the edge of the queue: whatever one item did, the next is answered
                log.exception("an item of the queue was lost")
            self.is_answering = False
