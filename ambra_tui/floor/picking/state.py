"""Where a worker stands in picking a cluster of orders, and which stop that means now.

Example::

    view = Standing.of(desk, state)
    view.stop.location.code
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sqlmodel import col, select

from ambra_tui.floor.conversation import FlowState, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.held_lots import held_code
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import picking
from ambra_tui.services.lot_rules import HELD_LOT_STATES, is_expired
from ambra_tui.services.picking import Stop, clusters
from ambra_tui.services.picking.clusters import Member
from ambra_tui.store.models import Location, SalesOrder, SalesOrderLine
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given

Step = Literal[
    "order", "zone", "picked", "cluster", "tote_for", "taken", "pin",
    "bin", "item", "lot", "serial", "plate", "tote", "reason", "substitute", "zero", "done",
]  # fmt: skip
AT_STOP: frozenset[Step] = frozenset({"bin", "item", "lot", "serial", "plate", "tote", "reason"})
WALKING: frozenset[Step] = AT_STOP | {"substitute", "zero"}
IDENTIFYING: frozenset[Step] = frozenset({"lot", "serial", "plate"})
_ROWS, _LINES, _CHANGED = "pick_rows", "pick_lines", "pick_changed"


class PickState(FlowState):
    """`cluster_id`: the orders that are picked in this walk; `order_id`: the order that the step is about; `zone`: the
    zone whose orders are listed. `allocation_id`: the stop; `location_id`: the bin confirmed last; `quantity`: what is
    taken so far; `is_counting`: case codes are being added up; `lot_id`, `serial`, `plate_id`: what was identified,
    None until then; `destination_id`: the tote of a short pick; `emptied_id`: the bin that the zero check is about;
    `offer_id`: the bin just left, where a count would be welcome; `skipped`: stops put to the end; `wants_tote`: the
    next tote may be a new one; `last_tote_id`: the tote scanned last; `line_id`: the line that a substitute is offered
    for; `supervisor_id`: who types a PIN."""

    step: Step = "order"
    cluster_id: str = ""
    order_id: str = ""
    zone: str = ""
    allocation_id: str = ""
    location_id: str = ""
    quantity: Decimal = ZERO
    is_counting: bool = False
    lot_id: str | None = None
    serial: str | None = None
    plate_id: str | None = None
    destination_id: str = ""
    emptied_id: str = ""
    offer_id: str = ""
    skipped: tuple[str, ...] = ()
    wants_tote: bool = False
    last_tote_id: str = ""
    line_id: str = ""
    supervisor_id: str = ""

    def at_item(self) -> PickState:
        """The same stop with nothing taken yet."""
        return self.model_copy(
            update={
                "step": "item", "quantity": ZERO, "is_counting": False, "lot_id": None, "serial": None,
                "plate_id": None, "destination_id": "", "wants_tote": False,
            }
        )  # fmt: skip

    def at_orders(self) -> PickState:
        """Choosing an order again, in the same zone."""
        return PickState(zone=self.zone)


@dataclass(frozen=True, slots=True)
class Standing:
    """The cluster's orders, their open stops in the order to walk them, and the stop of the state (None: nothing is
    left). `is_changed`: the stop of the state is gone, `stop` is the next one."""

    desk: Desk
    cluster_id: str
    members: list[Member]
    stops: list[Stop]
    stop: Stop | None
    is_changed: bool

    @classmethod
    def of(cls, desk: Desk, state: PickState) -> Standing:
        """Reads the cluster, once a step unless the step changes it."""
        members, stops = _rows(desk, state.cluster_id)
        found = walk(stops, state.skipped)
        mine = next((stop for stop in found if stop.allocation_id == state.allocation_id), None)
        is_changed = mine is None and state.step in AT_STOP
        return cls(desk, state.cluster_id, members, found, mine or (found[0] if found else None), is_changed)

    @property
    def order_ids(self) -> list[str]:
        """The cluster's orders."""
        return [member.order.id for member in self.members]

    @property
    def lines(self) -> list[SalesOrderLine]:
        """The lines of all orders."""
        known = self.desk.session.info.get(_LINES)
        if known is None:
            known = self.desk.session.info[_LINES] = clusters.lines(self.desk.session, self.cluster_id)
        return list(known)

    @property
    def progress(self) -> tuple[int, int]:
        """Lines with nothing left to take, of all lines."""
        open_lines = {stop.line.id for stop in self.stops}
        lines = self.lines
        return sum(line.id not in open_lines for line in lines), len(lines)

    @property
    def documents(self) -> str:
        """The numbers of all orders."""
        return ", ".join(member.order.number for member in self.members)

    def member(self, order_id: str) -> Member | None:
        """An order of the cluster, with its tote."""
        return next((member for member in self.members if member.order.id == order_id), None)


def _rows(desk: Desk, cluster_id: str) -> tuple[list[Member], list[Stop]]:
    known = desk.session.info.get(_ROWS)
    if known is not None and known[0] == cluster_id:
        return known[1], known[2]
    members = clusters.members(desk.session, cluster_id) if cluster_id else []
    ids = [member.order.id for member in members]
    stops = picking.stops_in(desk.session, cluster_id, ids, zone=members[0].zone) if members else []
    desk.session.info[_ROWS] = (cluster_id, members, stops)
    return members, stops


def changed(desk: Desk) -> None:
    """The step changes the cluster or its stops: they are read anew."""
    desk.session.info.pop(_ROWS, None)
    desk.session.info.pop(_LINES, None)
    desk.session.info[_CHANGED] = True


def forget_refused(desk: Desk) -> None:
    """What a refused step changed is undone: what was read after the change is wrong."""
    if desk.session.info.get(_CHANGED):
        changed(desk)


def left_verdict(order: SalesOrder) -> Verdict | None:
    """Why an order is no longer to be picked: cancelled, or gone already; None while it is."""
    if order.status == "cancelled":
        return Verdict("E32", {"document": order.number})
    if order.status in ("shipped", "delivered"):
        return Verdict("E33", {"document": order.number})
    return None


def barred(desk: Desk, stop: Stop) -> Verdict | None:
    """Why nothing may leave this stop now, whatever was planned: its bin or lot is on hold, or the lot has expired."""
    if stop.location.is_held:
        return Verdict("E17", {"bin": stop.location.code})
    lot = stop.lot
    if lot is not None and lot.status in HELD_LOT_STATES:
        return Verdict(held_code(lot), {"lot": lot.lot_number})
    if lot is not None and is_expired(lot, desk.today):
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
    """The step after a change: the next bin, or the item when it lies in the same bin, or the end."""
    changed(desk)
    standing = Standing.of(desk, state.model_copy(update={"allocation_id": ""}))
    kept = PickState(
        cluster_id=state.cluster_id, zone=state.zone, skipped=state.skipped, last_tote_id=state.last_tote_id
    )
    if not standing.members:
        return kept.at_orders()
    stop = standing.stop
    if stop is None:
        return kept.model_copy(update={"step": "done", "order_id": standing.members[0].order.id, "skipped": ()})
    is_same_bin = stop.location.id == state.location_id
    return kept.model_copy(
        update={
            "step": "item" if is_same_bin else "bin",
            "order_id": stop.order_id,
            "allocation_id": stop.allocation_id,
            "location_id": state.location_id if is_same_bin else "",
        }
    )


_STAGE: Prepared[Location] = Prepared(
    select(Location)
    .where(
        Location.organization_id == ORGANIZATION,
        Location.site_id == given("site_id"),
        Location.kind == "stage",
    )
    .order_by(col(Location.code))
    .limit(1)
)


def stage_of(desk: Desk) -> Location | None:
    """Where picked orders are brought to: the site's first stage."""
    return _STAGE.first(desk.session, site_id=desk.site.id)
