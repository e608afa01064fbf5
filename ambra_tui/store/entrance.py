"""The connection that every request of the API passes: look-ups before an organization is known, counts after it.

It is kept open beside the pools, in the system scope, each statement in a transaction of its own that is not waited
for on the disk. A key is looked up in six microseconds, so nothing has to remember it: one that ends, ends at once.

Example::

    store.entrance.rows("SELECT organization_id FROM api_key WHERE prefix = ?", ["ambra_live_Zk3v9x2a"])
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ambra_tui.errors import Unavailable
from ambra_tui.store.security import SYSTEM

if TYPE_CHECKING:
    from sqlalchemy import Engine

# Few statements, each by a key: planned once.
_AS_SYSTEM = """
SELECT set_config('ambra.scope', %s, false), set_config('synchronous_commit', 'off', false),
       set_config('plan_cache_mode', 'force_generic_plan', false)
"""


class Entrance:
    """One connection, taken by one thread at a time. On SQLite it only reads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_postgresql = engine.dialect.name == "postgresql"
        self._lock = threading.Lock()
        self._connection: Any = None
        self._driver: Any = None
        self._is_closed = False

    def rows(self, text: str, parameters: Any) -> list[tuple[Any, ...]]:
        """The rows that a statement answers. Raises Unavailable when the database does not answer."""
        with self._lock:
            try:
                return self._run(text, parameters)
            except self._engine.dialect.loaded_dbapi.Error as error:
                was_lost = self._is_postgresql and self._driver is not None and self._driver.closed
                self._leave()
                if not was_lost:
                    raise Unavailable("The store cannot answer now. Try again.") from error
            return self._again(text, parameters)

    def _again(self, text: str, parameters: Any) -> list[tuple[Any, ...]]:
        """A connection that was lost while nobody used it is no reason to refuse a request."""
        try:
            return self._run(text, parameters)
        except self._engine.dialect.loaded_dbapi.Error as error:
            self._leave()
            raise Unavailable("The store cannot answer now. Try again.") from error

    def _run(self, text: str, parameters: Any) -> list[tuple[Any, ...]]:
        if self._driver is None:
            self._connect()
        rows: list[tuple[Any, ...]] = self._driver.execute(text, parameters).fetchall()
        return rows

    def _connect(self) -> None:
        if self._is_closed:
            raise Unavailable("The store is closed")
        try:
            self._connection = self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise Unavailable("The store cannot answer now. Try again.") from error
        self._driver = self._connection.driver_connection
        self._connection.detach()
        if self._is_postgresql:
            self._driver.autocommit = True
            self._driver.execute(_AS_SYSTEM, [SYSTEM])

    def _leave(self) -> None:
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            with suppress(self._engine.dialect.loaded_dbapi.Error):
                connection.close()

    def close(self) -> None:
        """Gives the connection back; nobody enters any more."""
        with self._lock:
            self._is_closed = True
            self._leave()
