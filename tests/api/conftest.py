"""A real server on a port over the store under test, and clients with keys."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from uvicorn.server import ServerState

from ambra_tui.api.protocol import DeadlineProtocol
from ambra_tui.api.server import ServeOptions, address_of, listen, server_config
from ambra_tui.services import access
from ambra_tui.services.modules import MODULES
from tests import factories

if TYPE_CHECKING:
    from ambra_tui.api.frame import AccessLog
    from ambra_tui.store import Store

Write = Callable[[Callable[[Any], Any]], Any]


class Loop:
    """An event loop in a thread of its own, for all tests of this process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """The loop that serves every test."""
    running = Loop()
    yield running
    running.stop()


class LiveServer:
    """The application behind the real protocol on a port of its own."""

    def __init__(self, store: Store, loop: Loop, *, log: AccessLog | None = None) -> None:
        self._loop = loop
        self._config = server_config(store, log)
        self._config.load()
        self._state = ServerState()
        options = ServeOptions(port=0)
        self._listener = listen(options)
        self.address = address_of(self._listener, options.host)
        self._server = loop.run(self._start())

    async def _start(self) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(self._connection, sock=self._listener)

    def _connection(self) -> DeadlineProtocol:
        return DeadlineProtocol(config=self._config, server_state=self._state, app_state={})

    def stop(self) -> None:
        self._loop.run(self._stop())

    async def _stop(self) -> None:
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        while self._state.tasks:
            await asyncio.wait(list(self._state.tasks))
        while self._state.connections:
            await asyncio.sleep(0)


@pytest.fixture
def server(store: Store, loop: Loop) -> Iterator[LiveServer]:
    """A server over `store`, on both databases."""
    live = LiveServer(store, loop)
    yield live
    live.stop()


@dataclass
class Api:
    """A client with a key of one organization, and what the organization has."""

    store: Store
    organization_id: int
    client: httpx.Client

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(f"/api/v1{path}", **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.client.post(f"/api/v1{path}", json={} if body is None else body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return self.client.patch(f"/api/v1{path}", json=body, **options)

    def write(self, work: Callable[[Any], Any]) -> Any:
        return self.store.writer.run(work, organization_id=self.organization_id, actor=factories.TESTER)

    def on_hand(self, sku: str) -> float:
        rows = self.get("/inventory_levels", params={"sku": sku}).json()["data"]
        return sum(row["on_hand"] for row in rows)


def open_api(store: Store, address: str, name: str, *, modules: tuple[str, ...] = MODULES) -> Api:
    organization = access.create_organization(store, name, modules)
    assert organization.id is not None
    return Api(store, organization.id, client_for(store, address, organization.id, ["admin"]))


def client_for(store: Store, address: str, organization_id: int, scopes: list[str]) -> httpx.Client:
    _, secret = access.create_key(
        store, organization_id=organization_id, label="test", scopes=scopes, plan="enterprise"
    )
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {secret}"}, timeout=30)


@pytest.fixture
def api(store: Store, server: LiveServer) -> Iterator[Api]:
    """An organization with every module and an admin key."""
    opened = open_api(store, server.address, "Acme")
    yield opened
    opened.client.close()


@pytest.fixture
def other(store: Store, server: LiveServer) -> Iterator[Api]:
    """Another organization of the same store."""
    opened = open_api(store, server.address, "Rival")
    yield opened
    opened.client.close()


@pytest.fixture
def house(api: Api) -> factories.Warehouse:
    """A site with a place of each kind."""
    return api.write(factories.warehouse)


@pytest.fixture
def milk(api: Api) -> Any:
    """A variant MILK-1L."""
    return api.write(factories.variant)


@pytest.fixture
def stocked(api: Api, house: factories.Warehouse, milk: Any) -> Any:
    """MILK-1L with 10 in the pick bin."""
    api.write(lambda session: factories.stock(session, milk, house.bin, 10))
    return milk
