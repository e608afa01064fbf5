"""The connection that every request of the API passes: look-ups before an organization is known, counts after it.

It is kept open beside the pools, in the system scope, each statement in a transaction of its own that is not waited
for on the disk. A key is looked up in six microseconds, so nothing has to remember it: one that ends, ends at once.

Example::

    store.entrance.rows("SELECT organization_id FROM api_key WHERE prefix = ?", ["ambra_live_Zk3v9x2a"])
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from ambra_tui.errors import Unavailable
from ambra_tui.store.security import SYSTEM

if TYPE_CHECKING:
    from sqlalchemy import Engine

T = TypeVar("T")
Row = tuple[Any, ...]
_SILENT = "The store cannot answer now. Try again."
_WENT_WELL = (1, 2)  # PGRES_COMMAND_OK, PGRES_TUPLES_OK
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
        self._prepared: dict[str, bytes] = {}
        self._is_closed = False

    def rows(self, text: str, parameters: Any) -> list[Row]:
        """The rows that a statement answers. Raises Unavailable when the database does not answer."""
        return self._asked(lambda: self._driver.execute(text, parameters).fetchall())

    def quick_row(self, text: str, values: Sequence[object]) -> Row:
        """PostgreSQL: the first row of a statement with ``$1``, its values as bytes. By a call of the client library
        itself, at a sixth of what the driver's cursor takes."""
        given = [str(value).encode() for value in values]
        return self._asked(lambda: self._prepared_row(text, given))

    def _asked(self, ask: Callable[[], T]) -> T:
        with self._lock:
            try:
                return self._run(ask)
            except self._engine.dialect.loaded_dbapi.Error as error:
                was_lost = self._is_postgresql and self._driver is not None and self._driver.closed
                self._leave()
                if not was_lost:
                    raise Unavailable(_SILENT) from error
            try:  # a connection that was lost while nobody used it is no reason to refuse a request
                return self._run(ask)
            except self._engine.dialect.loaded_dbapi.Error as error:
                self._leave()
                raise Unavailable(_SILENT) from error

    def _run(self, ask: Callable[[], T]) -> T:
        if self._driver is None:
            self._connect()
        return ask()

    def _prepared_row(self, text: str, given: list[bytes]) -> Row:
        library = self._driver.pgconn
        name = self._prepared.get(text)
        if name is None:
            name = b"entrance_%d" % len(self._prepared)
            self._check(library.prepare(name, text.encode()))
            self._prepared[text] = name
        result = library.exec_prepared(name, given)
        self._check(result)
        return tuple(result.get_value(0, place) for place in range(result.nfields))

    def _check(self, result: Any) -> None:
        if result.status not in _WENT_WELL:
            said = result.error_message.decode(errors="replace").strip()
            raise self._engine.dialect.loaded_dbapi.OperationalError(said)

    def _connect(self) -> None:
        if self._is_closed:
            raise Unavailable("The store is closed")
        try:
            self._connection = self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise Unavailable(_SILENT) from error
        self._driver = self._connection.driver_connection
        self._connection.detach()
        if self._is_postgresql:
            self._driver.autocommit = True
            self._driver.execute(_AS_SYSTEM, [SYSTEM])

    def _leave(self) -> None:
        connection, self._connection, self._driver = self._connection, None, None
        self._prepared.clear()
        if connection is not None:
            with suppress(self._engine.dialect.loaded_dbapi.Error):
                connection.close()

    def close(self) -> None:
        """Gives the connection back; nobody enters any more."""
        with self._lock:
            self._is_closed = True
            self._leave()
