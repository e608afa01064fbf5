"""P8 through pseudo-terminals: waste, its refusal, undo, a lot in quarantine, and a pick that passes it by."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from ambra_tui.store.models import StockMove
from ambra_tui.store.scope import organization_of
from tests.floor.conftest import Rest, Start
from tests.floor.test_pty_p7 import SIZES
from tests.floor.test_waste import MILK, records
from tests.floor.worker import Worker


def waste_and_reversal(session: Any) -> list[tuple[str, int, bool]]:
    """(kind, quantity, whether it reverses the waste) of what waste and undo posted."""
    statement = select(StockMove).where(
        StockMove.organization_id == organization_of(session),
        col(StockMove.kind).in_(("waste_recorded", "reversal")),
    )
    found = session.exec(statement.order_by(col(StockMove.sequence))).all()
    return [(move.kind, int(move.quantity), move.reverses_id == found[0].id) for move in found]


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_p8_waste_quarantine_undo(desk: Worker, start: Start, rest: Rest, rows: int, columns: int) -> None:
    """E4: a lot in quarantine is listed as such over REST, and picks pass it by."""
    ana = start(rows, columns, has_server=True)
    ana.key("7", "Scan the bin of the waste")
    ana.scan("WH1-B04-1", "BIN OK")
    ana.scan(MILK, "Type how many")
    ana.type("3", "Why is it waste?", "2 Damaged")
    ana.key("2", "WASTE 3")
    assert desk.moves("waste_recorded") == [("waste_recorded", "MILK-1L", "B04-1", "waste", "M090", 3)]
    assert records(desk) == [(3, "damaged", "recorded")]
    ana.scan("WH1-B04-1", "BIN OK")
    ana.scan(MILK, "Type how many")
    ana.type("999", "E15 NOT ENOUGH STOCK", "B04-1 holds 7 MILK-1L")
    api = rest()
    level = api.get("/api/v1/inventory_levels", params={"sku": "MILK-1L"}).json()["data"][0]
    body = {"variant_id": level["variant_id"], "location_id": level["location_id"], "quantity": 999}
    lot = api.get("/api/v1/lots").json()["data"][-1]["id"]
    refused = api.post("/api/v1/waste_records", json={**body, "reason": "damaged", "lot_record_id": lot})
    assert refused.status_code == 422
    assert len(desk.moves("waste_recorded")) == 1
    ana.key("esc", "DROPPED")
    ana.key("ctrl+z", "Take this back?", "MILK-1L")
    ana.key("1", "UNDONE")
    assert desk.write(waste_and_reversal) == [("waste_recorded", 3, False), ("reversal", 3, True)]
    assert desk.on_hand("MILK-1L", "B04-1") == 10
    assert records(desk) == [(3, "damaged", "reversed")]
    history = api.get("/api/v1/inventory_ledger", params={"sku": "MILK-1L", "per_page": 2}).json()["data"]
    assert [(row["entry_type"], row["quantity"]) for row in history] == [("reversal", 3), ("waste_recorded", -3)]
    cleo = start(rows, columns, badge="BDG-9001", station="st-2")
    cleo.key("7", "Scan the bin of the waste")
    cleo.key("F8", "Scan a lot, an item or a bin")
    cleo.scan(f"]C1010{MILK}10M100", "Put on hold: why?", "M100")
    cleo.key("1", "ON HOLD 24")
    quarantined = api.get("/api/v1/lots", params={"status": "quarantine"}).json()["data"]
    assert [row["lot_number"] for row in quarantined] == ["M100"]
    desk.order("SO-5", ("MILK-1L", 20))
    ben = start(rows, columns, badge="BDG-1002", station="st-3")
    ben.key("3", "Scan an order")
    ben.scan("SO-5", "DOCUMENT OK", "M090")
    ben.scan("WH1-B04-1", "BIN OK")
    ben.scan(MILK, "ITEM OK")
    ben.scan("T1", "PICKED 10", "Is this bin empty now?")
    ben.key("1", "BIN EMPTY", "M120")
    ben.scan("WH1-C01-1", "BIN OK")
    ben.scan(MILK, "ITEM OK")
    ben.scan("T1", "ORDER PICKED")
    assert [move[2:] for move in desk.moves("pick_move")] == [("B04-1", "T1", "M090", 10), ("C01-1", "T1", "M120", 10)]
    assert (ana.error_tones, cleo.error_tones, ben.error_tones) == (1, 0, 0)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_german_waste_and_moves_fit_sixteen_rows_of_twenty(desk: Worker, start: Start) -> None:
    terminal = start(16, 20, badge="BDG-9001")
    desk.speak("de")
    terminal.key("7", "Platz des Abfalls scannen")
    terminal.scan("WH1-B04-1", "Artikel scannen", "M090")
    terminal.scan(MILK, "Menge, Enter; oder scannen, F10")
    terminal.type("3", "Warum ist es Abfall?", "1 Abgelaufen", "5 Verunreinigt", "6 Anderes")
    terminal.key("5", "ABFALL 3")
    terminal.key("F8", "Charge, Artikel oder Platz scannen")
    terminal.scan("M100", "Sperren: warum?", "1 Qualität unklar", "5 Anderes")
    terminal.key("1", "GESPERRT 24", "niemand nimmt mehr davon")
    terminal.key("esc", "Platz des Abfalls scannen")
    terminal.key("esc", "Wählen oder scannen")
    terminal.key("5", "Platz oder Ladeeinheit scannen")
    terminal.scan("WH1-A02-1", "Neuen Platz scannen, oder einen Artikel")
    terminal.scan("5001000000040", "Menge eingeben oder neuen Platz scannen")
    terminal.scan("WH1-A03-1", "UMGELAGERT 1")
