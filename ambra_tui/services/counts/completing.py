"""Completing a count: each accepted variance is posted once, as a difference, whatever moved since it was counted.

Example::

    complete_count(session, count, idempotency_key="step-9")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict, InsufficientStock, Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import INVENTORY_LOSS, Guard, MoveKind, Posted, Posting
from ambra_tui.services import claims
from ambra_tui.services.counts.documents import (
    CLAIM,
    DOCUMENT,
    bins_of,
    level_key,
    lines_of,
    lock_count,
    refuse_state,
)
from ambra_tui.services.counts.dues import close_tasks, reopen_tasks
from ambra_tui.services.site_counts import note_counts
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import CycleCount, CycleCountLine, Discrepancy, Location, Site, StockLevel, User
from ambra_tui.store.models.counts import UNCOUNTED
from ambra_tui.store.scope import actor_of, fetch, now_of, organization_of, scoped

SHORT, ELSEWHERE = "count_short", "count_serial_elsewhere"


class Unfinished(Conflict):
    """Lines wait to be counted again or to be approved; `bins` names where."""

    def __init__(self, count: CycleCount, bins: Sequence[str]) -> None:
        super().__init__(
            f"Cycle count {count.number} is {count.status}: {', '.join(bins)} must be counted again or approved first."
        )
        self.bins = tuple(bins)


class StillCounting(Conflict):
    """Somebody stands at a bin of the count: `holder` at `bin`."""

    def __init__(self, count: CycleCount, holder: User, location: Location) -> None:
        super().__init__(f"Cycle count {count.number} is {count.status}: {holder.name} counts {location.code}.")
        self.holder, self.location = holder, location


@dataclass(frozen=True, slots=True)
class Completed:
    """What completing did. `short`: lines of which not all could be posted. `opened`: lines that nobody had counted,
    `closed_tasks`: counts that had been asked for, `discrepancies`: what it opened; for taking it back."""

    count: CycleCount
    moves: list[Posted]
    short: list[CycleCountLine] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    closed_tasks: list[str] = field(default_factory=list)
    discrepancies: list[str] = field(default_factory=list)

    @property
    def details(self) -> dict[str, list[str]]:
        """What `reopen_count` needs."""
        return {"opened": self.opened, "closed_tasks": self.closed_tasks, "discrepancies": self.discrepancies}


def uncounted_lines(session: Session, count_id: str) -> int:
    """How many lines nobody has counted."""
    return sum(1 for line in lines_of(session, count_id) if line.state == "open")


def complete_count(
    session: Session, count: CycleCount, *, idempotency_key: str, uncounted: str | None = None
) -> Completed:
    """Posts every accepted variance and closes the count; uncounted lines are kept or zeroed as told, else as the count
    says. Raises WrongState when it is not in progress, Unfinished, StillCounting."""
    count = lock_count(session, count.id)
    refuse_state(count, ("in_progress",), step="complete")
    _one_at_a_time(session, count.site_id)
    choice = uncounted or count.uncounted
    if choice not in UNCOUNTED:
        raise Invalid(f"uncounted is one of {', '.join(UNCOUNTED)}", field="uncounted")
    lines = lines_of(session, count.id)
    _refuse_unfinished(session, count, lines)
    opened = [line for line in lines if line.state == "open"]
    _close_lines(session, opened, choice)
    deltas = _deltas(session, count, [line for line in lines if line.state == "accepted"])
    elsewhere = _serials_elsewhere(session, deltas)
    moves, rest = _post(session, count, [pair for pair in deltas if pair[0] not in elsewhere], idempotency_key)
    note_counts(session, _last_moments(count, lines))
    missing = [*((line, part, SHORT) for line, part in rest), *((line, line.variance, ELSEWHERE) for line in elsewhere)]
    discrepancies = [_open_discrepancy(session, count, line, part or ZERO, kind) for line, part, kind in missing]
    now = now_of(session)
    count.status, count.completed_at, count.completed_by = "completed", now, actor_of(session).id
    count.uncounted, count.completions, count.updated_at = choice, count.completions + 1, now
    session.add(count)
    session.flush()
    closed = close_tasks(session, count.site_id, _told_bins(session, count))
    publish(session, "cycle_count_completed", count.id, {"number": count.number, "moves": len(moves)})
    audit(session, "cycle_count_completed", count.id, number=count.number, moves=len(moves), uncounted=choice)
    return Completed(
        count, moves, [line for line, _, _ in missing], [line.id for line in opened], closed, discrepancies
    )


def _last_moments(count: CycleCount, lines: Sequence[CycleCountLine]) -> dict[tuple[str, str], datetime]:
    """When each variant was counted last in this count."""
    counted = [(line.counted_at, line) for line in lines if line.counted_at is not None and line.counted is not None]
    return {(line.variant_id, count.site_id): moment for moment, line in sorted(counted, key=lambda pair: pair[0])}


def _one_at_a_time(session: Session, site_id: str) -> None:
    """Two counts of a site that end at once wait for one another: the second sees what the first posted."""
    session.exec(scoped(session, Site).where(Site.id == site_id).with_for_update(key_share=True)).one()


def _refuse_unfinished(session: Session, count: CycleCount, lines: Sequence[CycleCountLine]) -> None:
    bins = bins_of(session, count.id)
    held = claims.holders(session, CLAIM, [row.id for row in bins])
    for row in bins:
        if row.id in held:
            raise StillCounting(count, held[row.id], fetch(session, Location, row.location_id, resource="location"))
    waiting = {line.location_id for line in lines if line.state in ("recount", "approval")}
    if waiting:
        codes = [fetch(session, Location, key, resource="location").code for key in waiting]
        raise Unfinished(count, sorted(codes))


def _close_lines(session: Session, lines: Sequence[CycleCountLine], choice: str) -> None:
    """What nobody counted stays as it is, or counts as nothing now."""
    on_hand = _on_hand(session, lines) if choice == "zero" else {}
    for line in lines:
        if choice == "keep":
            line.state = "kept"
        else:
            line.expected = on_hand.get(level_key(line), ZERO)
            line.counted, line.variance, line.state = ZERO, -line.expected, "accepted"
            line.counted_by, line.counted_at = actor_of(session).id, now_of(session)
        session.add(line)
    session.flush()


def _on_hand(session: Session, lines: Sequence[CycleCountLine]) -> dict[tuple[str, ...], Decimal]:
    locations = sorted({line.location_id for line in lines})
    statement = scoped(session, StockLevel).where(col(StockLevel.location_id).in_(locations))
    found = session.exec(statement.execution_options(populate_existing=True)).all() if locations else []
    return {level_key(level): level.on_hand for level in found}


# --- posted ---------------------------------------------------------------------------------------------------------


def _deltas(
    session: Session, count: CycleCount, lines: Sequence[CycleCountLine]
) -> list[tuple[CycleCountLine, Decimal]]:
    """What each line adds to the book: its variance, less what another count of the same level told of it already."""
    told = _told_by_others(session, count, lines)
    deltas = []
    for line in lines:
        assert line.variance is not None and line.counted_at is not None
        delta = line.variance
        for other in told.get(level_key(line), ()):
            assert other.counted_at is not None
            if other.counted_at >= line.counted_at:
                delta = ZERO
                break
            delta -= other.posted or ZERO
        line.posted = ZERO
        session.add(line)
        if delta:
            deltas.append((line, delta))
    return deltas


def _told_by_others(
    session: Session, count: CycleCount, lines: Sequence[CycleCountLine]
) -> dict[tuple[str, ...], list[CycleCountLine]]:
    """Lines of other counts that posted a difference of the same levels after these were counted."""
    moments = [line.counted_at for line in lines if line.counted_at is not None]
    if not moments:
        return {}
    statement = (
        select(CycleCountLine, CycleCount.completed_at)
        .join(
            CycleCount,
            (col(CycleCount.organization_id) == col(CycleCountLine.organization_id))
            & (col(CycleCount.id) == col(CycleCountLine.cycle_count_id)),
        )
        .where(
            CycleCountLine.organization_id == organization_of(session),
            CycleCount.organization_id == organization_of(session),
            CycleCount.site_id == count.site_id,
            CycleCount.id != count.id,
            CycleCount.status == "completed",
            col(CycleCount.completed_at) >= min(moments),
            col(CycleCountLine.posted).is_not(None),
            col(CycleCountLine.location_id).in_(sorted({line.location_id for line in lines})),
        )
        .order_by(col(CycleCountLine.counted_at).desc())
        .execution_options(populate_existing=True)
    )
    counted = {level_key(line): line.counted_at for line in lines}
    told: dict[tuple[str, ...], list[CycleCountLine]] = {}
    for other, completed_at in session.exec(statement).all():
        mine = counted.get(level_key(other))
        if mine is not None and completed_at is not None and completed_at >= mine:
            told.setdefault(level_key(other), []).append(other)
    return told


def _serials_elsewhere(session: Session, deltas: Sequence[tuple[CycleCountLine, Decimal]]) -> list[CycleCountLine]:
    """Serials found here that the book has at another place still: they are moved by whoever clears that up."""
    found = {line.serial: line for line, delta in deltas if line.serial and delta > 0}
    leaving = {level_key(line) for line, delta in deltas if line.serial and delta < 0}
    if not found:
        return []
    statement = scoped(session, StockLevel).where(
        col(StockLevel.serial).in_(sorted(found)), col(StockLevel.on_hand) > ZERO
    )
    return [
        found[level.serial]
        for level in session.exec(statement.execution_options(populate_existing=True)).all()
        if level.variant_id == found[level.serial].variant_id and level_key(level) not in leaving
    ]


def _post(
    session: Session, count: CycleCount, deltas: Sequence[tuple[CycleCountLine, Decimal]], idempotency_key: str
) -> tuple[list[Posted], list[tuple[CycleCountLine, Decimal]]]:
    """Posts the differences. What a level no longer holds cannot be posted: the second list tells how much that is."""
    postings = {line.id: _posting(count, line, delta, idempotency_key) for line, delta in deltas}
    lines = {line.id: line for line, _ in deltas}
    asked = {key: posting.quantity for key, posting in postings.items()}
    posted: list[Posted] = []
    while postings:
        try:
            posted = ledger.post(session, list(postings.values()))
            break
        except InsufficientStock as error:
            for shortage in error.shortages:
                left = min(shortage.available, postings[shortage.line_id].quantity)
                if left <= ZERO:
                    del postings[shortage.line_id]
                else:
                    postings[shortage.line_id] = replace(postings[shortage.line_id], quantity=left)
    for (key, posting), move in zip(postings.items(), posted, strict=True):
        line = lines[key]
        line.posted = posting.quantity if posting.source_id == INVENTORY_LOSS else -posting.quantity
        line.move_id = move.id
        session.add(line)
    session.flush()
    rest = {key: quantity - (postings[key].quantity if key in postings else ZERO) for key, quantity in asked.items()}
    return posted, [(lines[key], -part) for key, part in rest.items() if part]


def _posting(count: CycleCount, line: CycleCountLine, delta: Decimal, idempotency_key: str) -> Posting:
    is_found = delta > 0
    return Posting(
        variant_id=line.variant_id,
        source_id=INVENTORY_LOSS if is_found else line.location_id,
        destination_id=line.location_id if is_found else INVENTORY_LOSS,
        quantity=abs(delta),
        kind=MoveKind.CYCLE_COUNT_ADJUSTMENT,
        idempotency_key=f"{idempotency_key}:{line.id}:{count.completions}",
        lot_id=line.lot_id,
        serial=line.serial,
        plate_id="" if is_found else line.plate_id,
        destination_plate_id=line.plate_id if is_found else "",
        guard=Guard.PHYSICAL,
        reason="cycle_count",
        origin_kind=DOCUMENT,
        origin_id=count.id,
        origin_line_id=line.id,
    )


def _open_discrepancy(session: Session, count: CycleCount, line: CycleCountLine, quantity: Decimal, kind: str) -> str:
    """Something that the count found and the book could not take: a person looks at it."""
    row = Discrepancy(
        organization_id=count.organization_id,
        id=new_id("dis"),
        kind=kind,
        site_id=count.site_id,
        variant_id=line.variant_id,
        document_kind=DOCUMENT,
        document_id=count.id,
        line_id=line.id,
        quantity=quantity,
        actor_id=actor_of(session).id,
        created_at=now_of(session),
    )
    session.add(row)
    session.flush()
    publish(session, "discrepancy_opened", row.id, {"kind": kind, "document_id": count.id})
    return row.id


def _told_bins(session: Session, count: CycleCount) -> list[str]:
    """The bins whose whole content somebody counted."""
    lines = lines_of(session, count.id)
    left_out = {line.location_id for line in lines if line.counted is None}
    counted = {line.location_id for line in lines if line.counted is not None}
    return [
        row.location_id
        for row in bins_of(session, count.id)
        if (row.state == "done" or row.location_id in counted) and row.location_id not in left_out
    ]


# --- taken back -----------------------------------------------------------------------------------------------------


def counted_since(session: Session, count: CycleCount) -> CycleCount | None:
    """A count that told of a level after this one posted to it, or whose worker counted what it had posted there."""
    posted = {level_key(line) for line in lines_of(session, count.id) if line.posted}
    if not posted or count.completed_at is None:
        return None
    _one_at_a_time(session, count.site_id)
    since = count.completed_at
    statement = (
        select(CycleCountLine, CycleCount)
        .join(
            CycleCount,
            (col(CycleCount.organization_id) == col(CycleCountLine.organization_id))
            & (col(CycleCount.id) == col(CycleCountLine.cycle_count_id)),
        )
        .where(
            CycleCountLine.organization_id == organization_of(session),
            CycleCount.organization_id == organization_of(session),
            CycleCount.site_id == count.site_id,
            CycleCount.id != count.id,
            col(CycleCountLine.location_id).in_(sorted({key[0] for key in posted})),
            or_(
                and_(
                    col(CycleCount.status) == "completed",
                    col(CycleCount.completed_at) >= since,
                    col(CycleCountLine.posted).is_not(None),
                ),
                and_(
                    col(CycleCount.status) == "in_progress",
                    or_(col(CycleCountLine.counted_at) >= since, col(CycleCountLine.tally_at) >= since),
                ),
            ),
        )
        .order_by(col(CycleCount.number))
        .execution_options(populate_existing=True)
    )
    return next((other for line, other in session.exec(statement).all() if level_key(line) in posted), None)


def reopen_count(
    session: Session,
    count: CycleCount,
    *,
    opened: Sequence[str],
    closed_tasks: Sequence[str],
    discrepancies: Sequence[str],
) -> CycleCount:
    """A completed count goes on; its moves are reversed by the caller. Raises WrongState when it is not completed or
    somebody settled a discrepancy of it."""
    count = lock_count(session, count.id)
    refuse_state(count, ("completed",), step="reopen")
    for key in discrepancies:
        row = fetch(session, Discrepancy, key, resource="discrepancy")
        if row.status != "open":
            raise WrongState("discrepancy", row.id, state=row.status, step="take back")
        session.delete(row)
    for line in lines_of(session, count.id):
        line.posted, line.move_id = None, ""
        if line.id in set(opened):
            line.state, line.counted, line.variance, line.counted_by, line.counted_at = "open", None, None, "", None
        session.add(line)
    count.status, count.completed_at, count.completed_by = "in_progress", None, ""
    count.updated_at = now_of(session)
    session.add(count)
    session.flush()
    reopen_tasks(session, closed_tasks)
    publish(session, "cycle_count_reopened", count.id, {"number": count.number})
    return count
