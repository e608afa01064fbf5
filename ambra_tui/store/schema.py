"""Brings a store to the schema of this program: makes it when absent, migrates it when behind.

Any number of processes may call `prepare` at once; one does the work, the others wait and find it done.
A store that is up to date costs one query, and Alembic is not even imported.

Example::

    prepare("sqlite:////srv/ambra/ambra.db")
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from ambra_tui.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
SCHEMA_NUMBER = len(REVISIONS)
HEAD = REVISIONS[-1]
WAIT_SECONDS = 60.0
_ADVISORY_LOCK = 0x616D627261  # "ambra"


def prepare(url: str) -> None:
    """Make or migrate the store at `url`. Raises Conflict when it is newer than this program, Unavailable when it
    cannot be reached."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        raise Unavailable("The store's URL is neither sqlite:///path nor postgresql+psycopg://...") from None
    if parsed.get_backend_name() == "sqlite":
        _prepare_sqlite(parsed)
    else:
        _prepare_postgresql(parsed)


def schema_number(url: str) -> int:
    """The number of revisions that the store at `url` has; 0 for a store without tables. Raises Invalid for what is
    no store's URL, Unavailable when the store cannot be read."""
    from ambra_tui.store.engine import parse_url

    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = sqlite_path(parsed)
        try:
            return _sqlite_number(path) if path.exists() else 0
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"The store {path} cannot be opened: {error}") from error
    with _postgresql(parsed) as connection:
        return _postgresql_number(connection)


def sqlite_path(url: URL) -> Path:
    """The file of a SQLite store. Raises Unavailable for a store in memory: it would end with its first connection."""
    from pathlib import Path

    if not url.database or url.database == ":memory:":
        raise Unavailable("A store needs a file: sqlite:///path")
    return Path(url.database)


# --- SQLite ---------------------------------------------------------------------------------------------------------


def _prepare_sqlite(url: URL) -> None:
    path = sqlite_path(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and _is_current(_sqlite_number(path)):
            return
        _migrate_sqlite(path)
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The store {path} cannot be opened: {error}") from error


def _sqlite_number(path: Path) -> int:
    with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as connection:
        number: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return number


def _migrate_sqlite(path: Path) -> None:
    """One transaction for the whole upgrade; foreign keys are off in it, because batch mode rebuilds tables."""
    from sqlalchemy import NullPool, create_engine, event

    with _only_one(path):
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": WAIT_SECONDS})

        @event.listens_for(engine, "connect")
        def _connected(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # BEGIN and COMMIT are ours
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")

        @event.listens_for(engine, "begin")
        def _began(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        with engine.begin() as connection:
            number = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if _is_current(number):
                return
            if number == 0 and connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
                raise Conflict(f"{path} is a SQLite file of another program: name another file")
            _run_revisions(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(1)
            if broken:
                raise Conflict(
                    f"The migration would leave rows without their parent in {broken[0][0]}: nothing changed"
                )
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_NUMBER}")


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Switching a new file to WAL is not covered by any transaction, so one process at a time comes here."""
    import fcntl

    with path.with_name(path.name + ".migrate-lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


def _prepare_postgresql(url: URL) -> None:
    with _postgresql(url) as connection:
        if _is_current(_postgresql_number(connection)):
            return
        connection.rollback()
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
        if _is_current(_postgresql_number(connection)):
            return
        _run_revisions(connection)
        from ambra_tui.store.security import protect_postgresql

        protect_postgresql(connection)
        connection.commit()


@contextmanager
def _postgresql(url: URL) -> Iterator[Connection]:
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import OperationalError

    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        raise Unavailable(f"The store cannot be reached: {str(error.orig).strip()}") from error


def _postgresql_number(connection: Connection) -> int:
    if connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar_one() is None:
        return 0
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    if revision is None:
        return 0
    return REVISIONS.index(revision) + 1 if revision in REVISIONS else SCHEMA_NUMBER + 1


# --- both -----------------------------------------------------------------------------------------------------------


def _is_current(number: int) -> bool:
    if number > SCHEMA_NUMBER:
        raise Conflict("The store was made by a newer release of Ambra: update this installation before opening it")
    return number == SCHEMA_NUMBER


def _run_revisions(connection: Connection) -> None:
    import logging

    from alembic import command
    from alembic.config import Config

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "ambra_tui.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
