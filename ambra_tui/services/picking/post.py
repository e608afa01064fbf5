"""One pick: from the bin into a tote or onto the stage, where it stays assigned to the order.

Example::

    pick(session, order, stop=stop, quantity=stop.quantity, destination=tote, idempotency_key="step-7")
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, Stale
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import Guard, MoveKind, Posted, Posting
from ambra_tui.services import replenishment
from ambra_tui.services.lot_rules import is_later, may_leave
from ambra_tui.services.orders import DOCUMENT, HeldStock, lines_of, lock_order, stepped
from ambra_tui.services.picking.stops import STAGE, TOTE
from ambra_tui.services.picking.terms import EarlierLotFirst, Picked, Stop, Taken
from ambra_tui.services.picking.totes import check_tote
from ambra_tui.store.facts import publish
from ambra_tui.store.models import Allocation, Location, Lot, SalesOrder, StockLevel
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.scope import clock_of, fetch, now_of

_ALLOCATION: Prepared[Allocation] = Prepared(
    select(Allocation)
    .where(
        Allocation.organization_id == ORGANIZATION,
        Allocation.id == given("allocation_id"),
        Allocation.status == "open",
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)
_LOT: Prepared[Lot] = Prepared(
    select(Lot)
    .where(Lot.organization_id == ORGANIZATION, Lot.id == given("lot_id"))
    .execution_options(populate_existing=True)
)
_LEVELS_LEFT = PreparedRows(
    select(func.count()).where(
        col(StockLevel.organization_id) == ORGANIZATION,
        col(StockLevel.location_id) == given("location_id"),
        col(StockLevel.on_hand) > ZERO,
    )
)
_STOPS_LEFT = PreparedRows(
    select(col(Allocation.id))
    .join(Location, (col(Location.organization_id) == ORGANIZATION) & (Location.id == Allocation.location_id))
    .where(
        Allocation.organization_id == ORGANIZATION,
        Location.organization_id == ORGANIZATION,
        Allocation.document_id == given("order_id"),
        Allocation.status == "open",
        col(Allocation.quantity) > ZERO,
        Location.kind != TOTE,
        Location.kind != STAGE,
    )
    .limit(1)
)


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
    allocation = open_allocation(session, stop.allocation_id)
    if allocation is None:
        raise Stale("This stop was changed by somebody else. Look at the next one.")
    if quantity <= 0:
        raise Invalid("nothing is picked", field="quantity")
    if quantity > allocation.quantity:
        raise Stale("Less than that is assigned by now. Look at the stop again.")
    allocation = _moved_allocation(session, stop, allocation, taken, quantity)
    _refuse_held(session, stop, allocation)
    line = next(line for line in lines_of(session, order.id) if line.id == allocation.line_id)
    ledger.take(session, allocation, quantity)
    posted = _post_pick(session, order, allocation, quantity, destination, idempotency_key)
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
    line.picked += quantity / stop.ratio
    before, order.status = order.status, "picking"
    order.updated_at = now_of(session)
    session.add_all((line, order))
    stepped(session, order, before)
    is_order_picked = _STOPS_LEFT.first(session, order_id=order.id) is None
    if is_order_picked:
        publish(session, "order_picked", order.id, {"number": order.number})
    return Picked(
        quantity,
        is_empty(session, stop.location.id),
        is_order_picked,
        posted,
        Taken(allocation.lot_id, allocation.serial, allocation.plate_id),
        replenishment.ask_when_low(session, location=stop.location, variant_id=allocation.variant_id),
    )


def open_allocation(session: Session, allocation_id: str) -> Allocation | None:
    """What assigns stock to a document, locked; None when nothing of it is open any more."""
    found = _ALLOCATION.first(session, allocation_id=allocation_id)
    return found if found is not None and found.quantity > 0 else None


def check_lot(stop: Stop, lot: Lot) -> None:
    """Raises EarlierLotFirst for a lot that must leave after the stop's. An earlier one may be taken instead."""
    if stop.lot is not None and lot.id != stop.lot.id and is_later(lot, stop.lot):
        raise EarlierLotFirst(stop.lot, stop.location)


def _moved_allocation(
    session: Session, stop: Stop, allocation: Allocation, taken: Taken | None, quantity: Decimal
) -> Allocation:
    assigned_key = (allocation.lot_id, allocation.serial, allocation.plate_id)
    if taken is None or (taken.lot_id, taken.serial, taken.plate_id) == assigned_key:
        return allocation
    if taken.lot_id != allocation.lot_id and taken.lot_id:
        check_lot(stop, fetch(session, Lot, taken.lot_id, resource="lot"))
    try:
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
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error
    ledger.unallocate(session, allocation, quantity)
    return moved


def _refuse_held(session: Session, stop: Stop, allocation: Allocation) -> None:
    lot = _LOT.first(session, lot_id=allocation.lot_id) if allocation.lot_id else None
    is_lot_barred = lot is not None and not may_leave(lot, clock_of(session).today())
    if stop.location.is_held or is_lot_barred:
        raise HeldStock(
            sku=stop.variant.sku,
            lot_number=lot.lot_number if lot else "",
            location_code=stop.location.code,
            is_recalled=lot is not None and lot.status == "recalled",
        )


def _post_pick(
    session: Session,
    order: SalesOrder,
    allocation: Allocation,
    quantity: Decimal,
    destination: Location,
    idempotency_key: str,
) -> Posted:
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
        return ledger.post(session, [posting])[0]
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error


def is_empty(session: Session, location_id: str) -> bool:
    """By the book nothing is left in the location."""
    row = _LEVELS_LEFT.first(session, location_id=location_id)
    return row is not None and row[0] == 0
