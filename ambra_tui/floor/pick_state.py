"""Where a worker stands in picking an order, and which stop that means now.

Example::

    view = Standing.of(desk, state)
    view.stop.location.code
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sqlmodel import col

from ambra_tui.floor.conversation import FlowState, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import orders, picking
from ambra_tui.services.picking import Stop
from ambra_tui.store.models import Location, SalesOrder, SalesOrderLine
from ambra_tui.store.scope import scoped

Step = Literal["order", "bin", "item", "lot", "serial", "plate", "tote", "reason", "zero", "done"]
AT_STOP: frozenset[Step] = frozenset({"bin", "item", "lot", "serial", "plate", "tote", "reason"})
IDENTIFYING: frozenset[Step] = frozenset({"lot", "serial", "plate"})


class PickState(FlowState):
    """`allocation_id`: the stop; `location_id`: the bin confirmed last; `quantity`: what is taken so far;
    `is_counting`: case codes are being added up; `lot_id`, `serial`, `plate_id`: what was identified, None until then;
    `destination_id`: the tote of a short pick; `emptied_id`: the bin that the zero check is about; `skipped`: stops put
    to the end."""

    step: Step = "order"
    order_id: str = ""
    allocation_id: str = ""
    location_id: str = ""
    quantity: Decimal = ZERO
    is_counting: bool = False
    lot_id: str | None = None
    serial: str | None = None
    plate_id: str | None = None
    destination_id: str = ""
    emptied_id: str = ""
    skipped: tuple[str, ...] = ()

    def at_item(self) -> PickState:
        """The same stop with nothing taken yet."""
        return self.model_copy(
            update={
                "step": "item", "quantity": ZERO, "is_counting": False, "lot_id": None, "serial": None,
                "plate_id": None, "destination_id": "",
            }
        )  # fmt: skip

    def at_order(self) -> PickState:
        """Choosing an order again."""
        return PickState()


@dataclass(frozen=True, slots=True)
class Standing:
    """The order, its open stops in the order to walk them, and the stop of the state (None: nothing is left)."""

    order: SalesOrder
    lines: list[SalesOrderLine]
    stops: list[Stop]
    stop: Stop | None
    is_changed: bool

    @classmethod
    def of(cls, desk: Desk, state: PickState) -> Standing:
        """Reads the order anew. `is_changed`: the stop of the state is gone, `stop` is the next one."""
        order = orders.get_order(desk.session, state.order_id)
        found = walk(picking.stops(desk.session, order.id), state.skipped)
        mine = next((stop for stop in found if stop.allocation_id == state.allocation_id), None)
        is_changed = mine is None and state.step in AT_STOP
        stop = mine or (found[0] if found else None)
        return cls(order, orders.lines_of(desk.session, order.id), found, stop, is_changed)

    @property
    def progress(self) -> tuple[int, int]:
        """Lines with nothing left to take, of all lines."""
        open_lines = {stop.line.id for stop in self.stops}
        return sum(line.id not in open_lines for line in self.lines), len(self.lines)


def left_state(standing: Standing) -> Verdict | None:
    """Why the order is no longer to be picked: cancelled, or gone already; None while it is."""
    if standing.order.status == "cancelled":
        return Verdict("E32", {"document": standing.order.number})
    if standing.order.status in ("shipped", "delivered"):
        return Verdict("E33", {"document": standing.order.number})
    return None


def barred(desk: Desk, stop: Stop) -> Verdict | None:
    """Why nothing may leave this stop now, whatever was planned: its bin or lot is on hold, or the lot has expired."""
    if stop.location.is_held:
        return Verdict("E17", {"bin": stop.location.code})
    lot = stop.lot
    if lot is not None and lot.status in picking.HELD_LOT_STATES:
        return Verdict("E16", {"lot": lot.lot_number})
    if lot is not None and picking.is_expired(lot, desk.today):
        return Verdict("E10", {"lot": lot.lot_number, "expiry": str(lot.expiry_date)})
    return None


def unpicked(lines: Sequence[SalesOrderLine]) -> Decimal:
    """What is neither picked nor gone nor waiting as backorder."""
    return sum((line.quantity - max(line.picked, line.fulfilled) - line.backordered for line in lines), ZERO)


def walk(stops: list[Stop], skipped: tuple[str, ...]) -> list[Stop]:
    """Stops in walking order, skipped ones at the end."""
    places = {allocation_id: index for index, allocation_id in enumerate(skipped, start=1)}
    return sorted(stops, key=lambda stop: places.get(stop.allocation_id, 0))


def next_state(desk: Desk, state: PickState) -> PickState:
    """The step after a finished stop: the next bin, or the item when it lies in the same bin, or the end."""
    stops = walk(picking.stops(desk.session, state.order_id), state.skipped)
    if not stops:
        return PickState(step="done", order_id=state.order_id)
    stop = stops[0]
    is_same_bin = stop.location.id == state.location_id
    return PickState(
        step="item" if is_same_bin else "bin",
        order_id=state.order_id,
        allocation_id=stop.allocation_id,
        location_id=state.location_id if is_same_bin else "",
        skipped=state.skipped,
    )


def stage_of(desk: Desk) -> Location | None:
    """Where picked orders are brought to: the site's first stage."""
    statement = scoped(desk.session, Location).where(Location.site_id == desk.site.id, Location.kind == "stage")
    return desk.session.exec(statement.order_by(col(Location.code))).first()
