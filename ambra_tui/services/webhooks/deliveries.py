"""The log of what was told to whom, and telling it again.

Example::

    rows, total = deliveries_of(session, webhook.id, status="failed")
    redeliver(session, rows[0])
"""

from __future__ import annotations

import json
from typing import Any

from sqlmodel import Session, col, func, select

from ambra_tui.errors import Invalid, NotFound, WrongState
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.ids import new_id
from ambra_tui.services.webhooks import schedule
from ambra_tui.services.webhooks.event_types import TEST_EVENT
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Webhook, WebhookDelivery
from ambra_tui.store.scope import now_of, organization_of, scoped

STATUSES = ("pending", "delivered", "failed")


def deliveries_of(
    session: Session, webhook_id: str, *, status: str = "", offset: int = 0, limit: int = 25
) -> tuple[list[WebhookDelivery], int]:
    """What was and is to be sent to an endpoint, the newest first, and how much that is."""
    if status and status not in STATUSES:
        raise Invalid(f"status is one of {', '.join(STATUSES)}", field="status")
    of_it = [col(WebhookDelivery.webhook_id) == webhook_id]
    if status:
        of_it.append(col(WebhookDelivery.status) == status)
    newest = (col(WebhookDelivery.created_at).desc(), col(WebhookDelivery.id).desc())
    statement = scoped(session, WebhookDelivery).where(*of_it).order_by(*newest).offset(offset).limit(limit)
    counted = select(func.count()).where(col(WebhookDelivery.organization_id) == organization_of(session), *of_it)
    return list(session.exec(statement)), session.exec(counted).one()


def delivery_by_id(session: Session, webhook_id: str, delivery_id: str) -> WebhookDelivery:
    """One delivery of an endpoint. Raises NotFound."""
    found = session.exec(scoped(session, WebhookDelivery).where(col(WebhookDelivery.id) == delivery_id)).first()
    if found is None or found.webhook_id != webhook_id:
        raise NotFound("delivery", delivery_id)
    return found


def redeliver(session: Session, webhook: Webhook, delivery: WebhookDelivery) -> WebhookDelivery:
    """The same event with the same body once more, from the first attempt on. The log keeps both."""
    _refuse_silent(webhook, "send to")
    again = _queued(session, webhook, delivery.event_id, delivery.event_type, delivery.body, replay_of=delivery.id)
    audit(session, "webhook_redelivered", webhook.id, delivery_id=delivery.id, event_id=delivery.event_id)
    return again


def send_test_event(session: Session, webhook: Webhook) -> WebhookDelivery:
    """An event ``webhook.test``, which every receiver may get; it is signed, tried and logged as any other."""
    _refuse_silent(webhook, "test")
    event_id = new_id("evt")
    shown = {"id": webhook.id, "url": webhook.url, "events": list(webhook.events)}
    body = event_body(event_id, TEST_EVENT, to_iso(now_of(session)), shown)
    sent = _queued(session, webhook, event_id, TEST_EVENT, body)
    audit(session, "webhook_tested", webhook.id, event_id=event_id)
    return sent


def _refuse_silent(webhook: Webhook, step: str) -> None:
    if not webhook.is_listening:
        state = "paused" if webhook.is_active else "not active"
        raise WrongState("webhook", webhook.id, state=state, step=step)


def _queued(
    session: Session, webhook: Webhook, event_id: str, event_type: str, body: str, *, replay_of: str = ""
) -> WebhookDelivery:
    now = schedule.now()
    row = WebhookDelivery(
        organization_id=organization_of(session),
        id=new_id("dlv"),
        webhook_id=webhook.id,
        event_id=event_id,
        event_type=event_type,
        body=body,
        counts_from=now,
        next_attempt_at=now,
        replay_of=replay_of,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def event_body(event_id: str, event_type: str, created_at: str, shown: Any, **more: Any) -> str:
    """The JSON text of an event: what is sent, and signed, byte for byte."""
    event = {"id": event_id, "type": event_type, "created_at": created_at, **more, "data": {"object": shown}}
    return json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
