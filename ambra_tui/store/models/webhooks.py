"""Webhooks: who is told of what, each telling with its attempts, and how far the outbox was read for them.

Example::

    session.exec(select(WebhookDelivery).where(WebhookDelivery.organization_id == 1, ...))
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of
from ambra_tui.store.types import JsonColumn


class Webhook(Scoped, table=True):
    """A receiver of events, in the words of one edition. `secret` signs; during a rotation `previous_secret` does too,
    until `previous_until`. `paused_at`, `paused_why`: the product stopped it, not a person. `failing_since`: the first
    failure after the last success. `after_event`: the number of the last outbox event that is not for it any more."""

    __table_args__ = (index("webhook", "edition"),)

    id: str = Field(primary_key=True, max_length=40)
    edition: str = Field(max_length=20)
    url: str = Field(sa_column=Column(Text, nullable=False))
    events: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    secret: str = Field(max_length=255)
    previous_secret: str = Field(default="", max_length=255)
    previous_until: datetime | None = moment(default=None, nullable=True)
    is_active: bool = Field(default=True)
    paused_at: datetime | None = moment(default=None, nullable=True)
    paused_why: str = Field(default="", max_length=200)
    failing_since: datetime | None = moment(default=None, nullable=True)
    after_event: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = moment()
    updated_at: datetime = moment()
    removed_at: datetime | None = moment(default=None, nullable=True)

    @property
    def is_listening(self) -> bool:
        """True while events are told to it."""
        return self.is_active and self.paused_at is None and self.removed_at is None


class WebhookDelivery(Scoped, table=True):
    """One event told to one receiver. `body`: what is sent, the same at every attempt. `counts_from`: when the first
    attempt was due, from which the printed moments count. `claimed_by`, `claimed_until`: the process that sends it now.
    `tries`: every attempt (moment, status, error, milliseconds). `replay_of`: the delivery that it repeats. Moments are
    wall time; what a receiver answered beside its status is not kept."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        belongs_to("webhook", "webhook_id"),
        index("webhook_delivery", "webhook_id", "created_at"),
        Index(
            "ix_webhook_delivery_due",
            "next_attempt_at",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
        one_of("status", "pending", "delivered", "failed"),
        check("pending_is_due", "status <> 'pending' OR next_attempt_at IS NOT NULL"),
    )

    id: str = Field(primary_key=True, max_length=40)
    webhook_id: str = Field(max_length=40)
    event_id: str = Field(max_length=40)
    event_type: str = Field(max_length=60)
    body: str = Field(sa_column=Column(Text, nullable=False))
    status: str = Field(default="pending", max_length=20)
    attempts: int = Field(default=0)
    counts_from: datetime = moment()
    next_attempt_at: datetime | None = moment(default=None, nullable=True)
    claimed_by: str = Field(default="", max_length=80)
    claimed_until: datetime | None = moment(default=None, nullable=True)
    last_status: int | None = Field(default=None)
    last_error: str = Field(default="", max_length=200)
    last_attempt_at: datetime | None = moment(default=None, nullable=True)
    delivered_at: datetime | None = moment(default=None, nullable=True)
    tries: list[dict[str, Any]] = Field(default_factory=list, sa_type=JsonColumn)
    replay_of: str = Field(default="", max_length=40)
    created_at: datetime = moment()


class WebhookCursor(SQLModel, table=True):
    """How far the outbox was read: what lies before `position` has its deliveries."""

    __tablename__ = "webhook_cursor"

    name: str = Field(primary_key=True, max_length=20)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
