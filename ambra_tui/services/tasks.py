"""Floor work that something asked for: counts of doubtful bins, stock to put away again.

Example::

    ask_count(session, location=bin, variant_id=variant.id, reason=SHORT_PICK)
    stopped_bins(session, site_id)      # bins that nobody is sent to until they are counted
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from ambra_tui.kit.ids import new_id
from ambra_tui.store.facts import publish
from ambra_tui.store.models import Location, Task
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import actor_of, now_of, organization_of, scoped

SHORT_PICK = "short_pick"
ZERO_CHECK = "zero_check"
CANCELLED_ORDER = "cancelled_order"
BELOW_MINIMUM = "below_minimum"
OPEN_STATES = ("open", "claimed")
REPLENISH_PRIORITY = 1

_STOPPED = PreparedRows(
    select(col(Task.location_id), col(Task.variant_id)).where(
        Task.organization_id == ORGANIZATION,
        Task.site_id == given("site_id"),
        Task.kind == "count",
        col(Task.status).in_(OPEN_STATES),
        col(Task.reason).like(f"{SHORT_PICK}%"),
    )
)


def ask_count(
    session: Session,
    *,
    location: Location,
    variant_id: str | None,
    reason: str,
    document_kind: str = "",
    document_id: str = "",
) -> Task:
    """A count of a variant (of everything, when None) in a bin; one that is asked for already is returned instead."""
    return _ask(
        session,
        kind="count",
        location=location,
        variant_id=variant_id,
        reason=reason,
        document_kind=document_kind,
        document_id=document_id,
    )


def ask_putaway(session: Session, *, location: Location, reason: str, document_id: str) -> Task:
    """What lies in a tote or on the stage belongs to nobody any more: somebody is to put it away."""
    return _ask(
        session,
        kind="putaway",
        location=location,
        variant_id=None,
        reason=reason,
        document_kind="sales_order",
        document_id=document_id,
    )


def ask_replenish(session: Session, *, location: Location, variant_id: str, document_id: str = "") -> Task:
    """The pick face of a variant holds too little: somebody is to fill it from a reserve bin."""
    return _ask(
        session,
        kind="replenish",
        location=location,
        variant_id=variant_id,
        reason=BELOW_MINIMUM,
        document_kind="",
        document_id=document_id,
        priority=REPLENISH_PRIORITY,
    )


def open_tasks(
    session: Session, site_id: str, *, kind: str | None = None, location_id: str | None = None
) -> list[Task]:
    """Open work of a site, most urgent first."""
    statement = scoped(session, Task).where(Task.site_id == site_id, col(Task.status).in_(OPEN_STATES))
    if kind is not None:
        statement = statement.where(Task.kind == kind)
    if location_id is not None:
        statement = statement.where(Task.location_id == location_id)
    ordered = statement.order_by(col(Task.priority).desc(), col(Task.created_at), col(Task.id)).limit(1000)
    return list(session.exec(ordered).all())


def finish_task(session: Session, task: Task) -> None:
    """The work is done; a bin that waited for this count is open again."""
    task.status = "done"
    task.updated_at = now_of(session)
    session.add(task)
    session.flush()
    publish(session, "task_done", task.id, {"kind": task.kind, "location_id": task.location_id})


def reopen_task(session: Session, task: Task) -> None:
    """The work was taken back: the task waits again."""
    task.status, task.claimed_by, task.updated_at = "open", "", now_of(session)
    session.add(task)
    session.flush()
    publish(session, "task_opened", task.id, {"kind": task.kind, "location_id": task.location_id})


def cancel_task(session: Session, task: Task) -> None:
    """What asked for the work was taken back."""
    task.status, task.updated_at = "cancelled", now_of(session)
    session.add(task)
    session.flush()
    publish(session, "task_cancelled", task.id, {"kind": task.kind, "location_id": task.location_id})


def stopped_bins(session: Session, site_id: str) -> set[tuple[str, str]]:
    """Pairs of location and variant that a short pick cast doubt on: no pick is sent there until a count."""
    return {(location_id or "", variant_id or "") for location_id, variant_id in _STOPPED.all(session, site_id=site_id)}


def _ask(
    session: Session,
    *,
    kind: str,
    location: Location,
    variant_id: str | None,
    reason: str,
    document_kind: str,
    document_id: str,
    priority: int = 0,
) -> Task:
    for known in open_tasks(session, location.site_id or "", kind=kind, location_id=location.id):
        if known.variant_id == variant_id and known.reason.split(" ")[0] == reason.split(" ")[0]:
            return known
    now = now_of(session)
    task = Task(
        organization_id=organization_of(session),
        id=new_id("task"),
        kind=kind,
        site_id=location.site_id or "",
        location_id=location.id,
        variant_id=variant_id,
        document_kind=document_kind,
        document_id=document_id,
        reason=reason,
        priority=priority,
        created_by=actor_of(session).id,
        created_at=now,
        updated_at=now,
    )
    session.add(task)
    session.flush()
    publish(session, "task_opened", task.id, {"kind": kind, "location_id": location.id, "reason": reason})
    return task
