"""Scans at the real program: spellings, double reads, bursts, a stalled store, every source, the log of frames."""

from __future__ import annotations

import os
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlmodel import Session, col, select

from ambra_tui.store.models import FloorStep
from ambra_tui.store.scope import organization_of
from tests.floor.conftest import Start, until
from tests.floor.receiving import buy, plates
from tests.floor.station import Station
from tests.floor.test_pty_receive import BOLT_CASE, MILK_LABEL, PLATE, PLATE_CODE, receive
from tests.floor.worker import Worker
from tests.terminal.test_sources import escaped

GS = "\x1d"
BOLT, GLOVE = "5001000000033", "5001000000040"
PALLET = (PLATE_CODE, MILK_LABEL, "WH1-RECV", *[BOLT_CASE] * 10, "WH1-RECV")
RECEIVED = [
    ("purchase_received", "MILK-1L", "supplier", "RECV", "M130", 120),
    ("purchase_received", "BOLT-M8", "supplier", "RECV", "", 1000),
]
BURST_PAUSE_SECONDS = 0.06  # slower than a scanner


def heard(desk: Worker) -> list[tuple[str, str]]:
    """(how, verdict) of every code that any terminal heard, in order."""

    def work(session: Session) -> list[tuple[str, str]]:
        statement = select(FloorStep).where(
            FloorStep.organization_id == organization_of(session), FloorStep.kind == "code"
        )
        return [(row.how, row.code) for row in session.exec(statement.order_by(col(FloorStep.id)))]

    return desk.write(work)


def read_twice(desk: Worker, ana: Station, code: str) -> None:
    """The trigger reads a code twice within some milliseconds; both are answered."""
    count = len(heard(desk))
    ana.send(f"{code}\r{code}\r")
    until(lambda: len(heard(desk)) == count + 2, f"two answers to {code}", beside=ana)


# --- what a code is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [GS, "|", "{GS}", "^]"])
def test_a3_lot_and_serial_stay_apart_however_the_device_writes_the_separator(
    desk: Worker, start: Start, separator: str
) -> None:
    """A3: GS, `|`, `{GS}` and `^]` between lot and serial number of a label mean the same."""
    buy(desk, "PO-1", ("PHONE-X", 3), ("MILK-1L", 24))
    ana = start()
    receive(ana, "PO-1")
    ana.scan(f"]C1010500100000006410LOT-7{separator}21SN0001", "SERIAL 1/3")
    ana.scan(f"]C1010500100000001910M130{separator}17260715", "M130", "2026-07-15", "1/24")
    ana.scan("WH1-RECV", "RECEIVED 1")
    assert desk.serials("RECV") == ["", "SN0001"]
    assert [(move[1], move[5]) for move in desk.moves()] == [("PHONE-X", 1), ("MILK-1L", 1)]
    assert desk.moves()[1][4] == "M130"


def test_a4_a_code_at_the_menu_opens_its_card_and_no_entry_of_the_menu(desk: Worker, start: Start) -> None:
    """A4: S:5001000000033 at the numbered menu is the card of its item."""
    ana = start()
    ana.wait_for("1 Receive", "5 Move")
    ana.scan(BOLT, "A01-1", "500", "C02-1", "2000")
    ana.key("Esc", "1 Receive", "5 Move")
    assert ana.error_tones == 0


def test_a6_digits_that_a_person_types_are_a_manual_entry(desk: Worker, start: Start) -> None:
    """A6: the same digits typed and scanned open the same card; the logs tell `manual` from `scan`."""
    ana = start(24, 80)
    ana.key("F3", "Scan anything")
    ana.terminal.pump_until(time.monotonic() + BURST_PAUSE_SECONDS)
    ana.terminal.send_spaced(f"{GLOVE}\r", gap_seconds=BURST_PAUSE_SECONDS)
    ana.wait_for("Work glove L", "ST1/MAIN 5")
    ana.key("Esc", "1 Receive")
    ana.scan(GLOVE, "Work glove L", "ST1/MAIN 5")
    assert [how for how, _ in heard(desk)] == ["manual", "scan"]
    ana.key("F2", "keyboard manual G14", "wedge scan G14")


# --- bursts and double reads ----------------------------------------------------------------------------------------


def test_a7_two_codes_in_one_trigger_are_two_answers(desk: Worker, start: Start) -> None:
    """A7: the good one is accepted, the unknown one is one error, the step goes on by one."""
    buy(desk, "PO-1", ("BOLT-M8", 1000))
    ana = start()
    receive(ana, "PO-1")
    ana.send(f"{BOLT_CASE}\rNO-SUCH-CODE\r")
    ana.wait_for("E01 UNKNOWN CODE", "100/1000")
    assert (ana.error_tones, heard(desk)[1:]) == (1, [("scan", "G17"), ("scan", "E01")])
    ana.scan("WH1-RECV", "RECEIVED 100")
    assert desk.moves() == [("purchase_received", "BOLT-M8", "supplier", "RECV", "", 100)]
    assert ana.error_tones == 1


def test_a8_a_double_read_confirms_nothing_and_counts_where_units_are_counted(desk: Worker, start: Start) -> None:
    """A8: a pick's codes read twice move what it says, once; where units are counted, two reads are two units."""
    desk.order("SO-1", ("BOLT-M8", 10), ("GLOVE-L", 3))
    ana = start()
    ana.key("3", "Scan an order")
    read_twice(desk, ana, "SO-1")
    ana.wait_for("Go to this bin", "10 BOLT-M8")
    read_twice(desk, ana, "WH1-A01-1")
    read_twice(desk, ana, BOLT)
    ana.wait_for("Scan the tote")
    assert desk.moves() == []
    read_twice(desk, ana, "T1")
    ana.wait_for("Go to this bin", "3 GLOVE-L")
    assert desk.moves() == [("pick_move", "BOLT-M8", "A01-1", "T1", "", 10)]
    ana.key("Esc")
    ana.key("Esc", "Choose or scan")

    buy(desk, "PO-1", ("BOLT-M8", 100))
    receive(ana, "PO-1")
    read_twice(desk, ana, BOLT)
    ana.wait_for("2/100")
    assert desk.moves("purchase_received") == []


def test_a9_scans_are_echoed_while_a_commit_stalls_and_done_in_order_after_it(
    desk: Worker, start: Start, store_url: str
) -> None:
    """A9: for two seconds nothing can be written; every scan stands on the screen at once and is done afterwards."""
    buy(desk, "PO-1", ("MILK-1L", 120), ("BOLT-M8", 1000))
    ana = start()
    receive(ana, "PO-1")
    with stalled(store_url):
        until_free = time.monotonic() + 2.0
        for code in (PLATE_CODE, MILK_LABEL, "WH1-RECV"):
            ana.scan(code, f"› {code[:6]}")
        assert time.monotonic() < until_free  # all of it while nothing was answered
        ana.terminal.pump_until(until_free)
        assert "0/120" in ana.screen
    ana.wait_for("RECEIVED 120")
    assert desk.moves() == RECEIVED[:1]
    assert plates(desk) == {PLATE: ("RECV", 120)}


@contextmanager
def stalled(store_url: str) -> Iterator[None]:
    """Nobody can write to the store."""
    engine = create_engine(store_url)
    with engine.connect() as connection:
        is_file = store_url.startswith("sqlite")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_file else "LOCK TABLE floor_step IN EXCLUSIVE MODE")
        yield
        connection.rollback()
    engine.dispose()


# --- sources --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["keyboard", "serial", "replay"])
def test_a10_every_source_has_the_same_effect_on_the_ledger(
    desk: Worker, store_url: str, tmp_path: Path, source: str
) -> None:
    """A10: a pallet and ten cases by keyboard, by a serial scanner and from a recording: the same ledger."""
    buy(desk, "PO-1001", ("MILK-1L", 120), ("BOLT-M8", 1000))
    Worker(desk.store, desk.organization_id, "BDG-1001").menu("receive").scan("PO-1001")
    with opened(source, store_url, tmp_path) as (ana, send):
        send("BDG-1001")
        ana.wait_for("SIGNED IN")
        for code in PALLET:
            send(code)
        ana.wait_for("BIN OK", "All received")
    assert desk.moves() == RECEIVED
    assert plates(desk) == {PLATE: ("RECV", 120)}


@contextmanager
def opened(source: str, store_url: str, folder: Path) -> Iterator[tuple[Station, Callable[[str], object]]]:
    """The program with that source, and what sends a code by it."""
    master, far_end = os.openpty()
    tty.setraw(far_end)
    recording = folder / "pallet.scans"
    lines = [(0, "BDG-1001"), *((8000 + 100 * number, code) for number, code in enumerate(PALLET))]
    recording.write_text("".join(f"{at}\t{escaped(code)}\n" for at, code in lines), encoding="utf-8")
    serial = {"keyboard": "", "serial": os.ttyname(far_end), "replay": f"replay:{recording}"}[source]
    ana = Station.open(store_url, folder / "home", serial=serial)
    try:
        ana.wait_for("Scan your badge")
        if source == "serial":
            ana.wait_for("scanner ready")
        writers: dict[str, Callable[[str], object]] = {
            "keyboard": ana.scan,
            "serial": lambda code: os.write(master, f"{code}\r".encode()),
            "replay": lambda code: None,
        }
        yield ana, writers[source]
    finally:
        ana.close()
        os.close(far_end)
        os.close(master)


def test_a11_f2_shows_the_last_fifty_frames_whole(desk: Worker, start: Start) -> None:
    """A11: bytes, symbology, verdict and `<GS>` of the last 50 frames; the 51st is gone."""
    ana = start(40, 120)
    ana.scan(f"]C110OLDEST{GS}21SER9")
    ana.send("".join(f"NO-SUCH-{number:02d}\r" for number in range(2, 51)))
    until(lambda: len(heard(desk)) == 50, "fifty answers", beside=ana)
    ana.key("F2", "NO-SUCH-50", "4e 4f 2d 53 55 43 48 2d 35 30", "wedge scan E01")
    ana.key("End", "]C110OLDEST<GS>21SER9", "]C1 wedge scan", "1d 32 31 53 45 52 39", "NO-SUCH-02")
    ana.key("Esc", "1 Receive")
    ana.scan("NO-SUCH-51", "NO-SUCH-51")
    ana.key("F2", "4e 4f 2d 53 55 43 48 2d 35 31")
    ana.key("End", "NO-SUCH-02")
    assert "OLDEST" not in ana.screen
