"""How fast the floor works, from its own log: scans and seconds a line, errors an operator's hour.

A line is an act: a receipt, a pick, a counted bin. Time runs from one entry of a worker to the next and belongs to the
flow that the later one was heard in; a gap longer than `PAUSE` is no work and is left out.

Example::

    for pace in paces(session, since=start, until=end):
        print(pace.name, pace.flow, pace.scans_a_line, pace.seconds_a_line, pace.errors_an_hour)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, case, func, select, type_coerce
from sqlmodel import Session, col

from ambra_tui.store.models import FloorStep, User
from ambra_tui.store.scope import organization_of

PAUSE = timedelta(minutes=5)
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """What one worker did in one flow. `scans`: codes read by a scanner; `entries`: all that was heard; `seconds`: time
    at work. A rate is None where there is nothing to divide by."""

    name: str
    flow: str
    lines: int
    scans: int
    entries: int
    errors: int
    seconds: float

    @property
    def scans_a_line(self) -> float | None:
        return self.scans / self.lines if self.lines else None

    @property
    def seconds_a_line(self) -> float | None:
        return self.seconds / self.lines if self.lines else None

    @property
    def errors_an_hour(self) -> float | None:
        return self.errors * 3600 / self.seconds if self.seconds else None


def paces(session: Session, *, since: datetime, until: datetime, site_id: str | None = None) -> list[Pace]:
    """Every worker and flow of a period, `since` included and `until` not; workers by name, flows by time spent."""
    organization_id = organization_of(session)
    at = type_coerce(col(FloorStep.at), BigInteger)
    before = func.lag(at).over(partition_by=col(FloorStep.user_id), order_by=(at, col(FloorStep.id)))
    within = [
        col(FloorStep.organization_id) == organization_id,
        col(FloorStep.at) >= since,
        col(FloorStep.at) < until,
    ]
    if site_id is not None:
        within.append(col(FloorStep.site_id) == site_id)
    step = (
        select(
            col(FloorStep.user_id), col(FloorStep.flow), col(FloorStep.acts), col(FloorStep.kind), col(FloorStep.how),
            col(FloorStep.code),
            (at - before).label("gap"),
        )
        .where(*within)
        .subquery()
    )  # fmt: skip
    limit = PAUSE // timedelta(microseconds=1)
    worked = func.coalesce(func.sum(case((step.c.gap <= limit, step.c.gap), else_=0)), 0)
    statement = (
        select(
            col(User.name),
            step.c.flow,
            func.sum(step.c.acts),
            func.sum(case(((step.c.kind == "code") & (step.c.how == "scan"), 1), else_=0)),
            func.count(),
            func.sum(case(((step.c.code >= "E") & (step.c.code < "F"), 1), else_=0)),
            worked,
        )
        .select_from(User)
        .join(step, (col(User.organization_id) == organization_id) & (col(User.id) == step.c.user_id))
        .where(col(User.organization_id) == organization_id)
        .group_by(col(User.id), col(User.name), step.c.flow)
        .order_by(col(User.name), col(User.id), worked.desc(), step.c.flow)
    )
    return [
        Pace(name, flow, int(lines), int(scans), int(entries), int(errors), int(gaps) / _MICROSECONDS)
        for name, flow, lines, scans, entries, errors, gaps in session.connection().execute(statement)
    ]


def total(parts: Iterable[Pace], *, name: str = "") -> Pace:
    """Several paces as one."""
    rows: Sequence[Pace] = tuple(parts)
    return Pace(
        name=name,
        flow="",
        lines=sum(row.lines for row in rows),
        scans=sum(row.scans for row in rows),
        entries=sum(row.entries for row in rows),
        errors=sum(row.errors for row in rows),
        seconds=sum(row.seconds for row in rows),
    )
