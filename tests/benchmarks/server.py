"""A server in a process of its own, the product's or another, ended when it is left.

Example::

    with Served(product_command(url)) as served:
        served.address   # '127.0.0.1:43121'
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.benchmarks.screen import ROOT


def product_command(url: str) -> list[str]:
    """`ambra serve` on a free port."""
    return [sys.executable, "-m", "ambra_tui.cli", "serve", "--store", url, "--port", "0"]


class Served:
    """Starts a command that prints the address it listens on."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            list(command), stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment and dict(environment)
        )
        assert self._process.stdout is not None
        found = re.search(r"http://(\S+:\d+)", self._process.stdout.readline())
        if found is None:
            self._process.kill()
            raise RuntimeError("the server did not tell its address")
        self.address = found[1]

    @property
    def cpu_seconds(self) -> float:
        """What the process has used of the processors so far, in seconds."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_open(address: str) -> None:
    """Returns once somebody listens at ``host:port``. Raises OSError after half a minute."""
    host, port = address.rsplit(":", 1)
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
