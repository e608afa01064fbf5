"""Where a receipt stands: the order, what is being counted, what was posted last.

Example::

    standing = Standing.of(desk, state)
    standing.step, standing.counter      # ('bin', '1000/1000')
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ambra_tui.floor.conversation import FlowState
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import How, Scan
from ambra_tui.services import purchasing
from ambra_tui.services.purchasing import maximum_more, outstanding
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine, Variant
from ambra_tui.store.scope import fetch

Question = Literal["", "close", "pin", "learn"]


class Wanted(BaseModel):
    """An entry that was refused with `code`, which a supervisor may allow."""

    model_config = ConfigDict(frozen=True)

    code: str
    text: str
    how: How
    scan: Scan


class Deposit(BaseModel):
    """Stock that was posted without its bin being scanned: the next bin scan confirms it or moves it there."""

    model_config = ConfigDict(frozen=True)

    variant_id: str
    location_id: str
    quantity: Decimal
    lot_id: str = ""
    serial: str = ""
    plate_id: str = ""
    move_ids: tuple[str, ...] = ()


class Pallet(BaseModel):
    """What the plate that was posted last carries: the next new plate is taken for the same, unless it is mixed."""

    model_config = ConfigDict(frozen=True)

    code: str
    variant_id: str
    location_id: str
    quantity: Decimal
    lot_number: str = ""
    expiry: date | None = None
    best_before: date | None = None
    production_date: date | None = None
    is_mixed: bool = False


class ReceiveState(FlowState):
    """`quantity`: counted and not posted yet; `label_quantity`: the part of it that a unit's own label counted.
    `is_label_count`: a label told how many, so its bin is asked for. `is_short_allowed`, `is_over_allowed`: what a
    supervisor allowed for the item that is being counted."""

    order_id: str = ""
    is_blind: bool = False
    plate: str = ""
    variant_id: str = ""
    lot_number: str = ""
    expiry: date | None = None
    best_before: date | None = None
    production_date: date | None = None
    quantity: Decimal = ZERO
    label_quantity: Decimal = ZERO
    is_label_count: bool = False
    is_damaged: bool = False
    is_over_allowed: bool = False
    is_short_allowed: bool = False
    deposits: tuple[Deposit, ...] = ()
    pallet: Pallet | None = None
    is_copied: bool = False
    question: Question = ""
    wanted: Wanted | None = None
    supervisor_id: str = ""
    learned_code: str = ""

    @property
    def is_open(self) -> bool:
        """An order is chosen, or none is wanted."""
        return bool(self.order_id) or self.is_blind

    @property
    def plate_to_print(self) -> str:
        """The plate that is being loaded, else the one that was posted last."""
        return self.plate or (self.pallet.code if self.pallet else "")

    def without_item(self) -> ReceiveState:
        """Nothing is being counted."""
        return ReceiveState(
            order_id=self.order_id, is_blind=self.is_blind, pallet=self.pallet, is_damaged=self.is_damaged
        )


@dataclass(frozen=True)
class Standing:
    """The state beside what the store says about it; lines are read when they are first asked for."""

    desk: Desk
    state: ReceiveState
    order: PurchaseOrder | None
    variant: Variant | None

    @classmethod
    def of(cls, desk: Desk, state: ReceiveState) -> Standing:
        """Reads the order and the item that is being counted."""
        order = purchasing.get_purchase_order(desk.session, state.order_id) if state.order_id else None
        variant = fetch(desk.session, Variant, state.variant_id, resource="variant") if state.variant_id else None
        return cls(desk, state, order, variant)

    @cached_property
    def lines(self) -> list[PurchaseOrderLine]:
        """All lines of the order."""
        order = self.order
        if order is None:
            return []
        return self.desk.once(f"lines:{order.id}", lambda: purchasing.lines_of(self.desk.session, order.id))

    @cached_property
    def item_lines(self) -> list[PurchaseOrderLine]:
        """The lines that ask for the item."""
        return self.lines_of(self.state.variant_id)

    def lines_of(self, variant_id: str) -> list[PurchaseOrderLine]:
        """The lines that ask for a variant."""
        return [line for line in self.lines if line.variant_id == variant_id] if variant_id else []

    @property
    def step(self) -> str:
        """What is asked next: order, item, serial, lot, expiry, bin, or a question's name."""
        state, variant = self.state, self.variant
        if state.question:
            return state.question
        if not state.is_open:
            return "order"
        if variant is None:
            return "item"
        if variant.is_lot_tracked and not state.lot_number:
            return "lot"
        if variant.is_expiry_tracked and state.expiry is None:
            return "expiry"
        if variant.is_serial_tracked:
            return "serial"
        return "bin" if state.quantity else "item"

    @property
    def takes_number(self) -> bool:
        """A typed number is the quantity of the item."""
        return self.variant is not None and self.step in ("bin", "item")

    @property
    def document(self) -> str:
        """The order's number, or a dash."""
        return self.order.number if self.order else "-"

    @property
    def is_expected(self) -> bool:
        """The order asks for the item."""
        return bool(self.item_lines)

    @property
    def ordered(self) -> Decimal:
        return sum((line.quantity for line in self.item_lines), ZERO)

    @property
    def received(self) -> Decimal:
        return sum((line.received for line in self.item_lines), ZERO)

    @property
    def open_quantity(self) -> Decimal:
        """What of the item has not come yet."""
        return sum((outstanding(line) for line in self.item_lines), ZERO)

    @property
    def most(self) -> Decimal:
        """How much more of the item may come, tolerance included."""
        return sum((maximum_more(self.desk.session, line) for line in self.item_lines), ZERO)

    @property
    def is_all_received(self) -> bool:
        """Nothing of the order is missing, or nothing more is to come."""
        return self.order is not None and self.order.status == "received"

    @property
    def counter(self) -> str:
        """Received and counted, of what was ordered: ``3/3``; without an order only what is counted."""
        so_far = self.received + self.state.quantity
        return f"{show(so_far)}/{show(self.ordered)}" if self.is_expected else show(self.state.quantity)
