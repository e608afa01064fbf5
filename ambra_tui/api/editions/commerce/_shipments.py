"""How shipments are shown, and the links to their labels.

Example::

    shipment_view(session, shipment)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.links import address_of
from ambra_tui.carriers import Carrier, carriers
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.money import minor_to_json
from ambra_tui.kit.quantity import to_json
from ambra_tui.services import shipping
from ambra_tui.services.catalog import variants_by_id
from ambra_tui.services.secrets import derived_key
from ambra_tui.store.models import Shipment, ShipmentContent, ShipmentPackage, TrackingEvent
from ambra_tui.store.scope import now_of, organization_of

LINK_DAYS = 7
FORMATS = ("pdf", "png", "zpl")
_KEY = "labels"
Amount = float | int


class ShippedItemView(TypedDict):
    """Some of an order's item in a package."""

    id: str
    variant_id: str
    sku: str
    quantity: Amount


class PackageView(TypedDict):
    """A package: its tracking number, its label, what it weighs and holds. Null: nobody told."""

    id: str
    position: int
    tracking_number: str | None
    tracking_url: str | None
    label_url: str | None
    weight: Amount | None
    weight_unit: str
    length: Amount | None
    width: Amount | None
    height: Amount | None
    dimension_unit: str
    items: list[ShippedItemView]


class ShippingAddressView(TypedDict):
    """Where a shipment comes from or goes to."""

    name: str | None
    company: str | None
    line1: str | None
    line2: str | None
    city: str | None
    state: str | None
    zip: str | None
    country: str | None
    phone: str | None


class ShipmentView(TypedDict):
    """A shipment. `cost` is null where a package was not weighed. `tracking_number`: that of the first package."""

    id: str
    order_id: str
    warehouse_id: str
    status: str
    carrier: str | None
    service: str | None
    tracking_number: str | None
    tracking_url: str | None
    label_url: str | None
    cost: Amount | None
    currency: str
    estimated_delivery: str | None
    insurance_value: Amount | None
    signature_required: bool
    packages: list[PackageView]
    ship_from: ShippingAddressView
    ship_to: ShippingAddressView
    shipped_at: str | None
    delivered_at: str | None
    created_at: str
    updated_at: str


class TrackingView(TypedDict):
    """Where and when a shipment was seen."""

    timestamp: str
    location: str
    status: str
    description: str


def shipment_object(session: Session, shipment_id: str) -> ShipmentView | None:
    """What GET /shipments/{id} answers; None for a shipment that is not there."""
    found = session.get(Shipment, (organization_of(session), shipment_id))
    return None if found is None else shipment_view(session, found)


def shipment_view(session: Session, shipment: Shipment) -> ShipmentView:
    """One shipment."""
    return shipment_views(session, [shipment])[0]


def shipment_views(session: Session, shipments: Sequence[Any]) -> list[ShipmentView]:
    """Shipments with their packages and what is in them."""
    packages = shipping.packages_of_many(session, [shipment.id for shipment in shipments])
    contents = shipping.contents_of(session, [package.id for own in packages.values() for package in own])
    skus = {row.id: row.sku for row in variants_by_id(session, [content.variant_id for content in contents]).values()}
    inside: dict[str, list[ShippedItemView]] = {}
    for content in contents:
        inside.setdefault(content.package_id, []).append(_item(content, skus))
    return [_view(session, shipment, packages.get(shipment.id, []), inside) for shipment in shipments]


def _item(content: ShipmentContent, skus: dict[str, str]) -> ShippedItemView:
    return {
        "id": content.order_line_id,
        "variant_id": content.variant_id,
        "sku": skus[content.variant_id],
        "quantity": to_json(content.quantity),
    }


def _view(
    session: Session,
    shipment: Any,
    packages: Sequence[ShipmentPackage],
    inside: dict[str, list[ShippedItemView]],
) -> ShipmentView:
    carrier = carriers().get(shipment.carrier)
    told = shipment.details.get("connector", {})
    link = "" if shipment.status in ("packing", "cancelled") else label_link(session, shipment.id)
    shown = [_package(package, carrier, link, inside.get(package.id, []), told) for package in packages]
    first = shown[0] if shown else None
    return {
        "id": shipment.id,
        "order_id": shipment.order_id,
        "warehouse_id": shipment.site_id,
        "status": shipment.status,
        "carrier": shipment.carrier or None,
        "service": shipment.service or None,
        "tracking_number": first["tracking_number"] if first else None,
        "tracking_url": first["tracking_url"] if first else None,
        "label_url": link if link and shipment.carrier else None,
        "cost": None if shipment.cost_minor is None else minor_to_json(shipment.cost_minor, shipment.currency),
        "currency": shipment.currency,
        "estimated_delivery": shipment.estimated_on.isoformat() if shipment.estimated_on else None,
        "insurance_value": (
            None if shipment.insurance_minor is None else minor_to_json(shipment.insurance_minor, shipment.currency)
        ),
        "signature_required": bool(shipment.is_signature_required),
        "packages": shown,
        "ship_from": _address(shipment.ship_from),
        "ship_to": _address(shipment.ship_to),
        "shipped_at": to_iso(shipment.left_at) if shipment.left_at else None,
        "delivered_at": to_iso(shipment.delivered_at) if shipment.delivered_at else None,
        "created_at": to_iso(shipment.created_at),
        "updated_at": to_iso(shipment.updated_at),
    }


def _package(
    package: ShipmentPackage, carrier: Carrier | None, link: str, items: list[ShippedItemView], told: dict[str, Any]
) -> PackageView:
    number = package.tracking_number or None
    url = carrier.url(number) if number and carrier else told.get("tracking_urls", {}).get(number or "")
    return {
        "id": package.id,
        "position": package.position,
        "tracking_number": number,
        "tracking_url": url,
        "label_url": f"{link}&package={package.position}" if link and number else None,
        "weight": None if package.weight is None else to_json(package.weight),
        "weight_unit": package.weight_unit,
        "length": None if package.length is None else to_json(package.length),
        "width": None if package.width is None else to_json(package.width),
        "height": None if package.height is None else to_json(package.height),
        "dimension_unit": package.size_unit,
        "items": items,
    }


def _address(address: dict[str, str]) -> ShippingAddressView:
    return {
        "name": address.get("name"),
        "company": address.get("company"),
        "line1": address.get("line1"),
        "line2": address.get("line2"),
        "city": address.get("city"),
        "state": address.get("state"),
        "zip": address.get("zip"),
        "country": address.get("country"),
        "phone": address.get("phone"),
    }


def tracking_view(event: TrackingEvent) -> TrackingView:
    """One event."""
    return {
        "timestamp": to_iso(event.happened_at),
        "location": event.location,
        "status": event.status,
        "description": event.description,
    }


# -- links -----------------------------------------------------------------------------------------------------------


def label_link(session: Session, shipment_id: str) -> str:
    """A link to the labels that opens without a key, good for `LINK_DAYS` days from the end of this one."""
    day = now_of(session).date() + timedelta(days=LINK_DAYS)
    expires = int(datetime.combine(day, time.max, UTC).timestamp())
    organization_id = organization_of(session)
    key: bytes | None = session.info.get(_KEY)
    if key is None:
        key = session.info[_KEY] = derived_key(session, _KEY)
    signature = sign(key, organization_id, shipment_id, expires)
    query = f"format=pdf&expires={expires}&signature={organization_id}.{signature}"
    return address_of(session, f"/v2/shipments/{shipment_id}/label?{query}")


def sign(key: bytes, organization_id: int, shipment_id: str, expires: int) -> str:
    """What a link is signed with."""
    text = f"{organization_id}\x1f{shipment_id}\x1f{expires}".encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:40]
