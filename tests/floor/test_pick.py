"""The pick flow, step by step through the engine, on both databases (FLOOR C1-C5, C7, C8, C10, P4, P5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.kit.language import languages
from ambra_tui.services import catalog, lots, orders, tasks
from tests.floor.worker import Worker, open_ds1

GLOVE_L, GLOVE_M = "5001000000040", "5001000000057"
MILK, BOLT, PAINT, PHONE = "5001000000019", "5001000000033", "5001000000071", "5001000000064"
BOLT_CASE, MILK_CASE, GLOVE_CASE = "15001000000030", "15001000000016", "15001000000047"

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def ben(ana: Worker) -> Worker:
    return Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")


def three_orders(ana: Worker) -> None:
    ana.order("SO-1", ("BOLT-M8", 10), ("MILK-1L", 6))
    ana.order("SO-2", ("MILK-1L", 8), ("PAINT-5L", 1))
    ana.order("SO-3", ("GLOVE-L", 3), ("CABLE-2M", 2))
    for number in ("SO-1", "SO-2", "SO-3"):
        ana.menu("pick").scan(number).command("back").command("back")


def test_right_bin_right_item_right_tote_are_three_scans_a_line_and_no_key(ana: Worker) -> None:
    """C3: bin, item and tote are three scans and no key."""
    three_orders(ana)
    ana.codes.clear()
    ana.menu("pick").scan("SO-1")
    assert (ana.prompt.step, ana.prompt.target) == ("bin", "A01-1")
    ana.scan("WH1-A01-1", BOLT, "T1", "WH1-B04-1", MILK, "T1")
    assert ana.codes == ["", "G20", "G04", "G05", "G11", "G04", "G05", "G12"]
    assert ana.moves() == [
        ("pick_move", "BOLT-M8", "A01-1", "T1", "", 10),
        ("pick_move", "MILK-1L", "B04-1", "T1", "M090", 6),
    ]


def test_the_second_order_takes_the_rest_of_the_earliest_lot_and_checks_the_empty_bin_once(ana: Worker) -> None:
    """C8: the zero check is one key, asked once."""
    three_orders(ana)
    ana.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1", "WH1-B04-1", MILK, "T1", "SO-2")
    assert [(row.label, row.value) for row in ana.prompt.todo] == [
        ("A04-1", "4 MILK-1L"),
        ("B04-1", "4 MILK-1L"),
        ("B03-1", "1 PAINT-5L"),
    ]
    ana.scan("WH1-A04-1", MILK, "T2", "WH1-B04-1", MILK, "T2")
    assert (ana.prompt.step, ana.prompt.is_dialog, ana.prompt.target) == ("zero", True, "B04-1")
    ana.press("1")
    assert ana.verdict == "G25"
    ana.scan("WH1-B03-1", PAINT, "T2")
    assert (ana.prompt.step, ana.verdict) == ("done", "G12")
    assert ana.moves()[2:] == [
        ("pick_move", "MILK-1L", "A04-1", "T2", "M100", 4),
        ("pick_move", "MILK-1L", "B04-1", "T2", "M090", 4),
        ("pick_move", "PAINT-5L", "B03-1", "T2", "", 1),
    ]
    ana.command("ship")
    assert (ana.verdict, ana.reply.flow) == ("G13", "home")
    assert ana.moves("order_fulfilled") == [
        ("order_fulfilled", "MILK-1L", "T2", "customer", "M100", 4),
        ("order_fulfilled", "MILK-1L", "T2", "customer", "M090", 4),
        ("order_fulfilled", "PAINT-5L", "T2", "customer", "", 1),
    ]
    assert ana.tasks() == []


def test_a_bin_that_is_not_empty_after_all_is_counted(ana: Worker) -> None:
    """C8: 'no' opens a count."""
    ana.order("SO-1", ("PAINT-5L", 12))
    ana.menu("pick").scan("SO-1", "WH1-B03-1", PAINT, "T1").press("2")
    assert (ana.verdict, ana.prompt.step) == ("W04", "done")
    assert ana.tasks() == [("count", "B03-1", "zero_check")]


def test_p5_wrong_bin_wrong_item_wrong_tote_short(ana: Worker) -> None:
    """C3, C4, C5, C7: wrong ones change nothing, a look-alike is refused, a short pick tells all before it is saved."""
    ana.order("SO-1", ("BOLT-M8", 10))
    ana.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1").command("back")
    ana.order("SO-4", ("GLOVE-L", 10), is_reserved=False)
    ana.menu("pick").scan("SO-4")
    ana.codes.clear()
    ana.scan("WH1-A03-1")
    assert (ana.verdict, ana.prompt.step) == ("E03", "bin")
    ana.scan("WH1-A02-1", GLOVE_M)
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("E02", "item", "10 GLOVE-L")
    ana.scan(GLOVE_L).type("6")
    assert (ana.verdict, ana.facts["Taken"]) == ("G17", "6 / 10 GLOVE-L")
    ana.scan("T1")
    assert (ana.verdict, ana.prompt.step, ana.words) == (
        "E05",
        "tote",
        "WRONG TOTE: T1 belongs to SO-1. Scan another tote.",
    )
    ana.scan("T4")
    assert (ana.prompt.step, ana.prompt.is_dialog) == ("reason", True)
    assert [(choice.digit, choice.code) for choice in ana.prompt.choices][:2] == [("1", "not_found"), ("2", "damaged")]
    assert ana.facts == {"Into T4": "6 GLOVE-L", "Backorder": "4", "To count": "A02-1"}
    assert ana.moves()[1:] == []
    ana.press("1")
    assert (ana.verdict, ana.prompt.step) == ("W02", "done")
    assert [code for code in ana.codes if code.startswith("E")] == ["E03", "E02", "E05"]
    assert ana.moves()[1:] == [("pick_move", "GLOVE-L", "A02-1", "T4", "", 6)]
    assert ana.on_hand("GLOVE-L", "A02-1") == 34
    assert ana.tasks() == [("count", "A02-1", "short_pick not_found")]
    order = ana.write(lambda s: orders.find_order(s, "SO-4"))
    line = ana.write(lambda s: orders.lines_of(s, order.id))[0]
    assert (line.picked, line.backordered) == (6, 4)

    ana.command("back").order("SO-5", ("GLOVE-L", 1))
    ana.menu("pick").scan("SO-5")
    assert (ana.verdict, ana.words) == ("E49", "BIN STOPPED: A02-1 waits for a count. Take it elsewhere.")


def test_a_short_pick_goes_on_in_another_bin_and_says_so_before_it_is_saved(ana: Worker) -> None:
    """C5: other bins with stock come first, shown before it is saved."""
    ana.order("SO-1", ("MILK-1L", 8))
    ana.menu("pick").scan("SO-1", "WH1-B04-1", MILK).type("5").scan("T1")
    assert (ana.facts["Then from A04-1"], ana.facts["To count"]) == ("3", "B04-1")
    ana.press("2")
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("W16", "bin", "A04-1")
    ana.scan("WH1-A04-1", MILK, "T1")
    assert ana.moves() == [
        ("pick_move", "MILK-1L", "B04-1", "T1", "M090", 5),
        ("pick_move", "MILK-1L", "A04-1", "T1", "M100", 3),
    ]


@on_sqlite
@pytest.mark.parametrize("way", ["typed at the item", "typed at the tote", "key at the item", "key at the tote"])
def test_nothing_found_needs_no_tote(ana: Worker, way: str) -> None:
    ana.order("SO-1", ("PAINT-5L", 2))
    ana.menu("pick").scan("SO-1", "WH1-B03-1")
    if way.endswith("tote"):
        ana.scan(PAINT)
    if way.startswith("typed"):
        ana.type("0")
    else:
        ana.command("nothing")
    assert (ana.prompt.step, ana.facts) == ("reason", {"Backorder": "2", "To count": "B03-1"})
    ana.press("3")
    assert (ana.verdict, ana.moves()) == ("W02", [])


@on_sqlite
def test_a_scan_never_answers_the_question_why(ana: Worker) -> None:
    ana.order("SO-1", ("PAINT-5L", 2))
    ana.menu("pick").scan("SO-1", "WH1-B03-1", PAINT).type("1").scan("T1")
    ana.scan(PAINT).scan("1")
    assert (ana.verdict, ana.prompt.step, ana.moves()) == ("E40", "reason", [])
    ana.type("1")
    assert (ana.verdict, ana.prompt.step) == ("E40", "reason")
    ana.command("back")
    assert (ana.prompt.step, ana.facts["Taken"]) == ("tote", "1 / 2 PAINT-5L")


def test_a_full_tote_is_changed_in_the_middle_of_a_line(ana: Worker) -> None:
    """C7: a full tote is changed in the middle of a line."""
    ana.order("SO-1", ("PAINT-5L", 5))
    ana.menu("pick").scan("SO-1", "WH1-B03-1", PAINT).type("3").scan("T1").press("4")
    assert (ana.prompt.step, ana.facts["Taken"]) == ("tote", "2 PAINT-5L")
    ana.scan("T2")
    assert (ana.verdict, ana.tasks()) == ("G12", [])
    assert [(move[3], move[5]) for move in ana.moves()] == [("T1", 3), ("T2", 2)]


def test_a_later_lot_is_refused_with_the_earlier_one_and_its_bin(ana: Worker) -> None:
    """C2: a later lot is refused with the earlier lot and its bin."""
    ana.order("SO-1", ("MILK-1L", 4))
    ana.menu("pick").scan("SO-1", "WH1-B04-1", f"]C101{MILK.zfill(14)}10M100")
    assert (ana.verdict, ana.words) == ("E12", "EARLIER LOT FIRST: Take lot M090 from B04-1 first.")
    ana.scan(f"]C101{MILK.zfill(14)}10NOLOT")
    assert (ana.verdict, ana.prompt.step) == ("E04", "item")
    ana.scan(f"]C101{MILK.zfill(14)}10M090", "T1")
    assert ana.moves() == [("pick_move", "MILK-1L", "B04-1", "T1", "M090", 4)]


def test_an_earlier_lot_than_proposed_is_taken_silently(ana: Worker) -> None:
    """C2: an earlier lot than the proposed one is accepted silently."""
    ana.order("SO-0", ("MILK-1L", 10))
    ana.menu("pick").scan("SO-0").command("back").command("back")
    ana.order("SO-1", ("MILK-1L", 4))
    ana.menu("pick").scan("SO-1")
    assert ana.prompt.target == "A04-1"
    ana.put("MILK-1L", "A04-1", 6, lot_number="M090")
    ana.scan("WH1-A04-1", MILK)
    assert (ana.verdict, ana.prompt.step) == ("E20", "lot")
    ana.scan("M090", "T1")
    assert ana.moves("pick_move") == [("pick_move", "MILK-1L", "A04-1", "T1", "M090", 4)]


@on_sqlite
def test_a_bin_with_several_lots_asks_for_the_lot_before_anything_is_taken(ana: Worker) -> None:
    ana.put("MILK-1L", "B04-1", 5, lot_number="M120")
    ana.order("SO-1", ("MILK-1L", 4))
    ana.menu("pick").scan("SO-1", "WH1-B04-1", MILK)
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("E20", "lot", "M090")
    ana.scan("M120")
    assert (ana.verdict, ana.prompt.step) == ("E12", "lot")
    ana.scan(MILK)
    assert (ana.verdict, ana.prompt.step) == ("E20", "lot")
    ana.scan("M090", "T1")
    assert ana.moves("pick_move") == [("pick_move", "MILK-1L", "B04-1", "T1", "M090", 4)]


@on_sqlite
def test_a_lot_put_on_hold_at_the_last_moment_is_refused(ana: Worker) -> None:
    ana.order("SO-1", ("MILK-1L", 4))
    ana.menu("pick").scan("SO-1", "WH1-B04-1")

    ana.hold("MILK-1L", "M090")
    ana.scan(MILK)
    assert (ana.verdict, ana.words) == ("E16", "LOT ON HOLD: Lot M090 is on hold. Leave it where it is.")


def test_a_case_code_adds_its_quantity_and_is_refused_beyond_what_remains(ana: Worker) -> None:
    """C10: a case code adds its quantity and is refused beyond what remains."""
    ana.order("SO-1", ("BOLT-M8", 250), ("MILK-1L", 8))
    ana.menu("pick").scan("SO-1", "WH1-A01-1", BOLT_CASE)
    assert ana.facts["Taken"] == "100 / 250 BOLT-M8"
    ana.scan(BOLT_CASE, BOLT_CASE)
    assert (ana.verdict, ana.facts["Taken"]) == ("E14", "200 / 250 BOLT-M8")
    ana.scan(BOLT).type("250").scan("T1")
    assert ana.moves() == [("pick_move", "BOLT-M8", "A01-1", "T1", "", 250)]
    ana.scan("WH1-B04-1", MILK_CASE)
    assert (ana.verdict, ana.prompt.step) == ("E14", "item")
    ana.scan(MILK, "T1")
    assert ana.verdict == "G12"


@on_sqlite
def test_the_items_own_code_again_changes_nothing_but_counts_on_after_a_case(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 12))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L, GLOVE_L, GLOVE_L)
    assert (ana.verdict, ana.facts["Taken"]) == ("G05", "12 GLOVE-L")
    ana.scan(GLOVE_CASE)
    assert (ana.verdict, ana.facts["Taken"]) == ("E14", "12 GLOVE-L")
    ana.command("back").scan(GLOVE_CASE, GLOVE_L, GLOVE_L, "T1")
    assert ana.moves() == [("pick_move", "GLOVE-L", "A02-1", "T1", "", 12)]


@on_sqlite
@pytest.mark.parametrize("typed", ["11", "99999"])
def test_more_than_directed_is_refused(ana: Worker, typed: str) -> None:
    ana.order("SO-1", ("GLOVE-L", 10))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L).type(typed)
    assert (ana.verdict, ana.words) == ("E14", "OVER QTY: At most 10 more. Nothing was posted.")


@on_sqlite
def test_a_number_is_a_quantity_only_when_it_was_typed(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 10))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L, "6")
    assert (ana.verdict, ana.facts["Taken"]) == ("E01", "10 GLOVE-L")
    assert ana.command("back").type("6").verdict == "E44"


@on_sqlite
def test_wrong_kinds_of_codes_leave_everything_as_it_was(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 10))
    ana.menu("pick").scan("SO-1")
    assert ana.scan(GLOVE_L).verdict == "E43"
    assert ana.scan("ST1-MAIN").verdict == "E03"
    assert ana.scan("5001000000041").verdict == "E23"
    assert ana.scan("WH1-A02-1", "WH1-A03-1").verdict == "E44"
    assert ana.scan("WH1-A02-1").verdict == "G04"
    assert ana.scan(GLOVE_L, "WH1-A02-1").verdict == "E45"
    assert ana.scan(GLOVE_M).verdict == "E02"
    assert ana.scan("NOBODY").verdict == "E01"
    assert (ana.prompt.step, ana.moves()) == ("tote", [])
    assert ana.scan("WH1-STAGE").verdict == "G12"


def test_two_lines_at_one_bin_ask_for_the_bin_once(ana: Worker) -> None:
    """C1: two lines at one bin ask for the bin once."""
    ana.put("PAINT-5L", "A01-1", 5)
    ana.put("PAINT-5L", "B03-1", -12)
    ana.order("SO-1", ("BOLT-M8", 10), ("PAINT-5L", 2))
    ana.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1")
    assert (ana.prompt.step, ana.prompt.target) == ("item", "2 PAINT-5L")
    assert ana.scan(PAINT, "T1").verdict == "G12"


@on_sqlite
def test_an_order_that_cannot_be_reserved_says_what_is_short(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 99), ("PAINT-5L", 13), is_reserved=False)
    ana.menu("pick").scan("SO-1")
    assert (ana.verdict, ana.prompt.step) == ("E15", "order")
    assert "GLOVE-L" in ana.words and "PAINT-5L" in ana.words


@on_sqlite
def test_orders_that_cannot_be_picked_are_refused_by_their_fault(ana: Worker) -> None:
    cancelled = ana.order("SO-1", ("GLOVE-L", 1))
    ana.write(lambda s: orders.cancel_order(s, cancelled))
    shipped = ana.order("SO-2", ("GLOVE-L", 1))
    ana.write(lambda s: orders.fulfill_order(s, shipped))
    ana.menu("pick")
    assert [ana.scan(code).verdict for code in ("SO-1", "SO-2", "SO-99", GLOVE_L, "WH1-A01-1")] == [
        "E32", "E33", "E47", "E47", "E47",
    ]  # fmt: skip
    elsewhere = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2", site_code="ST1")
    ana.order("SO-3", ("GLOVE-L", 1))
    assert elsewhere.menu("pick").scan("SO-3").verdict == "E42"


@on_sqlite
def test_an_order_cancelled_while_it_is_picked_sends_the_worker_back_to_the_list(ana: Worker) -> None:
    order = ana.order("SO-1", ("GLOVE-L", 1))
    ana.menu("pick").scan("SO-1", "WH1-A02-1")
    ana.write(lambda s: orders.cancel_order(s, order))
    ana.scan(GLOVE_L)
    assert (ana.verdict, ana.prompt.step) == ("E32", "order")


def test_an_order_in_other_hands_is_refused_with_the_name_of_who_holds_it(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 4))
    other = ben(ana)
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L)
    other.menu("pick")
    assert [choice.label for choice in other.prompt.choices] == ["SO-1 Ana"]
    other.scan("SO-1")
    assert (other.verdict, other.prompt.step, other.words.split(":")[0]) == ("E30", "taken", "TAKEN BY Ana")
    assert other.scan("WH1-A02-1").verdict == "E01"
    ana.scan("T1")
    assert (ana.verdict, [move[3] for move in ana.moves()]) == ("G12", ["T1"])


@on_sqlite
def test_a_skipped_stop_comes_back_at_the_end(ana: Worker) -> None:
    ana.order("SO-1", ("BOLT-M8", 10), ("PAINT-5L", 2))
    ana.menu("pick").scan("SO-1").command("skip")
    assert (ana.verdict, ana.prompt.target) == ("G19", "B03-1")
    ana.scan("WH1-B03-1", PAINT, "T1")
    assert ana.prompt.target == "A01-1"
    assert ana.scan("WH1-A01-1", BOLT, "T1").verdict == "G12"


@on_sqlite
def test_the_step_is_kept_over_a_new_sign_in(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 10))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L).type("7")
    again = Worker(ana.store, ana.organization_id, "BDG-1001")
    assert (again.prompt.step, again.facts["Taken"]) == ("tote", "7 / 10 GLOVE-L")
    again.scan("T1").press("1")
    assert [move[5] for move in again.moves()] == [7]


@on_sqlite
def test_an_inquiry_in_between_leaves_the_step_as_it_was(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 10))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L).type("7").command("inquiry").scan(MILK).command("back")
    assert (ana.prompt.step, ana.facts["Taken"]) == ("tote", "7 / 10 GLOVE-L")


@on_sqlite
def test_due_orders_are_offered_by_digit_urgent_ones_first(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 1))
    ana.order("SO-2", ("PAINT-5L", 1), priority=3)
    ana.menu("pick")
    assert [(choice.digit, choice.label) for choice in ana.prompt.choices] == [("1", "SO-2 urgent"), ("2", "SO-1")]
    assert not ana.prompt.is_dialog
    assert ana.press("1").prompt.target == "B03-1"


@on_sqlite
def test_practice_codes_of_every_step_do_what_they_promise(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 2), ("MILK-1L", 2))
    ana.order("SO-2", ("PAINT-5L", 2))
    ana.menu("pick").scan("SO-2", "WH1-B03-1", PAINT, "T1").command("back").menu("pick")
    seen: list[str] = []
    while ana.prompt.step != "done":
        step = ana.prompt.step
        seen.append(step)
        wrong = [code for code in ana.prompt.practice if not code.is_right]
        assert all(ana.scan(code.text).verdict.startswith("E") for code in wrong), (step, wrong)
        assert ana.prompt.step == step
        right = [code for code in ana.prompt.practice if code.is_right]
        assert ana.scan("SO-1" if step == "order" else right[0].text).verdict.startswith(("G", "W"))
    assert seen == ["order", "bin", "item", "tote", "bin", "item", "tote"]


@on_sqlite
@pytest.mark.parametrize("language", languages())
def test_nothing_a_worker_sees_at_any_step_is_wider_than_its_place(ana: Worker, language: str) -> None:
    ana.speak(language)
    ana.order("SO-1", ("GLOVE-L", 10), ("MILK-1L", 12), ("PAINT-5L", 12))
    steps = [
        lambda: ana.menu("pick"),
        lambda: ana.scan("SO-1"),
        lambda: ana.scan("WH1-A02-1"),
        lambda: ana.scan(GLOVE_L),
        lambda: ana.type("7"),
        lambda: ana.scan("T1"),
        lambda: ana.press("1"),
        lambda: ana.scan("WH1-A04-1", MILK, "T1", "WH1-B04-1", MILK, "T1"),
        lambda: ana.press("1"),
        lambda: ana.scan("WH1-B03-1", PAINT, "T1"),
        lambda: ana.press("1"),
    ]
    for step in steps:
        step()
        prompt = ana.prompt
        assert len(prompt.ask) <= 40 and len(prompt.target) <= 20 and len(prompt.facts) <= 6, prompt
        assert ana.reply.words is None or len(ana.reply.words.headline) <= 20
        assert prompt.help_page == "picking"


def test_a_serial_is_told_by_its_own_code_and_another_one_of_the_bin_may_be_taken(ana: Worker) -> None:
    for serial in ("SN1", "SN2"):
        ana.put("PHONE-X", "A01-1", 1, serial=serial)
    ana.order("SO-1", ("PHONE-X", 1))
    ana.menu("pick").scan("SO-1", "WH1-A01-1", PHONE)
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("G32", "serial", "SN1")
    assert ana.scan("SN9").verdict == "E39"
    assert ana.scan(PHONE).verdict == "E46"
    ana.scan(f"]C101{PHONE.zfill(14)}21SN2", "T1")
    assert (ana.verdict, ana.serials("T1"), ana.serials("A01-1")) == ("G12", ["SN2"], ["", "SN1"])


@on_sqlite
def test_every_serial_is_a_stop_of_its_own(ana: Worker) -> None:
    for serial in ("SN1", "SN2"):
        ana.put("PHONE-X", "A01-1", 1, serial=serial)
    ana.order("SO-1", ("PHONE-X", 2))
    ana.menu("pick").scan("SO-1", "WH1-A01-1", f"]C101{PHONE.zfill(14)}21SN2", "T1")
    assert (ana.prompt.step, ana.prompt.target) == ("item", "1 PHONE-X")
    assert ana.scan(f"]C101{PHONE.zfill(14)}21SN2").verdict == "E39"
    ana.scan(PHONE, "T1")
    assert (ana.verdict, ana.prompt.step, ana.serials("T1")) == ("G12", "done", ["SN1", "SN2"])


@on_sqlite
def test_of_several_license_plates_in_a_bin_one_is_scanned(ana: Worker) -> None:
    first, second = "050010000000000019", "050010000000000026"
    for code in (first, second):
        ana.put("PAINT-5L", "A01-1", 20, plate_code=code)
    ana.order("SO-1", ("PAINT-5L", 15))
    ana.menu("pick").scan("SO-1")
    assert ana.prompt.target == "A01-1"
    ana.scan("WH1-A01-1", PAINT)
    assert (ana.verdict, ana.prompt.step) == ("E21", "plate")
    assert ana.scan("NOPLATE").verdict == "E57"
    ana.scan(f"]C100{second}", "T1")
    assert ana.moves("pick_move") == [("pick_move", "PAINT-5L", "A01-1", "T1", "", 15)]
    ana.scan(second)
    assert ana.verdict == "E47"
    assert ana.command("back").scan(f"]C100{second}").facts == {"WH1/A01-1": "", "PAINT-5L": f"5 {second}"}


@pytest.mark.parametrize(
    "text",
    ["A\x00B", "\x1b[2J", "\ud800", "[/]", "x" * 5000, "' OR 1=1 --", "\u202e"],
    ids=["nul", "escape", "surrogate", "markup", "long", "sql", "bidi"],
)
def test_hostile_codes_at_every_step_are_refused_and_change_nothing(ana: Worker, text: str) -> None:
    ana.order("SO-1", ("GLOVE-L", 10), ("MILK-1L", 1))
    ana.put("MILK-1L", "B04-1", 5, lot_number="M120")
    ana.scan(text)
    assert ana.verdict.startswith("E")
    for code in ("", "SO-1", "WH1-A02-1", GLOVE_L, "T1", "WH1-B04-1", MILK):
        ana.scan(code) if code else ana.menu("pick")
        step = ana.prompt
        ana.scan(text)
        assert ana.verdict.startswith("E") and ana.prompt == step, (step.step, ana.verdict)
        assert all(character.isprintable() for character in ana.words)
        ana.type(text)
        assert ana.verdict.startswith("E") and ana.prompt == step
    assert ana.prompt.step == "lot"


@on_sqlite
def test_a_bin_put_on_hold_while_somebody_walks_there_is_refused(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 1))
    ana.menu("pick").scan("SO-1")
    ana.write(lambda s: ledger.set_location_held(s, ana.location(s, "A02-1"), True))
    ana.scan("WH1-A02-1")
    assert (ana.verdict, ana.words) == ("E17", "BIN ON HOLD: A02-1 is on hold: nothing goes in or out.")


@on_sqlite
def test_an_expired_lot_in_the_hand_is_refused(ana: Worker) -> None:
    ana.write(lambda s: catalog_lot(s, "OLD", date(2026, 3, 1)))
    ana.put("MILK-1L", "B04-1", 5, lot_number="OLD")
    ana.order("SO-1", ("MILK-1L", 4))
    ana.menu("pick").scan("SO-1", "WH1-B04-1", f"]C101{MILK.zfill(14)}10OLD")
    assert (ana.verdict, ana.words) == ("E10", "EXPIRED: Lot OLD expired on 2026-03-01. Do not use it.")


def catalog_lot(session: Session, number: str, expiry: date) -> None:
    variant = catalog.variant_by_sku(session, "MILK-1L")
    lots.create_lot(session, variant_id=variant.id, lot_number=number, expiry_date=expiry)


@on_sqlite
def test_an_earlier_lot_of_which_too_little_is_free_tells_how_much_there_is(ana: Worker) -> None:
    ana.order("SO-0", ("MILK-1L", 10))
    ana.menu("pick").scan("SO-0").command("back").command("back")
    ana.order("SO-1", ("MILK-1L", 4))
    ana.menu("pick").scan("SO-1")
    ana.put("MILK-1L", "A04-1", 3, lot_number="M090")
    ana.scan("WH1-A04-1", f"]C101{MILK.zfill(14)}10M090")
    assert (ana.verdict, ana.prompt.step, ana.words.split(":")[0]) == ("E31", "item", "QTY NOW 3")


@on_sqlite
def test_a_backorder_stays_open_while_its_stock_may_not_be_picked_and_is_picked_when_it_may(ana: Worker) -> None:
    order = ana.order("SO-4", ("GLOVE-L", 10))
    ana.menu("pick").scan("SO-4", "WH1-A02-1", GLOVE_L).type("6").scan("T4").press("1").command("back")
    ana.menu("pick").scan("SO-4")
    assert (ana.verdict, ana.prompt.step) == ("W02", "done")
    assert ana.write(lambda s: orders.lines_of(s, order.id))[0].backordered == 4
    ana.command("back")
    ana.write(lambda s: tasks.finish_task(s, tasks.open_tasks(s, ana.place.site_id, kind="count")[0]))
    ana.menu("pick").scan("SO-4")
    assert (ana.verdict, ana.prompt.target, ana.facts["Take"]) == ("G20", "A02-1", "4 GLOVE-L")
