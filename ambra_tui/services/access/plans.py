"""Plans: how many requests an hour and a day a key has, and what a rule of an edition makes of them.

Example::

    PLANS["professional"].hour                                   # 5000
    quota_of("professional", None, LimitRule(counts_days=True, burst=2)).hour_ceiling   # 10000
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

MAX_RATE_LIMIT = 10**9
MAX_DAY = 2 * 10**9
HOUR_SECONDS, DAY_SECONDS = 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Plan:
    """Requests of a key in an hour, and in a day where an edition counts days; `day` None: as many as its hours."""

    name: str
    hour: int
    day: int | None = None


PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan("free", 100, 1_000),
        Plan("starter", 1_000, 10_000),
        Plan("standard", 1_000, 10_000),
        Plan("professional", 5_000, 100_000),
        Plan("premium", 10_000),
        Plan("enterprise", 1_000_000),
    )
}
"""Every plan. What an enterprise has is agreed: its keys say their own number where this one is not it."""


@dataclass(frozen=True, slots=True)
class LimitRule:
    """How an edition holds its keys to their plans. `burst`: how many times the hour's number is served, what is over
    the number `late_seconds` late; a day has no burst."""

    counts_days: bool = False
    burst: int = 1
    late_seconds: float = 0.25


@dataclass(frozen=True, slots=True)
class Quota:
    """The numbers of a key under a rule: what is told, and up to where is served. `day` None: days do not count."""

    hour: int
    hour_ceiling: int
    day: int | None
    day_ceiling: int


@lru_cache(maxsize=1024)
def quota_of(plan: str, rate_limit: int | None, rule: LimitRule) -> Quota:
    """The numbers of a key of this plan, or of its own `rate_limit` an hour, which lifts the plan's day too."""
    known = PLANS.get(plan, PLANS["standard"])
    hour = known.hour if rate_limit is None else rate_limit
    day = known.day if rule.counts_days and rate_limit is None else None
    return Quota(hour, hour * rule.burst, day, MAX_DAY if day is None else day)
