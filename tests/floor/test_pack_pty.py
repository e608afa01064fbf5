"""Packing through a pseudo-terminal: a tote into two packages by scanner bytes, killed in between, handed over."""

from __future__ import annotations

import pytest

from tests.floor.conftest import Start
from tests.floor.packing import CHOC, CHOC_CASE, GLOVE, GLOVE_M, parcels, picked, settle, status, tracking
from tests.floor.worker import Worker

SIZES = [
    pytest.param(16, 20),
    pytest.param(8, 40, marks=pytest.mark.long),
    pytest.param(20, 40, marks=pytest.mark.long),
    pytest.param(24, 80, marks=pytest.mark.long),
    pytest.param(40, 120, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_an_order_is_packed_and_handed_over(desk: Worker, start: Start, rows: int, columns: int) -> None:
    settle(desk)
    picked(desk, "SO-1", ("GLOVE-L", 3), ("CHOC-100", 25))
    ana = start(rows, columns)
    ana.key("-", "scan a tote or an order", "SO-1")
    ana.scan("T1", "DOCUMENT OK", "Scan an item into package 1")
    ana.scan(GLOVE_M, "E06")
    ana.send("".join(f"{GLOVE}\r" for _ in range(3)))  # in one write
    ana.wait_for("PACKED 3/3")
    ana.kill()
    ana.restart("SIGNED IN", "Scan an item into package 1")
    ana.scan(GLOVE, "E14 OVER QTY")
    ana.key("F10", "Weight in kg")
    ana.type("1.2", "PACKAGE CLOSED", "Scan an item into package 2")
    ana.scan(CHOC_CASE, "PACKED 24/25")
    ana.scan(CHOC, "PACKED 25/25", "Weight in kg")
    ana.key("F10", "ALL PACKED", "Print the label")
    ana.key("1", "NO PRINTER: PDF", "Stick on the label")
    first, second = tracking(desk, "SO-1")
    assert (parcels(desk, "SO-1"), status(desk, "SO-1")) == (
        [("created", [[("GLOVE-L", "", 3)], [("CHOC-100", "C7", 25)]])],
        "packed",
    )
    ana.scan(first, "PARCEL 1/2")
    ana.scan(second, "SHIPPED")
    assert sorted(move[1:] for move in desk.moves("order_fulfilled")) == [
        ("CHOC-100", "STAGE", "customer", "C7", 25),
        ("GLOVE-L", "STAGE", "customer", "", 3),
    ]
    ana.key("Ctrl+Z", "Take this back?", "Handed over", "SO-1")
    ana.key("1", "UNDONE")
    assert (status(desk, "SO-1"), desk.on_hand("CHOC-100", "STAGE")) == ("packed", 25)
    assert ana.error_tones == 2


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_german_packing_fits_sixteen_rows_of_twenty(desk: Worker, start: Start) -> None:
    settle(desk)
    picked(desk, "SO-1", ("GLOVE-L", 2))
    ana = start(16, 20, badge="BDG-9001")
    desk.speak("de")
    ana.key("-", "Wählen, oder Behälter/Auftrag scannen", "SO-1")
    ana.key("1", "BELEG OK", "Artikel in Paket 1 scannen", "0/2")
    ana.scan(GLOVE, "GEPACKT 1/2")
    ana.key("F6", "Artikel scannen, der herauskommt")
    ana.scan(GLOVE, "ENTNOMMEN 1")
    ana.scan(GLOVE, "GEPACKT 1/2")
    ana.type("2", "GEPACKT 2/2", "Gewicht in kg und Enter. F10: unbekannt")
    ana.type("0.8", "ALLES GEPACKT", "Etikett für diesen Versand drucken?", "1 Etikett drucken", "2 Anderer Versand")
    ana.key("2", "Parcel Select", "9 Mehr davon")
    ana.key("9", "DHL Worldwide")
    ana.key("1", "Etikett für diesen Versand drucken?", "3 Ohne Versand")
    ana.key("3", "ABHOLBEREIT", "Etikett aufkleben")
    ana.key("F8", "Etikett jedes Pakets scannen", "SO-1 0/1")
    ana.scan("SO-1", "VERSANDT")
