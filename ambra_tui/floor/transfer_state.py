"""Where a transfer stands at a station: which one, what it still lacks, what is counted.

Example::

    standing = Standing.of(desk, state)
    standing.step, standing.lines
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel, ConfigDict
from sqlmodel import col

from ambra_tui.floor.bin_item import BinItem, ambiguous
from ambra_tui.floor.conversation import FlowState
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import transfers
from ambra_tui.services.putaway import STORAGE_KINDS
from ambra_tui.services.transfers import in_transit
from ambra_tui.store.models import (
    Discrepancy,
    Location,
    StockTransfer,
    StockTransferContent,
    StockTransferLine,
    Variant,
)
from ambra_tui.store.scope import fetch, organization_of, scoped

STATUS_OF = {"ship": "draft", "receive": "in_transit", "settle": "received"}


class Arriving(BaseModel):
    """What is counted of an arrival; `lot_id`, `serial` None: not told."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    variant_id: str
    lot_id: str | None = None
    serial: str | None = None
    quantity: Decimal = ZERO


class TransferState(FlowState):
    """`task`: ship, receive or settle. Shipping: the bin `location_id` and the `item` that is counted there. Receiving:
    `arriving`, which goes to the bin `location_id` (empty: where the site receives). `is_ending`: what is missing was
    shown, and whether that is all is asked. `loss_id`: the missing stock whose reason is asked."""

    transfer_id: str = ""
    task: str = ""
    location_id: str = ""
    item: BinItem | None = None
    arriving: Arriving | None = None
    is_ending: bool = False
    loss_id: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state beside what the store says about it. `transfer` None: none is chosen, or it has gone on without us."""

    state: TransferState
    transfer: StockTransfer | None
    lines: Sequence[StockTransferLine]
    contents: Sequence[StockTransferContent]
    step: str

    @classmethod
    def of(cls, desk: Desk, state: TransferState) -> Standing:
        """Reads the transfer as it is now."""
        key = (organization_of(desk.session), state.transfer_id)
        transfer = desk.session.get(StockTransfer, key, populate_existing=True) if state.transfer_id else None
        if transfer is None or transfer.status != STATUS_OF.get(state.task):
            return cls(state, None, (), (), "document")
        contents = transfers.contents_of(desk.session, transfer.id)
        return cls(
            state=state,
            transfer=transfer,
            lines=transfers.lines_of(desk.session, transfer.id),
            contents=contents,
            step=_step(desk, state, contents),
        )

    @property
    def document(self) -> str:
        """The transfer's number."""
        return self.transfer.number if self.transfer else ""

    def done(self, line: StockTransferLine) -> Decimal:
        """What of a line is loaded, or has come in."""
        return line.shipped if self.state.task == "ship" else line.received

    def wanted(self, line: StockTransferLine) -> Decimal:
        """What of a line is to be loaded, or to come in."""
        return line.quantity if self.state.task == "ship" else line.shipped

    @property
    def missing(self) -> Decimal:
        """What is still to be loaded, or to come in, over all lines."""
        return sum((self.wanted(line) - self.done(line) for line in self.lines), ZERO)

    def line_of(self, variant_id: str) -> StockTransferLine | None:
        """The line of a variant."""
        return next((line for line in self.lines if line.variant_id == variant_id), None)


def _step(desk: Desk, state: TransferState, contents: Sequence[StockTransferContent]) -> str:
    """document, bin, item, lot, serial, plate, quantity, ending or settle."""
    if state.task == "settle":
        return "settle" if find_loss(desk, state.loss_id) else "document"
    if state.is_ending:
        return "ending"
    if state.task == "receive":
        if state.arriving is None:
            return "item"
        return unclear(contents, state.arriving) or "quantity"
    if state.item is not None:
        return ambiguous(desk, state.item) or "quantity"
    return "item" if state.location_id else "bin"


def find_loss(desk: Desk, loss_id: str) -> Discrepancy | None:
    """The open discrepancy with this id."""
    found = desk.session.get(Discrepancy, (organization_of(desk.session), loss_id)) if loss_id else None
    return found if found is not None and found.status == "open" else None


def meant(contents: Sequence[StockTransferContent], arriving: Arriving) -> list[StockTransferContent]:
    """What of the transfer an arrival may mean."""
    return [
        row
        for row in contents
        if row.variant_id == arriving.variant_id
        and arriving.lot_id in (None, row.lot_id)
        and arriving.serial in (None, row.serial)
    ]


def unclear(contents: Sequence[StockTransferContent], arriving: Arriving) -> str:
    """What must still be told of an arrival: lot, serial, or nothing."""
    rows = [row for row in meant(contents, arriving) if in_transit(row) > ZERO] or meant(contents, arriving)
    if len({row.lot_id for row in rows}) > 1:
        return "lot"
    return "serial" if any(row.serial for row in rows) and len(rows) > 1 else ""


def coming(contents: Sequence[StockTransferContent], arriving: Arriving) -> Decimal:
    """How much of an arrival is in transit."""
    return sum((in_transit(row) for row in meant(contents, arriving)), ZERO)


def places_of(desk: Desk) -> list[Location]:
    """Where this site may put what arrives: docks and bins that are not on hold. Two are enough to know."""
    statement = scoped(desk.session, Location).where(
        Location.site_id == desk.site.id,
        Location.status == "active",
        Location.usage == "internal",
        col(Location.is_held).is_(False),
        col(Location.kind).in_(("dock", *STORAGE_KINDS)),
    )
    return list(desk.session.exec(statement.limit(2)).all())


def sku_of(desk: Desk, variant_id: str | None) -> str:
    """The SKU of a variant."""
    return fetch(desk.session, Variant, variant_id or "", resource="variant").sku
