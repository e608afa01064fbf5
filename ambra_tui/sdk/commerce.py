"""The clients of the commerce API: the same core as `AmbraWMS`, other nouns.

Example::

    with Commerce(api_key="YOUR_API_KEY", base_url="http://127.0.0.1:8080") as shop:
        order = shop.orders.create(customer_id="cust_123", items=[{"product_id": "prod_456", "quantity": 2}])
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Self

import httpx

from ambra_tui.sdk import async_client, client
from ambra_tui.sdk.answers import RateLimit, Retries
from ambra_tui.sdk.pages import AsyncList, Page
from ambra_tui.sdk.record import Record
from ambra_tui.sdk.request import SHOP_PATH, address_of, key_of
from ambra_tui.sdk.shop import ShopResources


class Commerce(ShopResources[Record, Page, None]):
    """The commerce API of one server with one key; everything is given as to `AmbraWMS`. Without a path, a base URL
    leads to ``/v2``."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        environment: str = "production",
        timeout: float = 30.0,
        max_retries: int = 3,
        max_wait: float = 60.0,
        allow_http: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = address_of(base_url, environment, allow_http=allow_http, version=SHOP_PATH)
        http = httpx.Client(timeout=timeout, transport=transport, headers=client.headers_of(key_of(api_key)))
        self._door = client.Doorway(http, self.base_url, Retries(max_retries, max_wait), is_bare=True)
        super().__init__(self._door)

    @property
    def rate_limit(self) -> RateLimit | None:
        """What the last answer said of the window with the least left."""
        return self._door.rate_limit

    def close(self) -> None:
        """Closes the connections."""
        self._door.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Commerce({self.base_url!r})"


class AsyncCommerce(ShopResources[Coroutine[Any, Any, Record], AsyncList, Coroutine[Any, Any, None]]):
    """As `Commerce`: every call is awaited, every list is gone through by ``async for``."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        environment: str = "production",
        timeout: float = 30.0,
        max_retries: int = 3,
        max_wait: float = 60.0,
        allow_http: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.base_url = address_of(base_url, environment, allow_http=allow_http, version=SHOP_PATH)
        http = httpx.AsyncClient(timeout=timeout, transport=transport, headers=client.headers_of(key_of(api_key)))
        self._door = async_client.Doorway(http, self.base_url, Retries(max_retries, max_wait), is_bare=True)
        super().__init__(self._door)

    @property
    def rate_limit(self) -> RateLimit | None:
        """What the last answer said of the window with the least left."""
        return self._door.rate_limit

    async def close(self) -> None:
        """Closes the connections."""
        await self._door.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncCommerce({self.base_url!r})"
