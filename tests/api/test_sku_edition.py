"""The sku edition, as contracts/sku.md prints it: its examples replayed, its rules one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ambra_tui import ledger
from ambra_tui.services import access, policies
from ambra_tui.services.marketplaces import set_marketplace
from ambra_tui.services.places import create_site
from tests import factories
from tests.api.conftest import Api, LiveServer

BASE = "/sku/api/inventory"
ROW = {
    "sku", "title", "total_on_hand", "total_reserved", "total_available", "safety_stock", "status", "warehouses",
}  # fmt: skip
PART = {"warehouse_id", "name", "on_hand", "reserved", "available"}
ADJUSTMENT = {
    "id", "sku", "warehouse_id", "before_quantity", "after_quantity", "delta", "reason", "note", "created_by",
    "created_at",
}  # fmt: skip


class Skus:
    """The edition through a client, over a site with a variant."""

    def __init__(self, api: Api, house: factories.Warehouse, widget: Any) -> None:
        self.api, self.house, self.widget = api, house, widget

    def get(self, path: str = "", **query: Any) -> Any:
        answer = self.api.client.get(f"{BASE}{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, sku: str, body: dict[str, Any], **options: Any) -> httpx.Response:
        return self.api.client.put(
            f"{BASE}/{quote(sku, safe='')}", json={"warehouse_id": self.house.site.id, **body}, **options
        )

    def bulk(self, *rows: dict[str, Any], query: str = "") -> httpx.Response:
        updates = [{"sku": "SKU-001", "warehouse_id": self.house.site.id, **row} for row in rows]
        return self.api.client.post(f"{BASE}/bulk{query}", json={"updates": updates})

    def variant(self, sku: str, **values: Any) -> Any:
        return self.api.write(lambda session: factories.variant(session, sku=sku, **values))

    def policy(self, variant: Any, site: Any, **values: int) -> None:
        told = {"reorder_point": 0, "reorder_quantity": 0, **values}
        self.api.write(
            lambda session: policies.create_policy(session, variant_id=variant.id, site_id=site.id, values=told)
        )


@pytest.fixture
def skus(api: Api) -> Skus:
    """SKU-001 and Warehouse A; no stock yet."""
    house = api.write(factories.warehouse)
    return Skus(api, house, api.write(lambda session: factories.variant(session, sku="SKU-001", name="Blue Widget")))


def error_of(answer: httpx.Response, status: int, code: str) -> Any:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "details", "request_id"}
    assert error["code"] == code
    return error


def marketplace(session: Any) -> Any:
    site = create_site(session, code="FBA", name="FBA EU", kind="fba")
    set_marketplace(session, site, "amazon_eu")
    return site, factories.location(session, site, code="FBA-BIN")


def reserve(skus: Skus, site: Any, quantity: int) -> None:
    """As a marketplace's own orders do, which are no orders of ours."""
    line = ledger.ReserveLine("line", skus.widget.id, Decimal(quantity))
    skus.api.write(
        lambda session: ledger.reserve(
            session, site_id=site.id, document_kind="order", document_id=site.id, lines=[line]
        )
    )


# --- the printed examples -------------------------------------------------------------------------------------------


def test_the_documents_list(skus: Skus) -> None:
    """487 - 23 - 15 = 449; 350 - 18 - 15 = 317; 137 - 5 = 132."""
    fba, shelf = skus.api.write(marketplace)
    skus.api.write(lambda session: factories.stock(session, skus.widget, skus.house.bin, 350))
    skus.api.write(lambda session: factories.stock(session, skus.widget, shelf, 137))
    reserve(skus, skus.house.site, 18)
    reserve(skus, fba, 5)
    skus.policy(skus.widget, skus.house.site, safety_stock=15, reorder_point=100)
    answer = skus.get()
    assert answer["meta"] == {"total": 1, "limit": 50, "nextCursor": None}
    row = answer["data"][0]
    assert set(row) == ROW
    figures = ("total_on_hand", "total_reserved", "total_available", "safety_stock", "status")
    assert [row[figure] for figure in figures] == [487, 23, 449, 15, "normal"]
    assert (row["sku"], row["title"]) == ("SKU-001", "Blue Widget")
    parts = {part["name"]: part for part in row["warehouses"]}
    own, other = parts[skus.house.site.name], parts["FBA EU"]
    assert set(own) == PART and set(other) == PART | {"type"}
    assert (own["on_hand"], own["reserved"], own["available"]) == (350, 18, 317)
    assert (other["on_hand"], other["reserved"], other["available"], other["type"]) == (137, 5, 132, "FBA")
    assert skus.get("/SKU-001") == {"data": row}


def test_the_documents_update_and_its_history(skus: Skus) -> None:
    """450 are set to 500: an adjustment of 50."""
    skus.api.write(lambda session: factories.stock(session, skus.widget, skus.house.bin, 450))
    answer = skus.put("SKU-001", {"quantity": 500, "reason": "supplier_receipt", "note": "PO-2026-0312 received"})
    assert answer.status_code == 200
    assert answer.json() == skus.get("/SKU-001")
    assert answer.json()["data"]["total_on_hand"] == 500
    history = skus.get("/SKU-001/adjustments")
    assert history["meta"] == {"total": 1, "limit": 50, "nextCursor": None}
    made = history["data"][0]
    assert set(made) == ADJUSTMENT and made["id"].startswith("adj_")
    assert (made["before_quantity"], made["after_quantity"], made["delta"]) == (450, 500, 50)
    assert (made["reason"], made["note"]) == ("supplier_receipt", "PO-2026-0312 received")
    assert (made["sku"], made["warehouse_id"], made["created_by"]) == ("SKU-001", skus.house.site.id, "test")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made["created_at"])


def test_the_documents_warehouses(skus: Skus) -> None:
    address = {"street": "Industriestraße 1", "postal_code": "12345", "city": "Berlin", "country": "DE"}
    mine = skus.api.write(lambda session: create_site(session, code="A", name="Warehouse A", address=address))
    fba, _ = skus.api.write(marketplace)
    rows = {row["id"]: row for row in skus.get("/warehouses")["data"]}
    assert rows[mine.id] == {
        "id": mine.id, "name": "Warehouse A", "address": "Industriestraße 1, 12345 Berlin, DE", "type": "own",
        "is_active": True,
    }  # fmt: skip
    assert rows[fba.id] == {
        "id": fba.id, "name": "FBA EU", "type": "FBA", "marketplace": "amazon_eu", "is_active": True,
        "is_readonly": True,
    }  # fmt: skip


def test_the_documents_bulk_update(skus: Skus) -> None:
    skus.variant("SKU-002")
    answer = skus.bulk(
        {"quantity": 500, "reason": "supplier_receipt"}, {"sku": "SKU-002", "quantity": 200, "reason": "cycle_count"}
    )
    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"data", "meta", "errors"}
    assert told["meta"] == {"total": 2, "updated": 2, "failed": 0} and told["errors"] == []
    assert [(row["sku"], row["total_on_hand"]) for row in told["data"]] == [("SKU-001", 500), ("SKU-002", 200)]
    assert all(set(row) == ROW for row in told["data"])
    levels = skus.api.client.get("/api/inventory").json()["data"]
    assert {row["product"]["sku"]: bool(row["last_counted"]) for row in levels} == {"SKU-001": False, "SKU-002": True}


# --- listing --------------------------------------------------------------------------------------------------------


def test_a_status_excludes_the_others(skus: Skus) -> None:
    for sku, quantity, rules in (
        ("NORMAL", 20, {"reorder_point": 20}), ("LOW", 19, {"reorder_point": 20}),
        ("HALF", 10, {"reorder_point": 20}), ("BUFFER", 15, {"safety_stock": 15, "reorder_point": 20}),
        ("ABOVE", 16, {"safety_stock": 15, "reorder_point": 20}), ("OUT", 0, {"reorder_point": 20}),
    ):  # fmt: skip
        variant = skus.variant(sku)
        skus.policy(variant, skus.house.site, **rules)
        skus.put(sku, {"quantity": quantity})
    found = {
        status: {row["sku"] for row in skus.get(status=status)["data"]}
        for status in ("normal", "low", "critical", "out_of_stock")
    }
    assert found == {
        "normal": {"NORMAL"}, "low": {"LOW", "ABOVE"}, "critical": {"HALF", "BUFFER"}, "out_of_stock": {"OUT"},
    }  # fmt: skip
    assert {row["status"] for row in skus.get(status="low")["data"]} == {"low"}
    assert skus.get(status="low")["meta"]["total"] == 2
    assert {row["sku"]: row["total_available"] for row in skus.get(status="critical")["data"]}["BUFFER"] == 0


def test_cursors_walk_the_whole_list_once(skus: Skus) -> None:
    for number in range(7):
        skus.variant(f"S-{number}")
        assert skus.put(f"S-{number}", {"quantity": number}).status_code == 200
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = skus.get(limit=3, cursor=cursor)
        assert (page["meta"]["total"], page["meta"]["limit"]) == (7, 3)
        seen += [row["sku"] for row in page["data"]]
        cursor = page["meta"]["nextCursor"]
    assert seen == [f"S-{number}" for number in reversed(range(7))]
    assert skus.get(limit=999)["meta"]["limit"] == 200
    first = skus.api.client.get(BASE, params={"limit": "3"})
    assert first.headers["x-total-count"] == "7" and first.headers["link"].endswith('rel="next"')
    cursor = first.json()["meta"]["nextCursor"]
    assert cursor.startswith("cursor_")
    for wrong in (cursor[:-2], cursor + "A", "cursor_", "cursor_!!", "x" * 300, "cursor_" + "A" * 40):
        error_of(skus.api.client.get(BASE, params={"cursor": wrong}), 400, "INVALID_REQUEST")
    error_of(skus.api.client.get(BASE, params={"cursor": cursor, "status": "low"}), 400, "INVALID_REQUEST")


def test_one_warehouse_is_told_and_added_up_alone(skus: Skus) -> None:
    fba, shelf = skus.api.write(marketplace)
    skus.api.write(lambda session: factories.stock(session, skus.widget, skus.house.bin, 10))
    skus.api.write(lambda session: factories.stock(session, skus.widget, shelf, 7))
    row = skus.get(warehouse_id=fba.id)["data"][0]
    assert (row["total_on_hand"], [part["name"] for part in row["warehouses"]]) == (7, ["FBA EU"])
    assert skus.get(sku="SKU-001")["data"][0]["total_on_hand"] == 17
    assert skus.get(sku="SKU-001", warehouse_id=fba.id, status="normal")["meta"]["total"] == 1
    assert skus.get(sku="NONE")["data"] == skus.get(warehouse_id="wh_none")["data"] == []


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"status": "fine"}, {"limit": "-1"}])
def test_a_wrong_query_is_a_bad_request(skus: Skus, query: dict[str, str]) -> None:
    error_of(skus.api.client.get(BASE, params=query), 400, "INVALID_REQUEST")


# --- setting --------------------------------------------------------------------------------------------------------


def test_the_four_printed_refusals(skus: Skus) -> None:
    fba, _ = skus.api.write(marketplace)
    error_of(skus.api.client.get(f"{BASE}/NONE"), 404, "INVENTORY_NOT_FOUND")
    error_of(skus.api.client.get(f"{BASE}/SKU-001"), 404, "INVENTORY_NOT_FOUND")
    error_of(skus.api.client.get(f"{BASE}/SKU-001/adjustments"), 404, "INVENTORY_NOT_FOUND")
    error_of(skus.put("NONE", {"quantity": 1}), 404, "INVENTORY_NOT_FOUND")
    error_of(skus.put("SKU-001", {"quantity": 1, "warehouse_id": "wh_none"}), 404, "WAREHOUSE_NOT_FOUND")
    error_of(skus.put("SKU-001", {"quantity": 1, "warehouse_id": fba.id}), 403, "READONLY_WAREHOUSE")
    error = error_of(skus.put("SKU-001", {"quantity": -1}), 422, "NEGATIVE_QUANTITY")
    assert error["details"][0]["field"] == "quantity"
    for body in ({}, {"quantity": "5"}, {"quantity": None}, {"quantity": 1, "reason": 5}):
        error_of(skus.put("SKU-001", body), 422, "VALIDATION_ERROR")
    assert skus.get()["meta"]["total"] == 0


def test_setting_is_idempotent_and_takes_from_the_bins(skus: Skus) -> None:
    skus.api.write(lambda session: factories.stock(session, skus.widget, skus.house.bin, 6))
    skus.api.write(lambda session: factories.stock(session, skus.widget, skus.house.other_bin, 6))
    assert skus.put("SKU-001", {"quantity": 3}).json()["data"]["total_on_hand"] == 3
    assert skus.put("SKU-001", {"quantity": 3}).json()["data"]["total_on_hand"] == 3
    made = skus.get("/SKU-001/adjustments")
    assert made["meta"]["total"] == 1
    assert (made["data"][0]["before_quantity"], made["data"][0]["delta"]) == (12, -9)
    assert skus.put("SKU-001", {"quantity": 0.5}).json()["data"]["total_on_hand"] == 0.5


def test_a_changed_record_is_not_overwritten_unseen(skus: Skus) -> None:
    skus.put("SKU-001", {"quantity": 5})
    seen = skus.api.client.get(f"{BASE}/SKU-001")
    etag = seen.headers["etag"]
    assert skus.api.client.get(f"{BASE}/SKU-001", headers={"If-None-Match": etag}).status_code == 304
    done = skus.put("SKU-001", {"quantity": 6}, headers={"If-Match": etag})
    assert done.status_code == 200 and done.headers["etag"] != etag
    error_of(skus.put("SKU-001", {"quantity": 7}, headers={"If-Match": etag}), 412, "PRECONDITION_FAILED")
    error = error_of(skus.put("SKU-001", {"quantity": 7, "expected_quantity": 5}), 422, "QUANTITY_CHANGED")
    assert error["details"][0]["quantity"] == 6
    assert skus.put("SKU-001", {"quantity": 7, "expected_quantity": 6}).status_code == 200


def test_bulk_tells_row_by_row_or_sets_nothing(skus: Skus) -> None:
    fba, _ = skus.api.write(marketplace)
    rows = (
        {"quantity": 5}, {"quantity": -1}, {"sku": "NONE", "quantity": 1}, {"quantity": 1, "warehouse_id": "wh_none"},
        {"quantity": 1, "warehouse_id": fba.id}, {"quantity": 9, "expected_quantity": 5},
        {"quantity": 2, "expected_quantity": 4},
    )  # fmt: skip
    codes = [
        (1, "SKU-001", "NEGATIVE_QUANTITY"), (2, "NONE", "INVENTORY_NOT_FOUND"), (3, "SKU-001", "WAREHOUSE_NOT_FOUND"),
        (4, "SKU-001", "READONLY_WAREHOUSE"), (6, "SKU-001", "QUANTITY_CHANGED"),
    ]  # fmt: skip
    refused = error_of(skus.bulk(*rows, query="?atomic=true"), 422, "NEGATIVE_QUANTITY")
    assert [detail["code"] for detail in refused["details"]] == [code for _, _, code in codes]
    assert skus.get()["meta"]["total"] == 0
    answer = skus.bulk(*rows)
    assert answer.status_code == 200
    told = answer.json()
    assert told["meta"] == {"total": 7, "updated": 2, "failed": 5}
    assert [(row["index"], row["sku"], row["code"]) for row in told["errors"]] == codes
    assert [row["total_on_hand"] for row in told["data"]] == [9]
    everything = skus.bulk({"quantity": 1}, {"quantity": 2}, query="?atomic=true")
    assert everything.json()["data"][0]["total_on_hand"] == 2
    error_of(skus.bulk(*[{"quantity": 1}] * 501), 422, "VALIDATION_ERROR")
    error_of(skus.bulk(), 422, "VALIDATION_ERROR")
    error_of(skus.bulk({"quantity": 1}, query="?atomic=maybe"), 400, "INVALID_REQUEST")


def test_500_updates_in_one_request(skus: Skus) -> None:
    names = [f"B-{number:03}" for number in range(500)]
    skus.api.write(lambda session: [factories.variant(session, sku=name) for name in names])
    told = skus.bulk(*[{"sku": name, "quantity": 3} for name in names]).json()
    assert told["meta"] == {"total": 500, "updated": 500, "failed": 0}
    assert skus.get(limit=1)["meta"]["total"] == 500


# --- history --------------------------------------------------------------------------------------------------------


def test_history_is_filtered_and_paged(skus: Skus) -> None:
    second = skus.api.write(lambda session: factories.warehouse(session, "WH2"))
    for quantity, reason in ((5, "supplier_receipt"), (4, "cycle_count"), (9, "supplier_receipt")):
        skus.put("SKU-001", {"quantity": quantity, "reason": reason})
    skus.put("SKU-001", {"quantity": 2, "warehouse_id": second.site.id})
    path = "/SKU-001/adjustments"
    assert [row["delta"] for row in skus.get(path)["data"]] == [2, 5, -1, 5]
    assert [row["delta"] for row in skus.get(path, reason="supplier_receipt")["data"]] == [5, 5]
    assert [row["delta"] for row in skus.get(path, warehouse_id=second.site.id)["data"]] == [2]
    today = skus.api.store.clock.today().isoformat()
    assert skus.get(path, start_date=today, end_date=today)["meta"]["total"] == 4
    assert skus.get(path, end_date="2000-01-01")["data"] == []
    page = skus.get(path, limit=3)
    assert page["meta"]["total"] == 4
    rest = skus.get(path, limit=3, cursor=page["meta"]["nextCursor"])
    assert [row["delta"] for row in rest["data"]] == [5] and rest["meta"]["nextCursor"] is None
    assert len(skus.get(path, limit=1)["data"]) == 1
    cursor = page["meta"]["nextCursor"]
    skus.variant("SKU-009")
    skus.put("SKU-009", {"quantity": 1})
    for other, more in ((path, {"reason": "cycle_count"}), ("/SKU-009/adjustments", {})):
        answer = skus.api.client.get(f"{BASE}{other}", params={"cursor": cursor, **more})
        error_of(answer, 400, "INVALID_REQUEST")


# --- paths ----------------------------------------------------------------------------------------------------------


def key_client(skus: Skus, server: LiveServer, edition: str) -> httpx.Client:
    _, secret = access.create_key(
        skus.api.store, organization_id=skus.api.organization_id, label="other", scopes=["inventory:write"],
        edition=edition, plan="enterprise",
    )  # fmt: skip
    return httpx.Client(base_url=server.address, headers={"Authorization": f"Bearer {secret}"}, timeout=30)


@pytest.fixture
def clients(skus: Skus, server: LiveServer) -> Iterator[dict[str, httpx.Client]]:
    """A client for each edition of key; the empty one was made without."""
    skus.put("SKU-001", {"quantity": 5})
    made = {edition: key_client(skus, server, edition) for edition in ("", "stock", "sku", "ambra")}
    yield made
    for client in made.values():
        client.close()


def test_the_shared_path_goes_by_the_key_then_by_the_header(clients: dict[str, httpx.Client]) -> None:
    for edition, header, expected in (
        ("", "", "stock"), ("", "sku", "sku"), ("", "stock", "stock"), ("stock", "sku", "stock"), ("sku", "", "sku"),
        ("sku", "stock", "sku"), ("ambra", "", "stock"), ("ambra", "SKU", "sku"),
    ):  # fmt: skip
        headers = {"X-API-Edition": header} if header else {}
        answer = clients[edition].get("/api/inventory", headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-api-edition"] == expected, (edition, header)
        assert answer.headers["vary"] == "Authorization, X-API-Edition"
        assert ("warehouses" in answer.json()["data"][0]) is (expected == "sku")
        always = clients[edition].get("/sku/api/inventory", headers=headers)
        assert "warehouses" in always.json()["data"][0]
    error_of(clients[""].get("/api/inventory", headers={"X-API-Edition": "v9"}), 400, "INVALID_REQUEST")


def test_the_free_routes_answer_at_their_printed_paths(skus: Skus, clients: dict[str, httpx.Client]) -> None:
    for client in clients.values():
        assert client.get("/api/inventory/SKU-001").json() == skus.get("/SKU-001")
        assert client.get("/api/inventory/warehouses").json() == skus.get("/warehouses")
        assert client.get("/api/inventory/SKU-001/adjustments").json() == skus.get("/SKU-001/adjustments")
        body = {"warehouse_id": skus.house.site.id, "quantity": 5}
        assert client.put("/api/inventory/SKU-001", json=body).status_code == 200
        assert client.post("/api/inventory/bulk", json={"updates": [{"sku": "SKU-001", **body}]}).status_code == 200
        error_of(client.get("/api/inventory/NONE"), 404, "INVENTORY_NOT_FOUND")
        error_of(client.get("/api/inventory/SKU-001/adjustments?limit=0"), 400, "INVALID_REQUEST")


def test_five_words_are_no_skus_at_the_shared_path(skus: Skus) -> None:
    client = skus.api.client
    for word in ("movements", "adjustments", "analytics", "warehouses", "bulk"):
        skus.variant(word)
        made = skus.put(word, {"quantity": 1})
        assert made.status_code == (405 if word in ("warehouses", "bulk") else 200)
        error_of(client.put(f"/api/inventory/{word}", json={"quantity": 1}), 405, "METHOD_NOT_ALLOWED")
    assert client.get("/sku/api/inventory/movements").json()["data"]["sku"] == "movements"
    assert client.get("/api/inventory/movements").json()["meta"]["limit"] == 20
    error_of(client.get("/api/inventory/bulk"), 405, "METHOD_NOT_ALLOWED")
    body = {"sku": "bulk", "quantity": 2}
    assert skus.bulk(body).json()["meta"]["updated"] == 1
    assert skus.get(sku="bulk")["data"][0]["total_on_hand"] == 2


@pytest.mark.parametrize("sku", ["A/B-1", "A B", "50% off", "(01)", "ü-1", "a/adjustments-b"])
def test_a_sku_may_hold_anything(skus: Skus, sku: str) -> None:
    skus.variant(sku)
    assert skus.put(sku, {"quantity": 4}).json()["data"]["sku"] == sku
    path = quote(sku, safe="")
    assert skus.api.client.get(f"/api/inventory/{path}").json()["data"]["total_on_hand"] == 4
    assert skus.get(f"/{path}/adjustments")["data"][0]["sku"] == sku


def test_reading_is_implied_and_writing_wants_its_scope(skus: Skus, server: LiveServer) -> None:
    _, secret = access.create_key(
        skus.api.store, organization_id=skus.api.organization_id, label="reader", scopes=["inventory:read"]
    )
    with httpx.Client(base_url=server.address, headers={"Authorization": f"Bearer {secret}"}) as reader:
        assert reader.get(BASE).status_code == 200
        body = {"warehouse_id": skus.house.site.id, "quantity": 1}
        error_of(reader.put(f"{BASE}/SKU-001", json=body), 403, "INSUFFICIENT_PERMISSIONS")
        error_of(reader.post(f"{BASE}/bulk", json={"updates": []}), 403, "INSUFFICIENT_PERMISSIONS")


def test_a_site_of_our_own_has_no_marketplace(skus: Skus) -> None:
    from ambra_tui.errors import Invalid

    with pytest.raises(Invalid):
        skus.api.write(lambda session: set_marketplace(session, skus.house.site, "amazon_eu"))


def test_a_sync_sets_what_a_marketplace_holds(skus: Skus) -> None:
    fba, _ = skus.api.write(marketplace)
    skus.variant("SKU-009")

    def sync(site: str, *levels: tuple[str, Any], query: str = "", **more: Any) -> httpx.Response:
        body = {"levels": [{"sku": sku, "quantity": quantity} for sku, quantity in levels], **more}
        return skus.api.client.post(f"{BASE}/warehouses/{site}/sync{query}", json=body)

    rows = (("SKU-001", 137), ("SPOON", 1), ("SKU-009", -1), ("SKU-001", 5), ("SKU-009", 4))
    answer = sync(fba.id, *rows, marketplace="amazon_uk")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["data"] == [
        {"sku": sku, "before_quantity": 0, "after_quantity": quantity, "delta": quantity}
        for sku, quantity in (("SKU-001", 137), ("SKU-009", 4))
    ]
    assert told["meta"] == {"total": 5, "updated": 2, "unchanged": 0, "failed": 3}
    assert [(row["index"], row["code"]) for row in told["errors"]] == [
        (1, "INVENTORY_NOT_FOUND"), (2, "NEGATIVE_QUANTITY"), (3, "VALIDATION_ERROR"),
    ]  # fmt: skip
    assert sync(fba.id, ("SKU-001", 137)).json()["meta"]["unchanged"] == 1
    assert skus.get("/warehouses")["data"][0]["marketplace"] == "amazon_uk"
    refused = sync(fba.id, ("SKU-001", 1), ("SPOON", 1), query="?atomic=true")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "INVENTORY_NOT_FOUND")
    assert skus.get("/SKU-001")["data"]["total_on_hand"] == 137
    assert sync("wh_none", ("SKU-001", 1)).status_code == 404
    own = sync(skus.house.site.id, ("SKU-001", 1))
    assert own.json()["error"]["details"][0]["field"] == "warehouse_id"
    many = sync(fba.id, *[("SKU-001", 1)] * 501)
    assert many.status_code == 422
    held = skus.put("SKU-001", {"warehouse_id": fba.id, "quantity": 1})
    assert held.json()["error"]["code"] == "READONLY_WAREHOUSE"
