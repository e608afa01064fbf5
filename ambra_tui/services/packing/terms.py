"""What packing speaks of: what lies picked for an order, what of it lies in parcels; and its refusals.

Example::

    PickedItem(line=line, variant=milk, lot=lot, serial="", picked=Decimal(6), packed=Decimal(2)).rest      # 4
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ambra_tui.errors import Conflict
from ambra_tui.store.models import Location, Lot, SalesOrder, SalesOrderLine, ShipmentContent, Variant

Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class PickedItem:
    """What lies in totes and on the stage for a line, of one variant, lot and serial: `picked` of it in `places`, of
    which `packed` lies in parcels that have not left."""

    line: SalesOrderLine
    variant: Variant
    lot: Lot | None
    serial: str
    picked: Decimal
    packed: Decimal
    places: tuple[Location, ...] = ()

    @property
    def key(self) -> Key:
        """Line, variant, lot and serial."""
        return (self.line.id, self.variant.id, self.lot.id if self.lot else "", self.serial)

    @property
    def rest(self) -> Decimal:
        """What of it is in no parcel yet."""
        return max(self.picked - self.packed, Decimal(0))


class Changed(Conflict):
    """Parcels hold what no longer lies there for the order: some of it has left by another door."""

    def __init__(self, order: SalesOrder) -> None:
        super().__init__(f"Part of {order.number} is no longer there. Take it out of its package.")
        self.order = order


class InParcels(Conflict):
    """The order lies in parcels: it leaves by them."""

    def __init__(self, order: SalesOrder) -> None:
        super().__init__(f"{order.number} is being packed. Its packages are handed over.")
        self.order = order


def key_of(content: ShipmentContent) -> Key:
    """Line, variant, lot and serial of what lies in a parcel."""
    return (content.order_line_id, content.variant_id, content.lot_id, content.serial)
