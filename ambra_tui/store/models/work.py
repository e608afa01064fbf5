"""Who works on what, what each worker did that can be taken back, and every step that a terminal heard.

Example::

    session.exec(select(WorkClaim).where(WorkClaim.organization_id == 1, WorkClaim.document_id == order.id))
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from ambra_tui.store.models.base import Scoped, belongs_to, index, moment, unique
from ambra_tui.store.models.system import BigId
from ambra_tui.store.types import JsonColumn


class WorkClaim(Scoped, table=True):
    """A piece of floor work (an order, a cluster, a count, a task, a transfer, a return) that one worker holds: nobody
    else begins it until it is released or taken over."""

    __tablename__ = "work_claim"
    __table_args__ = (belongs_to("user_account", "user_id"), index("work_claim", "user_id"))

    document_kind: str = Field(primary_key=True, max_length=30)
    document_id: str = Field(primary_key=True, max_length=40)
    user_id: str = Field(max_length=40)
    station: str = Field(default="", max_length=60)
    claimed_at: datetime = moment()


class Act(Scoped, table=True):
    """One thing that a worker did and may take back. `step`: the worker's step that did it, so acts of a worker are in
    order. `kind`: which module of `services.acts` takes it back; `summary`: what is told about it (texts for people:
    item, quantity, bin...); `details`: what its undo needs; `move_ids`: the ledger moves it posted, in order.
    """

    __table_args__ = (unique("user_id", "step"), index("act", "document_id"), index("act", "done_at"))

    id: str = Field(primary_key=True, max_length=40)
    user_id: str = Field(max_length=40)
    step: int
    station: str = Field(default="", max_length=60)
    site_id: str = Field(max_length=40)
    flow: str = Field(default="", max_length=30)
    kind: str = Field(max_length=30)
    document_kind: str = Field(default="", max_length=30)
    document_id: str = Field(default="", max_length=40)
    summary: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    move_ids: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    done_at: datetime = moment()
    undone_at: datetime | None = moment(default=None, nullable=True)
    undone_by: str = Field(default="", max_length=40)
    undone_station: str = Field(default="", max_length=60)


class FloorStep(SQLModel, table=True):
    """One entry that a terminal heard, for the stopwatch and the supervisor's desk. `code`: the verdict's; `how`: scan
    or manual, empty for keys; `acts`: how many acts it did (a line of work is an act)."""

    __tablename__ = "floor_step"
    __table_args__ = (index("floor_step", "at"), index("floor_step", "user_id", "at"))

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    organization_id: int
    user_id: str = Field(max_length=40)
    site_id: str = Field(max_length=40)
    station: str = Field(default="", max_length=60)
    flow: str = Field(default="", max_length=30)
    step: str = Field(default="", max_length=30)
    kind: str = Field(default="", max_length=10)
    how: str = Field(default="", max_length=10)
    code: str = Field(default="", max_length=4)
    acts: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    at: datetime = moment()
