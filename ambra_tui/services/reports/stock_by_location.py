"""What each site holds, and what it is worth at average cost.

Example::

    rows, total = stock_by_location(session, offset=0, limit=25)
    rows[0].available, rows[0].value
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO, to_decimal
from ambra_tui.services.policies import is_low
from ambra_tui.services.reports._columns import STOCK, available_column, own_currency, value_of, value_parts
from ambra_tui.store.models import Site, table_of
from ambra_tui.store.scope import organization_of

_site = table_of(Site)


class LocationRow(NamedTuple):
    """One site. `variants`: how many it holds any of; `low`, `out_of_stock`: how many of the variants that it holds or
    ought to hold; `value`: at average cost, in `currency`; `without_cost`: variants on hand whose cost nobody knows."""

    site_id: str
    code: str
    name: str
    kind: str
    variants: int
    on_hand: Decimal
    reserved: Decimal
    held: Decimal
    available: Decimal
    low: int
    out_of_stock: int
    value: Decimal
    without_cost: int
    currency: str


def stock_by_location(
    session: Session, *, site_id: str | None = None, offset: int, limit: int
) -> tuple[list[LocationRow], int]:
    """A row per site, by code, with what all its locations hold together; and how many sites there are."""
    organization_id, connection = organization_of(session), session.connection()
    matching = [_site.c.organization_id == organization_id]
    if site_id is not None:
        matching.append(_site.c.id == site_id)
    total: int = connection.execute(select(func.count()).select_from(_site).where(*matching)).scalar_one()
    page = select(_site.c.id, _site.c.code, _site.c.name, _site.c.kind).where(*matching)
    sites = connection.execute(page.order_by(_site.c.code).offset(offset).limit(limit)).all()
    sums = _sums(session, [site.id for site in sites])
    currency = own_currency(session)
    return [_row(site, sums.get(site.id), currency) for site in sites], total


def _sums(session: Session, site_ids: list[str]) -> dict[str, Any]:
    on_hand, reserved, held = (type_coerce(STOCK.c[name], BigInteger) for name in ("on_hand", "reserved", "held"))
    there = on_hand > 0
    is_below = is_low(available_column(), type_coerce(STOCK.c.reorder_point, BigInteger))
    statement = select(
        STOCK.c.site_id,
        func.count().filter(there),
        func.sum(on_hand),
        func.sum(reserved),
        func.sum(held),
        func.count().filter(is_below),
        func.count().filter(available_column() <= 0),
        func.count().filter(there & STOCK.c.average_cost.is_(None)),
        *value_parts(STOCK.c.on_hand, STOCK.c.average_cost),
    ).where(STOCK.c.organization_id == organization_of(session), STOCK.c.site_id.in_(site_ids))
    rows = session.connection().execute(statement.group_by(STOCK.c.site_id)) if site_ids else ()
    return {row[0]: row for row in rows}


def _row(site: Any, sums: Any, currency: str) -> LocationRow:
    if sums is None:
        nothing = (0, ZERO, ZERO, ZERO, ZERO, 0, 0, ZERO, 0, currency)
        return LocationRow(site.id, site.code, site.name, site.kind, *nothing)
    _, variants, on_hand, reserved, held, low, out, without_cost, *value = sums
    return LocationRow(
        site_id=site.id,
        code=site.code,
        name=site.name,
        kind=site.kind,
        variants=variants,
        on_hand=to_decimal(int(on_hand)),
        reserved=to_decimal(int(reserved)),
        held=to_decimal(int(held)),
        available=to_decimal(int(on_hand) - int(reserved) - int(held)),
        low=low,
        out_of_stock=out,
        value=value_of(value, currency),
        without_cost=without_cost,
        currency=currency,
    )
