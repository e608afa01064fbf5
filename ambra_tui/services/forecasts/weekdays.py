"""How the days of a week differ, pooled over everything that is sold at a site: one item alone shows too little.

Example::

    profile = profile_of([40, 42, 38, 41, 60, 5, 0])      # sales of each weekday, Monday first
    spread(2.0, profile, first_weekday=4, days=3)         # what Friday to Sunday bring at 2 a day on average
"""

from __future__ import annotations

from collections.abc import Sequence

EVEN = (1.0,) * 7
DOUBT = 5.0  # so many sales of each weekday are taken as even before the first one is seen


def profile_of(sales: Sequence[float]) -> tuple[float, ...]:
    """Factors of the seven weekdays around 1, from how many sales fell on each; few sales change little."""
    total = sum(sales) + 7 * DOUBT
    return tuple(7 * (count + DOUBT) / total for count in sales)


def spread(daily_rate: float, profile: Sequence[float], *, first_weekday: int, days: int) -> list[float]:
    """The demand of each of `days` days, the first of which is `first_weekday` (Monday is 0)."""
    return [daily_rate * profile[(first_weekday + day) % 7] for day in range(days)]
