"""What an operator hears: one bell for good, two for doubt, three for wrong.

Some terminals melt bells that follow at once into one; `AMBRA_BELL_GAP` (milliseconds) keeps them apart.

Example::

    Sound(driver.write).play("wrong")
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable

from ambra_tui.tui.view import Level

BELLS: dict[Level, int] = {"good": 1, "doubt": 2, "wrong": 3}
BELL = "\a"
LONGEST_GAP_MS = 1000


def bell_gap_ms() -> int:
    """Milliseconds between the bells of one pattern, from the environment; 0 when not set or no number."""
    text = os.environ.get("AMBRA_BELL_GAP", "")
    return min(int(text), LONGEST_GAP_MS) if text.isdecimal() else 0


class Sound:
    """Plays patterns; `played` counts them."""

    def __init__(self, write: Callable[[str], None], *, gap_ms: int = 0) -> None:
        self._write, self._gap_ms = write, gap_ms
        self.played: Counter[Level] = Counter()

    def play(self, level: Level) -> None:
        """Ring the pattern of `level`."""
        self.played[level] += 1
        count = BELLS[level]
        if not self._gap_ms:
            self._write(BELL * count)
            return
        loop = asyncio.get_running_loop()
        for index in range(count):
            loop.call_later(index * self._gap_ms / 1000, self._write, BELL)
