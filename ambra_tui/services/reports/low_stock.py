"""What is below its reorder point, and how much of it to order.

Example::

    rows, total = low_stock(session, site_id=site.id, offset=0, limit=25)
    rows[0].sku, rows[0].suggested_quantity
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, case, func, literal, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.policies import is_low, on_order, read_policies, suggested_quantity
from ambra_tui.services.reports._columns import STOCK, available_column, names_of
from ambra_tui.store.scope import organization_of

LOW_STATES = ("out_of_stock", "critical", "low")


class LowRow(NamedTuple):
    """A variant that a site is low of. `on_order`: what open purchase orders are to bring; `suggested_quantity`: what
    to order beyond that, in whole packs."""

    variant_id: str
    sku: str
    name: str
    site_id: str
    on_hand: Decimal
    reserved: Decimal
    held: Decimal
    available: Decimal
    reorder_point: Decimal
    safety_stock: Decimal
    status: str
    reorder_quantity: Decimal
    lead_time_days: int
    on_order: Decimal
    suggested_quantity: Decimal


def low_stock(
    session: Session,
    *,
    site_id: str | None = None,
    variant_id: str | None = None,
    offset: int,
    limit: int,
) -> tuple[list[LowRow], int]:
    """What is low, what is nearest to nothing first; and how many rows there are in all."""
    connection, conditions = session.connection(), _low(session, site_id, variant_id)
    total: int = connection.execute(select(func.count()).select_from(STOCK).where(*conditions)).scalar_one()
    if offset >= total:
        return [], total
    columns = ("variant_id", "site_id", "on_hand", "reserved", "held", "reorder_point", "safety_stock", "status")
    page = select(*(STOCK.c[name] for name in columns)).where(*conditions)
    rows = connection.execute(page.order_by(*_emptiest_first()).offset(offset).limit(limit)).all()
    return _told(session, rows), total


def _low(session: Session, site_id: str | None, variant_id: str | None) -> list[ColumnElement[bool]]:
    conditions = [
        STOCK.c.organization_id == organization_of(session),
        STOCK.c.status.in_(LOW_STATES),  # says it for the index; `is_low` decides
        is_low(available_column(), type_coerce(STOCK.c.reorder_point, BigInteger)),
    ]
    if site_id is not None:
        conditions.append(STOCK.c.site_id == site_id)
    if variant_id is not None:
        conditions.append(STOCK.c.variant_id == variant_id)
    return conditions


def _emptiest_first() -> tuple[ColumnElement[Any], ...]:
    share = available_column() * literal(1000, BigInteger) // type_coerce(STOCK.c.reorder_point, BigInteger)
    return (case((available_column() <= 0, -1), else_=share), STOCK.c.variant_id, STOCK.c.site_id)


def _told(session: Session, rows: Any) -> list[LowRow]:
    variant_ids = sorted({row.variant_id for row in rows})
    names, policies = names_of(session, variant_ids), read_policies(session, variant_ids)
    coming = on_order(session, variant_ids)
    told = []
    for row in rows:
        policy = policies.of(row.variant_id, row.site_id)
        available = row.on_hand - row.reserved - row.held
        ordered = coming.get((row.variant_id, row.site_id), ZERO)
        told.append(
            LowRow(
                row.variant_id,
                *names[row.variant_id],
                row.site_id,
                row.on_hand,
                row.reserved,
                row.held,
                available,
                row.reorder_point,
                row.safety_stock,
                row.status,
                policy.reorder_quantity,
                policy.lead_time_days,
                ordered,
                suggested_quantity(policy, available=available, on_order=ordered),
            )
        )
    return told
