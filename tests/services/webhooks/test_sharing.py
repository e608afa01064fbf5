"""Several servers share the work: nothing is left out, nothing is made twice, and nobody waits for a slow receiver."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from ambra_tui.services import webhooks
from ambra_tui.services.webhooks import claims, fan_out, sender
from ambra_tui.services.webhooks.fan_out import FanOut
from ambra_tui.services.webhooks.sender import Sender
from ambra_tui.services.webhooks.worker import Worker
from ambra_tui.store.leases import this_process
from ambra_tui.store.models import WebhookCursor
from ambra_tui.store.outbox import number_new
from tests import factories
from tests.services.webhooks.conftest import LOOPBACK, Office, shown
from tests.services.webhooks.receiver import Receiver

MANY = fan_out.PAGE + 100


def _cursor(office: Office) -> int | None:
    with office.store.read_system() as session:
        row = session.exec(select(WebhookCursor)).first()
        return row.position if row else None


def test_of_two_servers_one_makes_the_deliveries(office: Office) -> None:
    webhook = office.add("https://erp.example.com/")
    for round_number in range(2):  # the first makes the cursor, the second moves it
        office.publish(name=str(round_number))
        slow, quick = FanOut(office.store, shown), FanOut(office.store, shown)
        rendered = slow._rendered
        made: list[int] = []

        def overtaken(wanted: Any, rendered: Any = rendered, made: list[int] = made, quick: FanOut = quick) -> Any:
            if not made:
                made.append(quick.run_once())
            return rendered(wanted)

        slow._rendered = overtaken  # type: ignore[method-assign]
        assert (slow.run_once(), made) == (0, [1])
        assert slow.run_once() == 0
        assert len(office.log(webhook)) == round_number + 1


def test_what_broke_half_way_is_made_again_with_the_same_ids(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = office.add("https://erp.example.com/")
    office.publish()
    first = FanOut(office.store, shown)
    number_new(office.store)
    stretch = first._read([office.now(webhook)])
    ids = [event.id for _, event in stretch.wanted]

    def full(*_arguments: object) -> set[str]:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(fan_out, "_still_listening", full)
        with pytest.raises(OSError, match="disk is full"):
            first.run_once()
    assert (office.log(webhook), _cursor(office)) == ([], None)
    assert office.tell() == 1
    assert [row.event_id for row in office.log(webhook)] == ids


def test_nobody_listening_costs_nothing_and_hears_nothing_later(office: Office) -> None:
    office.publish(name="long ago")
    assert office.tell() == 0
    assert _cursor(office) is None
    fan = FanOut(office.store, shown)
    assert fan.run_once() == 0
    assert fan.is_idle
    webhook = office.add("https://erp.example.com/")
    assert office.tell() == 0, "what happened before it was there"
    office.write(_many)
    assert office.tell() == MANY
    with office.store.read_system() as session:
        assert session.connection().execute(text("SELECT count(*) FROM webhook_delivery")).scalar_one() == MANY
    assert _cursor(office) is not None
    assert office.log(webhook)[0].event_type == "product.created"


def _many(session: Session) -> None:
    from ambra_tui.store.facts import publish

    for number in range(MANY):
        publish(session, "product_created", f"prod_{number}", {})


def test_each_organization_hears_its_own(office: Office, receiver: Receiver) -> None:
    ours = office.add(receiver.url)
    stranger = factories.organization(office.store, "Rival")

    def of_stranger(work: Callable[[Session], Any]) -> Any:
        return office.store.writer.run(work, organization_id=stranger, actor=factories.TESTER)

    theirs = of_stranger(
        lambda session: webhooks.create_webhook(session, url=receiver.url + "/theirs", events=["product.created"])
    )
    office.publish(name="ours")
    assert office.tell() == 1
    office.send()
    assert [request.path for request in receiver.received] == ["/hooks"]
    with office.store.read(stranger) as session:
        assert webhooks.deliveries_of(session, ours.id) == ([], 0)
        with pytest.raises(Exception, match="not found"):
            webhooks.webhook_by_id(session, ours.id)
    assert theirs.id != ours.id


def test_an_object_that_cannot_be_shown_holds_nothing_back(
    office: Office, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    office.add(receiver.url)

    def broken(session: Session, edition: str, event: Any) -> Any:
        if event.payload["name"] == "1":
            raise RuntimeError("broken")
        return None if event.payload["name"] == "2" else shown(session, edition, event)

    for name in "123":
        office.publish(name=name)
    assert FanOut(office.store, broken).run_once() == 2
    office.send()
    told = sorted(request.event["data"]["object"]["name"] for request in receiver.received)
    assert told == ["1", "3"]
    assert "could not be shown" in caplog.text


def test_senders_share_what_is_due(office: Office, receiver: Receiver) -> None:
    webhook = office.add(receiver.url)
    for number in range(40):
        office.publish(name=str(number))
    office.tell()
    sent: list[int] = []
    threads = [threading.Thread(target=lambda: sent.append(office.send())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(sent) == 40
    assert len(receiver.received) == 40
    assert {row.status for row in office.log(webhook)} == {"delivered"}


def test_a_claim_ends_with_its_process_or_its_minute(office: Office, receiver: Receiver) -> None:
    office.add(receiver.url)
    for number in range(2):
        office.publish(name=str(number))
    office.tell()
    now = office.clock.at
    first, second = claims.due(office.store, now, busy=(), room={}, window=9, limit=9)
    host = this_process().rpartition(":")[0]
    assert len(claims.claim(office.store, f"{host}:999999999", [first], now)) == 1
    assert len(claims.claim(office.store, "elsewhere/1:1", [second], now)) == 1
    assert claims.claim(office.store, "third", [first, second], now) == []
    assert office.send() == 1, "the process on this machine is gone"
    office.later(seconds=59)
    assert office.send() == 0
    office.later(seconds=2)
    assert office.send() == 1
    assert len(receiver.received) == 2


def test_slow_receivers_hold_back_nobody(office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "TIMEOUT_SECONDS", 60.0)
    slow = [office.add(receiver.url) for _ in range(8)]
    receiver.held.clear()
    for number in range(12):
        office.publish(name=str(number))
    office.tell()
    with Receiver() as quick:
        office.add(quick.url, "product.deleted")
        office.publish("product_deleted", "prod_1", name="quick")
        office.tell()
        worker = threading.Thread(target=office.send)
        worker.start()
        until = threading.Event()
        for _ in range(3_000):
            if quick.received:
                break
            until.wait(0.01)
        assert quick.received, "96 deliveries wait for receivers that do not answer"
        assert len(receiver.received) <= 8 * 8
        receiver.held.set()
        worker.join(60)
    assert {row.status for webhook in slow for row in office.log(webhook)} == {"delivered"}


def test_the_worker_of_a_server_tells_and_gives_back(office: Office, receiver: Receiver) -> None:
    webhook = office.add(receiver.url)
    worker = Worker(office.store, shown, settings=LOOPBACK)
    worker.start()
    until = threading.Event()
    receiver.held.clear()
    office.publish(name="Milk")
    for _ in range(3_000):
        if receiver.received:
            break
        until.wait(0.01)
    assert receiver.received[0].event["data"]["object"]["name"] == "Milk"
    worker.stop()
    receiver.held.set()
    (row,) = office.log(webhook)
    assert (row.status, row.claimed_until) == ("pending", None), "what was on its way is anybody's"
    assert asyncio.run(Sender(office.store, settings=LOOPBACK).drain()) == 1
