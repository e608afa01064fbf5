"""Analytics of the commerce edition: a year small enough for sums by hand; every row with its parameters and errors."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.services import orders, returns
from ambra_tui.services.analytics.days import Span
from ambra_tui.services.analytics.facts import record_order
from ambra_tui.services.analytics.products import product_performance
from ambra_tui.services.orders import NewOrderLine, Sold
from ambra_tui.store.models import (
    Category,
    Customer,
    Location,
    ProductCategory,
    SalesOrder,
    Variant,
)
from ambra_tui.store.scope import now_of, organization_of, scoped
from tests import factories
from tests.api.commerce import Shop
from tests.api.conftest import Api, client_for

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
    assert told["other_currencies"] == shop.get(SALES, **YEAR, currency="EUR")["other_currencies"] == []
    assert shop.get(SALES, **YEAR, currency="USD")["other_currencies"] == ["EUR"]

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
    assert len(shop.get(SALES, **YEAR, group_by="product", limit=10**9)["groups"]) == 3  # taken as the most there is
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
    """HEAD costs 120.00; ten came in, one has left with January's order and came back; two visitors looked at it."""
    shop.api.write(_ship_and_take_back)
    rows, pagination = shop.page(PRODUCTS, **YEAR)
    assert pagination["total_items"] == 3
    assert set(rows[0]) == {
        "product_id", "name", "units_sold", "revenue", "order_count", "gross_profit", "profit_margin", "views",
        "conversion_rate", "inventory_turnover", "units_returned", "return_rate", "refunds", "currency",
    }  # fmt: skip
    assert [(r["units_sold"], r["revenue"], r["order_count"]) for r in rows] == [
        (4, 800, 2),
        (13, 71.5, 3),
        (15, 15, 4),
    ]
    head, cable = rows[0], rows[1]
    assert (head["gross_profit"], head["profit_margin"]) == (80, 0.4)
    assert (head["units_returned"], head["return_rate"]) == (1, 0.25)
    assert (cable["profit_margin"], cable["return_rate"], cable["inventory_turnover"]) == (None, 0, None)
    assert all(row["conversion_rate"] is None and row["views"] is None for row in rows)

    assert [r["name"] for r in shop.page(PRODUCTS, **YEAR, sort="name")[0]] == sorted(r["name"] for r in rows)
    assert [r["revenue"] for r in shop.page(PRODUCTS, **YEAR, sort="units_sold", order="asc", limit=2)[0]] == [
        800,
        71.5,
    ]
    second = shop.page(PRODUCTS, **YEAR, limit=2, page=2)
    assert [r["revenue"] for r in second[0]] == [15] and second[1]["has_previous"]
    assert shop.page(PRODUCTS, **YEAR, page=9)[0] == []
    table = shop.ask("GET", PRODUCTS, params=YEAR, headers={"Accept": "text/csv"})
    assert rows_of(table.text)[0]["profit_margin"] == "0.4" and table.headers["x-total-count"] == "3"
    shop.refused(400, "validation_error", "GET", PRODUCTS, params={"sort": "colour"})
    shop.refused(422, "validation_error", "GET", PRODUCTS, params={"period": "custom"})

    today = {"start_date": shop.api.write(now_of).date().isoformat()}
    today = {"period": "custom", **today, "end_date": today["start_date"]}
    turned = shop.api.write(lambda s: product_performance(s, span=_today(s), currency="EUR"))[0]
    assert turned == []  # nothing was ordered today
    shop.api.write(_order_today)
    (row,) = shop.page(PRODUCTS, **today)[0]
    # nothing at the day's beginning, ten came, one left and came back into the waste: nine at its end, 4.5 in the mean
    assert row["inventory_turnover"] == round(1 / 4.5, 4)


def _today(session: Session) -> Span:
    day = now_of(session).date()
    return Span(day, day)


def _order_today(session: Session) -> None:
    variant = session.exec(scoped(session, Variant).where(Variant.sku == "HEAD")).one()
    site_id = session.exec(scoped(session, SalesOrder)).first().site_id
    order = orders.create_order(session, site_id=site_id, lines=[NewOrderLine(variant.id, Decimal(1))])
    record_order(session, order.id)


def _ship_and_take_back(session: Session) -> None:
    head = session.exec(scoped(session, Variant).where(Variant.sku == "HEAD")).one()
    first = min(session.exec(scoped(session, SalesOrder)), key=lambda order: order.created_at)
    place = session.exec(
        scoped(session, Location).where(Location.site_id == first.site_id, Location.kind == "pick")
    ).first()
    factories.stock(session, head, place, 10, unit_cost=12_000 * 10_000)
    (line,) = [line for line in orders.lines_of(session, first.id) if line.variant_id == head.id]
    orders.fulfill(session, first, [orders.FulfillLine(line.id, Decimal(1))])
    rma = returns.create_return(
        session, order_id=first.id, reason="torn", lines=[returns.NewReturnLine(head.id, Decimal(1))]
    )
    returns.receive_part(
        session, rma, variant_id=head.id, quantity=Decimal(1), condition="discarded", idempotency_key="back"
    )


def test_views_are_counted_once_a_visitor_and_day(shop: Shop) -> None:
    api = shop.api
    head = api.write(lambda s: s.exec(scoped(s, Variant).where(Variant.sku == "HEAD")).one())
    api.write(_order_today)
    seen = {"views": [
        {"product_id": head.product_id, "visitor": "a"}, {"product_id": "HEAD", "visitor": "b"},
        {"product_id": "HEAD", "visitor": "a"}, {"product_id": "TEA", "visitor": "a"},
    ]}  # fmt: skip
    assert shop.post("/analytics/views", seen) == {"received": 4, "counted": 3}
    assert shop.post("/analytics/views", seen) == {"received": 4, "counted": 0}
    yesterday = (api.write(now_of) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    earlier = [{"product_id": "HEAD", "visitor": "a", "viewed_at": yesterday}]
    assert shop.post("/analytics/views", earlier) == {"received": 1, "counted": 1}
    rows = shop.page(PRODUCTS, period="day")[0]
    assert [(row["views"], row["conversion_rate"], row["order_count"]) for row in rows] == [(2, 0.5, 1)]

    assert shop.fields("POST", "/analytics/views", {"views": []}) == ["views"]
    assert shop.fields("POST", "/analytics/views", {}) == ["views"]
    assert shop.fields("POST", "/analytics/views", {"views": [{"product_id": "NONE", "visitor": "a"}]}) == [
        "views.0.product_id"
    ]
    old = {"views": [{"product_id": "HEAD", "visitor": "a", "viewed_at": "2020-01-01T00:00:00Z"}]}
    assert shop.fields("POST", "/analytics/views", old) == ["views.0.viewed_at"]
    assert shop.fields("POST", "/analytics/views", {"views": [{"product_id": "HEAD", "visitor": " "}]}) == [
        "views.0.visitor"
    ]
    many = {"views": [{"product_id": "HEAD", "visitor": str(n)} for n in range(501)]}
    assert shop.fields("POST", "/analytics/views", many) == ["views"]


def test_customers_of_a_year(shop: Shop) -> None:
    """Ann 218.00 in two orders, Eve 603.00 in one, Bob 61.50 in two; a guest is in none of it."""
    told = shop.get(CUSTOMERS, **YEAR)
    assert (told["customers"], told["active_customers"], told["guest_orders"], told["currency"]) == (3, 3, 1, "EUR")
    assert told["lifetime_value"] == {
        "total": 882.5, "average": 294.17, "median": 218, "orders_per_customer": 1.6667, "repeat_rate": 0.6667,
    }  # fmt: skip
    assert told["retention"] == {"previous_customers": 0, "retained_customers": 0, "rate": None}
    january, may = told["cohorts"]
    assert (january["month"], january["customers"], january["revenue"]) == ("2025-01", 2, 279.5)
    assert january["active"] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] and january["retention"][:2] == [1, 0.5]
    assert (may["month"], may["active"]) == ("2025-05", [1, 0, 0, 0, 0, 0, 0, 0])
    segments = told["segments"]
    assert segments["new"] == {"name": "new", "customers": 3, "orders": 5, "revenue": 882.5}
    assert segments["returning"]["customers"] == 0
    assert segments["high_value"] == {"name": "high_value", "customers": 1, "orders": 1, "revenue": 603}
    assert segments["at_risk"] == {"name": "at_risk", "customers": 2, "orders": 3, "revenue": 821}
    assert [(g["name"], g["customers"]) for g in segments["geography"]] == [("CA", 1), ("US", 1), ("DE", 1)]
    assert [(g["name"], g["customers"], g["revenue"]) for g in segments["channels"]] == [
        ("app", 1, 603),
        ("web", 2, 279.5),
    ]

    february = shop.get(CUSTOMERS, period="custom", start_date="2025-02-01", end_date="2025-02-28")
    assert february["segments"]["returning"] == {"name": "returning", "customers": 1, "orders": 1, "revenue": 7}
    assert february["retention"] == {"previous_customers": 2, "retained_customers": 1, "rate": 0.5}
    assert february["segments"]["at_risk"]["customers"] == 0
    # 90 days without an order are at risk, 89 are not: Bob's order of 31 January
    for end, count in (("2025-04-30", 0), ("2025-05-01", 1)):
        there = shop.get(CUSTOMERS, period="custom", start_date="2025-04-01", end_date=end)
        assert there["segments"]["at_risk"]["customers"] == count
    table = rows_of(shop.ask("GET", CUSTOMERS, params={**YEAR, "format": "csv"}).text)
    assert table[0] == {
        "part": "segment", "name": "new", "customers": "3", "orders": "5", "revenue": "882.5", "currency": "EUR",
    }  # fmt: skip
    assert {"country", "channel", "cohort", "retention"} <= {row["part"] for row in table}


def test_custom_reports(shop: Shop) -> None:
    printed = {
        "dimensions": ["product_category", "customer_segment"],
        "measures": ["revenue", "order_count", "avg_order_value"],
        "filters": {"date_range": "all_time", "region": "north_america"},
        "sort": {"field": "revenue", "order": "desc"},
    }
    told = shop.post(CUSTOM, printed)
    assert set(told) == {"columns", "rows", "total_rows", "currency", "start_date", "end_date"}
    assert told["columns"] == [
        {"name": "product_category", "type": "text", "kind": "dimension"},
        {"name": "product_category_id", "type": "text", "kind": "dimension"},
        {"name": "customer_segment", "type": "text", "kind": "dimension"},
        {"name": "revenue", "type": "money", "kind": "measure"},
        {"name": "order_count", "type": "integer", "kind": "measure"},
        {"name": "avg_order_value", "type": "money", "kind": "measure"},
    ]
    # Eve has spent most; Ann last ordered long ago
    assert [tuple(row.values()) for row in told["rows"]] == [
        ("Audio", "audio", "high_value", 600, 1, 600),
        ("Audio", "audio", "at_risk", 211, 1, 211),
        ("Pantry", "pantry", "at_risk", 7, 1, 7),
        ("Pantry", "pantry", "high_value", 3, 1, 3),
    ]

    def ask(dimensions: list[str], measures: list[str], **more: Any) -> list[tuple[Any, ...]]:
        body = {"dimensions": dimensions, "measures": measures, "filters": {"date_range": "all_time"}, **more}
        return [tuple(row.values()) for row in shop.post(CUSTOM, body)["rows"]]

    assert ask([], ["revenue", "orders", "customers"]) == [(886.5, 6, 3)]
    assert ask(["month"], ["revenue"]) == [("2025-01", 266), ("2025-02", 7), ("2025-05", 607), ("2025-12", 6.5)]
    assert ask(["quarter"], ["orders"]) == [("2025-Q1", 3), ("2025-Q2", 2), ("2025-Q4", 1)]
    assert ask(["week"], ["orders"])[0] == ("2025-01-06", 1) and ask(["day"], ["orders"])[0] == ("2025-01-10", 1)
    assert ask(["year", "channel"], ["units"]) == [("2025", "", 4), ("2025", "app", 13), ("2025", "web", 15)]
    assert ask(["country"], ["total_sales"], sort={"field": "country", "order": "asc"}) == [
        ("", 4), ("CA", 603), ("DE", 61.5), ("US", 218),
    ]  # fmt: skip
    skus = ask(["sku"], ["units_sold", "order_count"], sort={"field": "sku", "order": "asc"})
    assert [(row[0], *row[2:]) for row in skus] == [("CABLE", 13, 3), ("HEAD", 4, 2), ("TEA", 15, 4)]
    assert ask(["sku"], ["revenue"], limit=1)[0][::2] == ("HEAD", 800)
    assert len(ask(["sku"], ["revenue"], limit=10**9)) == 3
    january = {"date_range": {"from": "2025-01-31", "to": "2025-02-01"}}
    assert ask(["day"], ["revenue"], filters=january) == [("2025-01-31", 55), ("2025-02-01", 7)]
    assert ask([], ["revenue"], filters={"customer": ["Ann", "cust_bob"], "sku": "CABLE"}) == [(71.5,)]
    assert ask([], ["revenue"], filters={"product_category": "audio", "channel": ["web"]}) == [(271.5,)]
    assert ask([], ["orders"], filters={"customer": "guest"}) == [(1,)]
    assert ask([], ["revenue"], filters={"currency": "usd"}) == [(0,)]
    assert ask(["customer"], ["revenue"], filters={"date_range": "last_30_days"}) == []
    for word in ("today", "yesterday", "last_7_days", "this_month", "last_month", "this_quarter", "year_to_date"):
        assert shop.post(CUSTOM, {"dimensions": [], "measures": ["orders"], "filters": {"date_range": word}})["rows"]
    table = shop.ask("POST", CUSTOM, printed, params={"format": "csv"})
    assert table.status_code == 201 and table.headers["content-type"].startswith("text/csv")
    assert rows_of(table.text)[0]["customer_segment"] == "high_value"


def test_custom_reports_name_what_there_is(shop: Shop) -> None:
    good: dict[str, Any] = {"dimensions": ["month"], "measures": ["revenue"]}
    for change, field, word in (
        ({"dimensions": ["colour"]}, "dimensions.0", "product_category"),
        ({"measures": ["joy"]}, "measures.0", "avg_order_value"),
        ({"measures": []}, "measures", "measure"),
        ({"dimensions": ["month", "month"]}, "dimensions", "different"),
        ({"dimensions": ["day", "week", "month", "year", "sku"]}, "dimensions", "up to 4"),
        ({"filters": {"colour": "red"}}, "filters", "region"),
        ({"filters": {"region": "atlantis"}}, "filters.region", "north_america"),
        ({"filters": {"customer_segment": "friends"}}, "filters.customer_segment", "at_risk"),
        ({"filters": {"date_range": "last_blue_moon"}}, "filters.date_range", "last_30_days"),
        ({"filters": {"date_range": {"from": "2025-02-01", "to": "2025-01-01"}}}, "filters.date_range", "before"),
        ({"filters": {"date_range": {"from": "soon"}}}, "filters.date_range", "2026-01-31"),
        ({"filters": {"date_range": 7}}, "filters.date_range", "from and to"),
        ({"filters": {"month": "2025-01"}}, "filters.month", "date_range"),
        ({"filters": {"country": 7}}, "filters.country", "text"),
        ({"filters": {"currency": "euro"}}, "filters.currency", "EUR"),
        ({"filters": "all"}, "filters", "object"),
        ({"sort": {"field": "units_sold"}}, "sort.field", "month, revenue"),
        ({"sort": {"field": "revenue", "order": "up"}}, "sort.order", "asc"),
        ({"dimensions": ["sku"], "measures": ["shipping"]}, "measures", "whole orders"),
        ({"limit": 0}, "limit", "whole number"),
    ):
        error = shop.refused(422, "validation_error", "POST", CUSTOM, good | change)
        detail = error["details"][0]
        assert detail["field"] == field and word in detail["message"], (change, error)
    assert shop.fields("POST", CUSTOM, {}) == ["dimensions", "measures"]


def test_who_may_ask(shop: Shop) -> None:
    reader = client_for(shop.api.store, str(shop.client.base_url), shop.api.organization_id, ["orders:read"])
    other = Shop(shop.api, reader)
    for method, path, body in (
        ("GET", SALES, None), ("GET", PRODUCTS, None), ("GET", CUSTOMERS, None), ("POST", CUSTOM, {"measures": []}),
        ("POST", "/analytics/views", {"views": []}),
    ):  # fmt: skip
        other.refused(403, "authorization_error", method, path, body)
