"""Trials of orders."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/orders"
ITEM = {"product_id": "$product", "quantity": 1, "price": 1}
NEW = {"customer_id": "$buyer", "items": [ITEM], "payment_method": "card", "shipping_method": "standard"}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listOrders": (
        Trial(PATH),
        Trial(PATH, query={"cursor": "", "limit": "1"}),
        Trial(PATH, query={"customer_id": "$buyer"}),
        Trial(PATH, query={"warehouse_id": "$site"}),
        Trial(PATH, query={"number": "$shop_order_number"}),
    ),
    "createOrder": (
        Trial(PATH, NEW),
        Trial(PATH, {**NEW, "items": [{**ITEM, "variant_id": "$variant"}], "warehouse_id": "$site"}),
        Trial(PATH, {**NEW, "items": [{"sku": "$sku", "quantity": 1, "price": 1}], "number": "+shop_order_number"}),
    ),
    "getOrder": (Trial(f"{PATH}/$shop_order"),),
    "updateOrderStatus": (Trial(f"{PATH}/$shop_order/status", {"status": "processing", "note": "begun"}),),
    "cancelOrder": (Trial(f"{PATH}/$spare_shop_order/cancel", {"reason": "customer_request", "refund": True}),),
}
NEUTRAL = """
    payment_method shipping_method reason note refund status channel metadata currency payment_status fulfillment_status
    shipping_cost tax discount
"""


def furnish(api: Api, mark: str, names: Names) -> None:
    """A customer of one's own, with stock and two orders of it."""
    stock = {"variant_id": names["$variant"], "location_id": names["$site"], "quantity": 50, "reason": "found"}
    assert api.post("/inventory_adjustments", stock).status_code == 201
    jane = api.client.post("/v2/customers", json={"email": f"jane.{mark}@example.com".lower(), "first_name": mark})
    assert jane.status_code == 201, jane.text
    names["$buyer"] = jane.json()["id"]
    body = {"customer_id": names["$buyer"], "items": [{"product_id": names["$product"], "quantity": 1, "price": 2}]}
    for name in ("shop_order", "spare_shop_order"):
        more = {"warehouse_id": names["$site"], "notes": mark, "number": f"{mark}-{name}"}
        made = api.client.post(f"/v2{PATH}", json={**body, **more})
        assert made.status_code == 201, made.text
        names |= {f"${name}": made.json()["id"], f"${name}_number": made.json()["number"]}
