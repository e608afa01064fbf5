"""What a transaction leaves behind beside its effect: facts in the outbox, lines in the audit trail, numbers.

Example::

    publish(session, "order_reserved", order.id, {"number": order.number})
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ambra_tui.store.models import AuditEntry, DocumentCounter, OutboxEvent, table_of
from ambra_tui.store.quick import QuickInsert
from ambra_tui.store.scope import actor_of, now_of, organization_of

_EVENT = QuickInsert(table_of(OutboxEvent), "type", "subject", "payload", "created_at")
_ENTRY = QuickInsert(
    table_of(AuditEntry),
    "at", "actor_id", "actor_name", "station", "act", "subject", "details", "request_id",
)  # fmt: skip


def publish(session: Session, type: str, subject: str, payload: dict[str, Any]) -> None:  # noqa: A002 - an event has a type
    """Writes a fact (a past-tense `type` about the id `subject`) to the outbox of this transaction."""
    _EVENT.run(session, type=type, subject=subject, payload=payload, created_at=now_of(session))


def audit(session: Session, act: str, subject: str = "", **details: Any) -> None:
    """Writes who does what to the audit trail. `details` must be JSON values and hold no secret."""
    actor = actor_of(session)
    _ENTRY.run(
        session, at=now_of(session), actor_id=actor.id, actor_name=actor.name, station=actor.station, act=act,
        subject=subject, details=details, request_id=actor.request_id,
    )  # fmt: skip


def next_number(session: Session, kind: str) -> str:
    """The next free number of a kind of document, such as ``PO-000007``, given inside this transaction."""
    statement = _numbering(session.get_bind().dialect.name)
    told = {"organization_id": organization_of(session), "kind": kind}
    taken = session.connection().execute(statement, told).scalar_one() - 1
    return f"{kind}-{taken:06d}"


@cache
def _numbering(dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    counter = table_of(DocumentCounter)
    return (
        insert(counter)
        .values(organization_id=bindparam("organization_id"), kind=bindparam("kind"), next_value=2)
        .on_conflict_do_update(
            index_elements=["organization_id", "kind"], set_={"next_value": counter.c.next_value + 1}
        )
        .returning(counter.c.next_value)
    )
