"""A packed shipment gets its label, leaves, and is taken back where that is still possible.

Example::

    make_label(session, shipment, carrier="ups", service="ground")
    hand_over(session, shipment)
    cancel_shipment(session, shipment)      # before the carrier has seen it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.carriers import Carrier, Service, carrier_named
from ambra_tui.errors import Conflict, Invalid
from ambra_tui.kit.money import to_major
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import orders
from ambra_tui.services.orders import Fulfilled, FulfillLine
from ambra_tui.services.shipping import numbers, packing, simulated, tracking
from ambra_tui.services.shipping.addresses import place_of
from ambra_tui.services.shipping.quotes import Option, Quote, Wanted, offer, own_tariff, quoted
from ambra_tui.services.shipping.terms import lock_shipment, noted, wrong_state
from ambra_tui.store.models import ReturnAuthorization, Shipment, ShipmentContent, ShipmentPackage
from ambra_tui.store.scope import now_of, organization_of

DECIMALS = 6


def options_for(session: Session, shipment: Shipment) -> Quote:
    """What it costs to send the shipment as it is packed. Raises Invalid while a parcel is not weighed, or where an
    address lacks what prices depend on."""
    packages = packing.packages_of(session, shipment.id)
    return quoted(session, _wanted(shipment, packages))


def _wanted(shipment: Shipment, packages: list[ShipmentPackage]) -> Wanted:
    parcels = packing.parcels_of(packages)
    if parcels is None:
        raise Invalid("a package is not weighed yet", field="packages")
    return Wanted(
        place_of(shipment.ship_from, field="ship_from"),
        place_of(shipment.ship_to, field="ship_to"),
        parcels,
        to_major(shipment.insurance_minor or 0, shipment.currency),
        shipment.is_signature_required,
    )


def make_label(
    session: Session,
    shipment: Shipment,
    *,
    carrier: str,
    service: str,
    insurance_minor: int | None = None,
    is_signature_required: bool = False,
) -> Shipment:
    """The shipment goes by this carrier: every parcel gets its tracking number, the shipment its price and day.

    Parcels that nobody has weighed have no price. Raises Invalid for an unknown carrier or service and for a parcel
    that the service does not take, WrongState.
    """
    shipment = lock_shipment(session, shipment.id, "packing", step="label")
    chosen = carrier_named(carrier)
    way = chosen.service(service)
    packages = packing.packages_of(session, shipment.id)
    if not packages or not packing.contents_of(session, [package.id for package in packages]):
        raise Invalid("there is nothing in the shipment", field="packages")
    tariff = own_tariff(session, chosen)
    shipment.carrier, shipment.service, shipment.currency = chosen.code, way.code, tariff.currency
    shipment.insurance_minor, shipment.is_signature_required = insurance_minor, is_signature_required
    _price(session, shipment, packages, chosen, way)
    account = chosen.account if simulated.is_sandbox(session) else tariff.account
    for package in packages:
        number = chosen.number(way, account, numbers.next_serial(session, chosen.code, account))
        package.tracking_number, package.is_closed = number, True
        session.add(package)
    shipment.status = "created"
    noted(session, shipment, "shipment_created", tracking_number=packages[0].tracking_number)
    tracking.note(session, shipment, "created", "Label created", source=chosen.code)
    return shipment


def _price(
    session: Session, shipment: Shipment, packages: list[ShipmentPackage], carrier: Carrier, service: Service
) -> None:
    """Writes cost and day."""
    origin = place_of(shipment.ship_from, field="ship_from")
    destination = place_of(shipment.ship_to, field="ship_to")
    if not carrier.zone(service, origin, destination):
        where = f"{origin.country} {origin.zip} to {destination.country} {destination.zip}"
        raise Invalid(f"{service.title} does not go from {where}", field="service")
    shipment.cost_minor, shipment.estimated_on = None, None
    if packing.parcels_of(packages) is not None:
        today = now_of(session).date()
        found = offer(carrier, service, own_tariff(session, carrier), _wanted(shipment, packages), today=today)
        if not isinstance(found, Option):
            raise Invalid(f"{service.title}: {found.reason}", field="service")
        shipment.cost_minor, shipment.estimated_on = found.cost_minor, found.estimated_on


def void_label(session: Session, shipment: Shipment) -> Shipment:
    """The label is thrown away: the shipment is being packed again, its numbers are used up."""
    shipment = lock_shipment(session, shipment.id, "created", step="unlabel")
    if shipment.left_at is not None:
        raise wrong_state(shipment, "unlabel")
    for package in packing.packages_of(session, shipment.id):
        package.tracking_number = ""
        session.add(package)
    tracking.forget(session, shipment)
    shipment.status = "packing"
    shipment.carrier = shipment.service = shipment.connector_reference = ""
    shipment.cost_minor = shipment.estimated_on = shipment.insurance_minor = None
    shipment.is_signature_required = False
    noted(session, shipment, "shipment_label_voided")
    return shipment


def hand_over(session: Session, shipment: Shipment, *, occurred_at: datetime | None = None) -> Fulfilled:
    """The parcels leave: what lies in them leaves the ledger. Raises what `orders.fulfill` raises, WrongState."""
    shipment = lock_shipment(session, shipment.id, "created", step="hand over")
    if shipment.left_at is not None:
        raise wrong_state(shipment, "hand over")
    packages = packing.packages_of(session, shipment.id)
    contents = packing.contents_of(session, [package.id for package in packages])
    order = orders.get_order(session, shipment.order_id)
    lines = _lines(contents, orders.ratios_of(session, [order.id]))
    fulfilled = orders.fulfill(session, order, lines, occurred_at=occurred_at)
    shipment.left_at = occurred_at or now_of(session)
    shipment.details = {
        **shipment.details,
        "left": {
            "status": fulfilled.status,
            "moves": [posted.id for posted in fulfilled.posted],
            "parts": [part.as_texts() for part in fulfilled.parts],
        },
    }
    noted(session, shipment, "shipment_left")
    simulated.begin(session, shipment)
    return fulfilled


def _lines(contents: Sequence[ShipmentContent], ratios: Mapping[tuple[str, str], Decimal]) -> list[FulfillLine]:
    """What leaves of each line, in units of its variant, with the lots and serials that lie in the parcels. Where a
    substitute's lots do not come to whole parts of the line, they are counted together."""
    by_variant: dict[tuple[str, str], list[ShipmentContent]] = {}
    for content in contents:
        by_variant.setdefault((content.order_line_id, content.variant_id), []).append(content)
    lines: list[FulfillLine] = []
    for (line_id, variant_id), rows in by_variant.items():
        ratio = ratios.get((line_id, variant_id), packing.ONE)
        units = [row.quantity / ratio for row in rows]
        if all(part == round(part, DECIMALS) for part in units):
            lines += [
                FulfillLine(line_id, part, variant_id, row.lot_id, row.serial)
                for part, row in zip(units, rows, strict=True)
            ]
        else:
            total = sum((row.quantity for row in rows), ZERO)
            lines.append(FulfillLine(line_id, total / ratio, variant_id))
    return lines


def take_back(session: Session, shipment: Shipment) -> Shipment:
    """The shipment's side after the moves by which it left were reversed: it stands in the site again, labelled.

    Raises WrongState once the carrier has seen it, and what `orders.take_back` raises.
    """
    shipment = lock_shipment(session, shipment.id, "created", step="take back")
    left = shipment.details.get("left")
    if shipment.left_at is None or left is None:
        raise wrong_state(shipment, "take back")
    order = orders.get_order(session, shipment.order_id)
    orders.take_back(session, order, [orders.Part.from_texts(part) for part in left["parts"]], status=left["status"])
    shipment.left_at = None
    shipment.details = {name: value for name, value in shipment.details.items() if name != "left"}
    noted(session, shipment, "shipment_taken_back")
    return shipment


def moves_of(shipment: Shipment) -> list[str]:
    """The moves by which it left, in their order."""
    return list(shipment.details.get("left", {}).get("moves", ()))


def cancel_shipment(session: Session, shipment: Shipment) -> Shipment:
    """The shipment does not go: what left with it is in the site again, promised to the order as before.

    Raises WrongState once the carrier has seen it, Conflict where something of it is on its way back.
    """
    shipment = lock_shipment(session, shipment.id, "packing", "created", step="cancel")
    if shipment.status == "packing":
        packing.drop_shipment(session, shipment)
        return shipment
    if shipment.left_at is not None:
        _refuse_returns(session, shipment)
        for number, move_id in enumerate(reversed(moves_of(shipment))):
            ledger.reverse(session, move_id, idempotency_key=f"cancel:{shipment.id}:{number}", reason="cancelled")
        take_back(session, shipment)
    shipment.status = "cancelled"
    noted(session, shipment, "shipment_cancelled")
    return shipment


def _refuse_returns(session: Session, shipment: Shipment) -> None:
    statement = select(ReturnAuthorization.number).where(
        ReturnAuthorization.organization_id == organization_of(session),
        ReturnAuthorization.order_id == shipment.order_id,
        ReturnAuthorization.status != "cancelled",
    )
    number = session.exec(statement.order_by(col(ReturnAuthorization.number))).first()
    if number is not None:
        raise Conflict(f"Shipment {shipment.id} cannot be cancelled: return {number} takes back what it brought.")
