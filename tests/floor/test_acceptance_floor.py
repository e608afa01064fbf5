"""What a worker may do wrong at the real program, and what must then hold: bytes in, screen and ledger out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.floor.hands import awaits, press, scan
from tests.floor.test_receive import audits, buy
from tests.floor.worker import NOW, Worker, open_ds1
from tests.pty_harness import Terminal

ROOT = Path(__file__).resolve().parents[2]
MILK, BOLT = "5001000000019", "5001000000033"

Start = Callable[..., Terminal]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Worker]:
    """ds1, and somebody in the office who makes documents and looks into the ledger."""
    store, organization_id = open_ds1(f"sqlite:///{tmp_path / 'floor.db'}")
    yield Worker(store, organization_id, "BDG-9001", station="office")
    store.close()


@pytest.fixture
def start(desk: Worker, tmp_path: Path) -> Iterator[Start]:
    """Starts the program at a size and signs somebody in."""
    argv = [
        sys.executable, "-m", "ambra_tui.cli",
        "--store", f"sqlite:///{tmp_path / 'floor.db'}", "--site", "WH1", "--no-server",
    ]  # fmt: skip
    running: list[Terminal] = []

    def begin(rows: int = 16, columns: int = 40, *, badge: str = "BDG-1001", station: str = "st-1") -> Terminal:
        environment = {"AMBRA_NOW": NOW, "AMBRA_HOME": str(tmp_path / "home")}
        terminal = Terminal.start(
            [*argv, "--station", station], rows=rows, columns=columns, folder=ROOT, environment=environment
        )
        running.append(terminal)
        awaits(terminal, "Scan your badge")
        scan(terminal, badge, "SIGNED IN")
        return terminal

    yield begin
    for terminal in running:
        terminal.close()


def test_a_supervisor_types_the_pin_at_a_real_terminal_and_no_scan_does(desk: Worker, start: Start) -> None:
    buy(desk, "PO-1", ("MILK-1L", 24))
    terminal = start()
    press(terminal, "1", "Scan the purchase order")
    scan(terminal, "PO-1", "DOCUMENT OK")
    label = f"]C1010{MILK}1726031510MX"
    scan(terminal, label, "E11 SHORT-DATED")
    scan(terminal, "BDG-9001", "type the PIN")
    scan(terminal, "BDG-9001", "E40 ANSWER FIRST")
    scan(terminal, BOLT, "E40 ANSWER FIRST")
    scan(terminal, "1111", "E53 WRONG PIN")
    terminal.send("47")
    awaits(terminal, "› ••")
    terminal.send("11")
    awaits(terminal, "› ••••")
    press(terminal, "\r", "QTY 1", "Lot MX")
    scan(terminal, "WH1-RECV", "RECEIVED 1")
    assert desk.moves() == [("purchase_received", "MILK-1L", "supplier", "RECV", "MX", 1)]
    assert [row["supervisor_name"] for row in audits(desk, "receipt_override")] == ["Cleo"]
    assert "4711" not in terminal.output.decode(errors="replace")
