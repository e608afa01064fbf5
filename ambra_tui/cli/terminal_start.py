"""Opens a terminal on a store: what `ambra` and `ambra demo` share.

Example::

    return run_on(settings, arguments)
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from ambra_tui.errors import Invalid
from ambra_tui.settings import Settings

if TYPE_CHECKING:
    from ambra_tui.floor.host import FloorHost


def require_terminal(server_command: str) -> None:
    """Raises Invalid when nobody could see or answer a screen, naming the command that needs none."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return
    raise Invalid(f"There is no terminal attached to show the screen on. To run the server alone: {server_command}")


def default_station() -> str:
    """The station's name when none is given: this host and this terminal, so that a restart keeps it."""
    import socket  # late: `ambra --help` needs none of it

    try:
        line = os.ttyname(sys.stdin.fileno()).removeprefix("/dev/")
    except OSError:
        line = "terminal"
    return f"{socket.gethostname()}:{line}"[:60]


def run_on(settings: Settings, arguments: argparse.Namespace) -> int:
    """Shows the terminal on the settings' store until the operator leaves; answers the exit code."""
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from ambra_tui.tui.run import run_terminal  # Textual first: the screen paints before the store is opened

    station = arguments.station or default_station()

    def make_host() -> FloorHost:
        from ambra_tui.runtime import TerminalOptions, open_terminal

        return open_terminal(
            TerminalOptions(
                store_url=settings.store_url,
                station=station,
                organization=arguments.organization,
                site=arguments.site,
                server=arguments.server,
                now=settings.now,
                printer=arguments.printer or settings.printer,
                label_font=settings.label_font,
            )
        )

    return run_terminal(make_host, serial=arguments.serial, station=station)
