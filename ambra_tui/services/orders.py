"""Customers' orders: made, reserved, fulfilled, cancelled.

Moves of the state: confirmed -> allocated (reserved) -> picking -> shipped; confirmed may ship at once; what has not
left may be cancelled. Messages speak the operations words: pending, reserved, fulfilled, cancelled.

Example::

    order = create_order(session, site_id=site.id, lines=[NewOrderLine(variant.id, Decimal(4))], number="SO-1")
    reserve_order(session, order)
    fulfill_order(session, order)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict, Duplicate, InsufficientStock, Invalid, NotFound, Shortage, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import MoveKind, Posting
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import document_currency, document_number
from ambra_tui.services.rows import add_unique
from ambra_tui.services.tasks import CANCELLED_ORDER, ask_putaway
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Allocation,
    Location,
    Lot,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Site,
    Variant,
)
from ambra_tui.store.scope import fetch, now_of, organization_of, scoped

DOCUMENT = "sales_order"
MAX_LINES = 1000
MAX_CUSTOMER_FIELDS = 50
OPEN_STATES = ("confirmed", "allocated", "picking", "packed")
CARRIED_KINDS = ("tote", "stage")
STATE_WORDS = {
    "draft": "draft",
    "confirmed": "pending",
    "allocated": "reserved",
    "picking": "reserved",
    "packed": "reserved",
    "shipped": "fulfilled",
    "delivered": "fulfilled",
    "cancelled": "cancelled",
}


@dataclass(frozen=True, slots=True)
class NewOrderLine:
    """A line to be made: `price_minor` a unit, in minor units of the order's currency."""

    variant_id: str
    quantity: Decimal
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class FulfillLine:
    """How much of a line leaves now."""

    line_id: str
    quantity: Decimal


class HeldStock(Conflict):
    """What was picked or assigned for the order has been put on hold since."""

    def __init__(self, *, sku: str, lot_number: str, location_code: str) -> None:
        what = f"Lot {lot_number} of {sku}" if lot_number else sku
        super().__init__(f"{what} in {location_code} is on hold. Take other stock for the order.")
        self.sku, self.lot_number, self.location_code = sku, lot_number, location_code


def create_order(
    session: Session,
    *,
    site_id: str,
    lines: Sequence[NewOrderLine],
    number: str | None = None,
    customer: Mapping[str, Any] | None = None,
    currency: str | None = None,
    priority: int = 0,
    due_at: datetime | None = None,
    notes: str = "",
) -> SalesOrder:
    """A confirmed order; nothing is reserved yet. `number` is kept when given, else the next one is used.

    Raises Invalid naming the field, NotFound for a site or variant, Duplicate for a number that is taken.
    """
    if not lines:
        raise Invalid("an order needs at least one item", field="items")
    if len(lines) > MAX_LINES:
        raise Invalid(f"an order has at most {MAX_LINES} items", field="items")
    if len(customer or {}) > MAX_CUSTOMER_FIELDS:
        raise Invalid(f"customer has more than {MAX_CUSTOMER_FIELDS} fields", field="customer")
    fetch(session, Site, site_id, resource="location")
    now = now_of(session)
    order = SalesOrder(
        organization_id=organization_of(session),
        id=new_id("ord"),
        number=document_number(session, "SO", number, resource="order", find=find_order),
        site_id=site_id,
        customer=dict(customer or {}),
        currency=document_currency(session, currency),
        priority=priority,
        due_at=due_at,
        notes=clean_line(notes, field="notes", max_length=1000, required=False),
        created_at=now,
        updated_at=now,
    )
    rows = [_line(session, order, position, line) for position, line in enumerate(lines, start=1)]
    add_unique(session, order, Duplicate("order", "number", order.number))
    session.add_all(rows)
    session.flush()
    publish(session, "order_created", order.id, {"number": order.number})
    audit(session, "order_created", order.id, number=order.number)
    return order


def _line(session: Session, order: SalesOrder, position: int, line: NewOrderLine) -> SalesOrderLine:
    field = f"items[{position - 1}]"
    variant = fetch(session, Variant, line.variant_id, resource="variant")
    if line.price_minor is not None and not 0 <= line.price_minor <= 10**15:
        raise Invalid("a price is not below 0", field=f"{field}.price")
    return SalesOrderLine(
        organization_id=order.organization_id,
        id=new_id("item"),
        sales_order_id=order.id,
        position=position,
        variant_id=variant.id,
        quantity=positive_quantity(line.quantity, field=f"{field}.quantity"),
        price_minor=line.price_minor if line.price_minor is not None else variant.price_minor,
    )


def get_order(session: Session, order_id: str) -> SalesOrder:
    """The order with this id. Raises NotFound."""
    return fetch(session, SalesOrder, order_id, resource="order")


def find_order(session: Session, number: str) -> SalesOrder | None:
    """The order with this number; typed small letters do too."""
    wanted = number.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = session.exec(scoped(session, SalesOrder).where(SalesOrder.number == spelling)).first()
        if found is not None:
            return found
    return None


def lines_of(session: Session, order_id: str) -> list[SalesOrderLine]:
    """An order's lines in their order, as they are now."""
    statement = scoped(session, SalesOrderLine).where(SalesOrderLine.sales_order_id == order_id)
    ordered = statement.order_by(col(SalesOrderLine.position)).execution_options(populate_existing=True)
    return list(session.exec(ordered).all())


def due_orders(session: Session, site_id: str, *, limit: int = 9) -> list[SalesOrder]:
    """The site's open orders: urgent before early due before early made."""
    statement = scoped(session, SalesOrder).where(
        SalesOrder.site_id == site_id, col(SalesOrder.status).in_(("confirmed", "allocated", "picking"))
    )
    ordered = statement.order_by(
        col(SalesOrder.priority).desc(),
        col(SalesOrder.due_at).is_(None),
        col(SalesOrder.due_at),
        col(SalesOrder.created_at),
        col(SalesOrder.id),
    )
    return list(session.exec(ordered.limit(limit)).all())


def lock_order(session: Session, order_id: str) -> SalesOrder:
    """The order as it is now, kept from other writers until the transaction ends."""
    statement = scoped(session, SalesOrder).where(SalesOrder.id == order_id)
    found = session.exec(statement.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("order", order_id)
    return found


def reserved_by_line(session: Session, order_id: str) -> dict[str, Decimal]:
    """Line id -> how much is promised to it."""
    statement = select(col(Reservation.line_id), col(Reservation.quantity)).where(
        Reservation.organization_id == organization_of(session),
        Reservation.document_id == order_id,
        col(Reservation.quantity) > ZERO,
    )
    totals: dict[str, Decimal] = {}
    for line_id, quantity in session.exec(statement).all():
        totals[line_id] = totals.get(line_id, ZERO) + quantity
    return totals


def reserve_order(session: Session, order: SalesOrder) -> SalesOrder:
    """Promises everything that is still open to the order, or nothing: InsufficientStock lists every short variant.

    An order that holds reservations already may be reserved again for its backordered rest. Raises WrongState when
    there is nothing left to reserve.
    """
    order = lock_order(session, order.id)
    reserved = reserved_by_line(session, order.id)
    lines = lines_of(session, order.id)
    wanted = [
        ledger.ReserveLine(line.id, line.variant_id, rest)
        for line in lines
        if (rest := line.quantity - line.fulfilled - reserved.get(line.id, ZERO)) > 0
    ]
    if order.status not in ("confirmed", "allocated", "picking") or not wanted:
        raise _wrong_state(order, "reserve")
    ledger.refuse_read_only(session, order.site_id)
    ledger.reserve(session, site_id=order.site_id, document_kind=DOCUMENT, document_id=order.id, lines=wanted)
    for line in lines:
        line.backordered = ZERO
        session.add(line)
    if order.status == "confirmed":
        order.status = "allocated"
    _changed(session, order, "order_reserved")
    return order


def fulfill_order(session: Session, order: SalesOrder, lines: Sequence[FulfillLine] | None = None) -> SalesOrder:
    """Lets the order (or the quantities of `lines`) leave the site: what was picked or staged for it first, then what
    is assigned to it in bins, then pick bins and reserve bins by expiry.

    Raises WrongState, Invalid for more than is open, InsufficientStock listing every short line, HeldStock.
    """
    order = lock_order(session, order.id)
    if order.status not in OPEN_STATES:
        raise _wrong_state(order, "fulfill")
    ledger.refuse_read_only(session, order.site_id)
    rows = lines_of(session, order.id)
    asked = _asked(order, rows, lines)
    postings = _postings(session, order, [(row, asked[row.id]) for row in rows if row.id in asked])
    try:
        ledger.post(session, postings)
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error
    for row in rows:
        if row.id in asked:
            row.fulfilled += asked[row.id]
            row.backordered = min(row.backordered, row.quantity - row.fulfilled)
            session.add(row)
    is_complete = all(row.fulfilled >= row.quantity for row in rows)
    if is_complete:
        _let_go(session, order)
        order.status = "shipped"
    _changed(session, order, "order_fulfilled", complete=is_complete)
    return order


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


@dataclass(slots=True)
class _Part:
    """`quantity` of one level; `allocation`: what assigned it to the order, when something did."""

    location_id: str
    lot_id: str
    serial: str
    plate_id: str
    quantity: Decimal
    allocation: Allocation | None = None


def _postings(session: Session, order: SalesOrder, asked: Sequence[tuple[SalesOrderLine, Decimal]]) -> list[Posting]:
    used: dict[tuple[str, ...], Decimal] = {}
    short: list[Shortage] = []
    chosen: list[tuple[SalesOrderLine, list[_Part]]] = []
    for line, quantity in sorted(asked, key=lambda pair: (pair[0].variant_id, pair[0].position)):
        parts = _own_parts(session, order, line, quantity)
        rest = quantity - sum((part.quantity for part in parts), ZERO)
        parts += _open_parts(session, order, line, rest, used)
        found = sum((part.quantity for part in parts), ZERO)
        if found < quantity:
            sku = fetch(session, Variant, line.variant_id, resource="variant").sku
            short.append(
                Shortage(sku, quantity, found, variant_id=line.variant_id, site_id=order.site_id, line_id=line.id)
            )
        chosen.append((line, parts))
    if short:
        raise InsufficientStock(short)
    return [posting for line, parts in chosen for posting in _line_postings(session, order, line, parts)]


def _own_parts(session: Session, order: SalesOrder, line: SalesOrderLine, quantity: Decimal) -> list[_Part]:
    parts: list[_Part] = []
    for allocation, location, lot in assigned(session, order.id, line_id=line.id):
        part = min(allocation.quantity, quantity)
        if part == 0:
            break
        if location.is_held or (lot and lot.status in ("quarantine", "recalled")):
            if location.kind not in CARRIED_KINDS:
                continue
            sku = fetch(session, Variant, line.variant_id, resource="variant").sku
            raise HeldStock(sku=sku, lot_number=lot.lot_number if lot else "", location_code=location.code)
        key = (allocation.location_id, allocation.lot_id, allocation.serial, allocation.plate_id)
        parts.append(_Part(*key, part, allocation))
        quantity -= part
    return parts


def _open_parts(
    session: Session, order: SalesOrder, line: SalesOrderLine, rest: Decimal, used: dict[tuple[str, ...], Decimal]
) -> list[_Part]:
    parts: list[_Part] = []
    if rest == 0:
        return parts
    for source in ledger.open_sources(session, site_id=order.site_id, variant_id=line.variant_id):
        level = source.level
        key = (level.variant_id, level.location_id, level.lot_id, level.serial, level.plate_id)
        part = min(source.quantity - used.get(key, ZERO), rest)
        if part > 0:
            used[key] = used.get(key, ZERO) + part
            parts.append(_Part(level.location_id, level.lot_id, level.serial, level.plate_id, part))
            rest -= part
        if rest == 0:
            break
    return parts


def _line_postings(session: Session, order: SalesOrder, line: SalesOrderLine, parts: Sequence[_Part]) -> list[Posting]:
    quantity = sum((part.quantity for part in parts), ZERO)
    promised = ledger.consume(session, document_id=order.id, line_id=line.id, quantity=quantity)
    postings = []
    for index, part in enumerate(parts):
        reserved = min(promised, part.quantity)
        promised -= reserved
        if part.allocation is not None:
            ledger.take(session, part.allocation, part.quantity)
        postings.append(
            Posting(
                variant_id=line.variant_id,
                source_id=part.location_id,
                destination_id=ledger.CUSTOMER,
                quantity=part.quantity,
                kind=MoveKind.ORDER_FULFILLED,
                idempotency_key=f"fulfill:{order.id}:{line.id}:{show(line.fulfilled)}:{index}",
                lot_id=part.lot_id,
                serial=part.serial,
                plate_id=part.plate_id,
                reserved=reserved,
                allocated=part.quantity if part.allocation is not None else ZERO,
                reason="sold",
                origin_kind=DOCUMENT,
                origin_id=order.id,
                origin_line_id=line.id,
            )
        )
    return postings


def cancel_order(session: Session, order: SalesOrder, *, reason: str = "") -> SalesOrder:
    """Gives back all that was promised and assigned; what lies in totes already is to be put away again.

    Raises WrongState when anything has left the site, or the order was cancelled before.
    """
    order = lock_order(session, order.id)
    if order.status not in (*OPEN_STATES, "draft"):
        raise _wrong_state(order, "cancel")
    if any(line.fulfilled > 0 for line in lines_of(session, order.id)):
        raise WrongState("order", order.number, state="partly fulfilled", step="cancel")
    _let_go(session, order)
    order.status = "cancelled"
    _changed(session, order, "order_cancelled", reason=clean_line(reason, field="reason", required=False))
    return order


def assigned(
    session: Session, order_id: str, *, line_id: str | None = None
) -> list[tuple[Allocation, Location, Lot | None]]:
    """Stock assigned to an order, its place and lot: what lies in totes and on stages first, then bins."""
    statement = (
        select(Allocation, Location)
        .join(
            Location,
            (col(Location.organization_id) == col(Allocation.organization_id))
            & (col(Location.id) == col(Allocation.location_id)),
        )
        .where(
            Allocation.organization_id == organization_of(session),
            Location.organization_id == organization_of(session),
            Allocation.document_id == order_id,
            Allocation.status == "open",
            col(Allocation.quantity) > ZERO,
        )
        .order_by(col(Allocation.created_at), col(Allocation.id))
        .execution_options(populate_existing=True)
    )
    if line_id is not None:
        statement = statement.where(Allocation.line_id == line_id)
    rows = sorted(session.exec(statement).all(), key=lambda row: row[1].kind not in CARRIED_KINDS)
    lots = lots_by_id(session, {allocation.lot_id for allocation, _ in rows})
    return [(allocation, location, lots.get(allocation.lot_id)) for allocation, location in rows]


def lots_by_id(session: Session, ids: set[str]) -> dict[str, Lot]:
    """Lot id -> lot, as they are now."""
    wanted = ids - {""}
    if not wanted:
        return {}
    statement = scoped(session, Lot).where(col(Lot.id).in_(wanted)).execution_options(populate_existing=True)
    return {lot.id: lot for lot in session.exec(statement).all()}


def _let_go(session: Session, order: SalesOrder) -> None:
    for allocation, location, _ in assigned(session, order.id):
        ledger.unallocate(session, allocation)
        if location.kind in CARRIED_KINDS:
            ask_putaway(session, location=location, reason=CANCELLED_ORDER, document_id=order.id)
    ledger.release(session, document_id=order.id)


def _changed(session: Session, order: SalesOrder, fact: str, **details: Any) -> None:
    order.updated_at = now_of(session)
    session.add(order)
    session.flush()
    publish(session, fact, order.id, {"number": order.number, "status": order.status, **details})
    audit(session, fact, order.id, number=order.number, **details)


def _wrong_state(order: SalesOrder, step: str) -> WrongState:
    return WrongState("order", order.number, state=STATE_WORDS[order.status], step=step)
