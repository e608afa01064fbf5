"""The server as a process: `ambra serve`, its end, its lease, two of them on one store."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ambra_tui.api import server as server_module
from ambra_tui.api.server import ServeOptions, serve
from ambra_tui.errors import Invalid
from ambra_tui.services import access
from ambra_tui.store import leases, open_store
from tests import factories
from tests.api.conftest import Api

if TYPE_CHECKING:
    from ambra_tui.store import Store

UNITS, CALLERS = 10, 50


def command(url: str, *more: str) -> list[str]:
    return [sys.executable, "-m", "ambra_tui.cli", "serve", "--store", url, *more]


@contextmanager
def serving(url: str, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`ambra serve` as a child; yields it and its address."""
    child = subprocess.Popen(
        command(url, "--port", "0", *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), child.communicate(timeout=20)
        yield child, line.removeprefix("listening on ").strip()
    finally:
        child.kill()
        child.communicate(timeout=20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_one_line_and_ends_on_a_signal(sqlite_url: str, number: signal.Signals) -> None:
    with serving(sqlite_url) as (child, address):
        assert httpx.get(f"{address}/readyz").json() == {"status": "ready"}
        told = subprocess.run(command(sqlite_url, "--status"), capture_output=True, text=True, timeout=60)
        assert (told.stdout, told.returncode) == (f"listening on {address}\n", 0)
        child.send_signal(number)
        output, errors = child.communicate(timeout=30)
        assert (output, errors, child.returncode) == ("", "", 0)
    with open_store(sqlite_url) as store:
        assert leases.server_addresses(store) == []
    told = subprocess.run(command(sqlite_url, "--status"), capture_output=True, text=True, timeout=60)
    assert (told.stdout, told.returncode) == ("no server\n", 1)


def test_asking_where_a_server_listens_makes_no_store(tmp_path: Any) -> None:
    asked = command(f"sqlite:///{tmp_path / 'none.db'}", "--status")
    told = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    assert (told.stdout, told.returncode) == ("", 1)
    assert told.stderr.startswith("There is no store at ")
    assert list(tmp_path.iterdir()) == []


def test_serve_makes_a_store_and_a_sample(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'sample.db'}"
    with serving(url, "--sample", "ds1"), open_store(url) as store:
        assert store.sample == "ds1"


def test_a_taken_port_is_a_sentence(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(command(sqlite_url, "--port", str(port)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"Cannot listen on 127.0.0.1 port {port}")
    assert len(done.stderr.splitlines()) == 1


def test_a_managed_server_takes_another_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Invalid):
            server_module.listen(ServeOptions(port=port))
        listener = server_module.listen(ServeOptions(port=port, is_managed=True))
        assert listener.getsockname()[1] not in (0, port)
        listener.close()


def test_a_managed_server_ends_after_the_last_terminal(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "TERMINAL_POLL_SECONDS", 0.02)
    monkeypatch.setattr(server_module, "TERMINAL_GRACE_SECONDS", 0.3)
    ready = threading.Event()
    thread = threading.Thread(
        target=serve, args=(sqlite_store, ServeOptions(port=0, is_managed=True)),
        kwargs={"on_ready": lambda _: ready.set()},
    )  # fmt: skip
    terminal = leases.announce(sqlite_store, leases.TERMINAL, station="dock-1")
    thread.start()
    assert ready.wait(20)
    thread.join(0.8)
    assert thread.is_alive()
    leases.withdraw(sqlite_store, terminal)
    thread.join(20)
    assert not thread.is_alive()
    assert leases.server_addresses(sqlite_store) == []


def test_what_is_in_flight_is_finished(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    organization = access.create_organization(sqlite_store, "Acme")
    assert organization.id is not None
    _, secret = access.create_key(
        sqlite_store, organization_id=organization.id, label="test", scopes=["admin"], plan="enterprise"
    )
    listener = server_module.listen(ServeOptions(port=0))
    live = server_module.Server(server_module.server_config(sqlite_store))
    thread = threading.Thread(target=lambda: asyncio.run(live.serve(sockets=[listener])))
    thread.start()
    address = server_module.address_of(listener, "127.0.0.1")
    _until(lambda: live.started)
    headers = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{address}/api/v1/suppliers", headers=headers).status_code == 200
    entered, go_on = threading.Event(), threading.Event()

    def hold(_session: Any) -> None:
        entered.set()
        assert go_on.wait(20)

    held = sqlite_store.writer.submit(hold, organization_id=organization.id)
    assert entered.wait(20)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(
            httpx.post, f"{address}/api/v1/suppliers", json={"name": "Dairy"},
            headers=headers, timeout=30,
        )  # fmt: skip
        _until(lambda: sqlite_store.writer._functions.qsize() == 1)
        live.should_exit = True
        _until(lambda: not live.servers[0].is_serving())
        go_on.set()
        assert answer.result(30).status_code == 201
    held.result(20)
    thread.join(20)
    assert not thread.is_alive()


def _until(condition: Any) -> None:
    """Waits for a condition of another thread, for at most 20 s."""
    done = threading.Event()

    async def watch() -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.005)
        done.set()

    asyncio.run(watch())
    assert done.is_set()


# --- two servers ----------------------------------------------------------------------------------------------------


def _race(store_url: str, trials: int) -> None:
    with serving(store_url) as (_, first), serving(store_url) as (_, second), open_store(store_url) as store:
        organization = access.create_organization(store, "Acme")
        assert organization.id is not None
        _, secret = access.create_key(
            store, organization_id=organization.id, label="race", scopes=["admin"], plan="enterprise"
        )
        limits = httpx.Limits(max_connections=CALLERS)
        with httpx.Client(headers={"Authorization": f"Bearer {secret}"}, timeout=60, limits=limits) as client:
            api = Api(store, organization.id, client)
            house = api.write(factories.warehouse)
            for trial in range(trials):
                _race_once(api, (first, second), house, f"SKU-{trial}")


def _race_once(api: Api, servers: tuple[str, str], house: factories.Warehouse, sku: str) -> None:
    variant = api.write(lambda session: factories.variant(session, sku=sku))
    api.write(lambda session: factories.stock(session, variant, house.bin, UNITS))
    orders = [
        api.write(
            lambda session, n=number: factories.sales_order(session, house.site, (variant, 1), number=f"{sku}-{n}")
        )
        for number in range(CALLERS)
    ]

    def reserve(number: int) -> int:
        address = servers[number % 2]
        return api.client.post(f"{address}/api/v1/orders/{orders[number].id}/reserve").status_code

    with ThreadPoolExecutor(CALLERS) as pool:
        statuses = list(pool.map(reserve, range(CALLERS)))
    assert sorted(statuses) == [200] * UNITS + [422] * (CALLERS - UNITS)
    for address in servers:
        rows = api.client.get(f"{address}/api/v1/inventory_levels", params={"sku": sku}).json()["data"]
        assert [(row["on_hand"], row["reserved"], row["available"]) for row in rows] == [(UNITS, UNITS, 0)]


def test_fifty_reservations_of_the_last_ten_units(store_url: str) -> None:
    _race(store_url, trials=5)


@pytest.mark.long
def test_fifty_reservations_of_the_last_ten_units_a_hundred_times(store_url: str) -> None:
    _race(store_url, trials=100)


def test_one_key_sent_to_two_servers_posts_once(store_url: str) -> None:
    with serving(store_url) as (_, first), serving(store_url) as (_, second), open_store(store_url) as store:
        organization = access.create_organization(store, "Acme")
        assert organization.id is not None
        _, secret = access.create_key(
            store, organization_id=organization.id, label="race", scopes=["admin"], plan="enterprise"
        )
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
        with httpx.Client(headers=headers, timeout=60) as client, ThreadPoolExecutor(20) as pool:
            answers = list(
                pool.map(
                    lambda n: client.post(f"{(first, second)[n % 2]}/api/v1/suppliers", json={"name": "Dairy"}),
                    range(20),
                )
            )
            rows = client.get(f"{first}/api/v1/suppliers").json()["data"]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(rows) == 1
