"""The supervisor's desk: who works where on what, how fast, and what waits for a decision.

Every figure is read from what the floor wrote by itself: steps, acts, claims, exceptions. Nothing is kept for the desk.

Example::

    board = read_board(session, site_id=site.id)
    [(worker.name, worker.flow, worker.lines_an_hour) for worker in board.workers]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Table, func, literal, type_coerce
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from ambra_tui.kit.clock import from_microseconds, to_microseconds
from ambra_tui.services import packing
from ambra_tui.services.tasks import OPEN_STATES
from ambra_tui.store.models import (
    Act,
    CycleCount,
    CycleCountLine,
    Discrepancy,
    FloorStep,
    Site,
    Task,
    User,
    WorkClaim,
    WorkSession,
    metadata,
)
from ambra_tui.store.scope import now_of, organization_of, scoped

AN_HOUR = timedelta(hours=1)
SHIFT_HOURS = 9  # the present hour and a shift of eight before it
_MICROSECONDS_AN_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """One signed-in worker. `flow`: the flow on top, ``home`` at the menu; `work`: numbers of what they hold;
    `last_scan_at`: None when nothing was scanned yet; `lines_an_hour`, `errors_an_hour`: acts that stand and refusals
    of the last 60 minutes; `status`: active or break."""

    user_id: str
    name: str
    role: str
    site_code: str
    station: str
    status: str
    flow: str
    work: tuple[str, ...]
    last_scan_at: datetime | None
    lines_an_hour: int
    errors_an_hour: int


@dataclass(frozen=True, slots=True)
class HourLine:
    """One hour of the shift: acts that stand, and refusals."""

    start: datetime
    lines: int
    errors: int


@dataclass(frozen=True, slots=True)
class Board:
    """The desk at `at`. `open_exceptions`: kind -> how many; `open_tasks`: kind -> how many, orders to pack
    and counts to approve among them; `hours`: oldest first,
    the present hour last; `lines_an_hour`, `errors_an_hour`: of the last 60 minutes, also of who has gone home."""

    at: datetime
    workers: tuple[WorkerLine, ...]
    open_exceptions: Mapping[str, int]
    open_tasks: Mapping[str, int]
    hours: tuple[HourLine, ...]
    lines_an_hour: int
    errors_an_hour: int


def read_board(session: Session, *, site_id: str | None = None) -> Board:
    """The desk of a site, or of all sites. Reads only."""
    now = now_of(session)
    lines, errors = _last_hour(session, site_id, now - AN_HOUR)
    return Board(
        at=now,
        workers=tuple(_workers(session, site_id, now)),
        open_exceptions=_counted(session, col(Discrepancy.kind), Discrepancy.status == "open", site_id, Discrepancy),
        open_tasks=_open_tasks(session, site_id),
        hours=tuple(_hours(session, site_id, now)),
        lines_an_hour=lines,
        errors_an_hour=errors,
    )


def _workers(session: Session, site_id: str | None, now: datetime) -> Iterable[WorkerLine]:
    organization_id = organization_of(session)
    statement = (
        select(WorkSession, User, Site.code)
        .join(
            User,
            (col(User.organization_id) == col(WorkSession.organization_id))
            & (col(User.id) == col(WorkSession.user_id)),
        )
        .join(
            Site,
            (col(Site.organization_id) == col(WorkSession.organization_id))
            & (col(Site.id) == col(WorkSession.site_id)),
        )
        .where(
            WorkSession.organization_id == organization_id,
            User.organization_id == organization_id,
            Site.organization_id == organization_id,
            col(WorkSession.status).in_(("active", "break")),
        )
        .order_by(col(Site.code), col(User.name))
    )
    if site_id is not None:
        statement = statement.where(WorkSession.site_id == site_id)
    rows = session.exec(statement).all()
    lines, errors = _rates(session, now - AN_HOUR)
    work = _held_work(session)
    for place, user, site_code in rows:
        yield WorkerLine(
            user_id=user.id,
            name=user.name,
            role=user.role,
            site_code=site_code,
            station=place.station,
            status=place.status,
            flow=str(place.frames[-1]["flow"]) if place.frames else "home",
            work=work.get(user.id, ()),
            last_scan_at=_last_scan(session, user.id),
            lines_an_hour=lines.get(user.id, 0),
            errors_an_hour=errors.get(user.id, 0),
        )


def _rates(session: Session, since: datetime) -> tuple[dict[str, int], dict[str, int]]:
    organization_id = organization_of(session)
    acts = (
        select(Act.user_id, func.count())
        .where(Act.organization_id == organization_id, col(Act.done_at) > since, col(Act.undone_at).is_(None))
        .group_by(col(Act.user_id))
    )
    refusals = (
        select(FloorStep.user_id, func.count())
        .where(FloorStep.organization_id == organization_id, col(FloorStep.at) > since, _is_error())
        .group_by(col(FloorStep.user_id))
    )
    return dict(session.exec(acts).all()), dict(session.exec(refusals).all())


def _last_hour(session: Session, site_id: str | None, since: datetime) -> tuple[int, int]:
    """Acts that stand and refusals of the whole floor."""
    organization_id = organization_of(session)
    acts = core_select(func.count()).where(
        col(Act.organization_id) == organization_id, col(Act.done_at) > since, col(Act.undone_at).is_(None)
    )
    refusals = core_select(func.count()).where(
        col(FloorStep.organization_id) == organization_id, col(FloorStep.at) > since, _is_error()
    )
    if site_id is not None:
        acts, refusals = acts.where(col(Act.site_id) == site_id), refusals.where(col(FloorStep.site_id) == site_id)
    connection = session.connection()
    return connection.execute(acts).scalar_one(), connection.execute(refusals).scalar_one()


def _is_error() -> ColumnElement[bool]:
    return (col(FloorStep.code) >= "E") & (col(FloorStep.code) < "F")


def _last_scan(session: Session, user_id: str) -> datetime | None:
    statement = (
        select(FloorStep.at)
        .where(
            FloorStep.organization_id == organization_of(session),
            FloorStep.user_id == user_id,
            FloorStep.kind == "code",
        )
        .order_by(col(FloorStep.at).desc())
    )
    return session.exec(statement.limit(1)).first()


def _held_work(session: Session) -> dict[str, tuple[str, ...]]:
    """User id -> numbers of the documents that they hold, longest held first."""
    statement = scoped(session, WorkClaim).order_by(col(WorkClaim.claimed_at), col(WorkClaim.document_id)).limit(1000)
    claimed = session.exec(statement).all()
    numbers: dict[tuple[str, str], str] = {}
    for kind in {claim.document_kind for claim in claimed}:
        ids = [claim.document_id for claim in claimed if claim.document_kind == kind]
        numbers |= {(kind, key): number for key, number in document_numbers(session, kind, ids).items()}
    held: dict[str, tuple[str, ...]] = {}
    for claim in claimed:
        number = numbers.get((claim.document_kind, claim.document_id))
        if number:
            held[claim.user_id] = (*held.get(claim.user_id, ()), number)
    return held


def document_numbers(session: Session, kind: str, ids: Iterable[str]) -> dict[str, str]:
    """Id -> number of documents of a kind; a kind is named as its table. Empty for kinds without numbers."""
    table = metadata.tables.get(kind)
    if table is None or "number" not in table.c:
        return {}
    return _numbers(session, table, list(ids))


def _numbers(session: Session, table: Table, ids: list[str]) -> dict[str, str]:
    statement = core_select(table.c.id, table.c.number).where(
        table.c.organization_id == organization_of(session), table.c.id.in_(ids)
    )
    return {row.id: row.number for row in session.connection().execute(statement)}


def _open_tasks(session: Session, site_id: str | None) -> dict[str, int]:
    organization_id = organization_of(session)
    waiting = (
        select(func.count())
        .select_from(CycleCountLine)
        .join(
            CycleCount,
            (col(CycleCount.organization_id) == col(CycleCountLine.organization_id))
            & (col(CycleCount.id) == col(CycleCountLine.cycle_count_id)),
        )
        .where(
            CycleCountLine.organization_id == organization_id,
            CycleCount.organization_id == organization_id,
            CycleCount.status == "in_progress",
            CycleCountLine.state == "approval",
        )
    )
    if site_id is not None:
        waiting = waiting.where(CycleCount.site_id == site_id)
    tasks = _counted(session, col(Task.kind), col(Task.status).in_(OPEN_STATES), site_id, Task)
    approvals = session.exec(waiting).one()
    to_pack = packing.count_waiting(session, site_id)
    more = {"pack": to_pack, "approval": approvals}
    return {**tasks, **{kind: count for kind, count in more.items() if count}}


def _counted(
    session: Session, kind: Any, condition: Any, site_id: str | None, model: type[Task] | type[Discrepancy]
) -> dict[str, int]:
    statement = (
        select(kind, func.count())
        .where(model.organization_id == organization_of(session), condition)
        .group_by(kind)
        .order_by(kind)
    )
    if site_id is not None:
        statement = statement.where(model.site_id == site_id)
    return dict(session.exec(statement).all())


def _hours(session: Session, site_id: str | None, now: datetime) -> Iterable[HourLine]:
    present = to_microseconds(now) // _MICROSECONDS_AN_HOUR
    first = present - SHIFT_HOURS + 1
    since = from_microseconds(first * _MICROSECONDS_AN_HOUR)
    organization_id = organization_of(session)
    acts = core_select(_hour_of(col(Act.done_at)), func.count()).where(
        col(Act.organization_id) == organization_id, col(Act.done_at) >= since, col(Act.undone_at).is_(None)
    )
    refusals = core_select(_hour_of(col(FloorStep.at)), func.count()).where(
        col(FloorStep.organization_id) == organization_id, col(FloorStep.at) >= since, _is_error()
    )
    if site_id is not None:
        acts, refusals = acts.where(col(Act.site_id) == site_id), refusals.where(col(FloorStep.site_id) == site_id)
    lines = _by_hour(session, acts.group_by(_hour_of(col(Act.done_at))))
    errors = _by_hour(session, refusals.group_by(_hour_of(col(FloorStep.at))))
    for hour in range(first, present + 1):
        start = from_microseconds(hour * _MICROSECONDS_AN_HOUR)
        yield HourLine(start, lines.get(hour, 0), errors.get(hour, 0))


def _by_hour(session: Session, statement: Any) -> dict[int, int]:
    return {row[0]: row[1] for row in session.connection().execute(statement)}


def _hour_of(moment: Any) -> ColumnElement[int]:
    """Whole hours since 1970; both databases divide whole numbers to whole numbers."""
    whole: ColumnElement[int] = type_coerce(moment, BigInteger).op("/")(
        literal(_MICROSECONDS_AN_HOUR, BigInteger, literal_execute=True)
    )
    return type_coerce(whole, BigInteger)
