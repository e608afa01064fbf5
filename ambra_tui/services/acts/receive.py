"""A receipt taken back: the stock leaves again, its order line is open for as much as before, an exception that told of
it is settled, and a lot that came with it loses the dates that were read then.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.ledger import MoveKind
from ambra_tui.services import lots, purchasing, receiving
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act, StockMove
from ambra_tui.store.scope import organization_of


class _Receive:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        if act.document_id and purchasing.lock_order(session, act.document_id).close_reason:
            raise _trail.CannotUndo("the order was closed", reason="closed")
        with _trail.promises_kept(session, act):
            for number, move in enumerate(reversed(_moves(session, act))):
                _take_back(session, move, idempotency_key=f"{idempotency_key}:{number}")
        for lot_id, names in act.details.get("lot_dates", {}).items():
            lots.forget_dates(session, lot_id, names)


def _take_back(session: Session, move: StockMove, *, idempotency_key: str) -> None:
    with _trail.refusals(session, move.id):
        if move.kind == MoveKind.PURCHASE_RECEIVED:
            purchasing.take_back(session, move_id=move.id, idempotency_key=idempotency_key, reason="undo")
        else:
            ledger.reverse(session, move.id, idempotency_key=idempotency_key, reason="undo")
    if receiving.is_settled(session, move.id):
        raise _trail.CannotUndo("its exception was settled", reason="settled")
    receiving.drop_exception(session, move.id)


def _moves(session: Session, act: Act) -> list[StockMove]:
    statement = select(StockMove).where(
        StockMove.organization_id == organization_of(session), col(StockMove.id).in_(act.move_ids)
    )
    found = {move.id: move for move in session.exec(statement).all()}
    return [found[move_id] for move_id in act.move_ids]


ACT = _Receive()
