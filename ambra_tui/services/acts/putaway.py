"""A putaway taken back: what went into a bin stands where it was carried from, on the plate that it stood on.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services.acts import _holds, _trail
from ambra_tui.store.models import Act


class _Putaway:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        _holds.refuse_held(session, act)
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)


ACT = _Putaway()
