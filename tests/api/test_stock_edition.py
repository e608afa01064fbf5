"""The stock edition, as contracts/stock.md prints it: its examples replayed, its rules one by one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ambra_tui.api.editions.stock import EDITION
from ambra_tui.services import policies, site_levels
from ambra_tui.services.site_activity import MOVEMENT_TYPES, TYPE_OF_KIND
from ambra_tui.store.models import MoveKind
from tests import factories
from tests.api.conftest import Api, LiveServer, client_for

BASE = "/api/inventory"
LEVEL = {
    "id", "product", "warehouse", "quantity_on_hand", "quantity_allocated", "quantity_available", "reorder_point",
    "max_stock_level", "last_counted",
}  # fmt: skip
MADE = {
    "id", "product_id", "warehouse_id", "movement_type", "quantity", "balance_after", "reference_type", "reference_id",
    "notes", "cost_per_unit", "created_at",
}  # fmt: skip
MOVEMENT = {
    "id", "product", "warehouse", "movement_type", "quantity", "balance_before", "balance_after", "reference_type",
    "reference_id", "notes", "created_at", "created_by",
}  # fmt: skip
COUNTED = {
    "id", "product_id", "warehouse_id", "quantity_before", "quantity_after", "adjustment", "reason", "created_at",
}  # fmt: skip


class Stock:
    """The edition through a client, over a site with a product."""

    def __init__(self, api: Api, house: factories.Warehouse, widget: Any) -> None:
        self.api, self.house, self.widget = api, house, widget

    def get(self, path: str = "", **query: Any) -> Any:
        answer = self.api.client.get(f"{BASE}{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return self.api.client.post(f"{BASE}{path}", json=body, **options)

    def move(self, movement_type: str, quantity: float, **more: Any) -> httpx.Response:
        body = {
            "product_id": self.widget.product_id, "warehouse_id": self.house.site.id, "movement_type": movement_type,
            "quantity": quantity,
        }  # fmt: skip
        return self.post("/movements", {**body, **more})

    def moved(self, movement_type: str, quantity: float, **more: Any) -> Any:
        answer = self.move(movement_type, quantity, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def count(self, *rows: dict[str, Any]) -> httpx.Response:
        plain = {"product_id": self.widget.product_id, "warehouse_id": self.house.site.id, "reason": "Count"}
        return self.post("/adjustments", {"adjustments": [{**plain, **row} for row in rows]})


@pytest.fixture
def stock(api: Api, house: factories.Warehouse) -> Stock:
    """A Smart Widget, and nothing of it yet."""
    widget = api.write(lambda session: factories.variant(session, sku="SW-001", name="Smart Widget"))
    return Stock(api, house, widget)


def error_of(answer: httpx.Response, status: int, code: str) -> Any:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "details", "request_id"}
    assert error["request_id"] == answer.headers["x-request-id"]
    assert error["code"] == code
    return error


def set_policy(stock: Stock, variant: Any, site: Any, **values: int) -> None:
    told = {"reorder_quantity": 0, **values}
    stock.api.write(
        lambda session: policies.create_policy(session, variant_id=variant.id, site_id=site.id, values=told)
    )


def goods_at(stock: Stock, sku: str, place: Any, quantity: int) -> Any:
    """A variant, `quantity` of it at a place."""
    goods = stock.api.write(lambda session: factories.variant(session, sku=sku))
    if quantity:
        stock.api.write(lambda session: factories.stock(session, goods, place, quantity))
    return goods


def reserve(stock: Stock, quantity: int) -> None:
    body = {"location_id": stock.house.site.id, "items": [{"sku": "SW-001", "quantity": quantity}]}
    order = stock.api.post("/orders", body).json()
    assert stock.api.post(f"/orders/{order['id']}/reserve").status_code == 200


# --- the printed examples -------------------------------------------------------------------------------------------


def test_the_documents_story(stock: Stock) -> None:
    """150 on hand with 5 allocated leave 145; 50 come in: 200; 195 are counted: -5."""
    stock.moved("in", 150, cost_per_unit=10)
    reserve(stock, 5)
    set_policy(stock, stock.widget, stock.house.site, reorder_point=20, max_stock_level=500)
    row = stock.get()["data"][0]
    assert set(row) == LEVEL
    assert row["product"] == {"id": stock.widget.product_id, "name": "Smart Widget", "sku": "SW-001"}
    assert row["warehouse"] == {"id": stock.house.site.id, "name": stock.house.site.name}
    assert row["id"].startswith("inv_")
    figures = ("quantity_on_hand", "quantity_allocated", "quantity_available", "reorder_point", "max_stock_level")
    assert [row[figure] for figure in figures] == [150, 5, 145, 20, 500]
    assert row["last_counted"] is None

    body = {
        "product_id": stock.widget.product_id, "warehouse_id": stock.house.site.id, "movement_type": "in",
        "quantity": 50, "reference_type": "purchase_order", "reference_id": "po_456",
        "notes": "Received from Supplier ABC", "cost_per_unit": 25.00,
    }  # fmt: skip
    answer = stock.post("/movements", body)
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert set(made) >= MADE and made["id"].startswith("mov_")
    assert {name: made[name] for name in body} == body
    assert made["balance_after"] == 200

    history = stock.get("/movements")
    assert history["meta"] == {"total": 2, "page": 1, "limit": 20, "hasMore": False}
    entry = history["data"][0]
    assert set(entry) == MOVEMENT
    assert entry["id"] == made["id"] and entry["product"] == row["product"] and entry["warehouse"] == row["warehouse"]
    assert (entry["movement_type"], entry["quantity"]) == ("in", 50)
    assert (entry["balance_before"], entry["balance_after"]) == (150, 200)
    assert (entry["reference_type"], entry["reference_id"]) == ("purchase_order", "po_456")
    assert entry["notes"] == "Received from Supplier ABC"
    assert set(entry["created_by"]) == {"id", "name"} and entry["created_by"]["name"] == "test"

    other = stock.api.write(lambda session: factories.variant(session, sku="BW-002", name="Basic Widget"))
    stock.api.write(lambda session: factories.stock(session, other, stock.house.bin, 90))
    answer = stock.count(
        {"actual_quantity": 195, "reason": "Physical count adjustment"},
        {"product_id": other.product_id, "actual_quantity": 85, "reason": "Damaged goods removal"},
    )
    assert answer.status_code == 201
    adjusted = answer.json()["data"]
    assert (adjusted["adjustments_processed"], adjusted["total_adjustments"], adjusted["errors"]) == (2, 2, [])
    first = adjusted["adjustments"][0]
    assert set(first) >= COUNTED and first["id"].startswith("adj_")
    assert (first["quantity_before"], first["quantity_after"], first["adjustment"]) == (200, 195, -5)
    assert first["reason"] == "Physical count adjustment"
    counted = next(row for row in stock.get()["data"] if row["product"]["sku"] == "SW-001")
    assert (counted["quantity_on_hand"], counted["last_counted"]) == (195, first["created_at"])

    figures = stock.get("/analytics", period="30d")["data"]
    assert set(figures) == {"overview", "trends", "top_movers", "low_stock_alerts"}
    assert figures["overview"] == {
        "total_products": 2,
        "total_stock_value": 2681.25,
        "low_stock_items": 0,
        "out_of_stock_items": 0,
    }  # 150 at 10 and 50 at 25 are 13.75 each
    assert figures["trends"] == {"stock_in": 290, "stock_out": 0, "adjustments": -10}
    assert figures["top_movers"][0] == {
        "product_id": stock.widget.product_id, "product_name": "Smart Widget", "movement_count": 3,
        "total_quantity": 205,
    }  # fmt: skip


# --- levels ---------------------------------------------------------------------------------------------------------


def test_levels_are_filtered_and_low_and_out_widen_each_other(stock: Stock) -> None:
    shop = stock.api.write(lambda session: factories.warehouse(session, "WH2"))
    for quantity, sku in ((15, "LOW"), (20, "AT-POINT"), (0, "OUT"), (50, "MANY")):
        set_policy(stock, goods_at(stock, sku, shop.bin, quantity), shop.site, reorder_point=20)
    stock.moved("in", 1)
    stock.moved("out", 1)

    def skus(**query: str) -> set[str]:
        return {row["product"]["sku"] for row in stock.get(**query)["data"]}

    assert skus() == {"LOW", "AT-POINT", "OUT", "MANY", "SW-001"}
    assert skus(low_stock="true") == {"LOW", "OUT"}
    assert skus(out_of_stock="true") == {"OUT", "SW-001"}
    assert skus(low_stock="true", out_of_stock="1") == {"LOW", "OUT", "SW-001"}
    assert skus(low_stock="false") == skus()
    assert skus(warehouse_id=shop.site.id) == {"LOW", "AT-POINT", "OUT", "MANY"}
    assert skus(product_id=stock.widget.product_id) == {"SW-001"}
    assert skus(product_id="prod_none") == skus(warehouse_id="wh_none") == set()
    alerts = stock.get("/analytics")["data"]
    assert (alerts["overview"]["low_stock_items"], alerts["overview"]["out_of_stock_items"]) == (1, 2)
    assert [alert["sku"] for alert in alerts["low_stock_alerts"]] == ["OUT", "LOW"]
    assert alerts["low_stock_alerts"][1]["warehouse"] == shop.site.name
    assert (alerts["low_stock_alerts"][1]["current_stock"], alerts["low_stock_alerts"][1]["reorder_point"]) == (15, 20)


def test_without_a_page_every_row_is_answered_and_a_page_has_meta(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        goods_at(stock, f"S-{number}", stock.house.bin, 1)
    whole = stock.get()
    assert set(whole) == {"data"} and len(whole["data"]) == 7
    assert [row["product"]["sku"] for row in whole["data"]] == [f"S-{number}" for number in reversed(range(7))]
    monkeypatch.setattr(site_levels, "STREAM_ROWS", 3)
    assert stock.get() == whole
    answer = stock.api.client.get(BASE, params={"page": "2", "limit": "3"})
    assert answer.json() == {"data": whole["data"][3:6], "meta": {"total": 7, "page": 2, "limit": 3, "hasMore": True}}
    assert answer.headers["x-total-count"] == "7" and 'rel="next"' in answer.headers["link"]
    assert "limit=3" in answer.headers["link"]
    assert stock.get(page=9)["data"] == [] and stock.get(page=3, limit=3)["meta"]["hasMore"] is False
    assert stock.get(limit=1000)["meta"]["limit"] == 100


def test_a_maximum_may_come_from_defaults(stock: Stock) -> None:
    stock.moved("in", 1)
    stock.api.write(lambda session: policies.set_default(session, "", {"max_stock_level": Decimal(900)}))
    assert stock.get()["data"][0]["max_stock_level"] == 900
    stock.api.write(lambda session: policies.set_default(session, stock.widget.id, {"max_stock_level": Decimal(70)}))
    assert stock.get()["data"][0]["max_stock_level"] == 70


@pytest.mark.parametrize(
    ("path", "query"),
    [("", {"page": "0"}), ("", {"limit": "-1"}), ("", {"limit": "x"}), ("", {"low_stock": "maybe"}),
     ("/movements", {"movement_type": "magic"}), ("/movements", {"start_date": "soon"}), ("/movements", {"page": "0"}),
     ("/analytics", {"period": "2d"})],
)  # fmt: skip
def test_a_wrong_query_is_a_bad_request(stock: Stock, path: str, query: dict[str, str]) -> None:
    error = error_of(stock.api.client.get(BASE + path, params=query), 400, "INVALID_REQUEST")
    assert error["details"][0]["field"] in query


# --- movements ------------------------------------------------------------------------------------------------------


def test_the_four_types_of_movements(stock: Stock) -> None:
    shop = stock.api.write(lambda session: factories.warehouse(session, "WH2"))
    stock.moved("in", 100, cost_per_unit=4)
    assert stock.moved("out", 30)["balance_after"] == 70
    assert stock.moved("adjustment", -5)["quantity"] == -5
    assert stock.moved("adjustment", 2.5)["balance_after"] == 67.5
    sent = stock.moved("transfer", 17.5, to_warehouse_id=shop.site.id)
    assert (sent["warehouse_id"], sent["balance_after"], sent["to_warehouse_id"]) == (
        stock.house.site.id, 50, shop.site.id,
    )  # fmt: skip
    rows = stock.get("/movements")["data"]
    assert [(row["movement_type"], row["quantity"], row["balance_before"], row["balance_after"]) for row in rows] == [
        ("transfer", 17.5, 0, 17.5), ("transfer", 17.5, 67.5, 50), ("adjustment", 2.5, 65, 67.5),
        ("adjustment", -5, 70, 65), ("out", 30, 100, 70), ("in", 100, 0, 100),
    ]  # fmt: skip
    assert len({row["id"] for row in rows}) == 6 and rows[1]["id"] == sent["id"]
    here = stock.get("/movements", movement_type="transfer", warehouse_id=shop.site.id)
    assert [row["warehouse"]["id"] for row in here["data"]] == [shop.site.id]
    assert stock.get("/analytics", warehouse_id=shop.site.id)["data"]["overview"]["total_stock_value"] == 70
    levels = {row["warehouse"]["id"]: row["quantity_on_hand"] for row in stock.get()["data"]}
    assert levels == {stock.house.site.id: 50, shop.site.id: 17.5}


def test_a_transfer_keeps_lots_apart(stock: Stock) -> None:
    shop = stock.api.write(lambda session: factories.warehouse(session, "WH2"))
    goods = stock.api.write(lambda session: factories.variant(session, sku="LOTTED", is_lot_tracked=True))
    for lot in ("L1", "L2"):
        stock.moved("in", 4, product_id=goods.product_id, lot_number=lot, expiry_date="2090-01-01")
    stock.moved("transfer", 6, product_id=goods.product_id, to_warehouse_id=shop.site.id)
    lots = {row["lot_number"]: row["on_hand"] for row in stock.api.get("/lots").json()["data"]}
    assert lots == {"L1": 4, "L2": 4}
    history = stock.get("/movements", movement_type="transfer", warehouse_id=shop.site.id)
    assert [row["quantity"] for row in history["data"]] == [2, 4]


def test_every_kind_of_the_ledger_has_a_type() -> None:
    assert set(TYPE_OF_KIND) == set(MoveKind)
    assert set(TYPE_OF_KIND.values()) == set(MOVEMENT_TYPES)


@pytest.mark.parametrize(
    ("movement_type", "quantity", "more", "field"),
    [
        ("in", 0, {}, "quantity"), ("in", -1, {}, "quantity"), ("out", -1, {}, "quantity"),
        ("transfer", -1, {"to_warehouse_id": "$shop"}, "quantity"), ("adjustment", 0, {}, "quantity"),
        ("transfer", 1, {}, "to_warehouse_id"), ("transfer", 1, {"to_warehouse_id": "$house"}, "to_warehouse_id"),
        ("in", "5", {}, "quantity"), ("in", True, {}, "quantity"), ("theft", 1, {}, "movement_type"),
        ("in", 1, {"cost_per_unit": -1}, "cost_per_unit"), ("in", 1, {"product_id": None}, "product_id"),
        ("in", 1, {"notes": "a\u0007"}, "notes"), ("in", 1, {"reference_id": "x" * 41}, "reference_id"),
        ("in", 1, {"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
    ],
)  # fmt: skip
def test_a_wrong_movement_names_its_field(
    stock: Stock, movement_type: str, quantity: Any, more: dict[str, Any], field: str
) -> None:
    shop = stock.api.write(lambda session: factories.warehouse(session, "WH2"))
    names = {"$shop": shop.site.id, "$house": stock.house.site.id}
    told = {name: names.get(value, value) if isinstance(value, str) else value for name, value in more.items()}
    error = error_of(stock.move(movement_type, quantity, **told), 422, "VALIDATION_ERROR")
    assert error["details"][0]["field"] == field
    assert stock.get("/movements")["meta"]["total"] == 0


def test_what_is_not_there_is_told_apart(stock: Stock) -> None:
    stock.moved("in", 3)
    error = error_of(stock.move("out", 4), 422, "INSUFFICIENT_STOCK")
    assert (error["details"][0]["sku"], error["details"][0]["available"]) == ("SW-001", 3)
    reserve(stock, 3)
    error_of(stock.move("out", 1), 422, "INSUFFICIENT_STOCK")
    error_of(stock.move("in", 1, product_id="prod_none"), 404, "PRODUCT_NOT_FOUND")
    error_of(stock.move("in", 1, warehouse_id="wh_none"), 404, "WAREHOUSE_NOT_FOUND")
    far = error_of(stock.move("transfer", 1, to_warehouse_id="wh_none"), 404, "WAREHOUSE_NOT_FOUND")
    assert far["details"][0]["field"] == "to_warehouse_id"
    fba = stock.api.write(
        lambda session: factories.site(session, code="FBA", kind="fba", is_read_only=True, name="FBA EU")
    )
    error_of(stock.move("in", 1, warehouse_id=fba.id), 403, "READONLY_WAREHOUSE")
    error_of(stock.move("transfer", 1, to_warehouse_id=fba.id), 403, "READONLY_WAREHOUSE")
    assert stock.get("/movements")["meta"]["total"] == 1


def test_a_product_of_several_variants_is_named_by_one(stock: Stock) -> None:
    shirts = stock.api.post(
        "/products", {"name": "Shirt", "variants": [{"sku": "SH-S", "name": "S"}, {"sku": "SH-M", "name": "M"}]}
    ).json()
    error = error_of(stock.move("in", 1, product_id=shirts["id"]), 422, "VALIDATION_ERROR")
    assert [detail["sku"] for detail in error["details"]] == ["SH-S", "SH-M"]
    assert stock.moved("in", 1, product_id=shirts["id"], sku="SH-M")["sku"] == "SH-M"
    by_id = shirts["variants"][0]["id"]
    assert stock.moved("in", 2, product_id=shirts["id"], variant_id=by_id)["sku"] == "SH-S"
    error_of(stock.move("in", 1, product_id=shirts["id"], sku="SW-001"), 422, "VALIDATION_ERROR")
    names = {row["product"]["name"] for row in stock.get(product_id=shirts["id"])["data"]}
    assert names == {"Shirt S", "Shirt M"}
    assert stock.get("/movements", product_id=shirts["id"])["meta"]["total"] == 2


def test_history_is_paged_and_dated(stock: Stock) -> None:
    for number in range(5):
        stock.moved("in", number + 1)
    page = stock.get("/movements", page=2, limit=2)
    assert [row["quantity"] for row in page["data"]] == [3, 2]
    assert page["meta"] == {"total": 5, "page": 2, "limit": 2, "hasMore": True}
    assert stock.get("/movements", limit=999)["meta"]["limit"] == 100
    today = stock.api.store.clock.today().isoformat()
    assert stock.get("/movements", start_date=today, end_date=today)["meta"]["total"] == 5
    assert stock.get("/movements", end_date="2000-01-01")["meta"]["total"] == 0
    assert stock.get("/movements", movement_type="out")["data"] == []


def test_a_repeat_with_the_same_key_moves_once(stock: Stock) -> None:
    body = {
        "product_id": stock.widget.product_id, "warehouse_id": stock.house.site.id, "movement_type": "in",
        "quantity": 5,
    }  # fmt: skip
    first, second = (stock.post("/movements", body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json() == second.json() and second.headers["idempotent-replayed"] == "true"
    assert stock.get("/movements")["meta"]["total"] == 1
    error_of(
        stock.post("/movements", {**body, "quantity": 6}, headers={"Idempotency-Key": "k1"}), 422,
        "IDEMPOTENCY_KEY_REUSED",
    )  # fmt: skip


# --- adjustments ----------------------------------------------------------------------------------------------------


def test_a_count_takes_what_is_promised_and_what_is_held(stock: Stock) -> None:
    stock.api.write(lambda session: factories.stock(session, stock.widget, stock.house.bin, 6))
    stock.api.write(lambda session: factories.stock(session, stock.widget, stock.house.quarantine, 4))
    reserve(stock, 5)
    row = stock.count({"actual_quantity": 3}).json()["data"]["adjustments"][0]
    assert (row["quantity_before"], row["quantity_after"], row["adjustment"]) == (10, 3, -7)
    level = stock.get()["data"][0]
    assert (level["quantity_on_hand"], level["quantity_allocated"], level["quantity_available"]) == (3, 5, -5)
    up = stock.count({"actual_quantity": 20}, {"actual_quantity": 18}).json()["data"]["adjustments"]
    assert [row["adjustment"] for row in up] == [17, -2]
    same = stock.count({"actual_quantity": 18}).json()["data"]["adjustments"][0]
    assert same["adjustment"] == 0
    assert {row["movement_type"] for row in stock.get("/movements")["data"][:3]} == {"adjustment"}


def test_a_cycle_count_tells_when_it_was_counted_though_nothing_changed(stock: Stock) -> None:
    stock.api.write(lambda session: factories.stock(session, stock.widget, stock.house.bin, 6))
    count = stock.api.post("/cycle_counts", {"location_id": stock.house.site.id}).json()
    loaded = stock.api.post(f"/cycle_counts/{count['id']}/load_inventory").json()
    stock.api.post(f"/cycle_counts/{count['id']}/start")
    lines = [{"id": item["id"], "counted_quantity": 6} for item in loaded["items"]]
    stock.api.patch(f"/cycle_counts/{count['id']}", {"cycle_count_items_attributes": lines})
    assert stock.get()["data"][0]["last_counted"] is None
    assert stock.api.post(f"/cycle_counts/{count['id']}/complete").status_code == 200
    row = stock.get()["data"][0]
    assert row["last_counted"] is not None and row["quantity_on_hand"] == 6
    assert stock.get("/movements", movement_type="adjustment")["meta"]["total"] == 0


def test_rows_that_cannot_be_done_are_told_and_the_others_are_done(stock: Stock) -> None:
    answer = stock.count(
        {"product_id": "prod_none", "actual_quantity": 1}, {"actual_quantity": 7},
        {"warehouse_id": "wh_none", "actual_quantity": 1}, {"actual_quantity": 9, "expected_quantity": 5},
    )  # fmt: skip
    assert answer.status_code == 201
    told = answer.json()["data"]
    assert (told["adjustments_processed"], told["total_adjustments"], len(told["adjustments"])) == (1, 4, 1)
    assert [(row["index"], row["code"]) for row in told["errors"]] == [
        (0, "PRODUCT_NOT_FOUND"), (2, "WAREHOUSE_NOT_FOUND"), (3, "QUANTITY_CHANGED"),
    ]  # fmt: skip
    assert all(set(row) == {"index", "code", "message"} for row in told["errors"])
    error = error_of(stock.count({"product_id": "prod_none", "actual_quantity": 1}), 404, "PRODUCT_NOT_FOUND")
    assert error["details"][0]["field"] == "adjustments.0"
    assert stock.get()["data"][0]["quantity_on_hand"] == 7


@pytest.mark.parametrize(
    ("row", "field"),
    [({"actual_quantity": -1}, "adjustments.0.actual_quantity"), ({}, "adjustments.0.actual_quantity"),
     ({"actual_quantity": 1, "reason": ""}, "adjustments.0.reason"),
     ({"actual_quantity": 1, "reason": None}, "adjustments.0.reason")],
)  # fmt: skip
def test_a_wrong_row_refuses_the_request(stock: Stock, row: dict[str, Any], field: str) -> None:
    error = error_of(stock.count(row), 422, "VALIDATION_ERROR")
    assert error["details"][0]["field"] == field
    error_of(stock.post("/adjustments", {"adjustments": []}), 422, "VALIDATION_ERROR")
    error_of(stock.count(*[{"actual_quantity": 1}] * 501), 422, "VALIDATION_ERROR")


# --- who may what ---------------------------------------------------------------------------------------------------


@pytest.fixture
def reader(stock: Stock, server: LiveServer) -> Iterator[httpx.Client]:
    """A key that may read only."""
    client = client_for(stock.api.store, server.address, stock.api.organization_id, ["inventory:read"])
    yield client
    client.close()


def test_writing_wants_its_scope(stock: Stock, reader: httpx.Client) -> None:
    for operation in EDITION.operations:
        answer = reader.request(
            operation.method, BASE + operation.path, json={} if operation.method == "POST" else None
        )
        if operation.method == "GET":
            assert answer.status_code == 200, answer.text
        else:
            error_of(answer, 403, "INSUFFICIENT_PERMISSIONS")


def test_refusals_outside_the_operations_have_the_same_shape(stock: Stock) -> None:
    client = stock.api.client
    error_of(client.post(f"{BASE}/movements", content=b"{"), 400, "INVALID_REQUEST")
    error_of(client.delete(f"{BASE}/movements"), 405, "METHOD_NOT_ALLOWED")
    error_of(client.put(f"{BASE}/analytics", json={}), 405, "METHOD_NOT_ALLOWED")
    error_of(httpx.get(f"{client.base_url}{BASE}"), 401, "INVALID_API_KEY")
