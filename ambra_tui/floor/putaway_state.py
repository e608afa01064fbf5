"""Where a putaway stands: what is carried, from where, to which bin.

Example::

    standing = Standing.of(desk, state)
    standing.contents, standing.suggestion
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from ambra_tui.floor.conversation import FlowState
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import putaway
from ambra_tui.services.receiving import Content
from ambra_tui.store.models import LicensePlate, Location, Variant
from ambra_tui.store.scope import fetch


class PutawayState(FlowState):
    """`plate_id`, or an item at `source_id`; `lot_id`, `serial` None: not told. `quantity` 0: all of it.
    `suggested_id`, `why`: the bin that was proposed. `chosen_id`: another bin, whose reason is asked."""

    plate_id: str = ""
    variant_id: str = ""
    source_id: str = ""
    lot_id: str | None = None
    serial: str | None = None
    quantity: Decimal = ZERO
    suggested_id: str = ""
    why: str = ""
    chosen_id: str = ""
    skipped: tuple[str, ...] = ()

    def at_what(self) -> PutawayState:
        """Nothing is carried; what was skipped is remembered."""
        return PutawayState(skipped=self.skipped)


@dataclass(frozen=True, slots=True)
class Standing:
    """The state beside what the store says about it."""

    state: PutawayState
    plate: LicensePlate | None
    contents: list[Content]
    suggested: Location | None
    chosen: Location | None

    @classmethod
    def of(cls, desk: Desk, state: PutawayState) -> Standing:
        """Reads what is carried and the bins in question."""
        session = desk.session
        plate = fetch(session, LicensePlate, state.plate_id, resource="license_plate") if state.plate_id else None
        return cls(
            state=state,
            plate=plate,
            contents=_contents(desk, state, plate),
            suggested=_location(desk, state.suggested_id),
            chosen=_location(desk, state.chosen_id),
        )

    @property
    def step(self) -> str:
        """what, lot, bin or reason."""
        state = self.state
        if not self.contents or not (state.plate_id or state.variant_id):
            return "what"
        if not state.plate_id and state.lot_id is None and len({content.lot_id for content in self.contents}) > 1:
            return "lot"
        return "reason" if state.chosen_id else "bin"

    @property
    def quantity(self) -> Decimal:
        """What is carried, over all contents."""
        return sum((content.quantity for content in self.contents), ZERO)

    @property
    def is_whole_plate(self) -> bool:
        """The plate goes with all that is on it."""
        state = self.state
        return bool(state.plate_id) and not (state.variant_id or state.lot_id or state.serial or state.quantity)

    def item(self, desk: Desk) -> str:
        """The SKU, or the first of several."""
        skus = sorted({fetch(desk.session, Variant, c.variant_id, resource="variant").sku for c in self.contents})
        return skus[0] if len(skus) == 1 else f"{skus[0]} +{len(skus) - 1}" if skus else ""


def _location(desk: Desk, location_id: str) -> Location | None:
    return fetch(desk.session, Location, location_id, resource="location") if location_id else None


def _contents(desk: Desk, state: PutawayState, plate: LicensePlate | None) -> list[Content]:
    if plate is not None:
        found = [c for c in putaway.contents_of_plate(desk.session, plate) if _waits(desk, c)]
    elif state.variant_id:
        found = putaway.loose_at(desk.session, state.source_id, variant_id=state.variant_id)
    else:
        return []
    wanted = [
        content
        for content in found
        if state.variant_id in ("", content.variant_id)
        and state.lot_id in (None, content.lot_id)
        and state.serial in (None, content.serial)
    ]
    if state.quantity and len(wanted) == 1:
        return [replace(wanted[0], quantity=min(state.quantity, wanted[0].quantity))]
    return wanted


def _waits(desk: Desk, content: Content) -> bool:
    """Still where it came in: nobody else has put it away."""
    place = fetch(desk.session, Location, content.location_id, resource="location")
    return place.kind in putaway.ORIGIN_KINDS
