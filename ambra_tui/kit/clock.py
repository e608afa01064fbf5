"""The product's clock: UTC, microseconds, and movable on sample stores only.

Example::

    from ambra_tui.kit.clock import Clock
    now = Clock().now()
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Wall time, or a clock that started at `start` when this object was made and runs on from there."""

    def __init__(self, start: datetime | None = None) -> None:
        self._offset = timedelta(0) if start is None else start - datetime.now(UTC)

    def now(self) -> datetime:
        """The moment, timezone-aware in UTC."""
        return datetime.now(UTC) + self._offset

    def today(self) -> date:
        """The calendar day in UTC."""
        return self.now().date()


class FrozenClock(Clock):
    """A clock that stands still until it is set: for the past of a sample, for tests and pictures."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC. Raises ValueError for a naive `moment`."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a timezone")
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    """The inverse of `to_microseconds`."""
    return EPOCH + timedelta(microseconds=value)


def parse_moment(text: str) -> datetime:
    """An ISO 8601 moment such as ``2026-03-02T08:00Z``, in UTC; a missing timezone means UTC. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time such as 2026-03-31T08:00:00Z") from None


def to_iso(moment: datetime) -> str:
    """``2026-03-02T08:00:00Z``: seconds, UTC, as the editions print it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_of(microseconds: int) -> str:
    """`to_iso` of microseconds since 1970, for answers of many rows."""
    return _iso_of_second(microseconds // 1_000_000)


@lru_cache(maxsize=4096)
def _iso_of_second(second: int) -> str:
    return to_iso(from_microseconds(second * 1_000_000))


def monotonic_milliseconds() -> float:
    """A clock for gaps and time limits; its zero means nothing."""
    return time.monotonic() * 1000.0
