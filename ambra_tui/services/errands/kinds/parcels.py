"""What is asked of multi-carrier services, and the carrier that a sandbox plays.

Example::

    errands.send(session, "parcel_label", shipment.id)
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from ambra_tui.carriers._connectors import Bought, Declined, Seen
from ambra_tui.services.errands.written import Asked, Kind
from ambra_tui.services.shipping import connected, simulated
from ambra_tui.services.shipping.terms import get_shipment
from ambra_tui.store import Store

_SILENT, _NOT_WANTED = "The carrier's service did not answer.", "The shipment is not wanted any more."


def _label(store: Store, asked: Asked) -> Bought | Declined:
    with store.read(asked.organization_id) as session:
        shipment = get_shipment(session, asked.subject_id)
        if shipment.status != "packing":
            return Declined(_NOT_WANTED)
        request, code, service = connected.request_of(session, shipment), shipment.carrier, shipment.service
    return connected.connect(code).buy(request, service)


def _void(store: Store, asked: Asked) -> Declined | None:
    with store.read(asked.organization_id) as session:
        shipment = get_shipment(session, asked.subject_id)
        references, code = connected.references_of(shipment), shipment.carrier
    return connected.connect(code).void(references)


def _track(store: Store, asked: Asked) -> list[Seen]:
    with store.read(asked.organization_id) as session:
        shipment = get_shipment(session, asked.subject_id)
        references, code, status = connected.references_of(shipment), shipment.carrier, shipment.status
    return [] if status in ("delivered", "cancelled") else connected.connect(code).track(references)


def _apply_track(session: Session, asked: Asked, seen: list[Seen]) -> None:
    shipment = get_shipment(session, asked.subject_id)
    connected.apply_seen(session, shipment, seen)
    if shipment.status not in ("delivered", "cancelled"):
        connected.look_again(session, shipment)


def _nothing(_session: Session, _asked: Asked, _outcome: Any = None) -> None:
    """What is given back, or was not answered, changes nothing here."""


KINDS = {
    connected.LABEL: Kind(
        call=_label,
        apply=lambda session, asked, outcome: connected.apply_label(session, asked.subject_id, outcome),
        give_up=lambda session, asked: connected.apply_label(session, asked.subject_id, Declined(_SILENT)),
    ),
    connected.VOID: Kind(call=_void, apply=_nothing, give_up=_nothing),
    connected.TRACK: Kind(call=_track, apply=_apply_track, give_up=_nothing),
    simulated.STEP: Kind(
        call=lambda _store, asked: asked.details["status"],
        apply=lambda session, asked, status: simulated.apply_step(session, asked.subject_id, status),
        give_up=_nothing,
    ),
}
