"""The waste flow and holds, step by step through the engine, on both databases (FLOOR E3, E4, P8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui.errors import InsufficientStock
from ambra_tui.services.verify import verify_store
from ambra_tui.store.models import Lot, StockMove, WasteRecord
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.test_move import undo_last
from tests.floor.worker import Worker, open_ds1

MILK, GLOVE, PHONE, CHOC, PAINT = (
    "5001000000019", "5001000000040", "5001000000064", "5001000000095", "5001000000071",
)  # fmt: skip
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


@pytest.fixture
def cleo(ana: Worker) -> Worker:
    return Worker(ana.store, ana.organization_id, "BDG-9001", station="st-2")


def records(worker: Worker) -> list[tuple[int, str, str]]:
    def work(session: Any) -> list[tuple[int, str, str]]:
        rows = session.exec(scoped(session, WasteRecord).order_by(WasteRecord.id)).all()
        return [(int(row.quantity), row.reason, row.status) for row in rows]

    return worker.write(work)


def status_of(worker: Worker, number: str) -> str:
    return worker.write(lambda s: s.exec(scoped(s, Lot).where(Lot.lot_number == number)).one().status)


def test_e3_waste_is_bin_item_quantity_and_one_digit_with_the_lot_inferred(ana: Worker) -> None:
    """E3: bin, item, quantity, a digit; the single lot inferred; more than there is is refused."""
    ana.menu("waste").scan("WH1-B04-1", MILK).type("3").press("2")
    assert ana.verdict == "G37"
    assert ana.moves() == [("waste_recorded", "MILK-1L", "B04-1", "waste", "M090", 3)]
    assert records(ana) == [(3, "damaged", "recorded")]
    ana.scan("WH1-B04-1", MILK).type("999")
    assert (ana.verdict, ana.prompt.step) == ("E15", "quantity")
    assert "B04-1 holds 7 MILK-1L" in ana.words
    assert len(ana.moves()) == 1


@on_sqlite
def test_the_six_reasons_have_the_digits_one_to_six(ana: Worker) -> None:
    """E3: the six reasons of the contract."""
    ana.menu("waste").scan("WH1-B03-1", PAINT).type("1")
    assert [choice.code for choice in ana.prompt.choices] == [
        "expired", "damaged", "production", "spoilage", "contamination", "other",
    ]  # fmt: skip
    assert ana.scan(PAINT).verdict == "E40"  # a scan never answers
    ana.press("6")
    assert records(ana) == [(1, "other", "recorded")]


def test_the_lot_is_asked_where_there_are_several_and_nothing_is_posted_before(ana: Worker) -> None:
    ana.put("MILK-1L", "B04-1", 5, lot_number="M100")
    before = len(ana.moves())
    ana.menu("waste").scan("WH1-B04-1", MILK)
    assert (ana.verdict, ana.prompt.step) == ("E20", "lot")
    ana.scan("]C110M100").type("2").press("4")
    assert ana.moves()[before:] == [("waste_recorded", "MILK-1L", "B04-1", "waste", "M100", 2)]


@on_sqlite
def test_scans_count_and_f10_asks_for_the_reason(ana: Worker) -> None:
    ana.menu("waste").scan("WH1-B02-1", CHOC, CHOC, "15001000000092").command("done").press("1")
    assert ana.moves() == [("waste_recorded", "CHOC-100", "B02-1", "waste", "C7", 26)]


@on_sqlite
def test_escape_goes_back_one_step_at_a_time_and_drops_what_was_counted(ana: Worker) -> None:
    ana.menu("waste").scan("WH1-B03-1", PAINT).type("2")
    assert ana.command("back").prompt.step == "quantity"
    assert ana.command("back").verdict == "W21"
    assert ana.command("back").prompt.step == "bin"
    assert ana.command("back").prompt.step == "home"
    assert ana.moves() == []


def test_waste_that_hits_promised_stock_names_the_order_and_its_picks_go_elsewhere(ana: Worker) -> None:
    ana.order("SO-1", ("MILK-1L", 8))
    ben = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2").menu("pick").scan("SO-1")
    assert ben.prompt.target == "B04-1"
    ana.menu("waste").scan("WH1-B04-1", MILK).type("10").press("2")
    assert (ana.verdict, "SO-1" in ana.words) == ("W05", True)
    assert ben.command("nothing").prompt.target == "A04-1"
    undo_last(ana)
    assert ben.command("nothing").prompt.target == "B04-1"
    assert records(ana) == [(10, "damaged", "reversed")]


def test_p8_waste_undo_quarantine_and_a_pick_that_passes_the_held_lot(ana: Worker, cleo: Worker) -> None:
    ana.menu("waste").scan("WH1-B04-1", MILK).type("3").press("2")
    ana.scan("WH1-B04-1", MILK).type("999")
    assert ana.verdict == "E15"
    undo_last(ana)

    def history(session: Any) -> list[tuple[str, int, bool]]:
        statement = select(StockMove).where(
            StockMove.organization_id == organization_of(session), StockMove.kind != "opening_balance"
        )
        found = session.exec(statement.order_by(StockMove.sequence)).all()
        return [(move.kind, int(move.quantity), move.reverses_id == found[0].id) for move in found]

    assert ana.write(history) == [("waste_recorded", 3, False), ("reversal", 3, True)]
    assert ana.on_hand("MILK-1L", "B04-1") == 10
    cleo.menu("waste").command("hold").scan(f"]C1010{MILK}10M100").press("1")
    assert cleo.verdict == "G38"
    assert status_of(ana, "M100") == "quarantine"
    ana.order("SO-5", ("MILK-1L", 20))
    ben = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-3").menu("pick").scan("SO-5")
    ben.scan("WH1-B04-1", MILK, "T1").press("1")
    ben.scan("WH1-C01-1", MILK, "T1")
    assert [move[2:] for move in ana.moves("pick_move")] == [("B04-1", "T1", "M090", 10), ("C01-1", "T1", "M120", 10)]
    assert verify_store(ana.store).is_clean


def test_e4_a_lot_on_hold_disappears_from_planned_picks_at_once(ana: Worker, cleo: Worker) -> None:
    """E4: a lot on hold leaves the picks that were planned."""
    ana.order("SO-1", ("MILK-1L", 8))
    assert ana.menu("pick").scan("SO-1").prompt.target == "B04-1"
    cleo.menu("waste").command("hold").scan(MILK).type("M090").press("3")
    assert cleo.verdict == "G38"
    assert ana.command("nothing").prompt.target == "A04-1"
    undo_last(cleo)
    assert status_of(ana, "M090") == "active"
    assert ana.command("nothing").prompt.target == "B04-1"


def test_e4_a_lot_on_hold_is_promised_to_nobody(ana: Worker, cleo: Worker) -> None:
    """E4: what a lot on hold holds is not available to any order, at once."""
    cleo.menu("waste").command("hold").scan(f"]C1010{MILK}10M120").press("1")
    assert cleo.verdict == "G38"
    with pytest.raises(InsufficientStock):
        ana.order("SO-1", ("MILK-1L", 35))
    ana.order("SO-2", ("MILK-1L", 34))
    ana.menu("pick").scan("SO-2")
    assert sorted({row.label for row in ana.prompt.todo} | {ana.prompt.target}) == ["A04-1", "B04-1"]


def test_a_hold_that_leaves_too_little_for_orders_names_them(ana: Worker, cleo: Worker) -> None:
    ana.order("SO-7", ("CHOC-100", 40))
    cleo.menu("waste").command("hold").scan(f"]C1010{CHOC}10C7").press("1")
    assert (cleo.verdict, "SO-7" in cleo.words) == ("W05", True)


def test_a_lot_and_a_bin_are_freed_with_a_reason(ana: Worker, cleo: Worker) -> None:
    cleo.menu("waste").command("hold").scan("M100").press("1")
    cleo.scan("M100")
    assert [choice.code for choice in cleo.prompt.choices] == ["checked", "mistake", "other"]
    assert cleo.press("1").verdict == "G39"
    assert status_of(ana, "M100") == "active"
    assert cleo.scan("WH1-A02-1").press("2").verdict == "G38"
    assert ana.menu("move").scan("WH1-A02-1").verdict == "E17"
    undo_last(cleo)
    assert ana.scan("WH1-A02-1").verdict == "G04"
    assert cleo.scan("WH1-A02-1").press("2").scan("WH1-A02-1").press("1").verdict == "G39"


@on_sqlite
def test_holds_are_a_supervisors(ana: Worker, cleo: Worker) -> None:
    ana.menu("waste")
    assert all(command.name != "hold" for command in ana.prompt.commands)
    assert ana.command("hold").verdict == "E35"
    assert "hold" in {command.name for command in cleo.menu("waste").prompt.commands}


@on_sqlite
def test_what_cannot_be_held_is_told(ana: Worker, cleo: Worker) -> None:
    cleo.menu("waste").command("hold")
    assert cleo.scan(GLOVE).verdict == "E43"
    assert cleo.scan("NOPE").verdict == "E01"
    assert cleo.scan("WH1-QUAR").verdict == "E48"
    assert cleo.scan(f"]C1010{MILK}10M999").verdict == "E39"
    assert cleo.scan(MILK).verdict == "E07"
    assert cleo.type("M999").verdict == "E39"
    assert cleo.command("back").prompt.step == "hold"
    assert cleo.command("back").prompt.step == "bin"


@on_sqlite
def test_a_lot_that_somebody_else_held_meanwhile_is_not_freed_by_the_same_digit(ana: Worker, cleo: Worker) -> None:
    cleo.menu("waste").command("hold").scan("M100")
    ana.hold("MILK-1L", "M100")
    assert cleo.press("1").verdict == "E33"
    assert status_of(ana, "M100") == "quarantine"
