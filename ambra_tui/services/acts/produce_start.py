"""A batch started by mistake: it is planned again, and its ingredients are free.

Example::

    desk.did("produce_start", document_kind="production_batch", document_id=batch.id, summary=...)
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.services import production
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act


class UndoStart:
    """Undoes acts of the kind `produce_start`."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Gives the reservations back. Raises CannotUndo once something was taken, or the batch is over."""
        try:
            production.unstart_batch(session, act.document_id)
        except WrongState as error:
            number = production.get_batch(session, act.document_id).number
            raise _trail.CannotUndo(f"{number} has gone on", reason="gone_on", document=number) from error


ACT = UndoStart()
