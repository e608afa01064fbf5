"""Words that every step of a shipment shares.

Example::

    noted(session, shipment, "shipment_created")
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import SalesOrder, Shipment
from ambra_tui.store.scope import fetch, lock_row, now_of

ON_THE_ROAD = ("in_transit", "out_for_delivery", "exception")
EVENT_STATES = ("in_transit", "out_for_delivery", "delivered", "exception")
STATE_WORDS = {
    "packing": "being packed",
    "created": "created",
    "in_transit": "in transit",
    "out_for_delivery": "out for delivery",
    "delivered": "delivered",
    "exception": "held up",
    "cancelled": "cancelled",
}


def noted(session: Session, shipment: Shipment, fact: str, **details: Any) -> None:
    """Notes that a shipment was changed: its moment, a fact for others, a line in the audit trail."""
    shipment.updated_at = now_of(session)
    session.add(shipment)
    session.flush()
    number = fetch(session, SalesOrder, shipment.order_id, resource="order").number
    told = {"order_id": shipment.order_id, "number": number, "carrier": shipment.carrier, **details}
    publish(session, fact, shipment.id, {**told, "status": shipment.status})
    audit(session, fact, shipment.id, **told)


def get_shipment(session: Session, shipment_id: str) -> Shipment:
    """The shipment with this id. Raises NotFound."""
    return fetch(session, Shipment, shipment_id, resource="shipment")


def lock_shipment(session: Session, shipment_id: str, *states: str, step: str) -> Shipment:
    """The shipment as it is now, kept from other writers. Raises NotFound; WrongState when it is in none of
    `states`."""
    shipment = lock_row(session, Shipment, shipment_id, resource="shipment")
    if shipment.status not in states:
        raise wrong_state(shipment, step)
    return shipment


def wrong_state(shipment: Shipment, step: str) -> WrongState:
    """The refusal of a step that the shipment's state does not allow."""
    return WrongState("shipment", shipment.id, state=STATE_WORDS[shipment.status], step=step)
