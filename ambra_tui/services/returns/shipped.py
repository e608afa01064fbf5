"""What left with an order and may come back, as the ledger tells."""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import CUSTOMER, MoveKind
from ambra_tui.services.returns.terms import Shipped
from ambra_tui.store.models import ReturnAuthorization, StockMove, Variant
from ambra_tui.store.scope import organization_of
from ambra_tui.store.types import EMPTY

_ACROSS_THE_DOOR = (
    MoveKind.ORDER_FULFILLED, MoveKind.RETURN_RECEIVED, MoveKind.RETURN_DISPOSED, MoveKind.REVERSAL,
)  # fmt: skip


def shipped_with(session: Session, order_id: str, variant_id: str) -> list[Shipped]:
    """The lots and serials of a variant that left with an order and are still out, as the ledger tells."""
    balances = sorted(balances_of(session, order_id, variant_id).items())
    return [Shipped(lot_id, serial, quantity, cost) for (lot_id, serial), (quantity, cost) in balances if quantity > 0]


def balances_of(session: Session, order_id: str, variant_id: str) -> dict[tuple[str, str], tuple[Decimal, int | None]]:
    """Lot and serial -> what left with an order less what any return of it brought back, and its cost then."""
    organization_id = organization_of(session)
    returned = select(ReturnAuthorization.id).where(
        ReturnAuthorization.organization_id == organization_id, ReturnAuthorization.order_id == order_id
    )
    statement = select(StockMove).where(
        StockMove.organization_id == organization_id,
        col(StockMove.origin_id).in_([order_id, *session.exec(returned).all()]),
        col(StockMove.origin_id) != EMPTY,
        StockMove.variant_id == variant_id,
        col(StockMove.kind).in_(_ACROSS_THE_DOOR),
    )
    totals: dict[tuple[str, str], tuple[Decimal, int | None]] = {}
    for move in session.exec(statement.order_by(col(StockMove.sequence))).all():
        sign = 1 if move.destination_id == CUSTOMER else -1 if move.source_id == CUSTOMER else 0
        quantity, cost = totals.get((move.lot_id, move.serial), (ZERO, move.unit_cost))
        totals[move.lot_id, move.serial] = (quantity + sign * move.quantity, cost)
    return totals


def only_lot(session: Session, rma: ReturnAuthorization, variant: Variant) -> str | None:
    """The lot that returned units of a variant have without asking: none, or the only one that is still out.

    None where several are: somebody has to read it.
    """
    if not variant.is_lot_tracked:
        return ""
    lots = {part.lot_id for part in shipped_with(session, rma.order_id, variant.id)}
    return next(iter(lots)) if len(lots) == 1 else None


def left_with(session: Session, order_id: str) -> dict[str, Decimal]:
    """Variant -> what left with an order, as the ledger tells, whether or not it came back."""
    statement = select(StockMove).where(
        StockMove.organization_id == organization_of(session),
        StockMove.origin_id == order_id,
        col(StockMove.origin_id) != EMPTY,
        col(StockMove.kind).in_((MoveKind.ORDER_FULFILLED, MoveKind.REVERSAL)),
    )
    left: dict[str, Decimal] = {}
    for move in session.exec(statement).all():
        sign = 1 if move.destination_id == CUSTOMER else -1 if move.source_id == CUSTOMER else 0
        left[move.variant_id] = left.get(move.variant_id, ZERO) + sign * move.quantity
    return left
