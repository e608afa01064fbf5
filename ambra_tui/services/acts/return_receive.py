"""A returned unit taken back: it is with the customer again, and its return waits for it.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.services import returns
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act


class _ReturnReceive:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        rma = returns.get_return(session, act.document_id)
        parts = [returns.ReturnedPart(line, condition, Decimal(q)) for line, condition, q in act.details["parts"]]
        try:
            returns.uncount(session, rma, parts)
        except WrongState as error:
            raise _trail.CannotUndo("the return was closed", reason="closed") from error
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)


ACT = _ReturnReceive()
