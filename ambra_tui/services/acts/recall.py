"""Takes back a recall, or the end of one: the lots are as they were, and orders are picked as before.

Example::

    desk.did("recall", document_kind="lot", document_id=lot.id, details={"before": "active", "after": "recalled"}, ...)
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services import recalls
from ambra_tui.services.acts import _trail
from ambra_tui.services.holds import plan_afresh
from ambra_tui.store.models import Act, Lot
from ambra_tui.store.scope import fetch


class UndoRecall:
    """Undoes acts of the kind `recall`. `details`: the lot's status `before` and `after`, the `reason` of the recall,
    and the `orders` that were planned anew."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Restores the state before. Raises CannotUndo when somebody has changed it since."""
        lot = fetch(session, Lot, act.document_id, resource="lot")
        session.refresh(lot)
        if lot.status != act.details["after"]:
            raise _trail.CannotUndo(f"lot {lot.lot_number} is {lot.status} now", reason="changed", found=lot.lot_number)
        if act.details["after"] == "recalled":
            before = act.details["before"]
            recalls.lift(session, lot, status="active" if before == "exhausted" else before, reason="undone")
            plan_afresh(session, act.details.get("orders", []))
        else:
            recalls.recall(session, lot, reason=act.details.get("reason", ""))


ACT = UndoRecall()
