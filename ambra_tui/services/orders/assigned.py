"""What is promised and assigned to an order, by line, by variant, by place.

A line may be taken partly as another variant: `ratios_of` tells how many units of it stand for one of the line's.

Example::

    for allocation, location, lot in assigned(session, order.id): ...
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.orders.terms import CARRIED_KINDS
from ambra_tui.store.models import Allocation, LineSubstitution, Location, Lot, Reservation
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given

Ratios = Mapping[tuple[str, str], Decimal]
ONE = Decimal(1)

_ASSIGNED: Prepared[Any] = Prepared(
    select(Allocation, Location, Lot)
    .join(
        Location,
        (col(Location.organization_id) == Allocation.organization_id)
        & (col(Location.id) == col(Allocation.location_id)),
    )
    .outerjoin(Lot, (col(Lot.organization_id) == ORGANIZATION) & (col(Lot.id) == col(Allocation.lot_id)))
    .where(
        Allocation.organization_id == ORGANIZATION,
        Location.organization_id == ORGANIZATION,
        Allocation.document_id == given("order_id"),
        Allocation.status == "open",
        col(Allocation.quantity) > ZERO,
    )
    .order_by(col(Allocation.created_at), col(Allocation.id))
    .execution_options(populate_existing=True)
)
_RATIOS = PreparedRows(
    select(
        col(LineSubstitution.line_id),
        col(LineSubstitution.variant_id),
        col(LineSubstitution.ratio),
    ).where(
        LineSubstitution.organization_id == ORGANIZATION,
        col(LineSubstitution.sales_order_id).in_(given("order_ids", is_list=True)),
    )
)
_OWN_RATIOS = PreparedRows(
    select(
        col(LineSubstitution.line_id),
        col(LineSubstitution.variant_id),
        col(LineSubstitution.ratio),
    ).where(
        LineSubstitution.organization_id == ORGANIZATION,
        LineSubstitution.sales_order_id == given("order_id"),
    )
)
_PROMISED = PreparedRows(
    select(col(Reservation.line_id), col(Reservation.variant_id), col(Reservation.quantity)).where(
        Reservation.organization_id == ORGANIZATION,
        Reservation.document_id == given("order_id"),
        col(Reservation.quantity) > ZERO,
    )
)
_LOTS: Prepared[Lot] = Prepared(
    select(Lot)
    .where(Lot.organization_id == ORGANIZATION, col(Lot.id).in_(given("ids", is_list=True)))
    .execution_options(populate_existing=True)
)


def assigned(
    session: Session, order_id: str, *, line_id: str | None = None
) -> list[tuple[Allocation, Location, Lot | None]]:
    """Stock assigned to an order, its place and lot: what lies in totes and on stages first, then bins."""
    rows = [row for row in _ASSIGNED.rows(session, order_id=order_id) if line_id is None or row[0].line_id == line_id]
    return sorted(((row[0], row[1], row[2]) for row in rows), key=lambda row: row[1].kind not in CARRIED_KINDS)


def promised(session: Session, order_id: str) -> dict[tuple[str, str], Decimal]:
    """(line id, variant id) -> how much of the variant is promised to the line."""
    totals: dict[tuple[str, str], Decimal] = {}
    for line_id, variant_id, quantity in _PROMISED.all(session, order_id=order_id):
        totals[line_id, variant_id] = totals.get((line_id, variant_id), ZERO) + quantity
    return totals


def reserved_by_line(session: Session, order_id: str) -> dict[str, Decimal]:
    """Line id -> how much is promised to it, in units of the line's own variant."""
    parts = promised(session, order_id)
    ratios = ratios_of(session, [order_id]) if parts else {}
    totals: dict[str, Decimal] = {}
    for key, quantity in parts.items():
        totals[key[0]] = totals.get(key[0], ZERO) + quantity / ratios.get(key, ONE)
    return totals


def ratios_of(session: Session, order_ids: Iterable[str]) -> dict[tuple[str, str], Decimal]:
    """(line id, variant id) -> units of the variant that stand for one of the line's, where another one is taken."""
    wanted = list(order_ids)
    rows = _RATIOS.all(session, order_ids=wanted) if len(wanted) != 1 else _OWN_RATIOS.all(session, order_id=wanted[0])
    return {(line_id, variant_id): ratio for line_id, variant_id, ratio in rows}


def lots_by_id(session: Session, ids: set[str]) -> dict[str, Lot]:
    """Lot id -> lot, as they are now."""
    wanted = sorted(ids - {""})
    return {lot.id: lot for lot in _LOTS.all(session, ids=wanted)} if wanted else {}
