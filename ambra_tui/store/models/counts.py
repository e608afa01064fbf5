"""Cycle counts: which bins are counted, what was counted in them, and how far a worker's variance needs no approval.

Example::

    session.exec(select(CycleCount).where(CycleCount.organization_id == 1, CycleCount.status == "in_progress"))
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of, unique
from ambra_tui.store.types import QuantityColumn

COUNT_STATES = ("draft", "in_progress", "completed", "cancelled")
COUNT_METHODS = ("site", "bins", "aisle", "abc", "suspicion", "opportunity")
BIN_STATES = ("open", "recount", "approval", "done")
LINE_STATES = ("open", "recount", "approval", "accepted", "kept")
UNCOUNTED = ("keep", "zero")


class CycleCount(Scoped, table=True):
    """A count of some bins of a site. `method`: how its bins were chosen. `is_blind`: the floor names no item before it
    is scanned. A variance is accepted at once up to `tolerance_percent` of what is expected or `tolerance_units`,
    whichever is more. `uncounted`: whether completing keeps or zeroes lines that nobody counted. `completions`: how
    often it was completed; once, unless that was taken back."""

    __tablename__ = "cycle_count"
    __table_args__ = (
        belongs_to("site", "site_id"),
        unique("number"),
        index("cycle_count", "site_id", "status"),
        one_of("status", *COUNT_STATES),
        one_of("method", *COUNT_METHODS),
        one_of("uncounted", *UNCOUNTED),
        check("tolerance_not_negative", "tolerance_percent >= 0 AND tolerance_units >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    number: str = Field(max_length=60)
    site_id: str = Field(max_length=40)
    status: str = Field(default="draft", max_length=20)
    method: str = Field(default="site", max_length=20)
    is_blind: bool = True
    notes: str = Field(default="", max_length=1000)
    uncounted: str = Field(default="keep", max_length=10)
    tolerance_percent: Decimal = Field(default=Decimal(2), sa_type=QuantityColumn)
    tolerance_units: Decimal = Field(default=Decimal(1), sa_type=QuantityColumn)
    created_by: str = Field(default="", max_length=60)
    completed_by: str = Field(default="", max_length=60)
    completions: int = 0
    created_at: datetime = moment()
    updated_at: datetime = moment()
    started_at: datetime | None = moment(default=None, nullable=True)
    completed_at: datetime | None = moment(default=None, nullable=True)


class CycleCountBin(Scoped, table=True):
    """A location of a count. `position`: the walking order. `state`: open until it is counted; recount by another
    badge; approval by a supervisor; done."""

    __tablename__ = "cycle_count_bin"
    __table_args__ = (
        belongs_to("cycle_count", "cycle_count_id"),
        belongs_to("location", "location_id"),
        unique("cycle_count_id", "location_id"),
        index("cycle_count_bin", "location_id", "counted_at"),
        one_of("state", *BIN_STATES),
    )

    id: str = Field(primary_key=True, max_length=40)
    cycle_count_id: str = Field(max_length=40)
    position: int
    location_id: str = Field(max_length=40)
    state: str = Field(default="open", max_length=20)
    counted_by: str = Field(default="", max_length=60)
    counted_at: datetime | None = moment(default=None, nullable=True)
    recounted_by: str = Field(default="", max_length=60)
    recounted_at: datetime | None = moment(default=None, nullable=True)


class CycleCountLine(Scoped, table=True):
    """One level of a count: a variant, lot, serial and plate at a location.

    `expected`: what the book said when it was loaded and, once counted, at the moment it was counted; `variance` is
    `counted` minus that. `first_*`: the count before a recount. `tally*`: what a worker who is at the bin counted so
    far, and what the book said at that moment; `tally_after`: the last move of record before the tally began;
    `tally_is_open`: it grew scan by scan, so that moves since then may be in it or not. `posted`: the part of the
    variance that completing posted, by the move `move_id`. `is_added`: it was found, not loaded.
    """

    __tablename__ = "cycle_count_line"
    __table_args__ = (
        belongs_to("cycle_count", "cycle_count_id"),
        belongs_to("location", "location_id"),
        belongs_to("variant", "variant_id"),
        UniqueConstraint(
            "organization_id",
            "cycle_count_id",
            "location_id",
            "variant_id",
            "lot_id",
            "serial",
            "plate_id",
            name="uq_cycle_count_line_level",
        ),
        index("cycle_count_line", "cycle_count_id", "position"),
        one_of("state", *LINE_STATES),
        check("counted_not_negative", "counted IS NULL OR counted >= 0"),
        check("tally_not_negative", "tally IS NULL OR tally >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    cycle_count_id: str = Field(max_length=40)
    position: int
    location_id: str = Field(max_length=40)
    variant_id: str = Field(max_length=40)
    lot_id: str = Field(default="", max_length=40)
    serial: str = Field(default="", max_length=60)
    plate_id: str = Field(default="", max_length=40)
    state: str = Field(default="open", max_length=20)
    is_added: bool = False
    expected: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    counted: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    variance: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    counted_by: str = Field(default="", max_length=60)
    counted_at: datetime | None = moment(default=None, nullable=True)
    first_counted: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    first_variance: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    first_by: str = Field(default="", max_length=60)
    first_at: datetime | None = moment(default=None, nullable=True)
    tally: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    tally_expected: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    tally_by: str = Field(default="", max_length=60)
    tally_at: datetime | None = moment(default=None, nullable=True)
    tally_after: int | None = Field(default=None, sa_type=BigInteger)
    tally_is_open: bool = False
    approved_by: str = Field(default="", max_length=60)
    posted: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    move_id: str = Field(default="", max_length=40)


class WorkerLimit(Scoped, table=True):
    """How large a variance of a worker's count needs no approval; a measure that is None does not limit. `value_minor`:
    in minor units of the organization's currency."""

    __tablename__ = "worker_limit"
    __table_args__ = (
        belongs_to("user_account", "user_id"),
        check("limits_not_negative", "percent >= 0 AND quantity >= 0 AND value_minor >= 0"),
    )

    user_id: str = Field(primary_key=True, max_length=40)
    percent: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    quantity: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    value_minor: int | None = Field(default=None, sa_type=BigInteger)
    updated_at: datetime = moment()
