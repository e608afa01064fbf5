"""Each printed operation of this issue, called as the contract prints it, with nothing but what the document names."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Api


def ok(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_day_by_the_printed_paths(api: Api) -> None:
    location = ok(api.post("/locations", {"location": {"name": "Main warehouse"}}), 201)
    assert [row["id"] for row in ok(api.get("/locations"), 200)["data"]] == [location["id"]]

    supplier = ok(api.post("/suppliers", {"supplier": {"name": "Dairy North", "email": "a@b.example"}}), 201)
    assert [row["id"] for row in ok(api.get("/suppliers"), 200)["data"]] == [supplier["id"]]

    body = {"name": "Milk", "sku": "MILK", "barcode": "4006381333931", "price": 1.29}
    product = ok(api.post("/products", {"product": body}), 201)
    assert [row["id"] for row in ok(api.get("/products"), 200)["data"]] == [product["id"]]
    assert ok(api.get(f"/products/{product['id']}"), 200)["id"] == product["id"]
    variants = ok(api.get(f"/products/{product['id']}/variants"), 200)["data"]
    assert variants[0]["product_id"] == product["id"]
    variant = ok(api.get("/variants/barcode/4006381333931"), 200)
    assert variant["id"] == variants[0]["id"]

    purchase = ok(
        api.post(
            "/purchase_orders",
            {"purchase_order": {"supplier_id": supplier["id"], "location_id": location["id"],
                                "items": [{"variant_id": variant["id"], "quantity": 20, "unit_cost": 0.8}]}},
        ),
        201,
    )  # fmt: skip
    assert ok(api.get("/purchase_orders"), 200)["data"][0]["id"] == purchase["id"]
    item = {"sku": "MILK", "quantity": 12, "lot_number": "L1", "expiry_date": "2027-03-31"}
    received = ok(api.post(f"/purchase_orders/{purchase['id']}/receive", {"items": [item]}), 200)
    assert received["status"] == "partially_received"
    assert ok(api.post(f"/purchase_orders/{purchase['id']}/receive"), 200)["status"] == "received"
    assert ok(api.get(f"/purchase_orders/{purchase['id']}"), 200)["status"] == "received"

    lot = ok(api.get("/lots"), 200)["data"][0]
    assert {"id", "lot_number", "variant_id", "status", "expiry_date", "quantity_initial"} <= set(lot)
    assert ok(api.get(f"/lots/{lot['id']}"), 200)["quantity_initial"] == 12

    down = {"variant_id": variant["id"], "location_id": location["id"], "quantity": -2, "reason": "shrinkage"}
    adjusted = ok(api.post("/inventory_adjustments", {"inventory_adjustment": down}), 201)
    assert (adjusted["quantity"], adjusted["reason"]) == (-2, "shrinkage")

    body = {"customer": {"name": "Ana"}, "location_id": location["id"], "items": [{"sku": "MILK", "quantity": 5}]}
    order = ok(api.post("/orders", {"order": body}), 201)
    assert order["status"] == "pending"
    assert ok(api.post(f"/orders/{order['id']}/reserve"), 200)["status"] == "reserved"
    level = ok(api.get("/inventory_levels"), 200)["data"][0]
    assert (level["on_hand"], level["reserved"], level["available"]) == (18, 5, 13)
    assert ok(api.post(f"/orders/{order['id']}/fulfill"), 200)["status"] == "fulfilled"
    assert ok(api.get(f"/orders/{order['id']}"), 200)["status"] == "fulfilled"

    second = ok(api.post("/orders", {"order": body}), 201)
    ok(api.post(f"/orders/{second['id']}/reserve"), 200)
    assert ok(api.post(f"/orders/{second['id']}/cancel"), 200)["status"] == "cancelled"
    assert [row["id"] for row in ok(api.get("/orders"), 200)["data"]] == [second["id"], order["id"]]

    entries = ok(api.get("/inventory_ledger"), 200)["data"]
    assert [(entry["entry_type"], entry["quantity"], entry["balance_after"]) for entry in entries] == [
        ("order_fulfilled", -5, 13),
        ("manual_adjustment", -2, 18),
        ("purchase_received", 8, 20),
        ("purchase_received", 12, 12),
    ]
    level = ok(api.get("/inventory_levels"), 200)["data"][0]
    assert (level["on_hand"], level["reserved"], level["available"]) == (13, 0, 13)
