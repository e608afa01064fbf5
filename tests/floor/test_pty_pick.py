"""Picking through a pseudo-terminal: bytes into the real program, facts out of the ledger, on both databases."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ambra_tui.services import orders
from tests.floor.worker import NOW, Worker, open_ds1
from tests.pty_harness import Terminal

ROOT = Path(__file__).resolve().parents[2]
GLOVE_L, GLOVE_M = "5001000000040", "5001000000057"
MILK, BOLT, PAINT = "5001000000019", "5001000000033", "5001000000071"
F10, ESCAPE = "\x1b[21~", "\x1b"
ERROR_TONE = re.compile(rb"\x07{3}")

Start = Callable[..., Terminal]


@pytest.fixture
def desk(store_url: str) -> Iterator[Worker]:
    """ds1, and somebody in the office who makes documents and looks into the ledger."""
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-9001", station="office")
    store.close()


@pytest.fixture
def start(desk: Worker, store_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts the program at a size and signs Ana in; too small for large letters and old verdicts."""
    argv = [
        sys.executable, "-m", "ambra_tui.cli",
        "--store", store_url, "--site", "WH1", "--no-server", "--station", "st-1",
    ]  # fmt: skip
    running: list[Terminal] = []

    def begin(rows: int = 16, columns: int = 20) -> Terminal:
        environment = {"AMBRA_NOW": NOW, "AMBRA_HOME": str(tmp_path / "home")}
        terminal = Terminal.start(argv, rows=rows, columns=columns, folder=ROOT, environment=environment)
        running.append(terminal)
        terminal.wait_for("Scan your badge")
        terminal.scan("BDG-1001")
        return terminal

    yield begin
    for terminal in running:
        terminal.close()


def scan(terminal: Terminal, code: str, *expected: str) -> None:
    """Scans a code in one write and waits for everything expected on the screen."""
    terminal.scan(code)
    awaits(terminal, *expected)


def awaits(terminal: Terminal, *expected: str) -> None:
    """Waits for every text, however its words are spaced."""

    def holds(screen: str) -> bool:
        plain = " ".join(screen.split())
        return all(text in plain for text in expected)

    terminal.wait(holds, what=str(expected))


def press(terminal: Terminal, key: str, *expected: str) -> None:
    terminal.send(key)
    awaits(terminal, *expected)


def type_quantity(terminal: Terminal, quantity: str, *expected: str) -> None:
    """A person types a number: it stands in the entry line before Enter is pressed."""
    terminal.send(quantity)
    terminal.wait_for(f"› {quantity}")
    press(terminal, "\r", *expected)


def menu(terminal: Terminal) -> None:
    awaits(terminal, "SIGNED IN", "Pick")
    press(terminal, "3", "Scan an order")


def test_p4_one_order_of_three_is_picked_by_expiry_in_walking_order_without_a_key(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("BOLT-M8", 10), ("MILK-1L", 6))
    desk.order("SO-2", ("MILK-1L", 8), ("PAINT-5L", 1))
    desk.order("SO-3", ("GLOVE-L", 3), ("CABLE-2M", 2))
    for number in ("SO-1", "SO-2", "SO-3"):
        desk.menu("pick").scan(number).command("back").command("back")
    desk.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1", "WH1-B04-1", MILK, "T1").command("back")
    picked_before = len(desk.moves())
    terminal = start()
    menu(terminal)
    scan(terminal, "SO-2", "A04-1", "4 MILK-1L", "M100")
    scan(terminal, "WH1-A04-1", "BIN OK")
    scan(terminal, MILK, "ITEM OK")
    scan(terminal, "T2", "PICKED 4", "B04-1", "M090")
    scan(terminal, "WH1-B04-1", "BIN OK")
    scan(terminal, MILK, "ITEM OK")
    scan(terminal, "T2", "Is this bin empty now?")
    press(terminal, "1", "BIN EMPTY", "B03-1")
    scan(terminal, "WH1-B03-1", "BIN OK")
    scan(terminal, PAINT, "ITEM OK")
    scan(terminal, "T2", "ORDER PICKED", "STAGE")
    assert desk.moves()[picked_before:] == [
        ("pick_move", "MILK-1L", "A04-1", "T2", "M100", 4),
        ("pick_move", "MILK-1L", "B04-1", "T2", "M090", 4),
        ("pick_move", "PAINT-5L", "B03-1", "T2", "", 1),
    ]
    press(terminal, F10, "SHIPPED", "Choose or scan")
    assert [(move[1], move[4], move[5]) for move in desk.moves("order_fulfilled")] == [
        ("MILK-1L", "M100", 4),
        ("MILK-1L", "M090", 4),
        ("PAINT-5L", "", 1),
    ]
    assert not ERROR_TONE.search(bytes(terminal.output))


@pytest.mark.parametrize(("rows", "columns"), [(16, 20), (8, 40)])
def test_p5_wrong_bin_wrong_item_wrong_tote_and_a_short_pick(
    desk: Worker, start: Start, rows: int, columns: int
) -> None:
    desk.order("SO-1", ("BOLT-M8", 10))
    desk.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1").command("back")
    desk.order("SO-4", ("GLOVE-L", 10))
    terminal = start(rows, columns)
    menu(terminal)
    scan(terminal, "SO-4", "A02-1", "10 GLOVE-L")
    scan(terminal, "WH1-A03-1", "E03 WRONG BIN")
    scan(terminal, "WH1-A02-1", "BIN OK")
    scan(terminal, GLOVE_M, "E02 WRONG ITEM", "10 GLOVE-L")
    scan(terminal, GLOVE_L, "ITEM OK")
    type_quantity(terminal, "6", "QTY 6", "6 / 10 GLOVE-L")
    scan(terminal, "T1", "E05 WRONG TOTE", "SO-1")
    scan(terminal, "T4", "Why?", "4 stay open", "Not found")
    assert desk.moves()[1:] == []
    press(terminal, "1", "BACKORDER 4")
    assert desk.moves()[1:] == [("pick_move", "GLOVE-L", "A02-1", "T4", "", 6)]
    assert desk.on_hand("GLOVE-L", "A02-1") == 34
    assert desk.tasks() == [("count", "A02-1", "short_pick not_found")]
    order = desk.write(lambda session: orders.find_order(session, "SO-4"))
    line = desk.write(lambda session: orders.lines_of(session, order.id if order else ""))[0]
    assert (line.picked, line.backordered) == (6, 4)
    assert len(ERROR_TONE.findall(bytes(terminal.output))) == 3
    desk.order("SO-5", ("GLOVE-L", 1))
    scan(terminal, "SO-5", "E49 BIN STOPPED")


def test_after_a_kill_the_badge_stands_at_the_same_step_and_each_pick_is_there_once(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("BOLT-M8", 10), ("MILK-1L", 8))
    terminal = start()
    menu(terminal)
    scan(terminal, "SO-1", "A01-1")
    scan(terminal, "WH1-A01-1", "BIN OK")
    scan(terminal, BOLT, "ITEM OK")
    scan(terminal, "T2", "PICKED 10", "B04-1")
    scan(terminal, "WH1-B04-1", "BIN OK")
    scan(terminal, MILK, "ITEM OK")
    terminal.kill()
    assert desk.moves() == [("pick_move", "BOLT-M8", "A01-1", "T2", "", 10)]
    again = start()
    awaits(again, "SIGNED IN", "Scan the tote", "8 MILK-1L")
    scan(again, "T2", "ORDER PICKED")
    assert [(move[1], move[5]) for move in desk.moves()] == [("BOLT-M8", 10), ("MILK-1L", 8)]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_item_scanned_at_the_menu_opens_its_card_and_escape_leads_back(desk: Worker, start: Start) -> None:
    terminal = start(16, 20)
    awaits(terminal, "SIGNED IN", "Pick")
    scan(terminal, "5001000000033", "BOLT-M8", "A01-1 500", "C02-1 2000")
    press(terminal, ESCAPE, "Choose or scan")
    scan(terminal, GLOVE_L, "A02-1 40", "ST1/MAIN 5")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_detour_in_the_middle_of_a_pick_comes_back_to_what_was_entered(desk: Worker, start: Start) -> None:
    desk.order("SO-1", ("GLOVE-L", 10))
    terminal = start()
    menu(terminal)
    scan(terminal, "SO-1", "A02-1")
    scan(terminal, "WH1-A02-1", "BIN OK")
    scan(terminal, GLOVE_L, "ITEM OK")
    type_quantity(terminal, "7", "7 / 10 GLOVE-L")
    press(terminal, "\x1bOR", "Scan anything")
    scan(terminal, MILK, "A04-1", "B04-1")
    press(terminal, ESCAPE, "7 / 10 GLOVE-L", "Scan the tote")
    assert desk.moves() == []
