"""Whom lots reached: the orders that they left for, how much, and how much of that came back.

Example::

    for order in orders_reached(session, [lot.id]): order.number, order.customer_name, order.outstanding
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, func, select
from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import CUSTOMER, MoveKind
from ambra_tui.services.stock_views import own
from ambra_tui.services.tracing.genealogy import origins_of
from ambra_tui.services.tracing.stock import EMPTY, bound
from ambra_tui.services.tracing.terms import Reached, chunks
from ambra_tui.store.models import ReturnAuthorization, SalesOrder, StockMove, table_of

_move, _order, _return = (table_of(model) for model in (StockMove, SalesOrder, ReturnAuthorization))

# Not as the index of lots hears it: the moves of a few orders are read, not all of the lots'.
_ONE_OF = func.coalesce(_move.c.lot_id, "").in_(bindparam("lot_ids", expanding=True))


def _net(came_from: ColumnElement[str], went_to: ColumnElement[str]) -> ColumnElement[Any]:
    """What went to the customer, less what was taken back; or the other way round."""
    signed = case((went_to == CUSTOMER, _move.c.quantity), (came_from == CUSTOMER, -_move.c.quantity), else_=0)
    return func.sum(signed, type_=_move.c.quantity.type)


_SHIPPED = (
    select(
        _order.c.id,
        _order.c.number,
        _order.c.customer,
        _order.c.status,
        _move.c.lot_id,
        _net(_move.c.source_id, _move.c.destination_id).label("quantity"),
        func.max(_move.c.posted_at, type_=_move.c.posted_at.type).label("last_shipped_at"),
    )
    .select_from(_move)
    .join(_order, and_(_order.c.organization_id == own(), _order.c.id == _move.c.origin_id))
    .where(
        _move.c.organization_id == own(),
        _move.c.origin_id.in_(bindparam("order_ids", expanding=True)),
        _move.c.origin_id != EMPTY,
        _ONE_OF,
    )
    .group_by(_order.c.id, _order.c.number, _order.c.customer, _order.c.status, _move.c.lot_id)
)
_RETURNS = select(_return.c.id, _return.c.order_id).where(
    _return.c.organization_id == own(), _return.c.order_id.in_(bindparam("order_ids", expanding=True))
)
_RETURNED = (
    select(_move.c.origin_id, _move.c.lot_id, _net(_move.c.destination_id, _move.c.source_id).label("quantity"))
    .where(
        _move.c.organization_id == own(),
        _move.c.origin_id.in_(bindparam("return_ids", expanding=True)),
        _move.c.origin_id != EMPTY,
        _ONE_OF,
    )
    .group_by(_move.c.origin_id, _move.c.lot_id)
)


def orders_reached(session: Session, lot_ids: Collection[str], *, limit: int | None = None) -> list[Reached]:
    """The orders that these lots left for, newest first; of at most `limit` orders. One row for an order and lot."""
    order_ids = origins_of(session, lot_ids, MoveKind.ORDER_FULFILLED, limit=limit)
    return reached_of(session, lot_ids, order_ids)


def reached_of(session: Session, lot_ids: Collection[str], order_ids: Sequence[str]) -> list[Reached]:
    """How much of these lots left for these orders, newest order first; nothing for a shipment that was taken back."""
    found: list[Reached] = []
    for lots in chunks(sorted(set(lot_ids) - {""})):
        for part in chunks(order_ids):
            found += _reached(session, lots, part)
    return sorted(found, key=lambda row: (row.order_id, row.lot_id), reverse=True)


def _reached(session: Session, lot_ids: Sequence[str], order_ids: Sequence[str]) -> list[Reached]:
    returned = _came_back(session, lot_ids, order_ids)
    rows = session.connection().execute(_SHIPPED, bound(session, lot_ids=lot_ids, order_ids=order_ids))
    return [
        Reached(
            row.id, row.number, row.customer or {}, row.status, row.lot_id, row.quantity,
            max(returned.get((row.id, row.lot_id), ZERO), ZERO), row.last_shipped_at,
        )
        for row in rows
        if row.quantity > 0
    ]  # fmt: skip


def _came_back(session: Session, lot_ids: Sequence[str], order_ids: Sequence[str]) -> dict[tuple[str, str], Decimal]:
    """(order id, lot id) -> what came back of it, by every return of the order."""
    connection = session.connection()
    orders = {row.id: row.order_id for row in connection.execute(_RETURNS, bound(session, order_ids=order_ids))}
    totals: dict[tuple[str, str], Decimal] = {}
    for part in chunks(orders):
        for row in connection.execute(_RETURNED, bound(session, lot_ids=lot_ids, return_ids=part)):
            key = orders[row.origin_id], row.lot_id
            totals[key] = totals.get(key, ZERO) + row.quantity
    return totals
