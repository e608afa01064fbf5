"""A return closed by mistake: it waits for the rest again, and nothing is missing of it.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.services import returns
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act


class _ReturnClose:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        try:
            returns.reopen(session, returns.get_return(session, act.document_id))
        except WrongState as error:
            raise _trail.CannotUndo("what is missing was settled", reason="settled") from error


ACT = _ReturnClose()
