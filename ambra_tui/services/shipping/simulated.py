"""The carrier of sandboxes: a shipment that leaves is on the road after one minute, out for delivery after two, and
delivered after three, without anybody telling.

Example::

    begin(session, shipment)      # does nothing in an organization that is no sandbox
"""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session

from ambra_tui.services import errands
from ambra_tui.services.shipping.tracking import add_event, events_of
from ambra_tui.store.models import Organization, Shipment
from ambra_tui.store.scope import fetch, organization_of

STEP = "sandbox_parcel"
STEPS = {
    "in_transit": timedelta(minutes=1),
    "out_for_delivery": timedelta(minutes=2),
    "delivered": timedelta(minutes=3),
}
SOURCE = "sandbox"


def is_sandbox(session: Session) -> bool:
    """True in a sandbox's organization."""
    own = session.get(Organization, organization_of(session))
    return own is not None and own.sandbox_of is not None


def begin(session: Session, shipment: Shipment) -> None:
    """Writes down the steps of a shipment that has left, in a sandbox."""
    if not shipment.carrier or not is_sandbox(session):
        return
    for status, after in STEPS.items():
        errand = errands.send(session, STEP, shipment.id, status=status)
        errand.next_attempt_at = errand.created_at + after
        session.add(errand)


def apply_step(session: Session, shipment_id: str, status: str) -> None:
    """The next step, unless somebody told of it or of a later one already."""
    shipment = fetch(session, Shipment, shipment_id, resource="shipment")
    if shipment.status in ("packing", "cancelled", "delivered") or shipment.left_at is None:
        return
    if all(event.status != status for event in events_of(session, shipment.id)):
        add_event(session, shipment, status=status, source=SOURCE)
