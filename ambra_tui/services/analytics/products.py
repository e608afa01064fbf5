"""How products perform: what was sold, at which margin, how often it turns over, how much of it comes back.

Example::

    rows, total = product_performance(session, span=span, currency="EUR", sort=("revenue", True))
    rows[0].return_rate
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from sqlalchemy import BigInteger, and_, case, func, literal, or_, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.quantity import to_decimal
from ambra_tui.services.analytics import cube
from ambra_tui.services.analytics.cube import Asked
from ambra_tui.services.analytics.days import Span
from ambra_tui.services.analytics.measures import RATIO_PLACES
from ambra_tui.services.analytics.views import views_of
from ambra_tui.store.models import SiteStock, StockMove, Variant, table_of
from ambra_tui.store.scope import organization_of
from ambra_tui.store.types import EMPTY

SORTS = ("units_sold", "revenue", "profit_margin", "return_rate", "order_count", "name")
_move, _stock, _variant = table_of(StockMove), table_of(SiteStock), table_of(Variant)
_MEASURES = (
    "revenue", "units_sold", "order_count", "profit_margin", "gross_profit", "units_returned", "return_rate", "refunds",
)  # fmt: skip


class Performance(NamedTuple):
    """A product's period. Rates are ratios (0.25 is a quarter); None where there is nothing to divide by: no cost is
    known, no view was reported, nothing was on hand."""

    product_id: str
    name: str
    units_sold: Decimal
    revenue: Decimal
    order_count: int
    gross_profit: Decimal
    profit_margin: Decimal | None
    views: int | None
    conversion_rate: Decimal | None
    inventory_turnover: Decimal | None
    units_returned: Decimal
    return_rate: Decimal | None
    refunds: Decimal


def product_performance(
    session: Session,
    *,
    span: Span,
    currency: str,
    sort: tuple[str, bool] = ("revenue", True),
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[Performance], int]:
    """A page of the products that were sold in the span, and how many there are."""
    name, descends = sort
    ordered = ("product", descends) if name == "name" else sort
    asked = Asked(("product",), _MEASURES, currency, span=span, sort=ordered, offset=offset, limit=limit)
    found = cube.report(session, asked)
    ids = [str(row.keys[0]) for row in found.rows]
    views, turnover = views_of(session, ids, span), _turnover(session, ids, span)
    told = []
    for row, product_id in zip(found.rows, ids, strict=True):
        values, seen = row.values, views.get(product_id)
        told.append(
            Performance(
                product_id=product_id,
                name=values["product"],
                views=seen,
                conversion_rate=_rate(Decimal(values["order_count"]), Decimal(seen or 0)),
                inventory_turnover=turnover.get(product_id),
                **{measure: values[measure] for measure in _MEASURES},
            )
        )
    return told, found.total


def _rate(above: Decimal, below: Decimal) -> Decimal | None:
    return (above / below).quantize(RATIO_PLACES, ROUND_HALF_EVEN) if below > 0 else None


def _turnover(session: Session, product_ids: Sequence[str], span: Span) -> dict[str, Decimal]:
    """Product -> units that left with orders in the span, by the mean of what was on hand at its two ends."""
    assert span.first is not None and span.last is not None
    organization_id = organization_of(session)
    start = datetime.combine(span.first, time(), UTC)
    end = datetime.combine(span.last, time(), UTC) + timedelta(days=1)
    own = and_(_variant.c.organization_id == organization_id, _variant.c.product_id.in_(product_ids))
    present = (
        select(_variant.c.product_id, func.sum(type_coerce(_stock.c.on_hand, BigInteger)))
        .select_from(
            _variant.join(
                _stock,
                and_(_stock.c.organization_id == _variant.c.organization_id, _stock.c.variant_id == _variant.c.id),
            )
        )
        .where(own)
        .group_by(_variant.c.product_id)
    )
    quantity, nothing = type_coerce(_move.c.quantity, BigInteger), literal(0, BigInteger)
    into = case((_move.c.destination_site_id != EMPTY, quantity), else_=nothing)
    out_of = case((_move.c.source_site_id != EMPTY, quantity), else_=nothing)
    is_sale = and_(
        _move.c.origin_kind == "sales_order", _move.c.kind.in_(("order_fulfilled", "reversal")),
        or_(_move.c.source_site_id == EMPTY, _move.c.destination_site_id == EMPTY),
    )  # fmt: skip
    is_within = _move.c.occurred_at < end
    moved = (
        select(
            _variant.c.product_id,
            func.sum(into - out_of),
            func.sum(case((is_within, nothing), else_=into - out_of)),
            func.sum(case((and_(is_within, is_sale), out_of - into), else_=nothing)),
        )
        .select_from(
            _variant.join(
                _move,
                and_(_move.c.organization_id == _variant.c.organization_id, _move.c.variant_id == _variant.c.id),
            )
        )
        .where(own, _move.c.occurred_at >= start)
        .group_by(_variant.c.product_id)
    )
    connection = session.connection()
    on_hand = {row[0]: int(row[1]) for row in connection.execute(present)}
    changes = {row[0]: tuple(map(int, row[1:])) for row in connection.execute(moved)}
    rates = {}
    for product_id, now in on_hand.items():
        since_start, since_end, sold = changes.get(product_id, (0, 0, 0))
        mean = to_decimal((now - since_start) + (now - since_end)) / 2
        rate = _rate(to_decimal(sold), mean)
        if rate is not None:
            rates[product_id] = rate
    return rates
