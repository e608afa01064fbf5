"""Picking through a pseudo-terminal: bytes into the real program, facts out of the ledger, on both databases."""

from __future__ import annotations

import pytest

from ambra_tui.services import orders
from tests.floor.conftest import Start
from tests.floor.station import Station
from tests.floor.worker import Worker

GLOVE_L, GLOVE_M = "5001000000040", "5001000000057"
MILK, BOLT, PAINT = "5001000000019", "5001000000033", "5001000000071"


def menu(terminal: Station) -> None:
    terminal.wait_for("SIGNED IN", "Pick")
    terminal.key("3", "Scan an order")


def test_p4_one_order_of_three_is_picked_by_expiry_in_walking_order_without_a_key(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("BOLT-M8", 10), ("MILK-1L", 6))
    desk.order("SO-2", ("MILK-1L", 8), ("PAINT-5L", 1))
    desk.order("SO-3", ("GLOVE-L", 3), ("CABLE-2M", 2))
    for number in ("SO-1", "SO-2", "SO-3"):
        desk.menu("pick").scan(number).command("back").command("back")
    desk.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1", "WH1-B04-1", MILK, "T1").command("back")
    picked_before = len(desk.moves())
    terminal = start(16, 20)
    menu(terminal)
    terminal.scan("SO-2", "A04-1", "4 MILK-1L", "M100")
    terminal.scan("WH1-A04-1", "BIN OK")
    terminal.scan(MILK, "ITEM OK")
    terminal.scan("T2", "PICKED 4", "B04-1", "M090")
    terminal.scan("WH1-B04-1", "BIN OK")
    terminal.scan(MILK, "ITEM OK")
    terminal.scan("T2", "Is this bin empty now?")
    terminal.key("1", "BIN EMPTY", "B03-1")
    terminal.scan("WH1-B03-1", "BIN OK")
    terminal.scan(PAINT, "ITEM OK")
    terminal.scan("T2", "ORDER PICKED", "STAGE")
    assert desk.moves()[picked_before:] == [
        ("pick_move", "MILK-1L", "A04-1", "T2", "M100", 4),
        ("pick_move", "MILK-1L", "B04-1", "T2", "M090", 4),
        ("pick_move", "PAINT-5L", "B03-1", "T2", "", 1),
    ]
    terminal.key("F10", "SHIPPED", "Choose or scan")
    assert [(move[1], move[4], move[5]) for move in desk.moves("order_fulfilled")] == [
        ("MILK-1L", "M100", 4),
        ("MILK-1L", "M090", 4),
        ("PAINT-5L", "", 1),
    ]
    assert terminal.error_tones == 0


@pytest.mark.parametrize(("rows", "columns"), [(16, 20), (8, 40)])
def test_p5_wrong_bin_wrong_item_wrong_tote_and_a_short_pick(
    desk: Worker, start: Start, rows: int, columns: int
) -> None:
    desk.order("SO-1", ("BOLT-M8", 10))
    desk.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1").command("back")
    desk.order("SO-4", ("GLOVE-L", 10))
    terminal = start(rows, columns)
    menu(terminal)
    terminal.scan("SO-4", "A02-1", "10 GLOVE-L")
    terminal.scan("WH1-A03-1", "E03 WRONG BIN")
    terminal.scan("WH1-A02-1", "BIN OK")
    terminal.scan(GLOVE_M, "E02 WRONG ITEM", "10 GLOVE-L")
    terminal.scan(GLOVE_L, "ITEM OK")
    terminal.type("6", "QTY 6", "6 / 10 GLOVE-L")
    terminal.scan("T1", "E05 WRONG TOTE", "SO-1")
    terminal.scan("T4", "Why?", "4 stay open", "Not found")
    assert desk.moves()[1:] == []
    terminal.key("1", "BACKORDER 4")
    assert desk.moves()[1:] == [("pick_move", "GLOVE-L", "A02-1", "T4", "", 6)]
    assert desk.on_hand("GLOVE-L", "A02-1") == 34
    assert desk.tasks() == [("count", "A02-1", "short_pick not_found")]
    order = desk.write(lambda session: orders.find_order(session, "SO-4"))
    line = desk.write(lambda session: orders.lines_of(session, order.id if order else ""))[0]
    assert (int(line.picked), int(line.backordered)) == (6, 4)
    assert terminal.error_tones == 3
    desk.order("SO-5", ("GLOVE-L", 1))
    terminal.scan("SO-5", "E49 BIN STOPPED")


def test_after_a_kill_the_badge_stands_at_the_same_step_and_each_pick_is_there_once(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("BOLT-M8", 10), ("MILK-1L", 8))
    terminal = start(16, 20)
    menu(terminal)
    terminal.scan("SO-1", "A01-1")
    terminal.scan("WH1-A01-1", "BIN OK")
    terminal.scan(BOLT, "ITEM OK")
    terminal.scan("T2", "PICKED 10", "B04-1")
    terminal.scan("WH1-B04-1", "BIN OK")
    terminal.scan(MILK, "ITEM OK")
    terminal.kill()
    assert desk.moves() == [("pick_move", "BOLT-M8", "A01-1", "T2", "", 10)]
    again = start(16, 20)
    again.wait_for("SIGNED IN", "Scan the tote", "8 MILK-1L")
    again.scan("T2", "ORDER PICKED")
    assert [(move[1], move[5]) for move in desk.moves()] == [("BOLT-M8", 10), ("MILK-1L", 8)]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_item_scanned_at_the_menu_opens_its_card_and_escape_leads_back(desk: Worker, start: Start) -> None:
    terminal = start(16, 20)
    terminal.wait_for("SIGNED IN", "Pick")
    terminal.scan("5001000000033", "BOLT-M8", "A01-1 500", "C02-1 2000")
    terminal.key("Esc", "Choose or scan")
    terminal.scan(GLOVE_L, "A02-1 40", "ST1/MAIN 5")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_detour_in_the_middle_of_a_pick_comes_back_to_what_was_entered(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("GLOVE-L", 10))
    terminal = start(16, 20)
    menu(terminal)
    terminal.scan("SO-1", "A02-1")
    terminal.scan("WH1-A02-1", "BIN OK")
    terminal.scan(GLOVE_L, "ITEM OK")
    terminal.type("7", "7 / 10 GLOVE-L")
    terminal.key("F3", "Scan anything")
    terminal.scan(MILK, "A04-1", "B04-1")
    terminal.key("Esc", "7 / 10 GLOVE-L", "Scan the tote")
    assert desk.moves() == []
