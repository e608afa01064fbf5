"""Purchase orders: made, ordered, received line by line, closed short, cancelled.

Moves of the state: draft -> ordered -> partially_received -> received; a draft or an ordered one may be cancelled, one
that came in part is closed short, which leaves an open discrepancy for each line that is missing something.

Example::

    order = create_purchase_order(
        session, supplier_id=dairy.id, site_id=site.id, lines=[NewPurchaseLine(milk.id, Decimal(120))], number="PO-1001"
    )
    receive_order(session, order, idempotency_key="erp-7")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ambra_tui import ledger
from ambra_tui.errors import Conflict, Duplicate, Invalid, NotFound, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import SCALE, ZERO, show
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import SUPPLIER, MoveKind, Posted, Posting
from ambra_tui.services.catalog import find_variant_by_sku, positive_quantity, variants_by_id
from ambra_tui.services.documents import document_currency, document_number
from ambra_tui.services.lots import find_or_create_lot
from ambra_tui.services.receiving import DuplicateSerial, is_posted, refuse_known_serial
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Discrepancy,
    Location,
    PurchaseOrder,
    PurchaseOrderLine,
    Site,
    StockMove,
    Supplier,
    Variant,
)
from ambra_tui.store.models.documents import PURCHASE_ORDER_STATES
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.scope import actor_of, fetch, is_alone, now_of, organization_of, scoped
from ambra_tui.store.types import EMPTY

DOCUMENT = "purchase_order"
MAX_LINES = 1000
MAX_COST = 10**15
RECEIVABLE = ("ordered", "partially_received", "received")
SHORT_RECEIPT = "short_receipt"
DAMAGED = "damaged"
_MILLIONTH = Decimal(1) / SCALE


@dataclass(frozen=True, slots=True)
class NewPurchaseLine:
    """A line to be made. `unit_cost`: ten-thousandths of the minor unit. `tolerance_percent`: how much more than
    ordered may come; None: the variant's, else none."""

    variant_id: str
    quantity: Decimal
    unit_cost: int | None = None
    tolerance_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ReceiptItem:
    """What came of one line, named by `line_id`, `variant_id` or `sku`.

    `quantity` None: everything outstanding. `location_id` None: the site's receiving dock. Without a lot or serial the
    stock is unspecified, for the floor to name. `serials`: one unit each.
    """

    line_id: str = ""
    variant_id: str = ""
    sku: str = ""
    quantity: Decimal | None = None
    location_id: str | None = None
    lot_number: str = ""
    expiry_date: date | None = None
    serials: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Over:
    """One line that was to get more than may come: `maximum` more."""

    sku: str
    requested: Decimal
    maximum: Decimal


class OverReceipt(Conflict):
    """One or more lines would get more than ordered and tolerated; every one is listed."""

    def __init__(self, overs: Sequence[Over]) -> None:
        listed = "; ".join(
            f"{o.sku}: {show(o.requested)} given, at most {show(o.maximum)} more may come" for o in overs
        )
        super().__init__(f"More than ordered. {listed}. Nothing was received.", details={"quantity": listed})
        self.overs = tuple(overs)


# --- made and found -------------------------------------------------------------------------------------------------


def create_purchase_order(
    session: Session,
    *,
    supplier_id: str,
    site_id: str,
    lines: Sequence[NewPurchaseLine],
    number: str | None = None,
    is_draft: bool = False,
    currency: str | None = None,
    expected_on: date | None = None,
    notes: str = "",
) -> PurchaseOrder:
    """An order placed with a supplier (a draft where asked). `number` is kept when given, else the next one is used.

    Raises Invalid naming the field, NotFound for a supplier, site or variant, Duplicate for a number that is taken.
    """
    if not lines:
        raise Invalid("a purchase order needs at least one item", field="items")
    if len(lines) > MAX_LINES:
        raise Invalid(f"a purchase order has at most {MAX_LINES} items", field="items")
    fetch(session, Supplier, supplier_id, resource="supplier")
    ledger.refuse_read_only(session, site_id)
    now = now_of(session)
    order = PurchaseOrder(
        organization_id=organization_of(session),
        id=new_id("po"),
        number=document_number(session, "PO", number, resource="purchase_order", find=find_purchase_order),
        supplier_id=supplier_id,
        site_id=site_id,
        status="draft" if is_draft else "ordered",
        currency=document_currency(session, currency),
        expected_on=expected_on,
        notes=clean_line(notes, field="notes", max_length=1000, required=False),
        created_at=now,
        updated_at=now,
    )
    rows = [_line(session, order, position, line) for position, line in enumerate(lines, start=1)]
    add_unique(session, order, Duplicate("purchase_order", "number", order.number))
    session.add_all(rows)
    session.flush()
    publish(session, "purchase_order_created", order.id, {"number": order.number, "status": order.status})
    audit(session, "purchase_order_created", order.id, number=order.number)
    return order


def _line(session: Session, order: PurchaseOrder, position: int, line: NewPurchaseLine) -> PurchaseOrderLine:
    field = f"items[{position - 1}]"
    variant = fetch(session, Variant, line.variant_id, resource="variant")
    if line.unit_cost is not None and not 0 <= line.unit_cost <= MAX_COST:
        raise Invalid("a cost is not below 0", field=f"{field}.unit_cost")
    tolerance = line.tolerance_percent
    if tolerance is not None and not (tolerance.is_finite() and 0 <= tolerance <= 1000):
        raise Invalid("a tolerance is between 0 and 1000 percent", field=f"{field}.tolerance_percent")
    return PurchaseOrderLine(
        organization_id=order.organization_id,
        id=new_id("pol"),
        purchase_order_id=order.id,
        position=position,
        variant_id=variant.id,
        quantity=positive_quantity(line.quantity, field=f"{field}.quantity"),
        unit_cost=line.unit_cost,
        tolerance_percent=tolerance,
    )


def get_purchase_order(session: Session, order_id: str) -> PurchaseOrder:
    """The order with this id. Raises NotFound."""
    return fetch(session, PurchaseOrder, order_id, resource="purchase_order")


def find_purchase_order(session: Session, number: str) -> PurchaseOrder | None:
    """The order with this number; typed small letters do too."""
    wanted = number.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = _BY_NUMBER.first(session, number=spelling)
        if found is not None:
            return found
    return None


def list_purchase_orders(
    session: Session, *, status: str | None = None, supplier_id: str | None = None, site_id: str | None = None
) -> SelectOfScalar[PurchaseOrder]:
    """The statement of the orders that match, newest first; the caller pages it."""
    if status is not None and status not in PURCHASE_ORDER_STATES:
        raise Invalid(f"status is one of {', '.join(PURCHASE_ORDER_STATES)}", field="status")
    statement = scoped(session, PurchaseOrder)
    if status is not None:
        statement = statement.where(PurchaseOrder.status == status)
    if supplier_id is not None:
        statement = statement.where(PurchaseOrder.supplier_id == supplier_id)
    if site_id is not None:
        statement = statement.where(PurchaseOrder.site_id == site_id)
    return statement.order_by(col(PurchaseOrder.created_at).desc(), col(PurchaseOrder.id).desc())


def lines_of(session: Session, order_id: str, *, variant_id: str | None = None) -> list[PurchaseOrderLine]:
    """An order's lines (those of one variant, where asked) in their order, as they are now."""
    if variant_id is not None:
        return _ITEM_LINES.all(session, order_id=order_id, variant_id=variant_id)
    return _LINES.all(session, order_id=order_id)


_OWN_LINES = (
    select(PurchaseOrderLine)
    .where(PurchaseOrderLine.organization_id == ORGANIZATION, PurchaseOrderLine.purchase_order_id == given("order_id"))
    .order_by(col(PurchaseOrderLine.position))
    .execution_options(populate_existing=True)
)
_LINES: Prepared[PurchaseOrderLine] = Prepared(_OWN_LINES)
_ITEM_LINES: Prepared[PurchaseOrderLine] = Prepared(
    _OWN_LINES.where(PurchaseOrderLine.variant_id == given("variant_id"))
)


def expected_orders(session: Session, site_id: str, *, limit: int = 9) -> list[PurchaseOrder]:
    """Orders that a site still waits for: what is expected first comes first."""
    statement = (
        scoped(session, PurchaseOrder)
        .where(PurchaseOrder.site_id == site_id, col(PurchaseOrder.status).in_(("ordered", "partially_received")))
        .order_by(
            col(PurchaseOrder.expected_on).is_(None),
            col(PurchaseOrder.expected_on),
            col(PurchaseOrder.created_at),
            col(PurchaseOrder.number),
        )
    )
    return list(session.exec(statement.limit(limit)).all())


# --- quantities -----------------------------------------------------------------------------------------------------


def outstanding(line: PurchaseOrderLine) -> Decimal:
    """What of a line has not come yet."""
    return max(line.quantity - line.received, ZERO)


def maximum_more(session: Session, line: PurchaseOrderLine) -> Decimal:
    """How much more of a line may come, its tolerance included."""
    tolerance = line.tolerance_percent
    if tolerance is None:
        tolerance = fetch(session, Variant, line.variant_id, resource="variant").receipt_tolerance_percent or ZERO
    most = (line.quantity * (100 + tolerance) / 100).quantize(_MILLIONTH, rounding="ROUND_FLOOR")
    return max(most - line.received, ZERO)


# --- received -------------------------------------------------------------------------------------------------------


def receive_line(
    session: Session,
    *,
    line: PurchaseOrderLine,
    quantity: Decimal,
    location_id: str,
    idempotency_key: str,
    lot_id: str = "",
    serial: str = "",
    plate_id: str = "",
    reason: str = "",
    is_over_allowed: bool = False,
) -> Posted:
    """Posts what came of a line and counts it as received, damaged units too: those lie in a held location.

    A repeated key counts nothing twice. Raises OverReceipt beyond the tolerance (unless `is_over_allowed`), WrongState
    for an order that is not to be received.
    """
    order = lock_order(session, line.purchase_order_id)
    if not is_alone(session):
        session.refresh(line)
    if not is_posted(session, idempotency_key):
        _refuse_state(order)
        _refuse_over(session, [(line, quantity)], is_over_allowed)
        if serial:
            refuse_known_serial(session, fetch(session, Variant, line.variant_id, resource="variant"), serial)
    positive_quantity(quantity, field="quantity")
    part = _Part(line, quantity, location_id, lot_id, serial, plate_id)
    posting = _posting(order, part, idempotency_key=idempotency_key, reason=reason)
    posted = ledger.post(session, [posting])[0]
    if not posted.repeated:
        line.received += quantity
        _touch(session, order, line)
    return posted


def _posting(order: PurchaseOrder, part: _Part, *, idempotency_key: str, reason: str) -> Posting:
    return Posting(
        variant_id=part.line.variant_id,
        source_id=SUPPLIER,
        destination_id=part.location_id,
        quantity=part.quantity,
        kind=MoveKind.PURCHASE_RECEIVED,
        idempotency_key=idempotency_key,
        lot_id=part.lot_id,
        serial=part.serial,
        destination_plate_id=part.plate_id,
        reason=reason,
        unit_cost=part.line.unit_cost,
        origin_kind=DOCUMENT,
        origin_id=order.id,
        origin_line_id=part.line.id,
    )


def receive_variant(
    session: Session,
    *,
    order: PurchaseOrder,
    variant_id: str,
    quantity: Decimal,
    location_id: str,
    idempotency_key: str,
    lot_id: str = "",
    serial: str = "",
    plate_id: str = "",
    reason: str = "",
    is_over_allowed: bool = False,
    lines: Sequence[PurchaseOrderLine] | None = None,
) -> list[Posted]:
    """As `receive_line` for all lines of the order that ask for the variant: the first open one is filled first.

    `lines`: these, where this transaction has read them; they are read again where somebody may have changed them
    since. Raises NotFound when no line asks for the variant.
    """
    lock_order(session, order.id)
    if lines is None or not is_alone(session):
        lines = lines_of(session, order.id, variant_id=variant_id)
    if not lines:
        raise NotFound("purchase_order_line", variant_id)
    return [
        receive_line(
            session,
            line=line,
            quantity=part,
            location_id=location_id,
            idempotency_key=f"{idempotency_key}:{line.position}",
            lot_id=lot_id,
            serial=serial,
            plate_id=plate_id,
            reason=reason,
            is_over_allowed=is_over_allowed,
        )
        for line, part in _spread(session, lines, quantity, is_over_allowed)
    ]


def _spread(
    session: Session, lines: Sequence[PurchaseOrderLine], quantity: Decimal, is_over_allowed: bool
) -> list[tuple[PurchaseOrderLine, Decimal]]:
    """How much each line gets: what is outstanding, then what its tolerance takes, the rest on the last line."""
    parts: dict[str, Decimal] = {line.id: ZERO for line in lines}
    rest = quantity
    for room in (outstanding, lambda line: maximum_more(session, line) - outstanding(line)):
        for line in lines:
            part = min(rest, max(room(line), ZERO))
            parts[line.id] += part
            rest -= part
    if rest and not is_over_allowed:
        sku = fetch(session, Variant, lines[0].variant_id, resource="variant").sku
        raise OverReceipt([Over(sku, quantity, quantity - rest)])
    parts[lines[-1].id] += rest
    return [(line, parts[line.id]) for line in lines if parts[line.id] > 0]


def receive_order(
    session: Session,
    order: PurchaseOrder,
    items: Sequence[ReceiptItem] = (),
    *,
    idempotency_key: str,
    reason: str = "",
) -> list[Posted]:
    """One receipt of many lines, all or nothing; without `items` everything outstanding comes in at the dock.

    Raises Invalid naming the item, OverReceipt with every line that would get too much, WrongState for an order that
    has nothing to come.
    """
    lock_order(session, order.id)
    if is_posted(session, f"{idempotency_key}:0"):
        return _earlier_receipt(session, order, idempotency_key)
    if order.status not in ("ordered", "partially_received"):
        raise WrongState("purchase_order", order.number, state=order.status, step="receive")
    if len(items) > MAX_LINES:
        raise Invalid(f"a receipt has at most {MAX_LINES} items", field="items")
    lines = lines_of(session, order.id)
    variants_by_id(session, [line.variant_id for line in lines])  # known from here on
    wanted = items or [ReceiptItem(line_id=line.id) for line in lines if outstanding(line) > 0]
    docks: dict[str | None, str] = {}
    parts = [
        part
        for index, item in enumerate(wanted)
        for part in _item_parts(session, order, lines, item, docks, field=f"items[{index}]")
    ]
    _refuse_over(session, [(part.line, part.quantity) for part in parts], is_over_allowed=False)
    _refuse_serials(session, parts)
    posted = ledger.post(
        session,
        [
            _posting(order, part, idempotency_key=f"{idempotency_key}:{number}", reason=reason)
            for number, part in enumerate(parts)
        ],
    )
    for part in parts:
        part.line.received += part.quantity
        session.add(part.line)
    _follow(session, order, _state_of(lines))
    session.flush()
    return posted


def _refuse_serials(session: Session, parts: Sequence[_Part]) -> None:
    """No unit comes in twice, neither one that is in stock nor one that the receipt names twice."""
    named: dict[tuple[str, str], str] = {}
    for part in parts:
        if not part.serial:
            continue
        unit = (part.line.variant_id, part.serial)
        if unit in named:
            raise DuplicateSerial(part.serial, fetch(session, Location, named[unit], resource="location"))
        refuse_known_serial(session, fetch(session, Variant, part.line.variant_id, resource="variant"), part.serial)
        named[unit] = part.location_id


def _earlier_receipt(session: Session, order: PurchaseOrder, idempotency_key: str) -> list[Posted]:
    """What the first receipt with this key posted."""
    organization_id = organization_of(session)
    statement = select(StockMove).where(
        StockMove.organization_id == organization_id,
        StockMove.origin_id == order.id,
        col(StockMove.origin_id) != EMPTY,
        col(StockMove.idempotency_key).startswith(f"{idempotency_key}:", autoescape=True),
    )
    moves = session.exec(statement.order_by(col(StockMove.sequence)).limit(MAX_LINES)).all()
    return [
        Posted(move.id, move.quantity, move.source_balance, move.destination_balance, move.posted_at, repeated=True)
        for move in moves
    ]


@dataclass(frozen=True, slots=True)
class _Part:
    line: PurchaseOrderLine
    quantity: Decimal
    location_id: str
    lot_id: str
    serial: str = ""
    plate_id: str = ""


def _item_parts(
    session: Session,
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    item: ReceiptItem,
    docks: dict[str | None, str],
    *,
    field: str,
) -> list[_Part]:
    candidates = _named_lines(session, lines, item, field=field)
    variant = fetch(session, Variant, candidates[0].variant_id, resource="variant")
    location_id = _place(session, order, variant, item.location_id, docks, field=field)
    lot_id = _lot_id(session, variant, item, field=field)
    quantity = item.quantity
    if quantity is None:
        quantity = Decimal(len(item.serials)) or sum((outstanding(line) for line in candidates), ZERO)
    positive_quantity(quantity, field=f"{field}.quantity")
    if not item.serials:
        return [_Part(line, part, location_id, lot_id) for line, part in _fill(candidates, quantity)]
    if not variant.is_serial_tracked:
        raise Invalid(f"{variant.sku} is not tracked by serial", field=f"{field}.serials")
    serials = [clean_line(serial, field=f"{field}.serials", max_length=60) for serial in item.serials]
    if len(set(serials)) != len(serials) or len(serials) != quantity:
        raise Invalid("each unit needs a serial of its own", field=f"{field}.serials")
    units = [line for line, part in _fill(candidates, quantity) for _ in range(int(part))]
    return [_Part(line, Decimal(1), location_id, lot_id, serial) for line, serial in zip(units, serials, strict=True)]


def _fill(lines: Sequence[PurchaseOrderLine], quantity: Decimal) -> list[tuple[PurchaseOrderLine, Decimal]]:
    """What each line gets of `quantity`; what is left over goes to the last one, whose tolerance judges it."""
    parts = {line.id: ZERO for line in lines}
    rest = quantity
    for line in lines:
        parts[line.id] = min(rest, outstanding(line))
        rest -= parts[line.id]
    parts[lines[-1].id] += rest
    return [(line, parts[line.id]) for line in lines if parts[line.id] > 0]


def _named_lines(
    session: Session, lines: Sequence[PurchaseOrderLine], item: ReceiptItem, *, field: str
) -> list[PurchaseOrderLine]:
    if item.line_id:
        named = [line for line in lines if line.id == item.line_id]
        if not named:
            raise Invalid(f"the order has no line {item.line_id}", field=f"{field}.id")
        return named
    variant_id = item.variant_id
    if not variant_id and item.sku:
        variant = find_variant_by_sku(session, item.sku)
        variant_id = variant.id if variant else ""
    named = [line for line in lines if line.variant_id == variant_id]
    if not named:
        what = item.sku or item.variant_id
        raise Invalid(
            f"the order does not ask for {what}" if what else "name the line by id, variant_id or sku", field=field
        )
    return named


def _place(
    session: Session,
    order: PurchaseOrder,
    variant: Variant,
    location_id: str | None,
    docks: dict[str | None, str],
    *,
    field: str,
) -> str:
    """The id of the location; the site's own id means its dock. `docks`: where variants of each home bin come in."""
    if location_id is None or location_id == order.site_id:
        home = variant.home_location_id
        if home not in docks:
            docks[home] = ledger.receiving_location(session, site_id=order.site_id, variant=variant).id
        return docks[home]
    location = fetch(session, Location, location_id, resource="location")
    if location.site_id != order.site_id or location.usage != "internal" or location.status != "active":
        raise Invalid(f"{location.code} is no location of the order's site", field=f"{field}.location_id")
    return location.id


def _lot_id(session: Session, variant: Variant, item: ReceiptItem, *, field: str) -> str:
    if not item.lot_number:
        if item.expiry_date is not None:
            raise Invalid("an expiry date belongs to a lot: give lot_number too", field=f"{field}.lot_number")
        return ""
    lot = find_or_create_lot(session, variant=variant, lot_number=item.lot_number, expiry_date=item.expiry_date)
    return lot.id


def _refuse_over(session: Session, parts: Sequence[tuple[PurchaseOrderLine, Decimal]], is_over_allowed: bool) -> None:
    if is_over_allowed:
        return
    totals: dict[str, Decimal] = {}
    lines = {line.id: line for line, _ in parts}
    for line, quantity in parts:
        totals[line.id] = totals.get(line.id, ZERO) + quantity
    overs = []
    for line_id, quantity in totals.items():
        maximum = maximum_more(session, lines[line_id])
        if quantity > maximum:
            sku = fetch(session, Variant, lines[line_id].variant_id, resource="variant").sku
            overs.append(Over(sku, quantity, maximum))
    if overs:
        raise OverReceipt(overs)


def _refuse_state(order: PurchaseOrder) -> None:
    if order.status not in RECEIVABLE or order.close_reason:
        state = "closed short" if order.close_reason else order.status
        raise WrongState("purchase_order", order.number, state=state, step="receive")


def take_back(session: Session, *, move_id: str, idempotency_key: str, reason: str = "") -> Posted:
    """Reverses one receipt: the stock leaves again and its line is open for as much as before."""
    organization_id = organization_of(session)
    statement = select(StockMove).where(StockMove.organization_id == organization_id, StockMove.id == move_id)
    move = session.exec(statement).first()
    if move is None or move.kind != MoveKind.PURCHASE_RECEIVED:
        raise NotFound("receipt", move_id)
    line = session.get(PurchaseOrderLine, (organization_id, move.origin_line_id)) if move.origin_line_id else None
    order = lock_order(session, line.purchase_order_id) if line else None
    reversed_move = ledger.reverse(session, move_id, idempotency_key=idempotency_key, reason=reason)
    if line is not None and order is not None and not reversed_move.repeated:
        session.refresh(line)
        line.received -= move.quantity
        _touch(session, order, line)
    return reversed_move


def lock_order(session: Session, order_id: str) -> PurchaseOrder:
    """The order as it is now; nobody else changes it or its lines until this transaction ends."""
    session.flush()
    if is_alone(session):
        return get_purchase_order(session, order_id)
    locked = _LOCKED.first(session, order_id=order_id)
    if locked is None:
        raise NotFound("purchase_order", order_id)
    return locked


_ORDER = select(PurchaseOrder).where(PurchaseOrder.organization_id == ORGANIZATION)
_BY_NUMBER: Prepared[PurchaseOrder] = Prepared(_ORDER.where(PurchaseOrder.number == given("number")))
_LOCKED: Prepared[PurchaseOrder] = Prepared(
    _ORDER.where(PurchaseOrder.id == given("order_id")).with_for_update().execution_options(populate_existing=True)
)


def _touch(session: Session, order: PurchaseOrder, line: PurchaseOrderLine) -> None:
    """The order's state follows its lines, of which one has changed."""
    session.add(line)
    is_open = line.received < line.quantity
    if not is_open and _OPEN_LINE.first(session, order_id=order.id) is None:
        status = "received"
    elif line.received > ZERO or _BEGUN_LINE.first(session, order_id=order.id) is not None:
        status = "partially_received"
    else:
        status = "ordered"
    _follow(session, order, status)


def _state_of(lines: Sequence[PurchaseOrderLine]) -> str:
    """The state of an order with these lines."""
    if all(line.received >= line.quantity for line in lines):
        return "received"
    return "partially_received" if any(line.received > ZERO for line in lines) else "ordered"


def _follow(session: Session, order: PurchaseOrder, status: str) -> None:
    before = order.status
    order.status = status
    order.updated_at = now_of(session)
    session.add(order)
    if status != before:
        publish(session, "purchase_order_changed", order.id, {"number": order.number, "status": status})


_A_LINE = (
    select(PurchaseOrderLine.id)
    .where(PurchaseOrderLine.organization_id == ORGANIZATION, PurchaseOrderLine.purchase_order_id == given("order_id"))
    .limit(1)
)
_OPEN_LINE = PreparedRows(_A_LINE.where(col(PurchaseOrderLine.received) < col(PurchaseOrderLine.quantity)))
_BEGUN_LINE = PreparedRows(_A_LINE.where(col(PurchaseOrderLine.received) > ZERO))


# --- other moves of the state ---------------------------------------------------------------------------------------


def place_order(session: Session, order: PurchaseOrder) -> None:
    """A draft is ordered. Raises WrongState for anything else."""
    lock_order(session, order.id)
    if order.status != "draft":
        raise WrongState("purchase_order", order.number, state=order.status, step="order")
    _change(session, order, "ordered", act="purchase_order_placed")


def cancel_purchase_order(session: Session, order: PurchaseOrder, *, reason: str = "") -> None:
    """Nothing is to come any more. Raises WrongState when something came already: close it short instead."""
    lock_order(session, order.id)
    if order.status not in ("draft", "ordered"):
        raise WrongState("purchase_order", order.number, state=order.status, step="cancel")
    order.close_reason = clean_line(reason, field="reason", required=False)
    _change(session, order, "cancelled", act="purchase_order_cancelled", reason=order.close_reason)


def close_short(session: Session, order: PurchaseOrder, *, reason: str) -> list[Discrepancy]:
    """No more will come of an order that came in part: each missing quantity becomes an open discrepancy.

    Raises WrongState when nothing came (cancel it) or everything did, Invalid without a reason.
    """
    lock_order(session, order.id)
    if order.status != "partially_received":
        raise WrongState("purchase_order", order.number, state=order.status, step="close")
    why = clean_line(reason, field="reason")
    missing = [line for line in lines_of(session, order.id) if outstanding(line) > 0]
    rows = [
        Discrepancy(
            organization_id=order.organization_id,
            id=new_id("dis"),
            kind=SHORT_RECEIPT,
            site_id=order.site_id,
            variant_id=line.variant_id,
            document_kind=DOCUMENT,
            document_id=order.id,
            line_id=line.id,
            quantity=outstanding(line),
            reason=why,
            actor_id=actor_of(session).id,
            created_at=now_of(session),
        )
        for line in missing
    ]
    session.add_all(rows)
    order.close_reason = why
    _change(session, order, "received", act="purchase_order_closed_short", reason=why)
    return rows


def reopen(session: Session, order: PurchaseOrder) -> None:
    """An order that was closed short waits for the rest again; what was missing of it is missing no more.

    Raises WrongState when it is not closed short, or when somebody has explained what is missing.
    """
    lock_order(session, order.id)
    statement = scoped(session, Discrepancy).where(
        Discrepancy.document_kind == DOCUMENT,
        Discrepancy.document_id == order.id,
        Discrepancy.kind == SHORT_RECEIPT,
    )
    missing = session.exec(statement.execution_options(populate_existing=True)).all()
    if not order.close_reason or any(row.status != "open" for row in missing):
        raise WrongState("purchase_order", order.number, state=order.status, step="reopen")
    for row in missing:
        session.delete(row)
    order.close_reason = ""
    _change(session, order, "partially_received", act="purchase_order_reopened")


def _change(session: Session, order: PurchaseOrder, status: str, *, act: str, **details: str) -> None:
    order.status = status
    order.updated_at = now_of(session)
    session.add(order)
    session.flush()
    publish(session, "purchase_order_changed", order.id, {"number": order.number, "status": status})
    audit(session, act, order.id, number=order.number, **details)


def site_of(session: Session, order: PurchaseOrder) -> Site:
    """The site that an order goes to."""
    return fetch(session, Site, order.site_id, resource="location")
