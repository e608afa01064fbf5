"""What waits at a site: orders to pack, parcels to hand over.

Example::

    [order.number for order in waiting_orders(session, site.id)]
    parcel_with(session, "1Z999AA10123456784")
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.orders import CARRIED_KINDS
from ambra_tui.services.packing.contents import HERE_STATES
from ambra_tui.services.places import find_plate
from ambra_tui.store.models import (
    Allocation,
    Location,
    SalesOrder,
    Shipment,
    ShipmentContent,
    ShipmentPackage,
)
from ambra_tui.store.scope import organization_of, scoped

MAX_WAITING = 200
SHORTEST_TRACKING = 8


def waiting_orders(session: Session, site_id: str, *, limit: int = 9) -> list[SalesOrder]:
    """The site's orders with something in totes or on the stage that no labelled parcel holds: urgent ones first."""
    statement = scoped(session, SalesOrder).where(SalesOrder.site_id == site_id, *_is_waiting())
    ordered = statement.order_by(
        col(SalesOrder.priority).desc(),
        col(SalesOrder.due_at).is_(None),
        col(SalesOrder.due_at),
        func.length(col(SalesOrder.number)),
        col(SalesOrder.number),
    )
    return list(session.exec(ordered.limit(limit)).all())


def count_waiting(session: Session, site_id: str | None = None) -> int:
    """How many orders wait to be packed at a site, or at all sites."""
    statement = select(func.count()).where(SalesOrder.organization_id == organization_of(session), *_is_waiting())
    if site_id is not None:
        statement = statement.where(SalesOrder.site_id == site_id)
    return session.exec(statement).one()


def _is_waiting() -> tuple[ColumnElement[bool], ...]:
    return (col(SalesOrder.status).in_(("allocated", "picking", "packed")), _carried() > _labelled())


def _carried() -> ColumnElement[int]:
    counted = (
        select(func.coalesce(func.sum(Allocation.quantity), ZERO))
        .where(
            col(Allocation.organization_id) == col(SalesOrder.organization_id),
            col(Allocation.document_id) == col(SalesOrder.id),
            col(Allocation.status) == "open",
            col(Location.organization_id) == col(SalesOrder.organization_id),
            col(Location.id) == col(Allocation.location_id),
            col(Location.kind).in_(CARRIED_KINDS),
        )
        .correlate(SalesOrder)
    )
    return counted.scalar_subquery()


def _labelled() -> ColumnElement[int]:
    counted = (
        select(func.coalesce(func.sum(ShipmentContent.quantity), ZERO))
        .where(
            col(Shipment.organization_id) == col(SalesOrder.organization_id),
            col(Shipment.order_id) == col(SalesOrder.id),
            col(Shipment.status) == "created",
            col(Shipment.left_at).is_(None),
            col(ShipmentPackage.organization_id) == col(SalesOrder.organization_id),
            col(ShipmentPackage.shipment_id) == col(Shipment.id),
            col(ShipmentContent.organization_id) == col(SalesOrder.organization_id),
            col(ShipmentContent.package_id) == col(ShipmentPackage.id),
        )
        .correlate(SalesOrder)
    )
    return counted.scalar_subquery()


def waiting_shipments(session: Session, site_id: str, *, limit: int = MAX_WAITING) -> list[Shipment]:
    """Labelled shipments that stand at the site, oldest first; those of cancelled orders go nowhere."""
    own = organization_of(session)
    statement = (
        select(Shipment)
        .join(
            SalesOrder,
            (col(SalesOrder.organization_id) == col(Shipment.organization_id))
            & (col(SalesOrder.id) == col(Shipment.order_id)),
        )
        .where(
            Shipment.organization_id == own,
            SalesOrder.organization_id == own,
            SalesOrder.status != "cancelled",
            Shipment.site_id == site_id,
            Shipment.status == "created",
            col(Shipment.left_at).is_(None),
        )
    )
    return list(session.exec(statement.order_by(col(Shipment.created_at), col(Shipment.id)).limit(limit)).all())


def parcel_with(session: Session, code: str) -> ShipmentPackage | None:
    """The parcel that a code on it names: its tracking number, however the carrier prints it, or its carton."""
    text = "".join(code.split()).upper()
    if len(text) < SHORTEST_TRACKING:
        return _in_carton(session, code)
    found = session.exec(scoped(session, ShipmentPackage).where(ShipmentPackage.tracking_number == text)).first()
    return found or _printed_longer(session, text) or _in_carton(session, code)


def _printed_longer(session: Session, text: str) -> ShipmentPackage | None:
    """Some carriers print a routing code before the number."""
    tracked = col(ShipmentPackage.tracking_number)
    statement = (
        select(ShipmentPackage)
        .join(
            Shipment,
            (col(Shipment.organization_id) == col(ShipmentPackage.organization_id))
            & (col(Shipment.id) == col(ShipmentPackage.shipment_id)),
        )
        .where(
            ShipmentPackage.organization_id == organization_of(session),
            Shipment.organization_id == organization_of(session),
            tracked.in_([text[start:] for start in range(1, len(text) - SHORTEST_TRACKING + 1)][:40]),
            Shipment.status == "created",
            col(Shipment.left_at).is_(None),
        )
    )
    return session.exec(statement.order_by(func.length(tracked).desc()).limit(1)).first()


def _in_carton(session: Session, code: str) -> ShipmentPackage | None:
    plate = find_plate(session, code)
    if plate is None:
        return None
    statement = (
        select(ShipmentPackage)
        .join(
            Shipment,
            (col(Shipment.organization_id) == col(ShipmentPackage.organization_id))
            & (col(Shipment.id) == col(ShipmentPackage.shipment_id)),
        )
        .where(
            ShipmentPackage.organization_id == organization_of(session),
            Shipment.organization_id == organization_of(session),
            ShipmentPackage.plate_id == plate.id,
            col(Shipment.status).in_(HERE_STATES),
            col(Shipment.left_at).is_(None),
        )
    )
    return session.exec(statement.limit(1)).first()
