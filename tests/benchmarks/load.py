"""A small load generator: kept connections on plain sockets, each with one request in flight.

python -m tests.benchmarks.load HOST:PORT KEY SITE_ID SKU --rate 500 --seconds 20
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Callable

from tests.benchmarks.measure import Figures, figures_of

CONNECTIONS = 16
Request = Callable[[], bytes]


def get(path: str, key: str) -> bytes:
    """The bytes of a GET."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def post(path: str, key: str, body: object) -> bytes:
    """The bytes of a POST of JSON."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """Sends a request and reads its answer. Raises RuntimeError for any status but 2xx."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    start = head.lower().index(b"content-length:") + len(b"content-length:")
    body = await reader.readexactly(int(head[start : head.index(b"\r\n", start)]))
    if head[9:10] != b"2":
        raise RuntimeError(f"{head.decode()}{body.decode()}")
    return body


async def closed_loop(address: str, request: Request, *, seconds: float, connections: int = CONNECTIONS) -> Figures:
    """Every connection asks again as soon as it is answered."""
    host, port = address.rsplit(":", 1)
    durations: list[float] = []
    began = time.perf_counter()

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while (started := time.perf_counter()) < began + seconds:
            await exchange(reader, writer, request())
            durations.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    return figures_of(durations, time.perf_counter() - began)


async def open_loop(address: str, request: Request, *, rate: float, seconds: float) -> Figures:
    """`rate` requests a second, whatever the server does; durations count from when a request was due."""
    host, port = address.rsplit(":", 1)
    durations: list[float] = []
    began = time.perf_counter()
    due = iter(began + n / rate for n in range(int(rate * seconds)))

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for moment in due:
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
            await exchange(reader, writer, request())
            durations.append(time.perf_counter() - moment)
        writer.close()

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return figures_of(durations, time.perf_counter() - began)


def mixed(key: str, site_id: str, sku: str) -> Request:
    """Four in five look up goods, every seventh lists stock, one in twenty posts."""
    look = get(f"/api/v1/products?search={sku}", key)
    levels = get("/api/v1/inventory_levels?per_page=50", key)
    change = {"sku": sku, "location_id": site_id, "quantity": 1, "reason": "stock_in"}
    adjust = post("/api/v1/inventory_adjustments", key, {"inventory_adjustment": change})
    return lambda: random.choices((look, levels, adjust), weights=(80, 15, 5))[0]


def main() -> None:
    """Runs at one rate and prints what was seen."""
    parser = argparse.ArgumentParser()
    for name in ("address", "key", "site_id", "sku"):
        parser.add_argument(name)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    request = mixed(given.key, given.site_id, given.sku)
    print(asyncio.run(open_loop(given.address, request, rate=given.rate, seconds=given.seconds)))


if __name__ == "__main__":
    main()
