"""Where carriers have seen a shipment, and what follows from it.

Events stand in the order in which they happened, whenever they were told; the newest gives the shipment its state, and
a delivery ends it.

Example::

    add_event(session, shipment, status="in_transit", location="Memphis, TN")
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, col

from ambra_tui.errors import Invalid
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services import orders
from ambra_tui.services.documents import told_moment
from ambra_tui.services.shipping.terms import EVENT_STATES, lock_shipment, noted
from ambra_tui.store.models import Shipment, TrackingEvent
from ambra_tui.store.scope import now_of, organization_of, scoped

MAX_EVENTS = 500
_MOVING = ("in_transit", "out_for_delivery")
_WORDS = {
    "in_transit": "In transit",
    "out_for_delivery": "Out for delivery",
    "delivered": "Delivered",
    "exception": "Delivery held up",
}


def events_of(session: Session, shipment_id: str) -> list[TrackingEvent]:
    """The shipment's events in the order in which they happened."""
    statement = scoped(session, TrackingEvent).where(TrackingEvent.shipment_id == shipment_id)
    return list(session.exec(statement.order_by(col(TrackingEvent.happened_at), col(TrackingEvent.id))))


def add_event(
    session: Session,
    shipment: Shipment,
    *,
    status: str,
    happened_at: datetime | None = None,
    location: str = "",
    description: str = "",
    source: str = "api",
) -> TrackingEvent:
    """A carrier has seen the shipment; told twice it is one event. A shipment that stands in the site leaves with it,
    and the order is delivered with its last shipment.

    Raises Invalid for another status or a moment in the future, WrongState for one that has no label or was cancelled.
    """
    from ambra_tui.services.shipping import leaving

    if status not in EVENT_STATES:
        raise Invalid(f"must be one of {', '.join(EVENT_STATES)}", field="status")
    known = ("created", *EVENT_STATES)
    shipment = lock_shipment(session, shipment.id, *known, step="track")
    told = {
        "location": clean_line(location, field="location", max_length=120, required=False),
        "description": clean_line(description, field="description", required=False) or _WORDS[status],
    }
    moment = told_moment(session, happened_at, field="timestamp") or now_of(session)
    events = events_of(session, shipment.id)
    for event in events:
        if (event.status, event.happened_at, event.location) == (status, moment, told["location"]):
            return event
    if len(events) >= MAX_EVENTS:
        raise Invalid(f"a shipment has at most {MAX_EVENTS} events", field="status")
    if shipment.left_at is None:
        leaving.hand_over(session, shipment)
    event = note(session, shipment, status, told["description"], at=moment, location=told["location"], source=source)
    _follow(session, shipment, [*events, event])
    return event


def _follow(session: Session, shipment: Shipment, events: list[TrackingEvent]) -> None:
    """The shipment's state from its events, and the facts of what it has come to for the first time."""
    carried = [event for event in events if event.status != "created"]
    newest = max(carried, key=lambda event: (event.happened_at, event.id))
    delivered = [event for event in carried if event.status == "delivered"]
    was_moving = any(event.status in _MOVING for event in carried[:-1])
    is_moving = any(event.status in _MOVING for event in carried)
    before = shipment.status
    shipment.status = "delivered" if delivered else newest.status
    if delivered:
        shipment.delivered_at = min(event.happened_at for event in delivered)
    shipment.updated_at = now_of(session)
    session.add(shipment)
    session.flush()
    if is_moving and not was_moving and before != "delivered":
        noted(session, shipment, "shipment_in_transit")
    if shipment.status == "delivered" and before != "delivered":
        noted(session, shipment, "shipment_delivered")
        _deliver(session, shipment)


def _deliver(session: Session, shipment: Shipment) -> None:
    """The order is delivered once all of its shipments are."""
    statement = scoped(session, Shipment).where(
        Shipment.order_id == shipment.order_id, col(Shipment.status).not_in(("delivered", "cancelled"))
    )
    if session.exec(statement.limit(1)).first() is None:
        orders.deliver_order(session, orders.get_order(session, shipment.order_id))


def note(
    session: Session,
    shipment: Shipment,
    status: str,
    description: str,
    *,
    at: datetime | None = None,
    location: str = "",
    source: str,
) -> TrackingEvent:
    """A row of tracking."""
    now = now_of(session)
    event = TrackingEvent(
        organization_id=organization_of(session),
        id=new_id("trk"),
        shipment_id=shipment.id,
        status=status,
        location=location,
        description=description,
        source=source,
        happened_at=at or now,
        created_at=now,
    )
    session.add(event)
    session.flush()
    return event


def forget(session: Session, shipment: Shipment) -> None:
    """Takes away the events of a label that was thrown away."""
    for event in events_of(session, shipment.id):
        session.delete(event)
    session.flush()


def event_text(event: TrackingEvent) -> dict[str, Any]:
    """The event as JSON values."""
    return {"status": event.status, "location": event.location, "description": event.description}
