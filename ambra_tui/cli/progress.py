"""A progress bar on standard error: for work of more than a second, and only where a person watches.

Example::

    with progress_bar("verify") as show:
        show(0.25, "levels")
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ambra_tui.kit.text import printable

PATIENCE_SECONDS = 1.0
REDRAW_SECONDS = 0.1
BAR_COLUMNS = 20
Show = Callable[[float, str], None]


@contextmanager
def progress_bar(title: str) -> Iterator[Show]:
    """Yields `show(share, words)`: `share` of the work that is done (0 to 1), and what is being done."""
    bar = _Bar(title)
    try:
        yield bar.show
    finally:
        bar.clear()


class _Bar:
    def __init__(self, title: str) -> None:
        self._title = title
        self._is_watched = sys.stderr.isatty()
        self._next_draw = time.monotonic() + PATIENCE_SECONDS
        self._is_drawn = False

    def show(self, share: float, words: str) -> None:
        """Draw, unless nobody watches or the last drawing is fresh."""
        if not self._is_watched or time.monotonic() < self._next_draw:
            return
        self._next_draw = time.monotonic() + REDRAW_SECONDS
        self._is_drawn = True
        full = round(BAR_COLUMNS * min(max(share, 0.0), 1.0))
        line = f"{self._title} [{'#' * full}{'.' * (BAR_COLUMNS - full)}] {share:4.0%} {printable(words)}"
        sys.stderr.write("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1])
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the bar off the screen."""
        if self._is_drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
