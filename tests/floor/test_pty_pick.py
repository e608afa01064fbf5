"""Picking through a pseudo-terminal: bytes into the real program, facts out of the ledger, on both databases."""

from __future__ import annotations

import pytest

from tests.floor.conftest import Start
from tests.floor.station import Station
from tests.floor.worker import Worker

GLOVE_L, GLOVE_M = "5001000000040", "5001000000057"
MILK, BOLT, PAINT = "5001000000019", "5001000000033", "5001000000071"


def menu(terminal: Station) -> None:
    terminal.wait_for("SIGNED IN", "Pick")
    terminal.key("3", "Scan an order")


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
    """A4: the card, and no menu entry."""
    terminal = start(16, 20)
    terminal.wait_for("SIGNED IN", "Pick")
    terminal.scan("5001000000033", "BOLT-M8", "A01-1 500", "C02-1 2000")
    terminal.key("Esc", "Choose or scan")
    terminal.scan(GLOVE_L, "A02-1 40", "ST1/MAIN 5")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_detour_in_the_middle_of_a_pick_comes_back_to_what_was_entered(desk: Worker, start: Start) -> None:
    """F7: a look-up from a step, and Esc to what was entered."""
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
