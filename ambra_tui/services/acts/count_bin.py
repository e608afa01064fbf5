"""A bin's count taken back: its worker may go on counting it, and whatever waited for the count waits again.

A count of one bin that completed itself is reopened first, its adjustments reversed.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.services import claims, counts
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act, CycleCountBin, Location, User
from ambra_tui.store.scope import fetch, organization_of


class _CountBin:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        count = counts.lock_count(session, act.document_id)
        count_bin = fetch(session, CycleCountBin, act.details["bin_id"], resource="bin")
        if "completed" in act.details:
            take_back_completion(session, act, act.details["completed"], idempotency_key=idempotency_key)
            session.refresh(count)
        _refuse_later(session, act, count_bin)
        try:
            counts.put_back(session, count, count_bin, act.details["before"])
        except WrongState as error:
            raise _trail.CannotUndo(f"{count.number} is {count.status}", reason="closed") from error


def take_back_completion(session: Session, act: Act, completed: dict[str, list[str]], *, idempotency_key: str) -> None:
    """Reverses what completing posted; the count is in progress again. Raises CannotUndo."""
    count = counts.lock_count(session, act.document_id)
    later = counts.counted_since(session, count)
    if later is not None:
        raise _trail.CannotUndo(f"{later.number} counted it since", reason="counted_since", document=later.number)
    _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
    try:
        counts.reopen_count(session, count, **completed)
    except WrongState as error:
        raise _trail.CannotUndo("what could not be posted was settled", reason="settled") from error


def _refuse_later(session: Session, act: Act, count_bin: CycleCountBin) -> None:
    """Raises CannotUndo when somebody went on from this count: counted again, decided, or stands there now."""
    location = fetch(session, Location, count_bin.location_id, resource="location")
    holder = claims.holders(session, counts.CLAIM, [count_bin.id]).get(count_bin.id)
    if holder is not None and holder.id != act.user_id:
        raise _trail.CannotUndo(f"{holder.name} counts {location.code} again", reason="counted_again")
    lines = {line.id: line for line in counts.lines_of(session, count_bin.cycle_count_id)}
    for line_id, state in act.details["after"].items():
        line = lines.get(line_id)
        if line is None or [line.state, line.counted_by, str(line.counted_at)] != state:
            user = session.get(User, (organization_of(session), line.approved_by or line.counted_by)) if line else None
            name = user.name if user else "somebody"
            raise _trail.CannotUndo(f"{name} went on with {location.code}", reason="counted_again")


ACT = _CountBin()
