"""Takes back a receipt of a transfer, or its end: the stock is in transit again, discrepancies of that end are gone.

Example::

    details = {"carried": [["trc_01...", "10"]], "closed": False}
    desk.did("transfer_receive", moves=posted, document_kind="stock_transfer", document_id=transfer.id, ...)
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services import transfers
from ambra_tui.services.acts import _holds, _trail
from ambra_tui.services.acts.transfer_ship import carried_of
from ambra_tui.store.models import Act, Discrepancy
from ambra_tui.store.scope import scoped


class UndoReceive:
    """Undoes acts of the kind `transfer_receive`. `details`: `carried`, pairs of content and quantity; `closed`: the
    step ended the transfer."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Posts the moves back. Raises CannotUndo when the transfer was ended since, what was missing settled,
        or the stock lies in a bin that is on hold since."""
        _holds.refuse_held(session, act)
        transfer = transfers.get_transfer(session, act.document_id)
        session.refresh(transfer, with_for_update=True)
        is_closed = bool(act.details.get("closed"))
        if transfer.status != ("received" if is_closed else "in_transit"):
            raise _trail.CannotUndo(
                f"{transfer.number} is {transfer.status} now", reason="gone_on", document=transfer.number
            )
        if is_closed:
            _refuse_settled(session, transfer.id, transfer.number)
            transfers.reopen(session, transfer, "in_transit")
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        transfers.take_back(session, transfer, carried_of(act), what="received")


def _refuse_settled(session: Session, transfer_id: str, number: str) -> None:
    statement = scoped(session, Discrepancy).where(
        Discrepancy.document_id == transfer_id, Discrepancy.status == "resolved"
    )
    if session.exec(statement).first() is not None:
        raise _trail.CannotUndo(f"what was missing of {number} is settled", reason="settled")


ACT = UndoReceive()
