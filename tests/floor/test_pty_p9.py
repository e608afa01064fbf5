"""P9 through a pseudo-terminal: killed in the middle of a walk, resumed at the same stop; then a burst of 24 units."""

from __future__ import annotations

import pytest

from tests.floor.conftest import Start
from tests.floor.receiving import buy
from tests.floor.test_pty_p4 import PICKS, SIZES, STOPS, begin_cluster, finish_walk, take
from tests.floor.worker import Worker

CHOC = "5001000000095"


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_p9_kill_resume_burst(desk: Worker, start: Start, rows: int, columns: int) -> None:
    ana = start(rows, columns)
    begin_cluster(desk, ana)
    for code, item, tote, told in STOPS[:2]:
        take(ana, code, item, tote, told)
    code, item, tote, _ = STOPS[2]
    ana.scan(f"WH1-{code}", "BIN OK")
    ana.scan(item, "ITEM OK", "Scan the tote")
    ana.kill()
    assert desk.moves() == PICKS[:2]
    ana.restart("Scan the tote")
    assert desk.moves() == PICKS[:2]
    ana.scan(tote, "PICKED 4")
    finish_walk(ana)
    assert desk.moves() == PICKS
    ana.key("Esc", "Choose or scan")

    buy(desk, "PO-1005", ("CHOC-100", 24), tolerance=0)
    ana.key("1", "purchase order")
    ana.scan("PO-1005", "DOCUMENT OK")
    ana.scan("]C101050010000000951726113010C8", "C8")
    ana.send(f"{CHOC}\r" * 24)
    ana.wait_for("24/24", "ORDER COMPLETE")
    assert desk.moves("purchase_received") == [("purchase_received", "CHOC-100", "supplier", "RECV", "C8", 24)]
    ana.scan(CHOC, "E14 OVER QTY", "24/24")
    assert len(desk.moves("purchase_received")) == 1
