"""What picking speaks of: stops, plans, short picks; and its refusals.

Example::

    Stop(allocation_id=row.id, quantity=row.quantity, line=line, location=bin, variant=milk, lot=lot)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ambra_tui.errors import Conflict
from ambra_tui.ledger import Posted
from ambra_tui.store.models import LicensePlate, Location, Lot, SalesOrderLine, Task, Variant

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing to take: `quantity` of a variant (of a lot, serial, plate) from a location, for a line of an order.
    `ratio`: so many units of the variant stand for one of the line's; more than one only for a substitute."""

    allocation_id: str
    quantity: Decimal
    line: SalesOrderLine
    location: Location
    variant: Variant
    lot: Lot | None = None
    serial: str = ""
    plate: LicensePlate | None = None
    ratio: Decimal = ONE

    @property
    def order_id(self) -> str:
        """The order that it is for."""
        return self.line.sales_order_id

    @property
    def level(self) -> tuple[str, str, str]:
        """Lot, serial and plate, as a level names them."""
        return (self.lot.id if self.lot else "", self.serial, self.plate.id if self.plate else "")


@dataclass(frozen=True, slots=True)
class Missing:
    """`quantity` that is promised to a line but lies in no bin that somebody may be sent to. `stopped`: codes of bins
    that wait for a count."""

    line: SalesOrderLine
    variant: Variant
    quantity: Decimal
    stopped: tuple[str, ...] = ()
    ratio: Decimal = ONE


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to go, and what could not be directed."""

    stops: list[Stop]
    missing: list[Missing]


@dataclass(frozen=True, slots=True)
class Taken:
    """A different level of the stop's bin that the picker took from: an earlier lot, another serial or plate."""

    lot_id: str = ""
    serial: str = ""
    plate_id: str = ""


@dataclass(frozen=True, slots=True)
class Picked:
    """`is_bin_empty`: by the book nothing is left in the bin. `is_order_picked`: nothing is left to take. `posted`: the
    move; `source`: the level that it was taken from; `replenish`: the task to fill the bin again, when this pick made
    it."""

    quantity: Decimal
    is_bin_empty: bool
    is_order_picked: bool
    posted: Posted
    source: Taken
    replenish: Task | None = None


@dataclass(frozen=True, slots=True)
class ShortPick:
    """What a short pick leads to: where the rest is taken from now, and how much stays open as backorder.

    `picked`: what was found; `task_id`: the count that it asked for, empty when it was asked for before; `rest`: what
    was given up at the bin."""

    elsewhere: tuple[tuple[str, Decimal], ...]
    backordered: Decimal
    picked: Picked | None = field(default=None, compare=False)
    task_id: str = field(default="", compare=False)
    rest: Decimal = field(default=Decimal(0), compare=False)


class ToteTaken(Conflict):
    """The tote holds stock of another order, or stock that belongs to none, or is another order's in a cluster."""

    def __init__(self, location: Location, document: str) -> None:
        super().__init__(f"{location.code} holds stock of {document or 'something else'}. Scan another tote.")
        self.location, self.document = location, document


class EarlierLotFirst(Conflict):
    """A lot that expires later than the one to take: `lot` in `location` leaves first."""

    def __init__(self, lot: Lot, location: Location) -> None:
        super().__init__(f"Take lot {lot.lot_number} from {location.code} first.")
        self.lot, self.location = lot, location
