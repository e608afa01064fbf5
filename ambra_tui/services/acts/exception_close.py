"""Takes back that an exception was closed: it is open again, without a reason.

Example::

    desk.did("exception_close", summary={"item": "MILK-1L"}, details={"exception": exception.id, "reason": ""})
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services.acts import _trail
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Act, Discrepancy
from ambra_tui.store.scope import fetch


class UndoClose:
    """Undoes acts of the kind `exception_close`. `details`: `exception` and the `reason` that stood there before."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Opens it again. Raises CannotUndo when it is open already."""
        exception = fetch(session, Discrepancy, act.details["exception"], resource="discrepancy")
        session.refresh(exception, with_for_update=True)
        if exception.status == "open":
            raise _trail.CannotUndo("it was opened again already")
        exception.status, exception.reason, exception.resolved_at = "open", act.details["reason"], None
        session.add(exception)
        session.flush()
        publish(session, "exception_opened", exception.id, {"kind": exception.kind})
        audit(session, "discrepancy_reopened", exception.id, kind=exception.kind)


ACT = UndoClose()
