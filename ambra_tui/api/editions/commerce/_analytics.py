"""What reports answer.

Example::

    view: SalesView = {"period": "month", "currency": "EUR", "summary": {"revenue": 469.8}, ...}
"""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict


class SalesStepView(TypedDict):
    """A step of the series: its days, and the metrics beside them."""

    start_date: str
    end_date: str


class SalesGroupView(TypedDict):
    """A group: its name, the id behind it (a slug of a category; empty for a region), and the metrics beside them."""

    name: str
    id: str


class SalesView(TypedDict):
    """Sales of a period in one currency. `other_currencies`: in which something else was sold. `groups` are as many as
    `limit`, of `groups_total`."""

    period: str
    start_date: str
    end_date: str
    interval: str
    currency: str
    other_currencies: list[str]
    metrics: list[str]
    summary: dict[str, float | None]
    series: list[dict[str, Any]]
    group_by: str | None
    groups: list[dict[str, Any]]
    groups_total: int


class ProductPerformanceView(TypedDict):
    """A product's period. Rates are ratios: 0.25 is a quarter; null where there is nothing to divide by."""

    product_id: str
    name: str
    units_sold: float
    revenue: float
    order_count: int
    gross_profit: float
    profit_margin: float | None
    views: int | None
    conversion_rate: float | None
    inventory_turnover: float | None
    units_returned: float
    return_rate: float | None
    refunds: float
    currency: str


class LifetimeValueView(TypedDict):
    """What customers have spent up to the end of the period: net revenue."""

    total: float
    average: float | None
    median: float | None
    orders_per_customer: float | None
    repeat_rate: float | None


class RetentionView(TypedDict):
    """Who ordered in the period before, of the same length, and how many of them ordered again in this one."""

    previous_customers: int
    retained_customers: int
    rate: float | None


class CohortView(TypedDict):
    """Customers by the month of their first order; `active` and `retention`: 0, 1, 2 ... months later."""

    month: str
    customers: int
    active: list[int]
    retention: list[float]
    revenue: float


class SegmentView(TypedDict):
    """Customers with something in common, their orders and what they spent (net revenue)."""

    name: str
    customers: int
    orders: int
    revenue: float


class SegmentsView(TypedDict):
    """Who is new, who came back, the fifth that spent most, who has not ordered for 90 days or more; where they live
    and by which channel they first came."""

    new: SegmentView
    returning: SegmentView
    high_value: SegmentView
    at_risk: SegmentView
    geography: list[SegmentView]
    channels: list[SegmentView]


class CustomerAnalyticsView(TypedDict):
    """Customers on record, up to the end of the period. `active_customers` ordered in it."""

    period: str
    start_date: str
    end_date: str
    currency: str
    customers: int
    active_customers: int
    guest_orders: int
    lifetime_value: LifetimeValueView
    retention: RetentionView
    cohorts: list[CohortView]
    segments: SegmentsView


class ReportColumnView(TypedDict):
    """A column: `type` is text, money, integer, quantity or ratio; `kind` is dimension or measure."""

    name: str
    type: str
    kind: str


class ReportView(TypedDict):
    """A report of one's own. A row has a value for the name of every column."""

    columns: list[ReportColumnView]
    rows: list[dict[str, Any]]
    total_rows: int
    currency: str
    start_date: str | None
    end_date: str | None


class ViewsTakenView(TypedDict):
    """`received` views came; `counted` of them were not known before."""

    received: int
    counted: int
