"""The client for event loops: the same calls, awaited."""

from __future__ import annotations

import asyncio
import inspect

import httpx
import pytest
from ambrawms import AmbraWMS, AsyncAmbraWMS, ServerFailed

from tests.sdk.test_requests import Line, found, listed, refusal


def client_on(line: Line) -> AsyncAmbraWMS:
    async def answer(request: httpx.Request) -> httpx.Response:
        return line(request)

    return AsyncAmbraWMS(api_key="k", base_url="http://127.0.0.1:1", transport=httpx.MockTransport(answer))


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []

    async def pause(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr("ambra_tui.sdk.async_client.sleep", pause)
    return made


def test_calls_are_awaited_and_lists_gone_through(pauses: list[float]) -> None:
    line = Line(
        refusal(503, "BUSY"), found({"id": "prod_1"}), listed(1, "A", "B", has_next=True),
        listed(1, "A", "B", has_next=True), listed(2, "C", has_next=False), httpx.Response(204),
    )  # fmt: skip

    async def story() -> None:
        async with client_on(line) as client:
            assert (await client.products.get("prod_1")).id == "prod_1"
            page = await client.products.list()
            assert [product.sku for product in page.data] == ["A", "B"]
            assert [product.sku async for product in client.products.list()] == ["A", "B", "C"]
            await client.products.delete("prod_1")

    asyncio.run(story())
    assert len(pauses) == 1
    assert len(line.sent) == 6


def test_tries_end_there_too(pauses: list[float]) -> None:
    line = Line(httpx.ConnectError("no"), refusal(500, "INTERNAL_ERROR"))

    async def story() -> None:
        async with client_on(line) as client:
            with pytest.raises(ServerFailed):
                await client.products.create(name="Tee", sku="T")

    asyncio.run(story())
    assert len({request.headers["Idempotency-Key"] for request in line.sent}) == 1
    assert (len(line.sent), len(pauses)) == (4, 3)


def test_both_clients_have_the_same_calls() -> None:
    plain, waiting = AmbraWMS(api_key="k"), AsyncAmbraWMS(api_key="k")
    nouns = [name for name in vars(plain) if hasattr(getattr(plain, name), "name")]
    assert sorted(nouns) == sorted(
        ["products", "categories", "suppliers", "locations", "warehouses", "stock_movements", "stock_levels",
         "purchase_orders", "reports", "webhooks", "api_keys", "sandbox"]
    )  # fmt: skip
    for noun in nouns:
        assert type(getattr(plain, noun)) is type(getattr(waiting, noun))
    options = [inspect.signature(kind.__init__).parameters.keys() for kind in (AmbraWMS, AsyncAmbraWMS)]
    assert options[0] == options[1]
