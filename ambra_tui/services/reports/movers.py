"""What sells most: sales of the ledger in the last days, less what was taken back.

A cancelled order has no sale. A shipment that was reversed is no sale either; a return is: somebody wanted the goods.

Example::

    rows, total = fast_movers(session, days=30, limit=10)
    rows[0].sku, rows[0].units, rows[0].units_a_day
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, distinct, exists, func, literal_column, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.clock import from_microseconds
from ambra_tui.kit.quantity import ZERO, to_decimal
from ambra_tui.services.reports._columns import STOCK, available_column, names_of
from ambra_tui.store.models import StockMove, table_of
from ambra_tui.store.scope import now_of, organization_of

DAYS, MAX_DAYS = 30, 365
_move = table_of(StockMove)
SOLD: ColumnElement[str] = literal_column(
    "'order_fulfilled'"
)  # a text of the statement: the index of sales is for this kind alone
_NO_MOVE: ColumnElement[str] = literal_column("''")
_HUNDREDTH = Decimal("0.01")


class MoverRow(NamedTuple):
    """A variant that sold. `rank` from 1; `orders`: how many documents; `available`: in the sites asked about, now;
    `days_of_cover`: how long that lasts at this rate."""

    rank: int
    variant_id: str
    sku: str
    name: str
    units: Decimal
    orders: int
    units_a_day: Decimal
    last_sold_at: datetime
    available: Decimal
    days_of_cover: Decimal


def was_reversed(move: Any) -> ColumnElement[bool]:
    """A later move took this one back. `move`: a table of moves, bound to the organization."""
    later = _move.alias("later")
    return exists(
        select(later.c.sequence)
        .where(
            later.c.organization_id == move.c.organization_id,
            later.c.reverses_id == move.c.id,
            later.c.reverses_id != _NO_MOVE,  # says it for the index of reversals
        )
        .correlate(move)
    )


def fast_movers(
    session: Session, *, days: int = DAYS, site_id: str | None = None, offset: int = 0, limit: int = 10
) -> tuple[list[MoverRow], int]:
    """The variants that sold most units in the last `days`, and how many sold at all."""
    now = now_of(session)
    matching = [
        _move.c.organization_id == organization_of(session),
        _move.c.kind == SOLD,
        _move.c.occurred_at > now - timedelta(days=days),
        _move.c.occurred_at <= now,
        ~was_reversed(_move),
    ]
    if site_id is not None:
        matching.append(_move.c.source_site_id == site_id)
    units = func.sum(type_coerce(_move.c.quantity, BigInteger))
    sold = (
        select(
            _move.c.variant_id,
            units.label("units"),
            func.count(distinct(_move.c.origin_id)).label("orders"),
            func.max(type_coerce(_move.c.occurred_at, BigInteger)).label("last_sold"),
        )
        .where(*matching)
        .group_by(_move.c.variant_id)
        .subquery()
    )
    page = select(sold, func.count().over().label("total")).order_by(sold.c.units.desc(), sold.c.variant_id)
    rows = session.connection().execute(page.offset(offset).limit(limit)).all()
    if not rows and offset:
        return [], session.connection().execute(select(func.count()).select_from(sold)).scalar_one()
    return _told(session, rows, days, site_id, offset), rows[0].total if rows else 0


def _told(session: Session, rows: Any, days: int, site_id: str | None, offset: int) -> list[MoverRow]:
    variant_ids = [row.variant_id for row in rows]
    names, stock = names_of(session, variant_ids), _available(session, variant_ids, site_id)
    told = []
    for rank, row in enumerate(rows, start=offset + 1):
        units, available = to_decimal(int(row.units)), stock.get(row.variant_id, ZERO)
        told.append(
            MoverRow(
                rank,
                row.variant_id,
                *names[row.variant_id],
                units,
                row.orders,
                (units / days).quantize(_HUNDREDTH),
                from_microseconds(int(row.last_sold)),
                available,
                (max(available, ZERO) * days / units).quantize(_HUNDREDTH),
            )
        )
    return told


def _available(session: Session, variant_ids: list[str], site_id: str | None) -> dict[str, Decimal]:
    statement = (
        select(STOCK.c.variant_id, func.sum(available_column()))
        .where(STOCK.c.organization_id == organization_of(session), STOCK.c.variant_id.in_(variant_ids))
        .group_by(STOCK.c.variant_id)
    )
    if site_id is not None:
        statement = statement.where(STOCK.c.site_id == site_id)
    return {row[0]: to_decimal(int(row[1])) for row in session.connection().execute(statement)}
