"""The audit trail as the tests read it: whole rows, the newest first."""

from __future__ import annotations

from sqlmodel import Session, col

from ambra_tui.store.models import AuditEntry
from ambra_tui.store.scope import scoped


def list_entries(session: Session, *, act: str | None = None) -> list[AuditEntry]:
    """What was done in the session's organization, or only one kind of act."""
    statement = scoped(session, AuditEntry).order_by(col(AuditEntry.id).desc())
    if act is not None:
        statement = statement.where(AuditEntry.act == act)
    return list(session.exec(statement).all())
