"""A real pseudo-terminal with a screen behind it: start a program at some size, send bytes, wait for what it shows.

Nothing sleeps: every wait is a select on the pseudo-terminal with a deadline.

Example::

    with Terminal.start([sys.executable, "-m", "ambra_tui"], rows=16, columns=20) as terminal:
        terminal.wait_for("Scan your badge")
        terminal.scan("BDG-1001")
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

DEADLINE_SECONDS = 30.0
READ_BYTES = 1 << 16
BELL = b"\x07"


class Terminal:
    """One program behind one pseudo-terminal."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, *, rows: int, columns: int) -> None:
        self.process, self.master = process, master
        self.rows, self.columns = rows, columns
        self._far_end_name = ""
        self._spare = -1
        self.output = bytearray()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)

    @classmethod
    def start(
        cls,
        argv: Sequence[str],
        *,
        rows: int = 24,
        columns: int = 80,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Self:
        """Start `argv` with a controlling terminal of its own."""
        master, far_end = os.openpty()
        _set_size(far_end, rows, columns)
        process = _spawn(argv, far_end, environment, folder)
        made = cls(process, master, rows=rows, columns=columns)
        made._far_end_name = os.ttyname(far_end)
        made._spare = far_end
        return made

    def start_again(
        self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> None:
        """Start `argv` on this same pseudo-terminal, in whatever state the last program left it."""
        far_end = os.open(self._far_end_name, os.O_RDWR | os.O_NOCTTY)
        self.process = _spawn(argv, far_end, environment, folder)
        os.close(far_end)

    # ------------------------------------------------------------------ in

    def send(self, raw: bytes | str) -> None:
        """Write `raw` at once, reading meanwhile so that neither side blocks."""
        left = raw.encode() if isinstance(raw, str) else raw
        while left:
            readable, writable, _ = select.select([self.master], [self.master], [], DEADLINE_SECONDS)
            assert readable or writable, "the program takes no input"
            if readable:
                self._take()
            if writable:
                left = left[os.write(self.master, left[:4096]) :]

    def scan(self, code: str, ending: str = "\r") -> None:
        """A scanner's burst in one write."""
        self.send(code + ending)

    def send_spaced(self, text: str, *, gap_seconds: float) -> None:
        """One byte after another, `gap_seconds` apart, as a keyboard wedge sends them."""
        due = time.monotonic()
        for byte in text.encode():
            self.pump_until(due)
            os.write(self.master, bytes([byte]))
            due += gap_seconds

    def resize(self, rows: int, columns: int) -> None:
        """Change the size, as a window does."""
        self.rows, self.columns = rows, columns
        self._screen.resize(rows, columns)
        _set_size(self.master, rows, columns)

    # ------------------------------------------------------------------ out

    def _take(self) -> bool:
        try:
            chunk = os.read(self.master, READ_BYTES)
        except OSError:
            return False
        self.output += chunk
        self._stream.feed(chunk)
        return bool(chunk)

    def pump_until(self, moment: float) -> None:
        """Read what comes until `moment` on the monotonic clock."""
        while (left := moment - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0] and not self._take():
                return

    @property
    def screen(self) -> str:
        """What the screen shows, row by row without trailing blanks."""
        return "\n".join(row.rstrip() for row in self._screen.display)

    @property
    def cells(self) -> list[list[tuple[str, str, str]]]:
        """Sign, colour and ground of every cell, row by row."""
        rows = []
        for row in range(self.rows):
            cells = [self._screen.buffer[row][column] for column in range(self.columns)]
            rows.append([(c.data, c.bg, c.fg) if c.reverse else (c.data, c.fg, c.bg) for c in cells])
        return rows

    @property
    def bells(self) -> int:
        """Bells rung so far."""
        return self.output.count(BELL)

    def wait(self, holds: Callable[[str], bool], *, seconds: float = DEADLINE_SECONDS, what: str = "") -> str:
        """Wait until `holds` of the screen's text; returns that text."""
        deadline = time.monotonic() + seconds
        while not holds(self.screen):
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self.master], [], [], left)[0]
            if not ready or not self._take():
                raise AssertionError(f"waited in vain for {what or holds}; the screen shows:\n{self.screen}")
        return self.screen

    def wait_for(self, *texts: str, seconds: float = DEADLINE_SECONDS) -> str:
        """Wait until the screen holds every one of `texts`."""
        return self.wait(lambda screen: all(text in screen for text in texts), seconds=seconds, what=repr(texts))

    def wait_gone(self, text: str, *, seconds: float = DEADLINE_SECONDS) -> str:
        """Wait until the screen holds `text` no more."""
        return self.wait(lambda screen: text not in screen, seconds=seconds, what=f"the end of {text!r}")

    def wait_bells(self, count: int, *, seconds: float = DEADLINE_SECONDS) -> None:
        """Wait until `count` bells have rung in all."""
        self.wait(lambda _: self.bells >= count, seconds=seconds, what=f"{count} bells")

    def wait_asleep(self, *, seconds: float = DEADLINE_SECONDS) -> None:
        """Wait until the program sleeps in its read.

        A signal between a prompt and the read behind it is heard only with the next key.
        """
        deadline = time.monotonic() + seconds
        state = Path(f"/proc/{self.process.pid}/stat")
        while state.exists() and state.read_text().rpartition(") ")[2][0] != "S":
            if time.monotonic() > deadline:
                raise AssertionError("the program never waits for a key")
            self.pump_until(time.monotonic() + 0.01)

    # ------------------------------------------------------------------ end

    def kill(self) -> None:
        """kill -9 the program and its children; the terminal stays as it is."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(DEADLINE_SECONDS)

    def hang_up(self) -> None:
        """The connection vanishes: the pseudo-terminal closes."""
        self._close_ends()

    @property
    def modes(self) -> int:
        """The terminal's local modes (termios ``lflag``)."""
        return int(termios.tcgetattr(self.master)[3])

    def _close_ends(self) -> None:
        for descriptor in (self._spare, self.master):
            if descriptor >= 0:
                os.close(descriptor)
        self.master = self._spare = -1

    def wait_exit(self, *, seconds: float = DEADLINE_SECONDS) -> int:
        """Wait for the program's end, reading meanwhile; returns its exit code."""
        deadline = time.monotonic() + seconds
        while self.master >= 0 and self.process.poll() is None and time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.05)[0] and not self._take():
                break
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def close(self) -> None:
        """End the program, whatever it does."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.kill()
        self._close_ends()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _spawn(
    argv: Sequence[str], far_end: int, environment: Mapping[str, str] | None, folder: Path | None
) -> subprocess.Popen[bytes]:
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")}
    return subprocess.Popen(
        list(argv),
        stdin=far_end,
        stdout=far_end,
        stderr=far_end,
        start_new_session=True,
        preexec_fn=_take_terminal,
        close_fds=True,
        cwd=folder,
        env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(environment or {})},
    )


def _take_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a run started in the background would hand down that it is ignored
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _set_size(descriptor: int, rows: int, columns: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
