"""An event reaches its receivers: signed, at the printed moments, once the receiver says yes, and to nobody else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select
from standardwebhooks import Webhook as Verifier

from ambra_tui.errors import Invalid, WrongState
from ambra_tui.kit.clock import Clock
from ambra_tui.services import webhooks
from ambra_tui.services.webhooks import Happened, schedule
from ambra_tui.services.webhooks.fan_out import FanOut
from ambra_tui.store.models import AuditEntry, OutboxEvent, Webhook
from ambra_tui.store.scope import scoped
from tests.services.webhooks.conftest import Office, shown
from tests.services.webhooks.receiver import Received, Receiver

MOMENTS = [0, 60, 300, 1_800, 7_200, 21_600]


def test_six_attempts_at_the_printed_moments(office: Office, receiver: Receiver) -> None:
    webhook = office.add(receiver.url)
    receiver.answers = [500, 301, 404, 429, 503, 200]
    office.publish(name="Milk")
    assert office.tell() == 1
    began, seen = office.clock.at, []
    for number, moment in enumerate(MOMENTS):
        office.clock.at = began + timedelta(seconds=moment, microseconds=-1)
        assert number == 0 or office.send() == 0
        office.clock.at = began + timedelta(seconds=moment + 1)
        assert office.send() == 1
        seen.append(len(receiver.received))
    assert seen == [1, 2, 3, 4, 5, 6]
    (row,) = office.log(webhook)
    assert (row.status, row.attempts, row.last_status, row.next_attempt_at) == ("delivered", 6, 200, None)
    assert [each["status"] for each in row.tries] == [500, 301, 404, 429, 503, 200]
    assert len({request.body for request in receiver.received}) == 1, "a repeat is the same, byte for byte"
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1

    receiver.answers = [500] * 9
    office.publish(name="Butter")
    office.tell()
    for moment in MOMENTS:
        office.clock.at += timedelta(seconds=moment + 1)
        office.send()
    office.later(days=1)
    assert office.send() == 0
    row = office.log(webhook)[-1]
    assert (row.status, row.attempts, row.last_error) == ("failed", 6, "answered 500")
    assert office.now(webhook).is_listening, "the delivery failed, not the endpoint"


def test_attempts_keep_their_gaps_when_no_server_ran(office: Office, receiver: Receiver) -> None:
    webhook = office.add(receiver.url)
    receiver.answers = [500, 500, 500]
    office.publish()
    office.tell()
    office.later(hours=3)
    assert office.send() == 1
    assert office.send() == 0, "the next one is a minute later, not at once"
    office.later(seconds=61)
    assert office.send() == 1
    office.later(seconds=241)
    assert office.send() == 1
    assert office.log(webhook)[0].attempts == 3


def _hex(secret: str, request: Received) -> str:
    return hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("chosen", [None, "your_webhook_secret"])
def test_signatures_verify_and_two_secrets_overlap(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, chosen: str | None
) -> None:
    monkeypatch.setattr(schedule, "clock", Clock())  # a verifier looks at the time
    webhook = office.add(receiver.url, secret=chosen)
    first = webhook.secret
    assert chosen is None or first == chosen
    assert first.startswith("whsec_") != bool(chosen)

    def tell(name: str) -> Received:
        office.publish(name=name)
        office.tell()
        office.send()
        return receiver.received[-1]

    def check(request: Received, *good: str, bad: str = "") -> None:
        assert request.headers["x-webhook-signature"] == _hex(good[0], request)
        for secret in good:
            told = Verifier(webhooks.standard_secret(secret)).verify(request.body, request.headers)
            assert told == request.event
        if bad:
            with pytest.raises(Exception, match="matching signature"):
                Verifier(webhooks.standard_secret(bad)).verify(request.body, request.headers)

    request = tell("Käse [1]")
    check(request, first, bad="whsec_" + base64.b64encode(b"another secret altogether").decode())
    assert request.event["data"]["object"]["name"] == "Käse [1]"
    assert request.headers["content-type"] == "application/json"
    rotated = office.write(
        lambda session: webhooks.rotate_secret(
            session, webhooks.webhook_by_id(session, webhook.id), overlap=timedelta(hours=1)
        )
    )
    request = tell("both")
    check(request, rotated.secret, first)
    assert request.headers["x-webhook-signature-previous"] == _hex(first, request)
    frozen = schedule.now() + timedelta(hours=1, seconds=1)
    assert webhooks.subscriptions.secrets_of(office.now(webhook), frozen) == [rotated.secret]


def test_who_does_not_listen_hears_nothing_and_queues_nothing(office: Office, receiver: Receiver) -> None:
    other = office.add(receiver.url, "stock_level.low")
    quiet = office.add(receiver.url, is_active=False)
    webhook = office.add(receiver.url)
    office.publish(name="1")
    assert office.tell() == 1
    assert [len(office.log(each)) for each in (other, quiet, webhook)] == [0, 0, 1]
    office.change(webhook, is_active=False)
    assert office.send() == 1
    assert receiver.received == []
    assert office.log(webhook)[0].status == "failed"
    assert office.log(webhook)[0].attempts == 0
    office.publish(name="2")  # nobody reads the outbox while it happens
    office.change(webhook, is_active=True)
    assert office.tell() == 0, "what happened while it was off stays untold"
    office.publish(name="3")
    assert office.tell() == 1
    office.send()
    assert [request.event["data"]["object"]["name"] for request in receiver.received] == ["3"]
    office.write(lambda session: webhooks.remove_webhook(session, webhooks.webhook_by_id(session, webhook.id)))
    office.publish(name="4")
    assert office.tell() == 0
    with pytest.raises(Exception, match="not found"):
        office.now(webhook)


def test_switched_off_between_reading_and_writing_it_queues_nothing(office: Office, receiver: Receiver) -> None:
    leaving, staying = office.add(receiver.url), office.add(receiver.url)
    office.publish()

    def show(session: Session, edition: str, event: Happened) -> Any:
        """The object is looked at behind the reading and before the writing."""
        office.change(leaving, is_active=False)
        return shown(session, edition, event)

    assert FanOut(office.store, show).run_once() == 1
    assert [len(office.log(each)) for each in (leaving, staying)] == [0, 1]


def test_gone_stops_at_once_and_days_of_failures_pause(office: Office, receiver: Receiver) -> None:
    gone, failing = office.add(receiver.url, "product.created"), office.add(receiver.url, "product.deleted")
    receiver.answers = [410]
    office.publish()
    office.tell()
    office.send()
    assert [(row.status, row.attempts) for row in office.log(gone)] == [("failed", 1)]
    assert office.now(gone).paused_why == "the receiver answered 410 Gone"
    office.later(hours=1)
    for day in range(4):
        receiver.answers = [500] * 9
        office.publish("product_deleted", f"prod_{day}")
        office.tell()
        office.send()
        assert office.now(failing).is_listening == (day < 3)
        office.later(days=1)
    assert office.now(failing).paused_why.startswith("nothing but failures for 3 days, since 2026-03-02T09:00")
    with office.store.read(failing.organization_id) as session:
        acts = session.exec(scoped(session, AuditEntry).where(col(AuditEntry.act) == "webhook_paused")).all()
        facts = session.exec(scoped(session, OutboxEvent).where(col(OutboxEvent.type) == "webhook_paused")).all()
    assert (len(acts), len(facts)) == (2, 2)
    with pytest.raises(WrongState, match="is paused"):
        office.write(lambda session: webhooks.send_test_event(session, webhooks.webhook_by_id(session, failing.id)))
    resumed = office.change(failing, is_active=True)
    assert resumed.is_listening and resumed.failing_since is None
    receiver.answers = []
    office.publish("product_deleted", "prod_9")
    office.tell()
    office.send()
    assert office.log(failing)[-1].status == "delivered"


def test_one_success_begins_the_days_anew(office: Office, receiver: Receiver) -> None:
    webhook = office.add(receiver.url)
    for answer in (500, 200, 500):
        receiver.answers = [answer]
        office.publish()
        office.tell()
        office.send()
        office.later(days=2)
    assert office.now(webhook).is_listening


def test_a_delivery_is_repeated_and_a_test_is_sent(office: Office, receiver: Receiver) -> None:
    webhook = office.add(receiver.url)
    office.publish(name="Milk")
    office.tell()
    office.send()
    first = office.log(webhook)[0]
    office.later(seconds=1)
    again = office.write(
        lambda session: webhooks.redeliver(
            session,
            webhooks.webhook_by_id(session, webhook.id),
            webhooks.delivery_by_id(session, webhook.id, first.id),
        )
    )
    office.send()
    office.later(seconds=1)
    office.write(lambda session: webhooks.send_test_event(session, webhooks.webhook_by_id(session, webhook.id)))
    office.send()
    one, two, three = receiver.received
    assert one.body == two.body
    assert one.headers["webhook-id"] == two.headers["webhook-id"] == first.event_id
    assert three.event["type"] == "webhook.test"
    assert three.event["data"]["object"]["url"] == receiver.url
    assert [(row.replay_of, row.status) for row in office.log(webhook)] == [
        ("", "delivered"),
        (first.id, "delivered"),
        ("", "delivered"),
    ]
    assert again.id != first.id


def test_what_an_endpoint_cannot_be(office: Office) -> None:
    for changes, field in (
        ({"events": ["order.created"]}, "events"),
        ({"events": []}, "events"),
        ({"secret": "short"}, "secret"),
        ({"secret": "with\x00control"}, "secret"),
        ({"edition": "operations"}, "edition"),
        ({"url": "ftp://erp.example.com"}, "url"),
    ):
        values = {"url": "https://erp.example.com", "events": ["product.created"]} | changes
        with pytest.raises(Invalid) as refused:
            office.write(lambda session, values=values: webhooks.create_webhook(session, **values))
        assert refused.value.field == field
    with office.store.read_system() as session:
        assert session.exec(select(Webhook)).all() == []
