"""Shipments by EasyPost: its own library against a server that answers as EasyPost does, over REST with live keys.
Needs ``pip install -e ".[dev,carriers]"``."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col

from ambra_tui.carriers._connectors import Bought
from ambra_tui.services import errands
from ambra_tui.services.shipping import connected
from ambra_tui.store import Store
from ambra_tui.store.models import Errand
from ambra_tui.store.scope import scoped
from tests import factories
from tests.api.commerce import Shop
from tests.api.conftest import Api, LiveServer, Loop, open_api
from tests.api.test_commerce_shipping import BEVERLY, NEW_YORK, PATH, PRINTED, RATES, order
from tests.extras.easypost_server import EasyPostServer, detail

SECRET = "sécret"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[EasyPostServer]:
    server = EasyPostServer()
    monkeypatch.setenv("AMBRA_EASYPOST_KEY", "EZTK-test")
    monkeypatch.setenv("AMBRA_EASYPOST_URL", server.url)
    monkeypatch.setenv("AMBRA_EASYPOST_SECRET", SECRET)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.stop()


@pytest.fixture
def api(store: Store, loop: Loop) -> Iterator[Api]:
    server = LiveServer(store, loop)
    opened = open_api(store, server.address, "Acme")
    yield opened
    opened.client.close()
    server.stop()


@pytest.fixture
def jane(shop: Shop) -> str:
    return str(shop.post("/customers", {"email": "jane@example.com", "addresses": [BEVERLY]})["id"])


@pytest.fixture
def shop(api: Api) -> Shop:
    def fill(session: Any) -> None:
        house = factories.warehouse(session)
        house.site.address = NEW_YORK
        session.add(house.site)
        factories.stock(session, factories.variant(session, sku="CABLE-1", price_minor=500), house.bin, 9)

    api.write(fill)
    return Shop(api)


def body(order_id: str, **more: Any) -> dict[str, Any]:
    return {"order_id": order_id, "carrier": "easypost", "service": "usps_priority", "packages": [
        {"weight": 15.4, "weight_unit": "oz", "length": 10, "width": 8, "height": 4,
         "items": [{"sku": "CABLE-1", "quantity": 1}]},
        {"weight": 1, "items": [{"sku": "CABLE-1", "quantity": 1}]},
    ], **more}  # fmt: skip


def waiting(shop: Shop, kind: str) -> list[Errand]:
    def work(session: Any) -> list[Errand]:
        statement = scoped(session, Errand).where(Errand.kind == kind, Errand.status == "waiting")
        return list(session.exec(statement.order_by(col(Errand.id))))

    found: list[Errand] = shop.api.write(work)
    return found


def run(shop: Shop, kind: str) -> bool:
    [errand] = waiting(shop, kind)
    return errands.run(shop.api.store, shop.api.organization_id, errand.id)


def test_rates_labels_tracking_and_notices_go_through_the_library(
    shop: Shop, jane: str, service: EasyPostServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {(one["carrier"], one["service"]): one for one in shop.post(RATES, PRINTED)}
    assert options["easypost", "usps_priority"]["cost"] == 6.95
    assert options["easypost", "upsdap_2nddayair"]["name"] == "UPSDAP 2ndDayAir"
    assert ("fedex", "ground") in options
    parcel = service.asked[0][2]["shipment"]["parcel"]
    assert parcel == {"weight": 40.0, "length": 12.0, "width": 8.0, "height": 6.0}
    made = order(shop, jane, CABLE_1=3)
    wanted = body(made["id"], insurance_value=250.5, signature_required=True)
    key = {"Idempotency-Key": "parcel-1"}
    sent = shop.post(PATH, wanted, headers=key)
    assert shop.post(PATH, wanted, headers=key) == sent and len(service.sold) == 2
    assert (sent["status"], sent["carrier"], sent["cost"], sent["insurance_value"]) == (
        "created",
        "easypost",
        13.9,
        250.5,
    )
    first = service.shipments[service.sold[0]]
    assert first["insurance"] == "250.5" and first["options"]["delivery_confirmation"] == "SIGNATURE"
    assert first["reference"] == f"{sent['id']}-1" and first["to_address"]["street1"] == "9 Rodeo Dr"
    assert [package["tracking_number"] for package in sent["packages"]] == [
        service.shipments[one]["tracking_code"] for one in service.sold
    ]
    assert sent["packages"][1]["tracking_url"].startswith("https://track.example/")
    assert shop.api.on_hand("CABLE-1") == 7
    label = shop.client.get(sent["packages"][1]["label_url"], follow_redirects=False)
    assert label.status_code == 302
    assert label.headers["location"] == f"https://files.example/{sent['packages'][1]['tracking_number']}.pdf"

    now = datetime.now(UTC).replace(microsecond=0)
    number = sent["tracking_number"]
    service.see(number, detail("pre_transit", (now - timedelta(hours=4)).isoformat(), "", "Label created"))
    service.see(number, detail("in_transit", (now - timedelta(hours=3)).isoformat(), "Memphis", "Departed"))
    assert run(shop, "parcel_track")
    seen = shop.get(f"{PATH}/{sent['id']}/track")
    assert {"timestamp": (now - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ"), "location": "Memphis, TN, US",
            "status": "in_transit", "description": "Departed"} in seen  # fmt: skip
    assert len(waiting(shop, "parcel_track")) == 1, "it is looked at again"

    tracker = service.see(number, detail("delivered", now.isoformat(), "Memphis", "Left at the door"))
    event = {"id": "evt_1", "object": "Event", "description": "tracker.updated", "result": tracker}

    def tell(raw: bytes, secret: str = SECRET) -> Any:
        signature = hmac.new(secret.encode("utf-8"), raw, hashlib.sha256).hexdigest()
        headers = {"X-Hmac-Signature": f"hmac-sha256-hex={signature}", "Content-Type": "application/json"}
        return shop.client.post(f"/v2{PATH}/notices/easypost", content=raw, headers={**headers, "Authorization": ""})

    import unicodedata

    secret = unicodedata.normalize("NFKD", SECRET)
    raw = json.dumps(event).encode()
    assert tell(raw, "wrong").status_code == 403
    assert tell(raw, secret).json() == {"received": True, "applied": True}
    assert tell(raw, secret).status_code == 200
    assert shop.get(f"{PATH}/{sent['id']}")["status"] == "delivered"
    strange = json.dumps({**event, "result": {**tracker, "tracking_code": "9400000000"}}).encode()
    assert tell(strange, secret).json()["applied"] is False
    assert tell(json.dumps({"description": "batch.created", "result": {}}).encode(), secret).json()["applied"] is False
    monkeypatch.delenv("AMBRA_EASYPOST_SECRET")
    assert tell(raw, "").status_code == 403, "without a secret everybody could sign"


def test_what_is_declined_moves_nothing_and_what_is_silent_is_asked_again_and_bought_once(
    shop: Shop, jane: str, service: EasyPostServer
) -> None:
    made = order(shop, jane, CABLE_1=3)
    error = shop.refused(422, "validation_error", "POST", PATH, body(made["id"], service="usps_rocket"))
    assert "It offers upsdap_2nddayair, usps_groundadvantage, usps_priority" in error["message"]
    service.declines = "Insufficient funds"
    error = shop.refused(422, "validation_error", "POST", PATH, body(made["id"]))
    assert error["details"][0]["field"] == "service" and "Insufficient funds" in error["message"]
    assert shop.api.on_hand("CABLE-1") == 9 and shop.ids(PATH, status="cancelled")
    service.declines = ""
    missing = {**body(made["id"]), "packages": []}
    assert shop.fields("POST", PATH, missing) == ["packages"]

    service.vanishes = True
    wanted, key = body(made["id"]), {"Idempotency-Key": "parcel-2"}
    pending = shop.post(PATH, wanted, headers=key)
    assert (pending["status"], pending["label_url"], len(service.sold)) == ("packing", None, 1)
    options = shop.post(RATES, {**PRINTED, "include_unavailable": True})
    assert "does not answer" in next(one["reason"] for one in options if one["carrier"] == "easypost")
    assert shop.api.on_hand("CABLE-1") == 9
    service.silent = service.vanishes = False
    assert run(shop, "parcel_label")
    sent = shop.get(f"{PATH}/{pending['id']}")
    assert sent["status"] == "created" and len(service.sold) == 2, "what was sold is found again"
    assert shop.api.on_hand("CABLE-1") == 7

    back = shop.post(f"{PATH}/{sent['id']}/cancel")
    assert back["status"] == "cancelled" and sorted(service.refunded) == sorted(service.sold)
    assert shop.api.on_hand("CABLE-1") == 9


def test_an_order_that_is_cancelled_meanwhile_has_no_label_left(shop: Shop, jane: str, service: EasyPostServer) -> None:
    """Not bought yet: never. Bought while it was cancelled: given back."""
    service.silent = True
    made = order(shop, jane, CABLE_1=2)
    sent = shop.post(PATH, body(made["id"]))
    assert sent["status"] == "packing"
    shop.post(f"/orders/{made['id']}/cancel")
    service.silent = False
    assert run(shop, "parcel_label") and not service.sold
    late = Bought(("shp_1",), ("9400",), ("https://files.example/1.pdf",), ("",), Decimal(7), "USD", None)
    shop.api.write(lambda session: connected.apply_label(session, sent["id"], late))
    assert len(waiting(shop, "parcel_void")) == 1
    assert shop.get(f"{PATH}/{sent['id']}")["status"] == "cancelled"
