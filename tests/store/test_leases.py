"""Leases of servers: which of them are known to be gone."""

from __future__ import annotations

import os
import subprocess
import sys

from ambra_tui.store import Store, leases


def a_dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(30)
    return process.pid


def test_a_server_is_gone_when_its_process_on_this_machine_is(sqlite_store: Store) -> None:
    here = leases.this_process().rpartition(":")[0]
    stations = {
        "alive": leases.this_process(),
        "killed": f"{here}:{a_dead_process()}",
        "elsewhere": f"another-machine/1:{a_dead_process()}",
        "unnamed": "",
    }
    for name, station in stations.items():
        leases.announce(sqlite_store, leases.SERVER, address=f"http://{name}:1", station=station)
    gone = {server.address for server in leases.servers(sqlite_store) if leases.is_gone(server)}
    assert gone == {"http://killed:1"}
    assert leases.this_process() == f"{here}:{os.getpid()}"


def test_a_server_that_listens_ends_the_claim_to_start_one(sqlite_store: Store) -> None:
    assert leases.claim_server(sqlite_store)
    assert not leases.claim_server(sqlite_store)
    lease = leases.announce(sqlite_store, leases.SERVER, address="http://127.0.0.1:1")
    assert not leases.claim_server(sqlite_store)
    leases.withdraw(sqlite_store, lease)
    assert leases.claim_server(sqlite_store)
