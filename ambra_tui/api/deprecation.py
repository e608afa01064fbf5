"""What an answer tells of its own future: the edition's version, and of an operation that goes away, since when and
until when (RFC 9745, RFC 8594).

Example::

    catalogue.deprecate("listThings", Deprecation(since=date(2027, 1, 1), sunset=date(2027, 7, 1), link="/docs/things"))
    # Deprecation: @1798761600
    # Sunset: Thu, 01 Jul 2027 00:00:00 GMT
    # Link: </docs/things>; rel="deprecation"
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

NOTICE = timedelta(days=182)
"""How long an operation works on after it was called deprecated: six months, as the commerce contract promises."""
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Deprecation:
    """An operation that goes away. `sunset`: the day from which it may not answer any more, None: not yet known.
    `link`: a page on what to use instead. Raises ValueError for a notice that is too short."""

    since: date
    sunset: date | None = None
    link: str = ""

    def __post_init__(self) -> None:
        if self.sunset is not None and self.sunset < self.since + NOTICE:
            raise ValueError(f"an operation works on for {NOTICE.days} days after it was called deprecated")

    @property
    def headers(self) -> Headers:
        """What every answer of the operation carries."""
        told = [(b"deprecation", b"@%d" % int(_start(self.since).timestamp()))]
        if self.sunset is not None:
            told.append((b"sunset", format_datetime(_start(self.sunset), usegmt=True).encode()))
        if self.link:
            told.append((b"link", f'<{self.link}>; rel="deprecation"'.encode()))
        return told


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
