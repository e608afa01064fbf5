"""A batch completed by mistake: what it made is gone again, and it runs as before, with what is promised to it.

Example::

    details = {"takings": [], "released": {"pin_01...": "2"}}
    desk.did("produce_complete", moves=done.posted, document_kind="production_batch", document_id=batch.id, ...)
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import InsufficientStock, WrongState
from ambra_tui.services import production
from ambra_tui.services.acts import _holds, _trail
from ambra_tui.store.models import Act


class UndoComplete:
    """Undoes acts of the kind `produce_complete`. `details`: `takings`, what completing took; `released`: input ->
    what was promised and given back."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Posts the moves back. Raises CannotUndo once some of what was made has gone on, or lies on hold."""
        _holds.refuse_held(session, act)
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        released = {input_id: Decimal(quantity) for input_id, quantity in act.details["released"].items()}
        try:
            production.reopen_batch(session, act.document_id, taking_ids=act.details["takings"], released=released)
        except WrongState as error:
            raise _trail.CannotUndo("it was reversed already", reason="reversed") from error
        except InsufficientStock as error:
            raise _trail.CannotUndo("the stock is promised to other work", reason="promised") from error


ACT = UndoComplete()
