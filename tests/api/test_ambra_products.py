"""Products of the ambra edition: every operation with its parameters, defaults, limits, statuses and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select

from ambra_tui.kit.clock import to_iso
from ambra_tui.services import catalog, categories, policies, suppliers
from ambra_tui.store.models import OutboxEvent
from tests import factories
from tests.api.conftest import Api, LiveServer, client_for

SHIRT = {"name": "Premium T-Shirt", "sku": "TEE-001", "category_id": "cat_123", "unit_of_measure": "ea", "price": 29.99}
OPTIONAL = {
    "description": "", "category_id": None, "unit_of_measure": "ea", "price": None, "default_supplier_id": None,
    "reorder_quantity": 0, "reorder_point": 0, "barcode": None, "status": "active",
}  # fmt: skip
ROW_KEYS = {
    "id", "variant_id", "name", "sku", "currency", "stock", "created_at", "updated_at", *OPTIONAL,
}  # fmt: skip


def send(api: Api, method: str, path: str, body: Any = None, **options: Any) -> Any:
    """A request below /v1."""
    if method != "GET" and "content" not in options:
        options["json"] = {} if body is None else body
    return api.client.request(method, f"/v1{path}", **options)


def made(api: Api, **values: Any) -> dict[str, Any]:
    """A product."""
    body = {"name": "Premium T-Shirt", "sku": "TEE-001", **values}
    answer = send(api, "POST", "/products", body)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The error of a refusal in this edition's shape."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (set(body), body["success"]) == ({"success", "error"}, False)
    error: dict[str, Any] = body["error"]
    assert {"code", "message", "details"} <= set(error)
    assert error["code"] == code
    assert isinstance(error["details"], dict)
    return error


def skus(api: Api, query: str = "") -> list[str]:
    """The SKUs of a list, which is one page long."""
    answer = send(api, "GET", f"/products{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["pagination"]["total"] == len(body["data"])
    return [row["sku"] for row in body["data"]]


def events(api: Api) -> list[tuple[str, str]]:
    """What was told of products: the fact and the SKU."""

    def told(session: Any) -> list[tuple[str, str]]:
        rows = select(OutboxEvent).where(
            OutboxEvent.organization_id == api.organization_id, col(OutboxEvent.type).startswith("product_")
        )
        return [(row.type, row.payload["sku"]) for row in session.exec(rows.order_by(col(OutboxEvent.id))).all()]

    found: list[tuple[str, str]] = api.write(told)
    return found


@pytest.fixture
def clothes(api: Api) -> str:
    """A category whose slug is the id that the document prints."""

    def make(session: Any) -> str:
        root = categories.create_category(session, name="Apparel")
        return categories.create_category(session, name="Clothes", slug="cat_123", parent_id=root.id).id

    made_id: str = api.write(make)
    return made_id


@pytest.fixture
def supplier(api: Api) -> str:
    """A supplier's id."""
    made_id: str = api.write(lambda session: suppliers.create_supplier(session, name="Weaver").id)
    return made_id


# --- the printed examples -------------------------------------------------------------------------------------------


def test_the_printed_request_and_answer(api: Api, clothes: str) -> None:
    answer = send(api, "POST", "/products", SHIRT)
    assert answer.status_code == 201
    body = answer.json()
    assert body["success"] is True
    product = body["data"]
    assert set(product) == ROW_KEYS | {"variants"}
    assert (product["name"], product["sku"], product["price"]) == ("Premium T-Shirt", "TEE-001", 29.99)
    assert (product["category_id"], product["unit_of_measure"], product["status"]) == (clothes, "ea", "active")
    assert product["id"].startswith("prod_")
    assert len(product["created_at"]) == len("2025-11-26T10:00:00Z") and product["created_at"].endswith("Z")
    assert answer.headers["location"] == f"/v1/products/{product['id']}"
    again = send(api, "GET", f"/products/{product['id']}")
    assert again.json() == body
    assert again.headers["etag"] == answer.headers["etag"]
    assert events(api) == [("product_created", "TEE-001")]


def test_the_printed_refusal(api: Api) -> None:
    error = refused(send(api, "GET", "/products/prod_abc123"), 404, "PRODUCT_NOT_FOUND")
    assert error["message"] == "Product with ID 'prod_abc123' not found"
    assert error["details"] == {"product_id": "prod_abc123"}
    for method, path in (("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/stock")):
        answer = send(api, method, f"/products/prod_abc123{path}", {"name": "x", "sku": "y"})
        assert refused(answer, 404, "PRODUCT_NOT_FOUND")["details"] == {"product_id": "prod_abc123"}


def test_the_printed_page(api: Api) -> None:
    batch = [{"name": f"Item {number}", "sku": f"SKU-{number:03d}"} for number in range(150)]
    assert send(api, "POST", "/products/batch", batch).status_code == 201
    answer = send(api, "GET", "/products?page=2&limit=50")
    body = answer.json()
    assert set(body) == {"success", "data", "pagination"}
    assert body["pagination"] == {
        "page": 2, "limit": 50, "total": 150, "pages": 3, "has_next": True, "has_prev": True,
    }  # fmt: skip
    assert [row["sku"] for row in body["data"]][:2] == ["SKU-099", "SKU-098"]
    assert answer.headers["x-total-count"] == "150"
    assert '</v1/products?page=3&limit=50>; rel="next"' in answer.headers["link"]
    first = send(api, "GET", "/products").json()["pagination"]
    assert (first["page"], first["limit"], first["has_prev"], first["pages"]) == (1, 25, False, 6)
    assert send(api, "GET", "/products?limit=1000").json()["pagination"]["limit"] == 100
    past = send(api, "GET", "/products?page=9&limit=50").json()
    assert (past["data"], past["pagination"]["has_next"], past["pagination"]["total"]) == ([], False, 150)
    for wrong in ("page=0", "page=-1", "page=x", "limit=0", "limit=1.5", "limit="):
        error = refused(send(api, "GET", f"/products?{wrong}"), 400, "INVALID_REQUEST")
        assert set(error["details"]) == {wrong.partition("=")[0]}


def test_the_printed_filter_and_order(api: Api, clothes: str, supplier: str) -> None:
    electronics = send(api, "POST", "/categories", {"name": "Electronics"}).json()["data"]["id"]
    for sku, price, status in (("A", 99.99, "active"), ("B", 100, "active"), ("C", 250, "inactive")):
        made(api, name=f"Thing {sku}", sku=sku, price=price, status=status, category_id=electronics)
    made(api, sku="TEE", category_id=clothes, default_supplier_id=supplier, price=None)
    assert skus(api, "?category=electronics&status=active&min_price=100") == ["B"]
    assert skus(api, f"?category={electronics}&max_price=100.00") == ["B", "A"]
    assert skus(api, "?category=apparel") == ["TEE"]  # what stands below counts
    assert skus(api, "?category=nowhere") == skus(api, "?supplier=sup_none") == []
    assert skus(api, f"?supplier={supplier}") == ["TEE"]
    assert skus(api, "?sort=-created_at,name") == ["TEE", "C", "B", "A"]
    assert skus(api, "?sort=price") == ["A", "B", "C", "TEE"]  # without a price: last
    assert skus(api, "?sort=-price,sku") == ["C", "B", "A", "TEE"]
    assert skus(api, "?sort=status,-name") == ["TEE", "B", "A", "C"] or skus(api, "?sort=status,-name")[-1] == "C"
    for wrong in ("sort=colour", "sort=name,,sku", "sort=", "sort=+name", "status=gone", "min_price=x", "search="):
        refused(send(api, "GET", f"/products?{wrong}"), 400, "INVALID_REQUEST")


# --- filters --------------------------------------------------------------------------------------------------------


def test_search_goes_by_words_and_codes(api: Api) -> None:
    made(api, name="Café crème", sku="CC-7", barcode="5001000000019")
    made(api, name="Dark chocolate bar", sku="LOT-7")
    made(api, name="Chocolate milk", sku="DARK")
    assert skus(api, "?search=dark") == ["DARK", "LOT-7"]  # exactly, then the rest
    assert skus(api, "?search=choc%20dar") == ["DARK", "LOT-7"]
    assert skus(api, "?search=lot-7") == ["LOT-7"]
    assert skus(api, "?search=cafe%20CREME") == ["CC-7"]
    assert skus(api, "?search=50010000") == ["CC-7"]
    assert skus(api, "?search=nothing") == skus(api, "?search=%21%21") == []
    assert skus(api, "?search=choc&sort=sku") == ["DARK", "LOT-7"]
    assert skus(api, "?barcode=5001000000019") == skus(api, "?sku=CC-7") == ["CC-7"]
    send(api, "PATCH", f"/products/{send(api, 'GET', '/products?sku=DARK').json()['data'][0]['id']}", {"name": "Milk"})
    assert skus(api, "?search=chocolate") == ["LOT-7"]


def test_dates_include_their_day(api: Api) -> None:
    made(api)
    today = api.store.clock.today()
    assert skus(api, f"?created_after={today}") == skus(api, f"?updated_after={today}") == ["TEE-001"]
    tomorrow = to_iso(api.store.clock.now() + timedelta(days=1))
    assert skus(api, f"?created_after={tomorrow}") == skus(api, f"?updated_after={tomorrow}") == []
    refused(send(api, "GET", "/products?created_after=yesterday"), 400, "INVALID_REQUEST")


def test_stock_and_what_is_low(api: Api, house: factories.Warehouse) -> None:
    for sku, point in (("NONE", 5), ("CRIT", 10), ("LOW", 10), ("FINE", 10), ("FREE", 0)):
        made(api, sku=sku, name=sku, reorder_point=point, reorder_quantity=40)

    def fill(session: Any) -> None:
        shop = factories.warehouse(session, "WH2")
        for sku, here, there in (("CRIT", 3, 0), ("LOW", 8, 0), ("FINE", 11, 0), ("FREE", 1, 2)):
            variant = catalog.variant_by_sku(session, sku)
            factories.stock(session, variant, house.bin, here)
            if there:
                factories.stock(session, variant, shop.bin, there)

    api.write(fill)
    assert skus(api, "?stock_status=out") == ["NONE"]
    assert skus(api, "?stock_status=critical") == ["CRIT"]
    assert skus(api, "?stock_status=low&limit=100") == ["LOW"]
    assert skus(api, "?stock_status=ok") == ["FREE", "FINE"]
    assert skus(api, "?stock_level=below_reorder") == ["LOW", "CRIT", "NONE"]
    assert skus(api, "?stock_level=below_reorder&stock_status=low") == ["LOW"]
    site, bin_id = house.site.id, house.bin.id
    assert skus(api, f"?location={site}") == skus(api, f"?location={bin_id}") == ["FREE", "FINE", "LOW", "CRIT"]
    assert skus(api, f"?location={site}&stock_level=below_reorder") == ["LOW", "CRIT"]
    rows = {row["sku"]: row for row in send(api, "GET", "/products").json()["data"]}
    assert rows["LOW"]["reorder_quantity"] == 40 and rows["LOW"]["default_supplier_id"] is None
    assert rows["LOW"]["stock"] == {
        "on_hand": 8, "reserved": 0, "available": 8, "reorder_point": 10, "status": "low",
    }  # fmt: skip
    assert rows["FREE"]["stock"]["available"] == 3
    told = send(api, "GET", f"/products?location={site}&sku=FREE").json()["data"][0]["stock"]
    assert told["available"] == 1  # that warehouse alone
    one = send(api, "GET", f"/products/{rows['FREE']['id']}/stock").json()["data"]
    assert (one["on_hand"], one["reserved"], one["available"]) == (3, 0, 3)
    assert [(place["name"], place["available"]) for place in one["warehouses"]] == [("Site WH1", 1), ("Site WH2", 2)]
    assert {(place["location_id"], place["on_hand"]) for place in one["locations"]} >= {(bin_id, 1)}


# --- changes --------------------------------------------------------------------------------------------------------


def test_put_replaces_and_patch_keeps(api: Api, clothes: str, supplier: str) -> None:
    full = {
        "description": "soft", "category_id": clothes, "unit_of_measure": "pack", "price": 29.99,
        "default_supplier_id": supplier, "reorder_quantity": 10, "reorder_point": 5, "barcode": "5001000000019",
        "status": "inactive",
    }  # fmt: skip
    product = made(api, **full)
    assert {name: product[name] for name in full} == full
    path = f"/products/{product['id']}"
    changed = send(api, "PATCH", path, {"price": 5}).json()["data"]
    assert changed == {**product, "price": 5, "updated_at": changed["updated_at"]}
    assert send(api, "PATCH", path, {"price": 5}).json()["data"] == changed
    cleared = send(api, "PATCH", path, {"category_id": None, "barcode": None, "reorder_point": None}).json()["data"]
    assert (cleared["category_id"], cleared["barcode"], cleared["reorder_point"]) == (None, None, 0)
    assert cleared["default_supplier_id"] == supplier
    bare = send(api, "PUT", path, {"name": "Other", "sku": "TEE-002"}).json()["data"]
    assert {name: bare[name] for name in OPTIONAL} == OPTIONAL
    assert (bare["id"], bare["name"], bare["sku"]) == (product["id"], "Other", "TEE-002")
    assert events(api) == [
        ("product_created", "TEE-001"), ("product_updated", "TEE-001"), ("product_updated", "TEE-001"),
        ("product_updated", "TEE-002"),
    ]  # fmt: skip
    assert set(refused(send(api, "PUT", path, {"price": 1}), 422, "VALIDATION_ERROR")["details"]) == {"name", "sku"}


def test_a_change_of_what_was_read_long_ago(api: Api) -> None:
    product = made(api)
    path = f"/products/{product['id']}"
    tag = send(api, "GET", path).headers["etag"]
    assert send(api, "PATCH", path, {"price": 5}, headers={"If-Match": tag}).status_code == 200
    refused(send(api, "PUT", path, {"name": "a", "sku": "b"}, headers={"If-Match": tag}), 412, "PRECONDITION_FAILED")
    refused(send(api, "DELETE", path, headers={"If-Match": tag}), 412, "PRECONDITION_FAILED")
    assert send(api, "GET", path, headers={"If-None-Match": send(api, "GET", path).headers["etag"]}).status_code == 304
    assert send(api, "GET", path).json()["data"]["price"] == 5


def test_what_is_wrong_is_told_by_field(api: Api) -> None:
    made(api, barcode="5001000000019")
    other = made(api, sku="OTHER", name="Other")
    for body, code, field in (
        ({"sku": "TEE-001"}, "VALIDATION_ERROR", "sku"),
        ({"sku": "NEW", "barcode": "05001000000019"}, "VALIDATION_ERROR", "barcode"),
        ({"sku": "NEW", "barcode": "5001000000018"}, "VALIDATION_ERROR", "barcode"),
        ({"sku": "NEW", "price": 1.999}, "VALIDATION_ERROR", "price"),
        ({"sku": "NEW", "price": -1}, "VALIDATION_ERROR", "price"),
        ({"sku": "NEW", "price": "29.99"}, "VALIDATION_ERROR", "price"),
        ({"sku": "NEW", "status": "draft"}, "VALIDATION_ERROR", "status"),
        ({"sku": "NEW", "reorder_point": -1}, "VALIDATION_ERROR", "reorder_point"),
        ({"sku": "NEW", "unit_of_measure": "x" * 21}, "VALIDATION_ERROR", "unit_of_measure"),
        ({"sku": "x" * 81}, "VALIDATION_ERROR", "sku"),
        ({"sku": "NEW", "name": "a\u0007"}, "VALIDATION_ERROR", "name"),
    ):
        for method, path in (("POST", "/products"), ("PUT", f"/products/{other['id']}")):
            error = refused(send(api, method, path, {"name": "New", **body}), 422, code)
            assert list(error["details"]) == [field], (method, body)
            assert error["details"][field] in error["message"] or error["details"][field]
    for field, code in (("category_id", "CATEGORY_NOT_FOUND"), ("default_supplier_id", "SUPPLIER_NOT_FOUND")):
        error = refused(send(api, "POST", "/products", {"name": "N", "sku": "NEW", field: "none_1"}), 404, code)
        assert "none_1" in error["message"]
    error = refused(send(api, "PATCH", f"/products/{other['id']}", {"sku": "TEE-001"}), 422, "VALIDATION_ERROR")
    assert error["details"] == {"sku": "Product with sku 'TEE-001' already exists"}
    assert skus(api) == ["OTHER", "TEE-001"]
    for content, kind in ((b"{", "application/json"), (b"name=a&sku=b", "application/x-www-form-urlencoded")):
        answer = send(api, "POST", "/products", content=content, headers={"Content-Type": kind})
        refused(answer, 400, "INVALID_REQUEST")


def test_a_product_without_history_goes_for_good_and_others_are_archived(
    api: Api, house: factories.Warehouse, clothes: str
) -> None:
    fresh, used = made(api, sku="FRESH", category_id=clothes, barcode="96385074"), made(api, sku="USED")
    api.write(lambda s: factories.stock(s, catalog.variant_by_sku(s, "USED"), house.bin, 3))
    for product in (fresh, used):
        answer = send(api, "DELETE", f"/products/{product['id']}")
        assert (answer.status_code, answer.content) == (204, b"")
        refused(send(api, "GET", f"/products/{product['id']}"), 404, "PRODUCT_NOT_FOUND")
        refused(send(api, "DELETE", f"/products/{product['id']}"), 404, "PRODUCT_NOT_FOUND")
    assert skus(api) == []
    assert skus(api, "?status=archived") == ["USED"]
    archived = send(api, "GET", f"/products/{used['id']}?status=archived").json()["data"]
    assert (archived["status"], archived["stock"]["on_hand"]) == ("archived", 3)
    assert made(api, sku="FRESH", barcode="96385074")["id"] != fresh["id"]
    refused(send(api, "POST", "/products", {"name": "x", "sku": "USED"}), 422, "VALIDATION_ERROR")
    back = send(api, "PATCH", f"/products/{used['id']}", {"status": "active"}).json()["data"]
    assert (back["status"], back["sku"]) == ("active", "USED")
    assert events(api)[2:4] == [("product_deleted", "FRESH"), ("product_deleted", "USED")]


def test_who_may_what(api: Api, server: LiveServer) -> None:
    product = made(api)
    with client_for(api.store, server.address, api.organization_id, ["write"]) as client:
        assert client.patch(f"/v1/products/{product['id']}", json={"price": 1}).status_code == 200
        error = refused(client.delete(f"/v1/products/{product['id']}"), 403, "INSUFFICIENT_PERMISSIONS")
        assert "products:delete" in error["message"]
    with client_for(api.store, server.address, api.organization_id, ["delete"]) as client:
        assert client.delete(f"/v1/products/{product['id']}").status_code == 204
        refused(client.get("/v1/products"), 403, "INSUFFICIENT_PERMISSIONS")


# --- several SKUs ---------------------------------------------------------------------------------------------------


@pytest.fixture
def shirts(api: Api) -> Iterator[dict[str, Any]]:
    """A product with two SKUs."""
    variants = [{"sku": "RED", "name": "Red", "price": 5}, {"sku": "BLUE", "name": "Blue", "price": 6}]
    yield api.post("/products", {"name": "Shirt", "variants": variants}).json()


def test_a_product_of_several_skus_is_several_rows(api: Api, shirts: dict[str, Any]) -> None:
    path = f"/products/{shirts['id']}"
    rows = send(api, "GET", "/products?sort=sku").json()["data"]
    assert [(row["id"], row["name"], row["sku"]) for row in rows] == [
        (shirts["id"], "Shirt Blue", "BLUE"), (shirts["id"], "Shirt Red", "RED"),
    ]  # fmt: skip
    one = send(api, "GET", path).json()["data"]
    assert (one["sku"], [each["sku"] for each in one["variants"]]) == ("RED", ["RED", "BLUE"])
    assert send(api, "GET", f"{path}?sku=BLUE").json()["data"]["price"] == 6
    assert send(api, "GET", f"{path}?variant_id={rows[0]['variant_id']}").json()["data"]["sku"] == "BLUE"
    refused(send(api, "GET", f"{path}?sku=GREEN"), 404, "PRODUCT_NOT_FOUND")
    assert send(api, "GET", "/skus/BLUE").json()["data"]["name"] == "Shirt Blue"
    error = refused(send(api, "PATCH", path, {"price": 7}), 422, "VALIDATION_ERROR")
    assert [item["sku"] for item in error["details"]["items"]] == ["RED", "BLUE"]
    assert send(api, "PATCH", path, {"sku": "BLUE", "price": 7}).json()["data"]["price"] == 7
    renamed = {"variant_id": rows[0]["variant_id"], "sku": "NAVY", "name": "Shirt Navy"}
    assert send(api, "PUT", path, renamed).json()["data"]["name"] == "Shirt Navy"
    refused(send(api, "DELETE", path), 422, "VALIDATION_ERROR")
    assert send(api, "DELETE", f"{path}?sku=NAVY").status_code == 204
    assert send(api, "GET", path).json()["data"]["sku"] == "RED"
    assert skus(api) == ["RED"]


def test_a_sku_may_hold_a_slash(api: Api) -> None:
    made(api, sku="A/B C")
    assert send(api, "GET", "/skus/A%2FB%20C").json()["data"]["sku"] == "A/B C"
    error = refused(send(api, "GET", "/skus/NO"), 404, "PRODUCT_NOT_FOUND")
    assert error["message"] == "Product with ID 'NO' not found"


# --- batches --------------------------------------------------------------------------------------------------------


def test_a_batch_is_made_whole_or_row_by_row(api: Api, clothes: str, supplier: str) -> None:
    made(api, sku="TAKEN", barcode="96385074")
    good = {"name": "Good", "sku": "GOOD", "category_id": "cat_123", "default_supplier_id": supplier, "price": 1.5,
            "reorder_point": 3, "reorder_quantity": 9, "barcode": "5001000000019"}  # fmt: skip
    rows = [
        good, {"name": "Twice", "sku": "GOOD"}, {"name": "Taken", "sku": "TAKEN"}, {"sku": "NAMELESS"},
        {"name": "Lost", "sku": "LOST", "category_id": "nowhere"}, {"name": "Code", "sku": "C", "barcode": "96385074"},
        "not an object", {"name": "Last", "sku": "LAST"},
    ]  # fmt: skip
    codes = ["VALIDATION_ERROR"] * 3 + ["CATEGORY_NOT_FOUND"] + ["VALIDATION_ERROR"] * 2
    for path in ("/products/batch", "/products/batch?atomic=true"):
        error = refused(send(api, "POST", path, {"products": rows}), 422, "VALIDATION_ERROR")
        assert [(item["index"], item["code"]) for item in error["details"]["items"]] == list(
            zip(range(1, 7), codes, strict=True)
        )
        assert skus(api) == ["TAKEN"]
    answer = send(api, "POST", "/products/batch?atomic=false", rows)
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"success", "data", "errors"}
    assert [row["sku"] for row in body["data"]] == ["GOOD", "LAST"]
    assert [(row["index"], row["code"]) for row in body["errors"]] == list(zip(range(1, 7), codes, strict=True))
    assert all(set(row) == {"index", "code", "message"} for row in body["errors"])
    first = body["data"][0]
    assert (first["category_id"], first["price"], first["barcode"]) == (clothes, 1.5, "5001000000019")
    assert first == {name: send(api, "GET", f"/products/{first['id']}").json()["data"][name] for name in ROW_KEYS}
    assert skus(api, "?search=good") == ["GOOD"]
    assert events(api)[1:] == [("product_created", "GOOD"), ("product_created", "LAST")]
    refused(send(api, "POST", "/products/batch?atomic=false", [{"name": "x", "sku": "GOOD"}]), 422, "VALIDATION_ERROR")


def test_a_batch_has_a_limit_and_a_repeat_is_harmless(api: Api) -> None:
    rows = [{"name": f"Item {number}", "sku": f"S{number}"} for number in range(501)]
    error = refused(send(api, "POST", "/products/batch", rows), 422, "VALIDATION_ERROR")
    assert list(error["details"]) == ["products"]
    for wrong in ([], {"products": []}, {}, {"products": "x"}):
        refused(send(api, "POST", "/products/batch", wrong), 422, "VALIDATION_ERROR")
    sent = [
        send(api, "POST", "/products/batch", rows[:500], headers={"Idempotency-Key": "one"}) for _ in range(2)
    ]  # fmt: skip
    assert [answer.status_code for answer in sent] == [201, 201]
    assert sent[0].json() == sent[1].json()
    assert sent[1].headers["idempotent-replayed"] == "true"
    assert send(api, "GET", "/products").json()["pagination"]["total"] == 500


def test_defaults_of_the_organization_show_through(api: Api) -> None:
    product = made(api)
    api.write(lambda session: policies.set_default(session, "", {"reorder_point": 7}))
    told = send(api, "GET", f"/products/{product['id']}").json()["data"]
    assert (told["reorder_point"], told["stock"]["reorder_point"]) == (7, 7)
    own = send(api, "PATCH", f"/products/{product['id']}", {"reorder_point": 0}).json()["data"]
    assert own["reorder_point"] == 0


def test_the_policies_of_warehouses_show_through(api: Api, house: factories.Warehouse) -> None:
    product = made(api)

    def rule(session: Any) -> None:
        for site, quantity in ((house.site, 40), (factories.warehouse(session, "WH2").site, 60)):
            points = {"reorder_point": Decimal(quantity // 10), "reorder_quantity": Decimal(quantity)}
            policies.create_policy(session, variant_id=product["variant_id"], site_id=site.id, values=points)

    api.write(rule)
    [told] = send(api, "GET", "/products?stock_level=below_reorder").json()["data"]
    assert (told["reorder_quantity"], told["reorder_point"]) == (60, 6)  # the most that one of them says
    assert (told["stock"]["reorder_point"], told["stock"]["status"]) == (10, "out")
    own = send(api, "PATCH", f"/products/{product['id']}", {"reorder_quantity": 5}).json()["data"]
    assert (own["reorder_quantity"], own["reorder_point"]) == (5, 6)


# --- hostile and concurrent -----------------------------------------------------------------------------------------

HOSTILE = {
    b'{"name": "a", "sku": "b", "price": NaN}': 400,
    b'{"name": "a", "sku": "b", "price": 1e400}': 422,
    b'{"name": "a", "sku": "b", "price": -1e400}': 422,
    b'{"name": "a", "sku": "b", "price": 1e-40}': 422,
    b'{"name": "a", "sku": "b", "reorder_point": 1e30}': 422,
    b'{"name": "\\ud800", "sku": "b"}': 422,
    b'{"name": "a\\u0000", "sku": "b"}': 422,
    b'{"name": "a", "sku": "b\\u202e"}': 422,
    b'{"name": "a", "sku": "b", "description": "\\u001b[2J"}': 422,
    b'{"name": "a", "name": "c", "sku": "b"}': 400,
    b'{"name": "a", "sku": ["b"]}': 422,
    b'{"name": true, "sku": "b"}': 422,
    b'{"name": "a", "sku": "b", "category_id": {"$ne": 1}}': 422,
    b'{"name": "a", "sku": "b", "unit_of_measure": null}': 422,
    b"\xff": 400,
    b"null": 422,
}


def test_hostile_bodies_change_nothing(api: Api) -> None:
    product = made(api)
    before = send(api, "GET", f"/products/{product['id']}").text
    headers = {"Content-Type": "application/json"}
    for content, status in HOSTILE.items():
        code = "INVALID_REQUEST" if status == 400 else "VALIDATION_ERROR"
        for method, path, body in (
            ("POST", "/products", content),
            ("PUT", f"/products/{product['id']}", content),
            ("PATCH", f"/products/{product['id']}", content),
            ("POST", "/products/batch", b"[" + content + b"]"),
        ):
            refused(send(api, method, path, content=body, headers=headers), status, code)
    assert send(api, "GET", f"/products/{product['id']}").text == before
    assert skus(api) == ["TEE-001"]


def test_one_of_many_at_once_gets_the_sku(api: Api) -> None:
    def ask(number: int) -> Any:
        return send(api, "POST", "/products", {"name": f"N{number}", "sku": "SAME", "barcode": "96385074"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    for answer in answers:
        if answer.status_code == 422:
            assert refused(answer, 422, "VALIDATION_ERROR")["details"].keys() <= {"sku", "barcode"}
    assert skus(api) == ["SAME"]
