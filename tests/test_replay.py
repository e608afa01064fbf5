"""The replay of recorded transfers and invoices: what each line means, and a small one through a real server."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import replay
from tests.benchmarks.replaying import retail
from tests.benchmarks.replaying.books import Figure

HEAD = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def write(folder: Path, name: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def invoices(folder: Path, *lines: tuple[str, str, int, str, object, str]) -> Path:
    """A file of (invoice, code, quantity, time in March 2011, price, customer)."""
    rows = [
        (number, code, f"THING {code}", quantity, f"2011-03-{at}:00", price, customer, "United Kingdom")
        for number, code, quantity, at, price, customer in lines
    ]
    write(folder, retail.FILE, HEAD, rows)
    return folder


STORY = (
    ("1", "100A", 6, "01 09:00", 2.5, "17.0"),
    ("1", "100a", 6, "01 09:00", 2.5, "17.0"),  # its twin in small letters, and a duplicate of the line
    ("1", "POST", 1, "01 09:00", 18, "17.0"),
    ("2", "200", 74215, "01 10:00", 1.04, "18.0"),
    ("C3", "200", -74215, "01 10:16", 1.04, "18.0"),  # takes the whole order back before it leaves
    ("4", "100A", 5, "01 11:00", 3, "17.0"),
    ("C5", "100A", -7, "02 09:00", 2.5, "17.0"),  # all of it at the price of the first order
    ("C6", "100A", -6, "03 09:00", 3, "17.0"),  # five of the second, one of the first
    ("C7", "200", -4, "03 10:00", 1, "18.0"),  # bought before the file begins: the order was cancelled
    ("C8", "100A", -1, "03 11:00", 1, ""),  # nobody knows whose
    ("9", "100A", -3, "04 09:00", 0, ""),
    ("10", "300", 8, "04 10:00", 0, ""),
    ("11", "300", 2, "04 11:00", 0, "17.0"),  # a gift to a customer is an order
)


def test_each_line_of_an_invoice_is_what_it_means(tmp_path: Path) -> None:
    plan = retail.plan_of(invoices(tmp_path, *STORY))
    assert sum(plan.lines.values()) == len(STORY)
    assert dict(plan.lines) == {"left out": 1, "ordered": 5, "taken back": 5, "adjusted out": 1, "adjusted in": 1}
    days = {day.on.day: day for day in plan.days}
    assert [order.number for order in days[1].orders] == ["1", "2", "4"]
    assert [order.number for order in days[1].cancelled] == ["2"]
    first: Any = [(line.sku, line.quantity) for line in days[1].orders[0].lines]
    assert first == [("100A", 6), ("100A", 6)]
    back: Any = [(taken.number, taken.order.number, dict(taken.units)) for day in plan.days for taken in day.returns]
    assert back == [("C5", "1", {"100A": 7}), ("C6", "4", {"100A": 5}), ("C6-2", "1", {"100A": 1})]
    adjusted: Any = [(row.sku, row.quantity, row.reason) for day in plan.days for row in day.adjustments]
    assert adjusted == [
        ("200", 4, "customer_return"), ("100A", 1, "customer_return"), ("100A", -3, "THING 100A"),
        ("300", 8, "THING 300"),
    ]  # fmt: skip
    closing: Any = plan.closing
    assert closing == {"100A": 20 - 17 + 13 + 1 - 3, "200": 74215 + 4, "300": 2 + 8 - 2}
    assert plan.units["taken back"] == sum(
        plan.units[kind] for kind in ("cancelled", "returned to an order", "returned without an order")
    )


def foodmart(folder: Path) -> Path:
    write(folder, "product", ("product_id", "product_name", "SKU", "SRP"), [(1, "Juice", "90748583674", 2.85)])
    write(folder, "time_by_day", ("time_id", "the_date"), [(367, "1997-01-01 00:00:00.0")])
    places = ("warehouse_id", "warehouse_name", "wa_address1", "warehouse_city", "warehouse_country")
    write(folder, "warehouse", places, [(2, "Foster", "958 Hilltop Dr", "Bellingham", "USA")])
    stores = ("store_id", "store_name", "store_street_address", "store_city", "store_country")
    write(folder, "store", stores, [(2, "Store 2", "1 Main St", "Bellingham", "USA")])
    facts = ("product_id", "time_id", "warehouse_id", "store_id", "units_ordered", "units_shipped", "supply_time")
    write(folder, "inventory_fact_1997", facts, [(1, 367, 2, 2, 42, 40, 6)])
    return folder


@pytest.mark.long
def test_a_small_replay_agrees_with_its_files_to_the_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foodmart(tmp_path / "foodmart")
    invoices(tmp_path / "online_retail", *STORY)
    url = f"sqlite:///{tmp_path / 'replay.db'}"
    assert replay.replay(url, tmp_path, clients=2, limit=None)
    told = capsys.readouterr().out
    assert "DIFFER" not in told and "short lines, open discrepancies" in told and "rules hold" in told


def test_one_unit_more_does_not_agree() -> None:
    assert not Figure("units", Decimal(10), Decimal(11), "API").agrees
