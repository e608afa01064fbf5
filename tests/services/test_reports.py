"""Reports on the screen and as files: the same figures, drawn at any size, written without formulas."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from ambra_tui import ledger
from ambra_tui.cli import main
from ambra_tui.cli.commands.report import AGE_BUCKETS, REPORTS
from ambra_tui.errors import Invalid
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.tables import cell
from ambra_tui.ledger import CUSTOMER, SUPPLIER, MoveKind, Posting
from ambra_tui.services import policies, reports
from ambra_tui.services.lists import read_page
from ambra_tui.services.reports.board import NO_AGE, Bar, read_report
from ambra_tui.store import Store
from tests import factories

Write = Callable[[Callable[[Any], Any]], Any]


@pytest.fixture
def house(store: Store, organization_id: int, write: Write) -> factories.Warehouse:
    """Ten units of milk bought at 2.00 of which three were sold, five bolts that were counted in, one low item."""

    def fill(session: Any) -> factories.Warehouse:
        place = factories.warehouse(session)
        milk, bolt = factories.variant(session), factories.variant(session, sku="=BOLT", name="+1")
        received, sold = MoveKind.PURCHASE_RECEIVED, MoveKind.ORDER_FULFILLED
        cost = 2_000_000
        ledger.post(
            session,
            [
                Posting(milk.id, SUPPLIER, place.bin.id, Decimal(10), received, new_id("key"), unit_cost=cost),
                Posting(milk.id, place.bin.id, CUSTOMER, Decimal(3), sold, new_id("key"), origin_id="so_1"),
            ],
        )
        factories.stock(session, bolt, place.bin, 5)
        values = {"reorder_point": Decimal(8), "reorder_quantity": Decimal(1)}
        policies.create_policy(session, variant_id=milk.id, site_id=place.site.id, values=values)
        return place

    return write(fill)


def test_reports_on_a_screen(store: Store, organization_id: int, house: factories.Warehouse) -> None:
    with store.read(organization_id) as session:
        boards = {name: read_report(session, name, site_id=house.site.id) for name in ("movers", "aging", "sites")}
        low = read_page(session, "low_stock", search="MILK").rows
        with pytest.raises(Invalid):
            read_report(session, "lost", site_id=house.site.id)
    assert boards["movers"].bars == (Bar("MILK-1L", Decimal(3)),)
    assert boards["movers"].lines[0].told["days"] == "70"
    aging = boards["aging"]
    assert aging.bars == (
        Bar("0-30", Decimal(14)), Bar("31-60", Decimal(0)), Bar("61-90", Decimal(0)), Bar("90+", Decimal(0)),
        Bar(NO_AGE, Decimal(0)),
    )  # fmt: skip
    assert [(line.title, line.told["days"]) for line in aging.lines] == [("MILK-1L", "0"), ("=BOLT", "-")]
    assert (boards["sites"].lines[0].value, boards["sites"].currency, boards["sites"].total) == ("14.00", "EUR", 1)
    assert [(row.title, row.value, row.details[0]) for row in low] == [("MILK-1L", "7", "< 8")]


def test_reports_as_files(
    store: Store, organization_id: int, house: factories.Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for name in REPORTS:
        assert main(["report", name, "--at", "WH1", "--store", store.url]) == 0
        found[name] = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["site"], row["sku"], row["available"]) for row in found["low-stock"]] == [("WH1", "MILK-1L", "7")]
    assert [(row["sku"], row["units"], row["rank"]) for row in found["fast-movers"]] == [("MILK-1L", "3", "1")]
    assert [(row["sku"], row["name"], row["age_days"]) for row in found["inventory-aging"]] == [
        ("MILK-1L", "Product MILK-1L", "0"), ("'=BOLT", "'+1", ""),
    ]  # fmt: skip
    assert found["stock-by-location"][0]["value"] == "14"
    assert {row["currency"] for row in found["sales"]} == {"EUR"} and len(found["sales"]) >= 1
    assert [row["part"] for row in found["customers"]][:4] == ["segment"] * 4
    assert main(["report", "sales", "--period", "year", "--group-by", "product", "--store", store.url]) == 0
    assert capsys.readouterr().out.startswith("product,product_id,revenue,orders,units,avg_order_value,currency\n")
    assert main(["report", "inventory-aging", "--age-bucket", "90+", "--store", store.url]) == 0
    assert capsys.readouterr().out == ""


def test_what_a_spreadsheet_reads() -> None:
    assert [cell(value) for value in ("@x", "-1", Decimal(-1), None, Decimal("1E+3"), 7)] == [
        "'@x", "'-1", "-1", "", "1000", "7",
    ]  # fmt: skip
    assert tuple(reports.AGE_BUCKETS) == AGE_BUCKETS
