"""How much a key may ask: told with every answer, exact to the last request, refused in the edition's words."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from ambra_tui.api import dispatch, gate
from ambra_tui.api.app import find_editions, make_app
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import FrozenClock
from ambra_tui.services import access
from ambra_tui.store import Store, open_store
from tests import factories
from tests.api.conftest import Api, LiveServer, Loop
from tests.server_process import ServerProcess

START = datetime(2026, 3, 2, 8, 15, 30, tzinfo=UTC)
ENDS = int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp())
WAIT = ENDS - int(START.timestamp())
PRINTED = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
WRONG = "ambra_live_Wrong000_" + "0" * 43


@pytest.fixture
def clock(store: Store) -> FrozenClock:
    store.clock = FrozenClock(START)
    return store.clock


def bearer(api: Api, **values: Any) -> dict[str, str]:
    _, secret = access.create_key(
        api.store, organization_id=api.organization_id, **{"label": "k", "scopes": ["read"], **values}
    )
    return {"Authorization": f"Bearer {secret}"}


def test_every_answer_tells_where_the_key_stands(api: Api, clock: FrozenClock) -> None:
    key = bearer(api, rate_limit=20)
    asked = [
        ("GET", "/api/v1/suppliers", 200), ("HEAD", "/api/v1/suppliers", 200), ("GET", "/api/v1/suppliers/none", 404),
        ("GET", "/api/v1/nowhere", 404), ("BREW", "/api/v1/suppliers", 405), ("GET", "/api/v1/suppliers?page=x", 422),
        ("POST", "/api/v1/suppliers", 403), ("GET", "/v1/products?limit=x", 400), ("GET", "/v1/products", 200),
        ("GET", "/api/inventory", 200), ("GET", "/sku/api/inventory", 200), ("GET", "/v1/openapi.json", 200),
    ]  # fmt: skip
    for number, (method, path, status) in enumerate(asked, start=1):
        answer = api.client.request(method, path, headers=key)
        assert answer.status_code == status, path
        assert [answer.headers[name] for name in PRINTED] == ["20", str(20 - number), str(ENDS)], path
        assert answer.headers["ratelimit"] == f'"hour";r={20 - number};t={WAIT}'
        assert answer.headers["ratelimit-policy"] == '"hour";q=20;w=3600' and "retry-after" not in answer.headers
    for path, headers in (("/healthz", key), ("/api/v1/suppliers", {"Authorization": f"Bearer {WRONG}"})):
        answer = api.client.get(path, headers=headers)
        assert not any(name in answer.headers for name in PRINTED), path
    assert api.client.get("/v1/products", headers=key).headers["x-ratelimit-remaining"] == "7"


def test_a_document_tells_nobody_where_another_key_stands(api: Api, clock: FrozenClock) -> None:
    path = "/v1/openapi.json"
    for limit in (20, 30):
        answer = api.client.get(path, headers=bearer(api, rate_limit=limit))
        assert answer.headers.get_list("x-ratelimit-limit") == [str(limit)]
    without = api.client.get(path, headers={"Authorization": ""})
    assert without.status_code == 200
    assert not {name for name in without.headers if "ratelimit" in name}


def test_a_key_that_asked_too_much_waits_for_the_next_hour(api: Api, clock: FrozenClock) -> None:
    key = bearer(api, rate_limit=2)
    for remaining in ("1", "0"):
        assert api.client.get("/v1/products", headers=key).headers["x-ratelimit-remaining"] == remaining
    message = f"Rate limit exceeded. Try again in {WAIT} seconds."
    for path in ("/v1/products", "/v1/nowhere", "/api/v1/suppliers", "/api/inventory", "/sku/api/inventory"):
        answer = api.client.get(path, headers=key)
        body = answer.json()
        assert (answer.status_code, body["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED"), path
        assert body["error"]["message"] == message and answer.headers["retry-after"] == str(WAIT)
        assert [answer.headers[name] for name in PRINTED] == ["2", "0", str(ENDS)]
        assert ("success" in body) is path.startswith("/v1"), "in the words of the edition"
    first = api.client.get("/v1/products", headers=key).json()
    assert first["success"] is False and first["error"]["retry_after"] == WAIT
    assert api.client.get("/v1/products", headers=bearer(api, rate_limit=1)).status_code == 200, "each key by itself"
    clock.at = START + timedelta(seconds=WAIT - 1)
    assert api.client.get("/v1/products", headers=key).json()["error"]["retry_after"] == 1
    clock.at = START + timedelta(seconds=WAIT)
    answer = api.client.get("/v1/products", headers=key)
    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (200, "1")
    assert answer.headers["x-ratelimit-reset"] == str(ENDS + 3600)


def test_a_rotated_key_has_one_count(api: Api, clock: FrozenClock) -> None:
    old = bearer(api, rate_limit=3)
    assert api.client.get("/v1/products", headers=old).headers["x-ratelimit-remaining"] == "2"
    found = next(row for row in api.client.get("/v1/api_keys").json()["data"] if row["name"] == "k")
    text = api.client.post(f"/v1/api_keys/{found['id']}/rotate", json={}).json()["data"]["key"]
    for remaining, key in (("1", old), ("0", {"Authorization": f"Bearer {text}"})):
        assert api.client.get("/v1/products", headers=key).headers["x-ratelimit-remaining"] == remaining
    assert api.client.get("/v1/products", headers=old).status_code == 429


def test_guessing_costs_the_guesser_and_no_key(
    api: Api, server: LiveServer, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "STRANGERS_A_MINUTE", 4)
    key = bearer(api, rate_limit=9)
    assert api.client.get("/v1/products", headers=key).status_code == 200
    late = bearer(api, rate_limit=9)
    prefix = key["Authorization"].removeprefix("Bearer ")[:19]
    tries = [
        {"Authorization": f"Bearer {prefix}_" + "0" * 43},
        {"Authorization": f"Bearer {WRONG}"},
        {"X-API-Key": "x"},
    ]
    with httpx.Client(base_url=server.address) as stranger:
        assert [stranger.get("/v1/products", headers=header).status_code for header in (*tries, {})] == [401] * 4
        for header in (*tries, {}, late):
            answer = stranger.get("/v1/products", headers=header)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
            assert answer.json()["error"]["message"].startswith("Too many requests without a right API key.")
        assert stranger.get("/healthz").status_code == 200
        answer = stranger.get("/v1/products", headers=key)
        assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (200, "7")
        clock.at = START + timedelta(seconds=30)
        assert [stranger.get("/v1/products", headers=header).status_code for header in (late, {})] == [200, 401]


def test_the_address_is_the_peers_unless_a_trusted_proxy_tells_another(api: Api, loop: Loop) -> None:
    headers = bearer(api, allowed_networks=["203.0.113.0/24", "2001:db8::/32"])
    trusting = make_app(api.store, trusted_proxies=("10.0.0.0/8", "fd00::1"))
    trials = [
        (make_app(api.store), "203.0.113.9", "", 200),
        (make_app(api.store), "::ffff:203.0.113.9", "", 200),
        (make_app(api.store), "198.51.100.1", "", 403),
        (make_app(api.store), "10.0.0.1", "203.0.113.9", 403),
        (trusting, "10.0.0.1", "203.0.113.9", 200),
        (trusting, "10.0.0.1", "198.51.100.1, 203.0.113.9, 10.2.2.2", 200),
        (trusting, "10.0.0.1", "203.0.113.9, 198.51.100.1", 403),
        (trusting, "fd00::1", "[2001:db8::5]:4711", 200),
        (trusting, "10.0.0.1", "203.0.113.9:4711", 200),
        (trusting, "10.0.0.1", "203.0.113.9, nonsense", 403),
        (trusting, "10.0.0.1", "", 403),
        (trusting, "198.51.100.1", "203.0.113.9", 403),
    ]

    async def ask(app: Any, peer: str, forwarded: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=(peer, 4711))
        told = {"X-Forwarded-For": forwarded} if forwarded else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://ambra") as client:
            return await client.get("/v1/products", headers={**headers, **told})

    for app, peer, forwarded, status in trials:
        answer = loop.run(ask(app, peer, forwarded))
        assert answer.status_code == status, (peer, forwarded)
        if status == 403:
            assert answer.json()["error"]["message"] == "This key may not be used from this address."
            assert PRINTED[0] not in answer.headers, "from elsewhere nobody uses a key up"


def test_a_proxy_that_is_no_network_is_named(store: Store) -> None:
    with pytest.raises(Invalid, match="AMBRA_TRUSTED_PROXIES: 'nonsense'"):
        make_app(store, trusted_proxies=("10.0.0.1", "nonsense"))


def test_an_edition_may_serve_a_burst_late(
    api: Api, loop: Loop, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[float] = []

    async def sleep(seconds: float) -> None:
        late.append(seconds)

    monkeypatch.setattr(dispatch.asyncio, "sleep", sleep)
    rule = access.LimitRule(counts_days=True, burst=2, late_seconds=0.5)
    editions = [replace(edition, limit_rule=rule) for edition in find_editions() if edition.name == "operations"]
    app, headers = make_app(api.store, editions=editions), bearer(api, plan="free")

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://ambra") as client:
            return await client.get("/api/v1/suppliers", headers=headers)

    answers = [loop.run(ask()) for _ in range(201)]
    assert Counter(answer.status_code for answer in answers) == {200: 200, 429: 1} and late == [0.5] * 100
    assert [answers[place].headers["x-ratelimit-remaining"] for place in (0, 99, 150, 200)] == ["99", "0", "0", "0"]
    assert answers[0].headers["ratelimit-policy"] == '"hour";q=100;w=3600, "day";q=1000;w=86400'
    assert answers[0].headers["ratelimit"].startswith(f'"hour";r=99;t={WAIT}, "day";r=999;t=')


# --- four processes

LIMIT, ASKED, SERVERS = 1_000, 2_000, 4


@pytest.fixture
def servers(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], str]]:
    """Four server processes of one store in the middle of an hour, and a key with a limit of a thousand."""
    with open_store(store_url) as store:
        store.become_sample("limits")
        _, secret = access.create_key(
            store, organization_id=factories.organization(store), label="k", scopes=["read"], plan="standard"
        )
    monkeypatch.setenv("AMBRA_NOW", "2026-03-02T08:10Z")
    with ExitStack() as stack:
        started = [stack.enter_context(ServerProcess.start(store_url)) for _ in range(SERVERS)]
        yield [server.address for server in started], secret


async def _ask_at_once(addresses: list[str], secret: str) -> list[httpx.Response]:
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=address,
                    headers={"Authorization": f"Bearer {secret}"},
                    limits=httpx.Limits(max_connections=50),
                    timeout=120,
                )
            )
            for address in addresses
        ]
        asked = (clients[number % SERVERS].get("/v1/suppliers") for number in range(ASKED))
        return list(await asyncio.gather(*asked))


@pytest.mark.long
def test_four_processes_let_exactly_a_thousand_pass(servers: tuple[list[str], str]) -> None:
    answers = asyncio.run(_ask_at_once(*servers))
    assert Counter(answer.status_code for answer in answers) == {200: LIMIT, 429: ASKED - LIMIT}
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers if answer.status_code == 200]
    assert sorted(left) == list(range(LIMIT)), "each request took one of the thousand, and said which"
