"""Takes back waste: the stock is where it lay, the record is marked reversed, and orders are picked as before.

Example::

    desk.did("waste", moves=wasted.posted, document_kind="waste_record", document_id=wasted.record.id, ...)
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services.acts import _trail
from ambra_tui.services.holds import plan_afresh
from ambra_tui.services.waste import get_waste, reverse_waste
from ambra_tui.store.models import Act


class UndoWaste:
    """Undoes acts of the kind `waste`. `details`: the orders that were planned anew because of it."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Posts the moves back. Raises CannotUndo when the record was reversed before."""
        record = get_waste(session, act.document_id)
        if record.status != "recorded":
            raise _trail.CannotUndo("it was reversed already", reason="reversed")
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        reverse_waste(session, record)
        plan_afresh(session, act.details.get("orders", []))


ACT = UndoWaste()
