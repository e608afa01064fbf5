"""Webhooks of the commerce edition: kept as printed; all eighteen events of a shop's day, each with its object."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from ambra_tui.api.app import find_editions
from ambra_tui.api.events import renderer
from ambra_tui.services.webhooks.event_types import event_names
from ambra_tui.services.webhooks.fan_out import FanOut
from ambra_tui.services.webhooks.sender import Sender
from ambra_tui.settings import WebhookSettings
from tests.api.commerce import Shop, fields_of
from tests.api.conftest import Api
from tests.services.webhooks.receiver import Receiver

TRUST = ssl.create_default_context()
LOOPBACK = WebhookSettings((ipaddress.ip_network("127.0.0.0/8"),))
SECRET = "your_webhook_secret"
PRINTED = {"url": "https://your-domain.com/webhook", "events": ["order.created", "order.fulfilled"], "secret": SECRET,
           "active": True}  # fmt: skip
EVENTS = (
    "order.created", "order.updated", "order.cancelled", "order.fulfilled", "order.refunded", "product.created",
    "product.updated", "product.deleted", "inventory.low", "inventory.out_of_stock", "customer.created",
    "customer.updated", "payment.succeeded", "payment.failed", "payment.refunded", "shipment.created",
    "shipment.in_transit", "shipment.delivered",
)  # fmt: skip
PACKAGE = {"weight": 2.5, "length": 12, "width": 8, "height": 6, "weight_unit": "lb", "dimension_unit": "in"}


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api)


def test_webhooks_are_kept_as_printed(shop: Shop) -> None:
    assert event_names("commerce") == EVENTS
    made = shop.ask("POST", "/webhooks", PRINTED)
    webhook = made.json()
    assert (made.status_code, made.headers["location"]) == (201, f"/v2/webhooks/{webhook['id']}")
    assert webhook["id"].startswith("whk_") and (webhook["secret"], webhook["standard_secret"]) == (None, None)
    assert (webhook["url"], webhook["events"], webhook["active"]) == (PRINTED["url"], PRINTED["events"], True)
    shown = {name: value for name, value in webhook.items() if "secret" not in name or name == "previous_secret_until"}
    assert shop.get(f"/webhooks/{webhook['id']}") == shown and SECRET not in made.text
    other = shop.post("/webhooks", {"url": PRINTED["url"], "events": ["inventory.low"]})
    assert other["secret"].startswith("whsec_") and other["standard_secret"].startswith("whsec_")
    assert shop.ids("/webhooks") == [other["id"], webhook["id"]]
    assert [row["id"] for row in shop.walk("/webhooks", limit=1)] == [other["id"], webhook["id"]]
    off = shop.put(f"/webhooks/{webhook['id']}", {"active": False})
    assert (off["active"], off["events"], off["secret"]) == (False, PRINTED["events"], None)
    turned = shop.put(f"/webhooks/{webhook['id']}", {"rotate_secret": True, "active": True})
    assert turned["secret"].startswith("whsec_") and turned["previous_secret_until"] is not None
    assert shop.put(f"/webhooks/{webhook['id']}", {"secret": "another_secret_1"})["secret"] is None
    for wrong, field in (
        ({"events": ["order.eaten"]}, "events.0"), ({"events": ["stock_level.low"]}, "events.0"),
        ({"events": []}, "events"),
        ({"url": "ftp://x"}, "url"), ({"url": "http://169.254.169.254/"}, "url"), ({"secret": "x"}, "secret"),
        ({"active": "yes"}, "active"),
    ):  # fmt: skip
        body = {**PRINTED, **wrong}
        assert fields_of(shop.refused(422, "validation_error", "POST", "/webhooks", body)) == [field], wrong
        shop.refused(422, "validation_error", "PUT", f"/webhooks/{webhook['id']}", wrong)
    assert fields_of(shop.refused(422, "validation_error", "POST", "/webhooks", {})) == ["url", "events"]
    sent = shop.post(f"/webhooks/{webhook['id']}/test")
    assert (sent["type"], sent["status"]) == ("webhook.test", "pending")
    again = shop.post(f"/webhooks/{webhook['id']}/deliveries/{sent['id']}/redeliver")
    assert (again["event_id"], again["replay_of"]) == (sent["event_id"], sent["id"])
    path = f"/webhooks/{webhook['id']}/deliveries"
    assert shop.ids(path) == [again["id"], sent["id"]] and shop.ids(path, status="failed") == []
    assert shop.get(f"{path}/{sent['id']}")["event"]["type"] == "webhook.test"
    shop.refused(404, "not_found", "GET", f"/webhooks/{other['id']}/deliveries/{sent['id']}")
    shop.refused(400, "validation_error", "GET", path, params={"status": "lost"})
    shop.remove(f"/webhooks/{other['id']}")
    shop.refused(404, "not_found", "GET", f"/webhooks/{other['id']}")
    ambra = shop.api.client.post("/v1/webhooks", json={"url": PRINTED["url"], "events": ["product.created"]}).json()
    shop.refused(404, "not_found", "GET", f"/webhooks/{ambra['data']['id']}")  # each edition has its own


class Ear:
    """A receiver of every event of a shop."""

    def __init__(self, shop: Shop, receiver: Receiver) -> None:
        self.shop, self.receiver, self.seen = shop, receiver, 0

    def told(self) -> list[dict[str, Any]]:
        """What is new, in the order in which it happened; every signature is looked at."""
        fan_out = FanOut(self.shop.api.store, renderer(find_editions()))
        while fan_out.run_once():
            pass
        asyncio.run(Sender(self.shop.api.store, settings=LOOPBACK, trust=TRUST).drain())
        fresh = self.receiver.received[self.seen :]
        self.seen = len(self.receiver.received)
        for request in fresh:
            digest = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
            assert request.headers["x-webhook-signature"] == digest
        return sorted((request.event for request in fresh), key=lambda event: (event["sequence"], event["type"]))

    def heard(self, *types: str) -> list[dict[str, Any]]:
        """These were told, in whatever order."""
        events = self.told()
        assert sorted(event["type"] for event in events) == sorted(types)
        return [next(event for event in events if event["type"] == name)["data"]["object"] for name in types]


@pytest.fixture
def ear(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    monkeypatch.setenv("AMBRA_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    with Receiver() as receiver:
        shop.post("/webhooks", {"url": receiver.url, "events": list(EVENTS), "secret": SECRET})
        yield Ear(shop, receiver)


def test_every_event_of_a_shops_day_shows_what_its_get_answers(shop: Shop, ear: Ear) -> None:
    shop.api.store.become_sample("webhooks")  # so that nobody's money moves
    house = shop.api.client.post(
        "/v1/warehouses",
        json={"name": "Main", "code": "M1", "address": {"line1": "1 Main St", "city": "New York", "state": "NY",
                                                        "postal_code": "10001", "country": "US"}},
    )  # fmt: skip
    assert house.status_code == 201, house.text
    warehouse = house.json()["data"]["id"]
    lamp = shop.post("/products", {"name": "Lamp", "sku": "LAMP", "price": 20})
    assert ear.heard("product.created") == [lamp]
    changed = shop.put("/products/LAMP", {"price": 25})
    assert ear.heard("product.updated") == [changed]
    jane = shop.post("/customers", {"email": "jane@example.com", "first_name": "Jane"})
    (told,) = ear.heard("customer.created")
    assert told == shop.get(f"/customers/{jane['id']}")
    shop.put(f"/customers/{jane['id']}", {"last_name": "Doe"})
    assert ear.heard("customer.updated")[0]["last_name"] == "Doe"

    def adjust(quantity: int) -> None:
        body = {"quantity": quantity, "reason": "count", "location": warehouse}
        shop.post(f"/inventory/{lamp['id']}/adjust", body)

    adjust(10)
    shop.post(f"/inventory/{lamp['id']}/alerts", {"threshold": 5, "location": warehouse})
    assert ear.told() == []
    adjust(-6)
    (low,) = ear.heard("inventory.low")
    assert (low["product_id"], low["total_available"], low["sku"]) == (lamp["id"], 4, "LAMP")
    adjust(-4)
    assert ear.heard("inventory.out_of_stock")[0]["total_available"] == 0
    adjust(10)
    ear.told()
    ship_to = {"line1": "9 Rodeo Dr", "city": "Beverly Hills", "state": "CA", "zip": "90210", "country": "US"}
    items = [{"product_id": lamp["id"], "quantity": 2, "price": 25}]
    placed = {"customer_id": jane["id"], "items": items, "currency": "USD", "shipping_address": ship_to}
    order = shop.post("/orders", placed)
    (told,) = ear.heard("order.created")
    assert (told["id"], told["status"], told["items"]) == (order["id"], "pending", order["items"])
    year = shop.api.store.clock.now().year + 3
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": year, "cvc": "123"}
    intent = {"amount": 5000, "currency": "usd", "payment_method": "card", "order_id": order["id"]}
    shop.post("/payments/intents", {**intent, "card": {**card, "number": "4000000000000002"}})
    failed = next(event for event in ear.told() if event["type"] == "payment.failed")["data"]["object"]
    assert failed["order_id"] == order["id"] and failed == shop.get(f"/payments/{failed['id']}")
    paid = shop.post("/payments/intents", {**intent, "card": card, "capture_method": "automatic"})
    heard = {event["type"]: event["data"]["object"] for event in ear.told()}
    assert heard["payment.succeeded"] == shop.get(f"/payments/{paid['id']}")
    assert heard["order.updated"]["payment_status"] == "paid"
    sent = shop.post(
        "/shipments",
        {"order_id": order["id"], "carrier": "fedex", "service": "ground", "ship_to": ship_to,
         "packages": [PACKAGE]},
    )  # fmt: skip
    for status in ("in_transit", "delivered"):
        shop.post(f"/shipments/{sent['id']}/events", {"status": status, "location": "Memphis, TN"})
    heard = {event["type"]: event["data"]["object"] for event in ear.told()}
    assert {"shipment.created", "shipment.in_transit", "shipment.delivered", "order.fulfilled"} <= set(heard)
    assert heard["shipment.delivered"]["tracking_number"] == sent["tracking_number"]
    assert heard["order.fulfilled"]["id"] == order["id"]
    shop.post(f"/payments/{paid['id']}/refund", {"amount": 1000, "reason": "customer_request"})
    heard = {event["type"]: event["data"]["object"] for event in ear.told()}
    assert (heard["order.refunded"]["id"], heard["payment.refunded"]["id"]) == (order["id"], paid["id"])
    second = shop.post("/orders", placed)
    ear.told()
    shop.post(f"/orders/{second['id']}/cancel", {"reason": "customer_request", "refund": True})
    told_types = {event["type"]: event["data"]["object"] for event in ear.told()}
    assert told_types["order.cancelled"]["status"] == "cancelled"
    shop.remove("/products/LAMP")
    (gone,) = ear.heard("product.deleted")
    assert (gone["id"], gone["status"]) == (lamp["id"], "archived")
