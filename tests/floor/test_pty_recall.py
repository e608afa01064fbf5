"""Two real terminals: one picks a lot, the other recalls it; the next scan at the first hears of it (E4, issue 4)."""

from __future__ import annotations

import pytest

from tests.floor.conftest import Start
from tests.floor.worker import Worker

MILK = "5001000000019"


@pytest.mark.long
def test_a_picker_at_the_lot_hears_of_the_recall_at_the_next_scan(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("MILK-1L", 6))
    ben = start(16, 40, badge="BDG-1002", station="st-2")
    cleo = start(16, 40, badge="BDG-9001", station="st-3")
    ben.key("3", "SO-1")
    ben.scan("SO-1", "M090")
    ben.scan("WH1-B04-1", "BIN OK")
    cleo.key("0", "Recall a lot")
    cleo.key("3", "Scan the lot")
    cleo.scan(f"]C1010{MILK}10M090", "Assigned SO-1")
    cleo.key("F10", "Recall everywhere")
    cleo.key("2", "RECALLED 10")
    ben.scan(MILK, "E76 LOT RECALLED", "M100")
    assert desk.moves("pick_move") == []
    ben.scan("WH1-A04-1", "BIN OK")
    ben.scan(MILK, "ITEM OK")
    ben.scan("T1", "ORDER PICKED")
    assert desk.moves("pick_move")[0][2:] == ("A04-1", "T1", "M100", 6)
    cleo.key("F7", "Moves of the lot", "opening")
