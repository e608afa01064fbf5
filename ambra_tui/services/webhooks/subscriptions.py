"""Endpoints: who hears of which events. A secret is shown when it is made, never again.

Example::

    webhook = create_webhook(session, url="https://erp.example.com/hooks", events=["stock_level.low"])
    webhook.secret    # 'whsec_...': show it now
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import has_control
from ambra_tui.services.webhooks import schedule
from ambra_tui.services.webhooks.event_types import event_names
from ambra_tui.services.webhooks.signing import new_secret
from ambra_tui.services.webhooks.targets import parse_target
from ambra_tui.store.facts import audit
from ambra_tui.store.models import OutboxEvent, Webhook
from ambra_tui.store.scope import now_of, organization_of, scoped

MAX_WEBHOOKS = 100
MIN_SECRET, MAX_SECRET = 8, 200
OVERLAP, MAX_OVERLAP = timedelta(hours=24), timedelta(days=30)


def list_webhooks(
    session: Session, *, edition: str = "", offset: int = 0, limit: int | None = None
) -> tuple[list[Webhook], int]:
    """Endpoints, the newest first, and how many there are; only those of one edition when it is named."""
    own: list[ColumnElement[bool]] = [col(Webhook.removed_at).is_(None)]
    if edition:
        own.append(col(Webhook.edition) == edition)
    statement = scoped(session, Webhook).where(*own)
    ordered = statement.order_by(col(Webhook.created_at).desc(), col(Webhook.id).desc()).offset(offset).limit(limit)
    counted = select(func.count()).where(col(Webhook.organization_id) == organization_of(session), *own)
    return list(session.exec(ordered)), session.exec(counted).one()


def webhook_by_id(session: Session, webhook_id: str, *, edition: str = "") -> Webhook:
    """The endpoint, of one edition when it is named. Raises NotFound."""
    found = session.exec(scoped(session, Webhook).where(col(Webhook.id) == webhook_id)).first()
    if found is None or found.removed_at is not None or (edition and found.edition != edition):
        raise NotFound("webhook", webhook_id)
    return found


def create_webhook(
    session: Session,
    *,
    url: str,
    events: Iterable[str],
    secret: str | None = None,
    is_active: bool = True,
    edition: str = "ambra",
) -> Webhook:
    """An endpoint that hears of what happens from now on. `check_target(url)` comes first, outside the transaction."""
    _, count = list_webhooks(session, limit=0)
    if count >= MAX_WEBHOOKS:
        raise Invalid(f"an organization has at most {MAX_WEBHOOKS} webhooks; remove one first", field="url")
    now = now_of(session)
    webhook = Webhook(
        organization_id=organization_of(session),
        id=new_id("whk"),
        edition=edition,
        url=parse_target(url).url,
        events=_known_events(events, edition),
        secret=_checked_secret(secret) if secret is not None else new_secret(),
        is_active=is_active,
        after_event=_last_event(session),
        created_at=now,
        updated_at=now,
    )
    session.add(webhook)
    session.flush()
    audit(session, "webhook_created", webhook.id, url=webhook.url, events=webhook.events, edition=edition)
    return webhook


def change_webhook(
    session: Session,
    webhook: Webhook,
    *,
    url: str | None = None,
    events: Iterable[str] | None = None,
    secret: str | None = None,
    is_active: bool | None = None,
) -> Webhook:
    """What is given changes. Another secret signs together with the old one for a day; `is_active` True also ends a
    pause, and what happened meanwhile stays untold."""
    if url is not None:
        webhook.url = parse_target(url).url
    if events is not None:
        webhook.events = _known_events(events, webhook.edition)
    if secret is not None and secret != webhook.secret:
        _replace_secret(webhook, _checked_secret(secret), OVERLAP)
    if is_active is not None:
        _switch(session, webhook, is_active)
    webhook.updated_at = now_of(session)
    session.add(webhook)
    session.flush()
    audit(session, "webhook_changed", webhook.id, url=webhook.url, events=webhook.events, is_active=webhook.is_active)
    return webhook


def _switch(session: Session, webhook: Webhook, is_active: bool) -> None:
    if is_active and not webhook.is_listening:
        webhook.after_event = _last_event(session)
        webhook.paused_at, webhook.paused_why, webhook.failing_since = None, "", None
    webhook.is_active = is_active


def rotate_secret(
    session: Session, webhook: Webhook, *, overlap: timedelta | None = None, secret: str | None = None
) -> Webhook:
    """A new secret, in `webhook.secret`; until `overlap` (a day) has passed the old one signs beside it."""
    length = OVERLAP if overlap is None else overlap
    if not timedelta(0) <= length <= MAX_OVERLAP:
        raise Invalid(f"the old secret is good for 0 to {MAX_OVERLAP.days} days more", field="overlap_seconds")
    _replace_secret(webhook, _checked_secret(secret) if secret is not None else new_secret(), length)
    webhook.updated_at = now_of(session)
    session.add(webhook)
    session.flush()
    audit(session, "webhook_secret_rotated", webhook.id, overlap_seconds=int(length.total_seconds()))
    return webhook


def _replace_secret(webhook: Webhook, secret: str, overlap: timedelta) -> None:
    webhook.previous_secret = webhook.secret if overlap else ""
    webhook.previous_until = schedule.now() + overlap if overlap else None
    webhook.secret = secret


def secrets_of(webhook: Webhook, now: datetime) -> list[str]:
    """What signs now: the secret, and the one before it while that is good."""
    if webhook.previous_secret and webhook.previous_until is not None and now < webhook.previous_until:
        return [webhook.secret, webhook.previous_secret]
    return [webhook.secret]


def remove_webhook(session: Session, webhook: Webhook) -> None:
    """Nothing is sent there any more. Its log goes with the cleaning of old deliveries."""
    webhook.removed_at = now_of(session)
    webhook.is_active = False
    webhook.secret = webhook.previous_secret = ""
    session.add(webhook)
    session.flush()
    audit(session, "webhook_removed", webhook.id, url=webhook.url)


def _known_events(events: Iterable[str], edition: str) -> list[str]:
    known = event_names(edition)
    wanted = list(dict.fromkeys(events))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise Invalid(f"'{unknown[0]}' is no event; there are {', '.join(known)}", field="events")
    if not wanted:
        raise Invalid(f"name at least one event: {', '.join(known)}", field="events")
    return wanted


def _checked_secret(secret: str) -> str:
    if not MIN_SECRET <= len(secret) <= MAX_SECRET or has_control(secret):
        raise Invalid(
            f"a secret has {MIN_SECRET} to {MAX_SECRET} characters, none of them a control character", field="secret"
        )
    return secret


def _last_event(session: Session) -> int:
    """The number of the newest event: what comes later is for a webhook that begins to listen now."""
    statement = (
        select(OutboxEvent.id)
        .where(col(OutboxEvent.organization_id) == organization_of(session))
        .order_by(col(OutboxEvent.id).desc())
        .limit(1)
    )
    return session.exec(statement).first() or 0
