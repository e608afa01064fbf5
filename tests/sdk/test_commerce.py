"""The SDK's commerce clients: bare objects, two ways of paging, pictures; against the real server."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from io import BytesIO
from typing import Any

import httpx
import pytest
from ambrawms import AsyncCommerce, Commerce, Conflict, NotFound, UnexpectedAnswer, ValidationFailed
from PIL import Image

from tests.sdk.conftest import Acme
from tests.sdk.test_requests import Line

BASE = "http://127.0.0.1:1/v2"


def shop_on(line: Line, **options: Any) -> Commerce:
    return Commerce(api_key="test_key", base_url=BASE, transport=httpx.MockTransport(line), **options)


def rows(*ids: str, **pagination: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": [{"id": each} for each in ids], "pagination": pagination})


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ambra_tui.sdk.client.sleep", lambda seconds: None)


def test_lists_go_on_by_cursor_where_there_is_one_and_by_number_where_there_is_none() -> None:
    line = Line(
        rows("a", page=1, limit=1, total_pages=3, total_items=3, has_next=True, has_previous=False, next_cursor="x/1",
             has_more=True),
        rows("b", limit=1, next_cursor="x/2", has_more=True),
        rows("c", limit=1, next_cursor=None, has_more=False),
    )  # fmt: skip
    products = shop_on(line).products.list(status="active", limit=1)
    assert repr(products) == "<page 1 of 3: 1 of 3>" and products.pagination.total_items == 3
    assert [product.id for product in products] == ["a", "b", "c"]
    asked = [dict(request.url.params) for request in line.sent]
    assert asked == [
        {"status": "active", "limit": "1"}, {"status": "active", "limit": "1", "cursor": "x/1"},
        {"status": "active", "limit": "1", "cursor": "x/2"},
    ]  # fmt: skip
    numbered = {"limit": 1, "total_pages": 2, "total_items": 2, "next_cursor": None, "has_more": True}
    line = Line(rows("a", page=1, has_next=True, **numbered), rows("b", page=2, has_next=False, **numbered))
    assert [image.id for image in shop_on(line).products.images("TEE")] == ["a", "b"]
    assert dict(line.sent[1].url.params) == {"page": "2"}
    bare = shop_on(Line(httpx.Response(201, json=[{"carrier": "ups", "cost": 9.5}]))).shipping.rates(packages=[])
    assert [(rate.carrier, rate.cost) for rate in bare] == [("ups", Decimal("9.5"))]
    with pytest.raises(UnexpectedAnswer):
        shop_on(Line(httpx.Response(200, json=[]))).products.get("TEE")


def test_a_request_in_flight_is_asked_again_and_addresses_lead_to_the_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    detail = {"field": "Idempotency-Key", "message": "in flight"}
    busy = {"error": {"code": "conflict", "message": "in flight", "details": [detail], "request_id": "req_1"}}
    line = Line(httpx.Response(409, json=busy), httpx.Response(201, json={"id": "ord_1"}))
    assert shop_on(line).orders.cancel("ord_1", reason="customer_request", refund=True).id == "ord_1"
    assert len({request.headers["idempotency-key"] for request in line.sent}) == 1 and len(line.sent) == 2
    for base, found in (
        ("http://127.0.0.1:8080", "/v2"),
        ("http://127.0.0.1:8080/v1/", "/v2"),
        ("https://a.example/x", "/x"),
    ):
        monkeypatch.setenv("AMBRA_BASE_URL", base)
        assert httpx.URL(Commerce(api_key="k").base_url).path == found
    monkeypatch.delenv("AMBRA_BASE_URL")
    assert Commerce(api_key="k").base_url == "https://api.ambrawms.com/v2"
    assert Commerce(api_key="k", base_url="http://127.0.0.1:1/v1").base_url.endswith("/v1")  # what is said, holds


def test_a_shop_is_run_by_the_client(acme: Acme) -> None:
    file = BytesIO()
    Image.new("RGB", (30, 20), "red").save(file, "PNG")
    with Commerce(api_key="YOUR_API_KEY") as shop:
        variants = [{"sku": "TEE-L", "attributes": {"size": "Large"}}, {"sku": "TEE-XL", "price": Decimal("24.50")}]
        shirt = shop.products.create(name="Shirt", sku="TEE", price=Decimal("19.99"), variants=variants)
        assert (shirt.price, shirt.variants[1].price) == (Decimal("19.99"), Decimal("24.5"))
        image = shop.products.add_image("TEE", content=file.getvalue(), alt="Front", variant_id=None)
        assert (image.alt, image.width, image.content_type) == ("Front", 30, "image/png")
        assert [row.id for row in shop.products.images("TEE")] == [image.id]
        shop.products.delete_image(shirt.id, image.id)
        for number in range(3):
            shop.products.create(name=f"Cap {number}", sku=f"CAP-{number}", price=number)
        assert [row.sku for row in shop.products.list(limit=1, sort="price")] == ["TEE", "CAP-2", "CAP-1", "CAP-0"]
        assert shop.products.update("TEE", price=25).price == 25
        shop.products.delete("CAP-0")
        assert [row.sku for row in shop.products.list(status="archived")] == ["CAP-0"]
        with pytest.raises(Conflict) as taken:
            shop.products.create(name="Again", sku="TEE", price=1)
        assert (taken.value.code, list(taken.value.details)) == ("conflict", ["sku"])
        with pytest.raises(ValidationFailed) as wrong:
            shop.products.create(name="", sku="X", price=1)
        assert "name" in wrong.value.details
        with pytest.raises(NotFound):
            shop.orders.get("ord_none")
        jane = shop.customers.create(email="jane@example.com", first_name="Jane")
        assert shop.customers.update(jane.id, last_name="Doe").first_name == "Jane"
        assert [row.id for row in shop.customers.list(email="jane@example.com")] == [jane.id]
        webhook = shop.webhooks.create(url="https://receiver.invalid/x", events=["order.created"])
        assert webhook.secret.startswith("whsec_") and shop.webhooks.get(webhook.id).url == webhook.url
        assert shop.rate_limit is not None and repr(shop).startswith("Commerce('http://127.0.0.1")

    async def alone() -> list[str]:
        async with AsyncCommerce(api_key="YOUR_API_KEY") as shop:
            first = await shop.products.get("TEE-L")
            return [first.sku, *[product.sku async for product in shop.products.list(limit=2)]]

    assert asyncio.run(alone()) == ["TEE", "CAP-2", "CAP-1", "TEE"]
