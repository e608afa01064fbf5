"""The last raw frames of a terminal and what became of them, for the device test screen.

Only what the scanner sent and the code of the verdict are kept: an operator can read this, so no expected quantity
may ever be in it.

Example::

    log = ScanLog()
    entry = log.add(raw, scan, at=clock.now())
    log.answer(entry, "E03")
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ambra_tui.kit.text import printable
from ambra_tui.scan.model import GS, RawScan, Scan

KEPT_FRAMES = 50
_NAMES = {GS: "<GS>", "\x1e": "<RS>", "\x1c": "<FS>", "\x04": "<EOT>"}


def visible(text: str) -> str:
    """`text` with every control character named: ``10LOT-7<GS>21SER9``."""
    return "".join(_NAMES.get(character) or printable(character) for character in text)


@dataclass(slots=True)
class LoggedFrame:
    """`verdict`: empty while the frame waits for its answer, else a code; ``test`` on the device test screen."""

    at: datetime
    raw: RawScan
    symbology: str = ""
    kind: str = ""
    verdict: str = ""

    @property
    def hexadecimal(self) -> str:
        """The frame's bytes, as a scanner's manual prints them."""
        return self.raw.text.encode("utf-8", "surrogatepass").hex(" ")


class ScanLog:
    """The last fifty frames, newest first when read."""

    def __init__(self) -> None:
        self._frames: deque[LoggedFrame] = deque(maxlen=KEPT_FRAMES)

    def add(self, raw: RawScan, *, at: datetime) -> LoggedFrame:
        """Remember a frame; its verdict is told later."""
        logged = LoggedFrame(at, raw)
        self._frames.append(logged)
        return logged

    @staticmethod
    def read(logged: LoggedFrame, scan: Scan) -> None:
        """What parsing found."""
        logged.symbology, logged.kind = scan.symbology, scan.kind

    @staticmethod
    def answer(logged: LoggedFrame, code: str) -> None:
        """The code of the verdict this frame got."""
        logged.verdict = code

    def __iter__(self) -> Iterator[LoggedFrame]:
        return reversed(self._frames)

    def __len__(self) -> int:
        return len(self._frames)
