"""A store's file written anew: what was deleted or overwritten is in none of its pages any more.

SQLite keeps old text in free pages and in its log until it needs the room. PostgreSQL's own vacuum sees to that, and
to how long its log is kept, by the settings of the database.

Example::

    compact(store)      # True: the file was written anew
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from ambra_tui.errors import Unavailable
from ambra_tui.store import Store
from ambra_tui.store.lock import StoreLock

WAIT_SECONDS = 60.0


def compact(store: Store) -> bool:
    """Writes the file of a SQLite store anew; writers wait meanwhile. False for a store of another kind.

    Raises Unavailable when readers keep the file busy for too long, or the disk is full.
    """
    if store.path is None:
        return False
    lock = StoreLock(store.path.with_name(store.path.name + ".lock"))
    try:
        with lock.held(), closing(sqlite3.connect(store.path, isolation_level=None, timeout=WAIT_SECONDS)) as database:
            database.execute("VACUUM")
            busy, *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise Unavailable(f"The store's file could not be written anew: {error}. Try again.") from error
    finally:
        lock.close()
    if busy:
        raise Unavailable("Somebody reads the store: its log is not empty yet. Try again when less is going on.")
    return True
