"""When a delivery is tried: six moments, counted from the first; then it has failed.

Everything here is wall time: receivers compare the moment of a signature with their own clock, and a sample store's
clock starts anew in every process.

Example::

    next_attempt(counts_from, attempts=1)    # one minute after the first attempt was due
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from ambra_tui.kit.clock import Clock

MOMENTS = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 5, 30, 120, 360))
MAX_ATTEMPTS = len(MOMENTS)
JITTER = timedelta(milliseconds=900)
LATE = timedelta(seconds=30)
PAUSED_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
clock = Clock()


def now() -> datetime:
    """The moment, by the wall clock."""
    return clock.now()


def next_attempt(counts_from: datetime, *, attempts: int) -> datetime | None:
    """When the next attempt is due after `attempts` of them; None when there is none. A little after the printed
    moment, so that what failed together does not come back together; never before it."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return counts_from + MOMENTS[attempts] + JITTER * random.random()  # noqa: S311 - no secret


def counted_from(counts_from: datetime, *, attempts: int, started: datetime) -> datetime:
    """From when the moments count: later by what an attempt was late (no server ran), so that they keep their gaps."""
    lateness = started - (counts_from + MOMENTS[min(attempts, MAX_ATTEMPTS - 1)])
    return counts_from + lateness if lateness > LATE else counts_from
