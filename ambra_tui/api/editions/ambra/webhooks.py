"""Webhooks: who is told of which events, what was sent to them, and sending it again.

Example::

    POST /v1/webhooks    {"url": "https://erp.example.com/hooks", "events": ["stock_level.low"]}
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.fields import Body, Flag, Identifier, OneOf
from ambra_tui.api.paging import LimitPaging
from ambra_tui.kit.clock import to_iso
from ambra_tui.services import webhooks
from ambra_tui.store.models import Webhook, WebhookDelivery

catalogue = Catalogue("Webhooks", about="Who is told of which events, what was sent to them, and sending it again.")
NAMES = webhooks.event_names("ambra")
MAX_OVERLAP_SECONDS = int(webhooks.MAX_OVERLAP.total_seconds())
EXAMPLE = {"url": "https://your-domain.com/webhook", "events": ["product.created", "stock_level.low"]}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _seconds(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_OVERLAP_SECONDS:
        raise ValueError(f"must be a whole number of seconds from 0 to {MAX_OVERLAP_SECONDS}")
    return value


Url = Annotated[
    str, BeforeValidator(_text), WithJsonSchema({"type": "string", "format": "uri", "maxLength": webhooks.MAX_URL})
]
Secret = Annotated[
    str,
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "minLength": webhooks.MIN_SECRET, "maxLength": webhooks.MAX_SECRET}),
]
Events = Annotated[list[Annotated[str, BeforeValidator(_text), OneOf(NAMES)]], Field(min_length=1, max_length=100)]
Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MAX_OVERLAP_SECONDS}),
]


class WebhookView(TypedDict):
    """A receiver of events. ``active`` is false while nothing is sent; ``paused_at`` and ``paused_reason`` tell that
    the server stopped it by itself. The secret is not in it."""

    id: str
    url: str
    events: list[str]
    active: bool
    paused_at: str | None
    paused_reason: str | None
    failing_since: str | None
    previous_secret_until: str | None
    created_at: str
    updated_at: str


class NewWebhookView(WebhookView):
    """A receiver with its secret, shown this once. ``standard_secret``: the same secret as libraries of Standard
    Webhooks want it."""

    secret: str
    standard_secret: str


class AttemptView(TypedDict):
    """One attempt: the receiver's status, or why there is none."""

    at: str
    status: int | None
    error: str
    milliseconds: int


class DeliveryView(TypedDict):
    """One event sent to one receiver. ``status``: pending, delivered or failed."""

    id: str
    webhook_id: str
    event_id: str
    type: str
    status: str
    attempts: int
    next_attempt_at: str | None
    last_status: int | None
    last_error: str | None
    last_attempt_at: str | None
    delivered_at: str | None
    tries: list[AttemptView]
    replay_of: str | None
    created_at: str


class WholeDeliveryView(DeliveryView):
    """A delivery with the event as it is sent."""

    event: dict[str, Any]


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


def _look_at_url(_call: Call, body: NewWebhook | WebhookChange) -> None:
    if body.url is not None:
        webhooks.check_target(body.url)


@catalogue.read(
    "/webhooks", LimitPaging, scope="admin", operation_id="listWebhooks", is_list=True,
    summary="Webhooks, newest first", shape=WebhookView,
)  # fmt: skip
def list_all(session: Session, call: Call, query: LimitPaging) -> Answer:
    """A page of receivers of this edition's events."""
    rows, total = webhooks.list_webhooks(
        session, edition=call.edition.name, offset=query.offset, limit=query.per_page
    )  # fmt: skip
    return Answer([_view(row) for row in rows], total)


@catalogue.read(
    "/webhooks/{id}", Nothing, scope="admin", operation_id="getWebhook", summary="One webhook", shape=WebhookView
)
def get(session: Session, call: Call, _query: object) -> Answer:
    """A receiver, without its secret."""
    return Answer(_view(_webhook(session, call)))


@catalogue.write(
    "POST", "/webhooks", NewWebhook, scope="admin", operation_id="createWebhook", status=201, before=_look_at_url,
    summary="Add a webhook; its secret is in this answer only", shape=NewWebhookView, example=EXAMPLE,
)  # fmt: skip
def create(session: Session, call: Call, body: NewWebhook) -> Answer:
    """Makes it; from now on it is told."""
    made = webhooks.create_webhook(
        session, url=body.url, events=body.events, secret=body.secret, is_active=body.active, edition=call.edition.name
    )
    return Answer(_with_secret(made), location=call.url(f"/webhooks/{made.id}"))


@catalogue.write(
    "PATCH", "/webhooks/{id}", WebhookChange, scope="admin", operation_id="updateWebhook", current=get,
    before=_look_at_url, summary="Change a webhook, switch it off or on, give it another secret", shape=WebhookView,
    example={"active": False},
)  # fmt: skip
def update(session: Session, call: Call, body: WebhookChange) -> Answer:
    """What is left out stays."""
    changed = webhooks.change_webhook(
        session,
        _webhook(session, call),
        url=body.url,
        events=body.events,
        secret=body.secret,
        is_active=body.active,
    )
    return Answer(_view(changed))


@catalogue.write(
    "DELETE", "/webhooks/{id}", Nothing, scope="admin", operation_id="deleteWebhook", current=get, status=204,
    summary="Remove a webhook", shape=None,
)  # fmt: skip
def delete(session: Session, call: Call, _body: object) -> Answer:
    """Nothing is sent there any more."""
    webhooks.remove_webhook(session, _webhook(session, call))
    return Answer(None)


@catalogue.write(
    "POST", "/webhooks/{id}/rotate_secret", Rotation, scope="admin", operation_id="rotateWebhookSecret",
    summary="A new secret, in this answer only; the old one signs beside it for a while", shape=NewWebhookView,
    example={"overlap_seconds": 3600},
)  # fmt: skip
def rotate(session: Session, call: Call, body: Rotation) -> Answer:
    """Receivers accept either signature until the old one ends."""
    overlap = None if body.overlap_seconds is None else timedelta(seconds=body.overlap_seconds)
    rotated = webhooks.rotate_secret(session, _webhook(session, call), overlap=overlap, secret=body.secret)
    return Answer(_with_secret(rotated))


@catalogue.write(
    "POST", "/webhooks/{id}/test", Nothing, scope="admin", operation_id="testWebhook", status=202,
    summary="Send an event webhook.test", shape=DeliveryView, example={},
)  # fmt: skip
def test(session: Session, call: Call, _body: object) -> Answer:
    """It is signed, tried and logged as any other."""
    return Answer(_delivery_view(webhooks.send_test_event(session, _webhook(session, call))))


@catalogue.read(
    "/webhooks/{id}/deliveries", DeliveryQuery, scope="admin", operation_id="listWebhookDeliveries", is_list=True,
    summary="What was and is to be sent, newest first", shape=DeliveryView,
)  # fmt: skip
def deliveries(session: Session, call: Call, query: DeliveryQuery) -> Answer:
    """A page of the log, which keeps 30 days."""
    rows, total = webhooks.deliveries_of(
        session, _webhook(session, call).id, status=query.status or "", offset=query.offset, limit=query.per_page
    )
    return Answer([_delivery_view(row) for row in rows], total)


@catalogue.read(
    "/webhooks/{id}/deliveries/{delivery_id}", Nothing, scope="admin", operation_id="getWebhookDelivery",
    summary="One delivery with its event", shape=WholeDeliveryView,
)  # fmt: skip
def delivery(session: Session, call: Call, _query: object) -> Answer:
    """What is sent, and how it went."""
    row = _delivery(session, call)
    return Answer({**_delivery_view(row), "event": json.loads(row.body)})


@catalogue.write(
    "POST", "/webhooks/{id}/deliveries/{delivery_id}/redeliver", Nothing, scope="admin", status=202,
    operation_id="redeliverWebhook", summary="Send an event once more, with the same id", shape=DeliveryView,
    example={},
)  # fmt: skip
def redeliver(session: Session, call: Call, _body: object) -> Answer:
    """A delivery of its own, from the first attempt on."""
    again = webhooks.redeliver(session, _webhook(session, call), _delivery(session, call))
    return Answer(_delivery_view(again))


def _webhook(session: Session, call: Call) -> Webhook:
    return webhooks.webhook_by_id(session, call.path["id"], edition=call.edition.name)


def _delivery(session: Session, call: Call) -> WebhookDelivery:
    return webhooks.delivery_by_id(session, _webhook(session, call).id, call.path["delivery_id"])


def _moment(value: Any) -> str | None:
    return None if value is None else to_iso(value)


def _view(row: Webhook) -> WebhookView:
    return {
        "id": row.id,
        "url": row.url,
        "events": list(row.events),
        "active": row.is_listening,
        "paused_at": _moment(row.paused_at),
        "paused_reason": row.paused_why or None,
        "failing_since": _moment(row.failing_since),
        "previous_secret_until": _moment(row.previous_until),
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _with_secret(row: Webhook) -> NewWebhookView:
    return {**_view(row), "secret": row.secret, "standard_secret": webhooks.standard_secret(row.secret)}


def _delivery_view(row: WebhookDelivery) -> DeliveryView:
    return {
        "id": row.id,
        "webhook_id": row.webhook_id,
        "event_id": row.event_id,
        "type": row.event_type,
        "status": row.status,
        "attempts": row.attempts,
        "next_attempt_at": _moment(row.next_attempt_at),
        "last_status": row.last_status,
        "last_error": row.last_error or None,
        "last_attempt_at": _moment(row.last_attempt_at),
        "delivered_at": _moment(row.delivered_at),
        "tries": [dict(each) for each in row.tries],  # type: ignore[misc]  # as they were noted
        "replay_of": row.replay_of or None,
        "created_at": to_iso(row.created_at),
    }
