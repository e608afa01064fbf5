"""Days as whole numbers since 1970-01-01, spans that people have words for, and the buckets of a time series.

Example::

    span_of("last_30_days", date(2026, 3, 2))     # Span(date(2026, 2, 1), date(2026, 3, 2)): today is the thirtieth
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

EPOCH = date(1970, 1, 1)
INTERVALS = ("day", "week", "month", "quarter", "year")
PERIODS = (*INTERVALS, "custom")
MAX_BUCKETS = 3_700  # ten years of days


@dataclass(frozen=True, slots=True)
class Span:
    """From a day to a day, both included; None: without an end."""

    first: date | None
    last: date | None

    @property
    def numbers(self) -> tuple[int | None, int | None]:
        """Both ends as days since 1970."""
        return number_of(self.first), number_of(self.last)


ALL_TIME = Span(None, None)


def number_of(day: date | None) -> int | None:
    """Days since 1970-01-01."""
    return None if day is None else (day - EPOCH).days


def day_of(number: int) -> date:
    """The inverse of `number_of`."""
    return EPOCH + timedelta(days=number)


def start_of(interval: str, day: date) -> date:
    """The first day of the interval (day, week from Monday, month, quarter, year) that holds `day`."""
    if interval == "week":
        return day - timedelta(days=day.weekday())
    if interval == "month":
        return day.replace(day=1)
    if interval == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if interval == "year" else day


def next_start(interval: str, start: date) -> date:
    """The first day of the interval after the one that begins at `start`."""
    months = {"month": 1, "quarter": 3, "year": 12}.get(interval)
    if months is None:
        return start + timedelta(days=7 if interval == "week" else 1)
    month = start.month - 1 + months
    return date(start.year + month // 12, month % 12 + 1, 1)


def name_of(interval: str, start: date) -> str:
    """How an interval is called: 2026-03-02 (also a week, by its Monday), 2026-03, 2026-Q1, 2026."""
    if interval == "month":
        return f"{start:%Y-%m}"
    if interval == "quarter":
        return f"{start.year:04}-Q{(start.month - 1) // 3 + 1}"
    return f"{start.year:04}" if interval == "year" else start.isoformat()


def buckets(interval: str, first: date, last: date) -> Iterator[date]:
    """The starts of all intervals that hold a day from `first` to `last`."""
    start = start_of(interval, first)
    while start <= last:
        yield start
        start = next_start(interval, start)


def interval_for(first: date, last: date) -> str:
    """A bucket that makes a span readable: days to a month, weeks to half a year, else months."""
    days = (last - first).days + 1
    if days <= 31:
        return "day"
    return "week" if days <= 184 else "month"


def _back(days: int) -> Callable[[date], Span]:
    return lambda today: Span(today - timedelta(days=days - 1), today)


def _this(interval: str) -> Callable[[date], Span]:
    return lambda today: Span(start_of(interval, today), today)


def _last(interval: str) -> Callable[[date], Span]:
    def span(today: date) -> Span:
        last = start_of(interval, today) - timedelta(days=1)
        return Span(start_of(interval, last), last)

    return span


_WORDS: Mapping[str, Callable[[date], Span]] = {
    "today": _this("day"),
    "yesterday": _last("day"),
    "last_7_days": _back(7),
    "last_30_days": _back(30),
    "last_90_days": _back(90),
    "last_365_days": _back(365),
    "this_week": _this("week"),
    "last_week": _last("week"),
    "this_month": _this("month"),
    "last_month": _last("month"),
    "this_quarter": _this("quarter"),
    "last_quarter": _last("quarter"),
    "this_year": _this("year"),
    "last_year": _last("year"),
    "year_to_date": _this("year"),
    "all_time": lambda _today: ALL_TIME,
}
DATE_WORDS = tuple(_WORDS)


def span_of(word: str, today: date) -> Span:
    """The span that a word of DATE_WORDS names on the day `today`. Raises KeyError."""
    return _WORDS[word](today)
