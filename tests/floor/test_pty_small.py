"""Small screens at the real program: five flows by keyboard and scanner alone, and look-ups on six rows."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from ambra_tui.services import tasks
from tests.floor.conftest import Start
from tests.floor.receiving import buy
from tests.floor.test_putaway import PLATE, milk_arrives
from tests.floor.worker import Worker

PAINT, GLOVE, CABLE = "5001000000071", "5001000000040", "5001000000118"


def doubt(desk: Worker, code: str) -> None:
    """A bin waits for a count."""

    def work(session: Session) -> None:
        tasks.ask_count(session, location=desk.location(session, code), variant_id=None, reason="asked")

    desk.write(work)


@pytest.mark.parametrize(("rows", "columns"), [(16, 20), (8, 40)])
def test_f5_five_flows_show_what_to_do_and_what_was_heard_at_once(
    desk: Worker, start: Start, rows: int, columns: int
) -> None:
    """F5: receive, put away, pick, count and move: after every entry its verdict stands beside the next question."""
    buy(desk, "PO-1", ("PAINT-5L", 2))
    milk_arrives(desk)
    desk.order("SO-1", ("GLOVE-L", 3))
    doubt(desk, "B01-1")
    ana = start(rows, columns)

    ana.key("1", "Scan the purchase order")
    ana.scan("PO-1", "G20 DOCUMENT OK", "Scan an item")
    ana.scan(PAINT, "QTY 1", "1/2")
    ana.scan("WH1-RECV", "RECEIVED 1", "Scan an item")
    ana.scan("WH1-A01-1", "E44", "Scan an item")
    ana.key("Esc", "order")
    ana.key("Esc", "Receive", "Pick")

    ana.key("2", "Scan a pallet")
    ana.scan(PLATE, "Go to this bin")
    ana.scan("WH1-C01-1", "E18 BIN LOT/ITEM MIX", "Go to this bin")
    ana.scan("WH1-C03-1", "PUT AWAY 120", "Scan a pallet")
    ana.key("Esc", "Receive", "Pick")

    ana.key("3", "Scan an order")
    ana.scan("SO-1", "Go to this bin")
    ana.scan("WH1-A03-1", "E03 WRONG BIN", "Go to this bin")
    ana.scan("WH1-A02-1", "BIN OK", "Scan the item")
    ana.scan(GLOVE, "ITEM OK", "Scan the tote")
    ana.scan("T1", "ORDER PICKED")
    ana.key("F10", "SHIPPED")
    ana.key("Esc", "Receive", "Pick")

    ana.key("4", "Go to this bin")
    ana.scan("WH1-B01-1", "BIN OK", "Scan or type all")
    ana.scan(CABLE, "COUNTED 1")
    ana.type("30", "COUNTED 30")
    ana.key("F10", "BIN COUNTED")
    ana.key("Esc", "Receive", "Pick")

    ana.key("5", "Scan the bin")
    ana.scan("WH1-B01-1", "Scan")
    ana.scan("WH1-A03-1", "MOVED 30")
    assert desk.moves("bin_move")[-1] == ("bin_move", "CABLE-2M", "B01-1", "A03-1", "", 30)
    assert [move[0] for move in desk.moves()] == [
        "purchase_received", "purchase_received", "bin_move", "pick_move", "order_fulfilled", "bin_move",
    ]  # fmt: skip


def test_f5_six_rows_of_sixteen_are_enough_to_look_something_up(desk: Worker, start: Start) -> None:
    """F5: the cards of an item and of a bin on 6 rows of 16, read and left by a key."""
    ana = start(6, 16)
    ana.scan(GLOVE, "GLOVE-L", "Work glove L", "A02-1 40")
    ana.scan("WH1-A03-1", "GLOVE-M 25")
    ana.scan("NO-SUCH-CODE", "E01")
    ana.key("Esc", "1Rec")
    assert desk.moves() == []
