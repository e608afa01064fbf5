"""What the editions' operations on webhooks share: the fields of bodies, what a receiver and a delivery look like.

Example::

    webhook_view(webhook_of(session, call))     # {'id': 'whk_01K...', 'url': ..., 'events': [...], ...}
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Protocol

from pydantic import BeforeValidator, WithJsonSchema
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Call
from ambra_tui.kit.clock import to_iso
from ambra_tui.services import webhooks
from ambra_tui.store.models import Webhook, WebhookDelivery

MAX_OVERLAP_SECONDS = int(webhooks.MAX_OVERLAP.total_seconds())


def a_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _seconds(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_OVERLAP_SECONDS:
        raise ValueError(f"must be a whole number of seconds from 0 to {MAX_OVERLAP_SECONDS}")
    return value


Url = Annotated[
    str, BeforeValidator(a_text), WithJsonSchema({"type": "string", "format": "uri", "maxLength": webhooks.MAX_URL})
]
Secret = Annotated[
    str,
    BeforeValidator(a_text),
    WithJsonSchema({"type": "string", "minLength": webhooks.MIN_SECRET, "maxLength": webhooks.MAX_SECRET}),
]


Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MAX_OVERLAP_SECONDS}),
]


class HasUrl(Protocol):
    """A body that may name where to send."""

    @property
    def url(self) -> str | None:
        """The address; None when it stays."""


def look_at_url(_call: Call, body: HasUrl) -> None:
    """Asks for the address of the receiver's name, outside every transaction. Raises Invalid."""
    if body.url is not None:
        webhooks.check_target(body.url)


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


def webhook_of(session: Session, call: Call) -> Webhook:
    """The receiver that the path names; of this edition only."""
    return webhooks.webhook_by_id(session, call.path["id"], edition=call.edition.name)


def delivery_of(session: Session, call: Call) -> WebhookDelivery:
    """The delivery that the path names."""
    return webhooks.delivery_by_id(session, webhook_of(session, call).id, call.path["delivery_id"])


def _moment(value: Any) -> str | None:
    return None if value is None else to_iso(value)


def webhook_view(row: Webhook) -> WebhookView:
    """A receiver as it is answered."""
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


def with_secret(row: Webhook) -> NewWebhookView:
    """A receiver with its secret."""
    return {**webhook_view(row), "secret": row.secret, "standard_secret": webhooks.standard_secret(row.secret)}


def delivery_view(row: WebhookDelivery) -> DeliveryView:
    """A delivery as it is answered."""
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


def whole_delivery_view(row: WebhookDelivery) -> WholeDeliveryView:
    """A delivery with its event."""
    return {**delivery_view(row), "event": json.loads(row.body)}
