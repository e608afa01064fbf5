"""Receiving and putting away through a pseudo-terminal: bytes into the real program, facts out of the ledger."""

from __future__ import annotations

import pytest

from tests.floor.conftest import Start
from tests.floor.receiving import buy, exceptions, order_of, plates
from tests.floor.station import Station
from tests.floor.worker import Worker

GS = "\x1d"
PLATE = "050010000000000019"
PLATE_CODE = f"]C100{PLATE}"
MILK_LABEL = f"]C10215001000000016172607153710{GS}10M130"
BOLT_CASE, PAINT, CHOC = "15001000000030", "5001000000071", "5001000000095"
LONG_SIZES = [
    pytest.param(rows, columns, marks=pytest.mark.long) for rows, columns in ((8, 40), (20, 40), (24, 80), (40, 120))
]
SIZES = [(16, 20), *LONG_SIZES]


def receive(terminal: Station, number: str) -> None:
    terminal.key("1", "Scan the purchase order")
    terminal.scan(number, "DOCUMENT OK")


@pytest.mark.parametrize(("rows", "columns"), [(16, 40), *SIZES])
def test_p1_a_pallet_is_received_by_scans_alone_and_put_away(
    desk: Worker, start: Start, rows: int, columns: int
) -> None:
    buy(desk, "PO-1001", ("MILK-1L", 120), ("BOLT-M8", 1000))
    terminal = start(rows, columns)
    receive(terminal, "PO-1001")
    terminal.scan(PLATE_CODE, "LP OK")
    terminal.scan(MILK_LABEL, "QTY 120", "120/120", "M130", "2026-07-15")
    terminal.scan("WH1-RECV", "RECEIVED 120")
    for count in range(1, 10):
        terminal.scan(BOLT_CASE, f"QTY {count}00", f"{count}00/1000")
    terminal.scan(BOLT_CASE, "ORDER COMPLETE", "1000/1000")
    terminal.scan("WH1-RECV", "BIN OK")
    assert desk.moves() == [
        ("purchase_received", "MILK-1L", "supplier", "RECV", "M130", 120),
        ("purchase_received", "BOLT-M8", "supplier", "RECV", "", 1000),
    ]
    terminal.key("F10", "CLOSED", "1 Receive")
    assert order_of(desk, "PO-1001") == ("received", "", [120, 1000])
    assert plates(desk) == {PLATE: ("RECV", 120)}

    terminal.key("2", "Scan a pallet")
    terminal.scan(PLATE, "C03-1", "empty, same zone")
    terminal.scan("WH1-C01-1", "E18 BIN LOT/ITEM")
    assert desk.moves("bin_move") == []
    terminal.scan("WH1-C03-1", "PUT AWAY 120")
    assert desk.moves("bin_move") == [("bin_move", "MILK-1L", "RECV", "C03-1", "M130", 120)]
    assert plates(desk) == {PLATE: ("C03-1", 120)}
    assert terminal.error_tones == 1


def test_p1_arrives_in_one_write_too(desk: Worker, start: Start) -> None:
    buy(desk, "PO-1001", ("MILK-1L", 120), ("BOLT-M8", 1000))
    terminal = start()
    terminal.key("1", "Scan the purchase order")
    codes = ["PO-1001", PLATE_CODE, MILK_LABEL, "WH1-RECV", *[BOLT_CASE] * 10, "WH1-RECV"]
    terminal.send("".join(f"{code}\r" for code in codes))
    terminal.wait_for("BIN OK", "All received")
    assert desk.moves() == [
        ("purchase_received", "MILK-1L", "supplier", "RECV", "M130", 120),
        ("purchase_received", "BOLT-M8", "supplier", "RECV", "", 1000),
    ]


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_p2_short_dated_over_damaged_and_closed_short(desk: Worker, start: Start, rows: int, columns: int) -> None:
    buy(desk, "PO-1002", ("YOG-150", 100), tolerance=5)
    buy(desk, "PO-1003", ("PAINT-5L", 20))
    terminal = start(rows, columns)
    receive(terminal, "PO-1002")
    terminal.scan(f"]C10105001000000026172603153010{GS}10Y1", "E11 SHORT-DATED", "Y1")
    assert desk.moves() == []
    terminal.scan("]C101050010000000261726053010Y2", "Y2", "2026-05-30")
    terminal.type("106", "E14 OVER QTY", "105")
    assert desk.moves() == []
    terminal.type("104", "OVER +4")
    assert desk.moves() == [("purchase_received", "YOG-150", "supplier", "RECV", "Y2", 104)]
    terminal.key("F10", "CLOSED", "1 Receive")
    assert order_of(desk, "PO-1002") == ("received", "", [104])

    receive(terminal, "PO-1003")
    terminal.send(f"{PAINT}\r" * 17)
    terminal.wait_for("17/20")
    terminal.scan("WH1-RECV", "RECEIVED 17")
    terminal.key("F8", "DAMAGED UNITS", "QUAR")
    terminal.scan(PAINT, "DAMAGED 1", "18/20")
    terminal.scan("WH1-QUAR", "BIN OK")
    terminal.key("F10", "2 PAINT-5L missing. Why?")
    terminal.key("1", "CLOSED SHORT", "1 Receive")
    assert desk.moves()[1:] == [
        ("purchase_received", "PAINT-5L", "supplier", "RECV", "", 17),
        ("purchase_received", "PAINT-5L", "supplier", "QUAR", "", 1),
    ]
    assert order_of(desk, "PO-1003") == ("received", "SHORT", [18])
    assert exceptions(desk) == [("short_receipt", 2, "SHORT", "open")]


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_p3_serials_are_captured_one_by_one(desk: Worker, start: Start, rows: int, columns: int) -> None:
    buy(desk, "PO-1004", ("PHONE-X", 3))
    label = "]d20105001000000064"
    terminal = start(rows, columns)
    receive(terminal, "PO-1004")
    terminal.scan(f"{label}21SN0001", "SERIAL 1/3", "1/3")
    terminal.scan(f"{label}21SN0001", "E13 DUP SERIAL", "RECV")
    terminal.scan(f"{label}21SN0002", "SERIAL 2/3", "2/3")
    terminal.scan(f"{label}21SN0003", "SERIAL 3/3", "3/3")
    terminal.scan(f"{label}21SN0004", "E14 OVER QTY", "3/3")
    assert desk.moves() == [("purchase_received", "PHONE-X", "supplier", "RECV", "", 1)] * 3


def test_p9_units_in_one_write_are_counted_each_and_no_more_than_ordered(desk: Worker, start: Start) -> None:
    buy(desk, "PO-1005", ("CHOC-100", 24), tolerance=0)
    terminal = start()
    receive(terminal, "PO-1005")
    terminal.scan("]C101050010000000951726113010C8", "C8", "2026-11-30")
    terminal.send(f"{CHOC}\r" * 24)
    terminal.wait_for("24/24", "ORDER COMPLETE")
    assert desk.moves() == [("purchase_received", "CHOC-100", "supplier", "RECV", "C8", 24)]
    terminal.scan(CHOC, "E14 OVER QTY", "24/24")
    assert len(desk.moves()) == 1


def test_after_a_kill_the_receipt_goes_on_where_it_was(desk: Worker, start: Start) -> None:
    buy(desk, "PO-1001", ("MILK-1L", 120), ("BOLT-M8", 1000))
    terminal = start()
    receive(terminal, "PO-1001")
    terminal.scan(BOLT_CASE, "QTY 100")
    terminal.scan(BOLT_CASE, "QTY 200")
    terminal.kill()
    assert desk.moves() == []
    again = start()
    again.wait_for("200/1000")
    again.scan("WH1-RECV", "RECEIVED 200")
    assert desk.moves() == [("purchase_received", "BOLT-M8", "supplier", "RECV", "", 200)]
