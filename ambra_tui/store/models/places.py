"""Sites (warehouses, stores) and the locations in them; virtual locations stand outside every site.

Example::

    Location(organization_id=1, id=new_id("loc"), site_id=site.id, code="A01-1", barcode="WH1-A01-1", kind="pick")
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, String
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, index, moment, one_of, unique
from ambra_tui.store.types import JsonColumn, QuantityColumn

SITE_KINDS = ("warehouse", "store", "fba", "fbs")
USAGES = ("internal", "supplier", "customer", "inventory_loss", "waste", "production", "transit", "view")
LOCATION_KINDS = ("dock", "pick", "reserve", "stage", "tote", "quarantine", "damaged", "virtual")


class Site(Scoped, table=True):
    """A warehouse or store: the editions' warehouse or location. `is_read_only`: filled by marketplace sync only."""

    __table_args__ = (unique("code"), one_of("kind", *SITE_KINDS))

    id: str = Field(primary_key=True, max_length=40)
    code: str = Field(max_length=40)
    name: str = Field(max_length=255)
    kind: str = Field(default="warehouse", max_length=20)
    is_read_only: bool = False
    status: str = Field(default="active", max_length=20)
    address: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    parent_id: str | None = Field(default=None, max_length=40)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class Location(Scoped, table=True):
    """A bin, dock, stage, tote or quarantine bin inside a site, or a virtual place (`site_id` None).

    `sequence`: the walking order of picks (serpentine); None: not walked. `is_held`: what lies here is not to be
    used. `capacity`: most base units it takes, None: no limit.
    """

    __table_args__ = (
        belongs_to("site", "site_id"),
        unique("barcode"),
        unique("site_id", "code"),
        index("location", "site_id", "sequence"),
        one_of("usage", *USAGES),
        one_of("kind", *LOCATION_KINDS),
    )

    id: str = Field(primary_key=True, max_length=40)
    site_id: str | None = Field(default=None, max_length=40)
    code: str = Field(max_length=40)
    barcode: str = Field(max_length=80)
    name: str = Field(default="", max_length=255)
    usage: str = Field(default="internal", max_length=20)
    kind: str = Field(default="pick", max_length=20)
    zone: str = Field(default="", max_length=40)
    sequence: int | None = None
    parent_id: str | None = Field(default=None, sa_column=Column(String(40), nullable=True))
    is_held: bool = False
    is_single_lot: bool = False
    is_single_variant: bool = False
    capacity: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    status: str = Field(default="active", max_length=20)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class LicensePlate(Scoped, table=True):
    """A pallet, carton or tote with its own code: an SSCC of 18 digits or ours. Where it is, its levels tell."""

    __tablename__ = "license_plate"
    __table_args__ = (unique("code"), one_of("kind", "pallet", "carton", "tote"))

    id: str = Field(primary_key=True, max_length=40)
    code: str = Field(max_length=60)
    kind: str = Field(default="pallet", max_length=20)
    created_at: datetime = moment()
