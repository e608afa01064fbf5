"""A pick face filled by mistake: the stock is in its reserve bin again, and the task waits.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services import tasks
from ambra_tui.services.acts import _holds, _trail
from ambra_tui.store.models import Act, Task
from ambra_tui.store.scope import organization_of


class _Replenish:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        _holds.refuse_held(session, act)
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        task = session.get(Task, (organization_of(session), act.document_id))
        if task is not None and task.status == "done":
            tasks.reopen_task(session, task)


ACT = _Replenish()
"""Takes back acts of the kind `replenish`."""
