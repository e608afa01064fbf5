"""Where a worker stands in packing an order: what is left to pack, which package is open, what waits for the carrier.

Example::

    standing = Standing.of(desk, state)
    standing.open_package, standing.rest
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ambra_tui.floor.conversation import FlowState
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import orders, packing, shipping
from ambra_tui.services.packing import PickedItem
from ambra_tui.store.models import SalesOrder, Shipment, ShipmentContent, ShipmentPackage

Step = Literal["order", "taken", "pin", "item", "lot", "serial", "weight", "service", "services", "label", "hand"]
PACKING: frozenset[Step] = frozenset({"item", "lot", "serial", "weight", "service", "services"})


class PackState(FlowState):
    """`order_id`: the order that is packed; `shipment_id`: the one whose labels are shown. `variant_id`, `lot_id`: the
    item scanned last, which a typed number means; `quantity`: how much of it waits for its lot or serial;
    `is_taking_out`: the next item leaves its package; `is_enough`: the rest stays in its totes; `plate_code`: the
    carton's code; `carrier`, `service`: another one than was proposed; `page`: of the list of carriers; `scanned`:
    parcels read at the hand-over of shipments that are not read whole; `supervisor_id`: who types a PIN."""

    step: Step = "order"
    order_id: str = ""
    shipment_id: str = ""
    variant_id: str = ""
    lot_id: str | None = None
    quantity: Decimal = ZERO
    is_taking_out: bool = False
    is_enough: bool = False
    plate_code: str = ""
    carrier: str = ""
    service: str = ""
    page: int = 0
    scanned: tuple[str, ...] = ()
    supervisor_id: str = ""

    def at_item(self) -> PackState:
        """Packing the same order, with nothing in hand."""
        return PackState(step="item", order_id=self.order_id, is_enough=self.is_enough)


@dataclass(frozen=True, slots=True)
class Standing:
    """The state beside what the store says about its order. `shipment` None: nothing is packed yet."""

    state: PackState
    order: SalesOrder
    items: Sequence[PickedItem]
    shipment: Shipment | None
    packages: Sequence[ShipmentPackage]
    contents: Sequence[ShipmentContent]

    @classmethod
    def of(cls, desk: Desk, state: PackState) -> Standing:
        """Reads the order as it is now."""
        order = orders.get_order(desk.session, state.order_id)
        shipment = shipping.packing_of(desk.session, order.id)
        packages = shipping.packages_of(desk.session, shipment.id) if shipment else []
        return cls(
            state=state,
            order=order,
            items=packing.picked_items(desk.session, order.id),
            shipment=shipment,
            packages=packages,
            contents=shipping.contents_of(desk.session, [package.id for package in packages]),
        )

    @property
    def open_package(self) -> ShipmentPackage | None:
        """The package that takes what is scanned; None until the first item."""
        return next((package for package in self.packages if not package.is_closed), None)

    @property
    def number(self) -> int:
        """The number of the package that takes the next item."""
        return self.number_of(self.open_package) if self.open_package else len(self.packages) + 1

    def number_of(self, package: ShipmentPackage) -> int:
        """How people count the package."""
        return [each.id for each in self.packages].index(package.id) + 1

    def inside(self, package: ShipmentPackage | None) -> list[ShipmentContent]:
        """What lies in a package."""
        return [row for row in self.contents if package is not None and row.package_id == package.id]

    @property
    def rest(self) -> Decimal:
        """What lies in no package yet."""
        return sum((item.rest for item in self.items), ZERO)

    @property
    def packed(self) -> Decimal:
        """What lies in packages."""
        return sum((item.packed for item in self.items), ZERO)

    @property
    def total(self) -> Decimal:
        """All that was picked."""
        return self.rest + self.packed


def next_state(desk: Desk, state: PackState) -> PackState:
    """The step that the order is at by the store: an item, closing the package that holds the last one, the carrier."""
    standing = Standing.of(desk, state)
    following = state.at_item()
    is_all_in = standing.rest == ZERO or state.is_enough
    if standing.inside(standing.open_package):
        return following.model_copy(update={"step": "weight"}) if is_all_in else following
    if is_all_in and any(package.is_closed for package in standing.packages):
        return following.model_copy(update={"step": "service"})
    return following
