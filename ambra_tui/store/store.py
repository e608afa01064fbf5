"""A store: its engines, its writer, its clock.

Example::

    with open_store("sqlite:///ambra.db") as store:
        store.writer.run(work, organization_id=1)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from types import TracebackType

from sqlmodel import select

from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import Clock, FrozenClock, parse_moment
from ambra_tui.store.engine import make_engine, parse_url, sqlite_path
from ambra_tui.store.entrance import Entrance
from ambra_tui.store.lock import StoreLock
from ambra_tui.store.models import StoreSetting
from ambra_tui.store.schema import prepare
from ambra_tui.store.scope import NOBODY, SYSTEM, StoreSession
from ambra_tui.store.security import set_tenant
from ambra_tui.store.tally import FileTally, TableTally, Tally
from ambra_tui.store.tenancy import install_guard
from ambra_tui.store.writer import Writer


class Store:
    """An open store. `clock` is wall time, unless the store holds a sample and `now` says otherwise."""

    def __init__(self, url: str, *, now: str | None = None) -> None:
        parsed = parse_url(url)
        self.dialect = "sqlite" if parsed.drivername == "sqlite" else "postgresql"
        self._now = now
        self.clock = Clock()
        self.path = sqlite_path(parsed) if self.dialect == "sqlite" else None
        self.url = f"sqlite:///{self.path}" if self.path else url
        lock = StoreLock(self.path.with_name(self.path.name + ".lock")) if self.path else None
        self._lock = lock
        self.write_engine = make_engine(url, is_writer=True)
        self.read_engine = make_engine(url, is_writer=False)
        for engine in (self.write_engine, self.read_engine):
            install_guard(StoreSession, engine)
        self.entrance = Entrance(self.read_engine)
        self.writer = Writer(self.write_engine, lambda: self.clock, lock)
        self._start_sample_clock()

    @contextmanager
    def read(self, organization_id: int | None) -> Iterator[StoreSession]:
        """A session that sees one moment of the organization's rows and cannot write."""
        with self.read_engine.connect() as connection:
            connection.begin()
            if self.dialect == "postgresql":
                set_tenant(connection, organization_id)
            session = StoreSession.on(
                connection, organization_id=organization_id, actor=NOBODY, clock=self.clock, mode="rollback_only"
            )
            try:
                yield session
            finally:
                session.close()

    @contextmanager
    def read_system(self) -> Iterator[StoreSession]:
        """The named system scope, for reading: look-ups of keys, badges, leases, the outbox."""
        with self.read(None) as session:
            yield session

    @cached_property
    def tally(self) -> Tally:
        """Counts the requests of API keys, together with every other server of this store."""
        return FileTally(self.path.with_name(self.path.name + ".requests")) if self.path else TableTally(self.entrance)

    @property
    def sample(self) -> str:
        """The name of the sample that the store holds, or empty."""
        with self.read_system() as session:
            row = session.exec(select(StoreSetting).where(StoreSetting.name == "sample")).first()
            return row.value if row else ""

    def become_sample(self, name: str) -> None:
        """Marks the store as holding the sample `name`; from now on its clock may be set."""
        self.writer.run(
            lambda session: session.add(StoreSetting(name="sample", value=name)), organization_id=None, actor=SYSTEM
        )
        self._start_sample_clock()

    @contextmanager
    def as_of(self, moment: datetime) -> Iterator[None]:
        """Meanwhile the clock of a sample store stands at `moment`, so that its past is written as it happened. Raises
        Invalid for any other store."""
        if not self.sample:
            raise Invalid("only a sample store may be written as of another moment")
        clock = self.clock
        self.clock = FrozenClock(moment)
        try:
            yield
        finally:
            self.clock = clock

    def _start_sample_clock(self) -> None:
        if not self._now or not self.sample:
            return
        try:
            self.clock = Clock(parse_moment(self._now))
        except ValueError as error:
            raise Invalid(f"AMBRA_NOW is '{self._now}': give an ISO moment such as 2026-03-02T08:00Z") from error

    def close(self) -> None:
        """Finishes queued work and closes every connection."""
        self.writer.close()
        self.entrance.close()
        if "tally" in self.__dict__:
            self.tally.close()
        self.write_engine.dispose()
        self.read_engine.dispose()
        if self._lock:
            self._lock.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str, *, now: str | None = None) -> Store:
    """Opens the store at `url`, made or migrated first where needed. `now`: the text of `AMBRA_NOW`.

    Raises Invalid for a URL or moment that cannot be read, and Unavailable when the database does not answer.
    """
    parsed = parse_url(url)
    if parsed.drivername == "sqlite":
        sqlite_path(parsed).parent.mkdir(parents=True, exist_ok=True)
    prepare(url)
    return Store(url, now=now)
