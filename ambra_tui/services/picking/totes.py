"""Totes and stages: whose they are, what they hold for an order, and how that leaves the site.

A tote belongs to one order while it holds its stock, or while it is the order's in an open cluster.

Example::

    check_tote(session, order, tote)        # raises ToteTaken
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.orders import (
    CARRIED_KINDS,
    Fulfilled,
    FulfillLine,
    assigned,
    fulfill,
    ratios_of,
)
from ambra_tui.services.picking.terms import ONE, ToteTaken
from ambra_tui.store.models import Allocation, Location, PickClusterOrder, SalesOrder, StockLevel
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import organization_of

_HOLDS = (
    select(col(Allocation.location_id), col(Allocation.document_id))
    .where(
        Allocation.organization_id == ORGANIZATION,
        col(Allocation.location_id).in_(given("location_ids", is_list=True)),
        Allocation.status == "open",
        col(Allocation.quantity) > ZERO,
    )
    .distinct()
)
_HOLDERS = PreparedRows(_HOLDS)
_CHOSEN = PreparedRows(
    select(col(PickClusterOrder.tote_id), col(PickClusterOrder.sales_order_id)).where(
        PickClusterOrder.organization_id == ORGANIZATION,
        col(PickClusterOrder.tote_id).in_(given("location_ids", is_list=True)),
    )
)
_OWN_HOLDER = PreparedRows(
    select(col(Allocation.document_id))
    .where(
        Allocation.organization_id == ORGANIZATION,
        Allocation.location_id == given("location_id"),
        Allocation.status == "open",
        col(Allocation.quantity) > ZERO,
    )
    .distinct()
)
_OWN_CHOSEN = PreparedRows(
    select(col(PickClusterOrder.sales_order_id)).where(
        PickClusterOrder.organization_id == ORGANIZATION, PickClusterOrder.tote_id == given("location_id")
    )
)
_UNASSIGNED = PreparedRows(
    select(col(StockLevel.variant_id))
    .where(
        StockLevel.organization_id == ORGANIZATION,
        StockLevel.location_id == given("location_id"),
        col(StockLevel.on_hand) > col(StockLevel.allocated),
    )
    .limit(1)
)


def check_tote(session: Session, order: SalesOrder, location: Location) -> None:
    """Raises Invalid for a place that is no tote or stage of the order's site, ToteTaken for another order's tote."""
    if location.kind not in CARRIED_KINDS or location.site_id != order.site_id:
        raise Invalid(f"{location.code} is no tote or stage of this site", field="destination")
    if location.kind != "tote":
        return
    owners = {
        row[0] for statement in (_OWN_HOLDER, _OWN_CHOSEN) for row in statement.all(session, location_id=location.id)
    }
    for document_id in sorted(owners - {order.id}):
        other = session.get(SalesOrder, (organization_of(session), document_id))
        raise ToteTaken(location, other.number if other else "")
    if _UNASSIGNED.first(session, location_id=location.id) is not None:
        raise ToteTaken(location, "")


def owners_of(session: Session, location_ids: Sequence[str]) -> dict[str, set[str]]:
    """Location id -> ids of the documents that what lies there is assigned to, or that chose it in a cluster."""
    owners: dict[str, set[str]] = {}
    for statement in (_HOLDERS, _CHOSEN):
        for location_id, document_id in statement.all(session, location_ids=list(location_ids)):
            owners.setdefault(location_id, set()).add(document_id)
    return owners


def carried(session: Session, order_id: str) -> list[tuple[Location, Allocation]]:
    """Totes and stages that hold stock of the order, and what they hold."""
    return [(place, row) for row, place, _ in assigned(session, order_id) if place.kind in CARRIED_KINDS]


def ship_picked(session: Session, order: SalesOrder) -> Fulfilled:
    """Lets what lies in totes and on the stage for the order leave the site. Raises InsufficientStock, HeldStock."""
    ratios = ratios_of(session, [order.id])
    units: dict[str, Decimal] = {}
    for _, allocation in carried(session, order.id):
        ratio = ratios.get((allocation.line_id, allocation.variant_id), ONE)
        units[allocation.line_id] = units.get(allocation.line_id, ZERO) + allocation.quantity / ratio
    return fulfill(session, order, [FulfillLine(line_id, quantity) for line_id, quantity in units.items()])
