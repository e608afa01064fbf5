"""`ambra recall` on ds1: looked at, done, lifted; its list for a spreadsheet; refusals in one sentence."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ambra_tui.cli import main
from ambra_tui.services import orders
from ambra_tui.store.models import Lot
from ambra_tui.store.scope import scoped
from tests.floor.worker import Worker, open_ds1


@pytest.fixture
def desk(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    worker = Worker(store, organization_id, "BDG-9001", station="office")
    order = worker.order("SO-7", ("MILK-1L", 4), customer={"name": "=Zoe", "phone": "123"})
    worker.write(lambda session: orders.fulfill_order(session, orders.get_order(session, order.id)))
    yield worker
    store.close()


def test_a_recall_on_the_command_line(
    desk: Worker, store_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def ambra(*words: str) -> tuple[int, str]:
        code = main(["--store", store_url, "recall", *words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    def status() -> str:
        return desk.write(lambda s: s.exec(scoped(s, Lot).where(Lot.lot_number == "M090")).one().status)

    lot: tuple[Any, ...] = ("M090", "--sku", "MILK-1L")
    code, told = ambra(*lot, "--dry-run")
    assert (code, status()) == (0, "active")
    assert told.splitlines() == [
        "Lot M090 of MILK-1L would be recalled.",
        "  1 lots, 1 orders, 1 customers",
        "  WH1/B04-1: 6",
        "  SO-7  =Zoe  MILK-1L M090: 4 shipped, 0 back",
    ]
    assert ambra(*lot) == (1, "Say why with --reason, or look first with --dry-run.\n")
    assert ambra("M999", "--sku", "MILK-1L", "--dry-run")[0] == 1
    file = tmp_path / "reached.csv"
    code, told = ambra(*lot, "--reason", "metal found", "--out", str(file))
    assert (code, status()) == (0, "recalled")
    assert "1 rows are in" in told
    rows = list(csv.DictReader(file.open(newline="")))
    assert [(row["order"], row["customer"], row["outstanding"], row["contact"]) for row in rows] == [
        ("SO-7", "'=Zoe", "4", "phone: 123"),
    ]  # fmt: skip
    code, told = ambra(*lot, "--reason", "again")
    assert (code, "recalled" in told) == (1, True)
    assert ambra(*lot, "--lift", "--reason", "false alarm") == (0, "Lot M090 of MILK-1L is free again.\n")
    assert status() == "active"
    assert ambra(*lot, "--lift", "--reason", "x")[0] == 1
