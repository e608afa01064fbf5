"""What every operation shares: forms, pages, entity tags, health, the access log, slow clients."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from ambra_tui.api import protocol
from ambra_tui.api.app import make_app
from ambra_tui.api.frame import AccessLog
from tests import factories
from tests.api.conftest import Api, LiveServer


@pytest.fixture
def dialect() -> str:
    """None of this lies in the database."""
    return "sqlite"


# --- bodies ---------------------------------------------------------------------------------------------------------


def test_wrapped_flat_and_bracketed_bodies_mean_the_same(api: Api, house: factories.Warehouse, milk: Any) -> None:
    items = [{"sku": "MILK-1L", "quantity": 2}, {"sku": "MILK-1L", "quantity": 1}]
    flat = {"number": "N", "notes": "x", "items": items}
    form = (
        "order[number]=N&order[notes]=x&order[items][][sku]=MILK-1L&order[items][][quantity]=2"
        "&order[items][][sku]=MILK-1L&order[items][][quantity]=1"
    )
    indexed = (
        "order[number]=N&order[notes]=x&order[line_items_attributes][0][sku]=MILK-1L"
        "&order[line_items_attributes][0][quantity]=2&order[line_items_attributes][1][sku]=MILK-1L"
        "&order[line_items_attributes][1][quantity]=1"
    )
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    requests: list[dict[str, Any]] = [
        {"json": {"order": flat}},
        {"json": flat},
        {"json": {"order": {"number": "N"}, "notes": "x", "items": items}},
        {"json": {"order": {**flat, "items": {"0": items[0], "1": items[1]}}}},
        {"content": form, "headers": kind},
        {"content": indexed.replace("[", "%5B").replace("]", "%5D"), "headers": kind},
    ]
    for number, request in enumerate(requests):
        text = json.dumps(request["json"]) if "json" in request else request["content"]
        text = text.replace('"N"', f'"N{number}"').replace("=N&", f"=N{number}&")
        headers = request.get("headers", {"Content-Type": "application/json"})
        answer = api.client.post("/api/v1/orders", content=text, headers=headers)
        assert answer.status_code == 201, (number, answer.text)
        order = answer.json()
        assert (order["number"], order["notes"]) == (f"N{number}", "x")
        assert [item["quantity"] for item in order["items"]] == [2, 1]


def test_forms_carry_flags_and_numbers(api: Api) -> None:
    answer = api.client.post(
        "/api/v1/products",
        data={"product[name]": "Milk", "product[price]": "1.29", "product[is_lot_tracked]": "1",
              "product[variants][][sku]": "M"},
    )  # fmt: skip
    variant = answer.json()["variants"][0]
    assert (variant["sku"], variant["price"], variant["is_lot_tracked"]) == ("M", 1.29, True)


def test_nobody_sets_what_is_not_theirs(api: Api, house: factories.Warehouse, milk: Any) -> None:
    body = {
        "id": "ord_mine", "organization_id": 99, "status": "fulfilled", "created_at": "2000-01-01T00:00:00Z",
        "items": [{"sku": "MILK-1L", "quantity": 1, "fulfilled_quantity": 1, "id": "x"}],
    }  # fmt: skip
    order = api.post("/orders", body).json()
    assert order["id"] != "ord_mine"
    assert (order["status"], order["items"][0]["fulfilled_quantity"]) == ("pending", 0)
    assert not order["created_at"].startswith("2000")


# --- pages ----------------------------------------------------------------------------------------------------------


def test_pages_are_stable_and_newest_first(api: Api) -> None:
    for number in range(7):
        api.post("/suppliers", {"name": f"S{number}"})
    names = []
    path: str | None = "/api/v1/suppliers?per_page=3"
    pages = 0
    while path:
        answer = api.client.get(path)
        assert answer.headers["x-total-count"] == "7"
        names += [row["name"] for row in answer.json()["data"]]
        path = answer.links.get("next", {}).get("url")
        pages += 1
    assert (names, pages) == ([f"S{number}" for number in range(6, -1, -1)], 3)
    meta = api.get("/suppliers", params={"page": 2, "per_page": 3}).json()["meta"]
    assert meta == {"page": 2, "per_page": 3, "total": 7, "total_pages": 3}
    last = api.get("/suppliers", params={"page": 3, "per_page": 3})
    assert set(last.links) == {"first", "prev", "last"}


def test_per_page_is_clamped_and_echoed(api: Api) -> None:
    assert api.get("/suppliers", params={"per_page": 100000}).json()["meta"]["per_page"] == 100
    assert api.get("/suppliers").json()["meta"]["per_page"] == 25


def test_a_page_past_the_end_is_empty(api: Api) -> None:
    api.post("/suppliers", {"name": "S"})
    answer = api.get("/suppliers", params={"page": 999999999999})
    assert (answer.status_code, answer.json()["data"], answer.json()["meta"]["total"]) == (200, [], 1)


def test_links_keep_the_filters(api: Api, house: factories.Warehouse, milk: Any) -> None:
    for _ in range(2):
        api.post("/orders", {"items": [{"sku": "MILK-1L", "quantity": 1}]})
    answer = api.get("/orders", params={"status": "pending", "per_page": 1})
    assert httpx.URL(answer.links["next"]["url"]).params["status"] == "pending"


# --- entity tags ----------------------------------------------------------------------------------------------------


def test_entity_tags(api: Api, house: factories.Warehouse, milk: Any) -> None:
    lot = api.post("/lots", {"lot_number": "A", "sku": "MILK-1L"})
    path = f"/lots/{lot.json()['id']}"
    etag = api.get(path).headers["etag"]
    assert lot.headers["etag"] == etag
    for known in (etag, f'"x", {etag}', "*", f"W/{etag}"):
        answer = api.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert api.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
    changed = api.patch(path, {"status": "recalled"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] == api.get(path).headers["etag"] != etag
    for stale in (etag, f"W/{changed.headers['etag']}", '"x"'):
        answer = api.patch(path, {"status": "active"}, headers={"If-Match": stale})
        assert (answer.status_code, answer.json()["error"]["code"]) == (412, "PRECONDITION_FAILED")
    assert api.get(path).json()["status"] == "recalled"
    assert api.patch(path, {"status": "active"}, headers={"If-Match": "*"}).status_code == 200


def test_acts_honour_if_match(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    made = api.post("/orders", {"items": [{"sku": "MILK-1L", "quantity": 1}]})
    path = f"/orders/{made.json()['id']}"
    reserved = api.post(f"{path}/reserve", headers={"If-Match": made.headers["etag"]})
    assert reserved.status_code == 200
    assert api.post(f"{path}/cancel", headers={"If-Match": made.headers["etag"]}).status_code == 412
    assert api.post(f"{path}/cancel", headers={"If-Match": reserved.headers["etag"]}).status_code == 200


# --- health, log ----------------------------------------------------------------------------------------------------


def test_health_needs_no_key(server: LiveServer) -> None:
    assert httpx.get(f"{server.address}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{server.address}/readyz").json() == {"status": "ready"}


def test_not_ready_while_the_tables_are_older(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ambra_tui.api.health.SCHEMA_NUMBER", 999)
    answer = httpx.get(f"{server.address}/readyz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    assert httpx.get(f"{server.address}/healthz").status_code == 200


async def _get(app: Any, path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        return await client.get(path)


def test_the_access_log_holds_a_line_a_request_and_no_secret(api: Api, tmp_path: Path) -> None:
    import asyncio

    log = AccessLog(tmp_path / "logs" / "access.log")
    secret = api.client.headers["authorization"]
    app = make_app(api.store, log=log)
    asyncio.run(_get(app, "/api/v1/orders?number=top-secret", Authorization=secret))
    asyncio.run(_get(app, "/api/v1/no%0Awhere"))
    log.close()
    text = (tmp_path / "logs" / "access.log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["path"], line["status"], line["method"]) for line in lines] == [
        ("/api/v1/orders", 200, "GET"),
        ("/api/v1/no\nwhere", 404, "GET"),
    ]
    assert lines[0]["key"].startswith("key_")
    assert "secret" not in text
    assert secret.removeprefix("Bearer ") not in text


# --- slow clients ---------------------------------------------------------------------------------------------------


def _until_closed(connection: socket.socket) -> bytes:
    answer = b""
    while part := connection.recv(65536):
        answer += part
    return answer


def test_slow_clients_are_closed_and_others_served(
    api: Api, server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(protocol, "MESSAGE_SECONDS", 0.6)
    host, port = server.address.removeprefix("http://").split(":")
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
    body = (
        f"POST /api/v1/suppliers HTTP/1.1\r\nHost: x\r\nAuthorization: {api.client.headers['authorization']}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    ).encode()
    unread = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"
    opened = [socket.create_connection((host, int(port)), timeout=20) for _ in range(60)]
    for number, connection in enumerate(opened):
        connection.sendall((head, body, unread, b"")[number % 4])
    assert httpx.get(f"{server.address}/healthz", timeout=5).status_code == 200
    answers = [_until_closed(connection) for connection in opened]
    for connection in opened:
        connection.close()
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers[0::4])
    assert json.loads(answers[0].partition(b"\r\n\r\n")[2])["error"]["code"] == "REQUEST_TIMEOUT"
    assert api.get("/suppliers").json()["data"] == []


def test_a_kept_connection_serves_again(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    host, port = server.address.removeprefix("http://").split(":")
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        for pause in (0.0, 0.4, 0.0):
            deadline = time.monotonic() + pause
            while time.monotonic() < deadline:
                connection.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    connection.recv(1)
            connection.settimeout(20)
            connection.sendall(request)
            answer = b""
            while not answer.endswith(b'"ok"}'):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 ")


def test_pipelined_requests_are_answered_in_order(server: LiveServer) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        answer = _until_closed(connection)
    assert answer.index(b'"ok"') < answer.index(b"NOT_FOUND")


def test_nobody_waits_behind_a_long_read(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def held(*_: Any, **__: Any) -> Any:
        entered.set()
        assert go_on.wait(20)
        return [], 0

    monkeypatch.setattr("ambra_tui.api.editions.operations.inventory.ledger_entries", held)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(api.get, "/inventory_ledger")
        assert entered.wait(20)
        assert api.client.get("/healthz").status_code == 200
        go_on.set()
        assert slow.result(20).status_code == 200
