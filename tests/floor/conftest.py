"""ds1 on a real store, the office that looks into its ledger, and the real program at as many stations as wanted."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ambra_tui.services import access
from ambra_tui.store import leases
from ambra_tui.store.models import Lease
from tests.floor.station import BADGE, Station
from tests.floor.worker import Worker, open_ds1

DEADLINE_SECONDS = 30.0
LOOK_SECONDS = 0.05

Start = Callable[..., Station]
Rest = Callable[..., httpx.Client]


@pytest.fixture
def desk(store_url: str) -> Iterator[Worker]:
    """ds1, and somebody in the office who makes documents and looks into the ledger."""
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-9001", station="office")
    store.close()


@pytest.fixture
def start(desk: Worker, store_url: str, tmp_path: Path) -> Iterator[Start]:
    """`start(rows, columns, badge=, station=, site=, has_server=)` starts the program and signs somebody in."""
    running: list[Station] = []

    def begin(rows: int = 16, columns: int = 40, *, badge: str = BADGE, **more: Any) -> Station:
        station = Station.open(store_url, tmp_path / "home", rows=rows, columns=columns, **more)
        running.append(station)
        station.sign_in(badge)
        return station

    yield begin
    for station in running:
        station.close()
    if any(station.has_server for station in running):
        end_servers(desk)


@pytest.fixture
def rest(desk: Worker) -> Iterator[Rest]:
    """`rest(scopes=...)` is a client of the server that a station started, with a key of its own."""
    clients: list[httpx.Client] = []

    def connect(*scopes: str) -> httpx.Client:
        _, secret = access.create_key(
            desk.store,
            organization_id=desk.organization_id,
            label="test",
            scopes=list(scopes) or ["admin"],
            plan="enterprise",
        )
        address = server_address(desk)
        clients.append(httpx.Client(base_url=address, headers={"Authorization": f"Bearer {secret}"}, timeout=30))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def until(holds: Callable[[], object], what: str, *, beside: Station | None = None) -> None:
    """Waits for something that another process does, reading meanwhile what the station `beside` shows."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        if beside:
            beside.terminal.pump_until(time.monotonic() + LOOK_SECONDS)
        else:
            select.select([], [], [], LOOK_SECONDS)


def server_address(desk: Worker) -> str:
    """Where the store's server listens, once it does."""
    until(lambda: leases.servers(desk.store), "a server")
    return leases.servers(desk.store)[0].address


def process_of(server: Lease) -> int:
    """The number of a server's process."""
    return int(server.station.rpartition(":")[2])


def end_servers(desk: Worker) -> None:
    """Ends every server that a station started."""
    server_address(desk)
    for server in leases.servers(desk.store):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_of(server), signal.SIGTERM)
    until(lambda: not leases.servers(desk.store), "the end of the servers")
