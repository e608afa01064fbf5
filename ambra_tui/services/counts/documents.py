"""A count as a document: made for a site or some of its bins, loaded from the book, started, cancelled.

Example::

    count = create_count(session, site_id=site.id, notes="October")
    load_inventory(session, count)
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, func, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict, Duplicate, Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import MAX_QUANTITY, ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import in_stock
from ambra_tui.services import claims
from ambra_tui.services.documents import document_number
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import CycleCount, CycleCountBin, CycleCountLine, Location, StockLevel, Variant
from ambra_tui.store.models.counts import COUNT_METHODS, UNCOUNTED
from ambra_tui.store.scope import actor_of, fetch, lock_row, now_of, organization_of, scoped

DOCUMENT = "cycle_count"
CLAIM = "cycle_count"  # of a bin: its id is the document's
OPEN_STATES = ("draft", "in_progress")
MAX_LINES = 20_000
MAX_BINS = 2_000
MAX_PERCENT = Decimal(100)
MAX_NOTES = 1000
LEVEL_KEY = ("location_id", "variant_id", "lot_id", "serial", "plate_id")


def create_count(
    session: Session,
    *,
    site_id: str,
    location_ids: Sequence[str] = (),
    method: str = "site",
    is_blind: bool = True,
    notes: str = "",
    uncounted: str = "keep",
    tolerance_percent: Decimal | None = None,
    tolerance_units: Decimal | None = None,
    number: str | None = None,
) -> CycleCount:
    """A draft: of the named locations, or with the method ``site`` of all that its loading finds stock in.

    Raises Invalid, NotFound, NotAllowed for marketplace sites.
    """
    ledger.refuse_read_only(session, site_id)
    if method not in COUNT_METHODS:
        raise Invalid(f"method is one of {', '.join(COUNT_METHODS)}", field="method")
    if (method == "site") == bool(location_ids):
        raise Invalid("name the bins of a count by bins; a count of the site names none", field="bins")
    now = now_of(session)
    count = CycleCount(
        organization_id=organization_of(session),
        id=new_id("cc"),
        number=document_number(session, "CC", number, resource=DOCUMENT, find=find_count),
        site_id=site_id,
        method=method,
        created_by=actor_of(session).id,
        created_at=now,
        updated_at=now,
    )
    _set_header(
        count,
        is_blind=is_blind,
        notes=notes,
        uncounted=uncounted,
        tolerance_percent=tolerance_percent,
        tolerance_units=tolerance_units,
    )
    add_unique(session, count, Duplicate(DOCUMENT, "number", count.number))
    add_bins(session, count, location_ids)
    publish(session, "cycle_count_created", count.id, {"number": count.number, "site_id": site_id})
    audit(session, "cycle_count_created", count.id, number=count.number, method=method)
    return count


def change_count(
    session: Session,
    count: CycleCount,
    *,
    is_blind: bool | None = None,
    notes: str | None = None,
    uncounted: str | None = None,
    tolerance_percent: Decimal | None = None,
    tolerance_units: Decimal | None = None,
) -> CycleCount:
    """Changes a draft; once begun, only the notes and the choice for uncounted lines change. Raises WrongState."""
    drafted = (is_blind, tolerance_percent, tolerance_units)
    allowed = OPEN_STATES if all(value is None for value in drafted) else ("draft",)
    refuse_state(count, allowed, step="change")
    _set_header(
        count,
        is_blind=is_blind,
        notes=notes,
        uncounted=uncounted,
        tolerance_percent=tolerance_percent,
        tolerance_units=tolerance_units,
    )
    return _touched(session, count)


def _set_header(
    count: CycleCount,
    *,
    is_blind: bool | None,
    notes: str | None,
    uncounted: str | None,
    tolerance_percent: Decimal | None,
    tolerance_units: Decimal | None,
) -> None:
    if uncounted is not None and uncounted not in UNCOUNTED:
        raise Invalid(f"uncounted is one of {', '.join(UNCOUNTED)}", field="uncounted")
    given: dict[str, Any] = {
        "is_blind": is_blind,
        "notes": None if notes is None else clean_line(notes, field="notes", max_length=MAX_NOTES, required=False),
        "uncounted": uncounted,
        "tolerance_percent": _tolerance(tolerance_percent, "tolerance_percent", MAX_PERCENT),
        "tolerance_units": _tolerance(tolerance_units, "tolerance_units", MAX_QUANTITY),
    }
    for name, value in given.items():
        if value is not None:
            setattr(count, name, value)


def _tolerance(value: Decimal | None, field: str, most: Decimal) -> Decimal | None:
    if value is not None and not (value.is_finite() and 0 <= value <= most):
        raise Invalid(f"{field} is between 0 and {most:,}", field=field)
    return value


def start_count(session: Session, count: CycleCount) -> CycleCount:
    """The counting begins. Raises WrongState for anything but a draft."""
    refuse_state(count, ("draft",), step="start")
    count.status, count.started_at = "in_progress", now_of(session)
    publish(session, "cycle_count_started", count.id, {"number": count.number, "site_id": count.site_id})
    audit(session, "cycle_count_started", count.id, number=count.number)
    return _touched(session, count)


def cancel_count(session: Session, count: CycleCount, *, reason: str = "") -> CycleCount:
    """Nothing of it will be posted. Raises WrongState when it is over, Conflict while somebody counts a bin of it."""
    why = clean_line(reason, field="reason", required=False)
    refuse_state(count, OPEN_STATES, step="cancel")
    held = claims.holders(session, CLAIM, [row.id for row in bins_of(session, count.id)])
    if held:
        names = ", ".join(sorted({user.name for user in held.values()}))
        raise Conflict(f"Cycle count {count.number} is in work: {names} counts a bin of it.")
    count.status = "cancelled"
    audit(session, "cycle_count_cancelled", count.id, number=count.number, reason=why)
    publish(session, "cycle_count_cancelled", count.id, {"number": count.number})
    return _touched(session, count)


# --- bins and lines -------------------------------------------------------------------------------------------------


def add_bins(session: Session, count: CycleCount, location_ids: Sequence[str]) -> list[CycleCountBin]:
    """Puts locations of the site into the count in walking order; those that are in it stay. Raises Invalid."""
    known = {row.location_id: row for row in bins_of(session, count.id)}
    wanted = [fetch(session, Location, key, resource="location") for key in dict.fromkeys(location_ids)]
    if len(known) + len(wanted) > MAX_BINS:
        raise Invalid(f"a count has at most {MAX_BINS:,} bins; plan it by aisle", field="bins")
    position = max((row.position for row in known.values()), default=0)
    for location in sorted(wanted, key=walking_order):
        if location.site_id != count.site_id or location.usage != "internal":
            raise Invalid(f"{location.code} is no bin of the counted location", field="bins")
        if location.id in known:
            continue
        position += 1
        row = CycleCountBin(
            organization_id=count.organization_id,
            id=new_id("ccb"),
            cycle_count_id=count.id,
            position=position,
            location_id=location.id,
        )
        known[location.id] = row
        session.add(row)
    session.flush()
    return list(known.values())


def walking_order(location: Location) -> tuple[bool, int, str]:
    """Walked locations by their sequence, then the others by code."""
    return (location.sequence is None, location.sequence or 0, location.code)


def load_inventory(session: Session, count: CycleCount) -> int:
    """Fills the lines from what the book says now; how many were new. Lines that were counted, or are being counted,
    keep what they hold, and bins that are done get nothing new. Raises WrongState once the count is over."""
    refuse_state(count, OPEN_STATES, step="load inventory into")
    levels = _levels(session, count)
    if count.method == "site":
        add_bins(session, count, list(dict.fromkeys(level.location_id for level, _ in levels)))
    states = {row.location_id: row.state for row in bins_of(session, count.id)}
    lines = {level_key(line): line for line in lines_of(session, count.id)}
    on_hand = {level_key(level): level.on_hand for level, _ in levels}
    for key, line in lines.items():
        if line.counted is None and line.tally is None and line.state == "open":
            line.expected = on_hand.get(key, ZERO)
            session.add(line)
    position = max((line.position for line in lines.values()), default=0)
    new = [
        level
        for level, _ in levels
        if level_key(level) not in lines and states.get(level.location_id, "open") == "open"
    ]
    if len(lines) + len(new) > MAX_LINES:
        raise Invalid(f"more than {MAX_LINES:,} lines; count the location by bins or by aisle", field="bins")
    session.flush()
    rows = [
        _line_values(count, level, position + number, expected=level.on_hand)
        for number, level in enumerate(new, start=1)
    ]
    if rows:
        session.execute(insert(CycleCountLine), rows)
    _touched(session, count)
    return len(rows)


def _levels(session: Session, count: CycleCount) -> list[tuple[StockLevel, Location]]:
    """What the book holds in the count's bins (in the whole site), in walking order."""
    statement = (
        in_stock(select(StockLevel, Location), organization_of(session))
        .where(
            Location.site_id == count.site_id,
            Location.usage == "internal",
        )
        .execution_options(populate_existing=True)
    )
    if count.method != "site":
        statement = statement.where(col(Location.id).in_([row.location_id for row in bins_of(session, count.id)]))
    found = list(session.exec(statement.limit(MAX_LINES + 1)).all())
    skus = _skus(session, {level.variant_id for level, _ in found})
    return sorted(found, key=lambda pair: (walking_order(pair[1]), skus[pair[0].variant_id], level_key(pair[0])))


def _skus(session: Session, variant_ids: set[str]) -> dict[str, str]:
    statement = select(Variant.id, Variant.sku).where(
        Variant.organization_id == organization_of(session), col(Variant.id).in_(variant_ids)
    )
    return dict(session.exec(statement).all()) if variant_ids else {}


def level_key(row: StockLevel | CycleCountLine) -> tuple[str, ...]:
    """Location, variant, lot, serial and plate of a level or a line."""
    return tuple(getattr(row, name) for name in LEVEL_KEY)


def _line_values(count: CycleCount, level: StockLevel, position: int, *, expected: Decimal) -> dict[str, Any]:
    return {
        "organization_id": count.organization_id,
        "id": new_id("ccl"),
        "cycle_count_id": count.id,
        "position": position,
        "expected": expected,
        "state": "open",
        "is_added": False,
        "tally_is_open": False,
        **dict(zip(LEVEL_KEY, level_key(level), strict=True)),
        **dict.fromkeys(("counted_by", "first_by", "tally_by", "approved_by", "move_id"), ""),
    }


def add_line(session: Session, count: CycleCount, key: tuple[str, ...], *, is_added: bool) -> CycleCountLine:
    """A line for a level that the count has none for."""
    last = session.exec(
        select(func.max(CycleCountLine.position)).where(
            CycleCountLine.organization_id == organization_of(session), CycleCountLine.cycle_count_id == count.id
        )
    ).one()
    location_id, variant_id, lot_id, serial, plate_id = key
    line = CycleCountLine(
        organization_id=count.organization_id,
        id=new_id("ccl"),
        cycle_count_id=count.id,
        position=(last or 0) + 1,
        is_added=is_added,
        location_id=location_id,
        variant_id=variant_id,
        lot_id=lot_id,
        serial=serial,
        plate_id=plate_id,
    )
    session.add(line)
    session.flush()
    return line


# --- found ----------------------------------------------------------------------------------------------------------


def get_count(session: Session, count_id: str) -> CycleCount:
    """The count with this id. Raises NotFound."""
    return fetch(session, CycleCount, count_id, resource=DOCUMENT)


def lock_count(session: Session, count_id: str) -> CycleCount:
    """The count, so that nobody else changes it in this moment. Raises NotFound."""
    return lock_row(session, CycleCount, count_id, resource=DOCUMENT)


def find_count(session: Session, number: str) -> CycleCount | None:
    """The count with this number."""
    return session.exec(scoped(session, CycleCount).where(CycleCount.number == number.strip())).first()


def open_counts(session: Session, site_id: str) -> list[CycleCount]:
    """Counts in progress at a site, the oldest first."""
    statement = scoped(session, CycleCount).where(CycleCount.site_id == site_id, CycleCount.status == "in_progress")
    return list(session.exec(statement.order_by(col(CycleCount.started_at), col(CycleCount.id)).limit(200)).all())


def bins_of(session: Session, count_id: str) -> list[CycleCountBin]:
    """A count's bins in walking order, as they are now."""
    statement = scoped(session, CycleCountBin).where(CycleCountBin.cycle_count_id == count_id)
    ordered = statement.order_by(col(CycleCountBin.position)).execution_options(populate_existing=True)
    return list(session.exec(ordered).all())


def lines_of(session: Session, count_id: str, *, location_id: str | None = None) -> list[CycleCountLine]:
    """A count's lines (those of one bin, where asked) in their order, as they are now."""
    statement = scoped(session, CycleCountLine).where(CycleCountLine.cycle_count_id == count_id)
    if location_id is not None:
        statement = statement.where(CycleCountLine.location_id == location_id)
    ordered = statement.order_by(col(CycleCountLine.position)).execution_options(populate_existing=True)
    return list(session.exec(ordered).all())


def open_bins(session: Session, site_id: str, *, states: Sequence[str] = ("open", "recount")) -> list[CycleCountBin]:
    """Bins of the site's counts in progress that are in one of `states`: the oldest count's first, in walking order."""
    statement = (
        select(CycleCountBin)
        .join(
            CycleCount,
            (col(CycleCount.organization_id) == col(CycleCountBin.organization_id))
            & (col(CycleCount.id) == col(CycleCountBin.cycle_count_id)),
        )
        .where(
            CycleCountBin.organization_id == organization_of(session),
            CycleCount.organization_id == organization_of(session),
            CycleCount.site_id == site_id,
            CycleCount.status == "in_progress",
            col(CycleCountBin.state).in_(list(states)),
        )
        .order_by(col(CycleCount.started_at), col(CycleCount.id), col(CycleCountBin.position))
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement.limit(MAX_BINS)).all())


def find_bin(session: Session, location: Location) -> CycleCountBin | None:
    """The bin of a count in progress that a location is, one that is still to be counted first."""
    found = open_bins(session, location.site_id or "", states=("open", "recount", "approval", "done"))
    here = [row for row in found if row.location_id == location.id]
    return min(here, key=lambda row: ("open", "recount", "approval", "done").index(row.state), default=None)


# --- shared ---------------------------------------------------------------------------------------------------------


def refuse_state(count: CycleCount, allowed: Sequence[str], *, step: str) -> None:
    """Raises WrongState, which names the state, unless the count is in one of `allowed`."""
    if count.status not in allowed:
        raise WrongState(DOCUMENT, count.number, state=count.status, step=step)


def _touched(session: Session, count: CycleCount) -> CycleCount:
    count.updated_at = now_of(session)
    session.add(count)
    session.flush()
    return count
