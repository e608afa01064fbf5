"""A packed order gets its labels, or leaves without a carrier; its parcels are handed over; and each of it back.

Example::

    before = label(session, order, shipment, carrier="ups", service="ground")
    fulfilled = hand_over(session, shipment)
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import claims, orders, shipping
from ambra_tui.services.orders import DOCUMENT, Fulfilled
from ambra_tui.services.orders.terms import changed
from ambra_tui.services.packing.boxes import refuse_held_or_gone
from ambra_tui.services.packing.contents import picked_items, shipments_here
from ambra_tui.services.packing.terms import InParcels
from ambra_tui.services.shipping.terms import lock_shipment, noted
from ambra_tui.store.models import SalesOrder, Shipment, ShipmentPackage
from ambra_tui.store.scope import fetch


def shipment_of(session: Session, package: ShipmentPackage) -> Shipment:
    """The shipment that a parcel belongs to."""
    return fetch(session, Shipment, package.shipment_id, resource="shipment")


def label(session: Session, order: SalesOrder, shipment: Shipment, *, carrier: str, service: str) -> str:
    """Every parcel of the shipment gets its tracking number; the order's state before. Without a `carrier` it is
    collected, or driven there by one's own people.

    Raises HeldStock, Changed; Invalid for a service that does not take it.
    """
    refuse_held_or_gone(session, order)
    _drop_empty(session, shipment)
    if carrier:
        shipping.make_label(session, shipment, carrier=carrier, service=service)
    else:
        lock_shipment(session, shipment.id, "packing", step="label")
        shipment.status = "created"
        noted(session, shipment, "shipment_created")
    before = order.status
    if _is_all_packed(session, order):
        orders.leave_floor(session, order.id)
        order.status = "packed"
        changed(session, order, "order_packed", before=before)
    else:
        claims.release(session, DOCUMENT, order.id)
    return before


def unlabel(session: Session, order: SalesOrder, shipment: Shipment, *, status: str) -> None:
    """The labels are thrown away: the order is packed on, in the state before. Raises WrongState once it has left."""
    shipping.void_label(session, shipment)
    before, order.status = order.status, status
    changed(session, order, "order_unpacked", before=before)


def _drop_empty(session: Session, shipment: Shipment) -> None:
    for package in shipping.packages_of(session, shipment.id):
        if not shipping.contents_of(session, [package.id]):
            shipping.remove_package(session, package)


def _is_all_packed(session: Session, order: SalesOrder) -> bool:
    """Nothing is left to pick, and nothing that was picked is left to pack."""
    if any(item.rest for item in picked_items(session, order.id)):
        return False
    lines = orders.lines_of(session, order.id)
    return all(line.quantity - max(line.picked, line.fulfilled) <= ZERO for line in lines)


def hand_over(session: Session, shipment: Shipment) -> Fulfilled:
    """The parcels leave the site. Raises HeldStock, InsufficientStock, WrongState."""
    return shipping.hand_over(session, shipment)


def give_up(session: Session, shipment: Shipment) -> None:
    """Parcels of an order that is over are none any more; what lies in them is there for somebody else."""
    if shipment.status in ("packing", "created"):
        shipping.cancel_shipment(session, shipment)


def refuse_in_parcels(session: Session, order: SalesOrder) -> None:
    """Raises InParcels for an order that is packed, or being packed."""
    packed = [row.id for shipment in shipments_here(session, order.id) for row in _packages(session, shipment)]
    if shipping.contents_of(session, packed):
        raise InParcels(order)


def _packages(session: Session, shipment: Shipment) -> list[ShipmentPackage]:
    return shipping.packages_of(session, shipment.id)
