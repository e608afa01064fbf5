"""Shipments: packages with labels and tracking numbers, and where carriers have seen them.

Example::

    POST /v2/shipments
    {"order_id": "ord_123", "carrier": "fedex", "service": "ground", "insurance_value": 500, "signature_required": true}
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing, Wish
from ambra_tui.api.editions.commerce._addresses import Country, Name, Phone, Postcode, Street, Town
from ambra_tui.api.editions.commerce._lists import Listed, page_of
from ambra_tui.api.editions.commerce._shipments import (
    ShipmentView,
    TrackingView,
    shipment_object,
    shipment_view,
    shipment_views,
    tracking_view,
)
from ambra_tui.api.editions.commerce.shipping import SizeUnit, WeightUnit, size_of
from ambra_tui.api.fields import (
    Blank,
    Body,
    Flag,
    FromMoment,
    Identifier,
    OneOf,
    PositiveQuantity,
    Price,
    UntilMoment,
)
from ambra_tui.errors import Invalid, NotFound
from ambra_tui.services import orders, shipping
from ambra_tui.services.shipping import EVENT_STATES, NewPackage, NewShipment, PackedItem
from ambra_tui.store.models import Shipment, ShipmentPackage, table_of
from ambra_tui.store.models.shipping import SHIPMENT_STATES
from ambra_tui.store.scope import organization_of

__all__ = ["catalogue", "shipment_object"]

catalogue = Catalogue("Shipments", about="Packages of an order: labels, tracking numbers, and where they are.")
READ, WRITE = "shipping:read", "shipping:write"


class ShippingAddress(Body):
    """Where a shipment comes from or goes to. A name may be told whole or in two parts."""

    name: Street = ""
    first_name: Name = ""
    last_name: Name = ""
    company: Street = ""
    line1: Street = ""
    line2: Street = ""
    city: Town = ""
    state: Town = ""
    zip: Postcode = ""
    country: Country
    phone: Phone = ""


class ShippedItem(Body):
    """Some of an order's item: the item by its `id`, or by its `sku`."""

    id: Identifier | None = None
    sku: Identifier | None = None
    quantity: PositiveQuantity


class ShippedPackage(Body):
    """A package. Where no package names `items`, everything that is open lies in the first; where some do, what they
    name is sent and nothing else."""

    weight: PositiveQuantity | None = None
    weight_unit: WeightUnit = "lb"
    length: PositiveQuantity | None = None
    width: PositiveQuantity | None = None
    height: PositiveQuantity | None = None
    dimension_unit: SizeUnit = "in"
    items: list[ShippedItem] = Field(default_factory=list)


class NewShipmentBody(Body):
    """A shipment. Without `packages` one with everything that is open; it has no price, because nobody weighed it.
    Without `ship_from` the warehouse's address, without `ship_to` the order's."""

    order_id: Identifier
    carrier: Identifier
    service: Identifier
    packages: list[ShippedPackage] = Field(default_factory=list)
    ship_from: ShippingAddress | None = None
    ship_to: ShippingAddress | None = None
    insurance_value: Price | None = None
    signature_required: Flag = False


class ShipmentQuery(Listed):
    """Filters of shipments, newest first. Both dates are inclusive."""

    order_id: Identifier | None = None
    status: Annotated[Identifier, OneOf(SHIPMENT_STATES)] | None = None
    carrier: Identifier | None = None
    tracking_number: Identifier | None = None
    date_from: FromMoment | None = None
    date_to: UntilMoment | None = None


class ScanBody(Body):
    """Where the carrier has seen the shipment. Without a `timestamp`: now."""

    status: Annotated[Identifier, OneOf(EVENT_STATES)]
    timestamp: FromMoment | None = None
    location: Annotated[Blank, Field(max_length=120)] = ""
    description: Blank = ""


@catalogue.read(
    "/shipments", ShipmentQuery, scope=READ, operation_id="listShipments", is_list=True,
    summary="Shipments, newest first", shape=ShipmentView,
)  # fmt: skip
def list_shipments(session: Session, call: Call, query: ShipmentQuery) -> Answer:
    """A page of shipments with their packages."""
    page = page_of(session, call, query, Shipment, *_matching(session, query))
    return page.answer(shipment_views(session, page.rows))


def _matching(session: Session, query: ShipmentQuery) -> list[ColumnElement[bool]]:
    own = table_of(Shipment).c
    asked = {"order_id": query.order_id, "status": query.status, "carrier": query.carrier}
    matching: list[ColumnElement[bool]] = [own[name] == value for name, value in asked.items() if value is not None]
    if query.tracking_number is not None:
        package = table_of(ShipmentPackage).c
        found = select(package.shipment_id).where(
            package.organization_id == organization_of(session), package.tracking_number == query.tracking_number
        )
        matching.append(own.id.in_(found))
    if query.date_from is not None:
        matching.append(own.created_at >= query.date_from)
    if query.date_to is not None:
        matching.append(own.created_at <= query.date_to)
    return matching


@catalogue.read(
    "/shipments/{id}", Nothing, scope=READ, operation_id="getShipment", summary="One shipment", shape=ShipmentView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A shipment with its packages, labels and tracking numbers."""
    return Answer(shipment_view(session, shipping.get_shipment(session, call.path["id"])))


@catalogue.read(
    "/shipments/{id}/track", Nothing, scope=READ, operation_id="trackShipment", shape=list[TrackingView],
    summary="Where a shipment was seen, in the order in which it happened",
)  # fmt: skip
def track(session: Session, call: Call, _query: object) -> Answer:
    """A bare array."""
    shipment = shipping.get_shipment(session, call.path["id"])
    return Answer([tracking_view(event) for event in shipping.events_of(session, shipment.id)])


def _created(session: Session, call: Call, shipment_id: str) -> Answer:
    shipment = shipping.get_shipment(session, shipment_id)
    refusal = shipping.refusal_of(shipment)
    if refusal:
        raise Invalid(refusal, field="service")
    view = shipment_view(session, shipment)
    return Answer(view, location=call.url(f"/shipments/{shipment_id}"))


@catalogue.errand(
    "/shipments", NewShipmentBody, scope=WRITE, operation_id="createShipment", answer=_created,
    summary="Send an order, or a part of it: label, tracking number, and out of the stock", shape=ShipmentView,
    example={
        "order_id": "ord_123", "carrier": "fedex", "service": "ground",
        "packages": [{"weight": 2.5, "weight_unit": "lb", "length": 12, "width": 8, "height": 6,
                      "dimension_unit": "in"}],
        "ship_from": {"line1": "1 Broadway", "city": "New York", "state": "NY", "zip": "10004", "country": "US"},
        "ship_to": {"name": "Jane Doe", "line1": "350 5th Ave", "city": "New York", "state": "NY", "zip": "10118",
                    "country": "US"},
        "insurance_value": 500, "signature_required": True,
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewShipmentBody) -> Wish:
    """Packs, labels and hands over; by a multi-carrier service, once that has answered."""
    try:
        order = orders.get_order(session, body.order_id)
    except NotFound:
        raise NotFound("order", body.order_id, field="order_id") from None
    wanted = NewShipment(
        carrier=body.carrier,
        service=body.service,
        packages=[_package(package, position) for position, package in enumerate(body.packages)],
        ship_from=_address(body.ship_from, "ship_from"),
        ship_to=_address(body.ship_to, "ship_to"),
        insurance=body.insurance_value,
        is_signature_required=body.signature_required,
    )
    shipment, errands = shipping.begin_shipment(session, order, wanted, is_sandbox=call.principal.is_sandbox)
    return Wish(shipment.id, errands)


def _package(package: ShippedPackage, position: int) -> NewPackage:
    field = f"packages.{position}"
    for place, item in enumerate(package.items):
        if (item.id is None) == (item.sku is None):
            raise Invalid("name the item by its id or its sku", field=f"{field}.items.{place}.id")
    return NewPackage(
        weight=package.weight,
        weight_unit=package.weight_unit,
        size=size_of(package, field),
        size_unit=package.dimension_unit,
        items=[PackedItem(item.quantity, line_id=item.id or "", sku=item.sku or "") for item in package.items],
    )


def _address(address: ShippingAddress | None, field: str) -> dict[str, str]:
    return {} if address is None else shipping.read_address(address.model_dump(), field=field)


@catalogue.write(
    "POST", "/shipments/{id}/events", ScanBody, scope=WRITE, operation_id="addTrackingEvent", status=201,
    summary="Tell where the carrier has seen a shipment", shape=TrackingView,
    example={"status": "in_transit", "location": "Memphis, TN", "description": "Departed the hub"},
)  # fmt: skip
def scan(session: Session, call: Call, body: ScanBody) -> Answer:
    """The newest event by its time gives the shipment its state; a delivery ends it."""
    shipment = shipping.get_shipment(session, call.path["id"])
    event = shipping.add_event(
        session,
        shipment,
        status=body.status,
        happened_at=body.timestamp,
        location=body.location,
        description=body.description,
    )
    return Answer(tracking_view(event))


def _cancelled(session: Session, call: Call, shipment_id: str) -> Answer:
    return Answer(shipment_view(session, shipping.get_shipment(session, shipment_id)))


@catalogue.errand(
    "/shipments/{id}/cancel", Nothing, scope=WRITE, operation_id="cancelShipment", answer=_cancelled, example={},
    summary="Cancel a shipment that no carrier has seen: its items are back in stock", shape=ShipmentView,
)  # fmt: skip
def cancel(session: Session, call: Call, _body: Nothing) -> Wish:
    """Void label, reversed issue; the order is open again."""
    shipment = shipping.get_shipment(session, call.path["id"])
    return Wish(shipment.id, shipping.end_shipment(session, shipment))
