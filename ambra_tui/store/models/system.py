"""Tables of the store itself: organizations, settings, leases, numbers, the outbox, the audit trail, API repeats.

Example::

    session.get(Organization, 1).name
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from ambra_tui.store.models.base import Scoped, index, moment
from ambra_tui.store.types import JsonColumn

BigId = BigInteger().with_variant(Integer(), "sqlite")


class Organization(SQLModel, table=True):
    """A tenant. `modules`: names of what is switched on (manufacturing, traceability). `sandbox_of`: the live
    organization whose `test_` keys work here. `retired_at`: of a sandbox's set that is not yet or no longer in use;
    nothing shows it, and only its records may be deleted. `currency`: ISO 4217, of costs and prices without one.
    `allowed_networks`: where its keys may be used from; None: anywhere."""

    __table_args__ = (UniqueConstraint("name"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=120)
    modules: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    currency: str = Field(default="EUR", max_length=3)
    sandbox_of: int | None = Field(default=None, foreign_key="organization.id")
    created_at: datetime = moment()
    retired_at: datetime | None = moment(default=None, nullable=True)
    allowed_networks: list[str] | None = Field(default=None, sa_type=JsonColumn)


class StoreSetting(SQLModel, table=True):
    """A fact of the store: its sample's name (`sample`), the pepper of badge and key digests (`pepper`)."""

    __tablename__ = "store_setting"

    name: str = Field(primary_key=True, max_length=60)
    value: str


class Lease(SQLModel, table=True):
    """A process that uses the store; the embedded server ends 30 s after the last terminal's lease."""

    id: str = Field(primary_key=True, max_length=40)
    kind: str = Field(max_length=20)
    station: str = Field(default="", max_length=60)
    address: str = Field(default="", max_length=120)
    started_at: datetime = moment()
    expires_at: datetime = moment()


class DocumentCounter(Scoped, table=True):
    """The next number of a kind of document, given inside the transaction."""

    __tablename__ = "document_counter"

    kind: str = Field(primary_key=True, max_length=30)
    next_value: int = Field(default=1)


class OutboxEvent(SQLModel, table=True):
    """A fact of the past, written with the change it tells of. `position`: the order of publication, which follows
    the commits; None until published (PostgreSQL only, where rows may commit out of id order)."""

    __tablename__ = "outbox_event"
    __table_args__ = (Index("ix_outbox_event_position", "position"),)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    organization_id: int
    position: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    type: str = Field(max_length=60)
    subject: str = Field(max_length=80)
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    created_at: datetime = moment()


class AuditEntry(SQLModel, table=True):
    """Who did what, when, from which station, by which request. Rows are only ever added."""

    __tablename__ = "audit_entry"
    __table_args__ = (index("audit_entry", "at"),)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    organization_id: int
    at: datetime = moment()
    actor_id: str = Field(default="", max_length=60)
    actor_name: str = Field(default="", max_length=120)
    station: str = Field(default="", max_length=60)
    act: str = Field(max_length=60)
    subject: str = Field(default="", max_length=80)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    request_id: str = Field(default="", max_length=128)


class IdempotencyRecord(Scoped, table=True):
    """The first answer to a request with an `Idempotency-Key`, stored in the transaction of its effect."""

    __tablename__ = "idempotency_record"

    scope: str = Field(primary_key=True, max_length=200)
    key: str = Field(primary_key=True, max_length=255)
    fingerprint: str = Field(max_length=64)
    status: int
    headers: dict[str, str] = Field(default_factory=dict, sa_type=JsonColumn)
    body: str
    created_at: datetime = moment()


class SearchToken(Scoped, table=True):
    """A word of the normalised token table: case and accents folded, for exact, prefix and word matches."""

    __tablename__ = "search_token"
    __table_args__ = (index("search_token", "kind", "subject_id"),)

    kind: str = Field(primary_key=True, max_length=20)
    token: str = Field(primary_key=True, max_length=80)
    subject_id: str = Field(primary_key=True, max_length=40)


__all__ = [
    "AuditEntry",
    "DocumentCounter",
    "IdempotencyRecord",
    "Lease",
    "Organization",
    "OutboxEvent",
    "SearchToken",
    "StoreSetting",
]
