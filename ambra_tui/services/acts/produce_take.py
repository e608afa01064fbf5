"""What went into a batch by mistake: it lies in its bin again, promised to the batch as before.

Example::

    desk.did("produce_take", moves=[taken.posted], document_kind="production_batch", document_id=batch.id, ...)
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import InsufficientStock, WrongState
from ambra_tui.services import production
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act


class UndoTake:
    """Undoes acts of the kinds `produce_take` and `produce_waste`. `details`: `takings`, what was taken."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Posts the moves back. Raises CannotUndo once the batch is over."""
        batch = production.get_batch(session, act.document_id)
        session.refresh(batch, with_for_update=True)
        if batch.status != "in_progress":
            raise _trail.CannotUndo(f"{batch.number} is {batch.status}", reason="gone_on", document=batch.number)
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        try:
            production.take_back(session, batch.id, act.details["takings"])
        except WrongState as error:
            raise _trail.CannotUndo("it was reversed already", reason="reversed") from error
        except InsufficientStock as error:
            raise _trail.CannotUndo("the stock is promised to other work", reason="promised") from error


ACT = UndoTake()
