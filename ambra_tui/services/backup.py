"""Backups: one file that holds a whole store, of either database, and is itself a SQLite store.

A backup shows one moment of the store while others go on writing; the pictures of products go with it, in a table that
stores have not. It is verified before it takes its name, so a file with that name is whole. It restores into SQLite and
into PostgreSQL, whichever database it came from.

Example::

    back_up(store, Path("ambra-2026-11-21.backup"))
    restore("postgresql+psycopg://ambra@db/ambra", Path("ambra-2026-11-21.backup"))
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, NullPool, Table, create_engine, event, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError

from ambra_tui.errors import Conflict, Invalid, Unavailable
from ambra_tui.kit.clock import Clock
from ambra_tui.services.images import archive as image_archive
from ambra_tui.services.verify import Report, one_moment, verify, verify_store
from ambra_tui.settings import images_folder
from ambra_tui.store import NOBODY, Store, StoreSession, open_store
from ambra_tui.store.lock import StoreLock
from ambra_tui.store.models import metadata
from ambra_tui.store.schema import SCHEMA_NUMBER, prepare, schema_number, sqlite_path
from ambra_tui.store.security import set_tenant

PAGES_A_STEP = 1_000
ROWS_A_CHUNK = 2_000
LEFT_OUT = frozenset({"lease"})  # processes that used the store; they are not part of it
Progress = Callable[[float, str], None]


def _no_progress(share: float, words: str) -> None:
    """Nobody watches."""


def back_up(store: Store, target: Path, *, progress: Progress = _no_progress) -> Report:
    """Write the store to `target`, replacing an older backup only once the new one is verified.

    Raises Conflict when the copy does not verify, and Unavailable when it cannot be written.
    """
    part = target.with_name(target.name + ".part")
    try:
        _remove(part)
        part.touch(mode=0o600)
        if store.path is not None:
            _copy_sqlite(store.path, part, progress)
        else:
            _copy_postgresql(store, part, progress)
        image_archive.pack(part, images_folder(store.path))
        report = _verified(part, progress)
        part.replace(target)
        _sync_folder(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The backup {target} cannot be written: {error}") from error
    finally:
        _remove(part)
    return report


def restore(url: str, source: Path, *, is_forced: bool = False, progress: Progress = _no_progress) -> Report:
    """Fill the store at `url` with the backup `source` and verify it.

    Raises Invalid without the file, and Conflict for a file that is no whole backup, for one of a newer release, and
    for a store that holds organizations, unless `is_forced`: then everything in it is replaced, in one transaction.
    """
    if not source.is_file():
        raise Invalid(f"There is no backup file {source}.", field="file")
    with tempfile.TemporaryDirectory(prefix="ambra-restore-") as folder:
        part = Path(folder) / "store.db"
        _copy_backup(source, part)
        _refuse_damage(source, part, progress)
        prepare(url)
        _refuse_loss(url, is_forced=is_forced)
        is_sqlite = make_url(url).get_backend_name() == "sqlite"
        image_archive.unpack(part, images_folder(sqlite_path(make_url(url)) if is_sqlite else None))
        if is_sqlite:
            _fill_sqlite(sqlite_path(make_url(url)), part, progress)
        else:
            _fill_postgresql(url, part, progress)
    with open_store(url) as store:
        return verify_store(store, progress=lambda done, of, words: progress(done / of, words))


def _remove(path: Path) -> None:
    for name in (
        path.name,
        path.name + "-wal",
        path.name + "-shm",
        path.name + "-journal",
        path.name + ".migrate-lock",
    ):
        path.with_name(name).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """The new name survives a power cut only once its folder is written."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- taking ---------------------------------------------------------------------------------------------------------


def _copy_sqlite(path: Path, part: Path, progress: Progress) -> None:
    """SQLite's online backup, from one read transaction: writers go on, and the copy need not begin anew."""

    def tell(_status: int, remaining: int, total: int) -> None:
        progress(1 - remaining / max(total, 1), "copying")

    with closing(sqlite3.connect(path, isolation_level=None)) as store, closing(sqlite3.connect(part)) as copy:
        store.execute("BEGIN")
        store.execute("SELECT count(*) FROM sqlite_master").fetchone()
        store.backup(copy, pages=PAGES_A_STEP, progress=tell)
        store.execute("ROLLBACK")
        copy.execute("DELETE FROM lease")
        copy.commit()
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()


def _copy_postgresql(store: Store, part: Path, progress: Progress) -> None:
    """Every row of one REPEATABLE READ transaction, into a new SQLite store."""
    part.unlink()
    prepare(f"sqlite:///{part}")
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()
    part.chmod(0o600)
    with one_moment(store) as session, _sqlite_file(part) as target:
        _copy_rows(session.connection(), target, progress)


def _copy_rows(source: Connection, target: Connection, progress: Progress) -> None:
    """Every row of every table, parents first. The columns' types convert between the databases."""
    tables = [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]
    for number, table in enumerate(tables):
        columns = _stored_columns(table)
        rows = source.execute(
            select(*columns).order_by(*table.primary_key), execution_options={"yield_per": ROWS_A_CHUNK}
        )
        for chunk in rows.mappings().partitions():
            progress(number / len(tables), f"copying {table.name}")
            target.execute(insert(table), [dict(row) for row in chunk])


def _stored_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.computed is None]


@contextmanager
def _sqlite_file(path: Path) -> Iterator[Connection]:
    """A connection in one transaction on a file that nobody else knows."""
    with _file_engine(path).connect() as connection:
        connection.exec_driver_sql("BEGIN")
        yield connection
        connection.exec_driver_sql("COMMIT")


def _file_engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    return engine


def _verified(part: Path, progress: Progress) -> Report:
    report = _verify_file(part, progress)
    if not report.is_clean:
        faults = "; ".join(difference.text for difference in report.differences[:3])
        raise Conflict(
            f"The copy does not verify, so no backup was made. Run `ambra verify`. First differences: {faults}"
        )
    return report


def _verify_file(path: Path, progress: Progress) -> Report:
    with _file_engine(path).connect() as connection:
        session = StoreSession.on(connection, organization_id=None, actor=NOBODY, clock=Clock())
        try:
            return verify(session, progress=lambda done, of, words: progress(done / of, words))
        finally:
            session.close()


# --- bringing back --------------------------------------------------------------------------------------------------


def _copy_backup(source: Path, part: Path) -> None:
    """A copy of our own: the backup itself is never migrated or otherwise written to."""
    try:
        part.touch(mode=0o600)
        address = f"{source.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as backup, closing(sqlite3.connect(part)) as copy:
            backup.backup(copy)
    except sqlite3.Error as error:
        raise Conflict(f"{source} is not a backup of Ambra: {error}") from error
    except OSError as error:
        raise Unavailable(f"{source} cannot be read here: {error}") from error


def _refuse_damage(source: Path, part: Path, progress: Progress) -> None:
    number = schema_number(f"sqlite:///{part}")
    if not 0 < number <= SCHEMA_NUMBER:
        what = "was made by a newer release of Ambra" if number else "is not a backup of Ambra"
        raise Conflict(f"{source} {what}")
    prepare(f"sqlite:///{part}")
    report = _verify_file(part, progress)
    if not report.is_clean:
        faults = "; ".join(difference.text for difference in report.differences[:3])
        raise Conflict(f"{source} is damaged, nothing was restored: {faults}")


def _refuse_loss(url: str, *, is_forced: bool) -> None:
    with open_store(url) as store, store.read_system() as session:
        count = session.connection().execute(text("SELECT count(*) FROM organization")).scalar_one()
    if count and not is_forced:
        raise Conflict(f"The store holds {count} organization(s): --force replaces everything in it")


def _fill_sqlite(path: Path, part: Path, progress: Progress) -> None:
    """Pages are written into the open store, under its lock: processes that use it go on with the new rows."""

    def tell(_status: int, remaining: int, total: int) -> None:
        progress(1 - remaining / max(total, 1), "restoring")

    lock = StoreLock(path.with_name(path.name + ".lock"))
    try:
        with (
            lock.held(),
            closing(sqlite3.connect(part)) as backup,
            closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as store,
        ):
            backup.backup(store, pages=-1, progress=tell)
            store.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.Error as error:
        raise Unavailable(f"The store {path} cannot be filled: {error}") from error
    finally:
        lock.close()


def _fill_postgresql(url: str, part: Path, progress: Progress) -> None:
    """One transaction of the tables' owner: empty them, fill them, and go on counting after the last row."""
    try:
        _replace_rows(create_engine(url, poolclass=NullPool), part, progress)
    except DBAPIError as error:
        raise Unavailable(f"The store cannot be filled, nothing changed: {str(error.orig).strip()}") from error


def _replace_rows(engine: Engine, part: Path, progress: Progress) -> None:
    with engine.begin() as store, _file_engine(part).connect() as backup:
        set_tenant(store, None)
        names = ", ".join(table.name for table in metadata.sorted_tables)
        for table in _append_only(store):
            store.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        store.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        for table in _append_only(store):
            store.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        _copy_rows(backup, store, progress)
        for statement in _next_values(store):
            store.exec_driver_sql(statement)


def _append_only(store: Connection) -> list[str]:
    rows = store.exec_driver_sql("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
    return sorted(rows.scalars())


def _next_values(store: Connection) -> list[str]:
    """A statement for each sequence: it goes on after the greatest number in its column."""
    rows = store.exec_driver_sql(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND column_default LIKE 'nextval(%%'"
    )
    return [
        f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table}"  # noqa: S608 - names of our own tables
        for table, column in rows
    ]
