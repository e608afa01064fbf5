"""kill -9 of the server while it posts: what it acknowledged is there, nothing twice, the ledger whole."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest
from sqlmodel import select

from ambra_tui.services import access
from ambra_tui.services.verify import verify
from ambra_tui.store import open_store
from ambra_tui.store.models import SiteStock, StockMove
from tests import factories
from tests.server_process import ServerProcess

CLIENTS = 4
POSTS = 40


class Client:
    """Posts one unit at a time with a key of its own, again and again until each post is acknowledged."""

    def __init__(self, name: str, body: dict[str, object], secret: str) -> None:
        self.name, self.body = name, body
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.acknowledged: dict[str, str] = {}
        self.sent = 0

    def work(self, address: str, started: threading.Barrier, kill_at: int, kill: threading.Event) -> None:
        """Posts until everything is acknowledged or the server is gone; asks for the kill at `kill_at`."""
        started.wait()
        with httpx.Client(base_url=address, headers=self.headers, timeout=30) as client:
            for number in range(POSTS):
                key = f"{self.name}-{number}"
                if key in self.acknowledged:
                    continue
                self.sent += 1
                if self.sent == kill_at:
                    kill.set()
                try:
                    answer = client.post(
                        "/api/v1/inventory_adjustments", json=self.body, headers={"Idempotency-Key": key}
                    )
                except httpx.TransportError:
                    return
                assert answer.status_code == 201, answer.text
                self.acknowledged[key] = answer.json()["id"]


def trial(store_url: str, seed: int) -> None:
    """One server killed at a random post, another that finishes the work."""
    chance = random.Random(seed)
    with open_store(store_url) as store:
        organization_id = factories.organization(store)
        house, milk = store.writer.run(
            lambda s: (factories.warehouse(s), factories.variant(s)), organization_id=organization_id
        )
        site_id, variant_id = house.site.id, milk.id
        _, secret = access.create_key(
            store, organization_id=organization_id, label="test", scopes=["admin"], plan="enterprise"
        )
    body = {"variant_id": variant_id, "location_id": site_id, "quantity": 1, "reason": "found"}
    clients = [Client(f"c{number}", body, secret) for number in range(CLIENTS)]
    while any(len(client.acknowledged) < POSTS for client in clients):
        with ServerProcess.start(store_url) as server, ThreadPoolExecutor(CLIENTS) as pool:
            kill, barrier = threading.Event(), threading.Barrier(CLIENTS)
            is_first = not any(client.sent for client in clients)
            kill_at = chance.randrange(1, POSTS) if is_first else POSTS * 10
            runs = [pool.submit(client.work, server.address, barrier, kill_at, kill) for client in clients]
            if is_first:
                assert kill.wait(60)
                server.kill()
            for run in runs:
                run.result()
    with open_store(store_url) as store:
        with store.read(organization_id) as session:
            moves = session.exec(select(StockMove.id).where(StockMove.organization_id == organization_id)).all()
            stock = session.get(SiteStock, (organization_id, variant_id, site_id))
            assert stock is not None
            assert stock.on_hand == Decimal(CLIENTS * POSTS)
        assert len(moves) == CLIENTS * POSTS
        acknowledged = {move for client in clients for move in client.acknowledged.values()}
        assert len(acknowledged) == CLIENTS * POSTS
        assert store.writer.run(verify, organization_id=None).differences == []


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_server_loses_and_doubles_nothing(store_url: str, seed: int) -> None:
    trial(store_url, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
def test_many_killed_servers_lose_and_double_nothing(store_url: str, seed: int) -> None:
    trial(store_url, seed)
