"""Webhooks on a clock that is set by hand, with a real receiver on this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import Session

from ambra_tui.kit.clock import FrozenClock
from ambra_tui.services import webhooks
from ambra_tui.services.webhooks import Happened, schedule
from ambra_tui.services.webhooks.fan_out import FanOut
from ambra_tui.services.webhooks.sender import Sender
from ambra_tui.services.webhooks.targets import resolve
from ambra_tui.settings import WebhookSettings
from ambra_tui.store.models import Webhook, WebhookDelivery
from tests.services.webhooks.receiver import Receiver

if TYPE_CHECKING:
    from ambra_tui.store import Store


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL in the second tier."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if item.path.parent == Path(__file__).parent and parameters.get("dialect") == "postgresql":
            item.add_marker(pytest.mark.long)


START = datetime(2026, 3, 2, 8, tzinfo=UTC)
TRUST = ssl.create_default_context()
LOOPBACK = WebhookSettings((ipaddress.ip_network("127.0.0.0/8"),))


def shown(_session: Session, edition: str, event: Happened) -> Any:
    """The object of an event as a made-up edition shows it."""
    return {"id": event.subject, "edition": edition, **event.payload}


@dataclass
class Office:
    """What a server process does for webhooks, step by step."""

    store: Store
    write: Callable[[Callable[[Session], Any]], Any]
    clock: FrozenClock
    settings: WebhookSettings = LOOPBACK
    resolve: Any = resolve
    endpoints: list[Webhook] = field(default_factory=list)

    def add(self, url: str, *events: str, **options: Any) -> Webhook:
        return self.write(  # type: ignore[no-any-return]
            lambda session: webhooks.create_webhook(session, url=url, events=events or ["product.created"], **options)
        )

    def publish(self, fact: str = "product_created", subject: str = "prod_1", **payload: Any) -> None:
        from ambra_tui.store.facts import publish

        self.write(lambda session: publish(session, fact, subject, payload))

    def tell(self) -> int:
        """Reads the outbox to its end."""
        fan_out, made = FanOut(self.store, shown), 0
        while part := fan_out.run_once():
            made += part
        return made

    def send(self) -> int:
        """Sends what is due."""
        sender = Sender(self.store, settings=self.settings, resolve=self.resolve, trust=TRUST)
        return asyncio.run(sender.drain())

    def change(self, webhook: Webhook, **changes: Any) -> Webhook:
        return self.write(  # type: ignore[no-any-return]
            lambda session: webhooks.change_webhook(session, webhooks.webhook_by_id(session, webhook.id), **changes)
        )

    def now(self, webhook: Webhook) -> Webhook:
        with self.store.read(webhook.organization_id) as session:
            return webhooks.webhook_by_id(session, webhook.id)

    def log(self, webhook: Webhook) -> list[WebhookDelivery]:
        """The deliveries of an endpoint, the oldest first."""
        with self.store.read(webhook.organization_id) as session:
            rows, _ = webhooks.deliveries_of(session, webhook.id, limit=100)
        return rows[::-1]

    def later(self, **step: float) -> None:
        self.clock.at += timedelta(**step)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """The wall clock of deliveries, standing still."""
    frozen = FrozenClock(START)
    monkeypatch.setattr(schedule, "clock", frozen)
    return frozen


@pytest.fixture
def office(store: Store, write: Callable[[Callable[[Session], Any]], Any], clock: FrozenClock) -> Office:
    """A server's work for webhooks, by hand."""
    return Office(store, write, clock)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that says yes until told otherwise."""
    with Receiver() as running:
        yield running
