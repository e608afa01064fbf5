"""Labels that wait for a printer or went to one, and which printer a station has.

Example::

    session.exec(select(PrintJob).where(PrintJob.organization_id == 1, PrintJob.state == "failed"))
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, check, index, moment, one_of
from ambra_tui.store.types import JsonColumn

PRINT_STATES = ("queued", "printed", "failed")


class PrintJob(Scoped, table=True):
    """Labels sent to one printer. `labels`: what each says, as it was when they were asked for, so that a reprint is
    the same label. `attempts`: how often it was begun; `user_id`, `user_name`: who asked."""

    __tablename__ = "print_job"
    __table_args__ = (
        index("print_job", "station", "state"),
        index("print_job", "created_at"),
        one_of("state", *PRINT_STATES),
        check("copies_positive", "copies > 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    kind: str = Field(max_length=30)
    title: str = Field(default="", max_length=255)
    labels: list[dict[str, Any]] = Field(default_factory=list, sa_type=JsonColumn)
    copies: int = 1
    station: str = Field(default="", max_length=60)
    printer: str = Field(default="", max_length=255)
    state: str = Field(default="queued", max_length=20)
    error: str = Field(default="", max_length=500)
    attempts: int = 0
    user_id: str = Field(default="", max_length=60)
    user_name: str = Field(default="", max_length=255)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    printed_at: datetime | None = moment(default=None, nullable=True)


class StationPrinter(Scoped, table=True):
    """The printer of a station: ``tcp://host:9100`` or ``file:///path``."""

    __tablename__ = "station_printer"

    station: str = Field(primary_key=True, max_length=60)
    address: str = Field(max_length=255)
    updated_at: datetime = moment()
