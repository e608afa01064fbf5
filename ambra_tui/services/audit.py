"""The audit trail, read: who did what, when, from which station.

Example::

    for entry in list_entries(session, subject=lot.id): print(entry.at, entry.actor_name, entry.act)
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from ambra_tui.store.models import AuditEntry
from ambra_tui.store.scope import organization_of

MAX_ENTRIES = 500


def list_entries(
    session: Session,
    *,
    subject: str | None = None,
    act: str | None = None,
    actor_id: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[AuditEntry]:
    """The newest entries first; `before_id` continues behind the last one of a page."""
    statement = select(AuditEntry).where(AuditEntry.organization_id == organization_of(session))
    for column, value in ((AuditEntry.subject, subject), (AuditEntry.act, act), (AuditEntry.actor_id, actor_id)):
        if value is not None:
            statement = statement.where(col(column) == value)
    if before_id is not None:
        statement = statement.where(col(AuditEntry.id) < before_id)
    return list(session.exec(statement.order_by(col(AuditEntry.id).desc()).limit(min(limit, MAX_ENTRIES))).all())
