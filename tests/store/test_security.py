"""Row-level security of PostgreSQL by itself: statements go past every guard of ours, straight to the driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, NullPool, create_engine, event

from ambra_tui.errors import Unavailable
from ambra_tui.store import open_store
from ambra_tui.store.models import metadata
from ambra_tui.store.schema import prepare
from ambra_tui.store.security import after_connect_postgresql, protect_postgresql, set_tenant
from ambra_tui.store.tenancy import scope_columns
from tests import factories
from tests.conftest import PostgresqlServer


@pytest.fixture
def two_sites(postgresql_url: str) -> str:
    """A store with one site in organization 1 and one in organization 2."""
    with open_store(postgresql_url) as store:
        for name in ("One", "Two"):
            owner = factories.organization(store, name)
            store.writer.run(partial(factories.site, name=name), organization_id=owner)
    return postgresql_url


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection as the product makes it."""
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", lambda connection, _record: after_connect_postgresql(connection))
    with engine.connect() as connection:
        yield connection


def site_names(connection: Connection) -> list[str]:
    return sorted(connection.exec_driver_sql("SELECT name FROM site").scalars())


def test_without_a_tenant_there_are_no_rows(two_sites: str) -> None:
    with connected(two_sites) as connection:
        assert site_names(connection) == []


def test_a_transaction_sees_its_organization_alone(two_sites: str) -> None:
    with connected(two_sites) as connection:
        set_tenant(connection, 1)
        assert site_names(connection) == ["One"]
        assert connection.exec_driver_sql("SELECT name FROM organization").scalars().all() == ["One"]


def test_the_system_scope_sees_all(two_sites: str) -> None:
    with connected(two_sites) as connection:
        set_tenant(connection, None)
        assert site_names(connection) == ["One", "Two"]


def test_a_tenant_ends_with_its_transaction(two_sites: str) -> None:
    with connected(two_sites) as connection:
        for finish in (connection.commit, connection.rollback):
            set_tenant(connection, 1)
            finish()
            assert site_names(connection) == []


def test_the_rollback_of_a_savepoint_restores_the_tenant(two_sites: str) -> None:
    with connected(two_sites) as connection:
        set_tenant(connection, 1)
        inner = connection.begin_nested()
        set_tenant(connection, 2)
        assert site_names(connection) == ["Two"]
        inner.rollback()
        assert site_names(connection) == ["One"]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE site SET name = 'x'", "DELETE FROM location; DELETE FROM site"],
    ids=["update", "delete"],
)
def test_rows_of_another_organization_cannot_be_changed(two_sites: str, statement: str) -> None:
    with connected(two_sites) as connection:
        set_tenant(connection, 1)
        for part in statement.split(";"):
            connection.exec_driver_sql(part)
        set_tenant(connection, 2)
        assert site_names(connection) == ["Two"]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO document_counter VALUES (2, 'PO', 1)",
        "UPDATE document_counter SET organization_id = 2",
        "UPDATE site SET organization_id = 2, code = 'X'",
    ],
)
def test_rows_cannot_be_put_into_another_organization(two_sites: str, statement: str) -> None:
    with connected(two_sites) as connection:
        set_tenant(connection, 1)
        connection.exec_driver_sql("INSERT INTO document_counter VALUES (1, 'SO', 1)")
        with pytest.raises(Exception, match="row-level security"):
            connection.exec_driver_sql(statement)


def test_every_table_of_an_organization_is_protected_by_force(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url.replace("+psycopg", "")) as connection:
        rows = connection.execute(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, p.polname FROM pg_class c "
            "LEFT JOIN pg_policy p ON p.polrelid = c.oid "
            "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        ).fetchall()
    protected = {name for name, is_forced, policy in rows if is_forced and policy == "own_organization"}
    assert protected == set(scope_columns())
    assert protected | {
        "lease",
        "parcel_counter",
        "request_tally",
        "store_setting",
        "webhook_cursor",
        "alembic_version",
    } == {
        *metadata.tables,
        "alembic_version",
    }


def test_a_superuser_steps_down(two_sites: str) -> None:
    with connected(two_sites) as connection:
        who = connection.exec_driver_sql("SELECT current_user, session_user").one()
        connection.rollback()
        after = connection.exec_driver_sql("SELECT current_user").scalar_one()
    assert (who.current_user, who.session_user, after) == ("ambra_app", "postgres", "ambra_app")


def test_the_product_s_role_cannot_undo_the_protection(two_sites: str) -> None:
    with connected(two_sites) as connection, pytest.raises(Exception, match="must be owner"):
        connection.exec_driver_sql("ALTER TABLE site DISABLE ROW LEVEL SECURITY")


def test_a_plain_owner_makes_a_store_and_is_bound_too(postgresql_server: PostgresqlServer, request: Any) -> None:
    """Without the right to make roles, and without ambra_app: FORCE binds the owner of the tables."""
    _with_plain_owner(postgresql_server, request)
    url = postgresql_server.url("ambra_owned", user="ambra_plain")
    prepare(url)
    with open_store(url) as store:
        for name in ("One", "Two"):
            owner = factories.organization(store, name)
            store.writer.run(partial(factories.site, name=name), organization_id=owner)
    with connected(url) as connection:
        assert connection.exec_driver_sql("SELECT current_user").scalar_one() == "ambra_plain"
        assert site_names(connection) == []
        set_tenant(connection, 2)
        assert site_names(connection) == ["Two"]


def _with_plain_owner(server: PostgresqlServer, request: Any) -> None:
    server.execute(
        "DROP DATABASE IF EXISTS ambra_owned", "DROP ROLE IF EXISTS ambra_plain", "CREATE ROLE ambra_plain LOGIN"
    )
    server.execute("CREATE DATABASE ambra_owned OWNER ambra_plain TEMPLATE template0")

    def remove() -> None:
        server.execute("DROP DATABASE ambra_owned WITH (FORCE)", "DROP ROLE ambra_plain")

    request.addfinalizer(remove)


def test_an_unbound_user_without_the_role_is_refused(postgresql_server: PostgresqlServer, request: Any) -> None:
    server = postgresql_server
    server.execute("DROP ROLE IF EXISTS ambra_free", "CREATE ROLE ambra_free LOGIN BYPASSRLS")
    request.addfinalizer(lambda: server.execute("DROP ROLE ambra_free"))
    with server.connect(user="ambra_free") as connection:
        connection.autocommit = False
        with pytest.raises(Unavailable, match="ambra migrate"):
            after_connect_postgresql(connection)


def test_protecting_twice_is_harmless(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url, poolclass=NullPool)
    with engine.begin() as connection:
        protect_postgresql(connection)
        count = connection.exec_driver_sql("SELECT count(*) FROM pg_policy").scalar_one()
    assert count == len(scope_columns())


def test_the_record_cannot_be_changed_by_the_product_s_role(two_sites: str) -> None:
    with connected(two_sites) as connection:
        set_tenant(connection, 1)
        with pytest.raises(Exception) as refused:
            connection.exec_driver_sql("UPDATE stock_move SET note = 'x'")
    assert isinstance(getattr(refused.value, "orig", None), InsufficientPrivilege)
