"""`ambra serve` as a process of its own, to be asked, stopped and killed.

Example::

    with ServerProcess.start(store_url) as server:
        httpx.get(f"{server.address}/readyz")
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from types import TracebackType
from typing import Self

DEADLINE_SECONDS = 60.0
READY = "listening on "


class ServerProcess:
    """One server process; `address` is where it listens."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    @classmethod
    def start(cls, store_url: str, *arguments: str) -> Self:
        """Starts a server on a free port and waits until it says that it listens."""
        process = subprocess.Popen(
            [sys.executable, "-m", "ambra_tui.cli", "--store", store_url, "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        assert process.stdout is not None and process.stderr is not None
        readable, _, _ = select.select([process.stdout], [], [], DEADLINE_SECONDS)
        line = process.stdout.readline() if readable else ""
        if not line.startswith(READY):
            process.kill()
            raise AssertionError(f"the server did not start: {line!r} {process.stderr.read()}")
        return cls(process, line.removeprefix(READY).strip())

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Asks it to end; answers its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(DEADLINE_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
