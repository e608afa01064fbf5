"""Shipments by a multi-carrier service: what is wanted is written down, asked for outside every transaction, applied.

Example::

    shipment, errands = begin_shipment(session, order, NewShipment("easypost", "usps_priority", [package]))
    errands_service.run(store, organization_id, errands[0])      # after the commit
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.carriers import Parcel
from ambra_tui.carriers._connectors import Access, Bought, Connector, Declined, Request, Seen, connectors
from ambra_tui.errors import Conflict, Invalid, Unavailable, WrongState
from ambra_tui.kit.money import to_minor
from ambra_tui.services import errands
from ambra_tui.services.orders import OPEN_STATES, STATE_WORDS, lock_order
from ambra_tui.services.shipping import creation, leaving, packing, tracking
from ambra_tui.services.shipping.addresses import place_of
from ambra_tui.services.shipping.creation import NewShipment
from ambra_tui.services.shipping.quotes import Option, Quote, Refusal, Wanted
from ambra_tui.services.shipping.terms import get_shipment, lock_shipment, noted
from ambra_tui.settings import ShippingSettings
from ambra_tui.store import Actor, Store
from ambra_tui.store.models import SalesOrder, Shipment, ShipmentPackage
from ambra_tui.store.scope import now_of, scoped

LABEL, VOID, TRACK = "parcel_label", "parcel_void", "parcel_track"
CARRIER_ACTOR = Actor("carrier", "Carrier")
LOOK_AGAIN = timedelta(hours=2)
log = logging.getLogger(__name__)


def accesses() -> dict[str, Access]:
    """The accounts that this server has: code -> account."""
    settings = ShippingSettings.from_environment()
    if not settings.easypost_key:
        return {}
    return {"easypost": Access(settings.easypost_key, settings.easypost_url, settings.easypost_secret)}


def connect(code: str) -> Connector:
    """The service of this code. Raises Unavailable where the server has no account, or not its library."""
    access = accesses().get(code)
    if access is None:
        raise Unavailable(f"This server has no account at {code}")
    return connectors()[code].connect(access)


# -- rates -----------------------------------------------------------------------------------------------------------


def with_connectors(quote: Quote, wanted: Wanted, *, is_sandbox: bool) -> Quote:
    """The quote with what the connected services offer. Network: outside every session. Test keys ask nobody; a service
    that does not answer is refused with what it said."""
    options, refused = list(quote.options), list(quote.refused)
    for code in () if is_sandbox else accesses():
        request = Request(wanted.origin._asdict(), wanted.destination._asdict(), wanted.parcels, wanted.insured,
                          wanted.is_signature_required)  # fmt: skip
        try:
            rates = connect(code).rates(request)
        except Unavailable as error:
            log.warning("no rates from %s: %s", code, error)
            refused.append(Refusal(code, "", connectors()[code].title, error.message))
            continue
        options += [
            Option(code, rate.service, rate.title, _minor(rate.cost, rate.currency), rate.currency, rate.arrives_on,
                   rate.days, "", None, "")
            for rate in rates
        ]  # fmt: skip
    options.sort(key=lambda option: (option.cost, option.carrier, option.service))
    return Quote(tuple(options), tuple(refused))


def _minor(amount: Decimal, currency: str) -> int:
    try:
        return to_minor(amount, currency)
    except ValueError as error:
        raise Unavailable(f"a price that cannot be: {amount} {currency}") from error


# -- shipments -------------------------------------------------------------------------------------------------------


def begin_shipment(
    session: Session, order: SalesOrder, wanted: NewShipment, *, is_sandbox: bool
) -> tuple[Shipment, tuple[str, ...]]:
    """`create_shipment`; by a connected service the shipment stands packed until the errands are done. Raises Conflict
    for a connected service by a test key or where the server has no account."""
    if wanted.carrier.strip().lower() not in connectors():
        return creation.create_shipment(session, order, wanted), ()
    code = wanted.carrier.strip().lower()
    if is_sandbox or code not in accesses():
        why = "test keys buy no labels" if is_sandbox else "this server has no account there"
        raise Conflict(f"{connectors()[code].title} cannot be used: {why}")
    order = lock_order(session, order.id)
    if order.status not in OPEN_STATES:
        raise WrongState("order", order.number, state=STATE_WORDS[order.status], step="ship")
    shipment = creation.pack(session, order, wanted)
    packages = packing.packages_of(session, shipment.id)
    if packing.parcels_of(packages) is None or not packing.contents_of(session, [one.id for one in packages]):
        raise Invalid("tell the weight of each package, and what is in it", field="packages")
    place_of(shipment.ship_from, field="ship_from")
    place_of(shipment.ship_to, field="ship_to")
    shipment.carrier, shipment.service = code, wanted.service.strip().lower()
    shipment.is_signature_required = wanted.is_signature_required
    insured = str(wanted.insurance) if wanted.insurance is not None else ""
    shipment.details = {**shipment.details, "connector": {"insured": insured}}
    for package in packages:
        package.is_closed = True
        session.add(package)
    session.add(shipment)
    session.flush()
    errand = errands.send(session, LABEL, shipment.id)
    return shipment, (errand.id,)


def refusal_of(shipment: Shipment) -> str:
    """Why a service would not label the shipment; empty when it has, or has not answered yet."""
    return str(shipment.details.get("connector", {}).get("refusal", ""))


def request_of(session: Session, shipment: Shipment) -> Request:
    """What a service is asked to label."""
    parcels: tuple[Parcel, ...] = packing.parcels_of(packing.packages_of(session, shipment.id)) or ()
    insured = shipment.details.get("connector", {}).get("insured") or "0"
    return Request(
        dict(shipment.ship_from),
        dict(shipment.ship_to),
        parcels,
        Decimal(insured),
        shipment.is_signature_required,
        shipment.id,
    )


def apply_label(session: Session, shipment_id: str, outcome: Bought | Declined) -> None:
    """Notes what the service answered: the shipment leaves with its labels, or is given up. Labels of one that was
    cancelled meanwhile are given back."""
    shipment = get_shipment(session, shipment_id)
    if shipment.status != "packing":
        if isinstance(outcome, Bought) and not references_of(shipment):
            _note(session, shipment, references=list(outcome.references))
            errands.send(session, VOID, shipment.id)
        return
    if isinstance(outcome, Declined):
        _note(session, shipment, refusal=outcome.reason)
        packing.drop_shipment(session, shipment)
        return
    shipment = lock_shipment(session, shipment_id, "packing", step="label")
    packages = packing.packages_of(session, shipment.id)
    for package, number in zip(packages, outcome.tracking_numbers, strict=True):
        package.tracking_number = number[:60]
        session.add(package)
    shipment.currency = outcome.currency
    shipment.cost_minor, shipment.estimated_on = _minor(outcome.cost, outcome.currency), outcome.arrives_on
    insured = shipment.details.get("connector", {}).get("insured")
    shipment.insurance_minor = _minor(Decimal(insured), outcome.currency) if insured else None
    shipment.connector_reference = outcome.references[0][:120]
    _note(
        session,
        shipment,
        references=list(outcome.references),
        label_urls=list(outcome.label_urls),
        tracking_urls=dict(zip(outcome.tracking_numbers, outcome.tracking_urls, strict=True)),
    )
    shipment.status = "created"
    noted(session, shipment, "shipment_created", tracking_number=outcome.tracking_numbers[0])
    tracking.note(session, shipment, "created", "Label created", source=shipment.carrier)
    leaving.hand_over(session, shipment)
    look_again(session, shipment)


def _note(session: Session, shipment: Shipment, **told: Any) -> None:
    shipment.details = {**shipment.details, "connector": {**shipment.details.get("connector", {}), **told}}
    session.add(shipment)
    session.flush()


def references_of(shipment: Shipment) -> list[str]:
    """What the service calls the parcels."""
    return list(shipment.details.get("connector", {}).get("references", ()))


def label_urls_of(shipment: Shipment) -> list[str]:
    """Where the service keeps the labels, in the order of the parcels."""
    return list(shipment.details.get("connector", {}).get("label_urls", ()))


def end_shipment(session: Session, shipment: Shipment) -> tuple[str, ...]:
    """`cancel_shipment`; labels of a connected service are given back by the errands."""
    shipment = leaving.cancel_shipment(session, shipment)
    if not references_of(shipment):
        return ()
    return (errands.send(session, VOID, shipment.id).id,)


# -- tracking --------------------------------------------------------------------------------------------------------


def look_again(session: Session, shipment: Shipment) -> None:
    """Writes down that the service is to be asked where the shipment is, in a while."""
    errand = errands.send(session, TRACK, shipment.id)
    errand.next_attempt_at = errand.created_at + LOOK_AGAIN
    session.add(errand)


def apply_seen(session: Session, shipment: Shipment, seen: Sequence[Seen]) -> None:
    """Notes what a service has seen, in the order in which it happened; moments of the future are left out."""
    now = now_of(session)
    for one in sorted(seen, key=lambda each: each.happened_at):
        if one.happened_at <= now and shipment.status not in ("packing", "cancelled"):
            tracking.add_event(
                session,
                shipment,
                status=one.status,
                happened_at=one.happened_at,
                location=one.location,
                description=one.description,
                source=shipment.carrier,
            )


def notice_codes() -> tuple[str, ...]:
    """The services that may tell something unasked."""
    return tuple(connectors())


def owner_of_parcel(store: Store, code: str, tracking_number: str) -> int | None:
    """Whose parcel it is that a service tells of; None for a stranger's."""
    with store.read_system() as session:
        return session.exec(
            select(ShipmentPackage.organization_id)
            .join(
                Shipment,
                (col(Shipment.organization_id) == col(ShipmentPackage.organization_id))
                & (col(Shipment.id) == col(ShipmentPackage.shipment_id)),
            )
            .where(ShipmentPackage.tracking_number == tracking_number, Shipment.carrier == code)
        ).first()


def take_notice(session: Session, code: str, tracking_number: str, seen: Sequence[Seen]) -> bool:
    """Notes what a service told unasked. False when the parcel is none of ours."""
    package = session.exec(
        scoped(session, ShipmentPackage)
        .where(ShipmentPackage.tracking_number == tracking_number)
        .order_by(col(ShipmentPackage.id).desc())
    ).first()
    if package is None:
        return False
    shipment = get_shipment(session, package.shipment_id)
    if shipment.carrier != code:
        return False
    apply_seen(session, shipment, seen)
    return True
