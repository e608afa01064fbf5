"""Multi-carrier services: they rate, label and track parcels of many carriers. A module each, exporting `CONNECTOR`.

Network, so never inside a transaction. The library of each comes with the extra ``carriers``.

Example::

    connector_named("easypost", access).rates(request)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import NamedTuple, Protocol

from ambra_tui.carriers._model import Parcel
from ambra_tui.kit.discover import discover


class Access(NamedTuple):
    """The account at the service. `url`: another address of its API than its own."""

    key: str
    url: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """Parcels from an address to another. `reference`: ours, the same at every try."""

    sender: Mapping[str, str]
    receiver: Mapping[str, str]
    parcels: Sequence[Parcel]
    insured: Decimal = Decimal(0)
    is_signature_required: bool = False
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """One service of one carrier, for all parcels together. `service`: as a shipment is to name it."""

    service: str
    title: str
    cost: Decimal
    currency: str
    days: int | None = None
    arrives_on: date | None = None


@dataclass(frozen=True, slots=True)
class Bought:
    """Labels that were bought, a parcel each, in the order of the parcels. `references`: the service's own names."""

    references: tuple[str, ...]
    tracking_numbers: tuple[str, ...]
    label_urls: tuple[str, ...]
    tracking_urls: tuple[str, ...]
    cost: Decimal
    currency: str
    arrives_on: date | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """The service will not do it, and says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a carrier saw a parcel, in our words for states."""

    status: str
    happened_at: datetime
    location: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a service tells unasked: of which parcel, by its tracking number, and where it was seen."""

    tracking_number: str
    seen: tuple[Seen, ...] = field(default_factory=tuple)


class Connector(Protocol):
    """One account at one service. Every call raises Unavailable when nobody answers."""

    def rates(self, request: Request) -> list[Rate]:
        """Every service that takes all the parcels."""
        ...

    def buy(self, request: Request, service: str) -> Bought | Declined:
        """Labels for all the parcels; what was bought under the request's reference is not bought again."""
        ...

    def void(self, references: Sequence[str]) -> Declined | None:
        """Gives labels back."""
        ...

    def track(self, references: Sequence[str]) -> list[Seen]:
        """Where the parcels were seen."""
        ...

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """A signed notice; None for one of something else. Raises NotAllowed for a wrong signature."""
        ...


class Named(NamedTuple):
    """A service that may be connected: its code, which shipments name as their carrier, and how to reach it."""

    code: str
    title: str
    connect: Callable[[Access], Connector]


@cache
def connectors() -> dict[str, Named]:
    """Every service by its code. No library is imported before one is connected."""
    return {named.code: named for named in discover(__name__, "CONNECTOR").values()}
