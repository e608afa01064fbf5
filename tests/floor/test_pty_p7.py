"""P7 through pseudo-terminals: a transfer loaded and sent in the warehouse, taken in short at the store, explained."""

from __future__ import annotations

import pytest

from tests.floor.conftest import Start
from tests.floor.test_transfer import CHOC, CHOC_CASE, GLOVE, P7, held, losses, plan, status_of
from tests.floor.worker import Worker

SIZES = [
    pytest.param(20, 40),
    pytest.param(16, 20, marks=pytest.mark.long),
    pytest.param(8, 40, marks=pytest.mark.long),
    pytest.param(24, 80, marks=pytest.mark.long),
    pytest.param(40, 120, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_p7_a_transfer_in_two_steps_with_a_loss(desk: Worker, start: Start, rows: int, columns: int) -> None:
    """E1: shipped is in transit, received is there, the difference is open until a reason."""
    plan(desk, "TR-1", *P7)
    before = {sku: sum(held(desk, sku)) for sku, _ in P7}
    ana = start(rows, columns)
    ana.key("6", "Choose, or scan the transfer", "TR-1 > ST1")
    ana.scan("TR-1", "DOCUMENT OK", "GLOVE-L 0/10")
    ana.scan("WH1-A02-1", "BIN OK")
    ana.scan(GLOVE, "QTY 1")
    ana.type("10", "LOADED 10")
    assert held(desk, "GLOVE-L") == (30, 5, 10)
    ana.kill()
    ana.restart("SIGNED IN", "CHOC-100 0/24")  # the same step; what was loaded is loaded once
    ana.scan("WH1-B02-1", "BIN OK")
    ana.scan(CHOC_CASE, "LOADED 24")
    ana.key("F10", "ON ITS WAY")
    assert (held(desk, "GLOVE-L"), held(desk, "CHOC-100")) == ((30, 5, 10), (24, 0, 24))
    ben = start(rows, columns, badge="BDG-1002", station="st-2", site="ST1")
    ben.key("6", "Choose, or scan the transfer", "TR-1 < WH1")
    ben.key("1", "DOCUMENT OK")
    ben.scan(GLOVE, "QTY 1")
    ben.type("10", "RECEIVED 10")
    ben.scan(CHOC, "QTY 1")
    ben.type("25", "E14 OVER QTY", "At most 24 more")
    ben.type("22", "RECEIVED 22")
    assert {sku: sum(held(desk, sku)) for sku, _ in P7} == before
    ben.key("F10", "2 missing. Close it?")
    ben.key("1", "W26 MISSING 2")
    assert [move[1:] for move in desk.moves("transfer_in")] == [
        ("GLOVE-L", "transit", "MAIN", "", 10),
        ("CHOC-100", "transit", "MAIN", "C7", 22),
    ]
    assert (losses(desk), status_of(desk, "TR-1")) == ([2], "received")
    assert {sku: sum(held(desk, sku)) for sku, _ in P7} == before
    cleo = start(rows, columns, badge="BDG-9001", station="st-3", site="ST1")
    cleo.key("6", "Choose, or scan the transfer", "TR-1 ?")
    cleo.key("1", "Never arrived: why?", "CHOC-100 2")
    cleo.key("1", "SETTLED 2")
    assert losses(desk) == []
    assert held(desk, "CHOC-100") == (24, 22, 0)
    assert (ana.error_tones, ben.error_tones, cleo.error_tones) == (0, 1, 0)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_german_transfer_fits_sixteen_rows_of_twenty(desk: Worker, start: Start) -> None:
    plan(desk, "TR-1", *P7)
    ana = start(16, 20, badge="BDG-9001")
    desk.speak("de")
    ana.key("6", "Wählen oder den Transfer scannen", "TR-1 > ST1")
    ana.key("1", "BELEG OK", "Platz scannen, von dem geladen wird", "0/24")
    ana.scan("WH1-A02-1", "Artikel scannen, oder anderen Platz", "A02-1")
    ana.scan(GLOVE, "MENGE 1", "Mehr scannen, oder Menge und Enter")
    ana.key("F10", "33 nicht geladen. Abschicken?", "1 So abschicken", "2 Weiter laden")
    ana.key("2", "Artikel scannen")
