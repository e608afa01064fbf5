"""What tracing tells: a lot's movements, where it lies, what was made of it and of what it was made, whom it reached.

Example::

    LotMove(..., quantity=Decimal(6), change=Decimal(-6), document=Document("sales_order", "so_1", "SO-1", "Ana"))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from ambra_tui.kit.quantity import ZERO

CHUNK = 400  # ids in one statement
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """One side of a move: a bin of a site, or a place outside (`kind`: supplier, customer, production, transit...)."""

    id: str
    code: str
    kind: str
    site_id: str = ""
    site_code: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What a move was made for. `customer`: of an order, and of the order that a return belongs to."""

    kind: str
    id: str
    number: str = ""
    customer: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LotMove:
    """One move of a lot. `quantity`: how much moved; `change`: what that did to the stock of `site_id`, the site that
    it came to or left: 0 between two bins of one site."""

    sequence: int
    id: str
    kind: str
    quantity: Decimal
    change: Decimal
    site_id: str
    source: Place
    destination: Place
    serial: str
    reason: str
    note: str
    reverses_id: str
    document: Document | None
    actor_id: str
    actor_name: str
    station: str
    occurred_at: datetime
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class BinStock:
    """What a bin holds of a lot."""

    lot_id: str
    site_id: str
    location_id: str
    code: str
    kind: str
    on_hand: Decimal
    allocated: Decimal
    is_held: bool
    serial: str = ""
    plate_code: str = ""


@dataclass(frozen=True, slots=True)
class LotStock:
    """Where lots lie now. `in_transit`: what is between two sites."""

    bins: tuple[BinStock, ...]
    in_transit: Decimal

    @property
    def on_hand(self) -> Decimal:
        """What lies in sites."""
        return sum((held.on_hand for held in self.bins), ZERO)


@dataclass(frozen=True, slots=True)
class Link:
    """A step of a lot's making. Forward: `lot_id` was made of `parent_id`; backward: `lot_id` went into `parent_id`;
    by `batch_id`, `quantity` of it. `level` counts from 1. An empty `lot_id`: an item without lots."""

    level: int
    parent_id: str
    lot_id: str
    variant_id: str
    batch_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Family:
    """Every step from one lot, nearest first. `is_complete`: nothing was left out."""

    links: tuple[Link, ...]
    is_complete: bool = True

    @property
    def lot_ids(self) -> tuple[str, ...]:
        """The lots, each once, nearest first."""
        return tuple(dict.fromkeys(link.lot_id for link in self.links if link.lot_id))


@dataclass(frozen=True, slots=True)
class Receipt:
    """How much of a bought lot came by a purchase order."""

    purchase_order_id: str
    number: str
    supplier_id: str
    supplier_name: str
    lot_id: str
    quantity: Decimal
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Reached:
    """How much of a lot left for an order, and how much of that came back."""

    order_id: str
    number: str
    customer: Mapping[str, Any]
    status: str
    lot_id: str
    shipped: Decimal
    returned: Decimal
    last_shipped_at: datetime

    @property
    def outstanding(self) -> Decimal:
        """What the customer still has."""
        return self.shipped - self.returned

    @property
    def customer_name(self) -> str:
        """The customer as a person calls it."""
        return name_of(self.customer)


@dataclass(frozen=True, slots=True)
class Carrying:
    """A transfer that carries a lot between two sites."""

    transfer_id: str
    number: str
    status: str
    source_site_id: str
    destination_site_id: str
    lot_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Expiring:
    """A lot in stock and how long it keeps. `by_site`: site id -> on hand."""

    lot_id: str
    lot_number: str
    variant_id: str
    sku: str
    status: str
    expiry_date: date
    days_left: int
    by_site: Mapping[str, Decimal]
    in_transit: Decimal

    @property
    def on_hand(self) -> Decimal:
        """What lies in sites."""
        return sum(self.by_site.values(), ZERO)


def name_of(customer: Mapping[str, Any]) -> str:
    """The name in a customer's fields, else the first text there is."""
    texts = [value for value in customer.values() if isinstance(value, str) and value]
    return str(customer.get("name") or next(iter(texts), ""))


def chunks(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """`values` in parts that fit a statement."""
    rest = iter(values)
    while part := list(islice(rest, CHUNK)):
        yield part
