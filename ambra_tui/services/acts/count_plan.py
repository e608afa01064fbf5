"""A count planned by mistake: it is cancelled, as long as nobody counted anything of it.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import Conflict
from ambra_tui.services import counts
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act


class _CountPlan:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        count = counts.lock_count(session, act.document_id)
        if any(line.counted is not None for line in counts.lines_of(session, count.id)):
            raise _trail.CannotUndo(f"some of {count.number} is counted", reason="counted_again")
        try:
            counts.cancel_count(session, count)
        except Conflict as error:
            raise _trail.CannotUndo(f"{count.number} is in work", reason="counted_again") from error


ACT = _CountPlan()
