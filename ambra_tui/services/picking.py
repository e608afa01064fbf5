"""Picking an order: which bins in which order, from bin to tote or stage, and what happens when the bin holds less.

A reservation promises stock of the site; `plan` assigns it to bins (earliest expiry first, pick bins before reserve
bins), `stops` gives them in walking order, `pick` moves stock into a tote or onto the stage, where it stays assigned
to the order until the order leaves. A short pick never adjusts stock: it asks for a count, and nobody is sent to that
bin for that item until it is counted.

Example::

    plan(session, order)
    stop = stops(session, order.id)[0]
    pick(session, order, stop=stop, quantity=stop.quantity, destination=tote, idempotency_key="step-7")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict, InsufficientStock, Invalid, Stale
from ambra_tui.kit.clock import to_microseconds
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import Guard, MoveKind, Posting
from ambra_tui.services.orders import (
    CARRIED_KINDS,
    DOCUMENT,
    FulfillLine,
    HeldStock,
    assigned,
    fulfill_order,
    lines_of,
    lock_order,
    lots_by_id,
    reserved_by_line,
)
from ambra_tui.services.tasks import SHORT_PICK, ask_count, stopped_bins
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Allocation,
    LicensePlate,
    Location,
    Lot,
    SalesOrder,
    SalesOrderLine,
    StockLevel,
    Variant,
)
from ambra_tui.store.scope import clock_of, fetch, now_of, organization_of, scoped

HELD_LOT_STATES = ("quarantine", "recalled")
WALKED_LAST = 10**9


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing to take: `quantity` of a variant (of a lot, serial, plate) from a location, for a line of the order."""

    allocation_id: str
    quantity: Decimal
    line: SalesOrderLine
    location: Location
    variant: Variant
    lot: Lot | None = None
    serial: str = ""
    plate: LicensePlate | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """`quantity` that is promised to a line but lies in no bin that somebody may be sent to. `stopped`: codes of bins
    that wait for a count."""

    line: SalesOrderLine
    variant: Variant
    quantity: Decimal
    stopped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to go, and what could not be directed."""

    stops: list[Stop]
    missing: list[Missing]


@dataclass(frozen=True, slots=True)
class Taken:
    """A different level of the stop's bin that the picker took from: an earlier lot, another serial or plate."""

    lot_id: str = ""
    serial: str = ""
    plate_id: str = ""


@dataclass(frozen=True, slots=True)
class Picked:
    """`is_bin_empty`: by the book nothing is left in the bin. `is_order_picked`: nothing is left to take."""

    quantity: Decimal
    is_bin_empty: bool
    is_order_picked: bool


@dataclass(frozen=True, slots=True)
class ShortPick:
    """What a short pick leads to: where the rest is taken from now, and how much stays open as backorder."""

    elsewhere: tuple[tuple[str, Decimal], ...]
    backordered: Decimal


class ToteTaken(Conflict):
    """The tote holds stock of another order, or stock that belongs to none."""

    def __init__(self, location: Location, document: str) -> None:
        super().__init__(f"{location.code} holds stock of {document or 'something else'}. Scan another tote.")
        self.location, self.document = location, document


class EarlierLotFirst(Conflict):
    """A lot that expires later than the one to take: `lot` in `location` leaves first."""

    def __init__(self, lot: Lot, location: Location) -> None:
        super().__init__(f"Take lot {lot.lot_number} from {location.code} first.")
        self.lot, self.location = lot, location


def stops(session: Session, order_id: str) -> list[Stop]:
    """What is still to be taken for an order, in walking order; two lines at one bin follow each other."""
    rows = [row for row in assigned(session, order_id) if row[1].kind not in CARRIED_KINDS]
    lines = {line.id: line for line in lines_of(session, order_id)}
    plates = _plates(session, {allocation.plate_id for allocation, _, _ in rows})
    found = [
        Stop(
            allocation_id=allocation.id,
            quantity=allocation.quantity,
            line=lines[allocation.line_id],
            location=location,
            variant=fetch(session, Variant, allocation.variant_id, resource="variant"),
            lot=lot,
            serial=allocation.serial,
            plate=plates.get(allocation.plate_id),
        )
        for allocation, location, lot in rows
    ]
    return sorted(found, key=_walking_order)


def _walking_order(stop: Stop) -> tuple[object, ...]:
    location, lot = stop.location, stop.lot
    return (
        WALKED_LAST if location.sequence is None else location.sequence,
        location.code,
        stop.line.position,
        lot_order(lot) if lot else (date.min, 0, ""),
        stop.serial,
        stop.allocation_id,
    )


def lot_order(lot: Lot) -> tuple[date, int, str]:
    """What leaves first sorts first: the earliest expiry, else the lot that came first."""
    return (lot.expiry_date or lot.best_before_date or date.max, to_microseconds(lot.created_at), lot.id)


def is_later(lot: Lot, than: Lot) -> bool:
    """True when `lot` must not leave before `than`; equal expiry dates may leave in any order."""
    mine, other = lot_order(lot), lot_order(than)
    return mine[0] > other[0] or (mine[0] == other[0] == date.max and mine[1] > other[1])


def _plates(session: Session, ids: set[str]) -> dict[str, LicensePlate]:
    wanted = ids - {""}
    if not wanted:
        return {}
    statement = scoped(session, LicensePlate).where(col(LicensePlate.id).in_(wanted))
    return {plate.id: plate for plate in session.exec(statement).all()}


def plan(session: Session, order: SalesOrder) -> Plan:
    """Assigns what the order has been promised to bins, as far as that is not done yet.

    Assignments to bins that wait for a count, to held or expired lots and held bins are given up first and sought
    elsewhere. Repeating it changes nothing while the stock stays as it is.
    """
    order = lock_order(session, order.id)
    stopped = stopped_bins(session, order.site_id)
    _give_up_forbidden(session, order, stopped)
    missing = [
        Missing(line, variant, rest, _stopped_codes(session, order.site_id, variant.id, stopped))
        for line, rest in _assign(session, order, stopped)
        for variant in [fetch(session, Variant, line.variant_id, resource="variant")]
    ]
    return Plan(stops(session, order.id), missing)


def _give_up_forbidden(session: Session, order: SalesOrder, stopped: set[tuple[str, str]]) -> None:
    today = clock_of(session).today()
    for allocation, location, lot in assigned(session, order.id):
        is_stopped = _is_stopped(stopped, location.id, allocation.variant_id)
        is_forbidden = location.is_held or is_stopped or (lot is not None and not _may_leave(lot, today))
        if location.kind not in CARRIED_KINDS and is_forbidden:
            ledger.unallocate(session, allocation)


def _assign(session: Session, order: SalesOrder, stopped: set[tuple[str, str]]) -> list[tuple[SalesOrderLine, Decimal]]:
    promised = reserved_by_line(session, order.id)
    for allocation, _, _ in assigned(session, order.id):
        promised[allocation.line_id] = promised.get(allocation.line_id, ZERO) - allocation.quantity
    missing = []
    for line in sorted(lines_of(session, order.id), key=lambda line: (line.variant_id, line.position)):
        rest = _assign_line(session, order, line, promised.get(line.id, ZERO), stopped)
        if rest > 0:
            missing.append((line, rest))
    return sorted(missing, key=lambda pair: pair[0].position)


def _assign_line(
    session: Session, order: SalesOrder, line: SalesOrderLine, wanted: Decimal, stopped: set[tuple[str, str]]
) -> Decimal:
    for source in candidates(session, order.site_id, line.variant_id, stopped=stopped) if wanted > 0 else ():
        part = min(source.quantity, wanted)
        level = source.level
        try:
            ledger.allocate(
                session,
                location_id=level.location_id,
                variant_id=line.variant_id,
                quantity=part,
                document_kind=DOCUMENT,
                document_id=order.id,
                line_id=line.id,
                lot_id=level.lot_id,
                serial=level.serial,
                plate_id=level.plate_id,
            )
        except InsufficientStock:  # another station was assigned it a moment ago
            continue
        wanted -= part
        if wanted == 0:
            break
    return wanted


def candidates(
    session: Session,
    site_id: str,
    variant_id: str,
    *,
    stopped: set[tuple[str, str]] | None = None,
    avoid_location_id: str = "",
) -> list[ledger.Source]:
    """Where a variant may be taken from, best first: pick bins before reserve bins before docks, earliest expiry first;
    never held or expired stock, never a bin that waits for a count."""
    if stopped is None:
        stopped = stopped_bins(session, site_id)
    sources = [
        source
        for source in ledger.open_sources(session, site_id=site_id, variant_id=variant_id)
        if source.location.id != avoid_location_id and not _is_stopped(stopped, source.location.id, variant_id)
    ]
    lots = lots_by_id(session, {source.level.lot_id for source in sources})
    today = clock_of(session).today()
    return [s for s in sources if s.level.lot_id not in lots or _may_leave(lots[s.level.lot_id], today)]


def _is_stopped(stopped: set[tuple[str, str]], location_id: str, variant_id: str) -> bool:
    return (location_id, variant_id) in stopped or (location_id, "") in stopped


def _may_leave(lot: Lot, today: date) -> bool:
    return lot.status not in HELD_LOT_STATES and not is_expired(lot, today)


def is_expired(lot: Lot, today: date) -> bool:
    """True from the day after the expiry date."""
    return lot.expiry_date is not None and lot.expiry_date < today


def _stopped_codes(session: Session, site_id: str, variant_id: str, stopped: set[tuple[str, str]]) -> tuple[str, ...]:
    held_back = [
        source.location.code
        for source in ledger.open_sources(session, site_id=site_id, variant_id=variant_id)
        if _is_stopped(stopped, source.location.id, variant_id)
    ]
    return tuple(dict.fromkeys(held_back))


def levels_at(session: Session, location_id: str, variant_id: str | None = None) -> list[StockLevel]:
    """What a location holds (of one variant), as it is now."""
    statement = scoped(session, StockLevel).where(StockLevel.location_id == location_id, col(StockLevel.on_hand) > ZERO)
    if variant_id is not None:
        statement = statement.where(StockLevel.variant_id == variant_id)
    ordered = statement.order_by(
        col(StockLevel.variant_id), col(StockLevel.lot_id), col(StockLevel.serial), col(StockLevel.plate_id)
    )
    return list(session.exec(ordered.execution_options(populate_existing=True)).all())


def check_lot(session: Session, stop: Stop, lot: Lot) -> None:
    """Raises EarlierLotFirst for a lot that must leave after the stop's. An earlier one may be taken instead."""
    if stop.lot is not None and lot.id != stop.lot.id and is_later(lot, stop.lot):
        raise EarlierLotFirst(stop.lot, stop.location)


def check_tote(session: Session, order: SalesOrder, location: Location) -> None:
    """Raises Invalid for a place that is no tote or stage of the order's site, ToteTaken for another order's tote."""
    if location.kind not in CARRIED_KINDS or location.site_id != order.site_id:
        raise Invalid(f"{location.code} is no tote or stage of this site", field="destination")
    if location.kind != "tote":
        return
    for document_id in sorted(owners_of(session, [location.id]).get(location.id, set()) - {order.id}):
        other = session.get(SalesOrder, (organization_of(session), document_id))
        raise ToteTaken(location, other.number if other else "")
    if any(level.on_hand > level.allocated for level in levels_at(session, location.id)):
        raise ToteTaken(location, "")


def owners_of(session: Session, location_ids: Sequence[str]) -> dict[str, set[str]]:
    """Location id -> ids of the documents that what lies there is assigned to."""
    statement = select(col(Allocation.location_id), col(Allocation.document_id)).where(
        col(Allocation.organization_id) == organization_of(session),
        col(Allocation.location_id).in_(location_ids),
        col(Allocation.status) == "open",
        col(Allocation.quantity) > ZERO,
    )
    owners: dict[str, set[str]] = {}
    for location_id, document_id in session.exec(statement).all():
        owners.setdefault(location_id, set()).add(document_id)
    return owners


def carried(session: Session, order_id: str) -> list[tuple[Location, Allocation]]:
    """Totes and stages that hold stock of the order, and what they hold."""
    return [(place, row) for row, place, _ in assigned(session, order_id) if place.kind in CARRIED_KINDS]


def pick(
    session: Session,
    order: SalesOrder,
    *,
    stop: Stop,
    quantity: Decimal,
    destination: Location,
    idempotency_key: str,
    taken: Taken | None = None,
) -> Picked:
    """Moves `quantity` of a stop into a tote or onto the stage; the promise to the order stays until it leaves.

    `taken`: the picker took from this level of the bin instead of the assigned one. Raises Stale when the stop is no
    longer as it was shown, InsufficientStock when the level holds less, EarlierLotFirst, ToteTaken, HeldStock.
    """
    order = lock_order(session, order.id)
    check_tote(session, order, destination)
    allocation = _open_allocation(session, stop.allocation_id)
    if quantity <= 0 or quantity > allocation.quantity:
        raise Invalid("more than was assigned, or nothing", field="quantity")
    allocation = _moved_allocation(session, stop, allocation, taken, quantity)
    _refuse_held(session, stop, allocation)
    line = next(line for line in lines_of(session, order.id) if line.id == allocation.line_id)
    ledger.take(session, allocation, quantity)
    _post_pick(session, order, allocation, quantity, destination, idempotency_key)
    ledger.allocate(
        session,
        location_id=destination.id,
        variant_id=allocation.variant_id,
        quantity=quantity,
        document_kind=DOCUMENT,
        document_id=order.id,
        line_id=line.id,
        lot_id=allocation.lot_id,
        serial=allocation.serial,
    )
    line.picked += quantity
    order.status = "picking"
    order.updated_at = now_of(session)
    session.add_all((line, order))
    session.flush()
    is_order_picked = not stops(session, order.id)
    if is_order_picked:
        publish(session, "order_picked", order.id, {"number": order.number})
    return Picked(quantity, is_empty(session, stop.location.id), is_order_picked)


def _open_allocation(session: Session, allocation_id: str) -> Allocation:
    statement = scoped(session, Allocation).where(Allocation.id == allocation_id, Allocation.status == "open")
    found = session.exec(statement.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None or found.quantity == 0:
        raise Stale("This stop was changed by somebody else. Look at the next one.")
    return found


def _moved_allocation(
    session: Session, stop: Stop, allocation: Allocation, taken: Taken | None, quantity: Decimal
) -> Allocation:
    assigned_key = (allocation.lot_id, allocation.serial, allocation.plate_id)
    if taken is None or (taken.lot_id, taken.serial, taken.plate_id) == assigned_key:
        return allocation
    if taken.lot_id != allocation.lot_id and taken.lot_id:
        check_lot(session, stop, fetch(session, Lot, taken.lot_id, resource="lot"))
    moved = ledger.allocate(
        session,
        location_id=allocation.location_id,
        variant_id=allocation.variant_id,
        quantity=quantity,
        document_kind=DOCUMENT,
        document_id=allocation.document_id,
        line_id=allocation.line_id,
        lot_id=taken.lot_id,
        serial=taken.serial,
        plate_id=taken.plate_id,
    )
    ledger.unallocate(session, allocation, quantity)
    return moved


def _refuse_held(session: Session, stop: Stop, allocation: Allocation) -> None:
    lot = lots_by_id(session, {allocation.lot_id}).get(allocation.lot_id)
    is_lot_barred = lot is not None and not _may_leave(lot, clock_of(session).today())
    if stop.location.is_held or is_lot_barred:
        raise HeldStock(
            sku=stop.variant.sku, lot_number=lot.lot_number if lot else "", location_code=stop.location.code
        )


def _post_pick(
    session: Session,
    order: SalesOrder,
    allocation: Allocation,
    quantity: Decimal,
    destination: Location,
    idempotency_key: str,
) -> None:
    posting = Posting(
        variant_id=allocation.variant_id,
        source_id=allocation.location_id,
        destination_id=destination.id,
        quantity=quantity,
        kind=MoveKind.PICK_MOVE,
        idempotency_key=idempotency_key,
        lot_id=allocation.lot_id,
        serial=allocation.serial,
        plate_id=allocation.plate_id,
        guard=Guard.FREE,
        allocated=quantity,
        origin_kind=DOCUMENT,
        origin_id=order.id,
        origin_line_id=allocation.line_id,
    )
    try:
        ledger.post(session, [posting])
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error


def is_empty(session: Session, location_id: str) -> bool:
    """By the book nothing is left in the location."""
    statement = select(func.count()).where(
        col(StockLevel.organization_id) == organization_of(session),
        col(StockLevel.location_id) == location_id,
        col(StockLevel.on_hand) > ZERO,
    )
    return session.exec(statement).one() == 0


def preview_short(session: Session, order: SalesOrder, *, stop: Stop, found: Decimal) -> ShortPick:
    """What `short_pick` would do now. Changes nothing."""
    rest = stop.quantity - found
    elsewhere = []
    sources = candidates(session, order.site_id, stop.variant.id, avoid_location_id=stop.location.id)
    for source in sources:
        part = min(rest, source.quantity)
        if part > 0:
            elsewhere.append((source.location.code, part))
            rest -= part
    return ShortPick(_summed(elsewhere), rest)


def short_pick(
    session: Session,
    order: SalesOrder,
    *,
    stop: Stop,
    found: Decimal,
    reason: str,
    idempotency_key: str,
    destination: Location | None = None,
    taken: Taken | None = None,
) -> ShortPick:
    """Takes what was `found` (perhaps nothing) and gives up the rest of the stop.

    The bin waits for a count, nothing is adjusted. The rest is assigned elsewhere, as far as there is stock; what is
    left stays on the line as backorder and its promise is given back.
    """
    order = lock_order(session, order.id)
    if found > 0:
        if destination is None:
            raise Invalid("what was found needs a tote", field="destination")
        pick(
            session, order, stop=stop, quantity=found, destination=destination, taken=taken,
            idempotency_key=idempotency_key,
        )  # fmt: skip
    before = _by_location(stops(session, order.id), stop.line.id)
    allocation = _rest_of(session, stop)
    rest = stop.quantity - found
    if allocation is not None:
        ledger.unallocate(session, allocation, status="short")
    task = ask_count(
        session,
        location=stop.location,
        variant_id=stop.variant.id,
        reason=f"{SHORT_PICK} {reason}",
        document_kind=DOCUMENT,
        document_id=order.id,
    )
    backordered = _backorder(session, stop.line.id, plan(session, order).missing)
    after = _by_location(stops(session, order.id), stop.line.id)
    elsewhere = [(code, more) for code, quantity in after.items() if (more := quantity - before.get(code, ZERO)) > 0]
    details = {"reason": reason, "location": stop.location.code, "sku": stop.variant.sku, "task": task.id}
    publish(session, "pick_short", order.id, {"number": order.number, **details})
    audit(session, "pick_short", order.id, number=order.number, missing=str(rest), **details)
    return ShortPick(_summed(elsewhere), backordered)


def _rest_of(session: Session, stop: Stop) -> Allocation | None:
    statement = scoped(session, Allocation).where(Allocation.id == stop.allocation_id, Allocation.status == "open")
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def _backorder(session: Session, line_id: str, missing: Sequence[Missing]) -> Decimal:
    for gap in missing:
        if gap.line.id == line_id:
            ledger.release_quantity(
                session, document_id=gap.line.sales_order_id, line_id=line_id, quantity=gap.quantity
            )
            gap.line.backordered += gap.quantity
            session.add(gap.line)
            session.flush()
            return gap.quantity
    return ZERO


def _by_location(found: Sequence[Stop], line_id: str) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for stop in found:
        if stop.line.id == line_id:
            totals[stop.location.code] = totals.get(stop.location.code, ZERO) + stop.quantity
    return totals


def _summed(parts: Sequence[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    totals: dict[str, Decimal] = {}
    for code, quantity in parts:
        totals[code] = totals.get(code, ZERO) + quantity
    return tuple(totals.items())


def ship_picked(session: Session, order: SalesOrder) -> SalesOrder:
    """Lets what lies in totes and on the stage for the order leave the site. Raises InsufficientStock, HeldStock."""
    quantities: dict[str, Decimal] = {}
    for _, allocation in carried(session, order.id):
        quantities[allocation.line_id] = quantities.get(allocation.line_id, ZERO) + allocation.quantity
    return fulfill_order(session, order, [FulfillLine(line_id, quantity) for line_id, quantity in quantities.items()])
