"""Webhooks: who is told of which events, what was sent to them, and sending it again.

Example::

    POST /v1/webhooks    {"url": "https://erp.example.com/hooks", "events": ["stock_level.low"]}
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions._webhooks import (
    DeliveryView,
    NewWebhookView,
    Seconds,
    Secret,
    Url,
    WebhookView,
    WholeDeliveryView,
    a_text,
    delivery_of,
    delivery_view,
    look_at_url,
    webhook_of,
    webhook_view,
    whole_delivery_view,
    with_secret,
)
from ambra_tui.api.fields import Body, Flag, Identifier, OneOf
from ambra_tui.api.paging import LimitPaging
from ambra_tui.services import webhooks

catalogue = Catalogue("Webhooks", about="Who is told of which events, what was sent to them, and sending it again.")
NAMES = webhooks.event_names("ambra")
EXAMPLE = {"url": "https://your-domain.com/webhook", "events": ["product.created", "stock_level.low"]}
Events = Annotated[list[Annotated[str, BeforeValidator(a_text), OneOf(NAMES)]], Field(min_length=1, max_length=100)]


class NewWebhook(Body):
    """A receiver. Without a `secret` one is made. What happened before it was there is not told."""

    url: Url
    events: Events
    secret: Secret | None = None
    active: Flag = True


class WebhookChange(Body):
    """What is to change; what is left out stays. Another `secret` signs together with the old one for a day. `active`
    true also ends a pause."""

    url: Url | None = None
    events: Events | None = None
    secret: Secret | None = None
    active: Flag | None = None


class Rotation(Body):
    """How long the old secret signs beside the new one; a day when nothing is said. Without a `secret` one is made."""

    overlap_seconds: Seconds | None = None
    secret: Secret | None = None


class DeliveryQuery(LimitPaging):
    """A page of the log, newest first."""

    status: Annotated[Identifier, OneOf(webhooks.STATUSES)] | None = None


@catalogue.read(
    "/webhooks", LimitPaging, scope="admin", operation_id="listWebhooks", is_list=True,
    summary="Webhooks, newest first", shape=WebhookView,
)  # fmt: skip
def list_all(session: Session, call: Call, query: LimitPaging) -> Answer:
    """A page of receivers of this edition's events."""
    rows, total = webhooks.list_webhooks(
        session, edition=call.edition.name, offset=query.offset, limit=query.per_page
    )  # fmt: skip
    return Answer([webhook_view(row) for row in rows], total)


@catalogue.read(
    "/webhooks/{id}", Nothing, scope="admin", operation_id="getWebhook", summary="One webhook", shape=WebhookView
)
def get(session: Session, call: Call, _query: object) -> Answer:
    """A receiver, without its secret."""
    return Answer(webhook_view(webhook_of(session, call)))


@catalogue.write(
    "POST", "/webhooks", NewWebhook, scope="admin", operation_id="createWebhook", status=201, before=look_at_url,
    summary="Add a webhook; its secret is in this answer only", shape=NewWebhookView, example=EXAMPLE,
)  # fmt: skip
def create(session: Session, call: Call, body: NewWebhook) -> Answer:
    """Makes it; from now on it is told."""
    made = webhooks.create_webhook(
        session, url=body.url, events=body.events, secret=body.secret, is_active=body.active, edition=call.edition.name
    )
    return Answer(with_secret(made), location=call.url(f"/webhooks/{made.id}"))


@catalogue.write(
    "PATCH", "/webhooks/{id}", WebhookChange, scope="admin", operation_id="updateWebhook", current=get,
    before=look_at_url, summary="Change a webhook, switch it off or on, give it another secret", shape=WebhookView,
    example={"active": False},
)  # fmt: skip
def update(session: Session, call: Call, body: WebhookChange) -> Answer:
    """What is left out stays."""
    changed = webhooks.change_webhook(
        session,
        webhook_of(session, call),
        url=body.url,
        events=body.events,
        secret=body.secret,
        is_active=body.active,
    )
    return Answer(webhook_view(changed))


@catalogue.write(
    "DELETE", "/webhooks/{id}", Nothing, scope="admin", operation_id="deleteWebhook", current=get, status=204,
    summary="Remove a webhook", shape=None,
)  # fmt: skip
def delete(session: Session, call: Call, _body: object) -> Answer:
    """Nothing is sent there any more."""
    webhooks.remove_webhook(session, webhook_of(session, call))
    return Answer(None)


@catalogue.write(
    "POST", "/webhooks/{id}/rotate_secret", Rotation, scope="admin", operation_id="rotateWebhookSecret",
    summary="A new secret, in this answer only; the old one signs beside it for a while", shape=NewWebhookView,
    example={"overlap_seconds": 3600},
)  # fmt: skip
def rotate(session: Session, call: Call, body: Rotation) -> Answer:
    """Receivers accept either signature until the old one ends."""
    overlap = None if body.overlap_seconds is None else timedelta(seconds=body.overlap_seconds)
    rotated = webhooks.rotate_secret(session, webhook_of(session, call), overlap=overlap, secret=body.secret)
    return Answer(with_secret(rotated))


@catalogue.write(
    "POST", "/webhooks/{id}/test", Nothing, scope="admin", operation_id="testWebhook", status=202,
    summary="Send an event webhook.test", shape=DeliveryView, example={},
)  # fmt: skip
def test(session: Session, call: Call, _body: object) -> Answer:
    """It is signed, tried and logged as any other."""
    return Answer(delivery_view(webhooks.send_test_event(session, webhook_of(session, call))))


@catalogue.read(
    "/webhooks/{id}/deliveries", DeliveryQuery, scope="admin", operation_id="listWebhookDeliveries", is_list=True,
    summary="What was and is to be sent, newest first", shape=DeliveryView,
)  # fmt: skip
def deliveries(session: Session, call: Call, query: DeliveryQuery) -> Answer:
    """A page of the log, which keeps 30 days."""
    rows, total = webhooks.deliveries_of(
        session, webhook_of(session, call).id, status=query.status or "", offset=query.offset, limit=query.per_page
    )
    return Answer([delivery_view(row) for row in rows], total)


@catalogue.read(
    "/webhooks/{id}/deliveries/{delivery_id}", Nothing, scope="admin", operation_id="getWebhookDelivery",
    summary="One delivery with its event", shape=WholeDeliveryView,
)  # fmt: skip
def delivery(session: Session, call: Call, _query: object) -> Answer:
    """What is sent, and how it went."""
    return Answer(whole_delivery_view(delivery_of(session, call)))


@catalogue.write(
    "POST", "/webhooks/{id}/deliveries/{delivery_id}/redeliver", Nothing, scope="admin", status=202,
    operation_id="redeliverWebhook", summary="Send an event once more, with the same id", shape=DeliveryView,
    example={},
)  # fmt: skip
def redeliver(session: Session, call: Call, _body: object) -> Answer:
    """A delivery of its own, from the first attempt on."""
    again = webhooks.redeliver(session, webhook_of(session, call), delivery_of(session, call))
    return Answer(delivery_view(again))
