"""Trials of purchase orders."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/purchase_orders"
ITEM = {"product_id": "$product", "quantity": 1}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listPurchaseOrders": (
        Trial(PATH),
        Trial(PATH, query={"supplier": "$supplier"}),
        Trial(PATH, query={"warehouse_id": "$site"}),
        Trial(PATH, query={"number": "$purchase_number"}),
    ),
    "createPurchaseOrder": (
        Trial(PATH, {"supplier_id": "$supplier", "items": [ITEM], "warehouse_id": "$site"}),
        Trial(PATH, {"supplier_id": "$supplier", "items": [{**ITEM, "sku": "$sku"}], "number": "+order_number"}),
        Trial(PATH, {"supplier_id": "$supplier", "items": [{**ITEM, "variant_id": "$variant"}]}),
    ),
    "getPurchaseOrder": (Trial(f"{PATH}/$bought"),),
    "receivePurchaseOrder": (
        Trial(f"{PATH}/$bought/receive", {"items": [{**ITEM, "location_id": "$bin"}]}),
        Trial(f"{PATH}/$bought/receive", {"items": [{**ITEM, "sku": "$sku", "lot_number": "+lot_number"}]}),
        Trial(f"{PATH}/$bought/receive", {"items": [{**ITEM, "variant_id": "$variant"}]}),
        Trial(f"{PATH}/$bought/receive", {"items": [{"id": "$bought_item", "quantity": 1}]}),
        Trial(f"{PATH}/$bought/receive", {"items": [{**ITEM, "serial_numbers": ["+serial"]}]}, is_done=False),
    ),
}
NEUTRAL = "unit_cost draft expected_at"


def furnish(api: Api, mark: str, names: Names) -> None:
    """An order of ten."""
    body = {"supplier_id": names["$supplier"], "items": [{"product_id": names["$product"], "quantity": 10}]}
    answer = api.client.post(f"/v1{PATH}", json={**body, "warehouse_id": names["$site"], "notes": mark})
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    names |= {"$bought": made["id"], "$bought_item": made["items"][0]["id"]}
