"""Errands as they are written down: made, claimed, noted, found again.

Example::

    asked = claim(session, errand_id, "host:17")     # None while somebody else is about it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from ambra_tui.kit.clock import Clock
from ambra_tui.kit.discover import discover
from ambra_tui.kit.ids import new_id
from ambra_tui.store import Store
from ambra_tui.store.leases import has_ended
from ambra_tui.store.models import Errand, table_of
from ambra_tui.store.scope import lock_row, organization_of, scoped

FIRST_LOOK = timedelta(seconds=10)
"""So long a new errand is left to whoever wrote it down."""
CLAIM = timedelta(seconds=60)
STEPS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600))
GIVEN_UP_AFTER = timedelta(hours=20)
"""Gateways remember an idempotency key for a day: after it, asking again might act again."""
KEPT = timedelta(days=30)
MAX_DUE, FORGOTTEN_AT_ONCE = 100, 1_000
WAITING, DONE, ABANDONED = "waiting", "done", "abandoned"
_wall = Clock()


@dataclass(frozen=True, slots=True)
class Asked:
    """An errand as it is carried out. `id`: the idempotency key at the other side."""

    organization_id: int
    id: str
    kind: str
    subject_id: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """What an errand does. `call`: outside every transaction, asks the other side and answers what came of it, also
    when that is a refusal; raises Unavailable when nobody answered. `apply`: notes it, in the writer, once. `give_up`:
    notes that nobody ever answered."""

    call: Callable[[Store, Asked], Any]
    apply: Callable[[Session, Asked, Any], None]
    give_up: Callable[[Session, Asked], None]


@cache
def find_kinds() -> dict[str, Kind]:
    """Every kind of errand, found in `ambra_tui.services.errands.kinds`."""
    found: dict[str, Kind] = {}
    for kinds in discover("ambra_tui.services.errands.kinds", "KINDS").values():
        found |= kinds
    return found


def send(session: Session, kind: str, subject_id: str, /, **details: Any) -> Errand:
    """Writes down what is to be done. `details`: JSON values, without a secret or a card number."""
    assert kind in find_kinds(), kind
    now = _wall.now()
    errand = Errand(
        organization_id=organization_of(session),
        id=new_id("errand"),
        kind=kind,
        subject_id=subject_id,
        details=details,
        next_attempt_at=now + FIRST_LOOK,
        created_at=now,
        updated_at=now,
    )
    session.add(errand)
    session.flush()
    return errand


def claim(session: Session, errand_id: str, holder: str) -> Asked | bool:
    """The errand, for `holder` to carry out; True when it is over, False while somebody else is about it. Raises
    NotFound."""
    errand = lock_row(session, Errand, errand_id, resource="errand")
    if errand.status != WAITING:
        return True
    now = _wall.now()
    is_held = errand.claimed_until is not None and errand.claimed_until > now
    if is_held and not has_ended(errand.claimed_by):
        return False
    errand.claimed_by, errand.claimed_until, errand.updated_at = holder, now + CLAIM, now
    session.add(errand)
    return Asked(errand.organization_id, errand.id, errand.kind, errand.subject_id, dict(errand.details))


def finish(session: Session, asked: Asked, outcome: Any) -> None:
    """Applies what was answered, unless somebody else has."""
    errand = lock_row(session, Errand, asked.id, resource="errand")
    if errand.status != WAITING:
        return
    find_kinds()[asked.kind].apply(session, asked, outcome)
    _end(session, errand, DONE)


def note_silence(session: Session, asked: Asked, why: str) -> bool:
    """Nobody answered: it is tried again later, or given up. True when it is over."""
    errand = lock_row(session, Errand, asked.id, resource="errand")
    if errand.status != WAITING:
        return True
    now = _wall.now()
    errand.attempts += 1
    errand.last_error = why[:200]
    if now - errand.created_at >= GIVEN_UP_AFTER:
        find_kinds()[asked.kind].give_up(session, asked)
        _end(session, errand, ABANDONED)
        return True
    errand.claimed_by, errand.claimed_until, errand.updated_at = "", None, now
    errand.next_attempt_at = now + STEPS[min(errand.attempts, len(STEPS)) - 1]
    session.add(errand)
    return False


def _end(session: Session, errand: Errand, status: str) -> None:
    errand.status, errand.claimed_by, errand.claimed_until, errand.updated_at = status, "", None, _wall.now()
    session.add(errand)
    session.flush()


def due(store: Store, now: datetime | None = None) -> list[tuple[int, str]]:
    """Errands of every organization that nobody carries out though it is time: (organization, id), the oldest first."""
    now = now or _wall.now()
    waiting = (
        select(Errand.organization_id, Errand.id, Errand.claimed_by, Errand.claimed_until)
        .where(Errand.status == WAITING, col(Errand.next_attempt_at) <= now)
        .order_by(col(Errand.next_attempt_at))
        .limit(MAX_DUE)
    )
    with store.read_system() as session:
        found = session.exec(waiting).all()
    return [
        (organization_id, errand_id)
        for organization_id, errand_id, holder, until in found
        if until is None or until <= now or has_ended(holder)
    ]


def is_under_way(session: Session, subject_id: str) -> bool:
    """True while somebody is to be asked about this subject."""
    own = scoped(session, Errand).where(Errand.subject_id == subject_id, Errand.status == WAITING)
    return session.exec(own).first() is not None


def forget_done(session: Session) -> int:
    """Takes a bite of the errands that are over for a month; how many went."""
    own = organization_of(session)
    old = (
        select(Errand.id)
        .where(Errand.organization_id == own, Errand.status != WAITING, col(Errand.created_at) < _wall.now() - KEPT)
        .limit(FORGOTTEN_AT_ONCE)
    )
    ids = list(session.exec(old))
    if ids:
        table = table_of(Errand)
        session.connection().execute(delete(table).where(table.c.organization_id == own, table.c.id.in_(ids)))
    return len(ids)
