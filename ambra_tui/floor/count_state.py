"""Where a count stands on the floor: which bin, which item; for supervisors what is planned, decided or completed.

What the book expects is never part of it: tallies and expectations are rows of the store.

Example::

    standing = Standing.of(desk, state)
    standing.step      # 'item'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal

from ambra_tui.floor.conversation import FlowState
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import claims, count_plans, counts
from ambra_tui.store.models import CycleCount, CycleCountBin, CycleCountLine, Location, Lot, Variant
from ambra_tui.store.scope import fetch

Step = Literal[
    "bin", "item", "rest", "take_over", "plan", "plan_bins", "plan_aisle", "complete", "uncounted", "approve"
]
SHOWN_BINS = 30


class CountState(FlowState):
    """`bin_id`: the bin that is counted. `variant_id`, `lot_id`: the item that is counted; `pending`: so many wait
    for its lot. `plate_id`: the plate whose items are counted; `plates`: all that were counted by themselves.
    `is_visit`: begun at one bin from other work, to which it returns. `planned`: bins of a count that is being planned.
    `count_id`, `line_id`: what a supervisor completes or decides. `skipped`: bins left for later."""

    step: Step = "bin"
    bin_id: str = ""
    variant_id: str = ""
    lot_id: str = ""
    pending: Decimal = ZERO
    plate_id: str = ""
    plates: tuple[str, ...] = ()
    is_visit: bool = False
    planned: tuple[str, ...] = ()
    count_id: str = ""
    line_id: str = ""
    skipped: tuple[str, ...] = ()

    def at_bins(self) -> CountState:
        """Choosing a bin; what was skipped is remembered."""
        return CountState(skipped=self.skipped)

    def at_items(self) -> CountState:
        """In the bin, no item begun."""
        return CountState(step="item", bin_id=self.bin_id, plates=self.plates, is_visit=self.is_visit,
                          skipped=self.skipped)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """A bin that may be counted: of a count in progress, or one that a doubt asked for (`bin` None)."""

    location: Location
    bin: CycleCountBin | None

    @property
    def is_recount(self) -> bool:
        """Somebody counted it already."""
        return self.bin is not None and self.bin.state == "recount"


@dataclass(frozen=True)
class Standing:
    """The state beside what the store says about it; read when first asked for."""

    desk: Desk
    state: CountState

    @classmethod
    def of(cls, desk: Desk, state: CountState) -> Standing:
        """The state at this desk."""
        return cls(desk, state)

    @property
    def step(self) -> str:
        """What is asked: the state's step; within a bin also lot and serial."""
        state, variant = self.state, self.variant
        if state.step != "item" or variant is None:
            return state.step
        if variant.is_serial_tracked:
            return "serial"
        return "lot" if variant.is_lot_tracked and not state.lot_id else "item"

    @cached_property
    def count_bin(self) -> CycleCountBin | None:
        """The bin that is counted."""
        key = self.state.bin_id
        return fetch(self.desk.session, CycleCountBin, key, resource="bin") if key else None

    @cached_property
    def count(self) -> CycleCount | None:
        """The count of the bin, or the one that is completed."""
        key = self.count_bin.cycle_count_id if self.count_bin else self.state.count_id
        return counts.get_count(self.desk.session, key) if key else None

    @cached_property
    def location(self) -> Location | None:
        """Where the bin is."""
        row = self.count_bin
        return fetch(self.desk.session, Location, row.location_id, resource="location") if row else None

    @property
    def variant(self) -> Variant | None:
        """The item that is counted."""
        key = self.state.variant_id
        return fetch(self.desk.session, Variant, key, resource="variant") if key else None

    @property
    def is_lost(self) -> bool:
        """The bin is no longer this worker's to count: the count is over, the bin was taken over or taken back."""
        row, count = self.count_bin, self.count
        if row is None:
            return False
        if count is None or count.status != "in_progress" or row.state not in ("open", "recount"):
            return True
        holder = claims.holders(self.desk.session, counts.CLAIM, [row.id]).get(row.id)
        return holder is None or holder.id != self.desk.user.id

    @cached_property
    def tallied(self) -> list[CycleCountLine]:
        """What is counted so far in the bin."""
        return counts.tallied(self.desk.session, self.count_bin) if self.count_bin else []

    @cached_property
    def again(self) -> list[CycleCountLine]:
        """Lines of the bin that this worker is to count again."""
        row = self.count_bin
        if row is None or row.state != "recount":
            return []
        lines = counts.lines_of(self.desk.session, row.cycle_count_id, location_id=row.location_id)
        return [line for line in lines if line.state == "recount" and line.counted_by != self.desk.user.id]

    @cached_property
    def approvals(self) -> list[CycleCountLine]:
        """Lines of the site that wait for a supervisor."""
        return counts.waiting_lines(self.desk.session, self.desk.site.id)

    @cached_property
    def open_counts(self) -> list[CycleCount]:
        """Counts in progress at the site."""
        return counts.open_counts(self.desk.session, self.desk.site.id)

    @cached_property
    def waiting(self) -> list[Waiting]:
        """Bins that this worker may count now, those that were skipped last."""
        found = waiting_bins(self.desk)
        return sorted(found, key=lambda row: row.location.id in self.state.skipped)

    @property
    def is_supervisor(self) -> bool:
        """The worker plans, decides and completes."""
        return self.desk.user.role in SUPERVISORS


def waiting_bins(desk: Desk) -> list[Waiting]:
    """Bins of the site that the worker may count: nobody else is at them, and recounts are not their own counts."""
    session = desk.session
    bins = counts.open_bins(session, desk.site.id)
    held = claims.holders(session, counts.CLAIM, [row.id for row in bins])
    own = _own_counts(desk, [row for row in bins if row.state == "recount"])
    free = [row for row in bins if row.id not in own and (row.id not in held or held[row.id].id == desk.user.id)]
    listed = {row.location_id for row in bins}
    waiting = [Waiting(fetch(session, Location, row.location_id, resource="location"), row) for row in free]
    doubts = [place for place in count_plans.doubtful_bins(session, desk.site.id) if place.id not in listed]
    decided = {row.location_id for row in counts.open_bins(session, desk.site.id, states=("approval", "done"))}
    return [*waiting, *(Waiting(place, None) for place in doubts if place.id not in decided)][:SHOWN_BINS]


def _own_counts(desk: Desk, bins: Sequence[CycleCountBin]) -> set[str]:
    """Those of `bins` whose every line in doubt the worker counted."""
    own: set[str] = set()
    for row in bins:
        lines = counts.lines_of(desk.session, row.cycle_count_id, location_id=row.location_id)
        if all(line.counted_by == desk.user.id for line in lines if line.state == "recount"):
            own.add(row.id)
    return own


def item_words(desk: Desk, variant_id: str, lot_id: str = "", serial: str = "") -> str:
    """SKU with lot or serial."""
    sku = fetch(desk.session, Variant, variant_id, resource="variant").sku
    lot = fetch(desk.session, Lot, lot_id, resource="lot").lot_number if lot_id else ""
    return " ".join(part for part in (sku, lot, serial) if part)


def is_blind(desk: Desk) -> bool:
    """The worker is an operator in the middle of a bin's count: what the book says of stock is not for them now."""
    if desk.user.role in SUPERVISORS:
        return False
    return any(frame["flow"] == "count" and frame["state"].get("bin_id") for frame in desk.work.frames)
