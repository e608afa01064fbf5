"""Dates as GS1 writes them: six digits, the century found from today, day 00 for the end of the month.

Example::

    read_date("260200", today=date(2026, 3, 2))   # date(2026, 2, 28)
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def read_date(digits: str, *, today: date) -> date:
    """The day that YYMMDD means (GS1 General Specifications 7.12). Raises ValueError for a day that never is."""
    year = full_year(int(digits[:2]), today=today)
    month, day = int(digits[2:4]), int(digits[4:6])
    return date(year, month, day or _last_day(year, month))


def full_year(two_digits: int, *, today: date) -> int:
    """The year within 50 years ahead and 49 back of `today`."""
    century = today.year - today.year % 100
    distance = two_digits - today.year % 100
    if distance >= 51:
        century -= 100
    elif distance <= -50:
        century += 100
    return century + two_digits


def is_month_day(digits: str, *, allow_day_zero: bool) -> bool:
    """True when YYMMDD can be a day in some century: 29 February needs a year divisible by four."""
    year, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    if not 1 <= month <= 12:
        return False
    return (1 - allow_day_zero) <= day <= _last_day(2000 + year, month)


def _last_day(year: int, month: int) -> int:
    if not 1 <= month <= 12:
        raise ValueError("month must be in 1..12")
    return monthrange(year, month)[1]
