"""Analytics of the commerce edition: a year small enough for sums by hand; every row with its parameters and errors."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.services import orders
from ambra_tui.services.analytics.facts import record_order
from ambra_tui.services.orders import NewOrderLine, Sold
from ambra_tui.store.models import (
    Category,
    Customer,
    ProductCategory,
    SalesOrder,
    SalesOrderLine,
    Variant,
)
from ambra_tui.store.scope import now_of, organization_of
from tests import factories
from tests.api.conftest import Api
from tests.api.shop import Shop

SALES, PRODUCTS, CUSTOMERS, CUSTOM = (f"/analytics/{name}" for name in ("sales", "products", "customers", "custom"))
YEAR = {"period": "custom", "start_date": "2025-01-01", "end_date": "2025-12-31"}
# who, when, country, channel, lines of (sku, units); HEAD costs 200.00, CABLE 5.50, TEA 1.00
ORDERS = (
    ("ann", "2025-01-10T12:00", "US", "web", (("HEAD", 1), ("CABLE", 2))),  # 211.00
    ("bob", "2025-01-31T23:59", "DE", "web", (("CABLE", 10),)),  # 55.00
    ("ann", "2025-02-01T00:00", "US", "app", (("TEA", 7),)),  # 7.00
    ("eve", "2025-05-05T08:00", "CA", "app", (("HEAD", 3), ("TEA", 3))),  # 603.00
    ("", "2025-05-06T08:00", "", "", (("TEA", 4),)),  # 4.00, a guest
    ("bob", "2025-12-31T23:59", "DE", "web", (("CABLE", 1), ("TEA", 1))),  # 6.50
)
PRICES = {"HEAD": 20000, "CABLE": 550, "TEA": 100}


@pytest.fixture
def shop(api: Api) -> Shop:
    """The year, and a cancelled order that counts nowhere."""
    api.write(_fill)
    return Shop(api)


def _fill(session: Session) -> None:
    organization_id, now = organization_of(session), now_of(session)
    house = factories.warehouse(session)
    goods = {sku: factories.variant(session, sku=sku, price_minor=price) for sku, price in PRICES.items()}
    for sku, name in (("HEAD", "Audio"), ("CABLE", "Audio"), ("TEA", "Pantry")):
        category = Category(
            organization_id=organization_id, id=f"cat_{name}", name=name, slug=name.lower(), created_at=now,
            updated_at=now,
        )  # fmt: skip
        session.merge(category)
        session.flush()
        session.add(
            ProductCategory(organization_id=organization_id, product_id=goods[sku].product_id, category_id=category.id)
        )
    for name in ("ann", "bob", "eve"):
        session.add(
            Customer(
                organization_id=organization_id, id=f"cust_{name}", email=f"{name}@shop.example",
                first_name=name.title(), created_at=now, updated_at=now,
            )
        )  # fmt: skip
    session.flush()
    for who, at, country, channel, lines in (*ORDERS, ("ann", "2025-03-03T03:00", "US", "web", (("HEAD", 9),))):
        order = orders.create_order(
            session,
            site_id=house.site.id,
            lines=[NewOrderLine(goods[sku].id, Decimal(units)) for sku, units in lines],
            ordered_at=datetime.fromisoformat(at).replace(tzinfo=UTC),
            sold=Sold(f"cust_{who}" if who else "", channel, country, ""),
        )
        if at.startswith("2025-03"):
            orders.cancel_order(session, order)
        record_order(session, order.id)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_sales_of_a_year_by_month(shop: Shop) -> None:
    told = shop.get(SALES, **YEAR)
    assert set(told) == {
        "period", "start_date", "end_date", "interval", "currency", "other_currencies", "metrics", "summary", "series",
        "group_by", "groups", "groups_total",
    }  # fmt: skip
    assert told["summary"] == {"revenue": 886.5, "orders": 6, "units": 32, "avg_order_value": 147.75}
    assert (told["interval"], told["currency"], told["group_by"], told["groups"]) == ("month", "EUR", None, [])
    assert [step["start_date"][:7] for step in told["series"]] == [f"2025-{month:02}" for month in range(1, 13)]
    by_month = {step["start_date"][:7]: (step["revenue"], step["orders"], step["units"]) for step in told["series"]}
    assert by_month["2025-01"] == (266, 2, 13) and by_month["2025-02"] == (7, 1, 7)
    assert by_month["2025-03"] == (0, 0, 0) and by_month["2025-05"] == (607, 2, 10)
    assert told["series"][0] == {
        "start_date": "2025-01-01", "end_date": "2025-01-31", "revenue": 266, "orders": 2, "units": 13,
        "avg_order_value": 133,
    }  # fmt: skip
    assert told["series"][2]["avg_order_value"] is None

    cut = shop.get(SALES, period="quarter", start_date="2025-01-31", end_date="2025-05-05")
    assert [(s["start_date"], s["end_date"], s["revenue"]) for s in cut["series"]] == [
        ("2025-01-31", "2025-03-31", 62), ("2025-04-01", "2025-05-05", 603),
    ]  # fmt: skip
    week = shop.get(SALES, **YEAR, interval="week", metrics="revenue")
    assert week["series"][0] == {"start_date": "2025-01-01", "end_date": "2025-01-05", "revenue": 0}
    assert {s["start_date"]: s["revenue"] for s in week["series"] if s["revenue"]} == {
        "2025-01-06": 211, "2025-01-27": 62, "2025-05-05": 607, "2025-12-29": 6.5,
    }  # fmt: skip
    day = shop.get(SALES, period="day")
    assert len(day["series"]) == 1 and day["summary"]["revenue"] == 0
    assert shop.get(SALES)["period"] == "month"
    table = shop.ask("GET", SALES, params={**YEAR, "metrics": "revenue"}, headers={"Accept": "text/csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert rows_of(table.text)[0] == {
        "start_date": "2025-01-01", "end_date": "2025-01-31", "revenue": "266", "currency": "EUR",
    }  # fmt: skip


def test_sales_by_group(shop: Shop) -> None:
    def groups(by: str) -> list[tuple[Any, ...]]:
        told = shop.get(SALES, **YEAR, group_by=by)
        assert told["groups_total"] == len(told["groups"])
        return [(g["name"], g["revenue"], g["orders"], g["units"]) for g in told["groups"]]

    assert [(n, r, o, u) for n, r, o, u in groups("category")] == [("Audio", 871.5, 4, 17), ("Pantry", 15, 4, 15)]
    assert groups("region") == [
        ("north_america", 821, 3, 16), ("europe", 61.5, 2, 12), ("unknown", 4, 1, 4),
    ]  # fmt: skip
    assert groups("customer") == [("Eve", 603, 1, 6), ("Ann", 218, 2, 10), ("Bob", 61.5, 2, 12), ("guest", 4, 1, 4)]
    assert [row[1:] for row in groups("product")] == [(800, 2, 4), (71.5, 3, 13), (15, 4, 15)]
    assert len(shop.get(SALES, **YEAR, group_by="product", limit=2)["groups"]) == 2
    more = shop.get(SALES, **YEAR, metrics="refunds,net_revenue,customers")["summary"]
    assert more == {"refunds": 0, "net_revenue": 886.5, "customers": 3}
    table = shop.ask("GET", SALES, params={**YEAR, "group_by": "category", "format": "csv", "metrics": "orders"})
    assert rows_of(table.text)[0] == {"category": "Audio", "category_id": "audio", "orders": "4", "currency": "EUR"}


def test_sales_refuses_what_makes_no_sense(shop: Shop) -> None:
    for given, field in (({}, "start_date"), ({"start_date": "2025-01-01"}, "end_date")):
        error = shop.refused(422, "validation_error", "GET", SALES, params={"period": "custom", **given})
        assert [detail["field"] for detail in error["details"]] == [field]
    wrong = {"period": "custom", "start_date": "2025-02-01", "end_date": "2025-01-01"}
    shop.refused(422, "validation_error", "GET", SALES, params=wrong)
    long = {"start_date": "1970-01-01", "end_date": "2025-01-01", "period": "day"}
    shop.refused(422, "validation_error", "GET", SALES, params=long)
    for query in (
        {"period": "decade"}, {"group_by": "colour"}, {"metrics": "revenue,colour"}, {"metrics": ""}, {"limit": "0"},
        {"start_date": "yesterday", "end_date": "2025-01-01"}, {"currency": "EURO"}, {"format": "xlsx"},
        {"interval": "hour"},
    ):  # fmt: skip
        shop.refused(400, "validation_error", "GET", SALES, params=query)


def test_products_perform(shop: Shop) -> None:
    """HEAD costs 120.00: the one of January has left, so 40 % of what came in for it stays."""

    def ship(session: Session) -> None:
        variant = next(v for v in session.exec(_all(session, Variant)) if v.sku == "HEAD")
        place = factories.location(session, site=factories.site(session, code="WH9"), code="B-1")
        del place
        first = min(session.exec(_all(session, SalesOrder)), key=lambda order: order.created_at)
        line = next(
            x
            for x in session.exec(_all(session, SalesOrderLine))
            if x.variant_id == variant.id and x.sales_order_id == first.id
        )
        home = factories.location(
            session,
            site=session.get(type(factories.site(session, code="WH8")), (organization_of(session), first.site_id)),
            code="B-77",
        )
        factories.stock(session, variant, home, 10, unit_cost=12000 * 10_000)
        orders.fulfill_order(session, first, [orders.FulfillLine(line.id, Decimal(1))])
        record_order(session, first.id)

    del ship
    rows, pagination = shop.page(PRODUCTS, **YEAR)
    assert pagination["total_items"] == 3
    assert [(r["units_sold"], r["revenue"], r["order_count"]) for r in rows] == [
        (4, 800, 2),
        (13, 71.5, 3),
        (15, 15, 4),
    ]
    assert all(r["conversion_rate"] is None and r["views"] is None for r in rows)


def _all(session: Session, model: Any) -> Any:
    from ambra_tui.store.scope import scoped

    return scoped(session, model)
