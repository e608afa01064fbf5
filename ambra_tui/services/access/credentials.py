"""Signing in at a station: by badge, by PIN, by password.

Example::

    def check(session: Session) -> User:
        return check_pin(session, badge, pin, station="dock-1")

    user = counted(store, check, organization_id=1, actor=actor)
"""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session

from ambra_tui.errors import Unauthenticated
from ambra_tui.services.access.people import user_by_badge, user_with
from ambra_tui.services.access.tries import clear, count, open_station, refuse_locked
from ambra_tui.services.secrets import badge_digest, verify_secret
from ambra_tui.store import Store
from ambra_tui.store.facts import audit
from ambra_tui.store.models import StationLock, User
from ambra_tui.store.scope import Actor


def sign_in(session: Session, badge: str, *, station: str) -> User:
    """The person with this badge, who may work at `station`.

    A wrong badge is counted against the station and raises Unauthenticated. The count is a row of this transaction:
    whoever calls this catches the refusal inside it, or uses `counted`.
    """
    lock = open_station(session, station)
    try:
        user = user_by_badge(session, badge)
    except Unauthenticated:
        count(session, lock)
        raise
    clear(session, lock)
    return user


def check_pin(session: Session, badge: str, pin: str, *, station: str) -> User:
    """The person with this badge, when the PIN is theirs. Raises Unauthenticated (see `sign_in` on its count)."""
    lock = open_station(session, station)
    try:
        user = user_by_badge(session, badge)
    except Unauthenticated:
        count(session, lock)
        raise
    _check_secret_of(session, lock, user, pin, stored=user.pin_hash, word="PIN")
    return user


def badge_at(session: Session, badge: str, *, station: str) -> User | None:
    """The active person with this badge; None for a code that is nobody's, and while the station is locked."""
    user = user_with(session, badge_digest(session, badge))
    if user is None or user.status != "active":
        return None
    try:
        open_station(session, station)
    except Unauthenticated:
        return None
    return user


def check_password_of(session: Session, user: User, password: str, *, station: str) -> None:
    """As `check_pin_of` for the password of a person who is signed in."""
    lock = open_station(session, station)
    _check_secret_of(session, lock, user, password, stored=user.password_hash, word="password")


def check_pin_of(session: Session, user: User, pin: str, *, station: str) -> None:
    """As `check_pin` for a person whose badge was read a step earlier."""
    lock = open_station(session, station)
    _check_secret_of(session, lock, user, pin, stored=user.pin_hash, word="PIN")


def _check_secret_of(session: Session, lock: StationLock, user: User, secret: str, *, stored: str, word: str) -> None:
    session.refresh(user, with_for_update=True)
    refuse_locked(session, user.locked_until, "This badge")
    if not verify_secret(stored, secret):
        count(session, user)
        count(session, lock)
        audit(session, f"wrong_{word.lower()}", user.id, name=user.name, failures=user.failures)
        session.flush()
        raise Unauthenticated(f"That {word} is wrong.")
    clear(session, user)
    clear(session, lock)


def counted(store: Store, check: Callable[[Session], User], *, organization_id: int, actor: Actor) -> User:
    """Run a `check` such as `check_pin` so that a wrong try is remembered although it raises Unauthenticated."""

    def work(session: Session) -> User | Unauthenticated:
        try:
            return check(session)
        except Unauthenticated as refusal:
            return refusal

    answer = store.writer.run(work, organization_id=organization_id, actor=actor)
    if isinstance(answer, Unauthenticated):
        raise answer
    return answer
