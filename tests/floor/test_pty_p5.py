"""P5 through a pseudo-terminal: wrong bin, wrong item, wrong tote, and a short pick (FLOOR C3-C5, C7)."""

from __future__ import annotations

import pytest

from ambra_tui.services import orders
from tests.floor.conftest import Start
from tests.floor.test_pty_p4 import SIZES
from tests.floor.test_pty_pick import BOLT, GLOVE_L, GLOVE_M, menu
from tests.floor.worker import Worker


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_p5_wrong_bin_wrong_item_wrong_tote_and_a_short_pick(
    desk: Worker, start: Start, rows: int, columns: int
) -> None:
    desk.order("SO-1", ("BOLT-M8", 10))
    desk.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1").command("back")
    desk.order("SO-4", ("GLOVE-L", 10))
    terminal = start(rows, columns)
    menu(terminal)
    terminal.scan("SO-4", "10 GLOVE-L")
    terminal.scan("WH1-A03-1", "E03 WRONG BIN")
    terminal.scan("WH1-A02-1", "BIN OK")
    terminal.scan(GLOVE_M, "E02 WRONG ITEM", "Scan the item")
    terminal.scan(GLOVE_L, "ITEM OK")
    terminal.type("6", "QTY 6", "6 / 10 GLOVE-L")
    terminal.scan("T1", "E05 WRONG TOTE", "SO-1")
    terminal.scan("T4", "Why?", "4 stay open", "Not found")
    assert desk.moves()[1:] == []
    terminal.key("1", "BACKORDER 4")
    assert desk.moves()[1:] == [("pick_move", "GLOVE-L", "A02-1", "T4", "", 6)]
    assert desk.on_hand("GLOVE-L", "A02-1") == 34
    assert desk.tasks() == [("count", "A02-1", "short_pick not_found")]
    order = desk.write(lambda session: orders.find_order(session, "SO-4"))
    line = desk.write(lambda session: orders.lines_of(session, order.id if order else ""))[0]
    assert (int(line.picked), int(line.backordered)) == (6, 4)
    assert terminal.error_tones == 3
    desk.order("SO-5", ("GLOVE-L", 1))
    terminal.scan("SO-5", "E49 BIN STOPPED")
