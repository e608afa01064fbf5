"""A supervisor's decision on a variance taken back: it waits to be decided again.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.services import counts
from ambra_tui.services.acts import _trail
from ambra_tui.services.acts.count_bin import take_back_completion
from ambra_tui.store.models import Act, CycleCountLine
from ambra_tui.store.scope import fetch


class _CountDecision:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        line = fetch(session, CycleCountLine, act.details["line_id"], resource="cycle_count_item")
        if "completed" in act.details:
            take_back_completion(session, act, act.details["completed"], idempotency_key=idempotency_key)
        try:
            counts.take_back(session, line)
        except WrongState as error:
            raise _trail.CannotUndo("the count went on", reason="closed") from error


ACT = _CountDecision()
