"""Engines of the two databases, with our own transaction control.

SQLite: WAL, `synchronous=FULL`, foreign keys on, writers begin IMMEDIATE; readers have their own engine, or they
would wait. PostgreSQL: the product's plain role, the tenant set in each transaction.

Example::

    engine = make_engine("sqlite:///ambra.db", is_writer=True)
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url

from ambra_tui.errors import Invalid
from ambra_tui.store.security import after_connect_postgresql

_SECRET = re.compile("//[^/@]*@")
BUSY_TIMEOUT_MILLISECONDS = 20_000
CHECKPOINT_PAGES = 8_000  # 32 MB of WAL: a busy page is copied home once, not at every thousandth page
READ_POOL_SIZE = 8
# A generic plan made while a table was nearly empty joins it row by row for ever: 1,000 postings a second, not 5,900.
POSTGRESQL_OPTIONS = "-c plan_cache_mode=force_custom_plan"


def parse_url(text: str) -> URL:
    """The URL of a store. Raises Invalid for anything but ``sqlite:///path`` and ``postgresql+psycopg://``."""
    refusal = Invalid(f"'{_SECRET.sub('//', text)}' is not a store URL: use sqlite:///path or postgresql+psycopg://...")
    try:
        url = make_url(text)
    except Exception as error:  # the library raises many kinds for a bad URL
        raise refusal from error
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "postgresql+psycopg"} or (url.drivername == "sqlite" and not url.database):
        raise refusal
    return url


def sqlite_path(url: URL) -> Path:
    """The file of a SQLite store."""
    return Path(url.database or "").absolute()


def make_engine(text: str, *, is_writer: bool) -> Engine:
    """An engine of one kind of work: writing (one connection a thread) or reading."""
    url = parse_url(text)
    if url.drivername == "sqlite":
        return _sqlite_engine(url, is_writer=is_writer)
    engine = create_engine(
        url, pool_size=READ_POOL_SIZE, max_overflow=READ_POOL_SIZE, pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "prepare_threshold": 2, "options": POSTGRESQL_OPTIONS},
    )  # fmt: skip
    event.listen(engine, "connect", lambda connection, _record: after_connect_postgresql(connection))
    return engine


def _sqlite_engine(url: URL, *, is_writer: bool) -> Engine:
    engine = create_engine(
        url, pool_size=READ_POOL_SIZE, max_overflow=READ_POOL_SIZE, connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-32000",
            f"wal_autocheckpoint={CHECKPOINT_PAGES}",
            *(() if is_writer else ("query_only=ON",)),
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")

    return engine
