"""The words of transfers: what a caller gives, what a step answers, what is refused.

Example::

    Arrival(milk.id, Decimal(24), lot_id=lot.id)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ambra_tui.errors import Conflict
from ambra_tui.kit.quantity import show
from ambra_tui.ledger import Posted
from ambra_tui.store.models import StockTransfer

DOCUMENT = "stock_transfer"
TRANSFER_LOSS = "transfer_loss"
TRANSFER_SHORT = "transfer_short"
MAX_LINES = 2000
LOSS_REASONS = ("lost", "damaged", "not_sent", "found")


@dataclass(frozen=True, slots=True)
class NewTransferLine:
    """`quantity` base units of a variant that are to go."""

    variant_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Departure:
    """How much of a line leaves: `quantity` base units of a variant, 0 for none of it."""

    variant_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrived of a variant; `lot_id` None: whichever lot was sent. `location_id` None: the receiving place."""

    variant_id: str
    quantity: Decimal
    lot_id: str | None = None
    serial: str | None = None
    location_id: str | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """`quantity` of a content that a step shipped, received or settled."""

    content_id: str
    quantity: Decimal
    posted: Posted


class TooMany(Conflict):
    """More than the document allows: at most `maximum` of `sku`."""

    def __init__(self, sku: str, quantity: Decimal, maximum: Decimal, *, step: str) -> None:
        said = f"{sku}: {show(quantity)} given, at most {show(maximum)} may be {step}"
        super().__init__(f"{said}. Nothing was posted.", details={"quantity": said})
        self.sku, self.quantity, self.maximum = sku, quantity, maximum


class NotOnTransfer(Conflict):
    """The item, lot or serial is not on the transfer."""

    def __init__(self, transfer: StockTransfer, item: str) -> None:
        super().__init__(f"{item} is not on {transfer.number}.", details={"items": f"{item} is not on the transfer"})
        self.transfer, self.item = transfer, item
