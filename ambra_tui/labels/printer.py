"""Printers: where they are, what is sent to them, and never waiting for one longer than a few seconds.

``tcp://host:9100`` takes ZPL; ``file:///dev/usb/lp0`` too; ``file:///folder/`` gets a PDF a job. What stands behind
the question mark tells of the labels in it: ``tcp://10.0.0.7:9100?dpi=300&sheet=100x50``.

Example::

    printer = parse_printer("tcp://10.0.0.7:9100?dpi=300")
    send(printer, "job_01...", labels)
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.labels.model import Label
from ambra_tui.labels.stock import ROLLS, Stock, stock_named

RAW_PORT = 9100
CONNECT_SECONDS, SEND_SECONDS = 3.0, 10.0
SEND_BUFFER_BYTES = 8_192
DEFAULT_DPI, DEFAULT_STOCK = 203, "100x50"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_HELP = "a printer is tcp://host:9100, file:///dev/usb/lp0 or file:///folder/"


class NotPrinted(AmbraError):
    """The printer could not be reached, or did not take the labels."""


@dataclass(frozen=True, slots=True)
class Printer:
    """Where labels go: `host` and `port`, or `path` (a device, a file, or a folder for PDFs)."""

    kind: Literal["tcp", "device", "folder"]
    host: str = ""
    port: int = RAW_PORT
    path: Path = Path()
    dpi: int = DEFAULT_DPI
    stock: Stock = ROLLS[DEFAULT_STOCK]

    @property
    def format(self) -> str:
        """What it is sent."""
        return "pdf" if self.kind == "folder" else "zpl"


def parse_printer(address: str) -> Printer:
    """A printer's address. Raises Invalid saying what an address looks like."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError as error:
        raise Invalid(f"'{address}' is no printer: {error}", field="printer") from None
    dpi, stock = _options(parts.query)
    if parts.scheme == "tcp" and parts.hostname:
        return Printer("tcp", host=parts.hostname, port=RAW_PORT if port is None else port, dpi=dpi, stock=stock)
    if parts.scheme == "file" and parts.path and not parts.netloc:
        path = Path(unquote(parts.path))
        kind: Literal["device", "folder"] = "folder" if parts.path.endswith("/") or path.is_dir() else "device"
        return Printer(kind, path=path, dpi=dpi, stock=stock)
    raise Invalid(f"'{address}' is no printer: {_HELP}", field="printer")


def _options(query: str) -> tuple[int, Stock]:
    values = parse_qs(query, keep_blank_values=True)
    unknown = sorted(set(values) - {"dpi", "sheet"})
    if unknown:
        raise Invalid(f"a printer has dpi= and sheet=, not {unknown[0]}=", field="printer")
    dpi = values.get("dpi", [str(DEFAULT_DPI)])[0]
    if dpi not in ("203", "300"):
        raise Invalid(f"a printer's dpi is 203 or 300, not '{dpi}'", field="printer")
    return int(dpi), stock_named(values.get("sheet", [DEFAULT_STOCK])[0])


def folder_printer(path: Path) -> Printer:
    """The folder that stands in for a printer where a station has none."""
    return Printer("folder", path=path)


def file_name(job_id: str, title: str) -> str:
    """The name of a job's file in a folder."""
    return f"{_UNSAFE.sub('-', title).strip('-.')[:60] or 'label'}-{job_id[-6:]}.pdf"


def send(
    printer: Printer, job_id: str, title: str, labels: Sequence[Label], *, copies: int = 1, font: Path | None = None
) -> None:
    """Draw the labels, read each back, send them. Raises NotPrinted, or Invalid for a label that cannot be drawn."""
    from ambra_tui.labels.draw import draw_checked
    from ambra_tui.labels.formats import formats
    from ambra_tui.labels.parcel import PARCEL_STOCK

    # A parcel's label is four by six inches, whatever else the printer's roll is for.
    stock = printer.stock if any(label.parcel is None for label in labels) else PARCEL_STOCK
    drawings = [draw_checked(label, stock, dpi=printer.dpi, font=font) for label in labels]
    payload = formats()[printer.format].write([drawing for drawing in drawings for _ in range(copies)], stock)
    try:
        if printer.kind == "tcp":
            _send_tcp(printer, payload)
        elif printer.kind == "folder":
            printer.path.mkdir(parents=True, exist_ok=True)
            replace_file(printer.path / file_name(job_id, title), payload)
        else:
            _append(printer.path, payload)
    except TimeoutError:
        raise NotPrinted(f"{_place(printer)} does not answer") from None
    except OSError as error:
        raise NotPrinted(f"{_place(printer)}: {error.strerror or error}") from None


def _place(printer: Printer) -> str:
    return f"{printer.host}:{printer.port}" if printer.kind == "tcp" else str(printer.path)


def _send_tcp(printer: Printer, payload: bytes) -> None:
    with socket.create_connection((printer.host, printer.port), timeout=CONNECT_SECONDS) as connection:
        connection.settimeout(SEND_SECONDS)
        # What the printer has not taken shows here, not after we have gone.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        connection.sendall(payload)
        connection.shutdown(socket.SHUT_WR)


def _append(path: Path, payload: bytes) -> None:
    """To a device or the end of a file; never waits for a device that nobody reads."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o644)
    try:
        left = memoryview(payload)
        while left:
            left = left[os.write(descriptor, left) :]
    except BlockingIOError:
        raise TimeoutError from None
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes) -> None:
    """Write the whole file or leave the old one."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:  # no half file stays behind; raised again
        Path(temporary).unlink(missing_ok=True)
        raise
