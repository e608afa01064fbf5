"""P10 through a pseudo-terminal: a return, a look-up, roles, another language, on sixteen rows of twenty columns."""

from __future__ import annotations

import pytest

from tests.floor.conftest import Rest, Start
from tests.floor.test_returns import CHOC, GLOVE, at_site, authorize, ship, state
from tests.floor.worker import Worker

SIZES = [
    (16, 20),
    pytest.param(8, 40, marks=pytest.mark.long),
    pytest.param(20, 40, marks=pytest.mark.long),
    pytest.param(24, 80, marks=pytest.mark.long),
    pytest.param(40, 120, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_p10_return_inquiry_roles_language(desk: Worker, start: Start, rest: Rest, rows: int, columns: int) -> None:
    order_id = ship(desk, "SO-9", ("GLOVE-L", 4), ("CHOC-100", 2))
    authorize(desk, "RMA-1", order_id, ("GLOVE-L", 2, "sellable"), ("CHOC-100", 1, "damaged"))
    ana = start(rows, columns, has_server=True)

    ana.scan(GLOVE, "Work glove L", "A02-1", "36", "ST1", "5")
    ana.key("Esc", "8 Returns")

    ana.key("8", "Scan or choose")
    ana.scan("RMA-1", "DOCUMENT OK", "GLOVE-L 0/2", "CHOC-100 0/1")
    ana.scan(GLOVE, "Which condition?", "s Sellable", "d Damaged", "x Discard")
    ana.key("s", "RETURNED 1/3", "GLOVE-L 1/2")
    ana.key("Ctrl+G", "SPRACHE", "Artikel der Retoure", "GLOVE-L 1/2")
    ana.scan(GLOVE, "Welcher Zustand?", "s Verkäuflich", "d Beschädigt", "x Entsorgen")
    ana.key("s", "ZURÜCK 2/3", "GLOVE-L 2/2")
    ana.scan(CHOC, "Welcher Zustand?", "C7")
    ana.key("d", "RETOURE KOMPLETT")
    ana.key("Esc", "8 Retouren")
    ana.key("0", "E35")

    assert state(desk, "RMA-1") == ("received", [(2, 0, 0), (0, 1, 0)])
    assert [move[1:] for move in desk.moves("return_received")] == [("GLOVE-L", "customer", "RECV", "", 1)] * 2
    assert sum(move[5] for move in desk.moves("return_disposed") if move[2] == "customer") == 1
    assert (at_site(desk, "GLOVE-L"), at_site(desk, "CHOC-100")) == (38, 46)
    assert ana.error_tones == 1

    api = rest()
    levels = {
        (row["sku"], row["on_hand"])
        for sku in ("GLOVE-L", "CHOC-100")
        for row in api.get("/api/v1/inventory_levels", params={"sku": sku}).json()["data"]
    }
    assert {("GLOVE-L", 38), ("GLOVE-L", 5), ("CHOC-100", 46)} == levels
    rma = api.get("/api/v1/return_authorizations", params={"status": "received"}).json()["data"]
    assert [row["number"] for row in rma] == ["RMA-1"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_undo_after_a_kill_and_at_another_station(desk: Worker, start: Start) -> None:
    authorize(desk, "RMA-1", ship(desk, "SO-9", ("GLOVE-L", 4)), ("GLOVE-L", 3, "sellable"))
    ana = start(16, 20)
    ana.key("8", "Scan or choose")
    ana.scan("RMA-1", "GLOVE-L 0/3")
    for done in (1, 2):
        ana.scan(GLOVE, "Which condition?")
        ana.key("s", f"RETURNED {done}/3")
    ana.kill()
    ana.restart("GLOVE-L 2/3")
    ana.key("Ctrl+Z", "Take this back?", "Return received", "1 GLOVE-L", "RMA-1")
    ana.scan("1", "E40")
    ana.key("1", "UNDONE", "1 Undo")
    ana.kill()
    assert (state(desk, "RMA-1")[1], at_site(desk, "GLOVE-L")) == ([(1, 0, 0)], 37)
    again = start(16, 20, station="st-2")
    again.wait_for("Take this back?")
    again.key("1", "UNDONE", "GLOVE-L 0/3")
    assert (state(desk, "RMA-1")[1], at_site(desk, "GLOVE-L")) == ([(0, 0, 0)], 36)
    again.key("Ctrl+Z", "NOTHING TO UNDO")
    again.scan(GLOVE, "Which condition?")
    again.key("x", "NOT INTO STOCK", "GLOVE-L 1/3")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_typed_digits_come_back_after_a_kill_even_under_a_card(desk: Worker, start: Start) -> None:
    """F1: the same step, the same line, the typed digits restored."""
    authorize(desk, "RMA-1", ship(desk, "SO-9", ("MILK-1L", 12)), ("MILK-1L", 3, "sellable"))
    ana = start(16, 20)
    ana.key("8", "Scan or choose")
    ana.scan("RMA-1", "MILK-1L 0/3")
    ana.scan("5001000000019", "Scan or type the lot")
    ana.send("M0")
    ana.wait_for("› M0")
    ana.key("Ctrl+Z", "NOTHING TO UNDO", "› M0")
    ana.key("F3", "Scan anything")
    ana.kill()
    ana.restart("Scan anything")
    ana.key("Esc", "Scan or type the lot", "› M0")
    ana.send("9")
    ana.wait_for("› M09")
    ana.kill()
    ana.restart("Scan or type the lot", "› M09")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_signing_off_and_taking_over_on_sixteen_rows(desk: Worker, start: Start) -> None:
    ana = start(16, 20)
    ana.key("1", "Scan the purchase order")
    ana.key("F12", "Why do you sign off?", "1 Break", "2 Shift end", "3 Handover", "4 Deutsch")
    ana.key("Esc", "Scan the purchase order")
    ana.scan("BDG-1002", "STATION IN USE", "Ben works here now?", "Signs off Ana")
    ana.key("1", "SIGNED IN", "Hello Ben")
    ana.key("F12", "Why do you sign off?")
    ana.key("2", "SIGNED OUT", "Scan your badge")
    ana.sign_in("BDG-1001", "SIGNED IN", "Scan the purchase order")
