"""Who sends what: deliveries that are due are claimed for a minute, sent, and settled with what came of it.

A claim of a process that is gone ends at once when it ran on this machine, else when its minute is over: what it had
sent without settling is sent again.

Example::

    jobs = claim_due(store, holder, now, room={...})
    settle(store, holder, outcomes)
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import and_, delete, or_, tuple_, update
from sqlmodel import Session, col, select

from ambra_tui.kit.clock import to_iso
from ambra_tui.services.webhooks import schedule
from ambra_tui.services.webhooks.subscriptions import secrets_of
from ambra_tui.store import SYSTEM, Store
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.leases import has_ended
from ambra_tui.store.models import Webhook, WebhookDelivery, table_of
from ambra_tui.store.scope import organization_of, scoped

log = logging.getLogger(__name__)
CLAIM = timedelta(seconds=60)
SCANNED = 500
FORGOTTEN_AT_ONCE = 1_000
GONE = 410
_table = table_of(WebhookDelivery)
Key = tuple[int, str]
"""An organization and an id in it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt that is to be made now. `why_not`: it is not to be made after all."""

    organization_id: int
    id: str
    webhook_id: str
    event_id: str
    event_type: str
    body: str
    attempt: int
    url: str
    secrets: tuple[str, ...]
    claimed_until: datetime
    why_not: str = ""

    @property
    def endpoint(self) -> Key:
        """Whom it goes to."""
        return self.organization_id, self.webhook_id


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. `status`: the receiver's, None when it did not answer."""

    job: Job
    started: datetime
    status: int | None
    error: str
    milliseconds: int

    @property
    def is_delivered(self) -> bool:
        """2xx, and nothing else."""
        return self.status is not None and 200 <= self.status < 300


def due(
    store: Store, now: datetime, *, busy: Collection[Key], room: Mapping[Key, int], window: int, limit: int
) -> list[Key]:
    """Deliveries that wait, the longest first: of each endpoint as many as it has `room` for, else `window`."""
    waiting = [
        col(WebhookDelivery.status) == "pending",
        col(WebhookDelivery.next_attempt_at) <= now,
        or_(col(WebhookDelivery.claimed_until).is_(None), col(WebhookDelivery.claimed_until) <= now),
    ]
    if busy:
        endpoint = tuple_(col(WebhookDelivery.organization_id), col(WebhookDelivery.webhook_id))
        waiting.append(endpoint.not_in(sorted(busy)))
    statement = (
        select(WebhookDelivery.organization_id, WebhookDelivery.id, WebhookDelivery.webhook_id)
        .where(*waiting)
        .order_by(col(WebhookDelivery.next_attempt_at))
        .limit(SCANNED)
    )
    with store.read_system() as session:
        found = session.exec(statement).all()
    taken: dict[Key, int] = defaultdict(int)
    chosen: list[Key] = []
    for organization_id, delivery_id, webhook_id in found:
        endpoint_key = (organization_id, webhook_id)
        if len(chosen) < limit and taken[endpoint_key] < room.get(endpoint_key, window):
            taken[endpoint_key] += 1
            chosen.append((organization_id, delivery_id))
    return chosen


def claim(store: Store, holder: str, keys: Sequence[Key], now: datetime) -> list[Job]:
    """Those of the deliveries that nobody else took meanwhile, ready to be sent."""
    until = now + CLAIM

    def work(session: Session) -> list[Job]:
        free = or_(_table.c.claimed_until.is_(None), _table.c.claimed_until <= now)
        chosen = tuple_(_table.c.organization_id, _table.c.id).in_(sorted(keys))
        taken = session.connection().execute(
            update(_table)
            .where(chosen, _table.c.status == "pending", free)
            .values(claimed_by=holder, claimed_until=until)
            .returning(_table.c.organization_id, _table.c.id)
        )
        mine = [(row[0], row[1]) for row in taken.all()]
        return _jobs(session, mine, now, until) if mine else []

    return store.writer.run(work, organization_id=None, actor=SYSTEM)


def _jobs(session: Session, keys: Sequence[Key], now: datetime, until: datetime) -> list[Job]:
    statement = select(WebhookDelivery, Webhook).join(
        Webhook,
        and_(
            col(Webhook.organization_id) == col(WebhookDelivery.organization_id),
            col(Webhook.id) == col(WebhookDelivery.webhook_id),
        ),
    )
    chosen = tuple_(col(WebhookDelivery.organization_id), col(WebhookDelivery.id)).in_(sorted(keys))
    ordered = statement.where(chosen).order_by(col(WebhookDelivery.next_attempt_at))
    return [
        Job(
            organization_id=delivery.organization_id,
            id=delivery.id,
            webhook_id=webhook.id,
            event_id=delivery.event_id,
            event_type=delivery.event_type,
            body=delivery.body,
            attempt=delivery.attempts + 1,
            url=webhook.url,
            secrets=tuple(secrets_of(webhook, now)),
            claimed_until=until,
            why_not="" if webhook.is_listening else "not sent: the webhook is not active",
        )
        for delivery, webhook in session.exec(ordered)
    ]


def free_claims_of_the_dead(store: Store, now: datetime) -> None:
    """What a process of this machine had claimed when it was killed is due again."""
    held = (col(WebhookDelivery.status) == "pending", col(WebhookDelivery.claimed_until) > now)
    with store.read_system() as session:
        holders = session.exec(select(WebhookDelivery.claimed_by).where(*held).distinct()).all()
    dead = [holder for holder in holders if has_ended(holder)]
    if dead:
        release = update(_table).where(_table.c.status == "pending", _table.c.claimed_by.in_(dead))
        store.writer.run(
            lambda session: session.connection().execute(release.values(claimed_until=None)),
            organization_id=None, actor=SYSTEM,
        )  # fmt: skip


def give_back(store: Store, jobs: Sequence[Job], holder: str) -> None:
    """Jobs that were claimed and are not sent after all are due for anybody."""
    keys = sorted((job.organization_id, job.id) for job in jobs)
    own = update(_table).where(tuple_(_table.c.organization_id, _table.c.id).in_(keys), _table.c.claimed_by == holder)
    store.writer.run(
        lambda session: session.connection().execute(own.values(claimed_until=None)), organization_id=None, actor=SYSTEM
    )


def settle(store: Store, holder: str, outcomes: Sequence[Outcome]) -> None:
    """Writes what came of the attempts, one transaction an organization."""
    by_organization: dict[int, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_organization[outcome.job.organization_id].append(outcome)
    for organization_id, own in by_organization.items():
        settled = partial(_settle, holder=holder, outcomes=own)
        store.writer.run(settled, organization_id=organization_id, actor=SYSTEM)


def _settle(session: Session, holder: str, outcomes: Sequence[Outcome]) -> None:
    ids = sorted(outcome.job.id for outcome in outcomes)
    statement = scoped(session, WebhookDelivery).where(col(WebhookDelivery.id).in_(ids))
    rows = {row.id: row for row in session.exec(statement.order_by(col(WebhookDelivery.id)).with_for_update())}
    of_endpoint: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        row = rows.get(outcome.job.id)
        if row is None or row.status == "delivered" or (row.claimed_by != holder and not outcome.is_delivered):
            continue
        _note(row, outcome)
        session.add(row)
        if not outcome.job.why_not:
            of_endpoint[outcome.job.webhook_id].append(outcome)
    session.flush()
    for webhook_id in sorted(of_endpoint):
        _judge(session, webhook_id, of_endpoint[webhook_id])


def _note(row: WebhookDelivery, outcome: Outcome) -> None:
    started = outcome.started
    row.claimed_by, row.claimed_until = "", None
    if outcome.job.why_not:
        row.status, row.next_attempt_at, row.last_error = "failed", None, outcome.job.why_not
        return
    row.counts_from = schedule.counted_from(row.counts_from, attempts=row.attempts, started=started)
    row.attempts += 1
    row.last_attempt_at, row.last_status, row.last_error = started, outcome.status, outcome.error
    row.tries = [
        *row.tries,
        {
            "at": to_iso(started), "status": outcome.status, "error": outcome.error,
            "milliseconds": outcome.milliseconds,
        },
    ]  # fmt: skip
    if outcome.is_delivered:
        row.status, row.next_attempt_at, row.delivered_at = "delivered", None, started
        return
    following = None if outcome.status == GONE else schedule.next_attempt(row.counts_from, attempts=row.attempts)
    row.status, row.next_attempt_at = ("pending" if following else "failed"), following


def _judge(session: Session, webhook_id: str, outcomes: Sequence[Outcome]) -> None:
    """Remembers since when an endpoint fails, and pauses it after days of nothing else, or when it says it is gone."""
    webhook = session.get(Webhook, (organization_of(session), webhook_id))
    if webhook is None:
        return
    since = webhook.failing_since
    for outcome in sorted(outcomes, key=lambda each: each.started):
        since = None if outcome.is_delivered else since or outcome.started
    latest = max(outcome.started for outcome in outcomes)
    if since != webhook.failing_since:
        webhook.failing_since = since
        session.add(webhook)
    if not webhook.is_listening:
        return
    if any(outcome.status == GONE for outcome in outcomes):
        _pause(session, webhook, "the receiver answered 410 Gone", latest)
    elif since is not None and latest - since >= schedule.PAUSED_AFTER:
        days = schedule.PAUSED_AFTER.days
        _pause(session, webhook, f"nothing but failures for {days} days, since {to_iso(since)}", latest)


def _pause(session: Session, webhook: Webhook, why: str, at: datetime) -> None:
    webhook.paused_at, webhook.paused_why = at, why
    session.add(webhook)
    session.flush()
    log.warning("webhook %s is paused: %s", webhook.id, why)
    audit(session, "webhook_paused", webhook.id, url=webhook.url, why=why)
    publish(session, "webhook_paused", webhook.id, {"url": webhook.url, "why": why})


def forget_old_deliveries(session: Session, before: datetime) -> int:
    """Takes a bite of the finished deliveries from before a moment; how many went."""
    own = organization_of(session)
    old = (
        select(WebhookDelivery.id)
        .where(
            col(WebhookDelivery.organization_id) == own,
            col(WebhookDelivery.status) != "pending",
            col(WebhookDelivery.created_at) < before,
        )
        .limit(FORGOTTEN_AT_ONCE)
    )
    ids = list(session.exec(old))
    if ids:
        session.connection().execute(delete(_table).where(_table.c.organization_id == own, _table.c.id.in_(ids)))
    return len(ids)
