"""How often a key was used in this hour and this day: one count for all server processes of a store, exact to the last.

The servers of a SQLite store share one machine, so they share a mapped file beside the store: a lock, four numbers, two
microseconds, and no write of the store itself. Those of a PostgreSQL store share a table that is not logged. Neither
waits for the disk: a crash of the machine starts the counts anew, and loses nothing else.

Example::

    tally.take("key_1", hour=495_000, hour_ceiling=1_000, day=20_625, day_ceiling=10_000)   # Taken(True, 1, 1)
"""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import struct
import threading
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ambra_tui.errors import Unavailable
from ambra_tui.store.entrance import Entrance

SLOTS, PROBES = 16_384, 64
_SLOT = struct.Struct("<16sqqqq")
_NOBODY = bytes(16)


class Taken(NamedTuple):
    """Whether a request passed, and how many did in its hour and its day, this one included."""

    is_passed: bool
    hour_used: int
    day_used: int


class Tally(Protocol):
    """Counts requests."""

    def take(self, name: str, *, hour: int, hour_ceiling: int, day: int, day_ceiling: int) -> Taken:
        """Counts a request of `name` when its hour and its day both have room, else counts nothing."""

    def close(self) -> None:
        """Gives back what the counting needs."""


class FileTally:
    """Counts in a file of fixed slots, under its lock. A slot whose hour is over may be taken by another name; were all
    the slots that a name may have in use within one hour, the least used would begin anew."""

    def __init__(self, path: Path) -> None:
        size = SLOTS * _SLOT.size
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if os.fstat(self._file).st_size < size:
                os.ftruncate(self._file, size)
            self._slots = mmap.mmap(self._file, size)
        except OSError as error:
            raise Unavailable(f"Requests cannot be counted in {path}: {error.strerror or error}") from error
        self._places: dict[str, tuple[bytes, int]] = {}
        self._lock = threading.Lock()  # the file's lock is this process's, not a thread's

    def take(self, name: str, *, hour: int, hour_ceiling: int, day: int, day_ceiling: int) -> Taken:
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                mark, place = self._place_of(name, hour)
                _, hour_seen, hour_used, day_seen, day_used = _SLOT.unpack_from(self._slots, place)
                hour, hour_used = _continued(hour, hour_seen, hour_used)
                day, day_used = _continued(day, day_seen, day_used)
                if hour_used >= hour_ceiling or day_used >= day_ceiling:
                    return Taken(False, hour_used, day_used)
                _SLOT.pack_into(self._slots, place, mark, hour, hour_used + 1, day, day_used + 1)
                return Taken(True, hour_used + 1, day_used + 1)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _place_of(self, name: str, hour: int) -> tuple[bytes, int]:
        known = self._places.get(name)
        if known is not None and self._slots[known[1] : known[1] + 16] == known[0]:
            return known
        mark = blake2b(name.encode(), digest_size=16).digest()
        place = self._find(mark, hour)
        if len(self._places) >= SLOTS:
            self._places.clear()
        self._places[name] = (mark, place)
        return mark, place

    def _find(self, mark: bytes, hour: int) -> int:
        """The slot with this mark; else one that is free, cleared for it."""
        first = int.from_bytes(mark[:4], "little")
        seen = []
        for step in range(PROBES):
            place = (first + step) % SLOTS * _SLOT.size
            found, hour_seen, hour_used, day_seen, _ = _SLOT.unpack_from(self._slots, place)
            if found == mark:
                return place
            is_free = found == _NOBODY or day_seen * 24 + 24 <= hour
            seen.append((0 if is_free else 1, 0 if hour_seen < hour else hour_used, step, place))
        place = min(seen)[-1]
        _SLOT.pack_into(self._slots, place, mark, 0, 0, 0, 0)
        return place

    def close(self) -> None:
        with self._lock:
            descriptor, self._file = self._file, -1
            if descriptor >= 0:
                self._slots.close()
                os.close(descriptor)


def _continued(now: int, seen: int, used: int) -> tuple[int, int]:
    """The window to count in, and its count: a clock that is a little behind counts with those ahead of it; a window
    further off was written by a clock that was wrong."""
    return (seen, used) if seen in (now, now + 1) else (now, 0)


_TAKE = """
INSERT INTO request_tally AS t (key_id, hour, hour_used, day, day_used)
VALUES (%(name)s, %(hour)s, 1, %(day)s, 1)
ON CONFLICT (key_id) DO UPDATE SET
    hour = CASE WHEN t.hour = %(hour)s + 1 THEN t.hour ELSE %(hour)s END,
    hour_used = 1 + CASE WHEN t.hour IN (%(hour)s, %(hour)s + 1) THEN t.hour_used ELSE 0 END,
    day = CASE WHEN t.day = %(day)s + 1 THEN t.day ELSE %(day)s END,
    day_used = 1 + CASE WHEN t.day IN (%(day)s, %(day)s + 1) THEN t.day_used ELSE 0 END
WHERE (t.hour NOT IN (%(hour)s, %(hour)s + 1) OR t.hour_used < %(hour_ceiling)s)
  AND (t.day NOT IN (%(day)s, %(day)s + 1) OR t.day_used < %(day_ceiling)s)
RETURNING hour_used, day_used
"""
_TAKE_BESIDE = """
WITH taken AS ({take})
SELECT taken.hour_used, taken.day_used, beside.*
FROM (SELECT 1) AS always LEFT JOIN taken ON true LEFT JOIN ({statement}) AS beside ON true
"""
_PARAMETER = re.compile(r"%\((\w+)\)s")
_SEEN = "SELECT hour, hour_used, day, day_used FROM request_tally WHERE key_id = %(name)s"


@cache
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """`_TAKE_BESIDE` with `statement` in it, its parameters as ``$1`` and so on, and their names in that order."""
    text = _TAKE_BESIDE.format(take=_TAKE, statement=statement)
    names = tuple(dict.fromkeys(_PARAMETER.findall(text)))
    return _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text), names


class TableTally:
    """Counts in a table, by one statement: whoever finds no room changes no row."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def take(self, name: str, *, hour: int, hour_ceiling: int, day: int, day_ceiling: int) -> Taken:
        asked = {"name": name, "hour": hour, "hour_ceiling": hour_ceiling, "day": day, "day_ceiling": day_ceiling}
        passed = self._entrance.rows(_TAKE, asked)
        return Taken(True, *passed[0]) if passed else self._seen(name, hour=hour, day=day)

    def take_beside(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        name: str,
        *,
        hour: int,
        hour_ceiling: int,
        day: int,
        day_ceiling: int,
    ) -> tuple[tuple[bytes | None, ...], Taken]:
        """As `take`, together with a select of another row at the price of one: its values as the database writes them,
        all None where it is absent."""
        asked = {"name": name, "hour": hour, "hour_ceiling": hour_ceiling, "day": day, "day_ceiling": day_ceiling}
        text, names = _numbered(statement)
        values = {**parameters, **asked}
        hour_used, day_used, *row = self._entrance.quick_row(text, [values[each] for each in names])
        if hour_used is None:
            return tuple(row), self._seen(name, hour=hour, day=day)
        return tuple(row), Taken(True, int(hour_used), int(day_used))

    def _seen(self, name: str, *, hour: int, day: int) -> Taken:
        hour_seen, hour_used, day_seen, day_used = self._entrance.rows(_SEEN, {"name": name})[0]
        return Taken(False, _continued(hour, hour_seen, hour_used)[1], _continued(day, day_seen, day_used)[1])

    def close(self) -> None:
        """The entrance is the store's."""
