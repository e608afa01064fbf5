"""The naive terminal: a stock Input, a DataTable of a thousand rows, one SQLModel session per scan in the handler.

python -m tests.benchmarks.naive_terminal DATABASE_URL
"""

from __future__ import annotations

import sys

from sqlmodel import Session, select
from textual.app import App, ComposeResult
from textual.widgets import DataTable, Input, Static

from tests.benchmarks.naive import NaiveLevel, naive_engine, naive_post

ROWS = 1_000


class NaiveTerminal(App[None]):
    """Scan a barcode: the stock falls by one, the row and the status line change."""

    CSS = "#status { height: 1; } DataTable { height: 1fr; }"

    def __init__(self, url: str) -> None:
        super().__init__()
        self._engine = naive_engine(url)
        self._count = 0

    def compose(self) -> ComposeResult:
        yield Static("starting", id="status")
        yield Input(placeholder="Scan")
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_column("SKU", key="sku")
        table.add_column("on hand", key="on_hand")
        with Session(self._engine) as session:
            for level in session.exec(select(NaiveLevel).limit(ROWS)):
                table.add_row(level.sku, str(level.on_hand), key=level.sku)
        self.query_one(Input).focus()
        self.call_after_refresh(self.query_one("#status", Static).update, "READY")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.input.value = ""
        with Session(self._engine) as session:
            level = session.exec(select(NaiveLevel).where(NaiveLevel.barcode == event.value)).one()
            sku = level.sku
        on_hand = naive_post(self._engine, sku)
        self._count += 1
        self.query_one(DataTable).update_cell(sku, "on_hand", str(on_hand))
        self.query_one("#status", Static).update(f"TAKEN {self._count:06d} {sku} {on_hand}")


if __name__ == "__main__":
    NaiveTerminal(sys.argv[1]).run()
