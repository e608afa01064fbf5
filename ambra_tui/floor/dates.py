"""Dates as people type them.

Example::

    typed_date("15.7.26")     # date(2026, 7, 15)
    typed_date("2026-07")     # date(2026, 7, 31): the last day, as GS1 reads a date without a day
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

_CENTURY = 2000
_YEAR_FIRST = re.compile(r"(20\d\d)[-./ ](\d{1,2})(?:[-./ ](\d{1,2}))?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4}|\d{2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-./ ](20\d\d)")
_DIGITS = re.compile(r"(20\d\d)(\d\d)(\d\d)|(?:1[57])?(\d\d)(\d\d)(\d\d)")


def typed_date(text: str) -> date | None:
    """The day that `text` names, or None.

    Read are year-month-day, day.month.year with two or four digits of the year, YYYYMMDD, YYMMDD (with or without the
    identifier 15 or 17 in front), and month alone, which means its last day.
    """
    wanted = text.strip()
    if found := _YEAR_FIRST.fullmatch(wanted):
        return _day(found[1], found[2], found[3] or "0")
    if found := _DAY_FIRST.fullmatch(wanted):
        return _day(found[3], found[2], found[1])
    if found := _MONTH_YEAR.fullmatch(wanted):
        return _day(found[2], found[1], "0")
    if found := _DIGITS.fullmatch(wanted):
        return _day(*(found.groups()[:3] if found[1] else found.groups()[3:]))
    return None


def _day(year: str, month: str, day: str) -> date | None:
    full_year = int(year) + (_CENTURY if len(year) == 2 else 0)
    if not (_CENTURY <= full_year < _CENTURY + 100 and 1 <= int(month) <= 12):
        return None
    last = monthrange(full_year, int(month))[1]
    wanted = int(day) or last
    return date(full_year, int(month), wanted) if wanted <= last else None
