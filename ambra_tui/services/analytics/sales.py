"""Sales of a period: the sums, a time series without gaps, and the same sums by product, category, customer or region.

Example::

    told = sales(session, span=Span(date(2026, 1, 1), date(2026, 3, 31)), interval="month", currency="EUR")
    told.series[0].values     # {'revenue': Decimal('120.00'), 'orders': 3, ...}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session

from ambra_tui.services.analytics import cube, days
from ambra_tui.services.analytics.cube import Asked, Column, Row
from ambra_tui.services.analytics.days import Span
from ambra_tui.services.analytics.measures import measure_named
from ambra_tui.services.analytics.spans import starts_of

METRICS = ("revenue", "orders", "units", "avg_order_value")
GROUPS = {"product": "product", "category": "product_category", "customer": "customer", "region": "region"}
DEFAULT_GROUPS, MAX_GROUPS = 100, 5_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a series; the first and the last one are cut by the span."""

    first: date
    last: date
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sales:
    """A report on sales. `groups` hold (name, key) of what they are by; `groups_total`: how many there are in all."""

    span: Span
    interval: str
    currency: str
    other_currencies: Sequence[str]
    metrics: tuple[Column, ...]
    summary: Mapping[str, Any]
    series: Sequence[Step]
    group_by: str
    groups: Sequence[Row]
    groups_total: int


def sales(
    session: Session,
    *,
    span: Span,
    interval: str,
    currency: str | None = None,
    metrics: Sequence[str] = METRICS,
    group_by: str = "",
    limit: int = DEFAULT_GROUPS,
) -> Sales:
    """The report. `currency`: the organization's when it is not told. Raises Invalid."""
    own, used = cube.currencies_of(session)
    wanted = currency or own

    def ask(*dimensions: str, rows: int = days.MAX_BUCKETS + 2) -> cube.Cube:
        return cube.report(session, Asked(dimensions, metrics, wanted, span=span, limit=rows))

    whole = ask()
    nothing = {name: measure_named(name).tell(_Nothing(), wanted) for name in metrics}
    by_name = {row.values[interval]: row.values for row in ask(interval).rows}
    grouped = ask(GROUPS[group_by], rows=limit) if group_by else None
    return Sales(
        span=span,
        interval=interval,
        currency=wanted,
        other_currencies=[each for each in used if each != wanted],
        metrics=whole.columns,
        summary=whole.rows[0].values if whole.rows else nothing,
        series=_series(span, interval, by_name, nothing),
        group_by=group_by,
        groups=grouped.rows if grouped else (),
        groups_total=grouped.total if grouped else 0,
    )


class _Nothing(dict[str, int]):
    """The sums of no rows."""

    def __missing__(self, name: str) -> int:
        return 0


def _series(
    span: Span, interval: str, found: Mapping[str, Mapping[str, Any]], nothing: Mapping[str, Any]
) -> list[Step]:
    assert span.first is not None and span.last is not None
    steps = []
    for start in starts_of(span, interval):
        values = found.get(days.name_of(interval, start), nothing)
        last = days.next_start(interval, start) - timedelta(days=1)
        told = {name: values[name] for name in nothing}
        steps.append(Step(max(start, span.first), min(last, span.last), told))
    return steps
