"""The supervisor's desk beside a worker at another terminal: live, and nothing of it for operators (F10, F12)."""

from __future__ import annotations

from collections.abc import Callable

from ambra_tui.services import orders
from tests.floor.receiving import buy
from tests.floor.station import Station
from tests.floor.worker import Worker

PAINT = "5001000000071"


def test_f10_the_desk_shows_who_works_where_on_what(desk: Worker, start: Callable[..., Station]) -> None:
    """F10: Ana receives at her station; the open page of the desk tells of it by itself, her errors too."""
    buy(desk, "PO-1", ("PAINT-5L", 20))
    ana = start(rows=20, columns=40)
    cleo = start(rows=24, columns=80, badge="BDG-9001", station="desk-1")
    cleo.key("0", "Desk", "Held work")
    cleo.key("F5", "Floor", "Ana menu")
    ana.key("1", "Scan the purchase order")
    cleo.wait_for("Ana Receive WH1/st-1")
    ana.scan("PO-1", "DOCUMENT OK")
    ana.scan("NO-SUCH-CODE", "E01")
    ana.scan(PAINT, "QTY 1")
    ana.type("20", "ORDER COMPLETE")
    cleo.wait_for("Lines/h 1 Errors/h 1", "s ago")
    cleo.key("F11", "Shift", "lines")
    cleo.key("Esc", "Floor")
    cleo.key("Esc", "Held work")
    ana.scan("WH1-RECV", "BIN OK")
    ana.scan("5001000000040", "GLOVE-L")
    ana.scan("WH1-RECV", "W07")
    cleo.wait_for("Exceptions (1)")


def test_a_list_is_searched_by_scan_and_follows_the_ledger(desk: Worker, start: Callable[..., Station]) -> None:
    """The list of moves: what another terminal posts comes in by itself; a scanned item searches."""
    cleo = start(rows=24, columns=80, badge="BDG-9001", station="desk-1")
    cleo.key("0", "Held work")
    cleo.key("F7", "Moves", "BOLT-M8", "GLOVE-L")
    order = desk.order("SO-1", ("CABLE-2M", 7))
    desk.write(lambda session: orders.fulfill_order(session, orders.get_order(session, order.id)))
    cleo.wait_for("CABLE-2M 7 shipped B01-1 → customer")
    cleo.scan(PAINT, "PAINT-5L 12")
    cleo.wait_gone("CABLE-2M")
    cleo.key("Esc", "CABLE-2M 7")
    cleo.key("Esc", "Held work")
