"""Reports on sales as comma-separated values.

Example::

    sales_table(session, span, "month", group_by="category")     # 'category,category_id,revenue,...'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlmodel import Session

from ambra_tui.kit.tables import csv_text
from ambra_tui.services.analytics import cube
from ambra_tui.services.analytics.customers import CustomerAnalytics, customer_analytics
from ambra_tui.services.analytics.days import Span
from ambra_tui.services.analytics.products import Performance, product_performance
from ambra_tui.services.analytics.sales import GROUPS, MAX_GROUPS, Sales, sales

PAGE = 500


def sales_table(session: Session, span: Span, interval: str, *, currency: str | None = None, group_by: str = "") -> str:
    """Sales by step of time, or by group."""
    told = sales(session, span=span, interval=interval, currency=currency, group_by=group_by, limit=MAX_GROUPS)
    return table_of_sales(told)


def table_of_sales(told: Sales) -> str:
    """The groups where there are any, else the series."""
    names = [column.name for column in told.metrics]
    if told.group_by:
        dimension = GROUPS[told.group_by]
        groups = (
            (
                row.values[dimension],
                row.values.get(f"{dimension}_id", ""),
                *(row.values[name] for name in names),
                told.currency,
            )
            for row in told.groups
        )
        return csv_text((told.group_by, f"{told.group_by}_id", *names, "currency"), groups)
    steps = ((step.first, step.last, *(step.values[name] for name in names), told.currency) for step in told.series)
    return csv_text(("start_date", "end_date", *names, "currency"), steps)


def products_table(session: Session, span: Span, *, currency: str | None = None) -> str:
    """All products that were sold."""
    wanted = currency or cube.currencies_of(session)[0]
    return table_of_products(list(_products(session, span, wanted)), wanted)


def _products(session: Session, span: Span, currency: str) -> Iterator[Performance]:
    offset, total = 0, 1
    while offset < total:
        rows, total = product_performance(session, span=span, currency=currency, offset=offset, limit=PAGE)
        yield from rows
        offset += PAGE


def table_of_products(rows: Sequence[Performance], currency: str) -> str:
    """A row a product."""
    return csv_text((*Performance._fields, "currency"), ((*row, currency) for row in rows))


def customers_table(session: Session, span: Span, *, currency: str | None = None) -> str:
    """Customers in numbers."""
    wanted = currency or cube.currencies_of(session)[0]
    return table_of_customers(customer_analytics(session, span=span, currency=wanted))


def table_of_customers(told: CustomerAnalytics) -> str:
    """One table of all parts: which part, of whom, how many customers and orders, what they spent."""
    groups = [
        *(("segment", group) for group in told.segments.values()),
        *(("country", group) for group in told.geography),
        *(("channel", group) for group in told.channels),
    ]
    rows: list[tuple[Any, ...]] = [
        (part, group.name, group.customers, group.orders, group.revenue, told.currency) for part, group in groups
    ]
    for cohort in told.cohorts:
        rows.append(("cohort", cohort.month, cohort.customers, None, cohort.revenue, told.currency))
        rows += [
            ("retention", f"{cohort.month} +{months}", count, None, None, told.currency)
            for months, count in enumerate(cohort.active)
        ]
    return csv_text(("part", "name", "customers", "orders", "revenue", "currency"), rows)
