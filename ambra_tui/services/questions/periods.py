"""When: periods, dates and durations in a question.

Days are inclusive on both ends, weeks start on Monday, `last_7d` are the seven days that end today, and a month that is
only named is the last one of that name.

Example::

    found = find_when(["top", "movers", "last", "week"], lexicon("en"), date(2026, 3, 16))
    found.period   # Period(name='last_week', start=date(2026, 3, 9), end=date(2026, 3, 15))
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from ambra_tui.services.questions.lexicon import Lexicon

DAYS_OF_UNIT = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "quarter": 90, "year": 365}
MAX_DAYS = 3650
_MOST_COUNTED = 366
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_EUROPEAN = re.compile(r"([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4}|[0-9]{2})?")
_QUARTER = re.compile(r"q([1-4])")
_YEAR = re.compile(r"20[0-9]{2}")
_DAY_OF_MONTH = re.compile(r"([0-9]{1,2})(st|nd|rd|th|\.|º|o)?")
_WITH_UNIT = re.compile(r"([0-9]{1,4})(d|w|m|t|j)")
_UNIT_OF_LETTER = {"d": "day", "t": "day", "w": "week", "m": "month", "j": "year"}
_NUMBER = re.compile(r"[0-9]{1,9}")
_FUTURE = frozenset({"tomorrow", "next_week", "next_month", "next_quarter", "next_year"})


@dataclass(frozen=True, slots=True)
class Period:
    """Days `start` to `end`, both included. `name` is empty where days were named themselves."""

    name: str
    start: date
    end: date

    @property
    def is_future(self) -> bool:
        """True for what lies ahead."""
        return self.name in _FUTURE

    def ahead(self, today: date) -> Period:
        """The same period for a question about what is to come: this week lasts until Sunday then."""
        if not self.name.startswith("this_"):
            return self
        return Period(self.name, today, _whole(self.name.removeprefix("this_"), today)[1])


@dataclass(slots=True)
class When:
    """What a question says of time. `taken`: places of the words that say it. `days`: a duration; `is_over`,
    `is_under`: more or less than those."""

    period: Period | None = None
    days: int | None = None
    is_over: bool = False
    is_under: bool = False
    taken: set[int] = field(default_factory=set)


def find_when(texts: Sequence[str], words: Lexicon, today: date) -> When:
    """Reads periods and durations; the first of each counts."""
    reader = _Reader(texts, words, today)
    start = 0
    while start < len(texts):
        greeting = words.refusals["greeting"].at(texts, start)
        if greeting is not None and greeting.end > start + 1:
            start = greeting.end  # "Guten Morgen" is not tomorrow
            continue
        end = reader.read(start)
        if end > start:
            reader.when.taken.update(range(max(start, reader.said_from), end))
        start = max(end, start + 1)
    return reader.when


class _Reader:
    def __init__(self, texts: Sequence[str], words: Lexicon, today: date) -> None:
        self._texts, self._words, self._today = texts, words, today
        self.when = When()
        self.said_from = 0

    def read(self, start: int) -> int:
        """Where what is said of time at `start` ends; `start` itself when nothing is."""
        for step in (
            self._between, self._since, self._until, self._counted_last, self._ago, self._named, self._duration,
            self._date_alone,
        ):  # fmt: skip
            end = step(start)
            if end > start:
                return end
        return start

    # --- parts ------------------------------------------------------------------------------------------------------

    def _after(self, name: str, start: int) -> int:
        """Where the particle `name` ends that begins at `start`; `start` when there is none."""
        if start >= len(self._texts):
            return start
        hit = self._words.particle(name).at(self._texts, start)
        return hit.end if hit else start

    def _number(self, start: int) -> tuple[int, int]:
        if start >= len(self._texts):
            return 0, start
        if _NUMBER.fullmatch(self._texts[start]):
            return int(self._texts[start]), start + 1
        hit = self._words.numbers.at(self._texts, start)
        return (int(hit.values[0]), hit.end) if hit else (0, start)

    def _unit(self, start: int) -> tuple[int, int]:
        hit = self._words.units.at(self._texts, start) if start < len(self._texts) else None
        return (DAYS_OF_UNIT[hit.values[0]], hit.end) if hit else (0, start)

    def _days(self, start: int) -> tuple[int, int]:
        """Days of ``6 weeks`` or ``30d`` at `start`, and where that ends."""
        if start >= len(self._texts):
            return 0, start
        short = _WITH_UNIT.fullmatch(self._texts[start])
        if short:
            return int(short[1]) * DAYS_OF_UNIT[_UNIT_OF_LETTER[short[2]]], start + 1
        count, after = self._number(start)
        unit, end = self._unit(after) if count else (0, start)
        return (min(count * unit, MAX_DAYS), end) if unit else (0, start)

    def _date(self, start: int) -> tuple[Period | None, int]:
        """A day, month, quarter or year at `start`."""
        if start >= len(self._texts):
            return None, start
        text = self._texts[start]
        found = self._digits(text) or self._quarter(text, start)
        if found is not None:
            return found, start + 1 + (self._is_year(start + 1) and _QUARTER.fullmatch(text) is not None)
        return self._with_month(start)

    def _digits(self, text: str) -> Period | None:
        iso, european = _ISO.fullmatch(text), _EUROPEAN.fullmatch(text)
        if iso:
            return _day_of(int(iso[1]), int(iso[2]), int(iso[3]))
        if european:
            year = int(european[3] or self._today.year)
            return _day_of(year + 2000 if year < 100 else year, int(european[2]), int(european[1]))
        return None

    def _quarter(self, text: str, start: int) -> Period | None:
        quarter = _QUARTER.fullmatch(text)
        if not quarter:
            return None
        year = int(self._texts[start + 1]) if self._is_year(start + 1) else self._today.year
        first = date(year, 3 * int(quarter[1]) - 2, 1)
        if first > self._today and not self._is_year(start + 1):
            first = first.replace(year=year - 1)
        return Period("", *_whole("quarter", first))

    def _is_year(self, place: int) -> bool:
        return place < len(self._texts) and _YEAR.fullmatch(self._texts[place]) is not None

    def _with_month(self, start: int) -> tuple[Period | None, int]:
        before = _DAY_OF_MONTH.fullmatch(self._texts[start])
        at = start + 1 if before else start
        while before and at < len(self._texts) and self._texts[at] in ("of", "de", "do"):
            at += 1
        hit = self._words.months.at(self._texts, at) if at < len(self._texts) else None
        if hit is None:
            return None, start
        day, end = (int(before[1]), hit.end) if before else self._day_after(hit.end)
        while end < len(self._texts) and self._texts[end] in ("de", "del", "do") and self._is_year(end + 1):
            end += 1
        month = int(hit.values[0])
        year = int(self._texts[end]) if self._is_year(end) else self._today.year - (month > self._today.month)
        end += self._is_year(end)
        found = _day_of(year, month, day) if day else Period("", *_whole("month", date(year, month, 1)))
        return found, end if found else start

    def _day_after(self, start: int) -> tuple[int, int]:
        """The 3rd in ``March 3rd``."""
        day = _DAY_OF_MONTH.fullmatch(self._texts[start]) if start < len(self._texts) else None
        return (int(day[1]), start + 1) if day and 1 <= int(day[1]) <= 31 else (0, start)

    # --- forms ------------------------------------------------------------------------------------------------------

    def _between(self, start: int) -> int:
        after = self._after("between", start)
        first, middle = self._date(after) if after > start else (None, start)
        joined = self._after("and", middle) if first else middle
        second, end = self._date(joined) if joined > middle else (None, start)
        if first is None or second is None or second.end < first.start:
            return start
        self._keep(Period("", first.start, second.end))
        return end

    def _since(self, start: int) -> int:
        after = self._after("since", start)
        opened = max(after, self._after("from_date", start))
        found, end = self._date(opened) if opened > start else (None, start)
        if found is None and opened > start:
            found, end = self._weekday(opened)
        if found is None and after > start:
            found, end = self._fixed(after)
        if found is None or found.start > self._today:
            return start
        self._keep(Period("", found.start, self._today))
        return end

    def _until(self, start: int) -> int:
        until, before = self._after("until", start), self._after("before", start)
        after = max(until, before)
        found, end = self._date(after) if after > start else (None, start)
        if found is None:
            return start
        last = found.end if until == after else found.start - timedelta(days=1)
        if last < self._today and not self._is_year(end - 1):
            last = min(_a_year_after(last), self._today + timedelta(days=MAX_DAYS))
        first = self._today if last >= self._today else date(last.year, 1, 1)
        self._keep(Period("", first, last))
        return end

    def _counted_last(self, start: int) -> int:
        after = self._after("last", start)
        days, end = self._days(after) if after > start else (0, start)
        if not days and after == start:  # los 7 ultimos dias
            count, middle = self._number(start)
            later = self._after("last", middle) if 0 < count <= _MOST_COUNTED else middle
            unit, end = self._unit(later) if later > middle else (0, start)
            days = min(count * unit, MAX_DAYS) if self._texts[end - 1].endswith("s") else 0  # not: top 10 last month
        if not days:
            return start
        self._keep(last_days(days, self._today))
        return end

    def _ago(self, start: int) -> int:
        """``2 weeks ago``, ``vor 2 Wochen``, ``hace 2 semanas``: the days since."""
        before = self._after("ago", start)
        days, end = self._days(before)
        after = self._after("ago", end) if days else end
        if not days or (before == start and after == end):
            return start
        yesterday = self._today - timedelta(days=1)
        self._keep(last_days(days, self._today) if days > 1 else Period("yesterday", yesterday, yesterday))
        return after

    def _named(self, start: int) -> int:
        found, end = self._fixed(start)
        if found is None:
            return start
        self._keep(found)
        return end

    def _fixed(self, start: int) -> tuple[Period | None, int]:
        hit = self._words.periods.at(self._texts, start) if start < len(self._texts) else None
        return (named_period(hit.values[0], self._today), hit.end) if hit else (None, start)

    def _duration(self, start: int) -> int:
        over, under = self._after("more_than", start), self._after("less_than", start)
        within = self._after("within", start)
        after = max(over, under, within)
        days, end = self._days(after)
        if not days:
            return start
        if self.when.days is None:
            self.when.days = days
            self.when.is_over = over == after > start
            self.when.is_under = under == after > start
        if max(over, under) == after:
            self.said_from = after  # older than: what is said of age stays to be read
        return end

    def _date_alone(self, start: int) -> int:
        marked = self._after("on", start)
        for at in dict.fromkeys((marked, start)):
            found, end = self._date(at)
            if found is None:
                found, end = self._weekday(at)
            if found is not None and (marked > start or end - at > 1 or not self._texts[at].isdigit()):
                self._keep(found)
                return end
        return start

    def _weekday(self, start: int) -> tuple[Period | None, int]:
        after = self._after("last", start)
        hit = self._words.weekdays.at(self._texts, after) if after < len(self._texts) else None
        if hit is None:
            return None, start
        back = (self._today.isoweekday() - int(hit.values[0])) % 7 or 7
        day = self._today - timedelta(days=back)
        return Period("", day, day), hit.end

    def _keep(self, period: Period) -> None:
        if self.when.period is None:
            self.when.period = period


def last_days(days: int, today: date) -> Period:
    """The `days` days that end today."""
    return Period(f"last_{days}d", today - timedelta(days=days - 1), today)


def named_period(name: str, today: date) -> Period:
    """The days of a name such as ``last_week``. What runs still ends today."""
    if name in ("today", "yesterday", "tomorrow"):
        day = today + timedelta(days={"today": 0, "yesterday": -1, "tomorrow": 1}[name])
        return Period(name, day, day)
    which, _, unit = name.partition("_")
    first, last = _whole(unit, today)
    if which == "this":
        return Period(name, first, today)
    beside = first - timedelta(days=1) if which == "last" else last + timedelta(days=1)
    return Period(name, *_whole(unit, beside))


def _whole(unit: str, day: date) -> tuple[date, date]:
    """First and last day of the week, month, quarter or year that `day` lies in."""
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    after = first.year * 12 + first.month - 1 + months
    return first, date(after // 12, after % 12 + 1, 1) - timedelta(days=1)


def _a_year_after(day: date) -> date:
    return day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else date(day.year + 1, 2, 28)


def _day_of(year: int, month: int, day: int) -> Period | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return Period("", found, found)
