"""The move flow, step by step through the engine, on both databases (FLOOR E2, B10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ambra_tui.kit.language import keys, say
from ambra_tui.services import holds
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.worker import Worker, open_ds1

MILK, BOLT, BOLT_CASE, GLOVE, PHONE, CHOC = (
    "5001000000019", "5001000000033", "15001000000030", "5001000000040", "5001000000064", "5001000000095",
)  # fmt: skip
PLATE, OTHER_PLATE = "050010000000000019", "050010000000000026"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def carried(worker: Worker) -> list[tuple[str, str, str, int]]:
    return [(sku, source, target, n) for _, sku, source, target, _, n in worker.moves("bin_move")]


def undo_last(worker: Worker) -> None:
    """Takes back the worker's last act, as the undo key does."""

    def work(session: Any) -> None:
        act = _trail.last_acts(session, worker.reply.user_id)[0]
        _trail.undo(session, act, idempotency_key=f"undo:{act.id}")

    worker.write(work)


def test_e2_a_whole_bin_moves_by_two_scans_and_comes_back(ana: Worker) -> None:
    """E2: a whole bin in two scans."""
    ana.menu("move").scan("WH1-C01-1", "WH1-C03-1")
    assert ana.codes[1:] == ["G04", "G34"]
    assert carried(ana) == [("MILK-1L", "C01-1", "C03-1", 240)]
    assert ana.on_hand("MILK-1L", "C01-1") == 0
    undo_last(ana)
    assert (ana.on_hand("MILK-1L", "C01-1"), ana.on_hand("MILK-1L", "C03-1")) == (240, 0)


def test_e2_a_license_plate_moves_by_two_scans_with_all_that_is_on_it(ana: Worker) -> None:
    """E2: a license plate in two scans."""
    ana.put("BOLT-M8", "C03-1", 300, plate_code=PLATE)
    ana.menu("move").scan(f"]C100{PLATE}", "WH1-A01-1")
    assert ana.codes[1:] == ["G07", "G34"]
    assert carried(ana) == [("BOLT-M8", "C03-1", "A01-1", 300)]
    ana.scan(PLATE, "WH1-C02-1")  # the plate is in A01-1 now, and goes on
    assert carried(ana)[-1] == ("BOLT-M8", "A01-1", "C02-1", 300)


def test_e2_an_item_moves_by_three_scans_and_a_typed_or_scanned_quantity(ana: Worker) -> None:
    """E2: an item in three scans."""
    ana.menu("move").scan("WH1-A01-1", BOLT, "WH1-B01-1")
    assert ana.codes[1:] == ["G04", "G17", "G34"]
    ana.scan("WH1-A01-1", BOLT).type("20").scan("WH1-B01-1")
    ana.scan("WH1-A01-1", BOLT_CASE, BOLT_CASE, "WH1-B01-1")
    assert [n for *_, n in carried(ana)] == [1, 20, 200]


def test_more_than_the_bin_holds_or_a_part_of_a_piece_is_refused(ana: Worker) -> None:
    ana.menu("move").scan("WH1-A02-1", GLOVE).type("41")
    assert ana.verdict == "E15"
    assert "A02-1 holds 40 GLOVE-L" in ana.words
    assert ana.type("0.5").verdict == "E28"
    assert ana.type("40").scan("WH1-A02-1").verdict == "E62"
    assert ana.scan("WH1-A03-1").verdict == "G34"
    assert ana.scan("WH1-A02-1").verdict == "E38"


@on_sqlite
def test_bin_rules_hold_for_moves(ana: Worker) -> None:
    ana.menu("move").scan("WH1-A01-1", "WH1-C01-1")
    assert ana.verdict == "E18"
    assert ana.scan("WH1-RECV").verdict == "E03"
    assert ana.scan("ST1-MAIN").verdict == "E42"
    assert ana.scan("WH1-A01-1").verdict == "E62"
    assert ana.scan("WH1-QUAR").verdict == "W25"
    assert ana.on_hand("BOLT-M8", "QUAR") == 500
    assert ana.scan("WH1-QUAR").verdict == "E17"
    cleo = Worker(ana.store, ana.organization_id, "BDG-9001", station="st-2")
    assert cleo.menu("move").scan("WH1-QUAR", "WH1-A01-1").verdict == "G34"


def test_what_is_assigned_to_picks_stays(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 30))
    Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2").menu("pick").scan("SO-1")
    ana.menu("move").scan("WH1-A02-1", "WH1-A03-1")
    assert (ana.verdict, "SO-1" in ana.words, "At most 10" in ana.words) == ("E61", True, True)
    assert ana.scan(GLOVE).type("11").verdict == "E61"
    assert ana.type("10").scan("WH1-A03-1").verdict == "G34"
    assert carried(ana) == [("GLOVE-L", "A02-1", "A03-1", 10)]


def test_the_lot_is_asked_where_there_are_several_and_the_serial_too(ana: Worker) -> None:
    ana.put("MILK-1L", "A04-1", 5, lot_number="M090")
    ana.menu("move").scan("WH1-A04-1", MILK)
    assert (ana.verdict, ana.prompt.step) == ("E20", "lot")
    assert ana.scan("NOPE").verdict == "E39"
    assert ana.scan("]C110M090").type("5").scan("WH1-B04-1").verdict == "G34"
    assert ana.moves("bin_move") == [("bin_move", "MILK-1L", "A04-1", "B04-1", "M090", 5)]
    for serial in ("SN1", "SN2"):
        ana.put("PHONE-X", "A03-1", 1, serial=serial)
    ana.scan("WH1-A03-1", PHONE)
    assert (ana.verdict, ana.prompt.step) == ("E46", "serial")
    assert ana.scan("SN2", "WH1-B03-1").verdict == "G34"
    assert ana.serials("B03-1") == ["", "SN2"]


def test_b10_a_plate_is_split_over_two_bins_and_merged_into_another_plate(ana: Worker) -> None:
    ana.put("BOLT-M8", "C02-1", 300, plate_code=PLATE)
    ana.put("BOLT-M8", "A01-1", 10, plate_code=OTHER_PLATE)
    ana.menu("move").scan(PLATE).type("100").scan("WH1-B01-1")
    assert carried(ana) == [("BOLT-M8", "C02-1", "B01-1", 100)]
    ana.scan(PLATE, OTHER_PLATE)
    assert carried(ana)[-1] == ("BOLT-M8", "C02-1", "A01-1", 200)
    assert ana.scan(OTHER_PLATE).facts["BOLT-M8"] == "210"
    assert ana.command("back").scan(PLATE).verdict == "E38"


def test_two_stations_move_the_last_units_and_the_loser_is_told_what_is_there(ana: Worker) -> None:
    ben = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")
    for worker in (ana, ben):
        worker.menu("move").scan("WH1-A02-1", GLOVE).type("30")
    ana.scan("WH1-A03-1")
    ben.scan("WH1-B03-1")
    assert (ana.verdict, ben.verdict) == ("G34", "E31")
    assert "QTY NOW 10" in ben.words
    assert ben.type("10").scan("WH1-B03-1").verdict == "G34"
    assert ana.on_hand("GLOVE-L", "A02-1") == 0


@on_sqlite
def test_escape_leads_back_step_by_step_and_tells_what_was_counted(ana: Worker) -> None:
    ana.menu("move").scan("WH1-A02-1", GLOVE).type("7")
    assert ana.command("back").verdict == "W21"
    assert ana.prompt.step == "what"
    assert ana.command("back").prompt.step == "from"
    assert ana.command("back").prompt.step == "home"
    assert carried(ana) == []


@on_sqlite
def test_what_is_no_bin_is_refused_by_name(ana: Worker) -> None:
    ana.menu("move")
    assert ana.scan(GLOVE).verdict == "E43"
    assert ana.scan("NOPE").verdict == "E01"
    assert ana.scan("WH1-C03-1").verdict == "E38"
    assert ana.scan("WH1-A02-1").scan(MILK).verdict == "E39"


@on_sqlite
def test_each_move_is_one_act_that_tells_what_it_did(ana: Worker) -> None:
    ana.menu("move").scan("WH1-A02-1", GLOVE).type("7").scan("WH1-A03-1")
    acts = ana.write(lambda s: s.exec(scoped(s, Act).where(Act.organization_id == organization_of(s))).all())
    assert [(act.kind, act.summary) for act in acts] == [
        ("move", {"quantity": "7", "item": "GLOVE-L", "bin": "A03-1", "from": "A02-1"})
    ]


def test_what_was_put_on_hold_since_stays_where_it_is(ana: Worker) -> None:
    cleo = Worker(ana.store, ana.organization_id, "BDG-9001", station="st-3")
    ana.menu("move").scan("WH1-A02-1", "WH1-A03-1")
    cleo.menu("waste").command("hold").scan("WH1-A03-1").press("1")
    ana.command("undo").press("1")
    assert (ana.verdict, "A03-1 is on hold" in ana.words) == ("E37", True)
    assert (ana.on_hand("GLOVE-L", "A02-1"), ana.on_hand("GLOVE-L", "A03-1")) == (0, 40)
    cleo.command("undo").press("1")
    assert cleo.verdict == "G70"
    ana.press("1")
    assert (ana.verdict, ana.on_hand("GLOVE-L", "A02-1")) == ("G70", 40)


def test_a_supervisor_takes_back_out_of_a_held_bin_and_anybody_into_one(ana: Worker) -> None:
    cleo = Worker(ana.store, ana.organization_id, "BDG-9001", station="st-3")
    cleo.menu("move").scan("WH1-A02-1", "WH1-A03-1")
    ana.menu("move").scan("WH1-B03-1", "WH1-C03-1")

    def hold(session: Any) -> None:
        for code in ("A03-1", "B03-1"):
            holds.hold_bin(session, ana.location(session, code), reason="leaks")

    ana.write(hold)
    cleo.command("undo").press("1")
    assert (cleo.verdict, cleo.on_hand("GLOVE-L", "A02-1")) == ("G70", 40)
    ana.command("undo").press("1")
    assert (ana.verdict, ana.on_hand("PAINT-5L", "B03-1")) == ("G70", 12)


def test_what_was_carried_to_the_place_for_held_stock_by_mistake_comes_back(ana: Worker) -> None:
    ana.menu("move").scan("WH1-B03-1", "WH1-QUAR")
    assert ana.verdict == "W25"
    ana.command("undo").press("1")
    assert (ana.verdict, ana.on_hand("PAINT-5L", "B03-1")) == ("G70", 12)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_words_of_moves_transfers_and_waste_fit_twenty_columns(language: str) -> None:
    choices = ("transfer.end_", "transfer.more_", "transfer.loss_", "waste.reason_", "waste.hold_", "waste.free_")
    areas = ("move.", "transfer.", "waste.", "stock.")
    known = sorted(key for key in keys(language) if key.startswith(areas))
    assert known == sorted(key for key in keys("en") if key.startswith(areas))
    for key in known:
        if key.startswith(choices) and key != "waste.hold_place":
            assert len(say(language, key)) <= 16, key
        elif ".ask_" in key:
            assert len(say(language, key, quantity="999")) <= 40, key
        elif key.rpartition(".")[2] in ("from", "plate", "bin", "way", "empty"):
            assert len(say(language, key)) <= 10, key
        elif ".title" in key:
            assert len(say(language, key, document="TR-1")) <= 20, key
