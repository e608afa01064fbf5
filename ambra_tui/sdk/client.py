"""The client: one object, a resource for each noun of the API.

Example::

    with AmbraWMS(api_key="YOUR_API_KEY", base_url="http://127.0.0.1:8080") as client:
        product = client.products.create(name="Premium T-Shirt", sku="TEE-001")
"""

from __future__ import annotations

from functools import partial
from itertools import count
from time import sleep
from typing import Any, Generic, Self

import httpx

from ambra_tui.sdk.answers import (
    RateLimit,
    Retries,
    envelope_of,
    failure_of,
    no_answer,
    object_of,
    rate_limit_of,
)
from ambra_tui.sdk.errors import AmbraError
from ambra_tui.sdk.pages import Page, Place
from ambra_tui.sdk.record import Record
from ambra_tui.sdk.request import Request, address_of, key_of
from ambra_tui.sdk.resources import (
    ApiKeys,
    Categories,
    Door,
    Locations,
    Many,
    Nothing,
    One,
    Products,
    PurchaseOrders,
    Reports,
    Sandbox,
    StockLevels,
    StockMovements,
    Suppliers,
    Warehouses,
)
from ambra_tui.sdk.webhooks import Webhooks

AGENT = "ambrawms-python/1"


class Resources(Generic[One, Many, Nothing]):
    """The nouns of the API."""

    def __init__(self, door: Door[One, Many, Nothing]) -> None:
        self.products = Products(door)
        self.categories = Categories(door)
        self.suppliers = Suppliers(door)
        self.locations = Locations(door)
        self.warehouses = Warehouses(door)
        self.stock_movements = StockMovements(door)
        self.stock_levels = StockLevels(door)
        self.purchase_orders = PurchaseOrders(door)
        self.reports = Reports(door)
        self.webhooks = Webhooks(door)
        self.api_keys = ApiKeys(door)
        self.sandbox = Sandbox(door)


class AmbraWMS(Resources[Record, Page, None]):
    """The API of one server with one key.

    The base URL is `base_url`, else AMBRA_BASE_URL, else the host of `environment` (production or staging). A request
    that meets 429, 5xx or a broken connection is sent again up to `max_retries` times, after longer and longer pauses
    or when the server says, if that is within `max_wait` seconds.
    """

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
        self.base_url = address_of(base_url, environment, allow_http=allow_http)
        http = httpx.Client(timeout=timeout, transport=transport, headers=headers_of(key_of(api_key)))
        self._door = Doorway(http, self.base_url, Retries(max_retries, max_wait))
        super().__init__(self._door)

    @property
    def rate_limit(self) -> RateLimit | None:
        """What the last answer said of the hour's requests."""
        return self._door.rate_limit

    def close(self) -> None:
        """Closes the connections."""
        self._door.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"AmbraWMS({self.base_url!r})"


def headers_of(api_key: str) -> dict[str, str]:
    """What every request carries."""
    return {"Authorization": f"Bearer {api_key}", "Accept": "application/json", "User-Agent": AGENT}


class Doorway:
    """Sends requests and waits for their answers."""

    def __init__(self, http: httpx.Client, base_url: str, retries: Retries, *, is_bare: bool = False) -> None:
        self.http = http
        self.rate_limit: RateLimit | None = None
        self._base_url = base_url
        self._retries = retries
        self._is_bare = is_bare

    def one(self, request: Request) -> Record:
        return object_of(request, self._send(request), is_bare=self._is_bare)

    def many(self, request: Request) -> Page:
        return Page(envelope_of(self._send(request)), partial(self._page, request))

    def nothing(self, request: Request) -> None:
        self._send(request)

    def _page(self, request: Request, place: Place) -> Page:
        return self.many(request.further(place))

    def _send(self, request: Request) -> httpx.Response:
        for attempt in count():
            outcome = self._try(request)
            if isinstance(outcome, httpx.Response):
                return outcome
            pause = self._retries.pause_before(attempt, outcome)
            if pause is None:
                raise outcome
            sleep(pause)
        raise AssertionError("counting does not end")

    def _try(self, request: Request) -> httpx.Response | AmbraError:
        try:
            answer = self.http.request(request.method, **sent(self._base_url, request))
        except httpx.TransportError as error:
            return no_answer(request, error)
        self.rate_limit = rate_limit_of(answer) or self.rate_limit
        return answer if answer.is_success else failure_of(answer)


def sent(base_url: str, request: Request) -> dict[str, Any]:
    """The arguments by which httpx sends a request."""
    return {
        "url": base_url + request.path,
        "params": dict(request.query),
        "headers": dict(request.headers),
        "content": request.content,
    }
