"""From the outbox to deliveries: who hears of what, decided in the order of the commits.

The cursor moves in the transaction that writes the deliveries, and only from where it was read: of several servers one
gets each stretch, and a server that is killed leaves nothing out and nothing twice. An event's id follows from its row
in the outbox, so whoever makes it makes the same.

Example::

    FanOut(store, render).run_once()    # how many deliveries were made
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, func, select

from ambra_tui.errors import Conflict
from ambra_tui.kit.clock import to_iso, to_microseconds
from ambra_tui.kit.ids import derived_id
from ambra_tui.services.webhooks import schedule
from ambra_tui.services.webhooks.deliveries import event_body
from ambra_tui.services.webhooks.event_types import event_tables
from ambra_tui.store import SYSTEM, Store
from ambra_tui.store.models import OutboxEvent, Webhook, WebhookCursor, WebhookDelivery, table_of
from ambra_tui.store.outbox import last_position, move_cursor, number_new
from ambra_tui.store.scope import is_alone

CURSOR = "fan_out"
PAGE = 100  # a fraction of a second: a server that does not live long gets on, too
KEPT_EVERY = 5_000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event in an edition's words. `fact`, `subject`, `payload`: what the outbox says. `sequence` grows."""

    id: str
    type: str
    fact: str
    subject: str
    payload: Mapping[str, Any]
    at: datetime
    sequence: int

    @property
    def noun(self) -> str:
        """What it is about: events of one fact that are about the same thing show the same object."""
        return self.type.partition(".")[0]


Render = Callable[[Session, str, Happened], Any]
"""The object of an event as its edition shows it: (session, edition, event); None when it shows no such thing."""
_webhook, _delivery = table_of(Webhook), table_of(WebhookDelivery)
Wanted = tuple[Webhook, Happened]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What was read: from `kept`, where the cursor stands (None: it was never kept), to `end`."""

    kept: int | None
    end: int
    wanted: Sequence[Wanted]
    is_full: bool


class FanOut:
    """Reads on where it, or any other server, ended. Costs one look at the endpoints while there are none."""

    def __init__(self, store: Store, render: Render) -> None:
        self._store, self._render = store, render
        self._position: int | None = None
        self.is_idle = True
        """True when nobody listens."""

    def run_once(self) -> int:
        """Makes the deliveries of a page of events; how many. Another server may have been quicker: then none."""
        listening = self._listening()
        self.is_idle = not listening
        if not listening:
            self._position = None
            return 0
        number_new(self._store)
        stretch = self._read(listening)
        rows = self._rendered(stretch.wanted)
        if not rows and not stretch.is_full and stretch.end - (stretch.kept or 0) < KEPT_EVERY:
            self._position = stretch.end
            return 0
        made = self._write(stretch, rows)
        self._position = None if made is None else stretch.end
        return made or 0

    def _listening(self) -> list[Webhook]:
        with self._store.read_system() as session:
            statement = select(Webhook).where(
                col(Webhook.is_active).is_(True), col(Webhook.paused_at).is_(None), col(Webhook.removed_at).is_(None)
            )
            return list(session.exec(statement))

    def _read(self, listening: Sequence[Webhook]) -> _Stretch:
        by_organization: dict[int, list[Webhook]] = defaultdict(list)
        for webhook in listening:
            by_organization[webhook.organization_id].append(webhook)
        facts = {
            fact for webhook in listening for kind in _types_of(webhook) for fact in kind.facts
        }  # fmt: skip
        order = col(OutboxEvent.id if self._store.dialect == "sqlite" else OutboxEvent.position)
        with self._store.read_system() as session:
            kept = session.get(WebhookCursor, CURSOR)
            newest = last_position(session)
            start = max(kept.position if kept else 0, self._position or 0)
            if self._position is None:
                start = max(start, _first_position(session, listening))
            statement = (
                select(OutboxEvent)
                .where(order > start, order <= newest, col(OutboxEvent.type).in_(sorted(facts)))
                .where(col(OutboxEvent.organization_id).in_(sorted(by_organization)))
                .order_by(order)
                .limit(PAGE)
            )
            events = list(session.exec(statement))
        wanted = [pair for event in events for pair in _told(event, by_organization[event.organization_id])]
        is_full = len(events) == PAGE
        end = (events[-1].position or events[-1].id or 0) if is_full else max(newest, start)
        return _Stretch(kept.position if kept else None, end, wanted, is_full)

    def _rendered(self, wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
        by_organization: dict[int, list[Wanted]] = defaultdict(list)
        for webhook, event in wanted:
            by_organization[webhook.organization_id].append((webhook, event))
        rows: list[dict[str, Any]] = []
        for organization_id, pairs in by_organization.items():
            objects: dict[tuple[str, int, str], Any] = {}
            with self._store.read(organization_id) as session:
                for webhook, event in pairs:
                    key = (webhook.edition, event.sequence, event.noun)
                    if key not in objects:
                        objects[key] = self._shown(session, webhook.edition, event)
                    if objects[key] is not None:
                        rows.append(_row(webhook, event, objects[key]))
        return rows

    def _shown(self, session: Session, edition: str, event: Happened) -> Any:
        try:
            return self._render(session, edition, event)
        except Exception:  # one object that cannot be shown holds no other event back
            log.exception("the object of event %s (%s) could not be shown", event.id, event.type)
            return {"id": event.subject, **event.payload}

    def _write(self, stretch: _Stretch, rows: Sequence[dict[str, Any]]) -> int | None:
        """None when another server moved the cursor meanwhile."""

        def work(session: Session) -> int:
            move_cursor(session, CURSOR, stretch.kept, stretch.end)
            active = _still_listening(session, {row["webhook_id"] for row in rows})
            told = [row for row in rows if row["webhook_id"] in active]
            if told:
                now = schedule.now()
                moments = {"counts_from": now, "next_attempt_at": now, "created_at": now}
                session.connection().execute(insert(_delivery), [row | moments for row in told])
            return len(told)

        try:
            return self._store.writer.run(work, organization_id=None, actor=SYSTEM)
        except Conflict:
            return None


def _types_of(webhook: Webhook) -> Iterable[Any]:
    table = event_tables().get(webhook.edition)
    return [kind for kind in table.types if kind.name in webhook.events] if table else []


def _told(event: OutboxEvent, webhooks: Iterable[Webhook]) -> Iterable[Wanted]:
    assert event.id is not None
    for webhook in webhooks:
        if event.id <= webhook.after_event:
            continue
        for kind in _types_of(webhook):
            if event.type in kind.facts and kind.happened(event.payload):
                yield webhook, _happened(event, kind.name)


def _happened(event: OutboxEvent, name: str) -> Happened:
    moment = str(to_microseconds(event.created_at))
    return Happened(
        id=derived_id("evt", str(event.organization_id), str(event.id), moment, name),
        type=name,
        fact=event.type,
        subject=event.subject,
        payload=event.payload,
        at=event.created_at,
        sequence=event.position or event.id or 0,
    )


def _row(webhook: Webhook, event: Happened, shown: Any) -> dict[str, Any]:
    return {
        "organization_id": webhook.organization_id,
        "id": derived_id("dlv", webhook.id, event.id),
        "webhook_id": webhook.id,
        "event_id": event.id,
        "event_type": event.type,
        "body": event_body(event.id, event.type, to_iso(event.at), shown, sequence=event.sequence),
        "status": "pending",
        "attempts": 0,
        "claimed_by": "",
        "last_error": "",
        "tries": [],
        "replay_of": "",
    }


def _first_position(session: Session, listening: Sequence[Webhook]) -> int:
    """The place in the order of publication after which there may be something to tell."""
    oldest = min(webhook.after_event for webhook in listening)
    if is_alone(session):
        return oldest
    first = session.exec(select(func.min(OutboxEvent.position)).where(col(OutboxEvent.id) > oldest)).one()
    return last_position(session) if first is None else first - 1


def _still_listening(session: Session, ids: set[str]) -> set[str]:
    """Those of the endpoints that nobody switched off since; nobody does until the deliveries are there."""
    statement = select(Webhook).where(col(Webhook.id).in_(sorted(ids))).with_for_update(read=True)
    return {webhook.id for webhook in session.exec(statement) if webhook.is_listening}


__all__ = ["FanOut", "Happened", "Render"]
