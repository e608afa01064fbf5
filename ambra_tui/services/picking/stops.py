"""What is still to be taken, in walking order, read in one statement.

Example::

    for stop in stops_of(session, [one.id, two.id]): stop.location.code
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.lot_rules import lot_order
from ambra_tui.services.orders import CARRIED_KINDS
from ambra_tui.services.picking.terms import ONE, Stop
from ambra_tui.store.models import (
    Allocation,
    LicensePlate,
    LineSubstitution,
    Location,
    Lot,
    SalesOrderLine,
    StockLevel,
    Variant,
)
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given

WALKED_LAST = 10**9

_STOPS: Prepared[Any] = Prepared(
    select(Allocation, Location, SalesOrderLine, Variant, Lot, LicensePlate, LineSubstitution)  # type: ignore[call-overload]
    .join(Location, (col(Location.organization_id) == ORGANIZATION) & (Location.id == Allocation.location_id))
    .join(
        SalesOrderLine,
        (col(SalesOrderLine.organization_id) == ORGANIZATION) & (SalesOrderLine.id == Allocation.line_id),
    )
    .join(Variant, (col(Variant.organization_id) == ORGANIZATION) & (Variant.id == Allocation.variant_id))
    .outerjoin(Lot, (col(Lot.organization_id) == ORGANIZATION) & (Lot.id == Allocation.lot_id))
    .outerjoin(
        LicensePlate,
        (col(LicensePlate.organization_id) == ORGANIZATION) & (LicensePlate.id == Allocation.plate_id),
    )
    .outerjoin(
        LineSubstitution,
        (col(LineSubstitution.organization_id) == ORGANIZATION)
        & (LineSubstitution.line_id == Allocation.line_id)
        & (LineSubstitution.variant_id == Allocation.variant_id),
    )
    .where(
        Allocation.organization_id == ORGANIZATION,
        Location.organization_id == ORGANIZATION,
        SalesOrderLine.organization_id == ORGANIZATION,
        Variant.organization_id == ORGANIZATION,
        col(Allocation.document_id).in_(given("order_ids", is_list=True)),
        Allocation.status == "open",
        col(Allocation.quantity) > ZERO,
        col(Location.kind).not_in(CARRIED_KINDS),
    )
    .execution_options(populate_existing=True)
)
_LEVELS: Prepared[StockLevel] = Prepared(
    select(StockLevel)
    .where(
        StockLevel.organization_id == ORGANIZATION,
        StockLevel.location_id == given("location_id"),
        col(StockLevel.on_hand) > ZERO,
    )
    .order_by(col(StockLevel.variant_id), col(StockLevel.lot_id), col(StockLevel.serial), col(StockLevel.plate_id))
    .execution_options(populate_existing=True)
)


def stops(session: Session, order_id: str) -> list[Stop]:
    """What is still to be taken for an order, in walking order; two lines at one bin follow each other."""
    return stops_of(session, [order_id])


def stops_of(session: Session, order_ids: Sequence[str], *, zone: str = "") -> list[Stop]:
    """What is still to be taken for several orders (in a zone), in one walk; at one bin in the order of `order_ids`."""
    places = {order_id: place for place, order_id in enumerate(order_ids)}
    rows = _STOPS.rows(session, order_ids=list(order_ids)) if order_ids else []
    found = [
        Stop(
            allocation_id=allocation.id,
            quantity=allocation.quantity,
            line=line,
            location=location,
            variant=variant,
            lot=lot,
            serial=allocation.serial,
            plate=plate,
            ratio=substitution.ratio if substitution else ONE,
        )
        for allocation, location, line, variant, lot, plate, substitution in rows
        if not zone or location.zone == zone
    ]
    return sorted(found, key=lambda stop: _walking_order(stop, places))


def _walking_order(stop: Stop, places: Mapping[str, int]) -> tuple[object, ...]:
    location, lot = stop.location, stop.lot
    return (
        WALKED_LAST if location.sequence is None else location.sequence,
        location.code,
        places[stop.order_id],
        stop.line.position,
        lot_order(lot) if lot else (date.min, 0, ""),
        stop.serial,
        stop.allocation_id,
    )


def levels_at(session: Session, location_id: str, variant_id: str | None = None) -> list[StockLevel]:
    """What a location holds (of one variant), as it is now."""
    levels = _LEVELS.all(session, location_id=location_id)
    return [level for level in levels if variant_id is None or level.variant_id == variant_id]
