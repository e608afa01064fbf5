"""Trials of shipping: rates, shipments, their events. Each trial that sends makes use of an order of its own."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

RATES, PATH = "/shipping/rates", "/shipments"
NEW_YORK, BEVERLY = {"zip": "10001", "country": "US"}, {"zip": "90210", "country": "US"}
PACKAGE = {"weight": 2.5, "length": 12, "width": 8, "height": 6, "weight_unit": "lb", "dimension_unit": "in"}
NEW = {
    "order_id": "$sent_order",
    "carrier": "fedex",
    "service": "ground",
    "packages": [PACKAGE],
    "ship_from": NEW_YORK,
    "ship_to": BEVERLY,
    "insurance_value": 500,
    "signature_required": True,
}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "calculateShippingRates": (
        Trial(RATES, {"origin": NEW_YORK, "destination": BEVERLY, "packages": [PACKAGE]}),
        Trial(RATES, {"origin": NEW_YORK, "destination": BEVERLY, "packages": [PACKAGE], "include_unavailable": True}),
    ),
    "createShipment": (
        Trial(PATH, {**NEW, "packages": [{**PACKAGE, "items": [{"sku": "$sent_sku", "quantity": 1}]}]}),
        Trial(PATH, {**NEW, "packages": [{**PACKAGE, "items": [{"id": "$sent_item", "quantity": 1}]}]}),
    ),
    "listShipments": (
        Trial(PATH),
        Trial(PATH, query={"order_id": "$packed_order"}),
        Trial(PATH, query={"cursor": "", "limit": "1", "status": "created"}),
        Trial(PATH, query={"tracking_number": "$parcel_number"}),
    ),
    "getShipment": (Trial(f"{PATH}/$shipment"),),
    "trackShipment": (Trial(f"{PATH}/$shipment/track"),),
    "addTrackingEvent": (Trial(f"{PATH}/$shipment/events", {"status": "in_transit", "location": "Memphis, TN"}),),
    "cancelShipment": (Trial(f"{PATH}/$spare_shipment/cancel", {}),),
}
NEUTRAL = (
    "carrier service origin destination ship_from ship_to packages weight weight_unit length width height "
    "dimension_unit insurance_value signature_required include_unavailable status location description timestamp"
)


def furnish(api: Api, mark: str, names: Names) -> None:
    """Four orders with stock for them; two have left."""
    for name, count in (("sent_order", 3), ("packed_order", 1), ("spare_sent_order", 1), ("open_order", 1)):
        body = {
            "items": [{"product_id": names["$product"], "quantity": count, "price": 2}],
            "customer_id": names["$buyer"],
            "warehouse_id": names["$site"],
            "notes": mark,
        }
        made = api.client.post("/v2/orders", json=body)
        assert made.status_code == 201, made.text
        names[f"${name}"] = made.json()["id"]
        if name == "sent_order":
            names["$sent_item"], names["$sent_sku"] = made.json()["items"][0]["id"], made.json()["items"][0]["sku"]
    for name, order in (("shipment", "packed_order"), ("spare_shipment", "spare_sent_order")):
        sent = api.client.post(f"/v2{PATH}", json={**NEW, "order_id": names[f"${order}"]})
        assert sent.status_code == 201, sent.text
        names[f"${name}"] = sent.json()["id"]
        names["$parcel_number"] = sent.json()["tracking_number"]
