"""A shipment while it is packed: its parcels and what lies in them.

Example::

    shipment = open_shipment(session, order)
    package = add_package(session, shipment)
    add_content(session, package, line_id=line.id, quantity=Decimal(2))
    close_package(session, package, weight=Decimal("1.2"))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from sqlmodel import Session, col, func, select

from ambra_tui.carriers import Parcel, Size, Weight
from ambra_tui.errors import Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import own_currency
from ambra_tui.services.orders import OPEN_STATES, STATE_WORDS, lines_of, lock_order, ratios_of
from ambra_tui.services.shipping.addresses import address_of_order, address_of_site
from ambra_tui.services.shipping.quotes import MAX_PARCELS
from ambra_tui.services.shipping.terms import lock_shipment, noted
from ambra_tui.store.models import SalesOrder, SalesOrderLine, Shipment, ShipmentContent, ShipmentPackage
from ambra_tui.store.models.shipping import SIZE_UNITS, WEIGHT_UNITS
from ambra_tui.store.scope import fetch, now_of, organization_of, scoped

MOST_MEASURE = Decimal(1_000_000)
ONE = Decimal(1)
Lengths = tuple[Decimal, Decimal, Decimal]


# -- reading ---------------------------------------------------------------------------------------------------------


def packing_of(session: Session, order_id: str) -> Shipment | None:
    """The order's shipment that is being packed."""
    statement = scoped(session, Shipment).where(Shipment.order_id == order_id, Shipment.status == "packing")
    return session.exec(statement.order_by(col(Shipment.id))).first()


def shipments_of(session: Session, order_id: str) -> list[Shipment]:
    """The order's shipments, oldest first, cancelled ones among them."""
    statement = scoped(session, Shipment).where(Shipment.order_id == order_id)
    return list(session.exec(statement.order_by(col(Shipment.created_at), col(Shipment.id))))


def packages_of(session: Session, shipment_id: str) -> list[ShipmentPackage]:
    """The shipment's parcels in their order."""
    statement = scoped(session, ShipmentPackage).where(ShipmentPackage.shipment_id == shipment_id)
    return list(session.exec(statement.order_by(col(ShipmentPackage.position), col(ShipmentPackage.id))))


def packages_of_many(session: Session, shipment_ids: Iterable[str]) -> dict[str, list[ShipmentPackage]]:
    """Shipment -> its parcels in their order."""
    statement = scoped(session, ShipmentPackage).where(col(ShipmentPackage.shipment_id).in_(list(shipment_ids)))
    found: dict[str, list[ShipmentPackage]] = {}
    for package in session.exec(statement.order_by(col(ShipmentPackage.shipment_id), col(ShipmentPackage.position))):
        found.setdefault(package.shipment_id, []).append(package)
    return found


def contents_of(session: Session, package_ids: Iterable[str]) -> list[ShipmentContent]:
    """What lies in the parcels, in the order in which it was put there."""
    statement = scoped(session, ShipmentContent).where(col(ShipmentContent.package_id).in_(list(package_ids)))
    return list(session.exec(statement.order_by(col(ShipmentContent.package_id), col(ShipmentContent.id))))


def packed_of(session: Session, order_id: str) -> dict[str, Decimal]:
    """Line -> how much of it lies in parcels that have not left, in units of the line's variant."""
    organization_id = organization_of(session)
    statement = (
        select(ShipmentContent.order_line_id, ShipmentContent.variant_id, func.sum(ShipmentContent.quantity))
        .join(
            ShipmentPackage,
            (col(ShipmentPackage.organization_id) == ShipmentContent.organization_id)
            & (col(ShipmentPackage.id) == col(ShipmentContent.package_id)),
        )
        .join(
            Shipment,
            (col(Shipment.organization_id) == ShipmentPackage.organization_id)
            & (col(Shipment.id) == col(ShipmentPackage.shipment_id)),
        )
        .where(
            ShipmentContent.organization_id == organization_id,
            ShipmentPackage.organization_id == organization_id,
            Shipment.organization_id == organization_id,
            Shipment.order_id == order_id,
            Shipment.status != "cancelled",
            col(Shipment.left_at).is_(None),
        )
        .group_by(col(ShipmentContent.order_line_id), col(ShipmentContent.variant_id))
    )
    found = session.exec(statement).all()
    ratios = ratios_of(session, [order_id]) if found else {}
    packed: dict[str, Decimal] = {}
    for line_id, variant_id, quantity in found:
        units = Decimal(quantity) / ratios.get((line_id, variant_id), ONE)
        packed[line_id] = packed.get(line_id, ZERO) + units
    return packed


def left_to_pack(session: Session, order: SalesOrder) -> dict[str, Decimal]:
    """Line -> what is ordered and neither left nor lies in a parcel; lines with nothing left are not there."""
    packed = packed_of(session, order.id)
    rests = {
        line.id: line.quantity - line.fulfilled - packed.get(line.id, ZERO) for line in lines_of(session, order.id)
    }
    return {line_id: rest for line_id, rest in rests.items() if rest > 0}


# -- packing ---------------------------------------------------------------------------------------------------------


def open_shipment(
    session: Session,
    order: SalesOrder,
    *,
    ship_to: Mapping[str, str] | None = None,
    ship_from: Mapping[str, str] | None = None,
) -> Shipment:
    """The order's shipment that is being packed; a new one where there is none. Raises WrongState for an order that
    has left or was cancelled."""
    order = lock_order(session, order.id)
    found = packing_of(session, order.id)
    if found is not None:
        return found
    return new_shipment(session, order, ship_to=ship_to, ship_from=ship_from)


def new_shipment(
    session: Session,
    order: SalesOrder,
    *,
    ship_to: Mapping[str, str] | None = None,
    ship_from: Mapping[str, str] | None = None,
) -> Shipment:
    """One more shipment of the order, which its caller has locked."""
    if order.status not in OPEN_STATES:
        raise WrongState("order", order.number, state=STATE_WORDS[order.status], step="ship")
    now = now_of(session)
    shipment = Shipment(
        organization_id=organization_of(session),
        id=new_id("shp"),
        order_id=order.id,
        site_id=order.site_id,
        ship_from=dict(ship_from) if ship_from else address_of_site(session, order.site_id),
        ship_to=dict(ship_to) if ship_to else address_of_order(session, order),
        currency=own_currency(session),
        created_at=now,
        updated_at=now,
    )
    session.add(shipment)
    session.flush()
    return shipment


def add_package(session: Session, shipment: Shipment, *, plate_id: str = "") -> ShipmentPackage:
    """One more parcel, empty and open."""
    lock_shipment(session, shipment.id, "packing", step="pack")
    positions = [package.position for package in packages_of(session, shipment.id)]
    if len(positions) >= MAX_PARCELS:
        raise Invalid(f"a shipment has 1 to {MAX_PARCELS} packages", field="packages")
    package = ShipmentPackage(
        organization_id=organization_of(session),
        id=new_id("pkg"),
        shipment_id=shipment.id,
        position=max(positions, default=0) + 1,
        plate_id=plate_id,
    )
    session.add(package)
    session.flush()
    return package


def add_content(
    session: Session,
    package: ShipmentPackage,
    *,
    line_id: str,
    quantity: Decimal,
    variant_id: str = "",
    lot_id: str = "",
    serial: str = "",
) -> ShipmentContent:
    """Puts some of an order's line into the parcel; `quantity` counts in units of what is put in, the line's variant
    or one that stands for it.

    Raises Invalid for more than is left to pack or a line of another order, WrongState for a closed parcel.
    """
    shipment = _open(session, package)
    order = lock_order(session, shipment.order_id)
    line = fetch(session, SalesOrderLine, line_id, resource="order_item")
    if line.sales_order_id != order.id:
        raise Invalid(f"the item is not one of {order.number}", field="line_id")
    variant = variant_id or line.variant_id
    ratio = ratios_of(session, [order.id]).get((line_id, variant), ONE)
    rest = left_to_pack(session, order).get(line_id, ZERO) * ratio
    if positive_quantity(quantity, field="quantity") > rest:
        raise Invalid(f"{show(rest)} are left to pack of this item of {order.number}", field="quantity")
    for content in contents_of(session, [package.id]):
        if (content.order_line_id, content.variant_id, content.lot_id, content.serial) == (
            line_id, variant, lot_id, serial,
        ):  # fmt: skip
            content.quantity += quantity
            session.add(content)
            session.flush()
            return content
    content = put_in(session, package, line_id, variant, quantity, lot_id=lot_id, serial=serial)
    session.flush()
    return content


def put_in(
    session: Session,
    package: ShipmentPackage,
    line_id: str,
    variant_id: str,
    quantity: Decimal,
    *,
    lot_id: str = "",
    serial: str = "",
) -> ShipmentContent:
    """A row of contents; its caller has looked whether there is so much to pack, and flushes."""
    content = ShipmentContent(
        organization_id=organization_of(session),
        id=new_id("cnt"),
        package_id=package.id,
        order_line_id=line_id,
        variant_id=variant_id,
        lot_id=lot_id,
        serial=serial,
        quantity=quantity,
    )
    session.add(content)
    return content


def remove_content(session: Session, content: ShipmentContent, quantity: Decimal | None = None) -> None:
    """Takes some out of the parcel again; None: all of it. Raises Invalid for more than lies there."""
    package = fetch(session, ShipmentPackage, content.package_id, resource="package")
    _open(session, package)
    if quantity is not None and positive_quantity(quantity, field="quantity") > content.quantity:
        raise Invalid(f"{show(content.quantity)} of it lie in the package", field="quantity")
    if quantity is None or quantity == content.quantity:
        session.delete(content)
    else:
        content.quantity -= quantity
        session.add(content)
    session.flush()


def close_package(
    session: Session,
    package: ShipmentPackage,
    *,
    weight: Decimal | None = None,
    weight_unit: str = "kg",
    size: Lengths | None = None,
    size_unit: str = "cm",
) -> ShipmentPackage:
    """The parcel is full: nothing more goes in until it is opened again. Raises Invalid for an empty one."""
    _open(session, package)
    if not contents_of(session, [package.id]):
        raise Invalid("there is nothing in the package", field="package")
    measure(package, weight=weight, weight_unit=weight_unit, size=size, size_unit=size_unit, field="package")
    package.is_closed = True
    session.add(package)
    session.flush()
    return package


def reopen_package(session: Session, package: ShipmentPackage) -> ShipmentPackage:
    """More may go into the parcel again."""
    lock_shipment(session, package.shipment_id, "packing", step="pack")
    package.is_closed = False
    session.add(package)
    session.flush()
    return package


def remove_package(session: Session, package: ShipmentPackage) -> None:
    """The parcel is unpacked: what lay in it is left to pack again. A shipment without parcels goes with the last."""
    shipment = lock_shipment(session, package.shipment_id, "packing", step="unpack")
    for content in contents_of(session, [package.id]):
        session.delete(content)
    session.flush()
    session.delete(package)
    session.flush()
    rest = packages_of(session, shipment.id)
    for position, one in enumerate(rest, start=1):
        one.position = position
        session.add(one)
    session.flush()


def drop_shipment(session: Session, shipment: Shipment) -> None:
    """A shipment that is being packed is given up: all of it is left to pack again."""
    shipment = lock_shipment(session, shipment.id, "packing", step="cancel")
    for package in packages_of(session, shipment.id):
        remove_package(session, package)
    shipment.status = "cancelled"
    noted(session, shipment, "shipment_cancelled")


def measure(
    package: ShipmentPackage,
    *,
    weight: Decimal | None,
    weight_unit: str,
    size: Lengths | None,
    size_unit: str,
    field: str,
) -> None:
    """Writes weight and lengths into the parcel, as told. Raises Invalid for a unit or a number that cannot be."""
    if weight_unit not in WEIGHT_UNITS:
        raise Invalid(f"must be one of {', '.join(WEIGHT_UNITS)}", field=f"{field}.weight_unit")
    if size_unit not in SIZE_UNITS:
        raise Invalid(f"must be one of {', '.join(SIZE_UNITS)}", field=f"{field}.dimension_unit")
    if weight is not None:
        package.weight, package.weight_unit = _measured(weight, f"{field}.weight"), weight_unit
    if size is not None:
        sides = ("length", "width", "height")
        told = [_measured(side, f"{field}.{name}") for side, name in zip(size, sides, strict=True)]
        package.length, package.width, package.height = told
        package.size_unit = size_unit


def _measured(amount: Decimal, field: str) -> Decimal:
    if positive_quantity(amount, field=field) > MOST_MEASURE:
        raise Invalid(f"is more than {MOST_MEASURE}", field=field)
    return amount


def parcel_of(package: ShipmentPackage) -> Parcel | None:
    """The parcel as carriers see it; None while nobody has weighed it."""
    if package.weight is None:
        return None
    size = None
    if package.length is not None and package.width is not None and package.height is not None:
        size = Size.of(package.length, package.width, package.height, package.size_unit)
    return Parcel(Weight.of(package.weight, package.weight_unit), size)


def parcels_of(packages: Sequence[ShipmentPackage]) -> tuple[Parcel, ...] | None:
    """All of them; None while one is not weighed."""
    found = [parcel_of(package) for package in packages]
    parcels = tuple(parcel for parcel in found if parcel is not None)
    return parcels if len(parcels) == len(found) else None


def _open(session: Session, package: ShipmentPackage) -> Shipment:
    shipment = lock_shipment(session, package.shipment_id, "packing", step="pack")
    session.refresh(package)
    if package.is_closed:
        raise WrongState("package", str(package.position), state="closed", step="change")
    return shipment
