"""The writer: every change of the store goes through one queue per process and is committed in groups.

Two kinds of work: *functions of a session*, each behind a savepoint, and *items* of one kind (the ledger's postings)
that their handler applies many at a time at driver level. On SQLite one thread holds the store's lock file for each
transaction; on PostgreSQL items have a thread and functions several, each function in a transaction of its own, retried
when the database breaks a deadlock. A caller hears of its work after the commit, never before.

Example::

    future = writer.submit(lambda session: create_product(session, name="Bolt"), organization_id=1)
    product = future.result()
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from ambra_tui.errors import AmbraError, Conflict, Invalid, Unavailable
from ambra_tui.kit.clock import Clock
from ambra_tui.store.lock import StoreLock
from ambra_tui.store.scope import NOBODY, Actor, StoreSession
from ambra_tui.store.security import set_tenant

T = TypeVar("T")
MAX_BATCH = 256
MAX_HOLD_SECONDS = 0.05
FUNCTION_THREADS = 4
MAX_ATTEMPTS = 6
RETRIED_STATES = frozenset({"40001", "40P01", "23505"})
LOST_STATES = ("08", "57P")  # the connection, or the server itself, is going away
# Items look rows up by their keys and nothing else: a plan is made once for all of them, and again when it has aged.
PLAN_ITEMS_ONCE = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off"
PLAN_ANEW = "DISCARD PLANS"
PLAN_SECONDS = 30.0
log = logging.getLogger(__name__)

Handler = Callable[[Connection, int, Sequence[tuple[Any, Actor]], Clock], Sequence[Any]]


class _Answer(Future[Any]):
    """A caller that gives up waiting cannot stop its work, which may share a commit with its neighbours."""

    def cancel(self) -> bool:
        return False


@dataclass(slots=True)
class _Work:
    """One piece of work: a `function`, or an `item` for a `handler`. `broke`: the database gave up at it."""

    organization_id: int | None
    actor: Actor
    function: Callable[[Session], Any] | None = None
    handler: Handler | None = None
    item: Any = None
    future: Future[Any] = field(default_factory=_Answer)
    outcome: Any = None
    broke: bool = False


_STOP = _Work(None, NOBODY)


class Writer:
    """The queue and its threads. `clock` is asked anew for each piece of work: a sample store's may start late."""

    def __init__(self, engine: Engine, clock: Callable[[], Clock], lock: StoreLock | None) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = lock
        self._is_postgresql = engine.dialect.name == "postgresql"
        self._functions: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._items = queue.SimpleQueue[_Work]() if self._is_postgresql else self._functions
        self._planned = time.monotonic()
        self._gate = threading.Lock()
        self._is_closed = False
        self._threads: list[threading.Thread] = []
        self._start("writer", self._items)
        if self._is_postgresql:
            for number in range(FUNCTION_THREADS):
                self._start(f"writer-{number + 1}", self._functions)

    def _start(self, name: str, work: queue.SimpleQueue[_Work]) -> None:
        thread = threading.Thread(target=self._run, args=(work,), name=f"ambra-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def submit(
        self, function: Callable[[Session], T], *, organization_id: int | None, actor: Actor = NOBODY
    ) -> Future[T]:
        """Runs `function` in a transaction; an exception undoes all it wrote and reaches the future.

        `organization_id` None is the named system scope. The function must be quick (under 50 ms) and wait for nobody.
        """
        return self._enqueue(self._functions, _Work(organization_id, actor, function=function))

    def run(self, function: Callable[[Session], T], *, organization_id: int | None, actor: Actor = NOBODY) -> T:
        """`submit`, and wait for the answer."""
        return self.submit(function, organization_id=organization_id, actor=actor).result()

    def submit_item(self, handler: Handler, item: Any, *, organization_id: int, actor: Actor = NOBODY) -> Future[Any]:
        """Hands `item` to `handler` together with its neighbours; an outcome that is an AmbraError is raised."""
        return self._enqueue(self._items, _Work(organization_id, actor, handler=handler, item=item))

    def _enqueue(self, work_queue: queue.SimpleQueue[_Work], work: _Work) -> Future[Any]:
        with self._gate:
            if self._is_closed:
                raise Unavailable("The store is closed")
            work_queue.put(work)
        return work.future

    def close(self) -> None:
        """Finishes what is queued and ends the threads."""
        with self._gate:
            if self._is_closed:
                return
            self._is_closed = True
        for _ in self._threads:
            self._functions.put(_STOP)
        if self._items is not self._functions:
            self._items.put(_STOP)
        for thread in self._threads:
            thread.join()

    # -- the threads -------------------------------------------------------------------------------------------

    def _run(self, work_queue: queue.SimpleQueue[_Work]) -> None:
        connection: Connection | None = None
        while True:
            work = work_queue.get()
            if work is _STOP:
                break
            try:
                if connection is None or connection.invalidated or connection.closed:
                    connection = self._connect(work_queue)
            except Exception as error:  # the edge of a thread: the caller hears, the thread lives on
                log.exception("the store cannot be reached")
                _fail(work, error)
                continue
            try:
                stop = self._transact(connection, work, work_queue)
            except Exception:  # the edge of a thread
                log.exception("the store did not take a change")
                stop = False
                _discard(connection)
                connection = None
            if stop:
                break
        if connection is not None:
            _discard(connection)

    def _connect(self, work_queue: queue.SimpleQueue[_Work]) -> Connection:
        connection = self._engine.connect()
        if self._is_postgresql and work_queue is self._items:
            connection.exec_driver_sql(PLAN_ITEMS_ONCE)
            connection.commit()
        return connection

    def _transact(self, connection: Connection, first: _Work, work_queue: queue.SimpleQueue[_Work]) -> bool:
        """Runs `first` and what waits behind it in one transaction. Answers True when the stop mark was met.

        When the database gives up, the work it gave up at is tried again where that can help, and fails where it
        cannot; the others go back to the queue.
        """
        for attempt in range(1, MAX_ATTEMPTS + 1):
            batch = [first]
            stop = False
            try:
                with self._lock.held() if self._lock else nullcontext():
                    transaction = connection.begin()
                    try:
                        stop = self._fill(connection, batch, work_queue)
                        transaction.commit()
                    except BaseException:  # undone, then raised again
                        _roll_back(transaction)
                        raise
            except BaseException as error:  # what waited behind is queued again
                first = next((work for work in batch if work.broke), batch[0])
                for work in batch:
                    work.broke = False
                    if work is not first:
                        work_queue.put(work)
                if stop:
                    work_queue.put(_STOP)
                if _state(error) in RETRIED_STATES and attempt < MAX_ATTEMPTS:
                    continue
                _fail(first, error)
                raise
            _answer(batch)
            return stop
        return False

    def _fill(self, connection: Connection, batch: list[_Work], work_queue: queue.SimpleQueue[_Work]) -> bool:
        """Runs the batch's first piece of work and goes on with the queue while there is room and time."""
        started = time.monotonic()
        work: _Work | None = batch[0]
        groups = not (self._is_postgresql and batch[0].function)
        while work is not None:
            if work.function is not None:
                self._run_function(connection, work)
                work = None
            else:
                work, stop = self._run_items(connection, batch, work, work_queue)
                if stop:
                    return True
            if work is None and groups and len(batch) < MAX_BATCH and time.monotonic() - started < MAX_HOLD_SECONDS:
                work = _next(work_queue)
                if work is _STOP:
                    return True
                if work is not None:
                    batch.append(work)
        return False

    def _run_function(self, connection: Connection, work: _Work) -> None:
        assert work.function is not None
        session = StoreSession.on(
            connection, organization_id=work.organization_id, actor=work.actor, clock=self._clock()
        )
        try:
            if self._is_postgresql:
                set_tenant(session.connection(), work.organization_id)
            work.outcome = work.function(session)
            session.commit()
        except Exception as error:  # whatever the function raised belongs to its caller
            session.rollback()
            if _breaks_transaction(error):
                work.broke = True
                raise
            work.outcome = _told(error)
        finally:
            session.close()

    def _run_items(
        self, connection: Connection, batch: list[_Work], first: _Work, work_queue: queue.SimpleQueue[_Work]
    ) -> tuple[_Work | None, bool]:
        """Applies `first` together with the neighbours that share its handler and organization.

        Answers the first neighbour that does not, if one was met, and whether the stop mark was.
        """
        group = [first]
        following: _Work | None = None
        while len(batch) < MAX_BATCH:
            following = _next(work_queue)
            if following is None or following is _STOP:
                break
            batch.append(following)
            if following.handler is not first.handler or following.organization_id != first.organization_id:
                break
            group.append(following)
            following = None
        self._apply(connection, group)
        return (None, True) if following is _STOP else (following, False)

    def _apply(self, connection: Connection, group: Sequence[_Work]) -> None:
        """A handler names its organization itself, and raises AmbraError only before it has written anything."""
        first = group[0]
        assert first.handler is not None and first.organization_id is not None
        if self._is_postgresql and time.monotonic() - self._planned > PLAN_SECONDS:
            connection.exec_driver_sql(PLAN_ANEW)
            self._planned = time.monotonic()
        items = [(work.item, work.actor) for work in group]
        try:
            outcomes = first.handler(connection, first.organization_id, items, self._clock())
        except AmbraError as error:
            if len(group) == 1:
                first.outcome = error
                return
            for work in group:
                self._apply(connection, [work])
            return
        for work, outcome in zip(group, outcomes, strict=True):
            work.outcome = outcome


def _next(work_queue: queue.SimpleQueue[_Work]) -> _Work | None:
    try:
        return work_queue.get_nowait()
    except queue.Empty:
        return None


def _answer(batch: Sequence[_Work]) -> None:
    for work in batch:
        if isinstance(work.outcome, BaseException):
            work.future.set_exception(work.outcome)
        else:
            work.future.set_result(work.outcome)


def _fail(work: _Work, error: BaseException) -> None:
    if not work.future.done():
        work.future.set_exception(_told(error))


def _roll_back(transaction: Any) -> None:
    try:
        transaction.rollback()
    except DBAPIError:
        log.warning("the connection was lost while undoing a transaction")


def _discard(connection: Connection | None) -> None:
    if connection is None:
        return
    try:
        connection.invalidate()
        connection.close()
    except Exception:  # a broken connection may fail in any way while it is thrown away
        log.debug("a broken connection could not be closed", exc_info=True)


def _origin(error: BaseException) -> BaseException:
    """The driver's own error; the ledger meets it bare, sessions wrapped by SQLAlchemy."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _state(error: BaseException) -> str | None:
    """The SQLSTATE of an error of PostgreSQL."""
    return getattr(_origin(error), "sqlstate", None)


def _is_database_error(error: BaseException) -> bool:
    return isinstance(error, DBAPIError | sqlite3.Error) or hasattr(error, "sqlstate")


def _is_named(error: BaseException, *names: str) -> bool:
    """Both drivers name their errors as DB-API 2.0 does."""
    return any(kind.__name__ in names for kind in type(_origin(error)).__mro__)


def _breaks_transaction(error: Exception) -> bool:
    """Faults of the database itself: the whole transaction is undone, and run again where that can help."""
    if not _is_database_error(error):
        return False
    state = _state(error)
    if state is not None:
        return state in RETRIED_STATES or state.startswith(LOST_STATES)
    return _is_named(error, "OperationalError")


def _told(error: BaseException) -> BaseException:
    """The error as a caller hears it: our own as they are, the database's in our terms."""
    if not _is_database_error(error):
        return error
    text = (str(_origin(error)).splitlines() or ["no answer"])[0][:200]
    if _is_named(error, "IntegrityError"):
        return Conflict(f"The change breaks a rule of the store: {text}")
    if _is_named(error, "DataError"):
        return Invalid(f"A value is out of range: {text}")
    if "disk is full" in text or "disk I/O" in text:
        return Unavailable("The disk is full: nothing was saved. Free some space and repeat the step")
    return Unavailable(f"The store cannot answer now, nothing was confirmed: {text}")
