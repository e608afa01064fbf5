"""A completed count taken back: its adjustments are reversed, and it is in progress again.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services.acts.count_bin import take_back_completion
from ambra_tui.store.models import Act


class _CountComplete:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        take_back_completion(session, act, act.details, idempotency_key=idempotency_key)


ACT = _CountComplete()
