"""Start a terminal: first the picture, then the store.

Example::

    exit_code = run_terminal(make_host, serial="auto", station="dock-1")
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ambra_tui.kit.text import printable

if TYPE_CHECKING:
    from ambra_tui.floor.host import FloorHost
    from ambra_tui.scan.model import ScanSource

_SURROUNDINGS = {"TEXTUAL_FPS": "120", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
REPLAY_PREFIX = "replay:"


def run_terminal(make_host: Callable[[], FloorHost], *, serial: str | None = None, station: str = "") -> int:
    """Run a terminal until it is left, and return its exit code.

    `make_host` is called on a thread after the first frame was painted. Invalid ends the terminal with its sentence on
    standard error; whatever else it raises is shown to the person, who may try again.
    `serial`: a port, ``vid:pid``, ``auto``, or ``replay:FILE`` to send a recording.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for name, value in _SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    from ambra_tui.scan.sources.wedge import WedgeSettings
    from ambra_tui.tui.app import Terminal, wants_ascii

    sources = [source_named(serial)] if serial else []
    has_suffix = os.environ.get("AMBRA_SCANNER_SUFFIX", "") != "none"
    terminal = Terminal(
        make_host,
        sources=sources,
        station=station,
        wedge=WedgeSettings(has_suffix=has_suffix),
        is_ascii=wants_ascii(),
    )
    result = terminal.run(mouse=False)
    if terminal.refusal:
        print(printable(terminal.refusal), file=sys.stderr)
    return result if result is not None else terminal.return_code or 0


def source_named(serial: str) -> ScanSource:
    """The source that ``--serial`` names."""
    if serial.startswith(REPLAY_PREFIX):
        from ambra_tui.scan.sources.replay import ReplaySource

        return ReplaySource(Path(serial.removeprefix(REPLAY_PREFIX)))
    from ambra_tui.scan.sources.serial import SerialSource

    return SerialSource(serial)
