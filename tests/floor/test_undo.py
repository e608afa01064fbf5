"""F2: what a worker did is taken back act by act, newest first: ledger and documents as before, both in the history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui.services import catalog, lots, receiving
from ambra_tui.services.acts import _trail
from ambra_tui.store import Store
from ambra_tui.store.models import AuditEntry, Discrepancy, PurchaseOrder, PurchaseOrderLine, StockMove
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.receiving import buy
from tests.floor.worker import Worker, open_ds1

MILK_PALLET = "]C100050010000000000019"
MILK_LABEL = "]C10215001000000016172607153710\x1d10M130"
PAINT = "5001000000071"


@pytest.fixture
def ds1(store_url: str) -> Iterator[tuple[Store, int]]:
    store, organization_id = open_ds1(store_url)
    with store:
        yield store, organization_id


@pytest.fixture
def ana(ds1: tuple[Store, int]) -> Worker:
    return Worker(*ds1, "BDG-1001")


def undo(worker: Worker) -> Worker:
    """Ctrl+Z, the digit, and back to the step."""
    worker.command("undo")
    assert worker.prompt.title == "Undo"
    worker.press("1")
    told = worker.reply.words
    if worker.reply.flow == "undo":
        worker.command("back")
    assert told is not None
    worker.codes.append(told.code)
    return worker


def received(worker: Worker, number: str) -> tuple[str, list[int]]:
    """An order's state and what its lines received."""

    def work(session: Any) -> tuple[str, list[int]]:
        order = session.exec(scoped(session, PurchaseOrder).where(PurchaseOrder.number == number)).one()
        lines = session.exec(
            scoped(session, PurchaseOrderLine)
            .where(PurchaseOrderLine.purchase_order_id == order.id)
            .order_by(PurchaseOrderLine.position)
        ).all()
        return order.status, [int(line.received) for line in lines]

    return worker.write(work)


def exceptions(worker: Worker) -> list[tuple[str, str]]:
    return worker.write(lambda s: [(row.kind, row.status) for row in s.exec(scoped(s, Discrepancy)).all()])


def reversals(worker: Worker) -> int:
    """How many moves reverse another one."""

    def work(session: Any) -> int:
        statement = select(StockMove).where(
            StockMove.organization_id == organization_of(session), StockMove.kind == "reversal"
        )
        return sum(1 for move in session.exec(statement) if move.reverses_id)

    return worker.write(work)


def undone_in_audit(worker: Worker) -> list[str]:
    def work(session: Any) -> list[str]:
        statement = select(AuditEntry).where(
            AuditEntry.organization_id == organization_of(session), AuditEntry.act == "act_undone"
        )
        return [row.details["kind"] for row in session.exec(statement)]

    return worker.write(work)


# --- receiving ------------------------------------------------------------------------------------------------------


def test_a_receipt_is_shown_and_taken_back(ana: Worker) -> None:
    """F2: shown first, then taken back by a compensating pair."""
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", PAINT).type("17").scan("WH1-RECV")
    assert received(ana, "PO-7") == ("partially_received", [17])
    before = ana.prompt
    ana.command("undo")
    assert [row.value or row.label for row in ana.prompt.facts][:4] == ["Received", "17 PAINT-5L", "RECV", "PO-7"]
    assert ana.prompt.is_dialog
    ana.press("1")
    assert (ana.verdict, ana.reply.flow) == ("G70", "receive")
    assert received(ana, "PO-7") == ("ordered", [0])
    assert (ana.on_hand("PAINT-5L", "RECV"), reversals(ana), undone_in_audit(ana)) == (0, 1, ["receive"])
    assert ana.prompt.step == before.step


def test_no_scan_takes_anything_back(ana: Worker) -> None:
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", PAINT).type("17").scan("WH1-RECV")
    ana.command("undo").scan("1", PAINT, "WH1-RECV").type("1")
    assert ana.codes[-4:] == ["E40"] * 4
    assert ana.on_hand("PAINT-5L", "RECV") == 17


def test_the_step_beneath_keeps_what_was_counted(ana: Worker) -> None:
    buy(ana, "PO-7", ("PAINT-5L", 20), ("CABLE-2M", 5))
    ana.menu("receive").scan("PO-7", "5001000000118").type("2").scan("WH1-RECV", PAINT, PAINT)
    undo(ana)
    assert received(ana, "PO-7") == ("ordered", [0, 0])
    ana.scan("WH1-RECV")
    assert received(ana, "PO-7") == ("partially_received", [2, 0])


def test_a_lot_that_came_with_a_wrong_date_is_read_again_with_the_right_one(ana: Worker) -> None:
    buy(ana, "PO-7", ("MILK-1L", 120))
    ana.menu("receive").scan("PO-7", MILK_PALLET, MILK_LABEL, "WH1-RECV")
    undo(ana)
    ana.scan(MILK_PALLET, MILK_LABEL.replace("260715", "260815"), "WH1-RECV")
    assert received(ana, "PO-7") == ("received", [120])
    milk = ana.write(lambda s: lots.find_lot(s, catalog.variant_by_sku(s, "MILK-1L").id, "M130"))
    assert milk is not None and milk.expiry_date == date(2026, 8, 15)


def test_a_date_that_was_known_before_stays(ana: Worker) -> None:
    buy(ana, "PO-7", ("MILK-1L", 24))
    ana.put("MILK-1L", "C01-1", -240, lot_number="M120")
    ana.menu("receive").scan("PO-7", "]C101" + "15001000000016" + "17260601" + "10M120").type("24").scan("WH1-RECV")
    assert received(ana, "PO-7")[1] == [24]
    undo(ana)
    milk = ana.write(lambda s: lots.find_lot(s, catalog.variant_by_sku(s, "MILK-1L").id, "M120"))
    assert milk is not None and milk.expiry_date == date(2026, 6, 1)


def test_a_copied_pallet_that_its_label_corrected_is_no_act_of_its_own(ana: Worker) -> None:
    buy(ana, "PO-7", ("MILK-1L", 240))
    ana.menu("receive").scan("PO-7", MILK_PALLET, MILK_LABEL, "WH1-RECV")
    ana.scan("]C100050010000000000026", MILK_LABEL.replace("3710", "3705"), "WH1-RECV")
    assert received(ana, "PO-7")[1] == [180]
    undo(ana)
    assert received(ana, "PO-7")[1] == [120]
    undo(ana)
    assert received(ana, "PO-7") == ("ordered", [0])
    assert ana.command("undo").verdict == "W70"


def test_a_blind_receipt_and_its_exception_go_together(ana: Worker) -> None:
    ana.menu("receive").command("blind").scan(PAINT).type("3").scan("WH1-RECV")
    assert exceptions(ana) == [("blind_receipt", "open")]
    undo(ana)
    assert (exceptions(ana), ana.on_hand("PAINT-5L", "RECV")) == ([("blind_receipt", "resolved")], 0)


def test_an_exception_that_a_supervisor_explained_stands(ana: Worker) -> None:
    ana.menu("receive").command("blind").scan(PAINT).type("3").scan("WH1-RECV")

    def settle(session: Any) -> None:
        row = session.exec(scoped(session, Discrepancy)).one()
        receiving.resolve_exception(session, row.id, reason="a gift")

    ana.write(settle)
    assert undo(ana).codes[-1] == "E37"
    assert ana.on_hand("PAINT-5L", "RECV") == 3


def test_damaged_goods_leave_the_quarantine_again(ana: Worker) -> None:
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7").command("damaged").scan(PAINT, "WH1-QUAR")
    assert (ana.on_hand("PAINT-5L", "QUAR"), received(ana, "PO-7")[1]) == (1, [1])
    undo(ana)
    assert (ana.on_hand("PAINT-5L", "QUAR"), received(ana, "PO-7")) == (0, ("ordered", [0]))


def test_a_serial_that_was_taken_back_may_come_again(ana: Worker) -> None:
    buy(ana, "PO-7", ("PHONE-X", 3))
    label = "]d20105001000000064\x1d21SN0001"
    ana.menu("receive").scan("PO-7", label)
    undo(ana)
    assert (ana.serials("RECV"), received(ana, "PO-7")) == ([], ("ordered", [0]))
    ana.scan(label)
    assert ana.serials("RECV") == ["SN0001"]


def test_a_bin_scanned_after_an_undo_moves_nothing_that_is_gone(ana: Worker) -> None:
    buy(ana, "PO-7", ("PHONE-X", 3))
    ana.menu("receive").scan("PO-7", "]d20105001000000064\x1d21SN0001", "]d20105001000000064\x1d21SN0002")
    undo(ana)
    assert ana.scan("WH1-A01-1").verdict == "G10"
    assert (ana.serials("RECV"), ana.serials("A01-1")[-1:]) == ([], ["SN0001"])


def test_an_order_closed_short_is_open_again_before_its_receipt_goes(ana: Worker) -> None:
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", PAINT).type("17").scan("WH1-RECV").command("close").press("1")
    assert (received(ana, "PO-7")[0], len(exceptions(ana))) == ("received", 1)
    undo(ana)
    assert (received(ana, "PO-7"), exceptions(ana)) == (("partially_received", [17]), [])
    undo(ana)
    assert received(ana, "PO-7") == ("ordered", [0])


def test_a_learned_barcode_means_nothing_again(ana: Worker) -> None:
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", "NEW-CODE", "BDG-9001").type("4711").scan(PAINT)
    assert ana.verdict == "G22"
    undo(ana)
    assert ana.scan("NEW-CODE").verdict == "E01"


# --- putting away ---------------------------------------------------------------------------------------------------


def test_a_plate_stands_at_the_dock_again_with_all_that_is_on_it(ana: Worker) -> None:
    buy(ana, "PO-7", ("MILK-1L", 120))
    ana.menu("receive").scan("PO-7", MILK_PALLET, MILK_LABEL, "WH1-RECV").command("close")
    ana.menu("putaway").scan(MILK_PALLET, "WH1-C03-1")
    assert ana.on_hand("MILK-1L", "C03-1") == 120
    undo(ana)
    assert (ana.on_hand("MILK-1L", "C03-1"), ana.on_hand("MILK-1L", "RECV")) == (0, 120)
    ana.scan(MILK_PALLET, "WH1-C03-1")
    assert ana.on_hand("MILK-1L", "C03-1") == 120


def test_a_receipt_that_was_put_away_names_what_came_later(ana: Worker) -> None:
    """F2: refused by name when later stock depends on it."""
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", PAINT).type("20").scan("WH1-RECV").command("close")
    ben = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")
    ben.menu("putaway").scan(PAINT, "WH1-B03-1")
    undo(ana)
    assert ana.codes[-1] == "E37"
    assert "CANNOT UNDO: 1 LATER" in ana.reply.history[0].words
    assert ana.on_hand("PAINT-5L", "B03-1") == 32
    undo(ben)
    undo(ana)
    assert (received(ana, "PO-7"), ana.on_hand("PAINT-5L", "B03-1")) == (("ordered", [0]), 12)


def test_stock_that_an_order_has_reserved_is_not_taken_from_it(ana: Worker) -> None:
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", PAINT).type("20").scan("WH1-RECV")
    ana.order("SO-7", ("PAINT-5L", 30))
    assert undo(ana).codes[-1] == "E37"
    assert received(ana, "PO-7") == ("received", [20])
    assert "SO-7" in ana.command("undo").press("1").words


def test_stock_on_hold_that_nobody_was_promised_may_go_again(ana: Worker) -> None:
    """Damaged goods went to quarantine at once: what the order counts on lies elsewhere."""
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.order("SO-7", ("PAINT-5L", 12))
    ana.menu("receive").scan("PO-7").command("damaged").scan(PAINT, "WH1-QUAR")
    assert undo(ana).codes[-1] == "G70"
    assert received(ana, "PO-7") == ("ordered", [0])


# --- whose, how many, where -----------------------------------------------------------------------------------------


def test_the_acts_go_with_the_worker_to_another_station(ds1: tuple[Store, int], ana: Worker) -> None:
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", PAINT).type("17").scan("WH1-RECV")
    ben = Worker(*ds1, "BDG-1002", station="st-3")
    assert ben.command("undo").verdict == "W70"
    again = Worker(*ds1, "BDG-1001", station="st-2")
    undo(again)
    assert received(again, "PO-7") == ("ordered", [0])


def test_twenty_acts_and_no_more(ana: Worker) -> None:
    """F2: up to twenty back."""
    buy(ana, "PO-7", ("PAINT-5L", 100))
    ana.menu("receive").scan("PO-7")
    for _ in range(_trail.REACH + 1):
        ana.scan(PAINT).type("1").scan("WH1-RECV")
    ana.command("undo")
    for _ in range(_trail.REACH):
        ana.press("1")
        assert ana.verdict == "G70"
    assert ana.reply.flow == "receive"
    assert ana.command("undo").verdict == "W70"
    assert received(ana, "PO-7")[1] == [1]


def test_an_answer_for_an_act_that_is_no_longer_the_last_takes_nothing_back(ana: Worker) -> None:
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", PAINT).type("5").scan("WH1-RECV", PAINT).type("6").scan("WH1-RECV")
    ana.command("undo")
    first = ana.prompt.step
    ana.press("1")
    assert ana.prompt.step != first
    assert received(ana, "PO-7")[1] == [5]


def test_every_kind_of_act_has_its_words() -> None:
    from ambra_tui.kit.language import keys, languages

    for language in languages():
        assert [kind for kind in _trail.undoers() if f"undo.kind_{kind}" not in keys(language)] == []
