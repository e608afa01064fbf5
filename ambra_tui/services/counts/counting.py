"""Counting a bin on the floor: what a worker finds is tallied line by line, then the bin is submitted as a whole.

Each tally notes what the book says at that moment, and only the database knows it: a variance is the tally minus that.
Small variances are accepted, larger ones are counted again by another badge, and what stays in doubt is a supervisor's.

Example::

    begin_bin(session, count_bin)
    tally(session, count_bin, variant_id=glove.id, quantity=Decimal(40), is_total=True)
    submit_bin(session, count_bin)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import or_
from sqlmodel import Session, col, func, select

from ambra_tui.errors import Conflict, Invalid, WrongState
from ambra_tui.kit.quantity import MAX_QUANTITY, ZERO
from ambra_tui.services import claims
from ambra_tui.services.counts.documents import CLAIM, add_line, level_key, lines_of, lock_count, refuse_state
from ambra_tui.services.counts.dues import close_tasks, reopen_tasks
from ambra_tui.services.counts.limits import is_within_limits, is_within_tolerance, unit_costs
from ambra_tui.store.facts import publish
from ambra_tui.store.models import Act, CycleCount, CycleCountBin, CycleCountLine, StockLevel, StockMove
from ambra_tui.store.scope import actor_of, now_of, organization_of, scoped

Rest = Literal["zero", "keep"]


class OtherBadge(Conflict):
    """A recount is done by somebody who did not count before."""

    def __init__(self) -> None:
        super().__init__("Somebody else must count this again.")


class AlreadyCounted(Conflict):
    """The line is counted and nobody asked for it again."""

    def __init__(self) -> None:
        super().__init__("This is counted already; only what is asked for is counted again.")


class RestUncounted(Conflict):
    """The book has `count` lines here that were not counted: are they gone, or were they left out?"""

    def __init__(self, count: int) -> None:
        super().__init__("Not everything that is booked here was counted: say whether it is gone or was left out.")
        self.count = count


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a bin. `closed_tasks`: counts that had been asked for; `before`: what taking it back needs."""

    bin: CycleCountBin
    lines: Sequence[CycleCountLine]
    closed_tasks: Sequence[str]
    before: dict[str, Any]

    @property
    def details(self) -> dict[str, Any]:
        """What `put_back` needs, and what shows whether somebody went on from here."""
        after = {line.id: [line.state, line.counted_by, str(line.counted_at)] for line in self.lines}
        return {"bin_id": self.bin.id, "before": self.before, "after": after}


# --- at the bin -----------------------------------------------------------------------------------------------------


def begin_bin(session: Session, count_bin: CycleCountBin) -> CycleCountBin:
    """The actor counts this bin from now on; what they had tallied before is still there, what others had is not.

    Raises WrongState, OtherBadge for a recount of one's own count, claims.Taken.
    """
    count = lock_count(session, count_bin.cycle_count_id)
    refuse_state(count, ("in_progress",), step="count")
    session.refresh(count_bin)
    if count_bin.state not in ("open", "recount"):
        raise WrongState("bin", "of the count", state=count_bin.state, step="count")
    lines = lines_of(session, count.id, location_id=count_bin.location_id)
    me = actor_of(session).id
    again = [line for line in lines if line.state == "recount"]
    if count_bin.state == "recount" and all(line.counted_by == me for line in again):
        raise OtherBadge
    claims.claim(session, CLAIM, count_bin.id)
    _forget(session, [line for line in lines if line.tally_by not in ("", me)])
    return count_bin


def leave_bin(session: Session, count_bin: CycleCountBin) -> None:
    """The actor leaves the bin without submitting it; what they tallied is kept for them."""
    held = claims.holders(session, CLAIM, [count_bin.id]).get(count_bin.id)
    if held is not None and held.id == actor_of(session).id:
        claims.release(session, CLAIM, count_bin.id)


def tally(
    session: Session,
    count_bin: CycleCountBin,
    *,
    variant_id: str,
    quantity: Decimal,
    lot_id: str = "",
    serial: str = "",
    plate_id: str = "",
    is_total: bool = False,
    plates_apart: Sequence[str] = (),
) -> Decimal:
    """Notes that so many more (`is_total`: so many in all) are in the bin; answers how many that makes.

    Without a plate the item is counted over all plates of the bin but those of `plates_apart`: they are filled in
    order, and what is over or missing shows on what stands loose. Raises AlreadyCounted, OtherBadge, Invalid.
    """
    count = lock_count(session, count_bin.cycle_count_id)
    refuse_state(count, ("in_progress",), step="count")
    lines = {level_key(line): line for line in lines_of(session, count.id, location_id=count_bin.location_id)}
    loose = (count_bin.location_id, variant_id, lot_id, serial, plate_id)
    on_hand = {
        key: level_on_hand
        for key, level_on_hand in _book(session, count_bin.location_id, variant_id=variant_id).items()
        if key[:4] == loose[:4] and (key[4] == plate_id if plate_id else key[4] not in plates_apart)
    }
    keys = list(dict.fromkeys([*sorted(on_hand, key=lambda key: (not key[4], key)), loose]))
    group = [lines[key] for key in keys if key in lines]
    _refuse_decided(session, group)
    begun = None if is_total else _begun(group)
    began_after = _last_move(session, variant_id) if begun is None else begun
    before = ZERO if is_total else sum((line.tally or ZERO for line in group), ZERO)
    total = before + quantity
    if not 0 <= total <= MAX_QUANTITY:
        raise Invalid("the quantity is out of range", field="quantity")
    for key, part in _spread(total, keys, on_hand).items():
        line = lines.get(key) or add_line(session, count, key, is_added=True)
        line.tally, line.tally_expected = part, on_hand.get(key, ZERO)
        line.tally_by, line.tally_at = actor_of(session).id, now_of(session)
        line.tally_after, line.tally_is_open = began_after, not is_total
        session.add(line)
    session.flush()
    return total


def _begun(group: Sequence[CycleCountLine]) -> int | None:
    """The last move before the tally of these lines began, where there is one."""
    return min((line.tally_after for line in group if line.tally_after is not None), default=None)


def _last_move(session: Session, variant_id: str) -> int:
    """The newest move of a variant in the order of record."""
    statement = select(func.max(StockMove.sequence)).where(
        StockMove.organization_id == organization_of(session), StockMove.variant_id == variant_id
    )
    return session.exec(statement).one() or 0


def _refuse_decided(session: Session, group: Sequence[CycleCountLine]) -> None:
    if group and all(line.state not in ("open", "recount") for line in group):
        raise AlreadyCounted
    if any(line.state == "recount" and line.counted_by == actor_of(session).id for line in group):
        raise OtherBadge


def _spread(
    total: Decimal, keys: Sequence[tuple[str, ...]], on_hand: dict[tuple[str, ...], Decimal]
) -> dict[tuple[str, ...], Decimal]:
    """How much of `total` each level gets: full plates first; the rest, more or less, on what is loose."""
    parts: dict[tuple[str, ...], Decimal] = {}
    rest = total
    for key in keys[:-1]:
        parts[key] = min(on_hand.get(key, ZERO), rest)
        rest -= parts[key]
    last = keys[-1]
    if len(keys) == 2 and not on_hand.get(last):
        parts[keys[0]] += rest
        return parts
    if rest or not parts or on_hand.get(last):
        parts[last] = rest
    return parts


def tallied(session: Session, count_bin: CycleCountBin) -> list[CycleCountLine]:
    """What the worker at the bin has tallied so far, the last first."""
    statement = scoped(session, CycleCountLine).where(
        CycleCountLine.cycle_count_id == count_bin.cycle_count_id,
        CycleCountLine.location_id == count_bin.location_id,
        col(CycleCountLine.tally).is_not(None),
    )
    ordered = statement.order_by(col(CycleCountLine.tally_at).desc(), col(CycleCountLine.position).desc())
    return list(session.exec(ordered.execution_options(populate_existing=True)).all())


def _forget(session: Session, lines: Sequence[CycleCountLine]) -> None:
    """Drops tallies; a line that was only found by them goes."""
    for line in lines:
        if line.is_added and line.counted is None:
            session.delete(line)
            continue
        _drop_tally(line)
        session.add(line)
    session.flush()


def _drop_tally(line: CycleCountLine) -> None:
    line.tally, line.tally_expected, line.tally_by, line.tally_at = None, None, "", None
    line.tally_after, line.tally_is_open = None, False


def _book(session: Session, location_id: str, *, variant_id: str | None = None) -> dict[tuple[str, ...], Decimal]:
    """What the book says of a location now: level key -> on hand."""
    statement = scoped(session, StockLevel).where(StockLevel.location_id == location_id, col(StockLevel.on_hand) > ZERO)
    if variant_id is not None:
        statement = statement.where(StockLevel.variant_id == variant_id)
    found = session.exec(statement.execution_options(populate_existing=True)).all()
    return {level_key(level): level.on_hand for level in found}


# --- submitted ------------------------------------------------------------------------------------------------------


def submit_bin(session: Session, count_bin: CycleCountBin, *, rest: Rest | None = None) -> Submitted:
    """The bin is counted. `rest`: what is booked and was not counted is gone (``zero``) or was left out (``keep``).

    Raises RestUncounted when there is such a rest and nobody said which, WrongState.
    """
    count = lock_count(session, count_bin.cycle_count_id)
    refuse_state(count, ("in_progress",), step="count")
    session.refresh(count_bin)
    if count_bin.state not in ("open", "recount"):
        raise WrongState("bin", "of the count", state=count_bin.state, step="count")
    is_recount = count_bin.state == "recount"
    lines = _wanted_lines(session, count, count_bin, is_recount=is_recount)
    before = {"bin": _kept(count_bin), "lines": {line.id: _kept(line) for line in lines}}
    _tally_rest(session, count_bin, lines, rest)
    counted = [line for line in lines if line.tally is not None]
    costs = unit_costs(session, count.site_id, {line.variant_id for line in counted})
    doubted = set() if is_recount else _doubted_before(session, count_bin)
    for line in counted:
        _take(session, count, line, cost=costs.get(line.variant_id))
        if line.id in doubted and line.state == "accepted":
            line.state = "recount"
    actor, now = actor_of(session).id, now_of(session)
    if is_recount:
        count_bin.recounted_by, count_bin.recounted_at = actor, now
    else:
        count_bin.counted_by, count_bin.counted_at = actor, now
    settle_bin(session, count, count_bin)
    closed = _close_if_true(session, count, count_bin)
    claims.release(session, CLAIM, count_bin.id)
    publish(session, "bin_counted", count.id, {"number": count.number, "location_id": count_bin.location_id})
    return Submitted(count_bin, counted, closed, {**before, "tasks": closed})


def _doubted_before(session: Session, count_bin: CycleCountBin) -> set[str]:
    """Lines that a count of the actor's left in doubt before it was taken back: nobody may guess until it fits."""
    statement = scoped(session, Act).where(
        Act.user_id == actor_of(session).id,
        Act.kind == "count_bin",
        Act.document_id == count_bin.cycle_count_id,
        col(Act.undone_at).is_not(None),
    )
    own = [act.details for act in session.exec(statement).all() if act.details["bin_id"] == count_bin.id]
    return {line_id for told in own for line_id, after in told["after"].items() if after[0] != "accepted"}


def _wanted_lines(
    session: Session, count: CycleCount, count_bin: CycleCountBin, *, is_recount: bool
) -> list[CycleCountLine]:
    """The lines that this count of the bin decides: of a first count all, of a recount those in doubt and new ones."""
    lines = lines_of(session, count.id, location_id=count_bin.location_id)
    if is_recount:
        me = actor_of(session).id
        return [line for line in lines if line.tally is not None or (line.state == "recount" and line.counted_by != me)]
    known = {level_key(line) for line in lines}
    missing = [key for key in _book(session, count_bin.location_id) if key not in known]
    return [*lines, *(add_line(session, count, key, is_added=False) for key in sorted(missing))]


def _tally_rest(session: Session, count_bin: CycleCountBin, lines: Sequence[CycleCountLine], rest: Rest | None) -> None:
    """What was not scanned counts as nothing where the book says so too, or where the worker says so."""
    book = _book(session, count_bin.location_id)
    untouched = [line for line in lines if line.tally is None and line.state in ("open", "recount")]
    booked = [line for line in untouched if book.get(level_key(line))]
    if booked and rest is None:
        raise RestUncounted(len(booked))
    for line in untouched:
        if rest == "keep" and book.get(level_key(line)):
            continue
        line.tally, line.tally_expected = ZERO, book.get(level_key(line), ZERO)
        line.tally_by, line.tally_at = actor_of(session).id, now_of(session)


def _take(session: Session, count: CycleCount, line: CycleCountLine, *, cost: int | None) -> None:
    """The tally becomes the line's count and decides its state."""
    assert line.tally is not None
    if line.state == "recount":
        line.first_counted, line.first_variance = line.counted, line.variance
        line.first_by, line.first_at = line.counted_by, line.counted_at
    line.counted, line.expected = line.tally, line.tally_expected or ZERO
    line.counted_by, line.counted_at = line.tally_by, line.tally_at
    line.variance = line.counted - line.expected
    is_steady = line.variance == ZERO or not _moved_meanwhile(session, line)
    _drop_tally(line)
    line.state = _judge(session, count, line, cost=cost, is_steady=is_steady)
    session.add(line)


def _moved_meanwhile(session: Session, line: CycleCountLine) -> bool:
    """Stock of the line moved since the first of its scans: nobody knows whether before or after it was scanned."""
    if not line.tally_is_open or line.tally_after is None:
        return False
    statement = select(col(StockMove.id)).where(
        StockMove.organization_id == organization_of(session),
        StockMove.variant_id == line.variant_id,
        col(StockMove.sequence) > line.tally_after,
        or_(col(StockMove.source_id) == line.location_id, col(StockMove.destination_id) == line.location_id),
        StockMove.lot_id == line.lot_id,
        StockMove.serial == line.serial,
    )
    return session.exec(statement.limit(1)).first() is not None


def _judge(session: Session, count: CycleCount, line: CycleCountLine, *, cost: int | None, is_steady: bool) -> str:
    """Accepted, counted again by somebody else, or for a supervisor to approve. A variance of a bin that was not
    steady while its units were scanned is believed at no size."""
    assert line.variance is not None
    if line.variance == ZERO:
        return "accepted"
    if not is_steady:
        return "approval" if line.state == "recount" else "recount"
    is_small = is_within_tolerance(count, line)
    is_recount = line.state == "recount"
    if not is_small and not is_recount:
        return "recount"
    is_confirmed = is_small or line.variance == line.first_variance
    if not is_confirmed:
        return "approval"
    allowed = is_within_limits(session, line, cost=cost, is_small=is_small)
    return "accepted" if allowed else "approval"


def settle_bin(session: Session, count: CycleCount, count_bin: CycleCountBin) -> CycleCountBin:
    """The bin's state follows from its lines: one to be counted again, one to be approved, else done."""
    session.flush()
    states = {line.state for line in lines_of(session, count.id, location_id=count_bin.location_id)}
    count_bin.state = next((state for state in ("recount", "approval") if state in states), "done")
    session.add(count_bin)
    count.updated_at = now_of(session)
    session.add(count)
    session.flush()
    return count_bin


def _close_if_true(session: Session, count: CycleCount, count_bin: CycleCountBin) -> list[str]:
    """Where the count agrees with the book, whoever waited for it goes on at once; else when the count is completed."""
    lines = lines_of(session, count.id, location_id=count_bin.location_id)
    is_true = count_bin.state == "done" and all(line.state == "accepted" and not line.variance for line in lines)
    return close_tasks(session, count.site_id, [count_bin.location_id]) if is_true else []


# --- taken back -----------------------------------------------------------------------------------------------------

_QUANTITIES = ("expected", "counted", "variance", "first_counted", "first_variance", "tally", "tally_expected")
_MOMENTS = ("counted_at", "recounted_at", "first_at", "tally_at")
_NUMBERS = ("tally_after",)
_FLAGS = ("tally_is_open",)
_TEXTS = ("state", "counted_by", "recounted_by", "first_by", "tally_by", "approved_by")
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_QUANTITIES, Decimal),
    **dict.fromkeys(_MOMENTS, datetime.fromisoformat),
    **dict.fromkeys(_NUMBERS, int),
    **dict.fromkeys(_FLAGS, str(True).__eq__),
    **dict.fromkeys(_TEXTS, str),
}


def _kept(row: CycleCountBin | CycleCountLine) -> dict[str, str | None]:
    """The columns that counting changes, as texts that JSON keeps exactly."""
    values = {name: getattr(row, name) for name in _FROM_TEXT if name in type(row).model_fields}
    return {
        name: value.isoformat() if isinstance(value, datetime) else None if value is None else str(value)
        for name, value in values.items()
    }


def put_back(session: Session, count: CycleCount, count_bin: CycleCountBin, before: dict[str, Any]) -> None:
    """A submitted bin stands as it was `before`: its worker may go on counting. Raises WrongState once the count is
    over."""
    refuse_state(count, ("in_progress",), step="count again")
    _restore(count_bin, before["bin"])
    session.add(count_bin)
    for line in lines_of(session, count.id, location_id=count_bin.location_id):
        if line.id in before["lines"]:
            _restore(line, before["lines"][line.id])
            session.add(line)
    session.flush()
    reopen_tasks(session, before["tasks"])


def _restore(row: CycleCountBin | CycleCountLine, kept: dict[str, str | None]) -> None:
    for name, text in kept.items():
        setattr(row, name, None if text is None else _FROM_TEXT[name](text))
