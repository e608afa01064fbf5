"""Counts that come from another system: item by item, against what the book says as they come in.

Example::

    submit_items(session, count, [CountedItem(line.id, Decimal(24))])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import Conflict, Invalid, NotFound
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import claims
from ambra_tui.services.counts.counting import settle_bin
from ambra_tui.services.counts.documents import (
    CLAIM,
    add_bins,
    add_line,
    bins_of,
    level_key,
    lines_of,
    lock_count,
    refuse_state,
)
from ambra_tui.store.facts import publish
from ambra_tui.store.models import CycleCount, CycleCountLine, StockLevel
from ambra_tui.store.scope import actor_of, now_of, scoped


@dataclass(frozen=True, slots=True)
class CountedItem:
    """A line by its `line_id`, or a level that the count has no line for yet, and how many were counted."""

    line_id: str
    quantity: Decimal
    location_id: str = ""
    variant_id: str = ""
    lot_id: str = ""
    serial: str = ""
    plate_id: str = ""


def submit_items(session: Session, count: CycleCount, items: Sequence[CountedItem]) -> CycleCount:
    """Takes the counts over, all or none; a line that holds the same count already stays as it is, so a repeat changes
    nothing. What another system sends needs neither a recount nor an approval.

    Raises WrongState, NotFound, Invalid, Conflict while a worker counts the same bin.
    """
    count = lock_count(session, count.id)
    refuse_state(count, ("in_progress",), step="submit counts to")
    lines = {line.id: line for line in lines_of(session, count.id)}
    by_key = {level_key(line): line for line in lines.values()}
    wanted: dict[str, tuple[CycleCountLine, Decimal]] = {}
    for item in items:
        if item.quantity < ZERO:
            raise Invalid("counted_quantity must not be negative", field="counted_quantity")
        line = _line_of(session, count, item, lines, by_key)
        if line.serial and item.quantity > 1:
            raise Invalid("a serial number is one unit", field="counted_quantity")
        if line.id in wanted:
            raise Invalid("an item is counted twice in one request", field="cycle_count_items_attributes")
        wanted[line.id] = (line, item.quantity)
    _refuse_held(session, count, {line.location_id for line, _ in wanted.values()})
    changed = [(line, quantity) for line, quantity in wanted.values() if line.counted != quantity]
    for line, quantity in changed:
        _take(session, line, quantity)
    _settle(session, count, {line.location_id for line, _ in changed})
    publish(session, "cycle_count_updated", count.id, {"number": count.number, "items": len(changed)})
    return count


def _line_of(
    session: Session,
    count: CycleCount,
    item: CountedItem,
    lines: dict[str, CycleCountLine],
    by_key: dict[tuple[str, ...], CycleCountLine],
) -> CycleCountLine:
    if item.line_id:
        if item.line_id not in lines:
            raise NotFound("cycle_count_item", item.line_id)
        return lines[item.line_id]
    key = (item.location_id, item.variant_id, item.lot_id, item.serial, item.plate_id)
    if key not in by_key:
        add_bins(session, count, [item.location_id])
        by_key[key] = add_line(session, count, key, is_added=True)
        lines[by_key[key].id] = by_key[key]
    return by_key[key]


def _refuse_held(session: Session, count: CycleCount, location_ids: set[str]) -> None:
    bins = [row for row in bins_of(session, count.id) if row.location_id in location_ids]
    held = claims.holders(session, CLAIM, [row.id for row in bins])
    if held:
        names = ", ".join(sorted({user.name for user in held.values()}))
        raise Conflict(f"Cycle count {count.number} is {count.status}: {names} counts a bin of these items now.")


def _take(session: Session, line: CycleCountLine, quantity: Decimal) -> None:
    statement = scoped(session, StockLevel).where(
        StockLevel.location_id == line.location_id,
        StockLevel.variant_id == line.variant_id,
        StockLevel.lot_id == line.lot_id,
        StockLevel.serial == line.serial,
        StockLevel.plate_id == line.plate_id,
    )
    level = session.exec(statement.execution_options(populate_existing=True)).first()
    line.expected = level.on_hand if level else ZERO
    line.counted, line.variance, line.state = quantity, quantity - line.expected, "accepted"
    line.counted_by, line.counted_at = actor_of(session).id, now_of(session)
    session.add(line)


def _settle(session: Session, count: CycleCount, location_ids: set[str]) -> None:
    """A bin all of whose lines are counted is done."""
    session.flush()
    for row in bins_of(session, count.id):
        if row.location_id not in location_ids:
            continue
        lines = lines_of(session, count.id, location_id=row.location_id)
        if all(line.state != "open" for line in lines):
            row.counted_by, row.counted_at = actor_of(session).id, now_of(session)
            settle_bin(session, count, row)
    count.updated_at = now_of(session)
    session.add(count)
    session.flush()
