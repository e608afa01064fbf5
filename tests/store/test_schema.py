"""The schema: made and migrated once, equal to the models, whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Integer, NullPool, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from ambra_tui.errors import Conflict, Unavailable
from ambra_tui.store.models import metadata
from ambra_tui.store.schema import REVISIONS, SCHEMA_NUMBER, prepare, schema_number

PREPARE = "import sys; from ambra_tui.store.schema import prepare; prepare(sys.argv[1]); print(*sys.modules)"


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = create_engine(url, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def absent_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A store that nobody has made yet."""
    if dialect == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'ambra.db'}"
    url: str = request.getfixturevalue("empty_postgresql_url")
    return url


def picture(url: str) -> dict[str, Any]:
    """Everything that a database tells of its tables."""
    with engine_of(url) as engine:
        seen = inspect(engine)
        return {
            table: {
                "columns": [
                    (c["name"], str(c["type"]), c["nullable"], c["default"], c.get("computed"))
                    for c in seen.get_columns(table)
                ],
                "primary key": seen.get_pk_constraint(table),
                "foreign keys": sorted(map(_sorted_text, seen.get_foreign_keys(table))),
                "unique": sorted(map(_sorted_text, seen.get_unique_constraints(table))),
                "checks": sorted(map(_sorted_text, seen.get_check_constraints(table))),
                "indexes": sorted(map(_index_text, seen.get_indexes(table))),
            }
            for table in seen.get_table_names()
            if table != "alembic_version"
        }


def _sorted_text(facts: Any) -> str:
    return repr(sorted(facts.items()))


def _index_text(facts: Any) -> str:
    where = {name: str(value) for name, value in facts["dialect_options"].items()}
    return repr((facts["name"], facts["column_names"], facts["unique"], sorted(where.items())))


def test_the_migrated_schema_is_the_models_schema(
    dialect: str, store_url: str, absent_url: str, tmp_path: Path
) -> None:
    (tmp_path / "new").mkdir(exist_ok=True)
    with engine_of(absent_url) as engine:
        metadata.create_all(engine)
    made, migrated = picture(absent_url), picture(store_url)
    assert sorted(migrated) == sorted(made)
    for table in made:
        assert migrated[table] == made[table], table


def test_status_is_computed_by_the_database_and_stored(store_url: str) -> None:
    with engine_of(store_url) as engine:
        columns = {c["name"]: c for c in inspect(engine).get_columns("site_stock")}
    assert columns["status"]["computed"]["persisted"] is True


def test_every_constraint_has_a_name(store_url: str) -> None:
    with engine_of(store_url) as engine:
        seen = inspect(engine)
        nameless = [
            (table, facts)
            for table in seen.get_table_names()
            if table != "alembic_version"
            for facts in (
                seen.get_pk_constraint(table),
                *seen.get_foreign_keys(table),
                *seen.get_unique_constraints(table),
                *seen.get_check_constraints(table),
            )
            if not facts["name"]
        ]
    assert nameless == []


def test_an_absent_store_is_made_and_a_second_call_changes_nothing(absent_url: str) -> None:
    prepare(absent_url)
    first = picture(absent_url)
    prepare(absent_url)
    assert schema_number(absent_url) == SCHEMA_NUMBER == len(REVISIONS)
    assert picture(absent_url) == first


def test_a_current_store_is_opened_without_alembic(store_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, store_url], capture_output=True, text=True, timeout=60, check=True
    )
    assert "alembic" not in done.stdout.split()


def test_processes_that_start_together_on_an_absent_store_all_succeed(absent_url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", PREPARE, absent_url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    errors = [process.communicate(timeout=120)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0, 0], errors
    assert schema_number(absent_url) == SCHEMA_NUMBER


def test_an_upgrade_that_fails_midway_leaves_nothing_behind(absent_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr("alembic.op.create_index", refuse)
        with pytest.raises(RuntimeError, match="the power is gone"):
            prepare(absent_url)
    assert schema_number(absent_url) == 0
    assert picture(absent_url) == {}
    prepare(absent_url)
    assert schema_number(absent_url) == SCHEMA_NUMBER


def test_a_store_of_a_newer_release_is_refused(dialect: str, absent_url: str) -> None:
    prepare(absent_url)
    newer = "PRAGMA user_version = 9999" if dialect == "sqlite" else "UPDATE alembic_version SET version_num = '9999'"
    with engine_of(absent_url) as engine, engine.begin() as connection:
        connection.execute(text(newer))
    with pytest.raises(Conflict, match="newer release"):
        prepare(absent_url)


def test_a_file_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmark (url TEXT)")
    with pytest.raises(Conflict, match="another program"):
        prepare(f"sqlite:///{path}")
    assert list(picture(f"sqlite:///{path}")) == ["bookmark"]


def test_a_file_that_is_no_database_is_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk " * 200)
    with pytest.raises(Unavailable, match="cannot be opened"):
        prepare(f"sqlite:///{path}")


def test_an_unreachable_server_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        prepare(f"postgresql+psycopg://ana@/ambra?host={tmp_path}")


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_is_no_store_is_a_refusal(url: str) -> None:
    with pytest.raises(Unavailable):
        prepare(url)


@pytest.mark.parametrize("table", ["stock_move", "audit_entry"])
@pytest.mark.parametrize("change", ["UPDATE {} SET organization_id = 2", "DELETE FROM {}"])
def test_rows_of_record_can_only_be_added(store_url: str, table: str, change: str) -> None:
    """Also for the owner of the tables, and on PostgreSQL also for a superuser."""
    with engine_of(store_url) as engine:
        _insert_blank(engine, table)
        with pytest.raises(DBAPIError, match="only ever added"), engine.begin() as connection:
            connection.execute(text(change.format(table)))


@pytest.mark.parametrize("table", ["stock_move", "audit_entry"])
def test_records_go_with_a_set_of_a_sandbox_that_is_out_of_use(store_url: str, table: str) -> None:
    with engine_of(store_url) as engine:
        _insert_blank(engine, table)
        with engine.begin() as connection:
            owner = connection.execute(text(f"SELECT organization_id FROM {table}")).scalar_one()
            connection.execute(
                text(
                    "INSERT INTO organization (id, name, modules, currency, created_at, retired_at)"
                    " VALUES (:id, 'Old', '[]', 'EUR', 0, 1)"
                ),
                {"id": owner},
            )
        with pytest.raises(DBAPIError, match="only ever added"), engine.begin() as connection:
            connection.execute(text(f"UPDATE {table} SET organization_id = 2"))
        with engine.begin() as connection:
            assert connection.execute(text(f"DELETE FROM {table}")).rowcount == 1


def test_what_was_said_of_an_act_may_be_erased_and_nothing_else_of_it(store_url: str) -> None:
    with engine_of(store_url) as engine:
        _insert_blank(engine, "audit_entry")
        for change in ("details = '{\"a\":1}'", "details = '{}', act = 'other'", "details = '{}', at = at + 1"):
            with pytest.raises(DBAPIError, match="only ever added"), engine.begin() as connection:
                connection.execute(text(f"UPDATE audit_entry SET {change.replace(':', chr(92) + ':')}"))
        with engine.begin() as connection:
            assert connection.execute(text("UPDATE audit_entry SET details = '{}'")).rowcount == 1


def _insert_blank(engine: Engine, name: str) -> None:
    """A row of zeros and blanks that satisfies the table's CHECKs."""
    table = metadata.tables[name]
    special = {"quantity": 1, "source_id": "a", "destination_id": "b"}
    values = {
        c.name: special.get(c.name, _blank(c)) for c in table.columns if not c.nullable and c.name not in ("sequence",)
    }
    columns, binds = ", ".join(values), ", ".join(f":{c}" for c in values)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({binds})"), values)


def _blank(column: Any) -> Any:
    """Quantities and moments are integers beneath."""
    beneath = getattr(column.type, "impl_instance", column.type)
    return 1 if isinstance(beneath, Integer) else ""
