"""Orders that are cancelled at whatever door: parcels that have not left are given up with them.

`orders` knows nothing of parcels; doors cancel here.

Example::

    cancel_order(session, order, reason="out of season")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services import orders
from ambra_tui.services.shipping.connected import end_shipment
from ambra_tui.services.shipping.packing import shipments_of
from ambra_tui.store.models import SalesOrder


def cancel_order(session: Session, order: SalesOrder, *, reason: str = "", note: str = "") -> SalesOrder:
    """`orders.cancel_order`, and its parcels are not wanted any more. Raises WrongState."""
    return _without_parcels(session, orders.cancel_order(session, order, reason=reason, note=note))


def cancel_in_shop(session: Session, order: SalesOrder, *, reason: str = "", note: str = "") -> SalesOrder:
    """`orders.cancel_in_shop`, and its parcels are not wanted any more. Raises WrongState."""
    return _without_parcels(session, orders.cancel_in_shop(session, order, reason=reason, note=note))


def _without_parcels(session: Session, order: SalesOrder) -> SalesOrder:
    for shipment in shipments_of(session, order.id):
        if shipment.status in ("packing", "created") and shipment.left_at is None:
            end_shipment(session, shipment)
    return order
