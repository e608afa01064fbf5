"""What of an order is in its parcels: read, put in, taken out.

Example::

    item = next(item for item in picked_items(session, order.id) if item.rest)
    put(session, package, item, Decimal(1))
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid, WrongState
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import shipping
from ambra_tui.services.catalog import variants_by_id
from ambra_tui.services.orders import lines_of
from ambra_tui.services.packing.terms import Key, PickedItem, key_of
from ambra_tui.services.picking import carried
from ambra_tui.services.shipping.packing import put_in
from ambra_tui.services.shipping.terms import lock_shipment
from ambra_tui.store.models import Location, Lot, Shipment, ShipmentContent, ShipmentPackage
from ambra_tui.store.scope import fetch, organization_of, scoped

HERE_STATES = ("packing", "created")


def shipments_here(session: Session, order_id: str) -> list[Shipment]:
    """The order's shipments that have not left, oldest first."""
    statement = scoped(session, Shipment).where(
        Shipment.order_id == order_id, col(Shipment.status).in_(HERE_STATES), col(Shipment.left_at).is_(None)
    )
    ordered = statement.order_by(col(Shipment.created_at), col(Shipment.id))
    return list(session.exec(ordered.execution_options(populate_existing=True)).all())


def packed_here(session: Session, order_id: str) -> list[tuple[Shipment, ShipmentPackage, ShipmentContent]]:
    """What lies in the order's parcels that have not left."""
    own = organization_of(session)
    statement: Any = (
        select(Shipment, ShipmentPackage, ShipmentContent)
        .join(
            ShipmentPackage,
            (col(ShipmentPackage.organization_id) == col(Shipment.organization_id))
            & (col(ShipmentPackage.shipment_id) == col(Shipment.id)),
        )
        .join(
            ShipmentContent,
            (col(ShipmentContent.organization_id) == col(ShipmentPackage.organization_id))
            & (col(ShipmentContent.package_id) == col(ShipmentPackage.id)),
        )
        .where(
            Shipment.organization_id == own,
            ShipmentPackage.organization_id == own,
            ShipmentContent.organization_id == own,
            Shipment.order_id == order_id,
            col(Shipment.status).in_(HERE_STATES),
            col(Shipment.left_at).is_(None),
        )
        .order_by(col(ShipmentContent.id))
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1], row[2]) for row in session.exec(statement).all()]


def picked_items(session: Session, order_id: str) -> list[PickedItem]:
    """What lies in totes and on the stage for an order, by line, variant, lot and serial, in the order of its lines."""
    places: dict[Key, list[Location]] = {}
    picked: dict[Key, Decimal] = {}
    for location, row in carried(session, order_id):
        key = (row.line_id, row.variant_id, row.lot_id, row.serial)
        picked[key] = picked.get(key, ZERO) + row.quantity
        places.setdefault(key, []).append(location)
    packed: dict[Key, Decimal] = {}
    for _, _, content in packed_here(session, order_id):
        packed[key_of(content)] = packed.get(key_of(content), ZERO) + content.quantity
    keys = list(dict.fromkeys((*picked, *packed)))
    lines = {line.id: line for line in lines_of(session, order_id)}
    variants = variants_by_id(session, [key[1] for key in keys])
    found = [
        PickedItem(
            line=lines[key[0]],
            variant=variants[key[1]],
            lot=fetch(session, Lot, key[2], resource="lot") if key[2] else None,
            serial=key[3],
            picked=picked.get(key, ZERO),
            packed=packed.get(key, ZERO),
            places=tuple(places.get(key, ())),
        )
        for key in keys
    ]
    return sorted(found, key=_position)


def _position(item: PickedItem) -> tuple[int, str, str, str]:
    return (item.line.position, item.variant.sku, item.lot.lot_number if item.lot else "", item.serial)


def put(session: Session, package: ShipmentPackage, item: PickedItem, quantity: Decimal) -> ShipmentContent:
    """`quantity` of what was picked lies in the parcel from now on; the row that tells it. Raises Invalid for more
    than is there, WrongState for a closed parcel."""
    if not ZERO < quantity <= item.rest:
        raise Invalid(f"{show(item.rest)} of {item.variant.sku} are to be packed", field="quantity")
    _lock_open(session, package)
    row = _row_of(session, package, item.key)
    if row is None:
        line_id, variant_id, lot_id, serial = item.key
        return put_in(session, package, line_id, variant_id, quantity, lot_id=lot_id, serial=serial)
    row.quantity += quantity
    session.add(row)
    session.flush()
    return row


def take_out(session: Session, package: ShipmentPackage, key: Key, quantity: Decimal) -> None:
    """`quantity` of what lies in the parcel is taken out again. Raises Invalid for more than lies in it."""
    row = _row_of(session, package, key)
    if row is None:
        raise Invalid("the package holds none of it", field="quantity")
    shipping.remove_content(session, row, quantity)


def _row_of(session: Session, package: ShipmentPackage, key: Key) -> ShipmentContent | None:
    return next((row for row in shipping.contents_of(session, [package.id]) if key_of(row) == key), None)


def _lock_open(session: Session, package: ShipmentPackage) -> None:
    lock_shipment(session, package.shipment_id, "packing", step="pack")
    session.refresh(package)
    if package.is_closed:
        raise WrongState("package", str(package.position), state="closed", step="change")
