"""An order leaves the site: what was picked for it first, then what is assigned to it, then what is free.

Example::

    shipped = fulfill(session, order)
    take_back(session, order, shipped.parts, idempotency_key="step-9")     # its moves have been reversed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, NotFound, Shortage
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import MoveKind, Posted, Posting, Source
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import told_moment
from ambra_tui.services.orders.assigned import ONE, Ratios, assigned, ratios_of
from ambra_tui.services.orders.documents import leave_floor, let_go, lines_of, lock_order
from ambra_tui.services.orders.terms import (
    CARRIED_KINDS,
    DOCUMENT,
    NOTHING,
    OPEN_STATES,
    HeldStock,
    Told,
    changed,
    fulfilment_of,
    tell_shops,
    wrong_state,
)
from ambra_tui.store.models import Allocation, SalesOrder, SalesOrderLine, Variant
from ambra_tui.store.scope import fetch

_Assigned = tuple[Allocation, Any, Any]


@dataclass(frozen=True, slots=True)
class FulfillLine:
    """How much of a line leaves now, in units of its own variant. `variant_id`, `lot_id`, `serial`: which of what is
    assigned to it leaves first."""

    line_id: str
    quantity: Decimal
    variant_id: str = ""
    lot_id: str = ""
    serial: str = ""

    def means(self, allocation: Allocation) -> bool:
        """True for what the line names; it names something."""
        named = (self.variant_id, self.lot_id, self.serial)
        held = (allocation.variant_id, allocation.lot_id, allocation.serial)
        return any(named) and all(not wanted or wanted == found for wanted, found in zip(named, held, strict=True))


@dataclass(frozen=True, slots=True)
class Part:
    """`quantity` of one level for a line; `units` of the line it stands for; `reserved`: how much of it was promised;
    `is_assigned`: it was assigned to the order."""

    line_id: str
    variant_id: str
    location_id: str
    lot_id: str
    serial: str
    plate_id: str
    quantity: Decimal
    units: Decimal
    reserved: Decimal = ZERO
    is_assigned: bool = False

    def as_texts(self) -> dict[str, Any]:
        """The part as JSON values."""
        return {name: show(value) if isinstance(value, Decimal) else value for name, value in asdict(self).items()}

    @classmethod
    def from_texts(cls, texts: Mapping[str, Any]) -> Part:
        """What `as_texts` wrote."""
        numbers = {name: Decimal(texts[name]) for name in ("quantity", "units", "reserved")}
        return cls(**{**texts, **numbers})


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """What left. `status`: the order's state before."""

    order: SalesOrder
    status: str
    posted: list[Posted]
    parts: list[Part]


def fulfill_order(
    session: Session,
    order: SalesOrder,
    lines: Sequence[FulfillLine] | None = None,
    *,
    occurred_at: datetime | None = None,
) -> SalesOrder:
    """`fulfill`, for callers that want the order alone."""
    return fulfill(session, order, lines, occurred_at=occurred_at).order


def fulfill(
    session: Session,
    order: SalesOrder,
    lines: Sequence[FulfillLine] | None = None,
    *,
    occurred_at: datetime | None = None,
    told: Told = NOTHING,
) -> Fulfilled:
    """Lets the order (or the quantities of `lines`) leave the site: what was picked or staged for it first, then what
    is assigned to it in bins, then pick bins and reserve bins by expiry. `occurred_at`: when it left, if not now.
    `told`: what somebody says of it.

    Raises WrongState, Invalid for more than is open, InsufficientStock listing every short line, HeldStock.
    """
    order = lock_order(session, order.id)
    if order.status not in OPEN_STATES:
        raise wrong_state(order, "fulfill")
    ledger.refuse_read_only(session, order.site_id)
    before, rows = order.status, lines_of(session, order.id)
    asked = _asked(order, rows, lines)
    moment = told_moment(session, occurred_at)
    parts = _parts(session, order, [(row, asked[row.id]) for row in rows if row.id in asked], lines or ())
    parts = _promised_parts(session, order, parts)
    try:
        posted = ledger.post(session, [_posting(order, part, moment) for part in parts])
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error
    for row in rows:
        if row.id in asked:
            row.fulfilled += asked[row.id]
            row.backordered = min(row.backordered, row.quantity - row.fulfilled)
            session.add(row)
    is_complete = all(row.fulfilled >= row.quantity for row in rows)
    if is_complete:
        let_go(session, order)
        leave_floor(session, order.id)
        order.status = "shipped"
    order.fulfillment_status = fulfilment_of(rows)
    fact = "order_fulfilled" if is_complete else "order_partly_fulfilled"
    changed(session, order, fact, before=before, told=told, complete=is_complete)
    if not is_complete:
        tell_shops(session, order)
    return Fulfilled(order, before, posted, parts)


def take_back(session: Session, order: SalesOrder, parts: Sequence[Part], *, status: str) -> None:
    """The order's side of a shipment whose moves were reversed: promised, assigned and open again as before.

    Raises WrongState for an order that was cancelled or delivered meanwhile, InsufficientStock when what came back is
    promised to others by now.
    """
    order = lock_order(session, order.id)
    if order.status not in (*OPEN_STATES, "shipped"):
        raise wrong_state(order, "undo")
    wanted = [ledger.ReserveLine(part.line_id, part.variant_id, part.reserved) for part in parts if part.reserved]
    if wanted:
        ledger.reserve(session, site_id=order.site_id, document_kind=DOCUMENT, document_id=order.id, lines=wanted)
    rows = {row.id: row for row in lines_of(session, order.id)}
    for part in parts:
        if part.is_assigned:
            ledger.allocate(
                session,
                location_id=part.location_id,
                variant_id=part.variant_id,
                quantity=part.quantity,
                document_kind=DOCUMENT,
                document_id=order.id,
                line_id=part.line_id,
                lot_id=part.lot_id,
                serial=part.serial,
                plate_id=part.plate_id,
            )
        rows[part.line_id].fulfilled -= part.units
        session.add(rows[part.line_id])
    before, order.status = order.status, status
    order.fulfillment_status = fulfilment_of(list(rows.values()))
    changed(session, order, "order_returned_to_stock", before=before)
    if order.status == before:
        tell_shops(session, order)


def _asked(
    order: SalesOrder, rows: Sequence[SalesOrderLine], lines: Sequence[FulfillLine] | None
) -> dict[str, Decimal]:
    still_open = {row.id: row.quantity - row.fulfilled for row in rows}
    if lines is None:
        return {line_id: quantity for line_id, quantity in still_open.items() if quantity > 0}
    asked: dict[str, Decimal] = {}
    for position, line in enumerate(lines):
        if line.line_id not in still_open:
            raise NotFound("order_item", line.line_id)
        quantity = positive_quantity(line.quantity, field=f"items[{position}].quantity")
        asked[line.line_id] = asked.get(line.line_id, ZERO) + quantity
        if asked[line.line_id] > still_open[line.line_id]:
            raise Invalid(
                f"{show(still_open[line.line_id])} are open on this item of {order.number}",
                field=f"items[{position}].quantity",
            )
    if not asked:
        raise Invalid("name at least one item", field="items")
    return asked


# -- which levels it leaves from -------------------------------------------------------------------------------------


def _parts(
    session: Session,
    order: SalesOrder,
    asked: Sequence[tuple[SalesOrderLine, Decimal]],
    named: Sequence[FulfillLine],
) -> list[Part]:
    used: dict[tuple[str, ...], Decimal] = {}
    short: list[Shortage] = []
    chosen: list[Part] = []
    ratios = ratios_of(session, [order.id])
    own: dict[str, list[_Assigned]] = {}
    for row in assigned(session, order.id):
        own.setdefault(row[0].line_id, []).append(row)
    lines = sorted(asked, key=lambda pair: (pair[0].variant_id, pair[0].position))
    wishes: dict[str, list[FulfillLine]] = {}
    for wish in named:
        wishes.setdefault(wish.line_id, []).append(wish)
    taken = {
        line.id: _named_parts(session, line, quantity, own.get(line.id, ()), ratios, wishes.get(line.id, ()))
        for line, quantity in lines
    }
    wanting = [line for line, quantity in lines if _units(taken[line.id]) < quantity]
    sources = _sources(session, order, wanting, ratios)
    for line, quantity in lines:
        parts = taken[line.id]
        parts += _open_parts(line, quantity - _units(parts), sources, used, ratios)
        found = _units(parts)
        if found < quantity:
            sku = fetch(session, Variant, line.variant_id, resource="variant").sku
            short.append(
                Shortage(sku, quantity, found, variant_id=line.variant_id, site_id=order.site_id, line_id=line.id)
            )
        chosen += parts
    if short:
        raise InsufficientStock(short)
    return chosen


def _units(parts: Sequence[Part]) -> Decimal:
    return sum((part.units for part in parts), ZERO)


def _named_parts(
    session: Session,
    line: SalesOrderLine,
    wanted: Decimal,
    own: Sequence[_Assigned],
    ratios: Ratios,
    named: Sequence[FulfillLine],
) -> list[Part]:
    """What is assigned to the line: the lots and serials that the caller names first, then the rest."""
    parts: list[Part] = []
    for wish in named:
        meant = [row for row in own if wish.means(row[0]) and row[0].quantity > 0]
        parts += _own_parts(session, line, wish.quantity, meant, ratios)
    rest = [row for row in own if row[0].quantity > 0]
    return parts + _own_parts(session, line, wanted - _units(parts), rest, ratios)


def _own_parts(
    session: Session, line: SalesOrderLine, wanted: Decimal, own: Sequence[_Assigned], ratios: Ratios
) -> list[Part]:
    parts: list[Part] = []
    for allocation, location, lot in own:
        ratio = ratios.get((line.id, allocation.variant_id), ONE)
        units = min(allocation.quantity / ratio, wanted)
        if units == 0:
            break
        if location.is_held or (lot and lot.status in ("quarantine", "recalled")):
            if location.kind not in CARRIED_KINDS:
                continue
            sku = fetch(session, Variant, allocation.variant_id, resource="variant").sku
            raise HeldStock(
                sku=sku,
                lot_number=lot.lot_number if lot else "",
                location_code=location.code,
                is_recalled=lot is not None and lot.status == "recalled",
            )
        key = (allocation.location_id, allocation.lot_id, allocation.serial, allocation.plate_id)
        quantity = units * ratio
        ledger.take(session, allocation, quantity)
        parts.append(Part(line.id, allocation.variant_id, *key, quantity, units, is_assigned=True))
        wanted -= units
    return parts


def _sources(
    session: Session, order: SalesOrder, lines: Sequence[SalesOrderLine], ratios: Ratios
) -> dict[str, list[Source]]:
    """Where the variants of `lines`, and what may stand for them, may leave from."""
    wanting = {line.id for line in lines}
    variants = {line.variant_id: None for line in lines}
    variants |= {variant_id: None for line_id, variant_id in ratios if line_id in wanting}
    return ledger.open_sources_of(session, site_id=order.site_id, variant_ids=variants) if variants else {}


def _open_parts(
    line: SalesOrderLine,
    rest: Decimal,
    sources: Mapping[str, Sequence[Source]],
    used: dict[tuple[str, ...], Decimal],
    ratios: Ratios,
) -> list[Part]:
    """What is not assigned: the line's own variant, then what may stand for it."""
    parts: list[Part] = []
    others = [(variant_id, ratio) for (line_id, variant_id), ratio in ratios.items() if line_id == line.id]
    for variant_id, ratio in ((line.variant_id, ONE), *others) if rest > 0 else ():
        for source in sources.get(variant_id, ()):
            level = source.level
            key = (level.variant_id, level.location_id, level.lot_id, level.serial, level.plate_id)
            units = min((source.quantity - used.get(key, ZERO)) / ratio, rest)
            if units > 0:
                used[key] = used.get(key, ZERO) + units * ratio
                parts.append(Part(line.id, *key, units * ratio, units))
                rest -= units
            if rest == 0:
                return parts
    return parts


def _promised_parts(session: Session, order: SalesOrder, parts: Sequence[Part]) -> list[Part]:
    """The parts with how much of each was promised, which is promised no more."""
    wanted = [(part.line_id, part.variant_id, part.quantity) for part in parts]
    reserved = ledger.consume_lines(session, document_id=order.id, wanted=wanted)
    return [replace(part, reserved=quantity) for part, quantity in zip(parts, reserved, strict=True)]


def _posting(order: SalesOrder, part: Part, occurred_at: datetime | None) -> Posting:
    return Posting(
        variant_id=part.variant_id,
        source_id=part.location_id,
        destination_id=ledger.CUSTOMER,
        quantity=part.quantity,
        kind=MoveKind.ORDER_FULFILLED,
        idempotency_key=new_id("fulfill"),
        lot_id=part.lot_id,
        serial=part.serial,
        plate_id=part.plate_id,
        reserved=part.reserved,
        allocated=part.quantity if part.is_assigned else ZERO,
        reason="sold",
        origin_kind=DOCUMENT,
        origin_id=order.id,
        origin_line_id=part.line_id,
        occurred_at=occurred_at,
    )
