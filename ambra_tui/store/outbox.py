"""The outbox, read in the order of the commits by whoever wants to know what happened.

On SQLite one writer holds the store at a time, so ids follow the commits. On PostgreSQL rows may commit out of id
order: a follower first numbers what is new, under a lock, and reads by that number.

Example::

    follower = Follower(store, wake)     # `wake()` is called when there is news
    follower.start()
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, text, update
from sqlmodel import Session, col, select

from ambra_tui.errors import Conflict
from ambra_tui.store.models import OutboxEvent, WebhookCursor, table_of

if TYPE_CHECKING:
    from ambra_tui.store.store import Store

POLL_SECONDS = 0.2
RETRY_SECONDS = 2.0
NUMBERING_LOCK = 7_260_001
log = logging.getLogger(__name__)
_cursor = table_of(WebhookCursor)

NUMBER_NEW = """
WITH fresh AS (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM outbox_event WHERE position IS NULL
), last AS (SELECT coalesce(max(position), 0) AS position FROM outbox_event)
UPDATE outbox_event SET position = last.position + fresh.place FROM fresh, last WHERE outbox_event.id = fresh.id
"""


def publish_pending(session: Session) -> None:
    """Numbers the events that committed since the last time (PostgreSQL only; system scope)."""
    session.connection().execute(text(f"SELECT pg_advisory_xact_lock({NUMBERING_LOCK})"))
    session.connection().execute(text(NUMBER_NEW))


def last_position(session: Session) -> int:
    """The position of the newest published event, 0 when there is none. System scope."""
    order = OutboxEvent.position if _is_postgresql(session) else OutboxEvent.id
    return session.exec(select(func.coalesce(func.max(order), 0))).one() or 0


def has_pending(session: Session) -> bool:
    """True when events wait for their number (PostgreSQL only). System scope."""
    return session.exec(select(OutboxEvent.id).where(col(OutboxEvent.position).is_(None)).limit(1)).first() is not None


def number_new(store: Store) -> None:
    """Puts what is new into the order of the commits, which on PostgreSQL somebody has to do."""
    if store.dialect != "postgresql":
        return
    with store.read_system() as session:
        waiting = has_pending(session)
    if waiting:
        store.writer.run(publish_pending, organization_id=None)


def move_cursor(session: Session, name: str, kept: int | None, end: int) -> None:
    """Moves a reader's kept place from where it was read (None: it was never kept), in the transaction of what it did.

    Raises Conflict when another server moved it meanwhile.
    """
    connection = session.connection()
    if kept is None:
        if session.get(WebhookCursor, name) is not None:
            raise Conflict("another server was quicker")
        connection.execute(insert(_cursor), {"name": name, "position": end})
        return
    moved = connection.execute(
        update(_cursor).where(_cursor.c.name == name, _cursor.c.position == kept).values(position=end)
    )
    if moved.rowcount != 1:
        raise Conflict("another server was quicker")


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


class Follower:
    """A thread that calls `wake` (on itself) whenever the store published events, from whichever process."""

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ambra-follower", daemon=True)

    def start(self) -> None:
        """Begins to follow, from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        seen = -1
        while not self._stopped.is_set():
            pause = POLL_SECONDS
            try:
                newest = self._newest()
                if newest != seen and seen >= 0:
                    self._wake()
                seen = newest
            except Exception:  # the edge of a thread: a lost connection comes back
                log.warning("the store could not be followed; trying again", exc_info=True)
                pause = RETRY_SECONDS
            self._stopped.wait(pause)

    def _newest(self) -> int:
        number_new(self._store)
        with self._store.read_system() as session:
            return last_position(session)
