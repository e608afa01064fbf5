"""Planning counts: by bins, by aisle, by ABC class, by suspicion; and the one bin that somebody stands at.

Example::

    bins = bins_by(session, site.id, "abc")
    plan_count(session, site_id=site.id, method="abc", location_ids=[location.id for location in bins])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col

from ambra_tui.errors import Conflict, Invalid
from ambra_tui.services import counts, tasks
from ambra_tui.services.counts.documents import walking_order
from ambra_tui.services.counts.dues import COUNTED_EVERY, class_of, last_counted
from ambra_tui.services.places import find_location
from ambra_tui.store.models import CycleCount, CycleCountBin, Location
from ambra_tui.store.scope import fetch, now_of, scoped

STORED_KINDS = ("pick", "reserve")
MOST_DUE = 100  # bins of one day's list
PLANNED = ("bins", "aisle", "abc", "suspicion")


@dataclass(frozen=True, slots=True)
class Due:
    """A bin that is to be counted today. `counted_at`: when it was counted last; None: never."""

    location: Location
    abc_class: str
    counted_at: datetime | None


def plan_count(
    session: Session, *, site_id: str, method: str, location_ids: Sequence[str], notes: str = ""
) -> CycleCount:
    """A count of these bins that is in progress at once. Bins that wait in another count are left to that one.

    Raises Conflict when nothing is left, Invalid.
    """
    if not location_ids:
        raise Conflict("There is nothing to count here.")
    waiting = {row.location_id: row for row in counts.open_bins(session, site_id, states=_UNDONE)}
    free = [key for key in dict.fromkeys(location_ids) if key not in waiting]
    if not free:
        number = counts.get_count(session, waiting[location_ids[0]].cycle_count_id).number
        raise Conflict(f"All of it waits in a count already ({number}).")
    count = counts.create_count(session, site_id=site_id, location_ids=free, method=method, notes=notes)
    counts.load_inventory(session, count)
    return counts.start_count(session, count)


_UNDONE = ("open", "recount", "approval")


def plan_bin(session: Session, location: Location) -> CycleCountBin:
    """The bin that somebody stands at, as a count of its own that completes itself once the bin is done."""
    assert location.site_id is not None, "a bin lies in a site"
    count = plan_count(session, site_id=location.site_id, method="opportunity", location_ids=[location.id])
    return counts.bins_of(session, count.id)[0]


def named_bins(session: Session, site_id: str, codes: Sequence[str]) -> list[Location]:
    """The site's locations with these codes or barcodes. Raises Invalid naming those that there are not."""
    found = {code: find_location(session, code, site_id=site_id) for code in codes if code.strip()}
    missing = [code for code, row in found.items() if row is None or row.site_id != site_id or row.usage != "internal"]
    if missing:
        raise Invalid(f"there is no bin {', '.join(missing[:10])} here", field="bins")
    return [row for row in found.values() if row is not None]


def aisle_bins(session: Session, site_id: str, aisle: str) -> list[Location]:
    """The bins of a zone, or those whose code begins with `aisle`, in walking order. Raises Invalid without any."""
    wanted = aisle.strip().casefold()
    if not wanted:
        raise Invalid("name the aisle: a zone or the beginning of its bin codes", field="aisle")
    stored = _stored(session, site_id)
    zone = [row for row in stored if row.zone.casefold() == wanted]
    found = zone or [row for row in stored if row.code.casefold().startswith(wanted)]
    if not found:
        raise Invalid(f"no zone is called {aisle.strip()[:40]} and no bin begins so", field="aisle")
    return found


def due_bins(session: Session, site_id: str, *, limit: int = MOST_DUE) -> list[Due]:
    """Today's list by ABC class: A every month, B every quarter, C every year since they were counted last.

    What was never counted comes before what is overdue, and A before B before C.
    """
    stored = _stored(session, site_id)
    ids = [row.id for row in stored]
    last, classes, now = last_counted(session, ids), class_of(session, ids), now_of(session)
    due = [
        Due(row, classes[row.id], last.get(row.id))
        for row in stored
        if row.id not in last or last[row.id] + COUNTED_EVERY[classes[row.id]] <= now
    ]
    most_urgent = sorted(due, key=lambda row: (row.abc_class, row.counted_at is not None, row.counted_at or now))[
        :limit
    ]
    return sorted(most_urgent, key=lambda row: walking_order(row.location))


def doubtful_bins(session: Session, site_id: str) -> list[Location]:
    """Bins that a short pick or a zero check asked a count of, in walking order."""
    asked = {task.location_id for task in tasks.open_tasks(session, site_id, kind="count") if task.location_id}
    found = [fetch(session, Location, key, resource="location") for key in asked]
    return sorted(found, key=walking_order)


def bins_by(
    session: Session, site_id: str, method: str, *, codes: Sequence[str] = (), aisle: str = ""
) -> list[Location]:
    """The bins that a way of planning names now."""
    if method == "bins":
        return named_bins(session, site_id, codes)
    if method == "aisle":
        return aisle_bins(session, site_id, aisle)
    if method == "abc":
        return [row.location for row in due_bins(session, site_id)]
    if method == "suspicion":
        return doubtful_bins(session, site_id)
    raise Invalid(f"method is one of {', '.join(PLANNED)}", field="method")


def _stored(session: Session, site_id: str) -> list[Location]:
    statement = scoped(session, Location).where(
        Location.site_id == site_id, col(Location.kind).in_(STORED_KINDS), Location.status == "active"
    )
    return sorted(session.exec(statement).all(), key=walking_order)


__all__ = [
    "MOST_DUE",
    "PLANNED",
    "Due",
    "aisle_bins",
    "bins_by",
    "doubtful_bins",
    "due_bins",
    "named_bins",
    "plan_bin",
    "plan_count",
]
