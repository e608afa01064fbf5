"""The sample ds1 for tests: loaded once a process and database, copied for every test after that.

Example::

    store, organization_id = open_ds1(store_url)
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from ambra_tui.services.access_system import choose_organization
from ambra_tui.services.sample import load_sample
from ambra_tui.store import Store, open_store

NOW = "2026-03-02T08:00Z"
A_MINUTE_EARLIER = "2026-03-02T07:59Z"
KEPT_ROWS = "kept_ds1"
_KEPT_FILE: list[Path] = []


def open_ds1(url: str) -> tuple[Store, int]:
    """A store at `url` filled with ds1, its clock at the scenarios' moment; and the organization's id."""
    if not (_copy_file(url) if url.startswith("sqlite") else _copy_rows(url)):
        loaded = open_store(url, now=A_MINUTE_EARLIER)
        load_sample(loaded, "ds1")
        loaded.close()
        _keep_file(url) if url.startswith("sqlite") else _keep_rows(url)
    store = open_store(url, now=NOW)
    organization_id = choose_organization(store, None).id
    assert organization_id is not None
    return store, organization_id


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _copy_file(url: str) -> bool:
    """Whether there was a file to copy."""
    for kept in _KEPT_FILE:
        _path(url).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, _path(url))
    return bool(_KEPT_FILE)


def _keep_file(url: str) -> None:
    folder = tempfile.mkdtemp(prefix="ambra-ds1-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _KEPT_FILE.append(Path(shutil.copyfile(_path(url), Path(folder) / "ds1.db")))


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)


def _filled_tables(connection: psycopg.Connection, schema: str) -> list[str]:
    named = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE'"
    tables = [row[0] for row in connection.execute(named, (schema,)) if row[0] != "alembic_version"]
    count = sql.SQL("SELECT count(*) FROM {}")
    return [t for t in tables if connection.execute(count.format(sql.Identifier(schema, t))).fetchone() != (0,)]


def _keep_rows(url: str) -> None:
    with _connect(url) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(KEPT_ROWS)))
        for table in _filled_tables(connection, "public"):
            kept, own = sql.Identifier(KEPT_ROWS, table), sql.Identifier("public", table)
            connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept, own))


def _copy_rows(url: str) -> bool:
    """Whether there were rows to copy; what sequences give comes after them."""
    with _connect(url) as connection:
        tables = _filled_tables(connection, KEPT_ROWS)
        if not tables:
            return False
        connection.execute("SET session_replication_role = replica")
        for table in tables:
            plain = (
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND table_name = %s AND is_generated = 'NEVER'"
            )
            names = sql.SQL(", ").join(sql.Identifier(row[0]) for row in connection.execute(plain, (table,)))
            kept, own = sql.Identifier(KEPT_ROWS, table), sql.Identifier("public", table)
            connection.execute(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(own, names, names, kept))
        connection.execute(
            "DO $$ DECLARE found record; most bigint; BEGIN"
            "  FOR found IN SELECT c.table_name AS t, c.column_name AS n,"
            "    pg_get_serial_sequence(quote_ident(c.table_name), c.column_name) AS s"
            "    FROM information_schema.columns c WHERE c.table_schema = 'public' LOOP"
            "    IF found.s IS NOT NULL THEN"
            "      EXECUTE format('SELECT max(%I) FROM %I', found.n, found.t) INTO most;"
            "      IF most IS NOT NULL THEN PERFORM setval(found.s, most); END IF;"
            "    END IF; END LOOP; END $$"
        )
    return True
