"""Shipping of the commerce edition: every row with its parameters, limits, statuses and refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from ambra_tui.carriers import carriers
from ambra_tui.store.models import OutboxEvent
from ambra_tui.store.scope import scoped
from tests import factories
from tests.api.commerce import Shop
from tests.api.conftest import Api, client_for

PATH = "/shipments"
RATES = "/shipping/rates"
PRINTED = {
    "origin": {"zip": "10001", "country": "US"},
    "destination": {"zip": "90210", "country": "US"},
    "packages": [{"weight": 2.5, "length": 12, "width": 8, "height": 6, "weight_unit": "lb", "dimension_unit": "in"}],
}
RATE = {
    "carrier", "service", "name", "available", "reason", "cost", "currency", "estimated_delivery", "transit_days",
    "zone", "billable_weight", "weight_unit", "sample_tariff",
}  # fmt: skip
SHIPMENT = {
    "id", "order_id", "warehouse_id", "status", "carrier", "service", "tracking_number", "tracking_url", "label_url",
    "cost", "currency", "estimated_delivery", "insurance_value", "signature_required", "packages", "ship_from",
    "ship_to", "shipped_at", "delivered_at", "created_at", "updated_at",
}  # fmt: skip
NEW_YORK = {"line1": "1 Broadway", "city": "New York", "state": "NY", "zip": "10004", "country": "US"}
BEVERLY = {"first_name": "Jane", "last_name": "Doe", "line1": "9 Rodeo Dr", "city": "Beverly Hills", "state": "CA",
           "zip": "90210", "country": "US"}  # fmt: skip


@pytest.fixture
def shop(api: Api, house: factories.Warehouse) -> Shop:
    """Ten headphones and five cables, in a warehouse in New York."""

    def fill(session: Any) -> None:
        site = session.merge(house.site)
        site.address = NEW_YORK
        for sku, price, count in (("HEADPHONE-001", 19999, 10), ("CABLE-1", 500, 5)):
            factories.stock(session, factories.variant(session, sku=sku, price_minor=price), house.bin, count)

    api.write(fill)
    return Shop(api)


@pytest.fixture
def jane(shop: Shop) -> str:
    return str(shop.post("/customers", {"email": "jane@example.com", "addresses": [BEVERLY]})["id"])


def order(shop: Shop, jane: str, **quantities: int) -> dict[str, Any]:
    items = [{"sku": sku.replace("_", "-"), "quantity": count} for sku, count in quantities.items()]
    made: dict[str, Any] = shop.post("/orders", {"customer_id": jane, "items": items})
    return made


def test_the_printed_question_has_priced_options_the_cheapest_first(shop: Shop) -> None:
    options = shop.post(RATES, PRINTED)
    assert isinstance(options, list) and all(set(option) == RATE for option in options)
    costs = [option["cost"] for option in options]
    assert costs == sorted(costs) and all(option["available"] and option["sample_tariff"] for option in options)
    offered = {(option["carrier"], option["service"]): option for option in options}
    assert set(offered) == {
        ("usps", "priority"), ("usps", "express"), ("usps", "parcel_select"), ("fedex", "ground"), ("fedex", "2day"),
        ("fedex", "overnight"), ("ups", "ground"), ("ups", "3day"), ("ups", "2day"), ("ups", "next_day"),
        ("dhl", "express"), ("dhl", "ecommerce"),
    }  # fmt: skip
    # 12 x 8 x 6 in are 576 cubic inches: 5 lb by 139; below a cubic foot the Postal Service counts the weight alone.
    assert offered["fedex", "ground"]["billable_weight"] == 5 and offered["usps", "priority"]["billable_weight"] == 3
    assert offered["fedex", "ground"]["zone"] == "8" and offered["usps", "priority"]["cost"] == 14.02
    day = datetime.fromisoformat(offered["fedex", "overnight"]["estimated_delivery"])
    assert day.weekday() < 5 and day.date() > datetime.now(UTC).date()
    dear = {**PRINTED, "insurance_value": 500, "signature_required": True}
    insured = {(one["carrier"], one["service"]): one for one in shop.post(RATES, dear)}["fedex", "ground"]
    assert Decimal(str(insured["cost"])) - Decimal(str(offered["fedex", "ground"]["cost"])) == Decimal("11.60")
    pair = {**PRINTED, "packages": [*PRINTED["packages"], *PRINTED["packages"]]}
    twice = {(one["carrier"], one["service"]): one for one in shop.post(RATES, pair)}
    assert twice["ups", "ground"]["cost"] == pytest.approx(2 * offered["ups", "ground"]["cost"])
    metric = {"weight": 1.133980925, "weight_unit": "kg", "length": 30.48, "width": 20.32, "height": 15.24}
    same = shop.post(RATES, {**PRINTED, "packages": [{**metric, "dimension_unit": "cm", "weight": 1.13398}]})
    assert [one["cost"] for one in same] == costs
    every = shop.post(RATES, {**PRINTED, "include_unavailable": True})
    refused = {(one["carrier"], one["service"]): one["reason"] for one in every if not one["available"]}
    assert refused["usps", "first_class"] == "package 1 is heavier than 15.999 oz"
    assert refused["fedex", "international"] == "does not go from US 10001 to US 90210"
    abroad = {**PRINTED, "destination": {"zip": "10115", "country": "DE"}}
    assert {one["carrier"] for one in shop.post(RATES, abroad)} == {"fedex", "dhl"}
    local = {**PRINTED, "destination": {"zip": "10010", "country": "US"}}
    assert ("regional", "same_day") in {(one["carrier"], one["service"]) for one in shop.post(RATES, local)}
    heavy = {**PRINTED, "packages": [{"weight": 200, "weight_unit": "kg"}]}
    assert shop.post(RATES, heavy) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"origin": None}, "origin"),
        ({"destination": {"zip": "90210"}}, "destination.country"),
        ({"destination": {"zip": "90210", "country": "XX"}}, "destination.country"),
        ({"origin": {"zip": "1", "country": "US"}}, "origin.zip"),
        ({"origin": {"zip": "00000", "country": "US"}}, "origin.zip"),
        ({"packages": []}, "packages"),
        ({"packages": [{"weight": 1}] * 51}, "packages"),
        ({"packages": [{"weight": 0}]}, "packages.0.weight"),
        ({"packages": [{"weight": 1, "weight_unit": "stone"}]}, "packages.0.weight_unit"),
        ({"packages": [{"weight": 1, "length": 3}]}, "packages.0.width"),
        ({"packages": [{"weight": 1, "length": 1, "width": 1, "height": 1, "dimension_unit": "m"}]},
         "packages.0.dimension_unit"),
        ({"insurance_value": -1}, "insurance_value"),
        ({"signature_required": "yes"}, "signature_required"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_names_the_field(api: Api, change: dict[str, Any], field: str) -> None:
    assert field in Shop(api).fields("POST", RATES, {**PRINTED, **change})


def test_an_order_is_sent_labelled_tracked_and_delivered(shop: Shop, jane: str) -> None:
    made = order(shop, jane, HEADPHONE_001=2, CABLE_1=1)
    body = {"order_id": made["id"], "carrier": "usps", "service": "priority", "packages": PRINTED["packages"],
            "insurance_value": 500, "signature_required": True}  # fmt: skip
    answer = shop.ask("POST", PATH, body, headers={"Idempotency-Key": "send-1"})
    assert answer.status_code == 201, answer.text
    sent = answer.json()
    again = shop.ask("POST", PATH, body, headers={"Idempotency-Key": "send-1"})
    assert again.json() == sent and again.headers["idempotent-replayed"] == "true"
    assert set(sent) == SHIPMENT and sent["id"].startswith("shp_")
    assert answer.headers["location"] == f"/v2/shipments/{sent['id']}"
    assert (sent["status"], sent["currency"], sent["insurance_value"]) == ("created", "USD", 500)
    assert Decimal(str(sent["cost"])) == Decimal("14.02") + 4 * Decimal("1.85") + Decimal("3.95")
    assert carriers()["usps"].is_number(sent["tracking_number"]) and sent["tracking_number"] in sent["tracking_url"]
    assert sent["ship_to"]["zip"] == "90210" and sent["ship_from"]["city"] == "New York"
    [package] = sent["packages"]
    assert [(item["sku"], item["quantity"]) for item in package["items"]] == [("HEADPHONE-001", 2), ("CABLE-1", 1)]
    assert shop.api.on_hand("HEADPHONE-001") == 8 and shop.api.on_hand("CABLE-1") == 4
    told = shop.get(f"/orders/{made['id']}")
    assert (told["status"], told["fulfillment_status"]) == ("shipped", "fulfilled")
    assert shop.get(f"{PATH}/{sent['id']}") == {**sent, "updated_at": sent["updated_at"]}
    assert shop.ids(PATH, order_id=made["id"]) == shop.ids(PATH, tracking_number=sent["tracking_number"])
    assert shop.ids(PATH, carrier="ups") == [] and shop.ids(PATH, status="created") == [sent["id"]]
    shop.refused(409, "conflict", "POST", PATH, body)
    track = f"{PATH}/{sent['id']}/track"
    assert [event["status"] for event in shop.get(track)] == ["created"]
    events = f"{PATH}/{sent['id']}/events"
    now = datetime.now(UTC).replace(microsecond=0)
    moved = shop.post(events, {"status": "out_for_delivery", "location": "Los Angeles, CA"})
    assert set(moved) == {"timestamp", "location", "status", "description"}
    shop.post(events, {"status": "in_transit", "timestamp": (now - timedelta(days=1)).isoformat(), "location": "NY"})
    seen = shop.get(track)
    assert isinstance(seen, list) and seen[0]["status"] == "in_transit"
    assert shop.get(f"{PATH}/{sent['id']}")["status"] == "out_for_delivery"
    shop.refused(409, "conflict", "POST", f"{PATH}/{sent['id']}/cancel", {})
    assert shop.fields("POST", events, {"status": "lost"}) == ["status"]
    assert shop.fields("POST", events, {"status": "delivered", "timestamp": "2999-01-01T00:00:00Z"}) == ["timestamp"]
    shop.post(events, {"status": "delivered"})
    shop.post(events, {"status": "delivered"})
    assert shop.get(f"/orders/{made['id']}")["status"] == "delivered"

    def facts(session: Any) -> list[str]:
        return [row.type for row in session.exec(scoped(session, OutboxEvent).where(OutboxEvent.subject == sent["id"]))]

    types = shop.api.write(facts)
    assert [types.count(f"shipment_{what}") for what in ("created", "in_transit", "delivered")] == [1, 1, 1]
    shop.refused(404, "not_found", "GET", f"{PATH}/shp_none")
    shop.refused(404, "not_found", "GET", f"{PATH}/shp_none/track")
    shop.refused(404, "not_found", "POST", f"{PATH}/shp_none/events", {"status": "delivered"})


def test_a_part_is_sent_cancelled_and_sent_again(shop: Shop, jane: str) -> None:
    made = order(shop, jane, HEADPHONE_001=3)
    item = made["items"][0]["id"]

    def body(**package: Any) -> dict[str, Any]:
        return {"order_id": made["id"], "carrier": "ups", "service": "ground", "packages": [{"weight": 1, **package}]}

    part = shop.post(PATH, body(items=[{"id": item, "quantity": 1}]))
    assert shop.get(f"/orders/{made['id']}")["fulfillment_status"] == "partial"
    assert shop.fields("POST", PATH, body(items=[{"sku": "HEADPHONE-001", "quantity": 3}])) == [
        "packages.0.items.0.quantity"
    ]
    assert shop.fields("POST", PATH, body(items=[{"sku": "CABLE-1", "quantity": 1}])) == ["packages.0.items.0.sku"]
    assert shop.fields("POST", PATH, body(items=[{"quantity": 1}])) == ["packages.0.items.0.id"]
    assert shop.fields("POST", PATH, {**body(), "carrier": "pigeon"}) == ["carrier"]
    assert shop.fields("POST", PATH, {**body(), "service": "express"}) == ["service"]
    assert shop.fields("POST", PATH, {**body(), "insurance_value": 0.001}) == ["insurance_value"]
    assert shop.fields("POST", PATH, {**body(), "ship_to": {"country": "DE"}}) == ["service"]
    assert shop.fields("POST", PATH, {**body(), "packages": [{"weight": 200}]}) == ["service"]
    shop.refused(409, "conflict", "POST", PATH, {**body(), "carrier": "easypost", "service": "usps_priority"})
    shop.refused(404, "not_found", "POST", PATH, {**body(), "order_id": "ord_none"})
    assert shop.fields("POST", PATH, {"order_id": made["id"]}) == ["carrier", "service"]
    assert shop.api.on_hand("HEADPHONE-001") == 9, "what was refused moved nothing"
    back = shop.post(f"{PATH}/{part['id']}/cancel")
    assert back["status"] == "cancelled" and back["label_url"] is None
    assert shop.api.on_hand("HEADPHONE-001") == 10
    assert shop.get(f"/orders/{made['id']}")["fulfillment_status"] == "unfulfilled"
    shop.refused(409, "conflict", "POST", f"{PATH}/{part['id']}/cancel", {})
    two = {"weight": 1, "items": [{"sku": "HEADPHONE-001", "quantity": 1}]}
    all_of_it = shop.post(PATH, {**body(), "packages": [two, {**two, "items": [{"id": item, "quantity": 2}]}]})
    numbers = [package["tracking_number"] for package in all_of_it["packages"]]
    assert len(set(numbers)) == 2 and part["tracking_number"] not in numbers
    assert shop.get(f"/orders/{made['id']}")["status"] == "shipped"


def test_labels_open_by_their_link_in_three_forms_and_say_their_number(shop: Shop, jane: str, other: Api) -> None:
    made = order(shop, jane, CABLE_1=2)
    package = {"weight": 1, "items": [{"sku": "CABLE-1", "quantity": 1}]}
    body = {"order_id": made["id"], "carrier": "usps", "service": "express", "packages": [package, package]}
    sent = shop.post(PATH, body)
    stranger = client_for(shop.api.store, str(shop.client.base_url), shop.api.organization_id, ["orders:read"])
    stranger.headers.pop("authorization")
    url = sent["label_url"]
    assert url.startswith(f"{str(shop.client.base_url).rstrip('/')}/v2/shipments/{sent['id']}/label?")
    pdf = stranger.get(url)
    assert pdf.status_code == 200 and pdf.headers["content-type"] == "application/pdf" and pdf.content[:5] == b"%PDF-"
    pages = pypdfium2.PdfDocument(pdf.content)
    assert len(pages) == 2 and [round(side) for side in pages[0].get_size()] == [288, 432]
    for page, each in zip(pages, sent["packages"], strict=True):
        drawn = page.render(scale=203 / 72).to_pil().convert("L")
        [code] = zxingcpp.read_barcodes(drawn, text_mode=zxingcpp.TextMode.Plain)
        assert code.text.endswith(f"\x1d{each['tracking_number']}")
    for each in sent["packages"]:
        for dpi in (203, 300):
            png = stranger.get(each["label_url"].replace("format=pdf", f"format=png&dpi={dpi}"))
            assert png.headers["content-type"] == "image/png"
            picture = Image.open(BytesIO(png.content)).convert("L")
            [code] = zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)
            assert code.symbology_identifier == "]C1"
            assert code.text == f"42090210\x1d{each['tracking_number']}"
    zpl = stranger.get(url.replace("format=pdf", "format=zpl")).text
    assert zpl.count("^XA") == 2 and all(each["tracking_number"] in zpl for each in sent["packages"])
    for wrong, status in (
        (url.replace("expires=", "expires=1"), 401), (url[:-1], 401), (url.split("&expires")[0], 401),
        (f"{url}&package=3", 404), (f"{url}&package=0", 400), (url.replace("pdf", "gif"), 400),
    ):  # fmt: skip
        answer = stranger.get(wrong)
        assert answer.status_code == status, (wrong, answer.text)
        assert set(answer.json()["error"]) == {"code", "message", "details", "request_id"}
    plain = f"/v2/shipments/{sent['id']}/label"
    assert shop.client.get(plain, params={"format": "png", "package": 2}).status_code == 200
    assert other.client.get(plain).status_code == 404
    weak = client_for(shop.api.store, str(shop.client.base_url), shop.api.organization_id, ["orders:read"])
    assert weak.get(plain).status_code == 403
    stranger.close()
    weak.close()
