"""What an order's steps mean for its parcels: they leave with it and arrive with it.

Example::

    hand_over_parcels(session, order)
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services import shipping
from ambra_tui.store.models import SalesOrder


def hand_over_parcels(session: Session, order: SalesOrder) -> None:
    """Parcels with a label that stand in the warehouse leave."""
    for shipment in shipping.shipments_of(session, order.id):
        if shipment.status == "created" and shipment.left_at is None:
            shipping.hand_over(session, shipment)


def deliver_parcels(session: Session, order: SalesOrder) -> None:
    """Parcels that have left are with the customer."""
    for shipment in shipping.shipments_of(session, order.id):
        if shipment.left_at is not None and shipment.delivered_at is None and shipment.status != "cancelled":
            shipping.add_event(session, shipment, status="delivered")
