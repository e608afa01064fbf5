"""What receivers of the ambra edition hear: the printed payload, on entering a state only, and a signature that the
document's own function accepts."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ambra_tui.api.app import find_editions
from ambra_tui.api.events import renderer
from ambra_tui.services.webhooks.event_types import event_names
from ambra_tui.services.webhooks.fan_out import FanOut
from ambra_tui.services.webhooks.sender import Sender
from ambra_tui.settings import WebhookSettings
from tests.api.conftest import Api
from tests.services.webhooks.receiver import Receiver

TRUST = ssl.create_default_context()
LOOPBACK = WebhookSettings((ipaddress.ip_network("127.0.0.0/8"),))
# As contracts/ambra.md prints it, "Signature Verification".
VERIFY = """
const crypto = require("crypto");

function verifyWebhook(payload, signature, secret) {
  const hmac = crypto.createHmac("sha256", secret);
  const digest = hmac.update(payload).digest("hex");
  return crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(digest));
}
"""


@dataclass
class Shop:
    """A receiver of every event, and what it is told."""

    api: Api
    receiver: Receiver
    webhook: dict[str, Any]
    seen: int = 0

    def v1(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.api.client.request(method, f"/v1{path}", **({} if body is None else {"json": body}))
        assert answer.status_code < 300, answer.text
        return answer.json()["data"] if answer.content else None

    def told(self) -> list[dict[str, Any]]:
        """What is new, in the order in which it happened."""
        fan_out = FanOut(self.api.store, renderer(find_editions()))
        while fan_out.run_once():
            pass
        asyncio.run(Sender(self.api.store, settings=LOOPBACK, trust=TRUST).drain())
        fresh = [request.event for request in self.receiver.received[self.seen :]]
        self.seen = len(self.receiver.received)
        return sorted(fresh, key=lambda event: (event["sequence"], event["type"]))

    def heard(self) -> list[str]:
        return [event["type"] for event in self.told()]


@pytest.fixture
def shop(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """An organization with one warehouse, whose every event goes to a receiver on this machine."""
    monkeypatch.setenv("AMBRA_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    with Receiver() as receiver:
        body = {"url": receiver.url, "events": list(event_names("ambra"))}
        made = api.client.post("/v1/webhooks", json=body)
        assert made.status_code == 201, made.text
        yield Shop(api, receiver, made.json()["data"])


def test_the_printed_events(shop: Shop) -> None:
    warehouse = shop.v1("POST", "/warehouses", {"name": "Main", "code": "M1"})["id"]
    product = shop.v1("POST", "/products", {"name": "Premium T-Shirt", "sku": "TEE-001", "reorder_point": 20})
    (created,) = shop.told()
    assert set(created) == {"id", "type", "created_at", "sequence", "data"}
    assert (created["type"], set(created["data"])) == ("product.created", {"object"})
    assert created["id"].startswith("evt_") and len(created["created_at"]) == len("2025-11-26T10:00:00Z")
    assert created["data"]["object"] == shop.v1("GET", f"/products/{product['id']}")
    request = shop.receiver.received[0]
    assert request.headers["x-webhook-event"] == "product.created"
    assert request.headers["webhook-id"] == created["id"]

    def move(kind: str, quantity: int, **more: Any) -> dict[str, Any]:
        body = {"product_id": product["id"], "type": kind, "quantity": quantity, "warehouse_id": warehouse, **more}
        return dict(shop.v1("POST", "/stock_movements", body))

    moved = move("in", 25)
    first, second = shop.told()
    assert [first["type"], second["type"]] == ["stock_movement.created", "stock_movement.completed"]
    assert second["data"]["object"] == shop.v1("GET", f"/stock_movements/{moved['id']}")
    moves = ["stock_movement.created", "stock_movement.completed"]
    move("out", 5)
    assert shop.heard() == moves, "20 is not below 20"
    move("out", 1)
    low = next(event for event in shop.told() if event["type"] == "stock_level.low")
    shown = low["data"]["object"]
    assert (shown["name"], shown["product_id"], shown["available"]) == ("Premium T-Shirt", product["id"], 19)
    assert (shown["warehouse_id"], shown["status"], shown["reorder_point"]) == (warehouse, "low", 20)
    assert shown == shop.v1("GET", "/stock_levels?sku=TEE-001")[0]
    move("out", 1)
    assert shop.heard() == moves, "it is low already"
    move("out", 9)
    assert shop.heard() == ["stock_level.critical", *moves]
    move("in", 2)
    move("out", 1)
    assert sorted(shop.heard()) == sorted([*moves, *moves, "stock_level.critical"]), (
        "up to 11 is low, 10 critical again"
    )
    move("in", 30)
    move("out", 40)
    assert shop.heard()[2:] == ["stock_level.critical", "stock_level.low", *moves], "right through both"

    waiting = move("in", 5, complete=False)
    assert shop.heard() == ["stock_movement.created"]
    shop.v1("POST", f"/stock_movements/{waiting['id']}/complete")
    (completed,) = shop.told()
    assert (completed["type"], completed["data"]["object"]["id"]) == ("stock_movement.completed", waiting["id"])
    shop.v1("PATCH", f"/products/{product['id']}", {"price": 3})
    assert shop.heard() == ["product.updated"]
    shop.v1("DELETE", f"/products/{product['id']}")
    (deleted,) = shop.told()
    assert (deleted["type"], deleted["data"]["object"]["id"]) == ("product.deleted", product["id"])


def test_the_floor_and_other_editions_are_heard_too(shop: Shop) -> None:
    from tests import factories

    house, milk = shop.api.write(lambda session: (factories.warehouse(session), factories.variant(session)))
    shop.api.write(lambda session: factories.stock(session, milk, house.bin, 3))
    answer = shop.api.post(
        "/inventory_adjustments",
        {"variant_id": milk.id, "location_id": house.site.id, "quantity": 2, "reason": "found"},
    )
    assert answer.status_code == 201, answer.text
    told = shop.told()
    assert sorted(event["type"] for event in told) == ["stock_movement.completed"] * 2 + ["stock_movement.created"] * 2
    assert [event["data"]["object"]["quantity"] for event in told] == [3, 3, 2, 2]
    assert {event["data"]["object"]["sku"] for event in told} == {"MILK-1L"}


@pytest.mark.long
def test_the_function_of_the_document_verifies(shop: Shop, tmp_path: Path) -> None:
    shop.v1("POST", "/products", {"name": "Käse [1]", "sku": "TEE-001"})
    shop.told()
    request = shop.receiver.received[-1]
    (tmp_path / "body").write_bytes(request.body)
    script = tmp_path / "verify.js"
    script.write_text(
        VERIFY
        + 'const payload = require("fs").readFileSync(process.argv[2]);\n'
        + "console.log(verifyWebhook(payload, process.argv[3], process.argv[4]));\n"
    )

    def verified(signature: str, secret: str) -> bool:
        command = ["node", str(script), str(tmp_path / "body"), signature, secret]
        return bool(json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout))

    signature = request.headers["x-webhook-signature"]
    assert verified(signature, shop.webhook["secret"])
    assert not verified(signature, "another secret")
    assert not verified(signature[:-1] + ("0" if signature[-1] != "0" else "1"), shop.webhook["secret"])
