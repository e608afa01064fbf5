"""Takes back what was said of a transfer's missing stock: it is in transit again, the discrepancy open.

Example::

    details = {"carried": [["trc_01...", "2"]], "loss": loss.id, "reason": "lost"}
    desk.did("transfer_settle", moves=posted, document_kind="stock_transfer", document_id=transfer.id, ...)
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services import transfers
from ambra_tui.services.acts import _trail
from ambra_tui.services.acts.transfer_ship import carried_of
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Act, Discrepancy
from ambra_tui.store.scope import fetch


class UndoSettle:
    """Undoes acts of the kind `transfer_settle`. `details`: `carried`, `loss` (the discrepancy) and `reason`."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Posts the moves back. Raises CannotUndo when what came back has gone on."""
        transfer = transfers.get_transfer(session, act.document_id)
        session.refresh(transfer, with_for_update=True)
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        what = "received" if act.details["reason"] == "found" else "settled"
        transfers.take_back(session, transfer, carried_of(act), what=what)
        loss = fetch(session, Discrepancy, act.details["loss"], resource="discrepancy")
        loss.status, loss.reason, loss.resolved_at = "open", "", None
        session.add(loss)
        audit(session, "discrepancy_reopened", loss.id, kind=loss.kind, number=transfer.number)


ACT = UndoSettle()
