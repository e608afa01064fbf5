"""How much a key may still ask: each request counts in its hour (and day) on the clock, in every server process alike.

Example::

    standing = count_request(store, principal)
    standing.remaining, standing.resets_at   # 949, 1638360000
"""

from __future__ import annotations

from typing import NamedTuple

from ambra_tui.services.access.plans import DAY_SECONDS, HOUR_SECONDS, LimitRule, quota_of
from ambra_tui.services.access.principals import Principal
from ambra_tui.store import Store

PLAIN_RULE = LimitRule()


class Window(NamedTuple):
    """A window of a key: its number, what is left of it, the unix second in which it ends."""

    name: str
    seconds: int
    limit: int
    remaining: int
    resets_at: int


class Standing(NamedTuple):
    """Where a key stands after a request. `windows`: the one with the least left first. `retry_after`: seconds to wait
    when the request did not pass, else 0. `late_seconds`: how late it is to be served."""

    windows: tuple[Window, ...]
    now: int
    retry_after: int
    late_seconds: float


def count_request(store: Store, principal: Principal, rule: LimitRule = PLAIN_RULE) -> Standing:
    """Counts a request of this key under a rule. One that finds no room is not counted."""
    quota = quota_of(principal.plan, principal.rate_limit, rule)
    now = int(store.clock.now().timestamp())
    hour, day = now // HOUR_SECONDS, now // DAY_SECONDS
    taken = store.tally.take(
        principal.key_id, hour=hour, hour_ceiling=quota.hour_ceiling, day=day, day_ceiling=quota.day_ceiling
    )
    hour_window = Window(
        "hour", HOUR_SECONDS, quota.hour, max(0, quota.hour - taken.hour_used), (hour + 1) * HOUR_SECONDS
    )
    windows: tuple[Window, ...] = (hour_window,)
    if quota.day is not None:
        left = max(0, quota.day - taken.day_used)
        day_window = Window("day", DAY_SECONDS, quota.day, left, (day + 1) * DAY_SECONDS)
        windows = (day_window, hour_window) if left < hour_window.remaining else (hour_window, day_window)
    if taken.is_passed:
        return Standing(windows, now, 0, rule.late_seconds if taken.hour_used > quota.hour else 0.0)
    full_until = [hour_window.resets_at] if taken.hour_used >= quota.hour_ceiling else []
    if quota.day is not None and taken.day_used >= quota.day_ceiling:
        full_until.append((day + 1) * DAY_SECONDS)
    return Standing(windows, now, max(full_until) - now, 0.0)
