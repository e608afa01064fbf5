"""One customer's order from the shop to the doorstep and half the way back, through the doors that people use.

A customer orders in the commerce edition and pays by card; the order is picked and packed in the terminal, by the bytes
of a scanner; the label's barcode is read from its picture and its PDF; tracking reaches delivered; one piece comes back
and is refunded. Then every edition, the ledger, the webhooks and the analytics agree to the unit and the cent.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from ambra_tui.services import access
from tests.floor.station import Station
from tests.samples import open_ds1
from tests.server_process import ServerProcess
from tests.services.webhooks.receiver import Received, Receiver

GLOVE, CABLE = "5001000000040", "5001000000118"
SECRET = "the secret of a shop, long enough to sign with"
EVENTS = [
    "order.created", "order.updated", "order.cancelled", "order.fulfilled", "order.refunded",
    "product.created", "product.updated", "product.deleted", "inventory.low", "inventory.out_of_stock",
    "customer.created", "customer.updated", "payment.succeeded", "payment.failed", "payment.refunded",
    "shipment.created", "shipment.in_transit", "shipment.delivered",
]  # fmt: skip
HAPPENED = [
    "customer.created", "order.created",
    "payment.succeeded", "order.updated",  # it is paid
    "order.updated",  # somebody picks it
    "shipment.created",
    "order.fulfilled", "order.updated",  # it has left
    "shipment.in_transit", "shipment.delivered", "order.updated",
    "payment.refunded", "order.refunded",
]  # fmt: skip
HOME = {
    "first_name": "Jane", "last_name": "Doe", "line1": "20 W 34th St", "city": "New York", "state": "NY",
    "zip": "10001", "country": "US",
}  # fmt: skip
DEPOT = {"line1": "2 Depot Road", "city": "Newark", "state": "NJ", "zip": "07102", "country": "US"}
CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
DEADLINE_SECONDS = 60.0


class World:
    """The sample with its server, a receiver of webhooks, and a key for every door."""

    def __init__(self, store_url: str, home: Path, server: ServerProcess, secret: str, receiver: Receiver) -> None:
        self.store_url, self.home, self.receiver = store_url, home, receiver
        self.order: Any = {}
        self.client = httpx.Client(
            base_url=server.address, headers={"Authorization": f"Bearer {secret}"}, timeout=60, follow_redirects=False
        )

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    def send(self, method: str, path: str, body: Any, status: int = 201) -> Any:
        answer = self.client.request(method, path, json=body)
        assert answer.status_code == status, f"{path}: {answer.text}"
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        return self.send("POST", path, body)

    def stock(self, sku: str) -> dict[str, tuple[float, float, float]]:
        """On hand, reserved and available of a SKU over all warehouses, in the words of each edition."""
        found: dict[str, list[tuple[float, float, float]]] = {
            "ambra": [
                (row["on_hand"], row["reserved"], row["available"])
                for row in self.get("/v1/stock_levels", sku=sku)["data"]
            ],
            "operations": [
                (row["on_hand"], row["reserved"], row["available"])
                for row in self.get("/api/v1/inventory_levels", sku=sku)["data"]
            ],
            "stock": [
                (row["quantity_on_hand"], row["quantity_allocated"], row["quantity_available"])
                for row in self._stock_rows()
                if row["product"]["sku"] == sku
            ],
        }
        told = self.get(f"/sku/api/inventory/{sku}")["data"]
        found["sku"] = [(told["total_on_hand"], told["total_reserved"], told["total_available"])]
        shop = self.get(f"/v2/inventory/{sku}")
        reserved, available = shop["total_reserved"], shop["total_available"]
        found["commerce"] = [(available + reserved, reserved, available)]
        return {
            edition: (sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows))
            for edition, rows in found.items()
        }

    def _stock_rows(self) -> list[dict[str, Any]]:
        answer = self.client.get("/api/inventory", params={"limit": 100}, headers={"X-API-Edition": "stock"})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["data"]
        return rows

    def agreed(self, sku: str) -> tuple[float, float, float]:
        """What every edition says of a SKU, when all say the same."""
        told = self.stock(sku)
        assert len(set(told.values())) == 1, told
        return told["ambra"]

    def told(self, count: int) -> list[Received]:
        """The webhooks received, once there are so many."""
        pause, until = threading.Event(), time.monotonic() + DEADLINE_SECONDS
        while len(self.receiver.received) < count and time.monotonic() < until:
            pause.wait(0.05)
        return list(self.receiver.received)


@pytest.fixture
def world(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AMBRA_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("AMBRA_HOME", str(tmp_path / "home"))
    store, organization_id = open_ds1(store_url)
    _, secret = access.create_key(
        store, organization_id=organization_id, label="story", scopes=["admin"], plan="enterprise"
    )
    store.close()
    with Receiver() as receiver, ServerProcess.start(store_url) as server:
        opened = World(store_url, tmp_path / "home", server, secret, receiver)
        yield opened
        opened.client.close()


def codes_in(image: Image.Image) -> set[str]:
    """What a scanner reads from a picture."""
    return {read.text for read in zxingcpp.read_barcodes(image.convert("L"))}


def picked_and_packed(world: World, number: str) -> str:
    """The order through the terminal by scanner bytes, up to the hand-over; the tracking number that was scanned."""
    ana = Station.open(world.store_url, world.home, rows=24, columns=80, station="dock-1", now="")
    try:
        ana.sign_in("BDG-1001")
        ana.key("3", "Scan an order", number)
        ana.scan(number, "DOCUMENT OK")
        ana.scan("WH1-A02-1", "BIN OK")
        ana.scan(GLOVE, "ITEM OK")
        ana.scan("T1", "PICKED 3")
        ana.scan("WH1-B01-1", "BIN OK")
        ana.scan(CABLE, "ITEM OK")
        ana.scan("T1", "ORDER PICKED")
        ana.key("Esc", "Pack (1)")
        ana.key("-", "scan a tote or an order")
        ana.scan("T1", "DOCUMENT OK", "GLOVE-L", "0/3")
        for done in (1, 2, 3):
            ana.scan(GLOVE, f"PACKED {done}/3")
        ana.scan(CABLE, "PACKED 1/2")
        ana.type("2", "PACKED 2/2", "Weight in kg")
        ana.type("0.9", "ALL PACKED", "Print the label for this carrier?", "Arrives")
        ana.key("1", "NO PRINTER: PDF", "Stick on the label")
        tracking = str(world.get("/v2/shipments")["data"][0]["tracking_number"])
        ana.wait_for(tracking)
        assert world.get(f"/v2/orders/{world.order['id']}")["fulfillment_status"] == "unfulfilled"
        ana.scan(tracking, "SHIPPED")
    finally:
        ana.close()
    return tracking


def brought_back(world: World, number: str) -> None:
    """One glove comes back and goes into the stock, at the terminal."""
    ben = Station.open(world.store_url, world.home, rows=16, columns=20, station="dock-2", now="")
    try:
        ben.sign_in("BDG-1002")
        ben.key("8", "Scan or choose")
        ben.scan(number, "DOCUMENT OK", "GLOVE-L 0/1")
        ben.scan(GLOVE, "Which condition?")
        ben.key("s", "RETURN COMPLETE")
    finally:
        ben.close()


@pytest.mark.long
def test_an_order_is_sold_packed_delivered_and_partly_returned(world: World) -> None:
    depot = next(row for row in world.get("/api/v1/locations")["data"] if row["code"] == "WH1")
    world.send("PATCH", f"/v1/warehouses/{depot['id']}", {"address": DEPOT}, 200)
    before = {sku: world.agreed(sku) for sku in ("GLOVE-L", "CABLE-2M")}
    world.post("/v2/webhooks", {"url": world.receiver.url, "events": EVENTS, "secret": SECRET})

    # the customer orders and pays
    buyer = world.post(
        "/v2/customers", {"email": "jane@example.com", "first_name": "Jane", "last_name": "Doe", "addresses": [HOME]}
    )
    items = [
        {"product_id": world.get(f"/v2/products/{sku}")["id"], "quantity": quantity, "price": price}
        for sku, quantity, price in (("GLOVE-L", 3, 12.49), ("CABLE-2M", 2, 8.05))
    ]
    world.order = world.post(
        "/v2/orders",
        {
            "customer_id": buyer["id"], "items": items, "shipping_address": HOME, "payment_method": "card",
            "shipping_method": "ups:ground", "shipping_cost": 7.5, "currency": "USD", "channel": "web",
        },
    )  # fmt: skip
    assert world.order["totals"]["total"] == 61.07
    assert world.agreed("GLOVE-L") == (before["GLOVE-L"][0], 3, before["GLOVE-L"][2] - 3)
    intent = world.post(
        "/v2/payments/intents",
        {
            "amount": 6107, "currency": "usd", "payment_method": "card", "order_id": world.order["id"],
            "customer_id": buyer["id"], "card": CARD,
        },
    )  # fmt: skip
    assert (intent["status"], intent["card"]["last4"]) == ("requires_capture", "4242")
    paid = world.post(f"/v2/payments/{intent['id']}/capture", {})
    assert (paid["status"], paid["amount_captured"]) == ("succeeded", 6107)
    assert world.get(f"/v2/orders/{world.order['id']}")["payment_status"] == "paid"

    # the warehouse picks, packs and hands over
    tracking = picked_and_packed(world, world.order["number"])
    shipment = world.get("/v2/shipments", order_id=world.order["id"])["data"][0]
    assert (shipment["tracking_number"], shipment["carrier"], shipment["service"]) == (tracking, "ups", "ground")
    assert [(item["sku"], item["quantity"]) for item in shipment["packages"][0]["items"]] == [
        ("GLOVE-L", 3),
        ("CABLE-2M", 2),
    ]
    picture = httpx.get(httpx.URL(shipment["label_url"]).copy_merge_params({"format": "png"}), timeout=60)
    assert picture.headers["content-type"] == "image/png"
    assert codes_in(Image.open(io.BytesIO(picture.content))) == {tracking}
    paper = world.client.get(f"/v2/shipments/{shipment['id']}/label", params={"format": "pdf"})
    with pypdfium2.PdfDocument(paper.content) as document:
        assert codes_in(document[0].render(scale=4).to_pil()) == {tracking}

    # the carrier delivers
    for status in ("in_transit", "out_for_delivery", "delivered"):
        world.post(f"/v2/shipments/{shipment['id']}/events", {"status": status, "location": "New York, NY"})
    assert [event["status"] for event in world.get(f"/v2/shipments/{shipment['id']}/track")] == [
        "created", "in_transit", "out_for_delivery", "delivered",
    ]  # fmt: skip
    assert world.get(f"/v2/orders/{world.order['id']}")["status"] == "delivered"

    # a part comes back
    glove = world.order["items"][0]
    authorized = world.post(
        "/api/v1/return_authorizations",
        {
            "order_id": world.order["id"], "reason": "too large",
            "items": [{"variant_id": glove["variant_id"], "quantity": 1, "condition": "sellable"}],
        },
    )  # fmt: skip
    brought_back(world, authorized["number"])
    back = world.post(f"/v2/payments/{intent['id']}/refund", {"amount": 1249, "reason": "customer_request"})
    assert (back["amount"], back["status"]) == (1249, "succeeded")

    agree(world, before, buyer, intent)
    signed_and_in_order(world)


def agree(world: World, before: dict[str, tuple[float, float, float]], buyer: Any, intent: Any) -> None:
    """Every edition, the ledger, the money and the analytics say the same."""
    for sku, gone in (("GLOVE-L", 2), ("CABLE-2M", 2)):
        on_hand = before[sku][0] - gone
        assert world.agreed(sku) == (on_hand, 0, on_hand)
    checked = subprocess.run(
        [sys.executable, "-m", "ambra_tui.cli", "--store", world.store_url, "verify"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    order = world.get(f"/v2/orders/{world.order['id']}")
    assert (order["status"], order["fulfillment_status"]) == ("delivered", "fulfilled")
    assert [(item["sku"], item["fulfilled_quantity"]) for item in order["items"]] == [("GLOVE-L", 3), ("CABLE-2M", 2)]
    assert sum(refund["amount"] for refund in order["refunds"]) == 12.49
    payment = world.get(f"/v2/payments/{intent['id']}")
    assert (payment["amount_captured"], payment["amount_refunded"], payment["amount_refundable"]) == (6107, 1249, 4858)
    assert world.get(f"/api/v1/orders/{order['id']}")["status"] == "fulfilled"
    summary = world.get(f"/v2/customers/{buyer['id']}")["order_summary"]
    assert (summary["orders_count"], summary["spent"]) == (1, [{"currency": "USD", "amount": 48.58}])
    sold = {"revenue": 53.57, "orders": 1, "units": 5, "avg_order_value": 53.57}
    sales = world.get("/v2/analytics/sales", period="day", currency="USD")
    assert sales["summary"] == sold
    assert [{name: step[name] for name in sold} for step in sales["series"]] == [sold]
    products = {row["name"]: row for row in world.get("/v2/analytics/products", period="day", currency="USD")["data"]}
    glove, cable = products["Work glove L"], products["Cable 2 m"]
    assert (glove["units_sold"], glove["revenue"], glove["units_returned"]) == (3, 37.47, 1)
    assert (cable["units_sold"], cable["revenue"], cable["units_returned"]) == (2, 16.10, 0)
    assert round(glove["refunds"] + cable["refunds"], 2) == 12.49  # a refund names no line: all have their share


def signed_and_in_order(world: World) -> None:
    """The receiver was told what happened, in the order in which it did, signed with the shop's secret."""
    received = world.told(len(HAPPENED))
    for request in received:
        expected = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
        assert request.headers["x-webhook-signature"] == expected
    told = sorted(received, key=lambda request: request.event["sequence"])
    assert [request.event["type"] for request in told] == HAPPENED
    assert len({request.headers["webhook-id"] for request in told}) == len(HAPPENED)
