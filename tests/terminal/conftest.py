"""A terminal on a recording host behind a pseudo-terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pty_harness import Terminal

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Floor:
    """A running terminal and what its host wrote down."""

    terminal: Terminal
    record: Path
    argv: list[str]

    @property
    def heard(self) -> list[list[str]]:
        """Kind, text, how and source of every entry so far."""
        return [json.loads(line) for line in self.record.read_text(encoding="utf-8").splitlines()]

    @property
    def codes(self) -> list[str]:
        """The codes so far, badge included."""
        return [text for kind, text, _, _ in self.heard if kind == "code"]

    def sign_in(self) -> None:
        """Badge in and stand at the counting step."""
        self.terminal.wait_for("Scan your badge")
        self.terminal.wait_for("Ana, operator")
        self.terminal.scan("BDG-1001")
        self.terminal.wait_for("SIGNED IN")
        self.terminal.send("1")
        self.terminal.wait_for("Scan every unit")

    def await_units(self, count: int) -> None:
        """Wait until the host has counted `count` codes (the badge is the first)."""
        self.terminal.wait_for(f"UNIT {count} ".rstrip() + "\n", seconds=60)


@pytest.fixture
def start_floor(tmp_path: Path) -> Iterator[Callable[..., Floor]]:
    made: list[Terminal] = []

    def start(*arguments: str, rows: int = 24, columns: int = 60, **environment: str) -> Floor:
        record = tmp_path / f"record-{len(made)}.jsonl"
        argv = [sys.executable, "-m", "tests.terminal.host", "--record", str(record), *arguments]
        environment = {"AMBRA_HOME": str(tmp_path / "home"), **environment}
        terminal = Terminal.start(argv, rows=rows, columns=columns, folder=ROOT, environment=environment)
        made.append(terminal)
        return Floor(terminal, record, argv)

    yield start
    for terminal in made:
        terminal.close()


@pytest.fixture
def floor(start_floor: Callable[..., Floor]) -> Floor:
    started = start_floor()
    started.sign_in()
    return started
