"""What a worker's presence leaves behind: every step heard, and how the work ends for now or for the day.

Example::

    sign_off(session, work, reason="break", station="dock-1")       # the work waits for the same badge
    sign_off(session, work, reason="shift_end", station="dock-1")   # it is free for everybody
"""

from __future__ import annotations

from sqlalchemy import insert
from sqlmodel import Session

from ambra_tui.services import claims
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import FloorStep, User, WorkSession
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows
from ambra_tui.store.scope import now_of, scoped

BREAK, SHIFT_END, HANDOVER = "break", "shift_end", "handover"
REASONS = (BREAK, SHIFT_END, HANDOVER)
AWAY = "off"  # status of a work session that a shift's end closed
_HEARD = PreparedRows(insert(FloorStep).values(organization_id=ORGANIZATION).inline())


def sign_off(session: Session, work: WorkSession, *, reason: str, station: str) -> int:
    """Ends a worker's presence; how many pieces of work are free again.

    A break keeps the work and the step; the end of a shift and a handover release what is held and forget the step.
    The caller writes `work`.
    """
    assert reason in REASONS
    released = 0
    work.status = BREAK
    if reason != BREAK:
        released = claims.release_all(session, work.user_id)
        work.status, work.frames = AWAY, []
    publish(session, "worker_signed_off", work.user_id, {"reason": reason, "station": station})
    audit(session, "signed_out", work.user_id, station=station, reason=reason, released=released)
    return released


def send_away(session: Session, user: User) -> int:
    """Somebody whose badge was locked works no more: their work is free; how many pieces that were."""
    statement = scoped(session, WorkSession).where(WorkSession.user_id == user.id)
    for work in session.exec(statement.with_for_update()).all():
        work.status, work.frames = AWAY, []
        session.add(work)
    return claims.release_all(session, user.id)


def log_step(
    session: Session,
    *,
    user: User,
    site_id: str,
    station: str,
    flow: str,
    step: str,
    kind: str,
    how: str,
    code: str,
    acts: int,
) -> None:
    """Notes that a terminal heard something and what it answered; never what was entered."""
    _HEARD.run(
        session,
        user_id=user.id,
        site_id=site_id,
        station=station,
        flow=flow,
        step=step[:30],
        kind=kind,
        how=how,
        code=code,
        acts=acts,
        at=now_of(session),
    )
