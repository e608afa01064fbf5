"""Codes for people without a scanner in hand: what they choose travels the same way as a scan.

Example::

    source = PracticeSource()
    source.start(frames.append)
    source.send("5001000000019")
"""

from __future__ import annotations

from ambra_tui.kit.clock import monotonic_milliseconds
from ambra_tui.scan.model import Deliver, RawScan, SourceState


class PracticeSource:
    """A scan source whose trigger is a list on the screen."""

    name = "practice"

    def __init__(self) -> None:
        self._deliver: Deliver | None = None

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def stop(self) -> None:
        self._deliver = None

    @property
    def state(self) -> SourceState:
        return SourceState("ready" if self._deliver else "down")

    def send(self, text: str) -> None:
        """Deliver `text` as one frame; nothing happens while the source is stopped."""
        if self._deliver is None:
            return
        now_ms = monotonic_milliseconds()
        self._deliver(RawScan(text, self.name, "scan", now_ms, now_ms))


SOURCE = PracticeSource
