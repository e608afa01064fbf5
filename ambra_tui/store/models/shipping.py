"""Shipments: the parcels of an order, what is in them, and where the carrier has seen them.

Example::

    Shipment(organization_id=1, id=new_id("shp"), order_id=order.id, carrier="ups", service="ground", ...)
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Field, SQLModel

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of
from ambra_tui.store.types import JsonColumn, QuantityColumn

SHIPMENT_STATES = ("packing", "created", "in_transit", "out_for_delivery", "delivered", "exception", "cancelled")
WEIGHT_UNITS = ("g", "kg", "oz", "lb")
SIZE_UNITS = ("cm", "in")


class Shipment(Scoped, table=True):
    """What leaves for a customer together. It is `packing` until its label is made, `created` from then on.

    `left_at`: when its stock was posted out of the site; None while it stands there. `insurance_minor`, `cost_minor`:
    minor units of `currency`. `connector_reference`: its name at a multi-carrier service, else empty. `details`: what
    left with it, so that it can be taken back, and what a multi-carrier service said.
    """

    __table_args__ = (
        belongs_to("sales_order", "order_id"),
        belongs_to("site", "site_id"),
        index("shipment", "order_id"),
        index("shipment", "status", "id"),
        index("shipment", "created_at", "id"),
        one_of("status", *SHIPMENT_STATES),
    )

    id: str = Field(primary_key=True, max_length=40)
    order_id: str = Field(max_length=40)
    site_id: str = Field(max_length=40)
    status: str = Field(default="packing", max_length=20)
    carrier: str = Field(default="", max_length=20)
    service: str = Field(default="", max_length=40)
    ship_from: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    ship_to: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    insurance_minor: int | None = None
    is_signature_required: bool = False
    cost_minor: int | None = None
    currency: str = Field(max_length=3)
    estimated_on: date | None = None
    connector_reference: str = Field(default="", max_length=120)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    left_at: datetime | None = moment(default=None, nullable=True)
    delivered_at: datetime | None = moment(default=None, nullable=True)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)


class ShipmentPackage(Scoped, table=True):
    """One parcel. Weight and lengths are kept in the units in which they were told, so that they stay exact; empty when
    nobody told them. `tracking_number` is empty until the label is made. `plate_id`: the carton or tote that it is on
    the floor."""

    __tablename__ = "shipment_package"
    __table_args__ = (
        belongs_to("shipment", "shipment_id"),
        index("shipment_package", "shipment_id", "position"),
        index("shipment_package", "tracking_number"),
        check("measures_positive", "weight > 0 AND length > 0 AND width > 0 AND height > 0"),
        one_of("weight_unit", *WEIGHT_UNITS),
        one_of("size_unit", *SIZE_UNITS),
    )

    id: str = Field(primary_key=True, max_length=40)
    shipment_id: str = Field(max_length=40)
    position: int
    tracking_number: str = Field(default="", max_length=60)
    weight: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    weight_unit: str = Field(default="kg", max_length=2)
    length: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    width: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    height: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    size_unit: str = Field(default="cm", max_length=2)
    plate_id: str = Field(default="", max_length=40)
    is_closed: bool = False


class ParcelCounter(SQLModel, table=True):
    """The next number of a customer's account at a carrier. It is the store's, not an organization's: two of them that
    send by one account must not give two parcels one number."""

    __tablename__ = "parcel_counter"

    account: str = Field(primary_key=True, max_length=120)
    next_value: int = Field(default=1)


class ShipmentContent(Scoped, table=True):
    """What of an order's line lies in a parcel."""

    __tablename__ = "shipment_content"
    __table_args__ = (
        belongs_to("shipment_package", "package_id"),
        belongs_to("sales_order_line", "order_line_id"),
        belongs_to("variant", "variant_id"),
        index("shipment_content", "package_id"),
        index("shipment_content", "order_line_id"),
        check("quantity_positive", "quantity > 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    package_id: str = Field(max_length=40)
    order_line_id: str = Field(max_length=40)
    variant_id: str = Field(max_length=40)
    lot_id: str = Field(default="", max_length=40)
    serial: str = Field(default="", max_length=60)
    quantity: Decimal = Field(sa_type=QuantityColumn)


class TrackingEvent(Scoped, table=True):
    """Where and when a carrier saw a shipment. `source`: who told it (the carrier's name, `api`, `floor`)."""

    __tablename__ = "tracking_event"
    __table_args__ = (
        belongs_to("shipment", "shipment_id"),
        index("tracking_event", "shipment_id", "happened_at", "id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    shipment_id: str = Field(max_length=40)
    status: str = Field(max_length=20)
    location: str = Field(default="", max_length=120)
    description: str = Field(default="", max_length=255)
    source: str = Field(default="", max_length=20)
    happened_at: datetime = moment()
    created_at: datetime = moment()
