"""How long stock has been lying: the days since something of it last came into the site.

What counts is what came from outside: purchases, transfers, returns; not what was counted, produced or opened with.
Stock that nothing of the kind ever came to has no age, and stands last.

Example::

    rows, total = inventory_aging(session, age_bucket="90+", offset=0, limit=100)
    rows[0].sku, rows[0].age_days
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import CTE, BigInteger, ColumnElement, case, func, literal_column, select, type_coerce
from sqlmodel import Session

from ambra_tui.services.reports._columns import STOCK, names_of, own_currency, value_of, value_parts
from ambra_tui.services.reports.movers import was_reversed
from ambra_tui.store.models import StockMove, table_of
from ambra_tui.store.models.stock import INBOUND_KINDS
from ambra_tui.store.scope import now_of, organization_of
from ambra_tui.store.types import MomentColumn

AGE_BUCKETS: dict[str, tuple[int, int | None]] = {
    "0-30": (0, 30),
    "31-60": (31, 60),
    "61-90": (61, 90),
    "90+": (91, None),
}
_move = table_of(StockMove)
# Texts of the statement, in the order that the index of receipts names them.
_INBOUND: list[ColumnElement[str]] = [literal_column(f"'{kind.value}'") for kind in INBOUND_KINDS]


class AgingRow(NamedTuple):
    """What a site holds of a variant, and when something of it last came in. Without an age: nothing ever did."""

    variant_id: str
    sku: str
    name: str
    site_id: str
    quantity: Decimal
    last_inbound_at: datetime | None
    age_days: int | None
    age_bucket: str | None


class AgeTotal(NamedTuple):
    """How much has an age: `rows` of variant and site; `value` at average cost, in `currency`."""

    age_bucket: str | None
    rows: int
    value: Decimal
    currency: str


def age_bucket_of(age_days: int) -> str:
    """The bucket of an age; day 90 is in 61-90."""
    return next(name for name, (_, last) in AGE_BUCKETS.items() if last is None or age_days <= last)


def inventory_aging(
    session: Session, *, site_id: str | None = None, age_bucket: str | None = None, offset: int, limit: int
) -> tuple[list[AgingRow], int]:
    """Stock with its age, oldest first; and how many rows there are in all."""
    now, aged = now_of(session), _aged(session, site_id)
    conditions = [] if age_bucket is None else _within(aged, age_bucket, now)
    order = (aged.c.last_inbound.is_(None), aged.c.last_inbound, aged.c.variant_id, aged.c.site_id)
    page = select(aged, func.count().over().label("total")).where(*conditions).order_by(*order)
    rows = session.connection().execute(page.offset(offset).limit(limit)).all()
    if not rows and offset:
        counted = select(func.count()).select_from(aged).where(*conditions)
        return [], session.connection().execute(counted).scalar_one()
    names = names_of(session, {row.variant_id for row in rows})
    return [_row(row, names[row.variant_id], now) for row in rows], rows[0].total if rows else 0


def age_totals(session: Session, *, site_id: str | None = None) -> list[AgeTotal]:
    """How much stock lies in each bucket, youngest first, what has no age last."""
    aged, now, currency = _aged(session, site_id), now_of(session), own_currency(session)
    edges = [(_start_of(now, last), name) for name, (_, last) in AGE_BUCKETS.items() if last is not None]
    bucket = case(
        (aged.c.last_inbound.is_(None), None),
        *((aged.c.last_inbound >= edge, name) for edge, name in edges),
        else_=list(AGE_BUCKETS)[-1],
    )
    sorted_in = select(bucket.label("bucket"), aged.c.on_hand, aged.c.average_cost).subquery()
    values = value_parts(sorted_in.c.on_hand, sorted_in.c.average_cost)
    statement = select(sorted_in.c.bucket, func.count(), *values).group_by(sorted_in.c.bucket)
    found = {row[0]: row for row in session.connection().execute(statement)}
    return [
        AgeTotal(name, found[name][1], value_of(found[name][2:], currency), currency) if name in found
        else AgeTotal(name, 0, Decimal(0), currency)
        for name in (*AGE_BUCKETS, None)
    ]  # fmt: skip


def _aged(session: Session, site_id: str | None) -> CTE:
    """Stock on hand with its last receipt, worked out once a row."""
    last = (
        select(_move.c.occurred_at)
        .where(
            _move.c.organization_id == STOCK.c.organization_id,
            _move.c.variant_id == STOCK.c.variant_id,
            _move.c.destination_site_id == STOCK.c.site_id,
            _move.c.kind.in_(_INBOUND),
            ~was_reversed(_move),
        )
        .order_by(_move.c.occurred_at.desc())
        .limit(1)
        .correlate(STOCK)
        .scalar_subquery()
    )
    columns = (STOCK.c[name] for name in ("variant_id", "site_id", "on_hand", "average_cost"))
    held = select(*columns, type_coerce(last, MomentColumn()).label("last_inbound")).where(
        STOCK.c.organization_id == organization_of(session), type_coerce(STOCK.c.on_hand, BigInteger) > 0
    )
    if site_id is not None:
        held = held.where(STOCK.c.site_id == site_id)
    return held.cte("aged").prefix_with("MATERIALIZED")


def _within(aged: CTE, age_bucket: str, now: datetime) -> list[ColumnElement[bool]]:
    """The moments of a bucket's days. What is dated ahead of now is young."""
    first, last = AGE_BUCKETS[age_bucket]
    conditions: list[ColumnElement[bool]] = [aged.c.last_inbound.is_not(None)]
    if first > 0:
        conditions.append(aged.c.last_inbound < _start_of(now, first - 1))
    if last is not None:
        conditions.append(aged.c.last_inbound >= _start_of(now, last))
    return conditions


def _start_of(now: datetime, days_ago: int) -> datetime:
    """When the calendar day (UTC) so many days ago began."""
    return datetime.combine(now.astimezone(UTC).date() - timedelta(days=days_ago), time.min, UTC)


def _row(row: Any, name: tuple[str, str], now: datetime) -> AgingRow:
    last: datetime | None = row.last_inbound
    age_days = None if last is None else max((now.astimezone(UTC).date() - last.astimezone(UTC).date()).days, 0)
    bucket = None if age_days is None else age_bucket_of(age_days)
    return AgingRow(row.variant_id, *name, row.site_id, row.on_hand, last, age_days, bucket)
