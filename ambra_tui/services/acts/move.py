"""Takes back a move of a bin, a license plate or an item: all of it goes back to where it lay.

Example::

    desk.did("move", moves=posted, summary={"item": "MILK-1L", "quantity": "10", "bin": "C01-1"})
"""

from __future__ import annotations

from sqlmodel import Session, col

from ambra_tui.services.acts import _holds, _trail
from ambra_tui.services.moves import DOCUMENT
from ambra_tui.services.putaway import BinRefused, lock_bin, refuse_illegal_bin
from ambra_tui.services.receiving import Content
from ambra_tui.store.models import Act, Location, StockMove
from ambra_tui.store.scope import fetch, scoped


class UndoMove:
    """Undoes acts of the kind `move`."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Posts the moves back. Raises CannotUndo when the stock has gone on, or its old bin is no longer free for
        it, or it lies in a bin that is on hold since."""
        _holds.refuse_held(session, act)
        statement = scoped(session, StockMove).where(
            col(StockMove.id).in_(act.move_ids), StockMove.origin_kind == DOCUMENT
        )
        moved = list(session.exec(statement).all())
        origin = fetch(session, Location, moved[0].source_id, resource="location")
        lock_bin(session, origin)
        coming = [Content(m.variant_id, m.destination_id, m.quantity, m.lot_id, m.serial) for m in moved]
        try:
            refuse_illegal_bin(session, origin, coming)
        except BinRefused as refused:
            if refused.rule in ("mix", "full"):
                raise _trail.CannotUndo(refused.message.rstrip("."), reason="bin_taken", bin=origin.code) from refused
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)


ACT = UndoMove()
