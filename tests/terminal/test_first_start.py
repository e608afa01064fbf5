"""`ambra` on an empty store, through a pseudo-terminal: every answer, right and wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ambra_tui.services import access_system
from ambra_tui.store import open_store
from tests.pty_harness import Terminal

ANSWERS = ("2\r", "My Co\r", "WH7\r", "Bob\r", "BDG-7\r")
QUESTIONS = ("Choose 1 or 2", "Organization", "Code of the first site", "Your name", "Your badge code")


@pytest.fixture
def terminal(sqlite_url: str, tmp_path: Path) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "ambra_tui.cli", "--store", sqlite_url, "--no-server"]
    with Terminal.start(command, environment={"XDG_DATA_HOME": str(tmp_path)}) as terminal:
        yield terminal


def answer(terminal: Terminal, count: int = len(ANSWERS)) -> None:
    """Answer the first `count` questions."""
    for question, line in list(zip(QUESTIONS, ANSWERS, strict=True))[:count]:
        terminal.wait_for(question)
        terminal.send(line)


def organizations(url: str) -> list[str]:
    with open_store(url) as store:
        return [organization.name for organization in access_system.organizations(store)]


def test_an_own_warehouse_is_set_up_and_opened(terminal: Terminal) -> None:
    answer(terminal)
    terminal.wait_for("Password for administration")
    terminal.send("short\r")
    terminal.wait_for("a password has 8 to 200 characters")
    terminal.send("password1\r")
    terminal.wait_for("Once more")
    terminal.send("password2\r")
    terminal.wait_for("The two passwords differ")
    terminal.send("\r")
    terminal.wait_for("Scan your badge", "WH7")
    terminal.send("BDG-7\r")
    terminal.wait_for("Hello Bob")


@pytest.mark.parametrize("wrong", ["x", "3", "\x1b"])
def test_a_wrong_choice_is_asked_again(terminal: Terminal, wrong: str) -> None:
    terminal.wait_for("Choose 1 or 2")
    terminal.send(f"{wrong}\r")
    terminal.wait_for("Type 1 or 2 and Enter.")
    assert "Organization" not in terminal.screen


@pytest.mark.parametrize("answered", [0, 2, 5])
@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_leaving_midway_writes_nothing(terminal: Terminal, sqlite_url: str, key: str, answered: int) -> None:
    answer(terminal, answered)
    terminal.wait_for((*QUESTIONS, "Password for administration")[answered])
    terminal.wait_asleep()
    terminal.send(key)
    assert terminal.wait_exit() == 130
    assert "Traceback" not in terminal.screen
    assert organizations(sqlite_url) == []
