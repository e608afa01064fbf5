"""Labels of every kind with hostile names, and a printer that listens on a real port."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator

import pytest

from ambra_tui.labels.gs1 import gs1_code
from ambra_tui.labels.model import Code, Label

DEADLINE_SECONDS = 30.0
MILK = [("01", "05001000000019"), ("17", "260715"), ("10", "M130")]
LABELS = (
    Label("bin", (Code("code128", "WH1-A01-1"),), "A01-1", ("WH1 · A",), "up"),
    Label("tote", (Code("code128", "T1"),), "T1", ("WH1",)),
    Label("badge", (Code("code128", "BDG-1001"),), "Ana Müller"),
    Label("variant", (Code("ean13", "5001000000019"), gs1_code(MILK, is_square=True)), "Vollmilch", ("MILK-1L",)),
    Label("variant", (Code("ean8", "96385074"),), "Kaugummi", ("GUM-1",)),
    Label("variant", (Code("upca", "012345678905"),), "Root beer", ("ROOT-1",)),
    Label("variant", (Code("code128", "BOX/7 b"),), "Box 7"),
    Label("case", (Code("itf14", "15001000000016"),), "Milk", ("MILK-1L", "12 ea")),
    Label("case", (gs1_code([("01", "15001000000016"), *MILK[1:], ("37", "10")]),), "Milk", ("12 ea", "Lot M130")),
    Label("plate", (gs1_code([("00", "050010000000000019")]),), "050010000000000019", ("MILK-1L  120  M130",)),
    Label("plate", (Code("code128", "LP-000017"),), "LP-000017"),
    Label("document", (Code("code128", "PO-1001"), Code("qr", "PO-1001")), "PO-1001", ("Molkerei",)),
    Label("bin", (Code("datamatrix", "Kühl-漢-1"),), "Kühl-漢-1", ("WH1",)),
)
HOSTILE = (
    "^XZ~JA^XA",
    "[@click=app.quit]x[/]",
    "\\_&_1\\5E",
    ">8>;~>=<&\"'",
    "Käse, Größe „L“",
    "漢字のラベル",
    "x" * 255,
    "مرحبا",
)


def texts_of(label: Label) -> set[str]:
    """What a scanner is to read from the label; UPC-A is read as the EAN-13 that it is."""
    return {f"0{code.text}" if code.symbology == "upca" else code.text for code in label.codes}


class PaperPrinter:
    """A printer on port 9100 of this machine, or rather on a free one: it keeps what it was sent, a job an entry."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.jobs: queue.Queue[bytes] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def next_job(self) -> str:
        """The next job, when it has come."""
        return self.jobs.get(timeout=DEADLINE_SECONDS).decode()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                received = bytearray()
                while chunk := connection.recv(1 << 16):
                    received += chunk
            self.jobs.put(bytes(received))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(DEADLINE_SECONDS)


@pytest.fixture
def paper_printer() -> Iterator[PaperPrinter]:
    printer = PaperPrinter()
    yield printer
    printer.close()


@pytest.fixture
def hanging_printer() -> Iterator[str]:
    """The address of a printer that takes the line and never reads from it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
