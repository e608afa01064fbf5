"""What a customer has ordered so far, in figures.

Example::

    summary_of(session, jane.id).spent      # {'USD': 39998}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, case, cast, func, literal, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.quantity import SCALE
from ambra_tui.store.models import OrderCheckout, Refund, SalesOrder, SalesOrderLine, table_of
from ambra_tui.store.scope import organization_of

LAST_ORDERS = 5
MAX_AMOUNT = 9_000_000_000_000
"""Of one line, in minor units: what is beyond is told as this much, as in reports, so that no sum is out of range."""
_order, _line = table_of(SalesOrder), table_of(SalesOrderLine)
_checkout, _refund = table_of(OrderCheckout), table_of(Refund)


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """`count`: orders that were not cancelled; `cancelled`: those that were. `spent`: currency -> minor units of the
    orders that were not, less what was refunded. `last`: the newest orders with what each cost."""

    count: int
    cancelled: int
    spent: Mapping[str, int]
    first_at: datetime | None
    last_at: datetime | None
    last: tuple[tuple[Any, int], ...]


def summary_of(session: Session, customer_id: str) -> OrderSummary:
    """The orders of one customer."""
    session.flush()
    connection = session.connection()
    own = (_order.c.organization_id == organization_of(session), _order.c.customer_id == customer_id)
    is_cancelled = (_order.c.status == "cancelled").label("is_cancelled")
    states = connection.execute(
        select(is_cancelled, func.count(), func.min(_order.c.created_at), func.max(_order.c.created_at))
        .where(*own)
        .group_by(is_cancelled)
    ).all()
    kept = next((row for row in states if not row[0]), None)
    cancelled = next((row[1] for row in states if row[0]), 0)
    newest = connection.execute(
        select(_order).where(*own).order_by(_order.c.created_at.desc(), _order.c.id.desc()).limit(LAST_ORDERS)
    ).all()
    totals = _totals(session, [row.id for row in newest])
    return OrderSummary(
        count=kept[1] if kept else 0,
        cancelled=cancelled,
        spent=_spent(session, customer_id) if kept else {},
        first_at=kept[2] if kept else None,
        last_at=kept[3] if kept else None,
        last=tuple((row, totals.get(row.id, 0)) for row in newest),
    )


def _costs() -> Any:
    """What a line costs, a part of a minor unit rounded half up."""
    quantity, price = type_coerce(_line.c.quantity, BigInteger), cast(_line.c.price_minor, BigInteger)
    whole, rest = quantity // SCALE, quantity % SCALE
    is_large = whole >= literal(MAX_AMOUNT, BigInteger) // func.nullif(price, 0, type_=BigInteger)
    cost = case((is_large, MAX_AMOUNT), else_=whole * price + (rest * price + SCALE // 2) // SCALE)
    return cast(func.coalesce(func.sum(cost), 0), BigInteger)


def _extra() -> Any:
    return _checkout.c.shipping_minor + _checkout.c.tax_minor - _checkout.c.discount_minor


def _spent(session: Session, customer_id: str) -> dict[str, int]:
    """Lines, then shipping and tax less discounts, then refunds; each a walk along the customer's orders."""
    organization_id, connection = organization_of(session), session.connection()
    own = (
        _order.c.organization_id == organization_id, _order.c.customer_id == customer_id,
        _order.c.status != "cancelled",
    )  # fmt: skip
    statements = (
        (1, select(_order.c.currency, _costs()).join(
            _line, (_line.c.organization_id == organization_id) & (_line.c.sales_order_id == _order.c.id)
        )),
        (1, select(_order.c.currency, cast(func.coalesce(func.sum(_extra()), 0), BigInteger)).join(
            _checkout, (_checkout.c.organization_id == organization_id) & (_checkout.c.order_id == _order.c.id)
        )),
        (-1, select(_order.c.currency, cast(func.coalesce(func.sum(_refund.c.amount), 0), BigInteger)).join(
            _refund, (_refund.c.organization_id == organization_id) & (_refund.c.order_id == _order.c.id)
        ).where(_refund.c.status != "failed")),
    )  # fmt: skip
    spent: dict[str, int] = {}
    for sign, statement in statements:
        for currency, amount in connection.execute(statement.where(*own).group_by(_order.c.currency)):
            spent[currency] = spent.get(currency, 0) + sign * amount
    return dict(sorted(spent.items()))


def _totals(session: Session, order_ids: list[str]) -> dict[str, int]:
    organization_id, connection = organization_of(session), session.connection()
    lines = select(_line.c.sales_order_id, _costs()).where(
        _line.c.organization_id == organization_id, _line.c.sales_order_id.in_(order_ids)
    )
    totals = {row[0]: row[1] for row in connection.execute(lines.group_by(_line.c.sales_order_id))}
    extra = select(_checkout.c.order_id, _extra()).where(
        _checkout.c.organization_id == organization_id, _checkout.c.order_id.in_(order_ids)
    )
    for order_id, amount in connection.execute(extra):
        totals[order_id] = totals.get(order_id, 0) + amount
    return totals


__all__ = ["LAST_ORDERS", "OrderSummary", "summary_of"]
