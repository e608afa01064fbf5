"""What is still to be taken, in walking order, read in one statement.

Example::

    for stop in stops(session, order.id): stop.location.code
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
    PickClusterOrder,
    SalesOrderLine,
    StockLevel,
    Variant,
)
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given

WALKED_LAST = 10**9
TOTE, STAGE = CARRIED_KINDS

_OPEN = (
    select(Allocation, Location, SalesOrderLine, Variant, Lot, LicensePlate, LineSubstitution)  # type: ignore[call-overload]  # more than it has types for
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
        Allocation.status == "open",
        col(Allocation.quantity) > ZERO,
        Location.kind != TOTE,
        Location.kind != STAGE,
    )
    .execution_options(populate_existing=True)
)
_OF_ORDER: Prepared[Any] = Prepared(_OPEN.where(Allocation.document_id == given("order_id")))
_OF_CLUSTER: Prepared[Any] = Prepared(
    _OPEN.where(
        col(Allocation.document_id).in_(
            select(PickClusterOrder.sales_order_id).where(
                PickClusterOrder.organization_id == ORGANIZATION, PickClusterOrder.cluster_id == given("cluster_id")
            )
        )
    )
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
    return _walked(_OF_ORDER.rows(session, order_id=order_id), [order_id])


def stops_in(session: Session, cluster_id: str, order_ids: Sequence[str], *, zone: str = "") -> list[Stop]:
    """What is still to be taken for a cluster (in a zone), in one walk; at one bin in the order of `order_ids`."""
    return _walked(_OF_CLUSTER.rows(session, cluster_id=cluster_id), order_ids, zone)


def _walked(rows: Sequence[tuple[Any, ...]], order_ids: Sequence[str], zone: str = "") -> list[Stop]:
    places = {order_id: place for place, order_id in enumerate(order_ids)}
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
