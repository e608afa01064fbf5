"""Sales, products and customers in numbers; reports of one's own; what a storefront tells of its visitors.

Every report also as CSV: `?format=csv`, or the header `Accept: text/csv`.

Example::

    GET /v2/analytics/sales?period=month&group_by=category
    POST /v2/analytics/custom    {"dimensions": ["product_category"], "measures": ["revenue"], ...}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions.commerce._analytics import (
    CustomerAnalyticsView,
    ProductPerformanceView,
    ReportView,
    SalesView,
    SegmentView,
    ViewsTakenView,
)
from ambra_tui.api.editions.commerce._lists import Direction, Paged
from ambra_tui.api.fields import Body, Day, FromMoment, Identifier, Line, OneOf, Rows
from ambra_tui.api.paging import from_one, rows_schema
from ambra_tui.errors import Invalid
from ambra_tui.kit.tables import csv_text
from ambra_tui.services.analytics import cube, days
from ambra_tui.services.analytics.cube import DEFAULT_ROWS, MAX_ROWS, Asked, number
from ambra_tui.services.analytics.customers import Group, customer_analytics
from ambra_tui.services.analytics.days import DATE_WORDS, INTERVALS, PERIODS, Span
from ambra_tui.services.analytics.dimensions import DIMENSION_NAMES, SEGMENTS
from ambra_tui.services.analytics.export import table_of_customers, table_of_products, table_of_sales
from ambra_tui.services.analytics.measures import MEASURE_NAMES
from ambra_tui.services.analytics.products import SORTS, product_performance
from ambra_tui.services.analytics.regions import REGION_NAMES
from ambra_tui.services.analytics.sales import DEFAULT_GROUPS, GROUPS, MAX_GROUPS, METRICS, Sales, sales
from ambra_tui.services.analytics.spans import FIRST_DAY, LAST_DAY, chosen
from ambra_tui.services.analytics.views import Seen, is_reportable, products_named, report_views
from ambra_tui.store.scope import now_of

catalogue = Catalogue(
    "Analytics", about="Sales, products and customers in numbers, reports of one's own, and views of products."
)
READ, WRITE = "analytics:read", "analytics:write"
MAX_VIEWS = 500


# --- questions ------------------------------------------------------------------------------------------------------


def _at_most(most: int) -> BeforeValidator:
    def clamped(value: Any) -> int:
        return min(from_one(value), most)

    return BeforeValidator(clamped)


def _words_of(known: Sequence[str]) -> BeforeValidator:
    def check(value: Any) -> tuple[str, ...]:
        names = tuple(word.strip() for word in str(value).split(",") if word.strip())
        unknown = [word for word in names if word not in known]
        if unknown or not names:
            raise ValueError(f"is a list of {', '.join(known)}, with commas between them")
        return tuple(dict.fromkeys(names))

    return BeforeValidator(check)


def _list_schema(known: Sequence[str], least: int, most: int) -> WithJsonSchema:
    items = {"type": "string", "enum": list(known)}
    return WithJsonSchema({"type": "array", "items": items, "minItems": least, "maxItems": most, "uniqueItems": True})


def _currency(value: Any) -> str:
    text = str(value).strip().upper()
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise ValueError("is a currency such as EUR")
    return text


Currency = Annotated[
    str, BeforeValidator(_currency), WithJsonSchema({"type": "string", "pattern": "^ *[A-Za-z]{3} *$"})
]  # fmt: skip
Format = Annotated[Identifier, OneOf(("json", "csv"))]
SALES_METRICS = (*METRICS, "discounts", "refunds", "net_revenue", "units_returned", "customers")
_METRICS_SCHEMA = {"type": "string", "description": f"Names with commas between them: {', '.join(SALES_METRICS)}"}
Metrics = Annotated[tuple[str, ...], _words_of(SALES_METRICS), WithJsonSchema(_METRICS_SCHEMA)]
GroupLimit = Annotated[
    int, _at_most(MAX_GROUPS), WithJsonSchema({**rows_schema(MAX_GROUPS, "Rows"), "default": DEFAULT_GROUPS})
]
RowLimit = Annotated[
    int, _at_most(MAX_ROWS), WithJsonSchema({**rows_schema(MAX_ROWS, "Rows"), "default": DEFAULT_ROWS})
]
Dimensions = Annotated[tuple[Line, ...], Rows, _list_schema(DIMENSION_NAMES, 0, cube.MAX_DIMENSIONS)]
Measures = Annotated[tuple[Line, ...], Rows, _list_schema(MEASURE_NAMES, 1, cube.MAX_MEASURES)]


class Reported(Body):
    """As what a report is answered."""

    format: Format | None = None


class PeriodQuery(Reported):
    """A period: the one that holds today, or the days from `start_date` to `end_date`, both included."""

    period: Annotated[Identifier, OneOf(PERIODS)] = "month"
    start_date: Day | None = None
    end_date: Day | None = None
    currency: Currency | None = None


class SalesQuery(PeriodQuery):
    """How sales are drawn. `interval`: the steps of the series, when the period's own will not do."""

    interval: Annotated[Identifier, OneOf(INTERVALS)] | None = None
    group_by: Annotated[Identifier, OneOf(GROUPS)] | None = None
    metrics: Metrics = METRICS
    limit: GroupLimit = DEFAULT_GROUPS


class ProductsQuery(Paged):
    """A page of products over a period, the largest first unless `order` says asc."""

    format: Format | None = None
    period: Annotated[Identifier, OneOf(PERIODS)] = "month"
    start_date: Day | None = None
    end_date: Day | None = None
    currency: Currency | None = None
    sort: Annotated[Identifier, OneOf(SORTS)] = "revenue"
    order: Direction | None = None


class DateRange(Body):
    """Days from `from` to `to`, both included; either may be left open."""

    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")


def _span(value: Any) -> Any:
    if isinstance(value, str):
        if value not in DATE_WORDS:
            raise ValueError(f"is one of {', '.join(DATE_WORDS)}, or an object with from and to")
        return value
    if not isinstance(value, dict):
        raise ValueError(f"is one of {', '.join(DATE_WORDS)}, or an object with from and to")
    unknown = set(value) - {"from", "to"}
    if unknown:
        raise ValueError("has from and to and nothing else")
    return DateRange.model_validate(value)


_DAY_SCHEMA = {"type": "string", "format": "date"}
DateFilter = Annotated[
    Any,
    BeforeValidator(_span),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": list(DATE_WORDS)},
                {
                    "type": "object",
                    "properties": {"from": _DAY_SCHEMA, "to": _DAY_SCHEMA},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


def _filters(value: Any) -> dict[str, Any]:
    """date_range, currency, and dimensions with a value or a list of values."""
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    return value


_FILTER_VALUE = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 200}]
}
_FILTERABLE = tuple(name for name in DIMENSION_NAMES if name not in INTERVALS)
_FILTER_SCHEMA = {
    "type": "object",
    "properties": {
        "date_range": {"anyOf": [{"type": "string", "enum": list(DATE_WORDS)}, {"type": "object"}]},
        "currency": {"type": "string"},
        **dict.fromkeys(_FILTERABLE, _FILTER_VALUE),
    },
    "additionalProperties": False,
}


class SortBy(Body):
    """By a column of the report."""

    field: Line
    order: Direction = "desc"


class CustomReport(Body):
    """Dimensions to group by and measures to count; filters, order and limit as you like."""

    dimensions: Dimensions
    measures: Measures
    filters: Annotated[dict[str, Any], BeforeValidator(_filters), WithJsonSchema(_FILTER_SCHEMA)] = Field(
        default_factory=dict
    )
    sort: SortBy | None = None
    limit: RowLimit = DEFAULT_ROWS


class ViewedProduct(Body):
    """A visitor saw a product. `product_id`: its id or a SKU. `visitor`: a word that is theirs for the day, such as a
    session's; only a digest of it is kept."""

    product_id: Line
    visitor: Line
    viewed_at: FromMoment | None = None


class ViewedProducts(Body):
    """Views, up to 500."""

    views: Annotated[tuple[ViewedProduct, ...], Rows]


# --- reports --------------------------------------------------------------------------------------------------------


@catalogue.read(
    "/analytics/sales", SalesQuery, scope=READ, operation_id="salesReport", is_long=True, is_table=True,
    summary="Sales of a period: the sums, a series without gaps, and groups", shape=SalesView,
)  # fmt: skip
def sales_report(session: Session, call: Call, query: SalesQuery) -> Answer:
    """The sales of one currency."""
    span, interval = _chosen(session, query, query.interval)
    told = sales(
        session, span=span, interval=interval, currency=query.currency, metrics=query.metrics,
        group_by=query.group_by or "", limit=query.limit,
    )  # fmt: skip
    if _wants_csv(call, query.format):
        return Answer(None, table=table_of_sales(told))
    series = [
        {"start_date": step.first.isoformat(), "end_date": step.last.isoformat(), **_numbers(step.values)}
        for step in told.series
    ]
    view: SalesView = {
        "period": query.period,
        "start_date": _text(span.first),
        "end_date": _text(span.last),
        "interval": interval,
        "currency": told.currency,
        "other_currencies": list(told.other_currencies),
        "metrics": list(query.metrics),
        "summary": _numbers(told.summary),
        "series": series,
        "group_by": query.group_by,
        "groups": [_group(told, row) for row in told.groups],
        "groups_total": told.groups_total,
    }
    return Answer(view)


def _group(told: Sales, row: cube.Row) -> dict[str, Any]:
    dimension = GROUPS[told.group_by]
    named = {"name": row.values[dimension], "id": row.values.get(f"{dimension}_id", "")}
    return named | _numbers({column.name: row.values[column.name] for column in told.metrics})


@catalogue.read(
    "/analytics/products", ProductsQuery, scope=READ, operation_id="productPerformance", is_list=True, is_long=True,
    is_table=True, summary="How products that were sold performed", shape=ProductPerformanceView,
)  # fmt: skip
def products_report(session: Session, call: Call, query: ProductsQuery) -> Answer:
    """A page of products."""
    span, _ = _chosen(session, query)
    currency = query.currency or cube.currencies_of(session)[0]
    descends = (query.order or ("asc" if query.sort == "name" else "desc")) == "desc"
    rows, total = product_performance(
        session, span=span, currency=currency, sort=(query.sort, descends), offset=query.offset, limit=query.per_page
    )
    if _wants_csv(call, query.format):
        return Answer(None, table=table_of_products(rows, currency), headers={"X-Total-Count": str(total)})
    return Answer([_numbers(row._asdict()) | {"currency": currency} for row in rows], total)


@catalogue.read(
    "/analytics/customers", PeriodQuery, scope=READ, operation_id="customerAnalytics", is_long=True, is_table=True,
    summary="Lifetime value, cohorts, retention and segments of customers", shape=CustomerAnalyticsView,
)  # fmt: skip
def customers_report(session: Session, call: Call, query: PeriodQuery) -> Answer:
    """The customers of one currency."""
    span, _ = _chosen(session, query)
    told = customer_analytics(session, span=span, currency=query.currency or cube.currencies_of(session)[0])
    if _wants_csv(call, query.format):
        return Answer(None, table=table_of_customers(told))
    view: CustomerAnalyticsView = {
        "period": query.period,
        "start_date": _text(span.first),
        "end_date": _text(span.last),
        "currency": told.currency,
        "customers": told.customers,
        "active_customers": told.active,
        "guest_orders": told.guest_orders,
        "lifetime_value": {
            "total": number(told.lifetime_total),
            "average": number(told.lifetime_average),
            "median": number(told.lifetime_median),
            "orders_per_customer": number(told.orders_per_customer),
            "repeat_rate": number(told.repeat_rate),
        },
        "retention": {
            "previous_customers": told.previous,
            "retained_customers": told.retained,
            "rate": number(told.retention_rate),
        },
        "cohorts": [
            {
                "month": cohort.month,
                "customers": cohort.customers,
                "active": list(cohort.active),
                "retention": [number(rate) for rate in cohort.retention],
                "revenue": number(cohort.revenue),
            }
            for cohort in told.cohorts
        ],
        "segments": {
            "new": _segment(told.segments["new"]),
            "returning": _segment(told.segments["returning"]),
            "high_value": _segment(told.segments["high_value"]),
            "at_risk": _segment(told.segments["at_risk"]),
            "geography": [_segment(group) for group in told.geography],
            "channels": [_segment(group) for group in told.channels],
        },
    }
    return Answer(view)


def _segment(group: Group) -> SegmentView:
    return {
        "name": group.name,
        "customers": group.customers,
        "orders": group.orders,
        "revenue": number(group.revenue),
    }


@catalogue.question(
    "/analytics/custom", CustomReport, scope=READ, operation_id="customReport", status=201, options=Reported,
    is_table=True, summary="A report by any dimensions and measures", shape=ReportView,
    example={
        "dimensions": ["product_category", "customer_segment"],
        "measures": ["revenue", "order_count", "avg_order_value"],
        "filters": {"date_range": "last_30_days", "region": "north_america"},
        "sort": {"field": "revenue", "order": "desc"},
    },
)  # fmt: skip
def custom_report(session: Session, call: Call, body: CustomReport) -> Answer:
    """The report."""
    filters = dict(body.filters)
    span = _span_of(session, filters.pop("date_range", "all_time"))
    currency = _currency_of(session, filters.pop("currency", None))
    asked = Asked(
        dimensions=body.dimensions,
        measures=body.measures,
        currency=currency,
        span=span,
        filters={name: _values(name, value) for name, value in filters.items()},
        sort=(body.sort.field, body.sort.order == "desc") if body.sort else None,
        limit=body.limit,
    )
    told = cube.report(session, asked)
    if _wants_csv(call, call.options.format):
        names = [column.name for column in told.columns]
        table = csv_text((*names, "currency"), ((*(row.values[n] for n in names), currency) for row in told.rows))
        return Answer(None, table=table, headers={"X-Total-Count": str(told.total)})
    view: ReportView = {
        "columns": [
            {"name": column.name, "type": column.type, "kind": "measure" if column.is_measure else "dimension"}
            for column in told.columns
        ],
        "rows": [_numbers(row.values) for row in told.rows],
        "total_rows": told.total,
        "currency": currency,
        "start_date": span.first.isoformat() if span.first else None,
        "end_date": span.last.isoformat() if span.last else None,
    }
    return Answer(view)


@catalogue.write(
    "POST", "/analytics/views", ViewedProducts, scope=WRITE, operation_id="reportProductViews", status=201,
    rows="views", summary="Tell which products visitors of a storefront saw", shape=ViewsTakenView,
    example={"views": [{"product_id": "prod_123", "visitor": "session-7f3a"}]},
)  # fmt: skip
def views_reported(session: Session, _call: Call, body: ViewedProducts) -> Answer:
    """Views are counted once a visitor, product and day, so the same batch sent again changes nothing."""
    if not 1 <= len(body.views) <= MAX_VIEWS:
        raise Invalid(f"tell 1 to {MAX_VIEWS} views at a time", field="views")
    known = products_named(session, {view.product_id for view in body.views})
    seen = []
    for position, view in enumerate(body.views):
        product_id = known.get(view.product_id)
        if product_id is None:
            raise Invalid(f"there is no product '{view.product_id}'", field=f"views.{position}.product_id")
        day = (view.viewed_at or now_of(session)).date()
        if not is_reportable(session, day):
            raise Invalid("views are told within 7 days", field=f"views.{position}.viewed_at")
        seen.append(Seen(product_id, view.visitor, day))
    counted = report_views(session, seen)
    taken: ViewsTakenView = {"received": len(seen), "counted": counted}
    return Answer(taken)


# --- what the reports share -----------------------------------------------------------------------------------------


def _chosen(session: Session, query: Any, interval: str | None = None) -> tuple[Span, str]:
    today = now_of(session).date()
    return chosen(query.period, query.start_date, query.end_date, today=today, interval=interval)


def _wants_csv(call: Call, told: str | None) -> bool:
    """What the query says; without it, CSV when it is named among what the caller accepts and JSON is not."""
    if told is not None:
        return told == "csv"
    return "text/csv" in call.accept and "json" not in call.accept


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: number(value) for name, value in values.items()}


def _span_of(session: Session, told: Any) -> Span:
    try:
        asked = _span(told)
    except ValueError as error:
        raise Invalid(f"date_range {_reason(error)}", field="filters.date_range") from None
    if isinstance(asked, str):
        return days.span_of(asked, now_of(session).date())
    span = Span(asked.first, asked.last)
    for day in (span.first, span.last):
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise Invalid("date_range lies between 1970 and 9000", field="filters.date_range")
    if span.first and span.last and span.last < span.first:
        raise Invalid("date_range ends before it begins", field="filters.date_range")
    return span


def _reason(error: ValueError) -> str:
    """A sentence of ours; of the checker's own words none are told."""
    return str(error) if type(error) is ValueError else "has from and to, each a day such as 2026-01-31"


def _currency_of(session: Session, told: Any) -> str:
    if told is None:
        return cube.currencies_of(session)[0]
    try:
        return _currency(told)
    except ValueError as error:
        raise Invalid(f"currency {error}", field="filters.currency") from None


_KNOWN_VALUES = {"region": REGION_NAMES, "customer_segment": SEGMENTS}


def _values(name: str, told: Any) -> tuple[str, ...]:
    """The values of a filter: a text or a list of texts."""
    values = tuple(told) if isinstance(told, list) else (told,)
    if not values or any(not isinstance(value, str) or len(value) > 255 or "\0" in value for value in values):
        raise Invalid(f"{name[:40]} is a text or a list of texts", field=f"filters.{name[:40]}")
    known = _KNOWN_VALUES.get(name)
    if known and (unknown := [value for value in values if value not in known]):
        raise Invalid(
            f"'{unknown[0][:40]}' is no {name}: take {', '.join(known)}", field=f"filters.{name}"
        )  # fmt: skip
    return values
