"""The labels of a shipment: one a parcel, four by six inches.

Example::

    printing.add_job(session, labels_of_shipment(session, shipment), kind="parcel")
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session

from ambra_tui.carriers import carrier_named
from ambra_tui.errors import WrongState
from ambra_tui.kit.language import DEFAULT_LANGUAGE, say
from ambra_tui.kit.quantity import show
from ambra_tui.labels.model import Code, Label, Parcel, Symbology
from ambra_tui.labels.parcel import parcel_label
from ambra_tui.services.shipping import packing
from ambra_tui.services.shipping.addresses import place_of
from ambra_tui.services.shipping.terms import wrong_state
from ambra_tui.store.models import SalesOrder, Shipment, ShipmentPackage
from ambra_tui.store.scope import fetch

_SYMBOLOGIES: dict[str, Symbology] = {"code128": "code128", "gs1_128": "gs1_128"}


def labels_of_shipment(session: Session, shipment: Shipment, *, language: str = DEFAULT_LANGUAGE) -> list[Label]:
    """A label for each parcel. Raises WrongState before the label is made and after it was cancelled."""
    if shipment.status in ("packing", "cancelled") or not shipment.carrier:
        raise wrong_state(shipment, "print the label of")
    packages = packing.packages_of(session, shipment.id)
    number = fetch(session, SalesOrder, shipment.order_id, resource="order").number
    return [_label(shipment, package, len(packages), number, language) for package in packages]


def label_of_package(session: Session, package: ShipmentPackage, *, language: str = DEFAULT_LANGUAGE) -> Label:
    """The label of one parcel. Raises WrongState as `labels_of_shipment`."""
    shipment = fetch(session, Shipment, package.shipment_id, resource="shipment")
    labels = labels_of_shipment(session, shipment, language=language)
    return next(label for label in labels if label.title == package.tracking_number)


def _label(shipment: Shipment, package: ShipmentPackage, count: int, order_number: str, language: str) -> Label:
    if shipment.connector_reference:
        raise WrongState("shipment", shipment.id, state="labelled by its carrier's service", step="draw the label of")
    carrier = carrier_named(shipment.carrier)
    destination = place_of(shipment.ship_to, field="ship_to")
    barcode = carrier.barcode(package.tracking_number, destination)
    facts = [say(language, "labels.parcel_of", number=str(package.position), count=str(count))]
    if package.weight is not None:
        facts.insert(0, f"{show(package.weight)} {package.weight_unit.upper()}")
    if None not in (package.length, package.width, package.height):
        sides = " × ".join(show(side) for side in (package.length, package.width, package.height) if side is not None)
        facts.append(f"{sides} {package.size_unit.upper()}")
    notes = [say(language, "labels.parcel_order", number=order_number), f"{shipment.created_at:%Y-%m-%d}"]
    if shipment.is_signature_required:
        notes.append(say(language, "labels.parcel_signature"))
    parcel = Parcel(
        sender=lines_of_address(shipment.ship_from, ""),
        receiver=lines_of_address(shipment.ship_to, shipment.ship_from.get("country", "")),
        service=(carrier.title, carrier.service(shipment.service).title),
        route=destination.zip or destination.country,
        facts=tuple(facts),
        notes=tuple(notes),
        caption=say(language, "labels.parcel_to"),
    )
    code = Code(_SYMBOLOGIES[barcode.symbology], barcode.text, barcode.shown)
    return parcel_label(parcel, code, title=package.tracking_number)


def lines_of_address(address: Mapping[str, str], home: str) -> tuple[str, ...]:
    """An address as it stands on a label; its country where it is not `home`. States and ZIP codes stand behind the
    city in countries that write them so, the postal code before it elsewhere."""
    country = address.get("country", "")
    city, state, code = (address.get(name, "") for name in ("city", "state", "zip"))
    if country in ("US", "CA", "AU"):
        town = " ".join(part for part in (f"{city}," if city and state else city, state, code) if part)
    elif country == "GB":
        town = " ".join(part for part in (city, code) if part)
    else:
        town = " ".join(part for part in (code, city, state) if part)
    names = (address.get(name, "") for name in ("name", "company", "line1", "line2"))
    phone = address.get("phone", "")
    return tuple(line for line in (*names, town, country if country != home else "", phone) if line)
