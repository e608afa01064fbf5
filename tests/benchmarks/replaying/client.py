"""A client of the public API: several kept connections that share one list of work.

Example::

    async with Client.open(address, key, connections=8) as client:
        order = await client.post("/orders", {"order": {...}})
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.benchmarks import load

Item = TypeVar("Item")
PAGE = 100
MAX_IDLE_SECONDS = 1.0


@dataclass
class Pace:
    """How much work of one kind was done, in how long. `rate`: a second."""

    name: str
    count: int = 0
    requests: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return self.count / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        asked = self.requests / self.seconds if self.seconds else 0.0
        return f"{self.name:34} {self.count:>9,} {self.seconds:>8.1f} s {self.rate:>9,.0f}/s {asked:>8,.0f} requests/s"


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float


@dataclass
class Client:
    """Asks the server at `address` with `key`; as many requests are in flight as there are connections."""

    address: str
    key: str
    connections: int
    paces: dict[str, Pace] = field(default_factory=dict)
    requests: int = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str, key: str, *, connections: int) -> AsyncIterator[Client]:
        """A client whose connections are closed when it is left."""
        client = cls(address, key, connections)
        client._free = asyncio.LifoQueue()
        for _ in range(connections):
            client._free.put_nowait(await client._connect())
        try:
            yield client
        finally:
            while not client._free.empty():
                client._free.get_nowait().writer.close()

    async def post(self, path: str, body: object | None = None) -> Any:
        """The answer to a POST. Raises RuntimeError for any status but 2xx."""
        return await self._ask(load.post(f"/api/v1{path}", self.key, body or {}))

    async def rows(self, path: str) -> list[Any]:
        """Every row of a list, page after page; the total that each page tells must be the number of rows."""
        found: list[Any] = []
        mark = "&" if "?" in path else "?"
        while True:
            page = len(found) // PAGE + 1
            asked = load.get(f"/api/v1{path}{mark}per_page={PAGE}&page={page}", self.key)
            answer = await self._ask(asked)
            found += answer["data"]
            if len(answer["data"]) < PAGE:
                assert answer["meta"]["total"] == len(found), path
                return found

    async def each(self, name: str, items: Iterable[Item], work: Callable[[Item], Awaitable[object]]) -> None:
        """`work` for every item, as many at a time as there are connections; timed under `name`."""
        waiting = list(items)
        if not waiting:
            return
        pace = self.paces.setdefault(name, Pace(name))
        began, asked = time.perf_counter(), self.requests
        following = iter(waiting)

        async def run() -> None:
            for item in following:
                await work(item)

        await asyncio.gather(*(run() for _ in range(self.connections)))
        pace.seconds += time.perf_counter() - began
        pace.count += len(waiting)
        pace.requests += self.requests - asked

    async def _ask(self, request: bytes) -> Any:
        connection = await self._free.get()
        if time.monotonic() - connection.used_at > MAX_IDLE_SECONDS:  # the server may be closing it at this moment
            connection.writer.close()
            connection = await self._connect()
        try:
            self.requests += 1
            return json.loads(await load.exchange(connection.reader, connection.writer, request))
        finally:
            connection.used_at = time.monotonic()
            self._free.put_nowait(connection)

    async def _connect(self) -> _Connection:
        host, port = self.address.rsplit(":", 1)
        return _Connection(*await asyncio.open_connection(host, int(port)), used_at=time.monotonic())

    _free: asyncio.LifoQueue[_Connection] = field(init=False, repr=False)
