"""Broken requests over every write of every edition: refused in its shape; nothing changes, nothing breaks."""

from __future__ import annotations

import random
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from ambra_tui.services.verify import verify_store
from tests.api.conftest import Api, LiveServer
from tests.api.edition_trials import furnish as furnish_editions
from tests.api.mutations import Mutation, large, mutated
from tests.api.test_errors import check_shape
from tests.api.test_two_organizations import OPERATIONS, TRIALS
from tests.api.two_organizations import Names, Nobodys, Trial, filled, furnished

MUTATIONS = 500
MANY = 10_000
SLOW_SOCKETS = 300
REFUSALS = {400, 401, 403, 404, 405, 409, 412, 413, 415, 422}
WRITES = [(name, trial) for name, trials in TRIALS.items() if OPERATIONS[name][1].method != "GET" for trial in trials]
STATE = text(
    "SELECT (SELECT count(*) FROM stock_move), (SELECT coalesce(sum(on_hand), 0) FROM site_stock),"
    " (SELECT coalesce(sum(reserved), 0) FROM site_stock), (SELECT coalesce(max(id), 0) FROM outbox_event),"
    " (SELECT coalesce(max(id), 0) FROM audit_entry), (SELECT count(*) FROM idempotency_record)"
)


@pytest.fixture
def names(api: Api) -> Names:
    made = furnished(api, "OWNER", "NUTS", 400_000_000_100)
    furnish_editions(api, "OWNER", made)
    return made


def state_of(api: Api) -> tuple[Any, ...]:
    """What a write of any kind would change."""
    with api.store.read_system() as session:
        return tuple(session.connection().execute(STATE).one())


class Assault:
    """Sends mutations, keeps the faults."""

    def __init__(self, api: Api, names: Names) -> None:
        self._api, self._names, self._nobodys = api, names, Nobodys()
        self.state = state_of(api)
        self.faults: list[str] = []
        self.statuses: Counter[int] = Counter()

    def send(self, name: str, trial: Trial, mutation: Mutation) -> None:
        edition, operation = OPERATIONS[name]
        path = filled(trial.path, self._named(trial))
        answer = self._api.client.request(
            operation.method, f"{edition.base_path}{path}", params=filled(dict(trial.query), self._names),
            content=mutation.content, headers={**mutation.headers, "Idempotency-Key": str(sum(self.statuses.values()))},
        )  # fmt: skip
        self.statuses[answer.status_code] += 1
        told = f"{operation.method} {edition.base_path}{path} {mutation.kind} {mutation.content[:200]!r}"
        if answer.is_success:
            self.state = self._kept_open(name)
            return
        now = state_of(self._api)
        if answer.status_code not in REFUSALS:
            self.faults.append(f"{told}: {answer.status_code} {answer.text[:200]}")
        elif now != self.state:
            self.faults.append(f"{told}: refused with {answer.status_code}, yet something changed")
            self.state = now
        else:
            self._check(answer, told)

    def body(self, trial: Trial) -> Any:
        return filled(trial.body if trial.body is not None else {}, self._named(trial))

    def _named(self, trial: Trial) -> Names:
        fresh = {name: self._nobodys.like(self._names[f"${name[1:]}"]) for name in trial.names if name[0] == "+"}
        return self._names | fresh

    def _kept_open(self, name: str) -> tuple[Any, ...]:
        if name == "updateOrganization":
            self._api.patch("/organization", {"modules": ["manufacturing", "traceability"]})
        return state_of(self._api)

    def _check(self, answer: httpx.Response, told: str) -> None:
        try:
            check_shape(answer, answer.status_code, answer.json()["error"]["code"])
        except (AssertionError, ValueError, KeyError, TypeError) as wrong:
            self.faults.append(f"{told}: {answer.status_code} in another shape: {wrong}")


def mutations(assault: Assault, seed: int) -> Iterator[tuple[str, Trial, Mutation]]:
    """Every write in turn, each time broken in another way."""
    chance = random.Random(seed)
    while True:
        for name, trial in chance.sample(WRITES, len(WRITES)):
            yield name, trial, mutated(chance, assault.body(trial))


def assail(api: Api, names: Names, count: int, seed: int) -> Assault:
    assault = Assault(api, names)
    for _, (name, trial, mutation) in zip(range(count), mutations(assault, seed), strict=False):
        assault.send(name, trial, mutation)
    assert not assault.faults, f"{len(assault.faults)} faults\n" + "\n".join(assault.faults[:40])
    return assault


@pytest.mark.parametrize("count", [MUTATIONS, pytest.param(MANY, marks=pytest.mark.long)])
def test_broken_requests_are_refused_and_change_nothing(api: Api, names: Names, count: int) -> None:
    assault = assail(api, names, count, seed=count)
    refused = sum(number for status, number in assault.statuses.items() if status >= 400)
    assert refused > count // 2
    assert api.get("/inventory_levels").status_code == 200
    assert verify_store(api.store).is_clean


@pytest.mark.long
def test_ten_megabytes_in_any_place_of_any_write_are_refused(api: Api, names: Names) -> None:
    assault, chance = Assault(api, names), random.Random(10)
    for name, trial in chance.sample(WRITES, 60):
        assault.send(name, trial, large(chance, assault.body(trial)))
    assert not assault.faults, "\n".join(assault.faults)
    assert set(assault.statuses) == {413}


@pytest.mark.long
def test_requests_are_answered_beside_sockets_that_trickle(api: Api, server: LiveServer) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    request = b"POST /v1/products HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
    with ExitStack() as open_sockets:
        slow = [open_sockets.enter_context(socket.create_connection((host, int(port)))) for _ in range(SLOW_SOCKETS)]
        for at in range(40):
            for connection in slow:
                connection.sendall(request[at : at + 1])
            assert api.get("/inventory_levels").status_code == 200
