"""Waste: stock that was thrown away, and why.

Example::

    WasteRecord(organization_id=1, id=new_id("wst"), site_id=site.id, variant_id=milk.id, reason="damaged", ...)
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of
from ambra_tui.store.types import QuantityColumn

WASTE_REASONS = ("expired", "damaged", "production", "spoilage", "contamination", "other")


class WasteRecord(Scoped, table=True):
    """One entry of waste; its moves name it as their origin. `status` reversed: it was taken back. `location_id`: the
    bin, empty when it was told for the site alone."""

    __tablename__ = "waste_record"
    __table_args__ = (
        belongs_to("site", "site_id"),
        belongs_to("variant", "variant_id"),
        index("waste_record", "site_id", "recorded_at"),
        index("waste_record", "variant_id"),
        one_of("reason", *WASTE_REASONS),
        one_of("status", "recorded", "reversed"),
        check("quantity_positive", "quantity > 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    site_id: str = Field(max_length=40)
    location_id: str = Field(default="", max_length=40)
    variant_id: str = Field(max_length=40)
    lot_id: str = Field(default="", max_length=40)
    serial: str = Field(default="", max_length=60)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    reason: str = Field(max_length=20)
    notes: str = Field(default="", max_length=1000)
    status: str = Field(default="recorded", max_length=20)
    actor_id: str = Field(default="", max_length=60)
    station: str = Field(default="", max_length=60)
    recorded_at: datetime = moment()
    reversed_at: datetime | None = moment(default=None, nullable=True)
