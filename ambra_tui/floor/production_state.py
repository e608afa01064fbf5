"""Where a worker stands in making a batch, and what that means now: the ingredient, the bin and lot to take it from.

Example::

    standing = Standing.of(desk, state)
    standing.step, standing.source          # ('bin', Source(...))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from ambra_tui.floor.bin_item import BinItem, ambiguous
from ambra_tui.floor.conversation import Entry, FlowState
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import Source
from ambra_tui.services import production
from ambra_tui.services.modules import MANUFACTURING
from ambra_tui.store.models import Location, Lot, ProductionBatch, ProductionInput, Variant
from ambra_tui.store.scope import fetch

DOUBLE_READ = timedelta(milliseconds=500)
Asks = Literal["", "over", "reason", "new_lot", "expiry"]
TAKING = frozenset({"bin", "item", "short"})
IDENTIFYING = frozenset({"lot", "serial", "plate"})
WORKING = TAKING | IDENTIFYING | {"over", "more", "waste_quantity", "reason", "made", "new_lot", "expiry", "place"}
DIALOGS = frozenset({"over", "reason"})
_OVER = {"planned": "start", "completed": "done", "cancelled": "gone"}


class ProduceState(FlowState):
    """`input_id`: the ingredient that was chosen; `skipped`: ingredients for later; `missing`: bins that hold none of
    theirs, whatever the book says. `location_id`: the bin that was scanned; `item`: what was scanned there; `quantity`:
    what was typed, 0: all that is due. `is_waste`: what is taken is thrown away. `asks`: a question that is open.
    `is_finishing`: nothing more is taken; `made`, `lot_number`, `expiry`, `plate`: of the output. `is_done`: the batch
    is complete, and the worker knows. `last_code`, `last_at`: the label that took all that was due, and when."""

    batch_id: str = ""
    input_id: str = ""
    skipped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    location_id: str = ""
    item: BinItem | None = None
    quantity: Decimal = ZERO
    is_waste: bool = False
    asks: Asks = ""
    is_finishing: bool = False
    made: Decimal = ZERO
    lot_number: str = ""
    expiry: date | None = None
    plate: str = ""
    is_done: bool = False
    last_code: str = ""
    last_at: datetime | None = None

    def at_bin(self) -> ProduceState:
        """Before the bin of the next ingredient."""
        return ProduceState(
            batch_id=self.batch_id,
            skipped=self.skipped,
            missing=self.missing,
            last_code=self.last_code,
            last_at=self.last_at,
        )

    def is_read_twice(self, entry: Entry, now: datetime) -> bool:
        """The trigger was held too long: the label that has just taken what was due is read once more."""
        is_same = entry.kind == "code" and entry.how == "scan" and entry.text == self.last_code
        return is_same and self.last_at is not None and now - self.last_at <= DOUBLE_READ

    def at_item(self) -> ProduceState:
        """At the bin, before its item."""
        return self.model_copy(update={"item": None, "quantity": ZERO, "asks": ""})


@dataclass(frozen=True, slots=True)
class Standing:
    """The batch, its ingredients, the one that is due (None: all went in), and what to take it from, best first."""

    desk: Desk
    state: ProduceState
    batch: ProductionBatch
    inputs: Sequence[ProductionInput]
    row: ProductionInput | None
    sources: Sequence[Source]

    @classmethod
    def of(cls, desk: Desk, state: ProduceState) -> Standing:
        """Reads the batch anew."""
        batch = production.get_batch(desk.session, state.batch_id)
        inputs = production.inputs_of(desk.session, batch.id)
        row = _due(state, inputs) if batch.status == "in_progress" else None
        sources = _sources(desk, state, batch, row) if row is not None and not state.is_finishing else []
        return cls(desk, state, batch, inputs, row, sources)

    @property
    def source(self) -> Source | None:
        """Where the ingredient is taken from next."""
        return self.sources[0] if self.sources else None

    @property
    def product(self) -> Variant:
        """What the batch makes."""
        return fetch(self.desk.session, Variant, self.batch.output_variant_id, resource="variant")

    @property
    def ingredient(self) -> Variant:
        """What is due."""
        assert self.row is not None
        return fetch(self.desk.session, Variant, self.row.variant_id, resource="variant")

    @property
    def location(self) -> Location | None:
        """The bin that was scanned."""
        key = self.state.location_id
        return fetch(self.desk.session, Location, key, resource="location") if key else None

    @property
    def rest(self) -> Decimal:
        """What of the ingredient is still due."""
        return production.rest_of(self.row) if self.row is not None else ZERO

    @property
    def directed(self) -> Decimal:
        """How much the first source is asked for."""
        return min(self.rest, self.source.quantity) if self.source is not None else ZERO

    @property
    def is_all_taken(self) -> bool:
        """Nothing is due any more."""
        return all(production.rest_of(row) == ZERO for row in self.inputs)

    @property
    def lot_number(self) -> str:
        """The lot of the output: what was told, else what is proposed; empty where the product has no lots."""
        if not production.makes_lot(self.desk.session, self.batch):
            return ""
        return self.state.lot_number or production.proposed_lot_number(self.desk.session, self.batch) or ""

    @property
    def expiry(self) -> date | None:
        """The expiry of the output: what was told, else what its shelf life gives."""
        return self.state.expiry or production.proposed_expiry(self.desk.session, self.batch)

    @property
    def needs_expiry(self) -> bool:
        """Nobody has told the expiry of a product that has one."""
        return self.product.is_expiry_tracked and bool(self.lot_number) and self.expiry is None

    @property
    def step(self) -> str:
        """The step's name."""
        if MANUFACTURING not in self.desk.modules:
            return "off"
        if self.batch.status != "in_progress":
            return _OVER[self.batch.status]
        if self.state.is_finishing or (self.row is None and not self.state.is_waste):
            return self._finishing_step()
        return self._taking_step()

    def _finishing_step(self) -> str:
        if self.state.made == ZERO:
            return "made"
        if self.state.asks in ("new_lot", "expiry"):
            return self.state.asks
        if production.makes_lot(self.desk.session, self.batch) and not self.lot_number:
            return "new_lot"
        return "expiry" if self.needs_expiry else "place"

    def _taking_step(self) -> str:
        state = self.state
        if state.asks in DIALOGS and state.item is not None:
            return state.asks
        if state.item is not None:
            return ambiguous(self.desk, state.item) or ("waste_quantity" if state.is_waste else "more")
        if state.location_id:
            return "item"
        return "bin" if self.source is not None or state.is_waste else "short"


def _due(state: ProduceState, inputs: Sequence[ProductionInput]) -> ProductionInput | None:
    """The chosen ingredient, else the first that is due and not for later, else one that was for later."""
    chosen = next((row for row in inputs if row.id == state.input_id), None)
    if chosen is not None and (production.rest_of(chosen) or state.item or state.location_id or state.is_waste):
        return chosen
    due = [row for row in inputs if production.rest_of(row)]
    first = next((row for row in due if row.id not in state.skipped), None)
    return first or next(iter(due), None)


def _sources(desk: Desk, state: ProduceState, batch: ProductionBatch, row: ProductionInput) -> list[Source]:
    found = production.sources_of(desk.session, batch, row)
    return [source for source in found if source.location.id not in state.missing]


def lot_of(desk: Desk, source: Source) -> Lot | None:
    """The lot of a source, None without one."""
    return fetch(desk.session, Lot, source.level.lot_id, resource="lot") if source.level.lot_id else None


def input_of(standing: Standing, variant_id: str) -> ProductionInput | None:
    """The batch's ingredient of this item."""
    return next((row for row in standing.inputs if row.variant_id == variant_id), None)
