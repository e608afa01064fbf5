"""kill -9 of the server between the commit of what happened and its telling: nothing is lost, a repeat is the same."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, func, select

from ambra_tui import ledger
from ambra_tui.ledger import SUPPLIER, MoveKind, Posting
from ambra_tui.services import webhooks
from ambra_tui.store import Store, open_store
from ambra_tui.store.models import WebhookDelivery
from tests import factories
from tests.server_process import ServerProcess
from tests.services.webhooks.receiver import Receiver

EVENTS = ("stock_movement.created", "stock_movement.completed")
DEADLINE_SECONDS = 240.0


def _left(store: Store) -> int:
    """Deliveries that are not made, and events that have none yet count as one."""
    with store.read_system() as session:
        statement = select(func.count()).where(col(WebhookDelivery.status) == "pending")
        return session.exec(statement).one()


def _told(store: Store) -> int:
    with store.read_system() as session:
        return session.exec(select(func.count()).where(col(WebhookDelivery.status) == "delivered")).one()


@pytest.mark.long
def test_kills_lose_no_event(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kills, moves_a_round = 50, 100
    monkeypatch.setenv("AMBRA_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    chance = random.Random(5)
    with open_store(store_url) as store, Receiver() as receiver:
        organization_id = factories.organization(store)
        house, milk = store.writer.run(
            lambda session: (factories.warehouse(session), factories.variant(session)), organization_id=organization_id
        )
        store.writer.run(
            lambda session: webhooks.create_webhook(session, url=receiver.url, events=EVENTS),
            organization_id=organization_id,
        )
        moved: list[str] = []

        def post(number: int) -> str:
            posting = Posting(milk.id, SUPPLIER, house.bin.id, Decimal(1), MoveKind.PURCHASE_RECEIVED, f"kill-{number}")
            return ledger.submit(store.writer, posting, organization_id=organization_id).result().id

        pause = threading.Event()
        for round_number in range(kills):
            with ServerProcess.start(store_url) as server:
                begun = len(receiver.received)
                moved += [post(round_number * moves_a_round + number) for number in range(moves_a_round)]
                if round_number % 2:  # while it sends; else with what happened and is not told yet
                    until = time.monotonic() + 5
                    wanted = begun + chance.randrange(1, 2 * moves_a_round)
                    while len(receiver.received) < wanted and time.monotonic() < until:
                        pause.wait(0.005)
                else:
                    pause.wait(chance.random() * 0.5)
                server.kill()
        expected = 2 * len(moved)
        with ServerProcess.start(store_url):
            until = time.monotonic() + DEADLINE_SECONDS
            while _told(store) + _left(store) < expected or _left(store):
                assert time.monotonic() < until, f"{_told(store)} told, {_left(store)} left of {expected}"
                pause.wait(0.2)
        ids: dict[tuple[str, str], set[str]] = defaultdict(set)
        bodies: dict[str, set[bytes]] = defaultdict(set)
        for request in list(receiver.received):
            event: Any = request.event
            ids[event["type"], event["data"]["object"]["id"]].add(event["id"])
            bodies[event["id"]].add(request.body)
        assert set(ids) == {(name, move) for name in EVENTS for move in moved}, "none lost, none made up"
        assert {len(each) for each in ids.values()} == {1}, "a duplicate carries the same id"
        assert {len(each) for each in bodies.values()} == {1}
        assert len(bodies) == expected == 2 * kills * moves_a_round
