"""A pick taken back: the stock lies in its bin again, assigned to the order as before.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services.acts import _picks
from ambra_tui.store.models import Act


class _Pick:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        _picks.put_back(session, act, act.details, idempotency_key=idempotency_key)


ACT = _Pick()
"""Takes back acts of the kind `pick`."""
