"""Takes back the loading or the sending of a transfer: the stock is in its bin, the transfer a draft again.

Example::

    details = {"carried": [["trc_01...", "10"]], "sent": True}
    desk.did("transfer_ship", moves=posted, document_kind="stock_transfer", document_id=transfer.id, ...)
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session

from ambra_tui.services import transfers
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act


class UndoShip:
    """Undoes acts of the kind `transfer_ship`. `details`: `carried`, pairs of content and quantity; `sent`: the step
    sent the transfer."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Posts the moves back. Raises CannotUndo once the transfer has been sent by a later step, or received."""
        transfer = transfers.get_transfer(session, act.document_id)
        session.refresh(transfer, with_for_update=True)
        is_sent = bool(act.details.get("sent"))
        if transfer.status != ("in_transit" if is_sent else "draft"):
            raise _trail.CannotUndo(
                f"{transfer.number} is {transfer.status} now", reason="gone_on", document=transfer.number
            )
        if is_sent:
            if any(line.received for line in transfers.lines_of(session, transfer.id)):
                raise _trail.CannotUndo(
                    f"part of {transfer.number} has arrived", reason="arrived", document=transfer.number
                )
            transfers.reopen(session, transfer, "draft")
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        transfers.take_back(session, transfer, carried_of(act), what="shipped")


def carried_of(act: Act) -> list[tuple[str, Decimal]]:
    """The pairs of content and quantity that an act noted."""
    return [(content_id, Decimal(quantity)) for content_id, quantity in act.details.get("carried", [])]


ACT = UndoShip()
