"""Purchase orders of the ambra edition: the printed reorder process, receipts, what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests import factories
from tests.api.ambra import Ambra
from tests.api.conftest import Api

KEYS = {
    "id", "number", "supplier_id", "warehouse_id", "status", "currency", "expected_at", "notes", "items", "created_at",
    "updated_at",
}  # fmt: skip
ITEM_KEYS = {
    "id", "product_id", "variant_id", "sku", "quantity", "received_quantity", "outstanding_quantity", "unit_cost",
}  # fmt: skip
PATH = "/purchase_orders"


class Buying(Ambra):
    """A warehouse, a supplier, and orders of a product."""

    def __init__(self, api: Api, house: factories.Warehouse, milk: Any) -> None:
        super().__init__(api)
        self.house, self.milk = house, milk
        self.vendor = self.post("/suppliers", {"name": "Dairy North"})["id"]

    def body(self, quantity: Any = 48, **more: Any) -> dict[str, Any]:
        items = [{"product_id": self.milk.product_id, "quantity": quantity}]
        return {"supplier_id": self.vendor, "items": items, **more}

    def order(self, quantity: float = 48, **more: Any) -> Any:
        return self.post(PATH, self.body(quantity, **more))

    def receive(self, order: Any, *items: dict[str, Any], status: int = 200) -> Any:
        return self.post(f"{PATH}/{order['id']}/receive", {"items": list(items)} if items else {}, status=status)


@pytest.fixture
def buying(api: Api, house: factories.Warehouse, milk: Any) -> Buying:
    """MILK-1L, and who brings it."""
    return Buying(api, house, milk)


def test_the_printed_reorder_process(buying: Buying) -> None:
    """What is below its reorder point is ordered from its supplier by exactly the body that is printed."""
    bread = buying.api.write(lambda s: factories.variant(s, sku="BREAD"))
    for key in (buying.milk.product_id, bread.product_id):
        buying.patch(f"/products/{key}", {"default_supplier_id": buying.vendor, "reorder_quantity": 24})
    buying.patch(f"/products/{buying.milk.product_id}", {"reorder_point": 10})
    buying.post("/stock_movements", {
        "product_id": buying.milk.product_id, "type": "in", "quantity": 9, "warehouse_id": buying.house.site.id,
    })  # fmt: skip
    products = buying.get("/products", stock_level="below_reorder")
    assert [product["sku"] for product in products] == ["MILK-1L"]
    for product in products:
        made = buying.post(PATH, {
            "supplier_id": product["default_supplier_id"],
            "items": [{"product_id": product["id"], "quantity": product["reorder_quantity"]}],
        })  # fmt: skip
        assert set(made) == KEYS and made["id"].startswith("po_")
        assert (made["supplier_id"], made["status"]) == (buying.vendor, "ordered")
        assert [set(item) for item in made["items"]] == [ITEM_KEYS]
        assert [(item["product_id"], item["quantity"]) for item in made["items"]] == [(buying.milk.product_id, 24)]
        assert made["warehouse_id"] == buying.house.site.id
        assert buying.get(f"{PATH}/{made['id']}") == made


def test_received_in_parts_and_only_once(buying: Buying) -> None:
    """ordered -> partially_received -> received, then INVALID_STATE; where, and with which lot, it comes in."""
    buying.milk = buying.api.write(lambda s: factories.variant(s, sku="LOTTED", is_lot_tracked=True))
    order = buying.order(10, number="PO-9", notes="soon", expected_at="2026-12-01T23:30:00-05:00")
    assert (order["number"], order["notes"], order["expected_at"]) == ("PO-9", "soon", "2026-12-02")
    item = {"product_id": buying.milk.product_id, "quantity": 4, "lot_number": "M1"}
    part = buying.receive(order, {**item, "location_id": buying.house.bin.id})
    assert part["status"] == "partially_received"
    assert (part["items"][0]["received_quantity"], part["items"][0]["outstanding_quantity"]) == (4, 6)
    moves = buying.page("/stock_movements", location=buying.house.bin.id)[0]
    assert [(row["type"], row["quantity"], row["lot_number"]) for row in moves] == [("in", 4, "M1")]
    assert (moves[0]["reference"], moves[0]["reference_type"]) == (order["id"], "purchase_order")
    error = buying.refused(
        422, "CONFLICT", "POST", f"{PATH}/{order['id']}/receive", {"items": [{**item, "quantity": 7}]}
    )
    assert "at most 6 more" in error["message"]
    buying.refused(422, "VALIDATION_ERROR", "POST", f"{PATH}/{order['id']}/receive", {"items": []})
    done = buying.receive(order)
    assert (done["status"], done["items"][0]["outstanding_quantity"]) == ("received", 0)
    error = buying.refused(422, "INVALID_STATE", "POST", f"{PATH}/{order['id']}/receive", {})
    assert "is received" in error["message"] and buying.api.on_hand("LOTTED") == 10

    together = buying.order(5)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: buying.ask("POST", f"{PATH}/{together['id']}/receive", {}), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    keyed = buying.order(2)
    for _ in range(2):
        answer = buying.ask("POST", f"{PATH}/{keyed['id']}/receive", {}, headers={"Idempotency-Key": "r1"})
        assert answer.status_code == 200
    assert buying.api.on_hand("LOTTED") == 17


def test_what_is_refused(buying: Buying) -> None:
    """Fields by name, absent things by their noun; nothing is ordered."""
    error = buying.refused(422, "VALIDATION_ERROR", "POST", PATH, {})
    assert set(error["details"]) == {"supplier_id", "items"}
    for quantity in (0, -1, "5", None, 1e30):
        assert set(buying.refused(422, "VALIDATION_ERROR", "POST", PATH, buying.body(quantity))["details"]) == {
            "items.0.quantity"
        }
    buying.refused(422, "VALIDATION_ERROR", "POST", PATH, buying.body(items=[]))
    buying.refused(422, "VALIDATION_ERROR", "POST", PATH, buying.body(expected_at="soon"))
    error = buying.refused(404, "SUPPLIER_NOT_FOUND", "POST", PATH, buying.body(supplier_id="sup_none"))
    assert error["details"] == {"supplier_id": "sup_none"}
    items = [{"product_id": "prod_none", "quantity": 1}]
    buying.refused(404, "PRODUCT_NOT_FOUND", "POST", PATH, buying.body(items=items))
    buying.refused(404, "WAREHOUSE_NOT_FOUND", "POST", PATH, buying.body(warehouse_id="warehouse_none"))
    buying.patch(f"/suppliers/{buying.vendor}", {"status": "inactive"})
    error = buying.refused(422, "INVALID_STATE", "POST", PATH, buying.body())
    assert "is inactive" in error["message"]
    buying.patch(f"/suppliers/{buying.vendor}", {"status": "active"})
    gone = buying.post("/suppliers", {"name": "Gone"})["id"]
    buying.remove(f"/suppliers/{gone}")
    buying.refused(404, "SUPPLIER_NOT_FOUND", "POST", PATH, buying.body(supplier_id=gone))
    assert buying.ids(PATH) == []

    order = buying.order(number="PO-1")
    error = buying.refused(422, "VALIDATION_ERROR", "POST", PATH, buying.body(number="PO-1"))
    assert "already exists" in error["details"]["number"]
    path = f"{PATH}/{order['id']}/receive"
    bread = buying.api.write(lambda s: factories.variant(s, sku="BREAD"))
    elsewhere = buying.api.write(lambda s: factories.warehouse(s, code="WH2"))
    milk = {"product_id": buying.milk.product_id, "quantity": 1}
    for item in ({"quantity": 1}, {**milk, "location_id": elsewhere.bin.id}, {"product_id": bread.product_id},
                 {"id": "pol_none"}, {**milk, "sku": "BREAD"}, {**milk, "serial_numbers": ["A"]}):  # fmt: skip
        buying.refused(422, "VALIDATION_ERROR", "POST", path, {"items": [item]})
    buying.refused(404, "PRODUCT_NOT_FOUND", "POST", path, {"items": [{"product_id": "prod_none"}]})
    buying.refused(404, "LOCATION_NOT_FOUND", "POST", path, {"items": [{**milk, "location_id": "loc_none"}]})
    for method, tail in (("GET", ""), ("POST", "/receive")):
        body = None if method == "GET" else {}
        error = buying.refused(404, "PURCHASE_ORDER_NOT_FOUND", method, f"{PATH}/po_none{tail}", body)
        assert error["message"] == "Purchase order with ID 'po_none' not found"
    draft = buying.order(draft=True)
    assert draft["status"] == "draft"
    buying.refused(422, "INVALID_STATE", "POST", f"{PATH}/{draft['id']}/receive", {})
    assert buying.api.on_hand("MILK-1L") == 0


def test_lists_filter_and_sort(buying: Buying) -> None:
    """Newest first; by state, supplier, warehouse, number and moments."""
    other = buying.post("/suppliers", {"name": "Other"})["id"]
    first = buying.order(1, number="B", expected_at="2026-12-24")["id"]
    second = buying.order(1, number="A", supplier_id=other, expected_at="2026-12-01")["id"]
    buying.post(f"{PATH}/{second}/receive", {}, status=200)
    assert buying.ids(PATH) == [second, first]
    assert buying.ids(PATH, sort="-number") == buying.ids(PATH, sort="-expected_at") == [first, second]
    assert buying.ids(PATH, status="received") == buying.ids(PATH, supplier=other) == [second]
    assert buying.ids(PATH, number="B") == [first]
    assert buying.ids(PATH, warehouse_id=buying.house.site.id, limit=1, page=2) == [first]
    assert buying.ids(PATH, created_after="2999-01-01") == buying.ids(PATH, supplier="sup_none") == []
    for wrong in ({"status": "open"}, {"sort": "supplier"}, {"page": 0}):
        buying.refused(400, "INVALID_REQUEST", "GET", PATH, params=wrong)


def test_an_order_names_its_warehouse_or_goes_to_the_oldest(buying: Buying) -> None:
    """Marketplaces and stores come after one's own warehouses."""
    shop = buying.post("/warehouses", {"name": "Shop", "type": "store"})["id"]
    assert buying.order()["warehouse_id"] == buying.house.site.id
    assert buying.order(warehouse_id=shop.replace("wh_", "warehouse_"))["warehouse_id"] == shop
