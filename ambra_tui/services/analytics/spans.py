"""Which days a report over a period is about, and in which steps it is drawn.

Example::

    span, interval = chosen("month", None, None, today=date(2026, 3, 9))    # 1 March to 9 March, day by day
"""

from __future__ import annotations

from datetime import date

from ambra_tui.errors import Invalid
from ambra_tui.services.analytics import days
from ambra_tui.services.analytics.days import Span

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 12, 31)
_STEPS = {"day": "day", "week": "day", "month": "day", "quarter": "week", "year": "month"}


def chosen(
    period: str, start: date | None, end: date | None, *, today: date, interval: str | None = None
) -> tuple[Span, str]:
    """The span and its steps. A period alone is the one that holds today, up to today; with both dates it is the step,
    and they are the span. Raises Invalid for a custom period without dates, or dates in the wrong order."""
    for name, day in (("start_date", start), ("end_date", end)):
        if day is None and (period == "custom" or (start is None) != (end is None)):
            raise Invalid(f"{name} is needed: a period of your own has a first and a last day", field=name)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise Invalid(f"{name} lies between 1970 and 9000", field=name)
    if start is None or end is None:
        return Span(days.start_of(period, today), today), interval or _STEPS[period]
    if end < start:
        raise Invalid("end_date is before start_date", field="end_date")
    step = interval or (days.interval_for(start, end) if period == "custom" else period)
    return Span(start, end), step


def starts_of(span: Span, interval: str) -> list[date]:
    """The first days of the steps of a span. Raises Invalid when there are too many to draw."""
    assert span.first is not None and span.last is not None
    shortest = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}[interval]
    if (span.last - span.first).days // shortest > days.MAX_BUCKETS:
        raise Invalid(f"that is more than {days.MAX_BUCKETS} steps: take longer ones", field="interval")
    return list(days.buckets(interval, span.first, span.last))
