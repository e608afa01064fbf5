"""What a tool of the catalogue is: a named, typed, read-only question to the store.

A tool runs on a read session; whose rows it sees is the session's business, never the parameters'.

Example::

    found = run(session, "stock_level", {"sku": "22423"})
    found.rows   # [{'sku': '22423', 'location': 'BER', 'on_hand': 12, ...}]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

Row = dict[str, Any]
MAX_ROWS = 100
DEFAULT_ROWS = 20


class Parameters(BaseModel):
    """Parameters of a tool: names and spellings are those that answers show."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, str_max_length=120)
    statuses: ClassVar[tuple[str, ...]] = ()


class Limited(Parameters):
    """`limit`: how many rows at most."""

    limit: int | None = Field(default=None, ge=1, le=MAX_ROWS, description="how many rows at most")

    @property
    def rows(self) -> int:
        """How many rows to read."""
        return self.limit or DEFAULT_ROWS


class InPeriod(Limited):
    """Days `from` to `to`, both included; `period` is their name."""

    period: str | None = Field(default=None, description="the name of the days, such as last_week or last_30d")
    from_: date | None = Field(default=None, alias="from", description="first day")
    to: date | None = Field(default=None, description="last day")

    def between(self, default: tuple[date, date]) -> tuple[date, date]:
        """First and last day; `default` where none are given."""
        return self.from_ or default[0], self.to or max(self.from_ or default[1], default[1])


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool found. `total`: how many rows there are beyond those returned too. `facts`: further values that the
    answer's text names."""

    rows: Sequence[Row]
    total: int = -1
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many there are altogether."""
        return len(self.rows) if self.total < 0 else self.total


Asked = TypeVar("Asked", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Tool(Generic[Asked]):
    """`name`: the intent. `source_endpoint`: the REST call that answers the same. `resource`: what a key must be
    allowed to read. `module`: what the organization must have switched on. `chart`: the two columns worth a plot."""

    name: str
    summary: str
    parameters: type[Asked]
    look_up: Callable[[Session, Asked], Found]
    source_endpoint: str
    resource: str = "inventory"
    module: str = ""
    chart: tuple[str, str] | None = None


def number(quantity: Decimal | None) -> int | float | None:
    """A quantity as JSON."""
    if quantity is None:
        return None
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)
