"""The bare limit: one writer thread on the driver's own connection, a guarded update, a ledger row, an outbox row, one
commit for whatever waits. No rules, no tenants, no idempotency: nothing in Python can post faster on this disk.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from concurrent.futures import Future

TABLES = """
CREATE TABLE level(id INTEGER PRIMARY KEY, on_hand INTEGER NOT NULL);
CREATE TABLE ledger(id INTEGER PRIMARY KEY, level_id INTEGER, change INTEGER, balance INTEGER, kind TEXT, actor TEXT);
CREATE INDEX ix_ledger ON ledger(level_id, id);
CREATE TABLE outbox(id INTEGER PRIMARY KEY, topic TEXT, payload TEXT);
"""
TAKE = "UPDATE level SET on_hand = on_hand - 1 WHERE id = ? AND on_hand >= 1 RETURNING on_hand"
LEDGER = "INSERT INTO ledger(level_id, change, balance, kind, actor) VALUES (?, -1, ?, 'order_fulfilled', 'u1')"
OUTBOX = "INSERT INTO outbox(topic, payload) VALUES ('stock_moved', ?)"
BATCH = 256


class BareWriter:
    """Group commit on SQLite with nothing else."""

    def __init__(self, path: str, rows: int) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32000"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.executescript(TABLES)
        self._connection.executemany("INSERT INTO level VALUES (?, 1000000)", ((n,) for n in range(rows)))
        self._queue: queue.SimpleQueue[tuple[int, Future[int]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def post(self, level_id: int) -> Future[int]:
        """Takes one unit; the future answers the balance after the commit."""
        future: Future[int] = Future()
        self._queue.put((level_id, future))
        return future

    def close(self) -> None:
        """Ends the thread."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        execute = self._connection.execute
        while (first := self._queue.get()) is not None:
            batch = [first]
            while len(batch) < BATCH and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    self._queue.put(None)
                    break
                batch.append(following)
            execute("BEGIN IMMEDIATE")
            answers = []
            for level_id, future in batch:
                balance = execute(TAKE, (level_id,)).fetchall()[0][0]
                execute(LEDGER, (level_id, balance))
                execute(OUTBOX, (f'{{"level":{level_id}}}',))
                answers.append((future, balance))
            execute("COMMIT")
            for future, balance in answers:
                future.set_result(balance)
