"""What is asked of the ledger and what it answers.

Example::

    Posting(variant.id, SUPPLIER, dock.id, Decimal(12), MoveKind.PURCHASE_RECEIVED, idempotency_key="receipt-1:1")
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ambra_tui.store.models import MoveKind

SUPPLIER = "loc_supplier"
CUSTOMER = "loc_customer"
INVENTORY_LOSS = "loc_inventory_loss"
WASTE = "loc_waste"
PRODUCTION = "loc_production"
TRANSIT = "loc_transit"


class Guard(StrEnum):
    """What must hold at the source (QUANTITIES, "Guards").

    AVAILABLE: an issue without reservation: the site's available and what the level has beyond its allocations.
    FREE: a bin move: what the level has beyond its allocations. PHYSICAL: waste, counts, corrections: what is there.
    """

    AVAILABLE = "available"
    FREE = "free"
    PHYSICAL = "physical"


@dataclass(frozen=True, slots=True)
class Posting:
    """A stock move to post.

    `quantity` in base units; `plate_id` is the license plate at the source, `destination_plate_id` the one at the
    destination. `reserved`: how much of it consumes the site's reservations; `allocated`: how much of it consumes the
    source level's allocations (`carries_allocation`: they go along to the destination level). `unit_cost`:
    ten-thousandths of the minor unit; None: the site's average. `idempotency_key`: unique per organization; a repeat
    posts nothing.
    """

    variant_id: str
    source_id: str
    destination_id: str
    quantity: Decimal
    kind: MoveKind
    idempotency_key: str
    lot_id: str = ""
    serial: str = ""
    plate_id: str = ""
    destination_plate_id: str = ""
    guard: Guard = Guard.AVAILABLE
    reserved: Decimal = Decimal(0)
    allocated: Decimal = Decimal(0)
    carries_allocation: bool = False
    reason: str = ""
    note: str = ""
    unit_cost: int | None = None
    origin_kind: str = ""
    origin_id: str = ""
    origin_line_id: str = ""
    reverses_id: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A move as the ledger recorded it. Balances are the site's on hand after the move, None outside every site.
    `repeated`: the key was posted before; this is the first answer."""

    id: str
    quantity: Decimal
    source_balance: Decimal | None
    destination_balance: Decimal | None
    posted_at: datetime
    repeated: bool = False
