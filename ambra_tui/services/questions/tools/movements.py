"""What happened: the moves of the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.questions.tool import Found, InPeriod, Row, Tool, number
from ambra_tui.services.questions.tools._shared import (
    counted,
    day,
    names_of,
    own,
    place_named,
    site_codes,
    supplier_named,
    variant_named,
    within,
)
from ambra_tui.store.models import Lot, MoveKind, PurchaseOrder, StockMove, table_of

Direction = Literal["in", "out", "adjustment", "transfer"]
_KINDS: dict[str, tuple[MoveKind, ...]] = {
    "in": (MoveKind.PURCHASE_RECEIVED, MoveKind.RETURN_RECEIVED, MoveKind.TRANSFER_IN, MoveKind.PRODUCTION_OUTPUT),
    "out": (MoveKind.ORDER_FULFILLED, MoveKind.TRANSFER_OUT, MoveKind.PRODUCTION_CONSUMED),
    "adjustment": (MoveKind.CYCLE_COUNT_ADJUSTMENT, MoveKind.MANUAL_ADJUSTMENT, MoveKind.WASTE_RECORDED),
    "transfer": (MoveKind.TRANSFER_OUT, MoveKind.TRANSFER_IN),
}


class Movements(InPeriod):
    """`type`: in, out, adjustment or transfer."""

    sku: str | None = None
    location: str | None = None
    lot: str | None = None
    supplier: str | None = None
    type: Direction | None = None


def movements(session: Session, asked: Movements) -> Found:
    """Moves of the ledger, newest first; sums of what came in and went out."""
    variant, supplier = variant_named(session, asked.sku), supplier_named(session, asked.supplier)
    statement = select(StockMove).where(own(session, StockMove), *within(col(StockMove.posted_at), asked, session))
    if variant is not None:
        statement = statement.where(col(StockMove.variant_id) == variant.id)
    if asked.type is not None:
        statement = statement.where(col(StockMove.kind).in_(_KINDS[asked.type]))
    if asked.lot:
        lots = select(Lot.id).where(own(session, Lot), col(Lot.lot_number) == asked.lot)
        statement = statement.where(col(StockMove.lot_id).in_(lots), col(StockMove.lot_id) != "")
    if supplier is not None:
        bought = select(PurchaseOrder.id).where(
            own(session, PurchaseOrder), col(PurchaseOrder.supplier_id) == supplier.id
        )
        statement = statement.where(col(StockMove.origin_id).in_(bought))
    statement = _at_place(session, statement, asked.location)
    codes = site_codes(session)
    page = list(session.exec(statement.order_by(col(StockMove.sequence).desc()).limit(asked.rows)))
    names = names_of(session, {row.variant_id for row in page})
    rows = [_move(row, names[row.variant_id], codes) for row in page]
    return Found(rows, counted(session, statement), {"quantity": number(_sum(session, statement))})


def _at_place(session: Session, statement: Any, code: str | None) -> Any:
    site, location = place_named(session, code)
    if site is not None:
        return statement.where(
            (col(StockMove.source_site_id) == site.id) | (col(StockMove.destination_site_id) == site.id)
        )
    if location is not None:
        return statement.where(
            (col(StockMove.source_id) == location.id) | (col(StockMove.destination_id) == location.id)
        )
    return statement


def _sum(session: Session, statement: Any) -> Decimal:
    total = func.sum(StockMove.quantity, type_=table_of(StockMove).c.quantity.type)
    found = session.connection().execute(statement.with_only_columns(total, maintain_column_froms=True)).scalar_one()
    return found if isinstance(found, Decimal) else ZERO


def _move(row: StockMove, named: tuple[str, str], codes: dict[str, str]) -> Row:
    return {
        "date": day(row.posted_at), "time": row.posted_at.strftime("%H:%M"), "sku": named[0], "name": named[1],
        "kind": row.kind, "quantity": number(row.quantity), "from": codes.get(row.source_site_id, ""),
        "to": codes.get(row.destination_site_id, ""), "reason": row.reason,
    }  # fmt: skip


TOOLS = (
    Tool(
        "movements",
        "Moves of stock: what came in, went out or was corrected",
        Movements,
        movements,
        "/api/v1/inventory_ledger",
        chart=("date", "quantity"),
    ),
)
