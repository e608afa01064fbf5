"""What a supervisor decides about variances: post them, have them counted again, or keep what the book says.

Example::

    for line in waiting_lines(session, site.id):
        decide(session, line, "approve")
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid, NotAllowed, WrongState
from ambra_tui.services.counts.counting import settle_bin
from ambra_tui.services.counts.documents import bins_of, lock_count, refuse_state
from ambra_tui.services.counts.limits import APPROVERS
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import CycleCount, CycleCountBin, CycleCountLine, User
from ambra_tui.store.scope import actor_of, now_of, organization_of

DECISIONS = ("approve", "again", "keep")
_STATES = {"approve": "accepted", "again": "recount", "keep": "kept"}


def waiting_lines(session: Session, site_id: str, *, state: str = "approval") -> list[CycleCountLine]:
    """Lines of the site's counts in progress that wait for a supervisor (or are in another `state`), oldest first."""
    statement = (
        select(CycleCountLine)
        .join(
            CycleCount,
            (col(CycleCount.organization_id) == col(CycleCountLine.organization_id))
            & (col(CycleCount.id) == col(CycleCountLine.cycle_count_id)),
        )
        .where(
            CycleCountLine.organization_id == organization_of(session),
            CycleCount.organization_id == organization_of(session),
            CycleCount.site_id == site_id,
            CycleCount.status == "in_progress",
            CycleCountLine.state == state,
        )
        .order_by(col(CycleCount.started_at), col(CycleCount.id), col(CycleCountLine.position))
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement.limit(1000)).all())


def decide(session: Session, line: CycleCountLine, decision: str) -> CycleCountBin:
    """A supervisor's word on a line in doubt; the bin it lies in. Raises NotAllowed, WrongState, Invalid."""
    if decision not in DECISIONS:
        raise Invalid(f"a decision is one of {', '.join(DECISIONS)}", field="decision")
    actor = actor_of(session)
    user = session.get(User, (organization_of(session), actor.id))
    if (user.role if user else actor.role) not in APPROVERS:
        raise NotAllowed("A supervisor approves what was counted.")
    count = lock_count(session, line.cycle_count_id)
    refuse_state(count, ("in_progress",), step="approve")
    session.refresh(line)
    if line.state != "approval":
        raise WrongState("count_line", line.id, state=line.state, step="approve")
    line.state = _STATES[decision]
    line.approved_by = "" if decision == "again" else actor.id
    session.add(line)
    count.updated_at = now_of(session)
    session.add(count)
    session.flush()
    audit(
        session, "count_decided", count.id, number=count.number, line_id=line.id, decision=decision,
        variance=str(line.variance),
    )  # fmt: skip
    publish(session, "count_decided", count.id, {"number": count.number, "line_id": line.id, "decision": decision})
    count_bin = next(row for row in bins_of(session, count.id) if row.location_id == line.location_id)
    return settle_bin(session, count, count_bin)


def take_back(session: Session, line: CycleCountLine) -> None:
    """A decision is taken back: the line waits for a supervisor again. Raises WrongState once the count is over."""
    count = lock_count(session, line.cycle_count_id)
    refuse_state(count, ("in_progress",), step="decide anew")
    session.refresh(line)
    if line.state not in _STATES.values() or line.tally is not None:
        raise WrongState("count_line", line.id, state=line.state, step="decide anew")
    line.state, line.approved_by = "approval", ""
    session.add(line)
    session.flush()
    settle_bin(session, count, next(row for row in bins_of(session, count.id) if row.location_id == line.location_id))
