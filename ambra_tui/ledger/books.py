"""The ledger's rules, pure: postings applied in order to rows that are held under lock.

Nothing here touches a database. A gateway loads the rows that a batch needs (locked in key order), `apply` decides each
posting on them and the gateway writes back what changed, on the condition that each row is still as it was read. All
quantities here are scaled integers.

Example::

    move = apply(books, posting, stamp)     # raises Short, and then has changed nothing
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.quantity import to_scaled
from ambra_tui.ledger.posting import Guard, Posting
from ambra_tui.ledger.status import fall
from ambra_tui.store.models import MoveKind

LevelKey = tuple[str, str, str, str, str]  # variant, location, lot, serial, plate
TotalKey = tuple[str, str]  # variant, site
HELD_LOT_STATES = frozenset({"quarantine", "recalled"})
INITIAL_KINDS = frozenset({MoveKind.PURCHASE_RECEIVED, MoveKind.PRODUCTION_OUTPUT, MoveKind.OPENING_BALANCE})
INITIAL_USAGES = frozenset({"supplier", "production"})  # what is taken back to there had not come in


@dataclass(slots=True)
class Place:
    """A location's facts that a posting needs. `site_id` empty: outside every site."""

    site_id: str
    usage: str
    is_held: bool
    code: str

    @property
    def keeps_levels(self) -> bool:
        return self.usage in ("internal", "transit")


@dataclass(slots=True)
class Level:
    """`before`: on_hand and allocated as read; None: the row does not exist yet."""

    on_hand: int = 0
    allocated: int = 0
    before: tuple[int, int] | None = None


@dataclass(slots=True)
class Total:
    """`before`: on_hand, reserved, held as read; None: the row does not exist yet. `reorder_point`, `safety_stock`: as
    mirrored from the policy."""

    on_hand: int = 0
    reserved: int = 0
    held: int = 0
    average_cost: int | None = None
    before: tuple[int, int, int] | None = None
    reorder_point: int = 0
    safety_stock: int = 0

    @property
    def fall(self) -> tuple[str, str] | None:
        """The status before and after, when it got worse."""
        if self.before is None:
            return None
        return fall(
            self.before[0] - self.before[1] - self.before[2],
            self.on_hand - self.reserved - self.held,
            reorder_point=self.reorder_point,
            safety_stock=self.safety_stock,
        )


@dataclass(slots=True)
class LotRow:
    """`initial_gain`: what the batch adds to the lot's initial quantity."""

    status: str
    initial_gain: int = 0
    may_be_exhausted: bool = False
    came_back: bool = False

    @property
    def is_held(self) -> bool:
        return self.status in HELD_LOT_STATES


@dataclass(slots=True)
class Books:
    """The rows that a batch works on."""

    places: dict[str, Place] = field(default_factory=dict)
    levels: dict[LevelKey, Level] = field(default_factory=dict)
    totals: dict[TotalKey, Total] = field(default_factory=dict)
    lots: dict[str, LotRow] = field(default_factory=dict)
    overdrawn: list[TotalKey] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Move:
    """A decided move: what is written to `stock_move` beside the posting's own words."""

    posting: Posting
    id: str
    quantity: int
    source_site_id: str
    destination_site_id: str
    source_balance: int | None
    destination_balance: int | None
    unit_cost: int | None


class Short(Exception):
    """The source holds `available` (scaled), less than asked. `location_code` empty: the site as a whole."""

    def __init__(self, available: int, location_code: str) -> None:
        super().__init__(available, location_code)
        self.available = max(available, 0)
        self.location_code = location_code


def source_key(posting: Posting) -> LevelKey:
    """The level that a posting leaves."""
    return (posting.variant_id, posting.source_id, posting.lot_id, posting.serial, posting.plate_id)


def destination_key(posting: Posting) -> LevelKey:
    """The level that a posting joins."""
    return (posting.variant_id, posting.destination_id, posting.lot_id, posting.serial, posting.destination_plate_id)


def apply(books: Books, posting: Posting, move_id: str) -> Move:
    """Decides one posting and changes `books`. Raises Short, Invalid or NotFound and then has changed nothing."""
    quantity, reserved, allocated = _amounts(posting)
    source = _place(books, posting.source_id)
    destination = _place(books, posting.destination_id)
    leaves_site = source.site_id != destination.site_id
    lot_is_held = bool(posting.lot_id) and _lot(books, posting.lot_id).is_held
    source_held = quantity if source.is_held or lot_is_held else 0
    destination_held = quantity if destination.is_held or lot_is_held else 0

    level_out = books.levels[source_key(posting)] if source.keeps_levels else None
    if level_out is not None:
        _check_level(posting, level_out, source, quantity, allocated)
    total_out = books.totals[posting.variant_id, source.site_id] if source.site_id else None
    total_in = books.totals[posting.variant_id, destination.site_id] if destination.site_id else None
    if total_out is not None and leaves_site:
        _check_total(posting, total_out, quantity, reserved, source_held)

    unit_cost = posting.unit_cost
    if unit_cost is None and total_out is not None:
        unit_cost = total_out.average_cost
    if level_out is not None:
        level_out.on_hand -= quantity
        level_out.allocated -= allocated
        if posting.lot_id and level_out.on_hand == 0:
            books.lots[posting.lot_id].may_be_exhausted = True
    if total_out is not None:
        _leave(posting, total_out, quantity if leaves_site else 0, reserved, source_held)
    if destination.keeps_levels:
        level_in = books.levels[destination_key(posting)]
        level_in.on_hand += quantity
        level_in.allocated += allocated if posting.carries_allocation else 0
    if total_in is not None:
        if leaves_site:
            total_in.average_cost = _average(total_in, quantity, unit_cost)
            total_in.on_hand += quantity
        total_in.held += destination_held
    if total_out is not None and total_out.on_hand - total_out.reserved - total_out.held < 0:
        books.overdrawn.append((posting.variant_id, source.site_id))
    if posting.lot_id and destination.keeps_levels:
        books.lots[posting.lot_id].came_back = True
        if posting.kind in INITIAL_KINDS:
            books.lots[posting.lot_id].initial_gain += quantity
    if posting.lot_id and posting.kind is MoveKind.REVERSAL and destination.usage in INITIAL_USAGES:
        books.lots[posting.lot_id].initial_gain -= quantity
    return Move(
        posting=posting,
        id=move_id,
        quantity=quantity,
        source_site_id=source.site_id,
        destination_site_id=destination.site_id,
        source_balance=None if total_out is None else total_out.on_hand,
        destination_balance=None if total_in is None else total_in.on_hand,
        unit_cost=unit_cost,
    )


def _amounts(posting: Posting) -> tuple[int, int, int]:
    try:
        amounts = (
            to_scaled(posting.quantity),
            to_scaled(posting.reserved) if posting.reserved else 0,
            to_scaled(posting.allocated) if posting.allocated else 0,
        )
    except ValueError as error:
        raise Invalid(str(error), field="quantity") from error
    quantity, reserved, allocated = amounts
    if quantity <= 0:
        raise Invalid("the quantity must be more than 0", field="quantity")
    if posting.serial and posting.quantity != 1:
        raise Invalid("a serial number is one unit", field="quantity")
    if not (0 <= reserved <= quantity and 0 <= allocated <= quantity):
        raise Invalid("a posting cannot consume more than it moves", field="quantity")
    if source_key(posting) == destination_key(posting):
        raise Invalid("source and destination are the same", field="destination")
    return amounts


def _place(books: Books, location_id: str) -> Place:
    place = books.places.get(location_id)
    if place is None:
        raise NotFound("location", location_id)
    return place


def _lot(books: Books, lot_id: str) -> LotRow:
    lot = books.lots.get(lot_id)
    if lot is None:
        raise NotFound("lot", lot_id)
    return lot


def _check_level(posting: Posting, level: Level, place: Place, quantity: int, allocated: int) -> None:
    if level.on_hand < quantity or level.allocated < allocated:
        raise Short(level.on_hand, place.code)
    if posting.guard is Guard.PHYSICAL or allocated == quantity:
        return
    if level.on_hand - level.allocated < quantity - allocated:
        raise Short(level.on_hand - level.allocated + allocated, place.code)


def _check_total(posting: Posting, total: Total, quantity: int, reserved: int, held: int) -> None:
    available = total.on_hand - total.reserved - total.held
    if total.on_hand < quantity or total.reserved < reserved:
        raise Short(total.on_hand, "")
    if posting.guard is not Guard.AVAILABLE:
        return
    if held or (reserved < quantity and available < quantity - reserved):
        raise Short(0 if held else available + reserved, "")


def _leave(posting: Posting, total: Total, gone: int, reserved: int, held: int) -> None:
    if posting.kind is MoveKind.REVERSAL and gone and posting.unit_cost is not None:
        total.average_cost = _average(total, -gone, posting.unit_cost)
    total.on_hand -= gone
    total.reserved -= reserved
    total.held -= held


def _average(total: Total, gained: int, unit_cost: int | None) -> int | None:
    """The moving average after `gained` scaled units at `unit_cost` (rounded half up); unknown costs change nothing."""
    if unit_cost is None:
        return total.average_cost
    if total.average_cost is None or total.on_hand <= 0:
        return unit_cost
    after = total.on_hand + gained
    if after <= 0:
        return total.average_cost
    value = total.on_hand * total.average_cost + gained * unit_cost
    return max((2 * value + after) // (2 * after), 0)
