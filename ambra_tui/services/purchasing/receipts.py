"""One receipt of many lines, all or nothing.

Example::

    receive_order(session, order, [ReceiptItem(sku="MILK-1L", quantity=Decimal(48))], idempotency_key="erp-7")
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Invalid, WrongState
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import Posted
from ambra_tui.services.catalog import find_variant_by_sku, positive_quantity, variants_by_id
from ambra_tui.services.lots import find_or_create_lot
from ambra_tui.services.purchasing.documents import lines_of, lock_order
from ambra_tui.services.purchasing.quantities import fill, outstanding, refuse_over
from ambra_tui.services.purchasing.receiving import Part, posting_of
from ambra_tui.services.purchasing.states import follow, state_of
from ambra_tui.services.purchasing.terms import MAX_LINES, ReceiptItem
from ambra_tui.services.receiving import DuplicateSerial, is_posted, refuse_known_serial
from ambra_tui.store.models import Location, PurchaseOrder, PurchaseOrderLine, StockMove, Variant
from ambra_tui.store.scope import fetch, organization_of
from ambra_tui.store.types import EMPTY


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
    refuse_over(session, [(part.line, part.quantity) for part in parts], is_over_allowed=False)
    _refuse_serials(session, parts)
    posted = ledger.post(
        session,
        [
            posting_of(order, part, idempotency_key=f"{idempotency_key}:{number}", reason=reason)
            for number, part in enumerate(parts)
        ],
    )
    for part in parts:
        part.line.received += part.quantity
        session.add(part.line)
    follow(session, order, state_of(lines))
    session.flush()
    return posted


def _refuse_serials(session: Session, parts: Sequence[Part]) -> None:
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


def _item_parts(
    session: Session,
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    item: ReceiptItem,
    docks: dict[str | None, str],
    *,
    field: str,
) -> list[Part]:
    candidates = _named_lines(session, lines, item, field=field)
    variant = fetch(session, Variant, candidates[0].variant_id, resource="variant")
    location_id = _place(session, order, variant, item.location_id, docks, field=field)
    lot_id = _lot_id(session, variant, item, field=field)
    quantity = item.quantity
    if quantity is None:
        quantity = Decimal(len(item.serials)) or sum((outstanding(line) for line in candidates), ZERO)
    positive_quantity(quantity, field=f"{field}.quantity")
    if not item.serials:
        return [Part(line, part, location_id, lot_id) for line, part in fill(candidates, quantity)]
    if not variant.is_serial_tracked:
        raise Invalid(f"{variant.sku} is not tracked by serial", field=f"{field}.serials")
    serials = [clean_line(serial, field=f"{field}.serials", max_length=60) for serial in item.serials]
    if len(set(serials)) != len(serials) or len(serials) != quantity:
        raise Invalid("each unit needs a serial of its own", field=f"{field}.serials")
    units = [line for line, part in fill(candidates, quantity) for _ in range(int(part))]
    return [Part(line, Decimal(1), location_id, lot_id, serial) for line, serial in zip(units, serials, strict=True)]


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
