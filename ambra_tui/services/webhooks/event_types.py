"""What an event is: a name that integrators subscribe to, and the facts of the outbox that it tells of.

Example::

    EventType("product.created", facts=("product_created",))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ambra_tui.errors import Invalid
from ambra_tui.kit.discover import discover
from ambra_tui.ledger import SEVERITIES

TEST_EVENT = "webhook.test"
Payload = Mapping[str, Any]


def _always(_payload: Payload) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class EventType:
    """`facts`: which outbox types it tells of, when `happened` says so of their payload."""

    name: str
    facts: tuple[str, ...]
    happened: Callable[[Payload], bool] = _always


@dataclass(frozen=True, slots=True)
class EventTable:
    """The events of one edition."""

    edition: str
    types: Sequence[EventType]

    @property
    def names(self) -> tuple[str, ...]:
        """What may be subscribed to."""
        return tuple(each.name for each in self.types)


def falls_to(status: str) -> Callable[[Payload], bool]:
    """Whether a total became `status`, or worse, and was better before."""
    limit = SEVERITIES.index(status)

    def crossed(payload: Payload) -> bool:
        return SEVERITIES.index(payload["before"]) < limit <= SEVERITIES.index(payload["after"])

    return crossed


@cache
def event_tables() -> Mapping[str, EventTable]:
    """Edition -> its events."""
    return {table.edition: table for table in discover("ambra_tui.services.webhooks.events", "EVENTS").values()}


def event_names(edition: str) -> tuple[str, ...]:
    """What an endpoint of this edition may subscribe to. Raises Invalid for an edition without events."""
    tables = event_tables()
    if edition not in tables:
        raise Invalid(f"edition is one of {', '.join(tables)}", field="edition")
    return tables[edition].names
