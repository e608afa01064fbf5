"""The terminal's driver: a keyboard, a screen, and no surprises.

It differs from the toolkit's own in what a warehouse needs: bytes that are no text never end the program, a
terminal that went away does, one read of keys travels as one batch with the moment it arrived, nothing wakes while
nobody types, and a terminal that a killed program left in disorder is put right first.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import sys
import termios
import threading
import time
import tty
from codecs import getincrementaldecoder
from collections.abc import Iterable
from queue import Queue
from typing import TYPE_CHECKING, Any

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App

READ_BYTES = 64 * 1024
STALL_SECONDS = 0.4
LATE_WAKE_SECONDS = 0.15
PASTE_SECONDS = 0.5
PASTE_LIMIT = 1 << 20
HANG_UP_SECONDS = 2.0
_PASTE_START, _PASTE_END = "\x1b[200~", "\x1b[201~"
# An escape directly before a letter begins no key that we know: it is a stray byte of a scanner.
_STRAY_ESCAPE = re.compile(r"\x1b(?=[^\x1b\[O])")
STRAY = "\x9b"
ESCAPE_SECONDS = 0.1
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_MODIFIED_KEY = re.compile(r"\x1b\[[0-9:]*;[0-9:;]+[u~ABCDEFHPQS]")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]?|O)?\Z")
# Leave the alternate screen, mouse, paste and focus reports, keyboard protocols and character sets of a dead program.
_PUT_RIGHT = (
    "\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?2004l\x1b[?1004l\x1b(B\x1b[0m"
)
_ENTER = "\x1b[?1049h\x1b[2J\x1b[?25l\x1b[?2004h\x1b[?7l"
_LEAVE = "\x1b[?2004l\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"


class KeyBatch(events.Event, bubble=False):
    """The keys and pastes of one read, in order, each with the moment it arrived."""

    def __init__(self, keys: list[events.Key | events.Paste]) -> None:
        super().__init__()
        self.keys = keys


class Writer(threading.Thread):
    """Writes to the terminal; once the terminal is gone it swallows what comes."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(name="terminal-output", daemon=True)
        self._descriptor = descriptor
        self._queue: Queue[str | None] = Queue()
        self._is_gone = False

    def write(self, text: str) -> None:
        """Hand `text` over; never blocks."""
        if not self._is_gone:
            self._queue.put(text)

    def run(self) -> None:
        while (text := self._queue.get()) is not None:
            parts = [text]
            while not self._queue.empty() and (more := self._queue.get()) is not None:
                parts.append(more)
            try:
                self._write_all("".join(parts).encode("utf-8", "replace"))
            except OSError:
                self._is_gone = True

    def _write_all(self, raw: bytes) -> None:
        while raw:
            raw = raw[os.write(self._descriptor, raw) :]

    def stop(self) -> None:
        """Write what is left, then end; a terminal that takes nothing any more is not waited for."""
        self._queue.put(None)
        self.join(HANG_UP_SECONDS)


class TerminalDriver(LinuxDriver):
    """Keyboard only: no mouse, no keyboard protocols, no questions to the terminal."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **{**options, "mouse": False})
        self._output: Writer | None = None
        self._wake_read, self._wake_write = os.pipe()
        self._batches_under_way = 0

    def write(self, data: str) -> None:
        """Write to the terminal."""
        if self._output is not None:
            self._output.write(data)

    def flush(self) -> None:
        """Nothing to do: the writer writes at once."""

    @property
    def is_quiet(self) -> bool:
        """No key is on its way: not in the kernel, not in this program."""
        if self._batches_under_way:
            return False
        try:
            return not select.select([self.fileno], [], [], 0)[0]
        except (OSError, ValueError):
            return True

    def batch_done(self) -> None:
        """The app has seen one batch."""
        self._batches_under_way -= 1

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        loop = asyncio.get_running_loop()
        self._output = Writer(self._file.fileno() if self._file else sys.stdout.fileno())
        self._output.start()
        signal.signal(signal.SIGWINCH, lambda *_: loop.call_soon_threadsafe(self._send_size))
        self._send_size()
        self.attrs_before = self._take_keyboard()
        self.write(_PUT_RIGHT + _ENTER)
        self._key_thread = threading.Thread(target=self._run_input_thread, name="terminal-input", daemon=True)
        self._key_thread.start()

    def _send_size(self) -> None:
        width, height = self._get_terminal_size()
        size = Size(width, height)
        self._app.post_message(events.Resize(size, size))

    def _take_keyboard(self) -> list[Any] | None:
        """Raw input from here on; returns what to restore, which is never the disorder of a killed program."""
        try:
            before = termios.tcgetattr(self.fileno)
            wanted = termios.tcgetattr(self.fileno)
        except termios.error:
            return None
        if not before[tty.LFLAG] & termios.ICANON:
            before[tty.LFLAG] |= termios.ICANON | termios.ECHO | termios.ECHOE | termios.ISIG | termios.IEXTEN
            before[tty.IFLAG] |= termios.ICRNL | termios.IXON
            before[tty.OFLAG] |= termios.OPOST | termios.ONLCR
        wanted[tty.LFLAG] = self._patch_lflag(wanted[tty.LFLAG])
        wanted[tty.IFLAG] = self._patch_iflag(wanted[tty.IFLAG]) & ~termios.ISTRIP
        wanted[tty.OFLAG] |= termios.OPOST | termios.ONLCR
        wanted[tty.CC][termios.VMIN] = 1
        wanted[tty.CC][termios.VTIME] = 0
        try:
            termios.tcsetattr(self.fileno, termios.TCSANOW, wanted)
        except termios.error:
            return None
        return before

    def disable_input(self) -> None:
        """Stop reading keys."""
        if self.exit_event.is_set():
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self.exit_event.set()
        os.write(self._wake_write, b"x")
        if self._key_thread is not None and self._key_thread is not threading.current_thread():
            self._key_thread.join(HANG_UP_SECONDS)

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self.disable_input()
        self.write(_LEAVE)
        if self.attrs_before is not None:
            try:
                termios.tcflush(self.fileno, termios.TCIFLUSH)
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            except termios.error:
                pass

    def close(self) -> None:
        """Write out what is left."""
        if self._output is not None:
            self._output.stop()
            self._output = None

    def run_input_thread(self) -> None:
        """Read until told to stop or until the terminal goes away."""
        reader = KeyReader(debug=self._debug)
        idle_since, is_open = time.monotonic(), False
        while not self.exit_event.is_set():
            before_wait = time.monotonic()
            ready, _, _ = select.select([self.fileno, self._wake_read], [], [], reader.patience_seconds)
            if self._wake_read in ready:
                return
            if not ready:
                self._hand_over(reader.tick())
                continue
            chunk = self._read()
            if not chunk:
                self._hang_up()
                return
            now = time.monotonic()
            was_waiting = now - before_wait > 0.001
            self._batches_under_way += 1
            messages = reader.feed(chunk)
            if is_open and _looks_stalled(messages, was_waiting=was_waiting, gap_seconds=now - idle_since):
                _close_gap(messages, idle_since)
            idle_since, is_open = now, _leaves_open(messages)
            self._batches_under_way -= 1
            self._hand_over(messages)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, READ_BYTES)
        except InterruptedError:
            return self._read()
        except OSError:
            return b""

    def _hand_over(self, messages: Iterable[Message]) -> None:
        keys: list[events.Key | events.Paste] = []
        for message in messages:
            if isinstance(message, (events.Key, events.Paste)):
                keys.append(message)
        if not keys:
            return
        batch = KeyBatch(keys)
        batch.set_sender(self._app)
        self._batches_under_way += 1
        try:
            self._loop.call_soon_threadsafe(self._app.post_message, batch)
        except RuntimeError:
            self._batches_under_way -= 1

    def _hang_up(self) -> None:
        """The terminal is gone: end in order, and end in any case."""
        enforced = threading.Timer(HANG_UP_SECONDS, os._exit, (129,))
        enforced.daemon = True
        enforced.start()
        try:
            self._loop.call_soon_threadsafe(self._app.exit, None, 129)
        except RuntimeError:
            os._exit(129)


def _stray_key() -> events.Key:
    return events.Key("shift+escape", STRAY)


def _key_or_stray(sequence: re.Match[str]) -> str:
    """A whole control sequence: as it is when a key sends it; nothing else was asked for."""
    text = sequence[0]
    return text if text in ANSI_SEQUENCES_KEYS or _MODIFIED_KEY.fullmatch(text) else STRAY


class KeyReader:
    """Bytes in, keys and pastes out. Bytes that are no text become U+FFFD; a paste whose end never comes is ended."""

    def __init__(self, *, debug: bool = False) -> None:
        self._parser = XTermParser(debug)
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._paste: str | None = None
        self._carets = 0
        self._unfinished = ""

    @property
    def patience_seconds(self) -> float | None:
        """How long to wait for more before `tick` decides; None while nothing is unfinished."""
        if self._paste is not None:
            return PASTE_SECONDS
        if self._unfinished:
            return ESCAPE_SECONDS
        due = self._parser._timeout_time
        return None if due is None else max(0.0, due - time.monotonic())

    def feed(self, chunk: bytes) -> list[Message]:
        """The keys of `chunk`. A paste never reaches the parser, whatever is in it."""
        messages: list[Message] = []
        text = self._unfinished + self._decode(chunk)
        self._unfinished = ""
        while text:
            if self._paste is None:
                text = self._hold_back(text)
                head, found, text = text.partition(_PASTE_START)
                messages += self._keys(head)
                self._paste = "" if found else None
                continue
            self._paste += text
            pasted, found, text = self._paste.partition(_PASTE_END)
            if not found and len(self._paste) <= PASTE_LIMIT:
                break
            messages.append(self._pasted(pasted))
        return messages

    def tick(self) -> list[Message]:
        """What silence decides: a lone escape is a key, a paste without end is over."""
        if self._paste is not None:
            return [self._pasted(self._paste)]
        text, self._unfinished = self._unfinished, ""
        messages = self._told_apart(self._parser.tick())
        return [*messages, events.Key("escape", "\x1b")] if text == "\x1b" else messages + self._keys(text)

    def _hold_back(self, text: str) -> str:
        """`text` without the control sequence that it breaks off in: the next read brings its end, or silence."""
        found = _UNFINISHED.search(text)
        if found is None:
            return text
        self._unfinished = found[0]
        return text[: found.start()]

    def _pasted(self, text: str) -> events.Paste:
        self._paste = None
        return events.Paste(text.replace("\x00", ""))

    def _keys(self, text: str) -> list[Message]:
        if not text:
            return []
        self._carets += text.count("^")
        known = _SEQUENCE.sub(_key_or_stray, text)
        return self._told_apart(self._parser.feed(_STRAY_ESCAPE.sub(STRAY, known)))

    def _told_apart(self, messages: Iterable[Message]) -> list[Message]:
        """The parser turns an escape it cannot use into a caret; here it stays something that is no data."""
        sorted_out: list[Message] = []
        for message in messages:
            if isinstance(message, events.Key) and message.character == "^":
                self._carets -= 1
                if self._carets < 0:
                    self._carets = 0
                    sorted_out.append(_stray_key())
                    continue
            sorted_out.append(message)
        return sorted_out


def _looks_stalled(messages: list[Message], *, was_waiting: bool, gap_seconds: float) -> bool:
    """Several keys in one read, or keys that were there before we looked: this machine was late, not the scanner."""
    limit = LATE_WAKE_SECONDS if was_waiting else STALL_SECONDS
    return gap_seconds < limit and (len(messages) > 1 or not was_waiting)


def _leaves_open(messages: list[Message]) -> bool:
    """The read ended within a code: its last key is none that ends one."""
    last = messages[-1] if messages else None
    return isinstance(last, events.Key) and last.key not in ("enter", "ctrl+j", "tab", "ctrl+c")


def _close_gap(messages: list[Message], before: float) -> None:
    for message in messages:
        message.time = before
