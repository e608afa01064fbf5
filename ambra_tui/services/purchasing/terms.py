"""The words of purchase orders: what a caller gives, and what is refused.

Example::

    NewPurchaseLine(milk.id, Decimal(120), tolerance_percent=Decimal(5))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ambra_tui.errors import Conflict
from ambra_tui.kit.quantity import show

DOCUMENT = "purchase_order"
MAX_LINES = 1000
MAX_COST = 10**15
RECEIVABLE = ("ordered", "partially_received", "received")
SHORT_RECEIPT = "short_receipt"
DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class NewPurchaseLine:
    """A line to be made. `unit_cost`: ten-thousandths of the minor unit. `tolerance_percent`: how much more than
    ordered may come; None: the variant's, else none."""

    variant_id: str
    quantity: Decimal
    unit_cost: int | None = None
    tolerance_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ReceiptItem:
    """What came of one line, named by `line_id`, `variant_id` or `sku`.

    `quantity` None: everything outstanding. `location_id` None: the site's receiving dock. Without a lot or serial the
    stock is unspecified, for the floor to name. `serials`: one unit each.
    """

    line_id: str = ""
    variant_id: str = ""
    sku: str = ""
    quantity: Decimal | None = None
    location_id: str | None = None
    lot_number: str = ""
    expiry_date: date | None = None
    serials: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Over:
    """One line that was to get more than may come: `maximum` more."""

    sku: str
    requested: Decimal
    maximum: Decimal


class OverReceipt(Conflict):
    """One or more lines would get more than ordered and tolerated; every one is listed."""

    def __init__(self, overs: Sequence[Over]) -> None:
        listed = "; ".join(
            f"{o.sku}: {show(o.requested)} given, at most {show(o.maximum)} more may come" for o in overs
        )
        super().__init__(f"More than ordered. {listed}. Nothing was received.", details={"quantity": listed})
        self.overs = tuple(overs)
