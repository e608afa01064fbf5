"""Wrong tries at a badge, PIN or password: counted for the person and for the station, with a lock that grows.

Example::

    lock = open_station(session, "dock-1")   # raises Unauthenticated while the station is locked
    count(session, lock)
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from ambra_tui.errors import Unauthenticated
from ambra_tui.kit.text import clean_line
from ambra_tui.store.models import StationLock, User
from ambra_tui.store.scope import now_of, organization_of

FREE_TRIES = 5
LOCKED = "locked"
FIRST_LOCK = timedelta(seconds=30)
MAX_LOCK = timedelta(hours=1)


def open_station(session: Session, station: str) -> StationLock:
    """The tries of this station. Raises Unauthenticated while it is locked."""
    name = clean_line(station, field="station", max_length=60, required=False)
    lock = session.get(StationLock, (organization_of(session), name), with_for_update=True)
    if lock is None:
        lock = StationLock(organization_id=organization_of(session), station=name)
    refuse_locked(session, lock.locked_until, "This station")
    return lock


def refuse_locked(session: Session, until: datetime | None, what: str) -> None:
    """Raises Unauthenticated, with the seconds to wait, until the lock is over."""
    if until is not None and until > now_of(session):
        seconds = int((until - now_of(session)).total_seconds()) + 1
        raise Unauthenticated(
            f"{what} is locked for {seconds} s after wrong tries.", details={"retry_after_seconds": seconds}
        )


def count(session: Session, row: User | StationLock) -> None:
    """One more wrong try; from `FREE_TRIES` on each locks twice as long as the last."""
    row.failures += 1
    over = row.failures - FREE_TRIES
    if over >= 0:
        row.locked_until = now_of(session) + min(FIRST_LOCK * 2 ** min(over, 20), MAX_LOCK)
    session.add(row)
    session.flush()


def clear(session: Session, row: User | StationLock) -> None:
    """A right try: nothing is held against this person or station."""
    if row.failures == 0 and row.locked_until is None:
        return
    row.failures = 0
    row.locked_until = None
    session.add(row)
    session.flush()


def unlock(session: Session, user: User) -> None:
    """Nothing is held against this person, who was changed."""
    user.failures = 0
    user.locked_until = None
    user.updated_at = now_of(session)
    session.add(user)
    session.flush()
