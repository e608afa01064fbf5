"""Recorded frames, sent again with the pauses they had.

A recording is a text file, one frame a line: milliseconds since the first frame, a tab, the frame with controls
written ``\\x1d`` and a backslash written ``\\\\``. Lines that begin with ``#`` are remarks.

Example::

    source = ReplaySource(Path("monday.scans"), speed=10)
    source.start(frames.append)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from threading import Event, Thread

from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import monotonic_milliseconds
from ambra_tui.scan.model import Deliver, RawScan, SourceState

_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})|\\\\")


def unescape(text: str) -> str:
    """The inverse of `escape`."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else "\\", text)


def read_recording(lines: Iterable[str]) -> list[tuple[float, str]]:
    """Milliseconds and text of each frame. Raises Invalid naming the first line that is not one."""
    frames = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        moment, tab, text = line.rstrip("\r\n").partition("\t")
        try:
            at_ms = float(moment)
        except ValueError:
            tab = ""
            at_ms = 0.0
        if not tab or not 0 <= at_ms < 1e12:
            raise Invalid(f"line {number} of the recording is not 'milliseconds, tab, frame'", field="recording")
        frames.append((at_ms, unescape(text)))
    return frames


class ReplaySource:
    """Sends the frames of a recording once. `speed`: 1 as recorded, 10 ten times as fast, 0 without pauses."""

    name = "replay"

    def __init__(self, path: Path, *, speed: float = 1.0) -> None:
        self._frames = read_recording(path.read_text(encoding="utf-8").splitlines())
        self._speed = speed
        self._halt = Event()
        self._thread: Thread | None = None
        self._is_over = False

    def start(self, deliver: Deliver) -> None:
        self._thread = Thread(target=self._run, args=(deliver,), name="scan-replay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._halt.set()
        self.join()

    def join(self, timeout_seconds: float | None = None) -> None:
        """Wait until every frame has been sent."""
        if self._thread is not None:
            self._thread.join(timeout_seconds)

    @property
    def state(self) -> SourceState:
        if self._is_over:
            return SourceState("down", "the recording is over")
        return SourceState("ready" if self._thread else "down")

    def _run(self, deliver: Deliver) -> None:
        before_ms = self._frames[0][0] if self._frames else 0.0
        for at_ms, text in self._frames:
            pause_seconds = max(0.0, at_ms - before_ms) / 1000 / self._speed if self._speed else 0.0
            before_ms = at_ms
            if self._halt.wait(pause_seconds):
                break
            now_ms = monotonic_milliseconds()
            deliver(RawScan(text, self.name, "scan", now_ms, now_ms))
        self._is_over = True


SOURCE = ReplaySource
