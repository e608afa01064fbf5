"""A real server on a port over the store under test, and clients with keys."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ambra_tui.api.server import ServeOptions, Server, address_of, listen, server_config
from ambra_tui.services import access
from tests import factories

if TYPE_CHECKING:
    from ambra_tui.store import Store

Write = Callable[[Callable[[Any], Any]], Any]


class LiveServer:
    """The application behind the real protocol, in a thread of the test's process."""

    def __init__(self, store: Store) -> None:
        options = ServeOptions(port=0)
        self._listener = listen(options)
        self.address = address_of(self._listener, options.host)
        self._server = Server(server_config(store))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listener]))

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._listener.close()


@pytest.fixture
def server(store: Store) -> Iterator[LiveServer]:
    """A server over `store`, on both databases."""
    live = LiveServer(store)
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


def open_api(store: Store, address: str, name: str, *, modules: tuple[str, ...] = ("traceability",)) -> Api:
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
    """An organization with the traceability module and an admin key."""
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
