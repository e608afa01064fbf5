"""A scanner on a serial port: USB-CDC, RS-232 or Bluetooth SPP, in its plain "simple COM" mode.

One thread per port reads what is there, cuts it at the terminators and keeps what has no end yet. A port that
disappears is looked for again after 50 ms, then ever more slowly up to a second. Ports are found by vendor and
product, because their numbers move when a scanner is plugged in again.

Example::

    source = SerialSource("auto")           # or "/dev/ttyACM0", or "05e0:1701"
    source.start(frames.append)
    source.state.condition                  # 'ready'
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import serial
from serial.tools import list_ports

from ambra_tui.kit.clock import monotonic_milliseconds
from ambra_tui.scan.model import Deliver, RawScan, SourceState

FRAME_LIMIT = 4096
PARTIAL_MS = 150.0
SKIP_MS = 1000.0
FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 0.05, 1.0
_TERMINATORS = b"\r\n\t\x03"
_KEPT_CONTROLS = b"\x04\x1c\x1d\x1e"
# Vendors that make scanners: Zebra, Honeywell, Datalogic, Newland, Opticon, Code, Denso, Unitech, Cipherlab.
_SCANNER_VENDORS = frozenset({0x05E0, 0x0C2E, 0x05F9, 0x1EAB, 0x065A, 0x11FA, 0x076D, 0x2745, 0x0D3A})


class ByteFramer:
    """Bytes in, frames out; every moment is passed in."""

    def __init__(self, *, source: str = "serial", encoding: str = "ascii") -> None:
        self._source, self._encoding = source, encoding
        self._held = bytearray()
        self._first_ms = self._last_ms = 0.0
        self._is_skipping = False

    @property
    def is_partial(self) -> bool:
        """Something has arrived whose end has not."""
        return bool(self._held) or self._is_skipping

    def feed(self, chunk: bytes, now_ms: float) -> list[RawScan]:
        """The frames that `chunk` completes."""
        frames = self.expire(now_ms)
        for byte in chunk:
            if byte in _TERMINATORS:
                frames += self._end(now_ms)
            elif not self._is_skipping:
                frames += self._hold(byte, now_ms)
        self._last_ms = now_ms
        return frames

    def expire(self, now_ms: float) -> list[RawScan]:
        """Half a code followed by silence is dropped and told."""
        quiet_ms = now_ms - self._last_ms
        if self._is_skipping and quiet_ms > SKIP_MS:
            self._is_skipping = False
        if not self._held or quiet_ms <= PARTIAL_MS:
            return []
        return [replace(self._take(), trouble="broken")]

    def reset(self) -> list[RawScan]:
        """The line went away: what was held is told as broken."""
        self._is_skipping = False
        return [replace(self._take(), trouble="broken")] if self._held else []

    def _hold(self, byte: int, now_ms: float) -> list[RawScan]:
        if not self._held:
            self._first_ms = now_ms
        self._held.append(byte)
        if len(self._held) <= FRAME_LIMIT:
            return []
        self._is_skipping = True
        return [replace(self._take(), trouble="overflow")]

    def _end(self, now_ms: float) -> list[RawScan]:
        self._last_ms = now_ms
        was_skipping, self._is_skipping = self._is_skipping, False
        if was_skipping or not self._held:
            return []
        frame = self._take()
        return [frame] if frame.text else []

    def _take(self) -> RawScan:
        raw = bytes(self._held[:FRAME_LIMIT])
        self._held.clear()
        cleaned = bytes(b for b in raw if (b >= 0x20 and b != 0x7F) or b in _KEPT_CONTROLS)
        text = cleaned.decode(self._encoding, errors="ignore")
        is_suspect = len(text.encode(self._encoding)) != len(raw.replace(b"\x02", b""))
        return RawScan(text, self._source, "scan", self._first_ms, self._last_ms, suspect=is_suspect)


def find_port(wanted: str) -> str | None:
    """The device that `wanted` names: a path as it is, ``vid:pid`` or ``auto`` by what is plugged in."""
    if wanted != "auto" and not _is_vendor_and_product(wanted):
        return wanted
    found = [port for port in list_ports.comports(include_links=False) if port.vid is not None]
    if wanted != "auto":
        vendor, product = (int(part, 16) for part in wanted.split(":"))
        found = [port for port in found if (port.vid, port.pid) == (vendor, product)]
        return str(found[0].device) if found else None
    scanners = [port for port in found if port.vid in _SCANNER_VENDORS]
    if scanners:
        return str(scanners[0].device)
    return str(found[0].device) if len(found) == 1 else None


def _is_vendor_and_product(wanted: str) -> bool:
    vendor, colon, product = wanted.partition(":")
    hexadecimal = set("0123456789abcdefABCDEF")
    return bool(colon) and len(vendor) == 4 == len(product) and set(vendor + product) <= hexadecimal


class SerialSource:
    """A serial scanner. `on_change` is called, on the reader's thread, whenever `state` changes."""

    name = "serial"

    def __init__(self, wanted: str, *, baudrate: int = 9600, on_change: Callable[[], None] | None = None) -> None:
        self.wanted, self._baudrate = wanted, baudrate
        self.on_change = on_change
        self._state = SourceState("down")
        self._halt = threading.Event()
        self._wake_read, self._wake_write = -1, -1
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> SourceState:
        return self._state

    def start(self, deliver: Deliver) -> None:
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, args=(deliver,), name="scan-serial", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread is None:
            return
        self._halt.set()
        os.write(self._wake_write, b"x")
        self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)
        self._thread = None
        self._change(SourceState("down"))

    def _change(self, state: SourceState) -> None:
        if state == self._state:
            return
        self._state = state
        if self.on_change is not None:
            self.on_change()

    def _run(self, deliver: Deliver) -> None:
        backoff_seconds = FIRST_BACKOFF_SECONDS
        while not self._halt.is_set():
            framer = ByteFramer()
            try:
                with self._open() as port:
                    backoff_seconds = FIRST_BACKOFF_SECONDS
                    self._change(SourceState("ready", str(port.name)))
                    self._read(port, framer, deliver)
            except (serial.SerialException, OSError, ValueError) as error:
                self._change(SourceState("reconnecting", _sentence(error)))
            for frame in framer.reset():
                deliver(frame)
            self._halt.wait(backoff_seconds)
            backoff_seconds = min(LAST_BACKOFF_SECONDS, backoff_seconds * 2)

    def _open(self) -> Any:
        device = find_port(self.wanted)
        if device is None:
            raise serial.SerialException(f"no scanner found for '{self.wanted}'")
        port = serial.Serial(device, baudrate=self._baudrate, timeout=0, exclusive=True)
        port.reset_input_buffer()
        return port

    def _read(self, port: Any, framer: ByteFramer, deliver: Deliver) -> None:
        while not self._halt.is_set():
            wait_seconds = PARTIAL_MS / 1000 if framer.is_partial else None
            ready, _, _ = select.select([port.fileno(), self._wake_read], [], [], wait_seconds)
            if self._wake_read in ready:
                return
            if port.fileno() in ready:
                chunk = port.read(max(1, port.in_waiting))
                if not chunk:
                    raise serial.SerialException("the scanner was unplugged")
                frames = framer.feed(chunk, monotonic_milliseconds())
            else:
                frames = framer.expire(monotonic_milliseconds())
            for frame in frames:
                deliver(frame)


def _sentence(error: Exception) -> str:
    if isinstance(error, serial.SerialException) and error.errno is None:
        return str(error)
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)


SOURCE = SerialSource
