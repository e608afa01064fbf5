"""Webhooks: who is told of which events, what was sent to them, and sending it again.

Example::

    POST /v2/webhooks    {"url": "https://your-domain.com/webhook", "events": ["order.created", "order.fulfilled"]}
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field
from sqlmodel import Session, col, select

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions._webhooks import (
    DeliveryView,
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
)
from ambra_tui.api.editions.commerce._lists import Listed, page_of
from ambra_tui.api.fields import Body, Flag, Identifier, OneOf
from ambra_tui.services import webhooks
from ambra_tui.store.models import Webhook, WebhookDelivery, table_of

catalogue = Catalogue("Webhooks", about="Who is told of which events, what was sent to them, and sending it again.")
NAMES = webhooks.event_names("commerce")
EXAMPLE = {
    "url": "https://your-domain.com/webhook", "events": ["order.created", "order.fulfilled"],
    "secret": "your_webhook_secret", "active": True,
}  # fmt: skip
Events = Annotated[list[Annotated[str, BeforeValidator(a_text), OneOf(NAMES)]], Field(min_length=1, max_length=100)]


class MadeWebhookView(WebhookView):
    """A receiver. A secret that was made here is told this once; one that the caller chose is not told again."""

    secret: str | None
    standard_secret: str | None


class NewWebhook(Body):
    """A receiver. Without a `secret` one is made and answered. What happened before it was there is not told."""

    url: Url
    events: Events
    secret: Secret | None = None
    active: Flag = True


class WebhookChange(Body):
    """What is to change; what is left out stays. Another `secret` signs together with the old one for a day;
    `rotate_secret` has one made, which is answered. `active` true also ends a pause."""

    url: Url | None = None
    events: Events | None = None
    secret: Secret | None = None
    active: Flag | None = None
    rotate_secret: Flag = False


class DeliveryQuery(Listed):
    """A page of the log, newest first."""

    status: Annotated[Identifier, OneOf(webhooks.STATUSES)] | None = None


@catalogue.read(
    "/webhooks", Listed, scope="webhooks:read", operation_id="listWebhooks", is_list=True,
    summary="Webhooks, newest first", shape=WebhookView,
)  # fmt: skip
def list_all(session: Session, call: Call, query: Listed) -> Answer:
    """A page of receivers of this edition's events."""
    table = table_of(Webhook)
    page = page_of(
        session, call, query, Webhook, table.c.edition == call.edition.name, table.c.removed_at.is_(None), order=()
    )
    ids = [row.id for row in page.rows]
    found = {row.id: row for row in session.exec(select(Webhook).where(col(Webhook.id).in_(ids)))}
    return page.answer([webhook_view(found[row_id]) for row_id in ids])


@catalogue.read(
    "/webhooks/{id}", Nothing, scope="webhooks:read", operation_id="getWebhook", summary="One webhook",
    shape=WebhookView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A receiver, without its secret."""
    return Answer(webhook_view(webhook_of(session, call)))


@catalogue.write(
    "POST", "/webhooks", NewWebhook, scope="webhooks:write", operation_id="createWebhook", status=201,
    before=look_at_url, summary="Add a webhook", shape=MadeWebhookView, example=EXAMPLE,
)  # fmt: skip
def create(session: Session, call: Call, body: NewWebhook) -> Answer:
    """Makes it; from now on it is told."""
    made = webhooks.create_webhook(
        session, url=body.url, events=body.events, secret=body.secret, is_active=body.active, edition=call.edition.name
    )
    return Answer(_made_view(made, is_told=body.secret is None), location=call.url(f"/webhooks/{made.id}"))


@catalogue.write(
    "PUT", "/webhooks/{id}", WebhookChange, scope="webhooks:write", operation_id="updateWebhook", current=get,
    before=look_at_url, summary="Change a webhook, switch it off or on, give it another secret", shape=MadeWebhookView,
    example={"active": False},
)  # fmt: skip
def update(session: Session, call: Call, body: WebhookChange) -> Answer:
    """What is left out stays."""
    changed = webhooks.change_webhook(
        session, webhook_of(session, call), url=body.url, events=body.events, secret=body.secret, is_active=body.active
    )
    is_made = body.rotate_secret and body.secret is None
    if is_made:
        changed = webhooks.rotate_secret(session, changed)
    return Answer(_made_view(changed, is_told=is_made))


@catalogue.write(
    "DELETE", "/webhooks/{id}", Nothing, scope="webhooks:write", operation_id="deleteWebhook", current=get, status=204,
    summary="Remove a webhook", shape=None,
)  # fmt: skip
def delete(session: Session, call: Call, _body: object) -> Answer:
    """Nothing is sent there any more."""
    webhooks.remove_webhook(session, webhook_of(session, call))
    return Answer(None)


@catalogue.read(
    "/webhooks/{id}/deliveries", DeliveryQuery, scope="webhooks:read", operation_id="listWebhookDeliveries",
    is_list=True, summary="What was and is to be sent, newest first", shape=DeliveryView,
)  # fmt: skip
def deliveries(session: Session, call: Call, query: DeliveryQuery) -> Answer:
    """A page of the log, which keeps 30 days."""
    table = table_of(WebhookDelivery)
    conditions = [table.c.webhook_id == webhook_of(session, call).id]
    if query.status is not None:
        conditions.append(table.c.status == query.status)
    page = page_of(session, call, query, WebhookDelivery, *conditions, order=(("created_at", True),))
    return page.answer([delivery_view(row) for row in page.rows])


@catalogue.read(
    "/webhooks/{id}/deliveries/{delivery_id}", Nothing, scope="webhooks:read", operation_id="getWebhookDelivery",
    summary="One delivery with its event", shape=WholeDeliveryView,
)  # fmt: skip
def delivery(session: Session, call: Call, _query: object) -> Answer:
    """What is sent, and how it went."""
    return Answer(whole_delivery_view(delivery_of(session, call)))


@catalogue.write(
    "POST", "/webhooks/{id}/test", Nothing, scope="webhooks:write", operation_id="testWebhook", status=201,
    summary="Send an event webhook.test", shape=DeliveryView, example={},
)  # fmt: skip
def test(session: Session, call: Call, _body: object) -> Answer:
    """It is signed, tried and logged as any other."""
    return _sent(call, webhooks.send_test_event(session, webhook_of(session, call)))


@catalogue.write(
    "POST", "/webhooks/{id}/deliveries/{delivery_id}/redeliver", Nothing, scope="webhooks:write", status=201,
    operation_id="redeliverWebhook", summary="Send an event once more, with the same id", shape=DeliveryView,
    example={},
)  # fmt: skip
def redeliver(session: Session, call: Call, _body: object) -> Answer:
    """A delivery of its own, from the first attempt on."""
    return _sent(call, webhooks.redeliver(session, webhook_of(session, call), delivery_of(session, call)))


def _sent(call: Call, row: WebhookDelivery) -> Answer:
    return Answer(delivery_view(row), location=call.url(f"/webhooks/{row.webhook_id}/deliveries/{row.id}"))


def _made_view(row: Webhook, *, is_told: bool) -> MadeWebhookView:
    secret = row.secret if is_told else None
    return {
        **webhook_view(row),
        "secret": secret,
        "standard_secret": webhooks.standard_secret(secret) if secret else None,
    }
