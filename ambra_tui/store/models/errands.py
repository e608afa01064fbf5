"""Errands: what is to be done at somebody else's place, by a gateway or a carrier, written down before it is tried.

Example::

    Errand(organization_id=1, id=new_id("errand"), kind="payment_capture", subject_id=payment.id, details={}, ...)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, check, index, moment, one_of
from ambra_tui.store.types import JsonColumn


class Errand(Scoped, table=True):
    """One call to another's machine, with what it needs to be made again. Its `id` is the idempotency key over there.
    `subject_id`: the row that hears of the outcome. `claimed_by`, `claimed_until`: the process that is about it now.
    An abandoned one was never answered. Moments are wall time. No secret and no card number is ever in `details`."""

    __table_args__ = (
        index("errand", "subject_id"),
        Index(
            "ix_errand_due",
            "next_attempt_at",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
        one_of("status", "waiting", "done", "abandoned"),
        check("attempts_not_negative", "attempts >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    kind: str = Field(max_length=40)
    subject_id: str = Field(max_length=40)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    status: str = Field(default="waiting", max_length=20)
    attempts: int = 0
    next_attempt_at: datetime = moment()
    claimed_by: str = Field(default="", max_length=80)
    claimed_until: datetime | None = moment(default=None, nullable=True)
    last_error: str = Field(default="", max_length=200)
    created_at: datetime = moment()
    updated_at: datetime = moment()
