"""What taking back packing has in common: the order must still be here, its package as it was.

Example::

    order, package = open_package(session, act)
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.services import packing
from ambra_tui.services.acts import _picks, _trail
from ambra_tui.services.packing import Carried
from ambra_tui.store.models import Act, SalesOrder, Shipment, ShipmentPackage
from ambra_tui.store.scope import fetch, organization_of


def package_of(session: Session, act: Act) -> tuple[SalesOrder, ShipmentPackage]:
    """The order and the package of an act, while nobody went on with either. Raises CannotUndo."""
    order = _picks.open_order(session, act.document_id)
    package = session.get(ShipmentPackage, (organization_of(session), act.details["package_id"]))
    if package is None:
        raise gone_on(order)
    shipment = fetch(session, Shipment, package.shipment_id, resource="shipment")
    if shipment.status != "packing":
        raise gone_on(order)
    return order, package


def gone_on(order: SalesOrder) -> _trail.CannotUndo:
    """The refusal of what later steps of the order depend on."""
    return _trail.CannotUndo(f"{order.number} has gone on", reason="order", document=order.number)


def carried_of(details: Mapping[str, Any]) -> list[Carried]:
    """What an act moved, assigned to the order all the way."""
    return [Carried.from_texts(texts) for texts in details.get("carried", [])]


def reverse_parts(session: Session, order: SalesOrder, package: ShipmentPackage, parts: list[list[str]]) -> None:
    """What was put in is taken out, and what was taken out is put in. Raises CannotUndo when it is no longer there."""
    for line_id, variant_id, lot_id, serial, text in reversed(parts):
        key, quantity = (line_id, variant_id, lot_id, serial), Decimal(text)
        try:
            if quantity > 0:
                packing.take_out(session, package, key, quantity)
                continue
            item = next((item for item in packing.picked_items(session, order.id) if item.key == key), None)
            if item is None:
                raise gone_on(order)
            packing.put(session, package, item, -quantity)
        except Invalid as error:
            raise gone_on(order) from error
