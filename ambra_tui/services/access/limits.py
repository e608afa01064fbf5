"""How much a key may still ask: each request counts in its hour (and day) on the clock, in every server process alike.

Example::

    principal, standing = admit(store, secret, address="10.0.0.7")
    standing.windows[0].remaining, standing.windows[0].resets_at   # 949, 1638360000
"""

from __future__ import annotations

from typing import NamedTuple

from ambra_tui.services import access_system
from ambra_tui.services.access.plans import DAY_SECONDS, HOUR_SECONDS, LimitRule, Quota, quota_of
from ambra_tui.services.access.principals import Principal, known_key, note, principal_for, refuse_unfit
from ambra_tui.services.access.texts import prefix_of
from ambra_tui.store import Store
from ambra_tui.store.tally import TableTally, Taken

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


def admit(store: Store, secret: str, *, address: str = "", rule: LimitRule = PLAIN_RULE) -> tuple[Principal, Standing]:
    """Whose key it is (see `key_for`), with this request counted."""
    principal, standing = _admitted(store, secret, address, rule)
    hour = next(window for window in standing.windows if window.name == "hour")
    note(store, principal, store.clock.now(), address=address, used=hour.limit - hour.remaining)
    return principal, standing


def _admitted(store: Store, secret: str, address: str, rule: LimitRule) -> tuple[Principal, Standing]:
    known, prefix = known_key(secret), prefix_of(secret)
    if known is None or not prefix or not isinstance(store.tally, TableTally):
        principal = principal_for(store, secret, address=address)
        return principal, count_request(store, principal, rule)
    row, principal = known
    now = store.clock.now()
    refuse_unfit(principal, now, address)
    quota, second = quota_of(principal.plan, principal.rate_limit, rule), int(now.timestamp())
    found, taken = access_system.key_row_counted(store, store.tally, prefix, principal.key_id, **_asked(quota, second))
    standing = _standing(quota, rule, second, taken)
    if found != row:  # changed since it was read, or a text from before the key was rotated
        return principal_for(store, secret, address=address), standing
    return principal, standing


def count_request(store: Store, principal: Principal, rule: LimitRule = PLAIN_RULE) -> Standing:
    """Counts a request of this key under a rule. One that finds no room is not counted."""
    quota, second = quota_of(principal.plan, principal.rate_limit, rule), int(store.clock.now().timestamp())
    return _standing(quota, rule, second, store.tally.take(principal.key_id, **_asked(quota, second)))


def _asked(quota: Quota, second: int) -> dict[str, int]:
    return {
        "hour": second // HOUR_SECONDS,
        "hour_ceiling": quota.hour_ceiling,
        "day": second // DAY_SECONDS,
        "day_ceiling": quota.day_ceiling,
    }


def _standing(quota: Quota, rule: LimitRule, second: int, taken: Taken) -> Standing:
    hour = _window("hour", HOUR_SECONDS, second, quota.hour, taken.hour_used)
    windows: tuple[Window, ...] = (hour,)
    full_until = [hour.resets_at] if taken.hour_used >= quota.hour_ceiling else []
    if quota.day is not None:
        day = _window("day", DAY_SECONDS, second, quota.day, taken.day_used)
        windows = (day, hour) if day.remaining < hour.remaining else (hour, day)
        full_until += [day.resets_at] if taken.day_used >= quota.day_ceiling else []
    if not taken.is_passed:
        return Standing(windows, second, max(full_until) - second, 0.0)
    return Standing(windows, second, 0, rule.late_seconds if taken.hour_used > quota.hour else 0.0)


def _window(name: str, seconds: int, second: int, limit: int, used: int) -> Window:
    return Window(name, seconds, limit, max(0, limit - used), second - second % seconds + seconds)
