"""Clusters, totes, claims and undo of picks, step by step through the engine, on both databases (FLOOR C1, C3, C7, E30,
F8, P4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlmodel import Session

from ambra_tui.kit.language import languages
from ambra_tui.services import claims, orders, tasks
from ambra_tui.store.models import Location, SalesOrder, SalesOrderLine, StockLevel, Variant
from ambra_tui.store.scope import scoped
from tests.floor.worker import Worker, open_ds1

GLOVE_L, MILK, BOLT, PAINT, CABLE = (
    "5001000000040", "5001000000019", "5001000000033", "5001000000071", "5001000000118",
)  # fmt: skip

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def ben(ana: Worker) -> Worker:
    return Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")


def three_orders(ana: Worker) -> None:
    ana.order("SO-1", ("BOLT-M8", 10), ("MILK-1L", 6), is_reserved=False)
    ana.order("SO-2", ("MILK-1L", 8), ("PAINT-5L", 1), is_reserved=False)
    ana.order("SO-3", ("GLOVE-L", 3), ("CABLE-2M", 2), is_reserved=False)


def cluster(ana: Worker) -> Worker:
    three_orders(ana)
    return ana.menu("pick").command("cluster").scan("SO-1", "T1", "SO-2", "T2", "SO-3", "T3")


WALK = [
    "WH1-A01-1", BOLT, "T1", "WH1-A02-1", GLOVE_L, "T3", "WH1-A04-1", MILK, "T2",
    "WH1-B04-1", MILK, "T1", MILK, "T2",
]  # fmt: skip
REST = ["WH1-B03-1", PAINT, "T2", "WH1-B01-1", CABLE, "T3"]


def test_p4_three_orders_are_picked_in_one_walk_by_twenty_scans_and_one_key(ana: Worker) -> None:
    """C1: stops by sequence, not by name, over three orders."""
    cluster(ana)
    assert [(row.label, row.value) for row in ana.prompt.facts] == [("T1", "SO-1"), ("T2", "SO-2"), ("T3", "SO-3")]
    assert len(WALK) + len(REST) == 20
    ana.codes.clear()
    ana.scan(*WALK)
    assert (ana.prompt.step, ana.prompt.target, ana.prompt.is_dialog) == ("zero", "B04-1", True)
    ana.press("1").scan(*REST)
    assert not [code for code in ana.codes if not code.startswith("G")]
    assert (ana.verdict, ana.prompt.step, ana.facts["T1"]) == ("G12", "done", "SO-1: 16 units")
    assert ana.moves() == [
        ("pick_move", "BOLT-M8", "A01-1", "T1", "", 10),
        ("pick_move", "GLOVE-L", "A02-1", "T3", "", 3),
        ("pick_move", "MILK-1L", "A04-1", "T2", "M100", 4),
        ("pick_move", "MILK-1L", "B04-1", "T1", "M090", 6),
        ("pick_move", "MILK-1L", "B04-1", "T2", "M090", 4),
        ("pick_move", "PAINT-5L", "B03-1", "T2", "", 1),
        ("pick_move", "CABLE-2M", "B01-1", "T3", "", 2),
    ]
    ana.command("ship")
    assert ana.verdict == "G13"
    assert sorted((move[1], move[4], move[5]) for move in ana.moves("order_fulfilled")) == [
        ("BOLT-M8", "", 10), ("CABLE-2M", "", 2), ("GLOVE-L", "", 3), ("MILK-1L", "M090", 4), ("MILK-1L", "M090", 6),
        ("MILK-1L", "M100", 4), ("PAINT-5L", "", 1),
    ]  # fmt: skip
    assert ana.tasks() == []


@on_sqlite
def test_a_free_tote_takes_the_most_urgent_order(ana: Worker) -> None:
    three_orders(ana)
    due = datetime(2026, 3, 2, 12, tzinfo=UTC)
    ana.order("SO-4", ("CABLE-2M", 1), due_at=due)
    ana.order("SO-10", ("CABLE-2M", 1), priority=2)
    ana.menu("pick")
    assert [choice.label for choice in ana.prompt.choices] == [
        "SO-10 urgent", "SO-4 03-02 12:00", "SO-1", "SO-2", "SO-3",
    ]  # fmt: skip
    ana.command("cluster").scan("T1", "T2", "T3")
    assert [(row.label, row.value) for row in ana.prompt.facts] == [("T1", "SO-10"), ("T2", "SO-4"), ("T3", "SO-1")]
    assert ana.scan("T3").verdict == "W08"
    assert ana.command("start").prompt.target == "A01-1"


@on_sqlite
def test_no_order_waits_for_a_further_tote(ana: Worker) -> None:
    ana.order("SO-1", ("CABLE-2M", 1))
    assert ana.menu("pick").command("cluster").scan("T1", "T2").verdict == "E65"


def test_in_a_cluster_each_order_has_its_tote_and_a_free_one_needs_a_key(ana: Worker) -> None:
    cluster(ana).scan("WH1-A01-1", BOLT)
    assert ana.prompt.target == "T1"
    ana.scan("T2")
    assert (ana.verdict, ana.words) == ("E05", "WRONG TOTE: T2 belongs to SO-2. Scan another tote.")
    ana.scan("T7")
    assert (ana.verdict, ana.prompt.step, ana.moves()) == ("E64", "tote", [])
    ana.command("new_tote")
    assert ana.verdict == "G63"
    assert ana.scan("T2").verdict == "E05"
    ana.scan("T7")
    assert (ana.verdict, ana.moves()[0][3]) == ("G11", "T7")
    ana.scan("WH1-A02-1", GLOVE_L, "T3", "WH1-A04-1", MILK, "T2", "WH1-B04-1", MILK)
    assert ana.prompt.target == "T7"


@on_sqlite
def test_a_tote_of_an_open_cluster_is_nobody_elses(ana: Worker) -> None:
    cluster(ana)
    ana.order("SO-9", ("GLOVE-L", 1))
    other = ben(ana).menu("pick").scan("SO-9", "WH1-A02-1", GLOVE_L, "T3")
    assert (other.verdict, other.words.split(":")[1]) == ("E05", " T3 belongs to SO-3. Scan another tote.")
    assert other.scan("T5").verdict == "G12"


@on_sqlite
def test_a_full_tote_is_changed_in_the_middle_of_a_clusters_line(ana: Worker) -> None:
    cluster(ana).scan("WH1-A01-1", BOLT).type("4").scan("T1").press("4")
    assert (ana.prompt.step, ana.facts["Taken"]) == ("tote", "6 BOLT-M8")
    ana.scan("T5", "WH1-A02-1", GLOVE_L, "T3", "WH1-A04-1", MILK, "T2", "WH1-B04-1", MILK)
    assert ana.prompt.target == "T5"
    assert [(move[3], move[5]) for move in ana.moves()][:2] == [("T1", 4), ("T5", 6)]


@on_sqlite
def test_the_tote_read_twice_is_told_and_moves_nothing(ana: Worker) -> None:
    cluster(ana).scan("WH1-A01-1", BOLT, "T1", "T1")
    assert (ana.verdict, ana.prompt.step, len(ana.moves())) == ("W08", "bin", 1)
    ana.scan("WH1-A02-1", GLOVE_L, "T3", "WH1-A04-1", MILK, "T2", "WH1-B04-1", MILK, "T1", "T1")
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("W08", "item", "4 MILK-1L")


@on_sqlite
def test_only_the_bins_of_the_chosen_zone_are_walked(ana: Worker) -> None:
    three_orders(ana)
    ana.menu("pick").command("zone")
    assert [choice.label for choice in ana.prompt.choices] == ["A", "B", "C", "All"]
    ana.press("2").command("cluster").scan("SO-2", "T2", "SO-3", "T3")
    ana.scan("WH1-B04-1", MILK, "T2", "WH1-B03-1", PAINT, "T2", "WH1-B01-1", CABLE, "T3")
    assert (ana.verdict, ana.prompt.step) == ("G61", "done")
    ana.command("back").menu("pick").scan("SO-3")
    assert ana.prompt.target == "A02-1"


@on_sqlite
def test_picked_orders_leave_the_list_and_wait_to_be_shipped(ana: Worker) -> None:
    ana.order("SO-1", ("CABLE-2M", 1))
    ana.order("SO-2", ("CABLE-2M", 1))
    ana.menu("pick").scan("SO-1", "WH1-B01-1", CABLE, "T1").command("back").menu("pick")
    assert [choice.label for choice in ana.prompt.choices] == ["SO-2"]
    ana.command("picked")
    assert [choice.label for choice in ana.prompt.choices] == ["SO-1 begun"]
    assert ana.press("1").prompt.step == "done"
    assert ana.command("ship").verdict == "G13"
    assert ana.menu("pick").command("picked").prompt.choices == ()


# -- claims ----------------------------------------------------------------------------------------------------------


def test_work_that_is_given_back_is_anybodys(ana: Worker) -> None:
    cluster(ana).scan("WH1-A01-1", BOLT, "T1")
    other = ben(ana).menu("pick").scan("SO-2")
    assert other.verdict == "E30"
    ana.command("give_back")
    assert (ana.verdict, ana.prompt.step) == ("G51", "order")
    other.scan("SO-1")
    assert (other.verdict, other.prompt.target) == ("G20", "B04-1")
    other.scan("WH1-B04-1", MILK, "T1")
    assert (other.verdict, [move[3] for move in ana.moves()]) == ("G12", ["T1", "T1"])


def test_a_supervisor_hands_work_over_and_an_operator_does_not(ana: Worker) -> None:
    cluster(ana).scan("WH1-A01-1", BOLT)
    other = ben(ana).menu("pick").scan("SO-1")
    assert (other.verdict, other.facts["Held by"]) == ("E30", "Ana")
    assert other.scan("BDG-1002").verdict == "E35"
    other.scan("BDG-9001")
    assert (other.prompt.step, other.prompt.is_secret) == ("pin", True)
    assert other.type("1111").verdict == "E53"
    other.type("4711")
    assert (other.verdict, other.prompt.target) == ("G20", "A01-1")
    ana.scan("T1")
    assert (ana.verdict, ana.prompt.step, ana.moves()) == ("E30", "order", [])
    other.scan("WH1-A01-1", BOLT, "T1")
    assert other.verdict == "G11"
    held = ana.write(lambda s: claims.claims_of(s, other.reply.user_id))
    assert len(held) == 3


@on_sqlite
def test_esc_keeps_what_was_begun_and_the_next_scan_resumes_the_cluster(ana: Worker) -> None:
    cluster(ana).scan("WH1-A01-1", BOLT, "T1").command("back").command("back")
    assert ben(ana).menu("pick").scan("SO-3").verdict == "E30"
    ana.menu("pick")
    assert [choice.label for choice in ana.prompt.choices] == ["SO-1 mine", "SO-2 mine", "SO-3 mine"]
    assert ana.scan("SO-2").prompt.target == "A02-1"


@on_sqlite
def test_an_order_of_the_cluster_that_is_cancelled_is_told_and_the_others_go_on(ana: Worker) -> None:
    cluster(ana).scan("WH1-A01-1", BOLT)
    ana.write(lambda s: orders.cancel_order(s, orders.find_order(s, "SO-1")))
    ana.scan("T1")
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("E32", "bin", "A02-1")


@on_sqlite
def test_a_cluster_given_up_while_it_is_put_together_sets_its_orders_free(ana: Worker) -> None:
    three_orders(ana)
    ana.menu("pick").command("cluster").scan("SO-1", "T1", "SO-2").command("back").command("back")
    assert ana.prompt.step == "order"
    assert ben(ana).menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1").verdict == "G11"


# -- undo ------------------------------------------------------------------------------------------------------------


def book(ana: Worker) -> tuple[list[tuple[str, str, int, int]], list[tuple[str, int, int, int, str]]]:
    """On hand and allocated by place, and the lines of all orders: what an undo restores."""

    def work(session: Session) -> tuple[list[tuple[str, str, int, int]], list[tuple[str, int, int, int, str]]]:
        codes = {row.id: row.code for row in session.exec(scoped(session, Location))}
        skus = {row.id: row.sku for row in session.exec(scoped(session, Variant))}
        states = {row.id: row.status for row in session.exec(scoped(session, SalesOrder))}
        levels = sorted(
            (codes[row.location_id], skus[row.variant_id] + row.lot_id, int(row.on_hand), int(row.allocated))
            for row in session.exec(scoped(session, StockLevel))
            if row.on_hand or row.allocated
        )
        lines = sorted(
            (row.id, int(row.picked), int(row.fulfilled), int(row.backordered), states[row.sales_order_id])
            for row in session.exec(scoped(session, SalesOrderLine))
        )
        return levels, lines

    return ana.write(work)


def undo(worker: Worker) -> Worker:
    worker.command("undo").press("1")
    return worker.command("back") if worker.reply.flow == "undo" else worker


def test_a_pick_taken_back_lies_in_its_bin_for_the_order_again(ana: Worker) -> None:
    cluster(ana).scan("WH1-A01-1")
    before = book(ana)
    ana.scan(BOLT, "T1")
    undo(ana)
    assert book(ana) == before
    assert (ana.prompt.step, ana.prompt.target) == ("bin", "A01-1")
    ana.scan("WH1-A01-1", BOLT, "T1")
    assert ana.verdict == "G11"
    assert [move[0] for move in ana.moves()] == ["pick_move", "reversal", "pick_move"]


def test_a_short_pick_taken_back_needs_no_count_and_leaves_no_backorder(ana: Worker) -> None:
    ana.order("SO-4", ("GLOVE-L", 10), ("MILK-1L", 12))
    ana.menu("pick").scan("SO-4", "WH1-A02-1")
    before = book(ana)
    ana.scan(GLOVE_L).type("6").scan("T4").press("1")
    assert len(ana.tasks()) == 1
    undo(ana)
    assert (book(ana), ana.tasks()) == (before, [])
    assert (ana.prompt.step, ana.prompt.target) == ("bin", "A02-1")
    ana.scan("WH1-A02-1", GLOVE_L, "T4", "WH1-A04-1", MILK, "T4", "WH1-B04-1")
    before = book(ana)
    ana.command("nothing").press("1")
    assert (ana.verdict, ana.prompt.target) == ("W16", "A04-1")
    undo(ana)
    assert book(ana) == before


def test_a_shipment_taken_back_lies_in_its_totes_and_may_leave_again(ana: Worker) -> None:
    ana.order("SO-1", ("BOLT-M8", 10), ("PAINT-5L", 2))
    ana.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1", "WH1-B03-1", PAINT, "T1")
    before = book(ana)
    ana.command("ship")
    assert ana.verdict == "G13"
    undo(ana)
    assert book(ana) == before
    ana.menu("pick").scan("SO-1").command("ship")
    assert (ana.verdict, len(ana.moves("order_fulfilled"))) == ("G13", 4)
    undo(ana)
    undo(ana)
    assert [row for row in book(ana)[0] if row[0] == "B03-1"] == [("B03-1", "PAINT-5L", 12, 2)]


@on_sqlite
def test_a_pick_is_not_taken_back_once_its_order_has_left(ana: Worker) -> None:
    order = ana.order("SO-1", ("PAINT-5L", 2))
    ana.menu("pick").scan("SO-1", "WH1-B03-1", PAINT, "T1").command("back")
    ana.write(lambda s: orders.fulfill_order(s, order))
    ana.command("undo").press("1")
    assert ana.verdict == "E37"


@on_sqlite
def test_a_shipment_is_not_taken_back_into_a_tote_that_holds_another_order(ana: Worker) -> None:
    """C7: a tote belongs to one order, also after an undo."""
    ana.order("SO-1", ("GLOVE-L", 2))
    ana.order("SO-2", ("CABLE-2M", 2))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L, "T1").command("ship")
    ben(ana).menu("pick").scan("SO-2", "WH1-B01-1", CABLE, "T1")
    ana.command("undo").press("1")
    assert (ana.verdict, "T1" in ana.words) == ("E37", True)
    assert ana.on_hand("GLOVE-L", "T1") == 0


@on_sqlite
def test_a_pick_is_not_taken_back_while_somebody_else_goes_on_with_the_order(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 2), ("CABLE-2M", 2))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L, "T1", "BDG-1001").press("2")  # the shift ends
    assert ben(ana).menu("pick").scan("SO-1").verdict == "G20"
    again = Worker(ana.store, ana.organization_id, "BDG-1001").command("undo").press("1")
    assert (again.verdict, "SO-1" in again.words, again.on_hand("GLOVE-L", "T1")) == ("E37", True, 2)


@on_sqlite
def test_a_stop_of_which_part_has_left_meanwhile_shows_what_is_left(ana: Worker) -> None:
    order = ana.order("SO-1", ("GLOVE-L", 10))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L)
    line = ana.write(lambda s: orders.lines_of(s, order.id)[0])
    ana.write(lambda s: orders.fulfill(s, order, [orders.FulfillLine(line.id, Decimal(6))]))
    ana.scan("T1")
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("E41", "item", "4 GLOVE-L")
    ana.scan(GLOVE_L, "T1")
    assert (ana.prompt.step, ana.on_hand("GLOVE-L", "T1"), ana.on_hand("GLOVE-L", "A02-1")) == ("done", 4, 30)


@on_sqlite
def test_a_count_asked_for_by_the_wrong_answer_is_taken_back(ana: Worker) -> None:
    ana.order("SO-1", ("PAINT-5L", 12))
    ana.menu("pick").scan("SO-1", "WH1-B03-1", PAINT, "T1").press("2")
    assert len(ana.tasks()) == 1
    assert undo(ana).tasks() == []


# -- a count on the way (FLOOR D6) -----------------------------------------------------------------------------------


def due(ana: Worker, code: str) -> None:
    def work(session: Session) -> None:
        tasks.ask_count(session, location=ana.location(session, code), variant_id=None, reason="asked")

    ana.write(work)


def test_a_worker_who_leaves_a_bin_that_is_due_may_count_it_by_one_key(ana: Worker) -> None:
    """D6: a count is offered when the worker stands at a bin that is due."""
    due(ana, "A01-1")
    cluster(ana).scan("WH1-A01-1", BOLT, "T1")
    offered = {command.key: command.label for command in ana.prompt.commands}
    assert (ana.prompt.step, offered["f8"]) == ("bin", "Count A01-1")
    ana.command("count")
    assert (ana.reply.flow, ana.prompt.step) == ("count", "item")
    ana.scan(BOLT).type("490").command(_keys(ana)["f10"])
    assert (ana.reply.flow, ana.prompt.target) == ("pick", "A02-1")
    assert "f8" not in _keys(ana)
    assert ana.tasks() == []


def _keys(ana: Worker) -> dict[str, str]:
    return {command.key: command.name for command in ana.prompt.commands}


@on_sqlite
def test_a_bin_that_nobody_asks_to_count_is_left_without_an_offer(ana: Worker) -> None:
    due(ana, "A01-1")
    cluster(ana).scan("WH1-A01-1", BOLT, "T1", "WH1-A02-1", GLOVE_L, "T3")
    assert "f8" not in _keys(ana)


# -- what is seen ----------------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize("language", languages())
def test_nothing_that_is_seen_while_choosing_is_wider_than_its_place(ana: Worker, language: str) -> None:
    three_orders(ana)
    ben(ana).menu("pick").scan("SO-3")
    ana.speak(language)
    for step in (
        lambda: ana.menu("pick"),
        lambda: ana.command("zone"),
        lambda: ana.press("0"),
        lambda: ana.command("picked"),
        lambda: ana.command("back"),
        lambda: ana.scan("SO-3"),
        lambda: ana.scan("BDG-9001"),
        lambda: ana.command("back"),
        lambda: ana.command("cluster"),
        lambda: ana.scan("SO-1"),
        lambda: ana.scan("T1"),
        lambda: ana.scan("T2"),
        lambda: ana.scan("WH1-A01-1", BOLT).command("new_tote"),
    ):
        step()
        prompt = ana.prompt
        assert len(prompt.ask) <= 40 and len(prompt.target) <= 20 and len(prompt.facts) <= 6, prompt
        assert ana.reply.words is None or len(ana.reply.words.headline) <= 20, ana.words


@on_sqlite
@pytest.mark.parametrize("text", ["A\x00B", "\x1b[2J", "[/]", "x" * 5000, "' OR 1=1 --"])
def test_hostile_codes_while_choosing_change_nothing(ana: Worker, text: str) -> None:
    three_orders(ana)
    ben(ana).menu("pick").scan("SO-3")
    for step in (
        lambda: ana.menu("pick").scan("SO-3"),
        lambda: ana.scan("BDG-9001"),
        lambda: ana.command("back").command("cluster"),
        lambda: ana.scan("SO-1"),
        lambda: ana.scan("T1"),
    ):
        step()
        before = ana.prompt
        ana.scan(text)
        assert ana.verdict.startswith("E") and ana.prompt == before, (before.step, ana.verdict)


@on_sqlite
def test_an_order_that_cannot_be_picked_now_does_not_keep_a_tote_from_the_next_one(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 99), is_reserved=False, priority=9)
    ana.order("SO-2", ("PAINT-5L", 1))
    ana.menu("pick").command("cluster").scan("T1")
    assert (ana.verdict, [row.value for row in ana.prompt.facts]) == ("G60", ["SO-2"])
    assert ben(ana).menu("pick").command("cluster").scan("T1").verdict == "E05"


@on_sqlite
def test_what_the_end_of_a_shift_sets_free_is_resumed_by_whoever_scans_one_of_its_orders(ana: Worker) -> None:
    cluster(ana).scan("WH1-A01-1", BOLT, "T1")
    ana.write(lambda s: claims.release_all(s, ana.reply.user_id))
    other = ben(ana).menu("pick").scan("SO-2", "WH1-A02-1", GLOVE_L, "T3")
    assert (other.verdict, other.prompt.target) == ("G11", "A04-1")
    assert ana.scan("WH1-A04-1").verdict == "E30"
