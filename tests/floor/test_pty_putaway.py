"""B9, B10, B11 at a terminal: a proposed bin with its reason, plates split and merged, codes learned in place."""

from __future__ import annotations

import pytest

from tests.floor.conftest import Start
from tests.floor.receiving import buy, order_of
from tests.floor.test_putaway import OTHER_PLATE, PLATE, bin_moves, milk_arrives, plates
from tests.floor.worker import Worker

SIZES = [(16, 20), pytest.param(8, 40, marks=pytest.mark.long), pytest.param(24, 80, marks=pytest.mark.long)]


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_b9_the_proposed_bin_says_why_and_another_one_costs_a_digit(
    desk: Worker, start: Start, rows: int, columns: int
) -> None:
    """B9: a bin with its reason in one line; another legal one by one key; an illegal one refused with the reason."""
    milk_arrives(desk)
    ana = start(rows, columns)
    ana.key("2", "Scan a pallet")
    ana.scan(PLATE, "C03-1", "empty, same zone")
    ana.scan("WH1-C01-1", "E18 BIN LOT/ITEM MIX", "MILK-1L M120")
    ana.scan("WH1-A04-1", "Why another bin?", "1 Bin is full", "4 Other")
    ana.scan("WH1-A04-1", "E40 ANSWER FIRST")
    assert bin_moves(desk) == []
    ana.key("2", "OTHER BIN")
    assert bin_moves(desk) == [("MILK-1L", "RECV", "A04-1", "M130", 120)]
    assert ana.error_tones == 2


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_b10_split_merge_skip_and_cancel_at_every_step(desk: Worker, start: Start, rows: int, columns: int) -> None:
    """B10: a plate split over two bins, merged, skipped, and cancelled at every step."""
    milk_arrives(desk)
    milk_arrives(desk, 60, OTHER_PLATE)
    ana = start(rows, columns)
    ana.key("2", "Scan a pallet")
    ana.scan(PLATE, "C03-1")
    ana.key("F7", "SKIPPED", "Scan a pallet")
    ana.scan(PLATE, "C03-1")
    ana.type("40", "40 M130")
    ana.key("Esc", "Scan a pallet")
    ana.scan(PLATE, "C03-1", "120")
    ana.scan("WH1-A04-1", "Why another bin?")
    ana.key("Esc", "Go to this bin")
    assert bin_moves(desk) == []
    ana.type("40", "40 M130")
    ana.scan("WH1-C03-1", "PUT AWAY 40", "80 M130")
    ana.scan("WH1-C03-1", "PUT AWAY 80", "Scan a pallet")
    assert plates(desk)[PLATE] == [("C03-1", "MILK-1L", 80)]
    ana.scan(OTHER_PLATE, "C03-1", "same lot there")
    ana.scan(PLATE, "PUT AWAY 60")
    assert plates(desk) == {PLATE: [("C03-1", "MILK-1L", 140)]}
    assert desk.on_hand("MILK-1L", "C03-1") == 180
    ana.key("Ctrl+Z", "Take this back?", "60 MILK-1L", "C03-1")
    ana.key("1", "UNDONE")
    assert plates(desk)[OTHER_PLATE] == [("RECV", "MILK-1L", 60)]
    ana.key("Esc", "Scan a pallet")
    ana.key("Esc", "Receive")
    assert ana.error_tones == 0


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_b11_an_unknown_barcode_is_learned_in_place(desk: Worker, start: Start, rows: int, columns: int) -> None:
    """B11: learned by a supervisor's badge and PIN; the next scan works."""
    buy(desk, "PO-1", ("BOLT-M8", 1000))
    ana = start(rows, columns)
    ana.key("1", "Scan the purchase order")
    ana.scan("PO-1", "DOCUMENT OK")
    ana.scan("BOX-OF-BOLTS", "E01 UNKNOWN CODE")
    ana.scan("BDG-9001", "type the PIN")
    ana.type_secret("4711", "Scan the item that this code means")
    ana.scan("15001000000030", "CODE LEARNED")
    ana.scan("BOX-OF-BOLTS", "100/1000")
    ana.key("Esc", "Scan an item")
    ana.key("Ctrl+Z", "Take this back?", "Barcode learned", "BOLT-M8")
    ana.key("1", "UNDONE")
    ana.scan("BOX-OF-BOLTS", "E01 UNKNOWN CODE")
    assert order_of(desk, "PO-1") == ("ordered", "", [0])
