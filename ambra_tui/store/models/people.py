"""People, their credentials, API keys, and the floor work that each badge is in the middle of.

Example::

    session.exec(select(User).where(User.organization_id == 1, User.badge_digest == digest))
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from ambra_tui.store.models.base import Scoped, belongs_to, index, moment, one_of, unique
from ambra_tui.store.types import JsonColumn

ROLES = ("operator", "supervisor", "admin")


class User(Scoped, table=True):
    """A person. `badge_digest`: HMAC of the badge with the store's pepper; `pin_hash`, `password_hash`: argon2id, or
    empty. `failures`, `locked_until`: the growing lock of wrong PINs and passwords."""

    __tablename__ = "user_account"
    __table_args__ = (unique("badge_digest"), one_of("role", *ROLES))

    id: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=120)
    role: str = Field(default="operator", max_length=20)
    badge_digest: str = Field(max_length=64)
    pin_hash: str = Field(default="", max_length=200)
    password_hash: str = Field(default="", max_length=200)
    language: str = Field(default="en", max_length=10)
    status: str = Field(default="active", max_length=20)
    failures: int = 0
    locked_until: datetime | None = moment(default=None, nullable=True)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class StationLock(Scoped, table=True):
    """Wrong badges and PINs at a station, and until when it is locked."""

    __tablename__ = "station_lock"

    station: str = Field(primary_key=True, max_length=60)
    failures: int = 0
    locked_until: datetime | None = moment(default=None, nullable=True)


class ApiKey(SQLModel, table=True):
    """A key of an integrator. `prefix`: the part that may be shown; `digest`: HMAC of the whole key with the pepper.
    `previous_*`: the text that the key had before it was rotated, until it ends. `allowed_networks`: None: from
    anywhere. `rate_limit`: requests an hour, None: the plan's."""

    __tablename__ = "api_key"
    __table_args__ = (
        UniqueConstraint("prefix"),
        index("api_key", "created_at"),
        Index("ix_api_key_previous_prefix", "previous_prefix", unique=True),
    )

    id: str = Field(primary_key=True, max_length=40)
    organization_id: int
    label: str = Field(max_length=120)
    prefix: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    scopes: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    edition: str = Field(default="stock", max_length=20)
    plan: str = Field(default="standard", max_length=20)
    rate_limit: int | None = None
    is_sandbox: bool = False
    created_at: datetime = moment()
    expires_at: datetime | None = moment(default=None, nullable=True)
    revoked_at: datetime | None = moment(default=None, nullable=True)
    last_used_at: datetime | None = moment(default=None, nullable=True)
    allowed_networks: list[str] | None = Field(default=None, sa_type=JsonColumn)
    previous_prefix: str | None = Field(default=None, max_length=40)
    previous_digest: str | None = Field(default=None, max_length=64)
    previous_ends_at: datetime | None = moment(default=None, nullable=True)
    rotated_at: datetime | None = moment(default=None, nullable=True)


class RequestTally(SQLModel, table=True):
    """Requests of a key in its hour and its day (numbered from 1970), counted here by servers of a PostgreSQL store;
    those of a SQLite store share a file beside it. Unlogged: a crash of the database starts the counts anew."""

    __tablename__ = "request_tally"

    key_id: str = Field(primary_key=True, max_length=40)
    hour: int
    hour_used: int
    day: int
    day_used: int


class WorkSession(Scoped, table=True):
    """Where a badge is: the stack of flows with their states, the last verdicts, the steps done so far.

    `frames`: from the bottom, ``{"flow": name, "state": {...}}``. `run` changes with the flow on top. `steps` counts
    every step and names its postings, so that a step repeated posts once.
    """

    __tablename__ = "work_session"
    __table_args__ = (
        belongs_to("user_account", "user_id"),
        unique("user_id"),
        index("work_session", "station"),
    )

    id: str = Field(primary_key=True, max_length=40)
    user_id: str = Field(max_length=40)
    station: str = Field(max_length=60)
    site_id: str = Field(max_length=40)
    status: str = Field(default="active", max_length=20)
    run: int = 1
    steps: int = 0
    frames: list[Any] = Field(default_factory=list, sa_type=JsonColumn)
    verdicts: list[Any] = Field(default_factory=list, sa_type=JsonColumn)
    started_at: datetime = moment()
    updated_at: datetime = moment()
