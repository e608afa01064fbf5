"""The server beside a terminal: its posts show on the screen, and a killed one is back at once."""

from __future__ import annotations

import os
import signal
import time

from ambra_tui.store import leases
from tests.floor.conftest import Rest, Start, process_of, server_address, until
from tests.floor.worker import Worker

SOON_SECONDS = 10.0  # the lease of a killed server alone would last 30


def test_a_post_over_rest_shows_on_the_screen_and_a_scan_shows_over_rest(
    desk: Worker, start: Start, rest: Rest
) -> None:
    ana = start(24, 80, has_server=True)
    client = rest()
    ana.scan("5001000000040", "A02-1 40")
    variant = client.get("/api/v1/inventory_levels", params={"sku": "GLOVE-L"}).json()["data"][0]
    body = {"variant_id": variant["variant_id"], "location_id": variant["location_id"], "quantity": 2}
    answer = client.post("/api/v1/inventory_adjustments", json={**body, "reason": "found"})
    assert answer.status_code == 201, answer.text
    ana.wait_for("RECV 2")


def test_a_killed_server_is_started_again_at_once(desk: Worker, start: Start, rest: Rest) -> None:
    ana = start(24, 80, has_server=True)
    address = server_address(desk)
    ana.wait_for(address.removeprefix("http://"))
    killed = leases.servers(desk.store)[0]
    os.kill(process_of(killed), signal.SIGKILL)
    began = time.monotonic()
    until(
        lambda: [lease.id for lease in leases.servers(desk.store)] not in ([], [killed.id]), "a new server", beside=ana
    )
    assert time.monotonic() - began < SOON_SECONDS
    assert rest().get("/api/v1/products").status_code == 200
