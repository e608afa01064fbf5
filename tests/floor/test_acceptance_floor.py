"""What a worker may do wrong at the real program, and what must then hold: bytes in, screen and ledger out."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from ambra_tui.services import orders
from tests.floor.conftest import Start
from tests.floor.receiving import audits, buy
from tests.floor.station import Station
from tests.floor.worker import Worker

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])
MILK, BOLT, GLOVE_L = "5001000000019", "5001000000033", "5001000000040"


def test_a_supervisor_types_the_pin_at_a_real_terminal_and_no_scan_does(desk: Worker, start: Start) -> None:
    buy(desk, "PO-1", ("MILK-1L", 24))
    terminal = start()
    terminal.key("1", "Scan the purchase order")
    terminal.scan("PO-1", "DOCUMENT OK")
    label = f"]C1010{MILK}1726031510MX"
    terminal.scan(label, "E11 SHORT-DATED")
    terminal.scan("BDG-9001", "type the PIN")
    terminal.scan("BDG-9001", "E40 ANSWER FIRST")
    terminal.scan(BOLT, "E40 ANSWER FIRST")
    terminal.scan("1111", "E53 WRONG PIN")
    terminal.send("47")
    terminal.wait_for("› ••")
    terminal.send("11")
    terminal.wait_for("› ••••")
    terminal.key("Enter", "QTY 1", "Lot MX")
    terminal.scan("WH1-RECV", "RECEIVED 1")
    assert desk.moves() == [("purchase_received", "MILK-1L", "supplier", "RECV", "MX", 1)]
    assert [row["supervisor_name"] for row in audits(desk, "receipt_override")] == ["Cleo"]
    assert "4711" not in terminal.output


def cancel(desk: Worker, number: str) -> None:
    def work(session: Session) -> None:
        order = orders.find_order(session, number)
        assert order is not None
        orders.cancel_order(session, order)

    desk.write(work)


def begin_pick(terminal: Station, number: str) -> None:
    terminal.key("3", "Scan an order")
    terminal.scan(number, "DOCUMENT OK")


def test_an_order_cancelled_elsewhere_says_so_unasked_and_what_to_put_back(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("GLOVE-L", 5))
    terminal = start(16, 20)
    begin_pick(terminal, "SO-1")
    terminal.scan("WH1-A02-1", "BIN OK")
    terminal.scan(GLOVE_L, "ITEM OK")
    cancel(desk, "SO-1")
    terminal.wait_for("Cancelled. Put everything back", "Put back 5")
    assert "Bring it to" not in terminal.screen
    terminal.scan("T4", "E32 DOC CANCELLED", "No open order")
    assert desk.moves("pick_move") == []


def test_a_question_about_an_order_that_was_cancelled_needs_no_answer(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("GLOVE-L", 5))
    terminal = start()
    begin_pick(terminal, "SO-1")
    terminal.scan("WH1-A02-1", "BIN OK")
    terminal.key("F6", "5 GLOVE-L missing. Why?")
    cancel(desk, "SO-1")
    terminal.wait_for("Cancelled. Put everything back")
    terminal.scan("WH1-A02-1", "E32 DOC CANCELLED")


def test_a_lot_put_on_hold_under_the_picker_leads_to_the_next_lot(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("MILK-1L", 6))
    terminal = start()
    begin_pick(terminal, "SO-1")
    terminal.scan("WH1-B04-1", "BIN OK")
    terminal.scan(MILK, "ITEM OK")
    desk.hold("MILK-1L", "M090")
    terminal.wait_for("On hold: leave it")
    terminal.scan("T1", "E16 LOT ON HOLD", "M100", "Go to this bin")
    terminal.scan("WH1-A04-1", "BIN OK")
    terminal.scan(MILK, "ITEM OK")
    terminal.scan("T1", "ORDER PICKED")
    assert desk.moves("pick_move") == [("pick_move", "MILK-1L", "A04-1", "T1", "M100", 6)]


def test_what_cannot_be_picked_is_not_called_complete(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("CHOC-100", 6), ("GLOVE-L", 2))
    terminal = start(24, 80)
    begin_pick(terminal, "SO-1")
    terminal.scan("WH1-A02-1", "BIN OK")
    desk.hold("CHOC-100", "C7")
    terminal.scan(GLOVE_L, "ITEM OK")
    terminal.scan("T1", "PICKED 2", "On hold: leave it")
    terminal.key("F7", "E16 LOT ON HOLD", "Missing 6")
    assert "complete" not in terminal.screen


def test_a_step_that_somebody_else_ended_takes_its_old_answer_away(desk: Worker, start: Start) -> None:
    order = desk.order("SO-1", ("GLOVE-L", 5), ("CABLE-2M", 2))
    ana = start(16, 20)
    begin_pick(ana, "SO-1")
    ana.scan("WH1-A02-1", "BIN OK")
    ana.scan(GLOVE_L, "ITEM OK", "Scan where it goes")
    desk.write(lambda session: orders.cancel_order(session, order))
    ana.wait_for("Cancelled. Put", "W24 STEP CHANGED")
    assert "where it goes" not in ana.screen


def test_a_badge_that_is_scanned_elsewhere_leaves_the_old_station_at_once(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("GLOVE-L", 5))
    first = start()
    begin_pick(first, "SO-1")
    start(station="st-2").wait_for("Go to this bin")
    first.wait_for("G16 SIGNED OUT", "Scan your badge")


def test_a_digit_that_is_no_choice_does_not_stand_in_the_way_of_the_next(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("GLOVE-L", 5))
    terminal = start()
    begin_pick(terminal, "SO-1")
    terminal.scan("WH1-A02-1", "BIN OK")
    terminal.key("F6", "5 GLOVE-L missing. Why?")
    terminal.key("9", "E54 NO SUCH CHOICE")
    terminal.key("1", "BACKORDER 5")


def test_a_last_tote_read_twice_is_no_error(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("GLOVE-L", 5))
    terminal = start()
    begin_pick(terminal, "SO-1")
    terminal.scan("WH1-A02-1", "BIN OK")
    terminal.scan(GLOVE_L, "ITEM OK")
    terminal.send("T1\rT1\r")
    terminal.wait_for("W08 SAME CODE TWICE", "T1 5 units")
    terminal.scan("T2", "E47 UNKNOWN DOCUMENT")
    assert desk.moves("pick_move") == [("pick_move", "GLOVE-L", "A02-1", "T1", "", 5)]


def test_a_month_typed_where_a_number_is_asked_is_no_quantity(desk: Worker, start: Start) -> None:
    buy(desk, "PO-1", ("BOLT-M8", 100))
    terminal = start()
    terminal.key("1", "Scan the purchase order")
    terminal.scan("PO-1", "DOCUMENT OK")
    terminal.scan(BOLT, "QTY 1")
    for part, typed in (("07.", "07."), ("202", "07.202"), ("7", "07.2027")):
        terminal.send(part)
        terminal.wait_for(f"› {typed}")
    terminal.key("Enter", "E01 UNKNOWN CODE", "BOLT-M8 1/100")
    terminal.type("7,5", "7.5 is no quantity of this")
