"""What comes of an order, line by line, and the way back.

Example::

    receive_variant(
        session, order=order, variant_id=milk.id, quantity=Decimal(48), location_id=dock.id, idempotency_key=key
    )
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session, select

from ambra_tui import ledger
from ambra_tui.errors import NotFound, WrongState
from ambra_tui.ledger import SUPPLIER, MoveKind, Posted, Posting
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.purchasing.documents import lines_of, lock_order
from ambra_tui.services.purchasing.quantities import refuse_over, spread
from ambra_tui.services.purchasing.states import touch
from ambra_tui.services.purchasing.terms import DOCUMENT, RECEIVABLE
from ambra_tui.services.receiving import is_posted, refuse_known_serial
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine, StockMove, Variant
from ambra_tui.store.scope import fetch, is_alone, organization_of


@dataclass(frozen=True, slots=True)
class Part:
    """What of a line came to one place, of one lot or serial."""

    line: PurchaseOrderLine
    quantity: Decimal
    location_id: str
    lot_id: str
    serial: str = ""
    plate_id: str = ""


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
        refuse_over(session, [(line, quantity)], is_over_allowed)
        if serial:
            refuse_known_serial(session, fetch(session, Variant, line.variant_id, resource="variant"), serial)
    positive_quantity(quantity, field="quantity")
    part = Part(line, quantity, location_id, lot_id, serial, plate_id)
    posting = posting_of(order, part, idempotency_key=idempotency_key, reason=reason)
    posted = ledger.post(session, [posting])[0]
    if not posted.repeated:
        line.received += quantity
        touch(session, order, line)
    return posted


def posting_of(order: PurchaseOrder, part: Part, *, idempotency_key: str, reason: str) -> Posting:
    """The move that brings a part in."""
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
        for line, part in spread(session, lines, quantity, is_over_allowed)
    ]


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
        touch(session, order, line)
    return reversed_move
