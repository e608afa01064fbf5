"""A count asked for by mistake, because a bin was not empty after all: nobody counts it for that.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services.acts import _picks
from ambra_tui.store.models import Act


class _ZeroCheck:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        _picks.cancel_task(session, act.document_id, is_needed=True)


ACT = _ZeroCheck()
"""Takes back acts of the kind `zero_check`."""
