"""Movements that an integrator asks for: posted at once, or on completion.

Example::

    MovementDocument(organization_id=1, id=new_id("mov"), type="in", status="pending", variant_id=milk.id, ...)
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of
from ambra_tui.store.types import QuantityColumn

MOVEMENT_DOCUMENT_TYPES = ("in", "out", "adjustment", "transfer")
MOVEMENT_STATES = ("pending", "completed", "cancelled")
MAX_REFERENCE = 255
PENDING_RULE = "status = 'pending'"


class MovementDocument(Scoped, table=True):
    """A movement as it was asked for; what it posts carries its id as origin. `position`: the ledger's last sequence
    when it was made, so that it stands among the moves in the order of record. `quantity`: as asked, of an adjustment
    signed. `unit_cost`: ten-thousandths of the minor unit. `balance_before`, `balance_after`: on hand of the site, once
    it is completed. `occurred_at`: when it happened, if that was told."""

    __tablename__ = "movement_document"
    __table_args__ = (
        belongs_to("variant", "variant_id"),
        belongs_to("site", "site_id"),
        index("movement_document", "position", "id"),
        index("movement_document", "variant_id", "position"),
        Index(
            "ix_movement_document_pending",
            "organization_id",
            "site_id",
            sqlite_where=text(PENDING_RULE),
            postgresql_where=text(PENDING_RULE),
        ),
        one_of("type", *MOVEMENT_DOCUMENT_TYPES),
        one_of("status", *MOVEMENT_STATES),
        check("quantity_not_zero", "quantity <> 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    position: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    type: str = Field(max_length=20)
    status: str = Field(default="pending", max_length=20)
    variant_id: str = Field(max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    site_id: str = Field(max_length=40)
    location_id: str = Field(default="", max_length=40)
    to_site_id: str = Field(default="", max_length=40)
    to_location_id: str = Field(default="", max_length=40)
    lot_number: str = Field(default="", max_length=60)
    expiry_date: date | None = None
    serial: str = Field(default="", max_length=60)
    unit_cost: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    reference: str = Field(default="", max_length=MAX_REFERENCE)
    reason: str = Field(default="", max_length=255)
    note: str = Field(default="", max_length=1000)
    cancel_reason: str = Field(default="", max_length=255)
    balance_before: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    balance_after: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    actor_id: str = Field(default="", max_length=60)
    occurred_at: datetime | None = moment(default=None, nullable=True)
    created_at: datetime = moment()
    completed_at: datetime | None = moment(default=None, nullable=True)
    cancelled_at: datetime | None = moment(default=None, nullable=True)
    updated_at: datetime = moment()
