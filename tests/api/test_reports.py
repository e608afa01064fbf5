"""Reports of the operations edition: rows 47 to 50 of the contract."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ambra_tui import ledger
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.money import to_unit_cost
from ambra_tui.ledger import CUSTOMER, SUPPLIER, TRANSIT, MoveKind, Posting
from ambra_tui.services import orders, policies
from tests import factories
from tests.api.conftest import Api


def move(api: Api, variant: Any, location: Any, quantity: int, kind: MoveKind, **values: Any) -> Any:
    """A move into (or, sold, out of) a location from where such moves come."""
    outside = {MoveKind.TRANSFER_IN: TRANSIT, MoveKind.RETURN_RECEIVED: CUSTOMER}.get(kind, SUPPLIER)
    ends = (location.id, CUSTOMER) if kind is MoveKind.ORDER_FULFILLED else (outside, location.id)
    posting = Posting(variant.id, *ends, Decimal(quantity), kind, new_id("key"), **values)
    return api.write(lambda session: ledger.post(session, [posting])[0])


def days_ago(days: int, at: time = time(12)) -> datetime:
    return datetime.combine(datetime.now(UTC).date() - timedelta(days=days), at, UTC)


def report(api: Api, name: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = api.get(f"/reports/{name}", params=parameters)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    assert int(answer.headers["X-Total-Count"]) == answer.json()["meta"]["total"]
    return rows


def refused(api: Api, query: str) -> tuple[int, str, str]:
    answer = api.get(f"/reports/{query}")
    found = answer.json()["error"]
    assert set(found) == {"code", "message", "details", "request_id"}
    return answer.status_code, found["code"], found["details"][0]["field"]


def test_stock_by_location(api: Api, house: factories.Warehouse, milk: Any) -> None:
    bolt = api.write(lambda session: factories.variant(session, sku="BOLT"))
    second = api.write(lambda session: factories.warehouse(session, "WH2"))
    empty = api.write(lambda session: factories.site(session, code="WH3", name="Empty"))
    received = MoveKind.PURCHASE_RECEIVED
    move(api, milk, house.bin, 10, received, unit_cost=to_unit_cost(Decimal("0.89"), "EUR"))
    move(api, milk, house.quarantine, 2, received, unit_cost=to_unit_cost(Decimal("0.89"), "EUR"))
    move(api, bolt, house.bin, 1000, received, unit_cost=to_unit_cost(Decimal("0.0333"), "EUR"))
    move(api, bolt, second.bin, 5, received)
    values = {"reorder_point": Decimal(7), "reorder_quantity": Decimal(1)}
    for site in (house.site, empty):
        api.write(lambda s, site=site: policies.create_policy(s, variant_id=milk.id, site_id=site.id, values=values))
    order = api.write(lambda session: factories.sales_order(session, house.site, (milk, 4)))
    api.write(lambda session: orders.reserve_order(session, orders.get_order(session, order.id)))
    rows = report(api, "stock_by_location")
    assert [row["code"] for row in rows] == ["WH1", "WH2", "WH3"]
    assert rows[0] == {
        "location_id": house.site.id, "code": "WH1", "name": "Site WH1", "kind": "warehouse", "variants_count": 2,
        "on_hand": 1012, "reserved": 4, "held": 2, "available": 1006, "low_stock_count": 1, "out_of_stock_count": 0,
        "value": 43.98, "currency": "EUR", "without_cost_count": 0,
        "inventory_levels_url": f"/api/v1/inventory_levels?location_id={house.site.id}",
    }  # fmt: skip
    assert (rows[1]["value"], rows[1]["without_cost_count"], rows[1]["on_hand"]) == (0, 1, 5)
    assert (rows[2]["low_stock_count"], rows[2]["out_of_stock_count"], rows[2]["variants_count"]) == (1, 1, 0)
    assert report(api, "stock_by_location", location_id=second.site.id) == [rows[1]]
    assert report(api, "stock_by_location", per_page=1, page=3) == [rows[2]]
    assert report(api, "stock_by_location", location_id="wh_nothing") == []


def test_values_that_do_not_fit_into_64_bits(api: Api, house: factories.Warehouse, milk: Any) -> None:
    cost = to_unit_cost(Decimal("99999.9999"), "EUR")
    move(api, milk, house.bin, 999_999_999, MoveKind.PURCHASE_RECEIVED, unit_cost=cost)
    assert report(api, "stock_by_location")[0]["value"] == 99999999800000.0


def test_low_stock(api: Api, house: factories.Warehouse, milk: Any) -> None:
    second = api.write(lambda session: factories.warehouse(session, "WH2"))
    goods = {sku: api.write(lambda s, sku=sku: factories.variant(s, sku=sku)) for sku in ("A", "B", "C", "D", "E")}
    for sku, on_hand, point in (("A", 10, 10), ("B", 9, 10), ("C", 3, 10), ("D", 0, 10), ("E", 5, 0)):
        values = {"reorder_point": Decimal(point), "reorder_quantity": Decimal(24), "pack_quantity": Decimal(5)}
        api.write(
            lambda s, sku=sku, values=values: policies.create_policy(
                s, variant_id=goods[sku].id, site_id=house.site.id, values=values
            )
        )
        if on_hand:
            api.write(lambda s, sku=sku, on_hand=on_hand: factories.stock(s, goods[sku], house.bin, on_hand))
    api.write(lambda s: policies.set_default(s, goods["A"].id, {"reorder_point": Decimal(100)}))
    api.write(lambda s: factories.stock(s, goods["A"], second.bin, 60))
    api.write(lambda s: factories.purchase_order(s, house.site, (goods["C"], 7)))
    rows = report(api, "low_stock")
    assert [(row["sku"], row["location_id"], row["available"], row["reorder_point"]) for row in rows] == [
        ("D", house.site.id, 0, 10), ("C", house.site.id, 3, 10), ("A", second.site.id, 60, 100),
        ("B", house.site.id, 9, 10),
    ]  # fmt: skip
    assert rows[0] == {
        "variant_id": goods["D"].id, "sku": "D", "name": "Product D", "location_id": house.site.id, "on_hand": 0,
        "reserved": 0, "held": 0, "available": 0, "reorder_point": 10, "safety_stock": 0, "status": "out_of_stock",
        "reorder_quantity": 24, "lead_time_days": 7, "on_order": 0, "suggested_quantity": 25,
    }  # fmt: skip
    assert [(row["on_order"], row["suggested_quantity"]) for row in rows[1:]] == [(7, 0), (0, 40), (0, 25)]
    assert report(api, "low_stock", location_id=second.site.id) == [rows[2]]
    assert report(api, "low_stock", sku="C") == report(api, "low_stock", variant_id=goods["C"].id) == [rows[1]]
    assert report(api, "low_stock", sku="NOTHING") == report(api, "low_stock", sku="E") == []
    paged = api.get("/reports/low_stock", params={"page": 2, "per_page": 3})
    assert (paged.json()["data"], paged.headers["X-Total-Count"]) == (rows[3:], "4")
    assert 'rel="first"' in paged.headers["Link"]


def test_fast_movers_are_sales_less_what_was_taken_back(api: Api, house: factories.Warehouse, milk: Any) -> None:
    bolt, nut = (api.write(lambda s, sku=sku: factories.variant(s, sku=sku)) for sku in ("BOLT", "NUT"))
    second = api.write(lambda session: factories.warehouse(session, "WH2"))
    for variant in (milk, bolt, nut):
        for place in (house.bin, second.bin):
            api.write(lambda s, variant=variant, place=place: factories.stock(s, variant, place, 100))

    def order(*items: tuple[str, int]) -> str:
        body = {"location_id": house.site.id, "items": [{"sku": sku, "quantity": count} for sku, count in items]}
        return str(api.post("/orders", body).json()["id"])

    for items in ((("MILK-1L", 6), ("BOLT", 2)), (("MILK-1L", 3),)):
        assert api.post(f"/orders/{order(*items)}/fulfill").status_code == 200
    cancelled = order(("NUT", 50))
    api.post(f"/orders/{cancelled}/reserve")
    assert api.post(f"/orders/{cancelled}/cancel").status_code == 200
    sold = MoveKind.ORDER_FULFILLED
    wrong = move(api, nut, house.bin, 40, sold, origin_id="so_wrong")
    api.write(lambda session: ledger.reverse(session, wrong.id, idempotency_key="undone"))
    move(api, bolt, second.bin, 1, sold, origin_id="so_far", occurred_at=days_ago(29))
    move(api, bolt, house.bin, 90, sold, origin_id="so_old", occurred_at=days_ago(31))
    move(api, milk, house.bin, 2, MoveKind.RETURN_RECEIVED)

    rows = report(api, "fast_movers")
    last = rows[0].pop("last_sold_at")
    assert rows[0] == {
        "rank": 1, "variant_id": milk.id, "sku": "MILK-1L", "name": "Product MILK-1L", "units_sold": 9,
        "orders_count": 2, "units_per_day": 0.3, "available": 193, "days_of_cover": 643.33,
    }  # fmt: skip
    assert datetime.fromisoformat(last) > datetime.now(UTC) - timedelta(minutes=5)
    assert [(row["sku"], row["units_sold"], row["orders_count"]) for row in rows[1:]] == [("BOLT", 3, 2)]
    whole_year = report(api, "fast_movers", days=365)
    assert [(row["sku"], row["units_sold"]) for row in whole_year] == [("BOLT", 93), ("MILK-1L", 9)]
    there = report(api, "fast_movers", location_id=second.site.id)
    assert [(row["sku"], row["units_sold"], row["available"]) for row in there] == [("BOLT", 1, 99)]
    limited = api.get("/reports/fast_movers", params={"days": 365, "limit": 1, "page": 2})
    assert [(row["rank"], row["sku"]) for row in limited.json()["data"]] == [(2, "MILK-1L")]
    assert limited.json()["meta"] == {"page": 2, "per_page": 1, "total": 2, "total_pages": 2}
    assert report(api, "fast_movers", page=9) == []
    assert report(api, "fast_movers", location_id="wh_nothing") == []


def test_at_most_ten_fast_movers_unless_asked(api: Api, house: factories.Warehouse) -> None:
    def sell(session: Any) -> None:
        for number in range(11):
            variant = factories.variant(session, sku=f"V-{number:02}")
            factories.stock(session, variant, house.bin, 20)
            key = new_id("key")
            one = Posting(variant.id, house.bin.id, CUSTOMER, Decimal(number + 1), MoveKind.ORDER_FULFILLED, key)
            ledger.post(session, [one])

    api.write(sell)
    assert [row["sku"] for row in report(api, "fast_movers")] == [f"V-{n:02}" for n in range(10, 0, -1)]
    assert len(report(api, "fast_movers", limit=500)) == 11


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("fast_movers?days=0", "days"),
        ("fast_movers?days=366", "days"),
        ("fast_movers?days=a+week", "days"),
        ("fast_movers?limit=0", "limit"),
        ("fast_movers?limit=501", "limit"),
        ("inventory_aging?limit=0", "limit"),
        ("inventory_aging?limit=501", "limit"),
        ("inventory_aging?limit=many", "limit"),
        ("inventory_aging?limit=-1", "limit"),
        ("inventory_aging?age_bucket=0-31", "age_bucket"),
        ("inventory_aging?age_bucket=", "age_bucket"),
        ("inventory_aging?age_bucket=90", "age_bucket"),
        ("inventory_aging?page=0", "page"),
        ("low_stock?per_page=x", "per_page"),
    ],
)
def test_wrong_parameters(api: Api, query: str, field: str) -> None:
    assert refused(api, query) == (422, "VALIDATION_ERROR", field)


def test_inventory_aging(api: Api, house: factories.Warehouse, milk: Any) -> None:
    ages = (0, 30, 31, 60, 61, 90, 91, 400)
    received = MoveKind.PURCHASE_RECEIVED
    for age in ages:
        variant = api.write(lambda s, age=age: factories.variant(s, sku=f"AGE-{age}"))
        move(api, variant, house.bin, 2, received, occurred_at=days_ago(age, time(0)))
        move(api, variant, house.bin, 1, received, occurred_at=days_ago(age + 50))
    rows = {row["sku"]: row for row in report(api, "inventory_aging")}
    assert list(rows) == [f"AGE-{age}" for age in reversed(ages)]
    assert [row["age_days"] for row in rows.values()] == list(reversed(ages))
    assert [row["age_bucket"] for row in rows.values()] == [
        "90+", "90+", "61-90", "61-90", "31-60", "31-60", "0-30", "0-30",
    ]  # fmt: skip
    assert (rows["AGE-90"]["quantity"], rows["AGE-90"]["last_inbound_at"]) == (3, to_iso(days_ago(90, time(0))))
    for bucket in ("0-30", "31-60", "61-90", "90+"):
        expected = [row for row in rows.values() if row["age_bucket"] == bucket]
        assert report(api, "inventory_aging", age_bucket=bucket) == expected
    old = [rows["AGE-400"], rows["AGE-91"]]
    for spelling in ("90+", "90%2B", "90%20"):
        assert api.get(f"/reports/inventory_aging?age_bucket={spelling}").json()["data"] == old

    # What does not come from outside has no age; a receipt that was taken back is none; other sites count apart.
    for sku in ("OPENED", "RETURNED", "MOVED", "GONE"):
        goods = api.write(lambda s, sku=sku: factories.variant(s, sku=sku))
        api.write(lambda s, goods=goods: factories.stock(s, goods, house.bin, 5))
        if sku == "RETURNED":
            move(api, goods, house.quarantine, 1, MoveKind.RETURN_RECEIVED, occurred_at=days_ago(7))
        if sku == "MOVED":
            away = Posting(goods.id, house.bin.id, TRANSIT, Decimal(1), MoveKind.TRANSFER_OUT, new_id("key"))
            api.write(lambda s, away=away: ledger.post(s, [away]))
            move(api, goods, house.bin, 1, MoveKind.TRANSFER_IN, occurred_at=days_ago(8))
            wrong = move(api, goods, house.bin, 9, received)
            api.write(lambda s, wrong=wrong: ledger.reverse(s, wrong.id, idempotency_key="undone"))
        if sku == "GONE":
            move(api, goods, house.bin, 5, MoveKind.ORDER_FULFILLED)
    second = api.write(lambda session: factories.warehouse(session, "WH2"))
    move(api, milk, second.bin, 5, received, occurred_at=days_ago(3))
    api.write(lambda s: factories.stock(s, milk, house.bin, 5))
    found = report(api, "inventory_aging", location_id=house.site.id)
    told = {row["sku"]: (row["quantity"], row["age_days"], row["age_bucket"]) for row in found}
    assert (told["RETURNED"], told["MOVED"]) == ((6, 7, "0-30"), (5, 8, "0-30"))
    assert told["OPENED"] == told["MILK-1L"] == (5, None, None)
    assert "GONE" not in told
    assert [row["last_inbound_at"] for row in found[-2:]] == [None, None]
    assert report(api, "inventory_aging", location_id=second.site.id)[0]["age_days"] == 3

    limited = api.get("/reports/inventory_aging", params={"limit": 3, "page": 2})
    assert limited.json()["meta"] == {"page": 2, "per_page": 3, "total": 13, "total_pages": 5}
    assert 'page=3&per_page=3>; rel="next"' in limited.headers["Link"]
    assert api.get("/reports/inventory_aging").json()["meta"]["per_page"] == 100
    assert report(api, "inventory_aging", page=99) == []


def test_reports_of_another_organization_and_keys(
    api: Api, other: Api, house: factories.Warehouse, milk: Any, stocked: Any
) -> None:
    move(api, milk, house.bin, 1, MoveKind.ORDER_FULFILLED)
    api.write(lambda s: policies.set_default(s, milk.id, {"reorder_point": Decimal(100)}))
    for name in ("stock_by_location", "low_stock", "fast_movers", "inventory_aging"):
        assert len(report(api, name)) == 1
        assert report(other, name) == report(other, name, location_id=house.site.id) == []
    assert report(other, "low_stock", variant_id=milk.id) == report(other, "low_stock", sku="MILK-1L") == []
