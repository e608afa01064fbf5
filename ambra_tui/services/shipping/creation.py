"""A shipment in one go, for those who pack elsewhere: parcels, label, hand over.

Example::

    create_shipment(session, order, NewShipment(carrier="fedex", service="ground"))      # everything open, one parcel
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.carriers import carrier_named
from ambra_tui.errors import Invalid, WrongState
from ambra_tui.kit.money import to_minor
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services.catalog import positive_quantity, variants_by_id
from ambra_tui.services.orders import OPEN_STATES, STATE_WORDS, lines_of, lock_order
from ambra_tui.services.shipping import leaving, packing
from ambra_tui.services.shipping.addresses import place_of
from ambra_tui.services.shipping.quotes import MAX_PARCELS, own_tariff
from ambra_tui.services.shipping.terms import lock_shipment
from ambra_tui.store.models import SalesOrder, SalesOrderLine, Shipment, ShipmentPackage

Rests = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class PackedItem:
    """Some of an order in a parcel: a line by its id, or by the SKU of its variant."""

    quantity: Decimal
    line_id: str = ""
    sku: str = ""


@dataclass(frozen=True, slots=True)
class NewPackage:
    """A parcel to be made. Without `items`: see `create_shipment`."""

    weight: Decimal | None = None
    weight_unit: str = "lb"
    size: packing.Lengths | None = None
    size_unit: str = "in"
    items: Sequence[PackedItem] = ()


@dataclass(frozen=True, slots=True)
class NewShipment:
    """A shipment to be made. Without packages: one with everything that is open. `insurance`: in major units of the
    carrier's currency."""

    carrier: str
    service: str
    packages: Sequence[NewPackage] = ()
    ship_from: Mapping[str, str] = field(default_factory=dict)
    ship_to: Mapping[str, str] = field(default_factory=dict)
    insurance: Decimal | None = None
    is_signature_required: bool = False


def create_shipment(session: Session, order: SalesOrder, wanted: NewShipment) -> Shipment:
    """Packs, labels and hands over. Parcels that name no items: when none does, everything that is open lies in the
    first; when some do, what they name leaves and nothing else.

    Raises Invalid naming the field, NotFound, WrongState, InsufficientStock listing every short line.
    """
    carrier = carrier_named(wanted.carrier)
    carrier.service(wanted.service)
    insurance_minor = _insurance(session, wanted)
    order = lock_order(session, order.id)
    if order.status not in OPEN_STATES:
        raise WrongState("order", order.number, state=STATE_WORDS[order.status], step="ship")
    shipment = pack(session, order, wanted)
    place_of(shipment.ship_from, field="ship_from")
    place_of(shipment.ship_to, field="ship_to")
    leaving.make_label(
        session,
        shipment,
        carrier=wanted.carrier,
        service=wanted.service,
        insurance_minor=insurance_minor,
        is_signature_required=wanted.is_signature_required,
    )
    leaving.hand_over(session, shipment)
    return shipment


def _insurance(session: Session, wanted: NewShipment) -> int | None:
    if wanted.insurance is None:
        return None
    currency = own_tariff(session, carrier_named(wanted.carrier)).currency
    try:
        return to_minor(wanted.insurance, currency)
    except ValueError as error:
        raise Invalid(str(error), field="insurance_value") from None


def pack(session: Session, order: SalesOrder, wanted: NewShipment) -> Shipment:
    """The shipment with its parcels and what lies in them; its caller has locked the order."""
    if len(wanted.packages) > MAX_PARCELS:
        raise Invalid(f"a shipment has 1 to {MAX_PARCELS} packages", field="packages")
    shipment = packing.new_shipment(session, order, ship_to=wanted.ship_to or None, ship_from=wanted.ship_from or None)
    rests = packing.left_to_pack(session, order)
    if not rests:
        raise WrongState("order", order.number, state="packed already", step="ship")
    lines = lines_of(session, order.id)
    skus = {} if not _names_skus(wanted) else _skus(session, lines)
    told = list(wanted.packages) or [NewPackage()]
    has_items = any(package.items for package in told)
    for position, new in enumerate(told):
        package = _package(session, shipment, new, position)
        if has_items:
            _put_items(session, package, new.items, lines, skus, rests, f"packages.{position}.items")
        elif position == 0:
            for line in lines:
                if line.id in rests:
                    packing.put_in(session, package, line.id, line.variant_id, rests[line.id])
    session.flush()
    return lock_shipment(session, shipment.id, "packing", step="pack")


def _names_skus(wanted: NewShipment) -> bool:
    return any(item.sku for package in wanted.packages for item in package.items)


def _skus(session: Session, lines: Sequence[SalesOrderLine]) -> dict[str, str]:
    return {
        variant.id: variant.sku for variant in variants_by_id(session, [line.variant_id for line in lines]).values()
    }


def _package(session: Session, shipment: Shipment, new: NewPackage, position: int) -> ShipmentPackage:
    package = packing.add_package(session, shipment)
    packing.measure(
        package,
        weight=new.weight,
        weight_unit=new.weight_unit,
        size=new.size,
        size_unit=new.size_unit,
        field=f"packages.{position}",
    )
    session.add(package)
    session.flush()
    return package


def _put_items(
    session: Session,
    package: ShipmentPackage,
    items: Sequence[PackedItem],
    lines: Sequence[SalesOrderLine],
    skus: Mapping[str, str],
    rests: Rests,
    field: str,
) -> None:
    for position, item in enumerate(items):
        place = f"{field}.{position}"
        quantity = positive_quantity(item.quantity, field=f"{place}.quantity")
        meant = [line for line in lines if _is_meant(line, item, skus)]
        if not meant:
            raise Invalid("is not an item of this order", field=f"{place}.{'id' if item.line_id else 'sku'}")
        for line in meant:
            part = min(quantity, rests.get(line.id, ZERO))
            if part > 0:
                rests[line.id] -= part
                quantity -= part
                packing.put_in(session, package, line.id, line.variant_id, part)
        if quantity > 0:
            raise Invalid(f"{show(item.quantity - quantity)} are left to ship of it", field=f"{place}.quantity")


def _is_meant(line: SalesOrderLine, item: PackedItem, skus: Mapping[str, str]) -> bool:
    return line.id == item.line_id if item.line_id else skus.get(line.variant_id) == item.sku
