"""P6 at three real terminals and over REST: blind count, recount by another badge, approval (FLOOR D1, D3-D5, D8)."""

from __future__ import annotations

import re

import pytest

from tests.floor.conftest import Rest, Start
from tests.floor.worker import Worker

GLOVE_L, GLOVE_M, CHOC, CABLE = "5001000000040", "5001000000057", "5001000000095", "5001000000118"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][AB0]|\x1b[=>]")
BYTES = re.compile(r" *([0-9a-f]{2} *)+")  # of what was scanned
BOOKED = re.compile(r"(?<![\d:])(48|25)(?![\d:])")  # of CHOC-100 and of GLOVE-M
LONG = [
    pytest.param(rows, columns, marks=pytest.mark.long) for rows, columns in ((8, 40), (20, 40), (24, 80), (40, 120))
]


@pytest.mark.parametrize(("rows", "columns"), [(16, 20), *LONG])
def test_p6_blind_count_tolerance_recount_and_approval(
    desk: Worker, start: Start, rest: Rest, rows: int, columns: int
) -> None:
    """D1, D3, D8: nothing of the book reaches an operator's terminal; recount, approval, one posting."""
    cleo = start(rows, columns, badge="BDG-9001", station="st-3", has_server=True)
    office = rest()
    body = {"location_id": desk.place.site_id, "bins": ["A02-1", "A03-1", "B02-1"]}
    made = office.post("/api/v1/cycle_counts", json={"cycle_count": body}).json()
    path = f"/api/v1/cycle_counts/{made['id']}"
    assert made["status"] == "draft"
    assert len(office.post(f"{path}/load_inventory").json()["items"]) == 3
    assert office.post(f"{path}/start").json()["status"] == "in_progress"

    ana = start(rows, columns, badge="BDG-1001", station="st-1")
    ana.key("4", "Go to this bin")
    ana.scan("WH1-A02-1", "Scan or type all")
    ana.scan(GLOVE_L, "1 GLOVE-L counted")
    ana.type("40", "40 GLOVE-L counted")
    ana.key("F10", "A02-1 is counted")
    ana.scan("WH1-A03-1", "Scan or type all")
    ana.scan(GLOVE_M, "1 GLOVE-M counted")
    ana.type("24", "24 GLOVE-M counted")
    ana.key("F10", "A03-1 is counted")
    ana.scan("WH1-B02-1", "Scan or type all")
    ana.scan(CHOC, "Scan or type the lot")
    ana.type("C7", "1 CHOC-100 C7 counted")
    ana.type("40", "40 CHOC-100 C7 counted")
    ana.scan(CABLE, "1 CABLE-2M counted")
    ana.scan(CABLE, "2 CABLE-2M counted")
    ana.key("F10", "COUNT AGAIN")
    ana.scan("WH1-B02-1", "E34 COUNT: OTHER BADGE")
    assert not BOOKED.search(ESCAPES.sub(" ", ana.output))
    ana.key("F2", "Scanner test", "E34")
    read = [row for row in ana.terminal.screen.splitlines() if not BYTES.fullmatch(row)]
    assert not BOOKED.search("\n".join(read))
    ana.key("Esc", "E34 COUNT")

    ben = start(rows, columns, badge="BDG-1002", station="st-2")
    ben.key("4", "Go to this bin")
    ben.scan("WH1-B02-1", "Count this again")
    ben.scan(CHOC, "Scan or type the lot")
    ben.scan("]C110C7", "1 CHOC-100 C7 counted")
    ben.type("41", "41 CHOC-100 C7 counted")
    ben.scan(CABLE, "1 CABLE-2M counted")
    ben.type("2", "2 CABLE-2M counted")
    ben.key("F10", "FOR APPROVAL")

    ana.key("Esc", "Choose or scan")
    ana.key("4", "To approve")
    assert "F6" not in ana.screen and "F10" not in ana.screen  # a supervisor's keys, but told so when pressed
    ana.key("F6", "E35 NEEDS SUPERVISOR")
    ana.key("F10", "E35 NEEDS SUPERVISOR")

    cleo.key("4", "Approve")
    cleo.key("F10", "NOT DECIDED YET")
    cleo.key("F6", "Post -7 CHOC-100 C7?")
    cleo.key("1", "Post +2 CABLE-2M?")
    cleo.key("1", "DECIDED", "Complete")
    assert desk.moves() == []
    cleo.key("F10", "COUNT COMPLETE")
    cleo.key("Esc", "Receive")

    assert sorted(desk.moves()) == sorted(
        [
            ("cycle_count_adjustment", "GLOVE-M", "A03-1", "inventory_loss", "", 1),
            ("cycle_count_adjustment", "CHOC-100", "B02-1", "inventory_loss", "C7", 7),
            ("cycle_count_adjustment", "CABLE-2M", "inventory_loss", "B02-1", "", 2),
        ]
    )
    done = office.get(path).json()
    assert done["status"] == "completed"
    assert {
        item["sku"]: (item["expected_quantity"], item["counted_quantity"], item["variance"]) for item in done["items"]
    } == {"GLOVE-L": (40, 40, 0), "GLOVE-M": (25, 24, -1), "CHOC-100": (48, 41, -7), "CABLE-2M": (0, 2, 2)}
    again = office.post(f"{path}/complete")
    assert (again.status_code, "completed" in again.json()["error"]["message"]) == (422, True)
    assert len(desk.moves()) == 3


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_count_goes_on_where_it_was_after_a_kill(desk: Worker, start: Start) -> None:
    """FLOOR F1 in the middle of a bin."""
    cleo = start(20, 40, badge="BDG-9001", station="st-3")
    cleo.key("4", "F5 plans a count")
    cleo.key("F5", "Some bins")
    cleo.key("1", "Scan the bins")
    cleo.scan("WH1-A02-1", "BIN OK")
    cleo.key("F10", "COUNT PLANNED")
    ana = start(20, 40, badge="BDG-1001", station="st-1")
    ana.key("4", "Go to this bin")
    ana.scan("WH1-A02-1", "BIN OK")
    ana.send("".join(f"{GLOVE_L}\r" for _ in range(39)))
    ana.wait_for("COUNTED 39")
    ana.kill()
    ana.restart("SIGNED IN", "GLOVE-L", "39")
    ana.scan(GLOVE_L, "COUNTED 40")
    ana.key("F10", "BIN COUNTED")
    cleo.key("Esc", "Receive")
    cleo.key("4", "Complete")
    cleo.key("F10", "COUNT COMPLETE")
    assert desk.moves() == []
