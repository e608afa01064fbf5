"""What undo leaves where it is: stock in a bin that was put on hold after the act.

Example::

    refuse_held(session, act)           # before the moves are reversed
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from ambra_tui.services.acts import _trail
from ambra_tui.services.moves import HOLD_KINDS
from ambra_tui.store.models import Act, Location, StockMove, User
from ambra_tui.store.scope import organization_of, scoped

_MAY_TAKE = ("supervisor", "admin")


def refuse_held(session: Session, act: Act) -> None:
    """Raises CannotUndo when the act brought stock to a bin that is on hold now.

    Supervisors may take from such a bin, so they may undo too. A place for held stock was on hold when the act chose
    it, and a bin that stock goes back into may be on hold: it is not usable there either.
    """
    organization_id = organization_of(session)
    worker = session.get(User, (organization_id, act.user_id))
    if worker is not None and worker.role in _MAY_TAKE:
        return
    reached = select(StockMove.destination_id).where(
        StockMove.organization_id == organization_id, col(StockMove.id).in_(act.move_ids)
    )
    statement = scoped(session, Location).where(
        col(Location.id).in_(session.exec(reached).all()),
        col(Location.is_held).is_(True),
        col(Location.kind).not_in(HOLD_KINDS),
    )
    held = session.exec(statement.order_by(col(Location.code))).first()
    if held is not None:
        raise _trail.CannotUndo(f"{held.code} is on hold now", reason="held", found=held.code)
