"""The client for programs with an event loop.

Example::

    async with AsyncAmbraWMS(api_key="YOUR_API_KEY", base_url="http://127.0.0.1:8080") as client:
        product = await client.products.get("prod_abc123")
        async for product in client.products.list(stock_status="low"): ...
"""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Coroutine
from functools import partial
from itertools import count
from typing import Any, Self

import httpx

from ambra_tui.sdk.answers import RateLimit, Retries, envelope_of, failure_of, no_answer, object_of, rate_limit_of
from ambra_tui.sdk.client import Resources, headers_of, sent
from ambra_tui.sdk.errors import AmbraError
from ambra_tui.sdk.pages import AsyncList, AsyncPage, Place
from ambra_tui.sdk.record import Record
from ambra_tui.sdk.request import Request, address_of, key_of


class AsyncAmbraWMS(Resources[Coroutine[Any, Any, Record], AsyncList, Coroutine[Any, Any, None]]):
    """As `AmbraWMS`: every call is awaited, every list is gone through by ``async for``."""

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
        self.base_url = address_of(base_url, environment, allow_http=allow_http)
        http = httpx.AsyncClient(timeout=timeout, transport=transport, headers=headers_of(key_of(api_key)))
        self._door = Doorway(http, self.base_url, Retries(max_retries, max_wait))
        super().__init__(self._door)

    @property
    def rate_limit(self) -> RateLimit | None:
        """What the last answer said of the hour's requests."""
        return self._door.rate_limit

    async def close(self) -> None:
        """Closes the connections."""
        await self._door.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncAmbraWMS({self.base_url!r})"


class Doorway:
    """Sends requests when they are awaited."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, retries: Retries, *, is_bare: bool = False) -> None:
        self.http = http
        self.rate_limit: RateLimit | None = None
        self._base_url = base_url
        self._retries = retries
        self._is_bare = is_bare

    async def one(self, request: Request) -> Record:
        return object_of(request, await self._send(request), is_bare=self._is_bare)

    def many(self, request: Request) -> AsyncList:
        return AsyncList(partial(self._listed, request))

    async def nothing(self, request: Request) -> None:
        await self._send(request)

    async def _listed(self, request: Request) -> AsyncPage:
        return AsyncPage(envelope_of(await self._send(request)), partial(self._page, request))

    async def _page(self, request: Request, place: Place) -> AsyncPage:
        return await self._listed(request.further(place))

    async def _send(self, request: Request) -> httpx.Response:
        for attempt in count():
            outcome = await self._try(request)
            if isinstance(outcome, httpx.Response):
                return outcome
            pause = self._retries.pause_before(attempt, outcome)
            if pause is None:
                raise outcome
            await sleep(pause)
        raise AssertionError("counting does not end")

    async def _try(self, request: Request) -> httpx.Response | AmbraError:
        try:
            answer = await self.http.request(request.method, **sent(self._base_url, request))
        except httpx.TransportError as error:
            return no_answer(request, error)
        self.rate_limit = rate_limit_of(answer) or self.rate_limit
        return answer if answer.is_success else failure_of(answer)
