"""Words of returns: a line to be made, what was shipped, what came, and how one is refused."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ambra_tui.errors import Conflict
from ambra_tui.kit.quantity import show

DOCUMENT = "return_authorization"
SELLABLE = "sellable"
SHORT_RETURN = "short_return"
MAX_LINES = 1000


@dataclass(frozen=True, slots=True)
class NewReturnLine:
    """A line to be made. `condition`: the one that is expected."""

    variant_id: str
    quantity: Decimal
    condition: str = SELLABLE


@dataclass(frozen=True, slots=True)
class Shipped:
    """What left with an order and has not been taken back: so much of a lot or serial, at its cost then."""

    lot_id: str
    serial: str
    quantity: Decimal
    unit_cost: int | None


@dataclass(frozen=True, slots=True)
class ReturnedPart:
    """How much of a line came, in which condition."""

    line_id: str
    condition: str
    quantity: Decimal


class OverReturn(Conflict):
    """More would come back than is authorized: `maximum` more of `sku` may."""

    def __init__(self, sku: str, maximum: Decimal) -> None:
        super().__init__(f"At most {show(maximum)} more of {sku} may come back. Nothing was received.")
        self.sku, self.maximum = sku, maximum


class NotOut(Conflict):
    """The serial did not leave with the order, or has come back already."""

    def __init__(self, sku: str, serial: str) -> None:
        super().__init__(f"{sku} {serial} is not with the customer of this order. Nothing was received.")
        self.sku, self.serial = sku, serial
