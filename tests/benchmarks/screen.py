"""A program behind a pseudo-terminal, and the moment at which some bytes arrive on its screen.

Nothing is interpreted, so that the measuring costs next to nothing.

Example::

    with Screen([sys.executable, "-m", "ambra_tui.cli"], {}) as screen:
        screen.until(b"Scan your badge")
        seconds = screen.time(b"BDG-1001\r", b"SIGNED IN")
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
ROWS, COLUMNS = 24, 80
DEADLINE_SECONDS = 30.0


class Screen:
    """One program on one pseudo-terminal of 24 rows and 80 columns."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._master, far_end = pty.openpty()
        fcntl.ioctl(far_end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
        self._seen = b""
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            list(argv),
            stdin=far_end,
            stdout=far_end,
            stderr=far_end,
            start_new_session=True,
            cwd=ROOT,
            env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environment},
        )
        os.close(far_end)

    def until(self, wanted: bytes, *, seconds: float = DEADLINE_SECONDS) -> float:
        """Waits for `wanted` (a regular expression) in what was not yet seen; answers when it came."""
        pattern, deadline = re.compile(wanted), time.perf_counter() + seconds
        while (found := pattern.search(self._seen)) is None:
            left = deadline - time.perf_counter()
            if left <= 0 or not select.select([self._master], [], [], left)[0]:
                raise TimeoutError(f"waited in vain for {wanted!r}; the end of what came: {self._seen[-2000:]!r}")
            self._seen += os.read(self._master, 1 << 16)
        self._seen = self._seen[found.end() :]
        return time.perf_counter()

    def time(self, sent: bytes, wanted: bytes) -> float:
        """Seconds from writing `sent` until `wanted` is on the screen."""
        self._seen = b""
        started = time.perf_counter()
        os.write(self._master, sent)
        return self.until(wanted) - started

    def pause(self, seconds: float) -> None:
        """Reads what still comes for a while, as a person looks at the screen."""
        self.listen(seconds)

    def listen(self, seconds: float) -> int:
        """Reads what comes for a while; how many bytes that were."""
        deadline, count = time.perf_counter() + seconds, 0
        while (left := deadline - time.perf_counter()) > 0:
            if select.select([self._master], [], [], left)[0]:
                count += len(os.read(self._master, 1 << 16))
        return count

    @property
    def process_id(self) -> int:
        """Of the program."""
        return self._process.pid

    def close(self) -> None:
        """Ends the program."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._master)

    def __enter__(self) -> Screen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
