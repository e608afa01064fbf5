"""Every refusal has its edition's shape; hostile bodies never break the server."""

from __future__ import annotations

import json
import socket
from typing import Annotated, Any

import pytest
from pydantic import Field

from ambra_tui.api.fields import Blank, Body, read_fields
from ambra_tui.errors import Invalid
from tests.api.conftest import Api, LiveServer
from tests.api.test_access import OPERATIONS, place_of


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> str:
    """Most of these lie in no database; those that store text run on both."""
    return str(getattr(request, "param", "sqlite"))


SHOP_CODES = {401: "authentication_error", 403: "authorization_error", 404: "not_found", 409: "conflict",
              429: "rate_limit_exceeded", 500: "server_error", 503: "server_error"}  # fmt: skip


def shop_code(status: int) -> str:
    """The commerce edition has seven codes, and a status tells which."""
    return SHOP_CODES.get(status, "validation_error")


def check_shape(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The envelope of every edition and of everything outside the editions."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    is_ambra = f"{answer.request.url.path}/".startswith("/v1/")
    assert (body.pop("success", None) is False) is is_ambra
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"code", "message", "details", "request_id"}
    assert error["code"] == (shop_code(status) if f"{answer.request.url.path}/".startswith("/v2/") else code)
    assert error["message"]
    if is_ambra:
        assert isinstance(error["details"], dict)
    else:
        assert all({"field", "message"} <= set(detail) for detail in error["details"])
    assert error["request_id"] == answer.headers["x-request-id"]
    return error


@pytest.mark.parametrize(
    "path", ["/", "/openapi.json", "/redoc", "/api", "/api/v1", "/api/v1/", "/api/v1/orders/",
             "/api/v2/orders",
             "/api/v1/%00", "/api/v1/orders/%ff", "/api/v1/orders/a%2Fb/c", "/api/v1/nothing", "/api/v1x", "//api/v1"],
)  # fmt: skip
def test_unrouted_paths(api: Api, path: str) -> None:
    answer = api.client.request("GET", path)
    assert answer.status_code == 404
    assert check_shape(answer, 404, answer.json()["error"]["code"])


def test_wrong_methods_name_the_right_ones(api: Api) -> None:
    seen: dict[str, set[str]] = {}
    for edition, operation in OPERATIONS:
        seen.setdefault(place_of(edition, operation), set()).add(operation.method)
    for path, methods in seen.items():
        allowed = methods | ({"HEAD"} if "GET" in methods else set())
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} - methods:
            if method == "GET" and "/barcode/" in path:
                continue
            answer = api.client.request(method, path)
            check_shape(answer, 405, "METHOD_NOT_ALLOWED")
            assert set(answer.headers["allow"].split(", ")) == allowed, path
    for path in ("/healthz", "/readyz", "/api/v1/openapi.json"):
        answer = api.client.post(path)
        check_shape(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == "GET, HEAD"


def test_every_operation_refuses_in_the_same_shape(api: Api) -> None:
    """Visits every operation with a wrong id, a wrong query and a wrong body."""
    for edition, operation in OPERATIONS:
        path = place_of(edition, operation)
        if operation.method == "GET":
            answer = api.client.get(path, params={"page": "0", "per_page": "x", "limit": "0"})
            if {"page", "per_page", "limit"} & set(operation.fields.model_fields):
                check_shape(answer, *edition.bad_query)
            elif answer.status_code != 200:
                check_shape(answer, 404, answer.json()["error"]["code"])
            continue
        for content in (b"{", b"[]", b"null", b'"x"', b"1"):
            if operation.rows and content == b"[]":
                continue
            answer = api.client.request(
                operation.method, path, content=content, headers={"Content-Type": "application/json"}
            )
            code = "INVALID_REQUEST" if content == b"{" else "VALIDATION_ERROR"
            check_shape(answer, 400 if content == b"{" else 422, code)
        answer = api.client.request(operation.method, path, content=b"x", headers={"Content-Type": "text/plain"})
        refused = (400, "INVALID_REQUEST") if edition.name in ("ambra", "commerce") else (415, "UNSUPPORTED_MEDIA_TYPE")
        check_shape(answer, *refused)


HOSTILE = {
    b'{"name": NaN}': 400,
    b'{"name": Infinity}': 400,
    b'{"name": -Infinity}': 400,
    b'{"name": "a", "price": 1e400}': 422,
    b'{"name": "a", "price": 1e-400}': 422,
    b'{"name": "a", "price": -1e999999999}': 422,
    b'{"name": "a", "price": 9223372036854775808}': 422,
    b'{"name": "a", "price": ' + b"9" * 5000 + b"}": 400,
    b'{"name": "a", "price": 0.' + b"3" * 5000 + b"}": 422,
    b'{"name": "\\ud800"}': 422,
    b'{"\\udfff": 1, "name": "a"}': 422,
    b'{"name": "\\u0000"}': 422,
    b'{"name": "a\\u001b[2J"}': 422,
    b'{"name": "a", "description": "x\\u0000y"}': 422,
    b'{"name": "\xff\xfe"}': 400,
    b'\xef\xbb\xbf{"name": "a"}': 400,
    '{"name": "a"}'.encode("utf-16"): 400,
    b'{"name": "a", "name": "b"}': 400,
    b'{"name": "a",}': 400,
    b"{'name': 'a'}": 400,
    b'{"name": "a"} x': 400,
    b"[" * 100_000: 400,
    b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}": 422,
    b'{"name": "a", "variants": [' + b"1," * 600 + b"1]}": 422,
    b'{"name": true}': 422,
    b'{"name": {"a": 1}}': 422,
    b'{"product": []}': 422,
    b'{"product": null, "name": "a"}': 422,
    b'{"name": "a", "variants": "x"}': 422,
    b'{"name": "a", "is_lot_tracked": 1}': 422,
    b'{"name": "a", "minimum_shelf_life_days": 1.5}': 422,
    b'{"name": "a", "minimum_shelf_life_days": true}': 422,
}


@pytest.mark.parametrize(("content", "status"), list(HOSTILE.items()), ids=range(len(HOSTILE)))
def test_hostile_json(api: Api, content: bytes, status: int) -> None:
    answer = api.client.post("/api/v1/products", content=content, headers={"Content-Type": "application/json"})
    check_shape(answer, status, "INVALID_REQUEST" if status == 400 else "VALIDATION_ERROR")
    assert api.get("/products").json()["meta"]["total"] == 0


@pytest.mark.parametrize(
    "content",
    [b"%", b"name", b"a[b=1", b"a]b=1", b"a[b]c=1", b"product=1&product[name]=x", b"name=%00", b"name=%ff",
     b"product[name][a]=1", b"a" + b"[b]" * 60 + b"=1", b"&".join(b"n%d=1" % n for n in range(6000))],
    ids=lambda content: content[:24].decode(),
)  # fmt: skip
def test_hostile_forms(api: Api, content: bytes) -> None:
    answer = api.client.post(
        "/api/v1/products", content=content, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code in (400, 422)
    check_shape(answer, answer.status_code, answer.json()["error"]["code"])
    assert api.get("/products").json()["meta"]["total"] == 0


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=1.5", "page=x", "page=", "page=%00", "page=99999999999999999999", "per_page=0",
     "per_page=-5", "per_page=1e3", "page=+1", "page=%D9%A1", "status=%00", "status=%ff", "location_id=" + "x" * 3000],
)  # fmt: skip
def test_hostile_queries(api: Api, query: str) -> None:
    answer = api.client.get(f"/api/v1/orders?{query}")
    check_shape(answer, 422, "VALIDATION_ERROR")


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("value", ["%00", "%1b", "x" * 81, "%ED%A0%80", "' OR 1=1 --", "%F0%9F%9A%9A", "..%2F", "%25"])
def test_hostile_ids(api: Api, value: str) -> None:
    for path in ("/orders/", "/products/", "/lots/", "/purchase_orders/", "/locations/", "/inventory_adjustments/"):
        answer = api.client.get(f"/api/v1{path}{value}")
        check_shape(answer, 404, answer.json()["error"]["code"])


def test_a_large_body_is_refused_before_it_is_read(api: Api, server: LiveServer) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        head = (
            f"POST /api/v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: {api.client.headers['authorization']}\r\n"
            "Content-Type: application/json\r\nContent-Length: 200000000\r\n\r\n"
        )
        connection.sendall(head.encode() + b"{")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "PAYLOAD_TOO_LARGE"


def test_a_large_body_without_a_length_is_refused(api: Api) -> None:
    def parts() -> Any:
        for _ in range(20):
            yield b" " * 100_000

    answer = api.client.post("/api/v1/products", content=parts(), headers={"Content-Type": "application/json"})
    check_shape(answer, 413, "PAYLOAD_TOO_LARGE")


def test_a_body_of_the_limit_is_read(api: Api) -> None:
    content = b'{"name": "a"}'.ljust(1024 * 1024)
    headers = {"Content-Type": "application/json"}
    assert api.client.post("/api/v1/products", content=content, headers=headers).status_code == 201
    assert api.client.post("/api/v1/products", content=content + b" ", headers=headers).status_code == 413


@pytest.mark.parametrize(
    "headers", [{"Content-Encoding": "gzip"}, {"Content-Type": "application/json; charset=latin-1"},
                {"Content-Type": "multipart/form-data; boundary=x"}],
)  # fmt: skip
def test_other_media(api: Api, headers: dict[str, str]) -> None:
    answer = api.client.post("/api/v1/products", content=b"{}", headers={"Content-Type": "application/json", **headers})
    check_shape(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_problem_details_on_request(api: Api) -> None:
    answer = api.get("/orders/ord_no", headers={"Accept": "application/problem+json"})
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["title"]) == (404, "ORDER_NOT_FOUND", "Not Found")
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_request_ids_come_back(api: Api) -> None:
    assert api.get("/orders", headers={"X-Request-Id": "trace-7.a"}).headers["x-request-id"] == "trace-7.a"
    for wrong in ("a b", "x" * 129, "a\tb"):
        given = api.get("/orders", headers={"X-Request-Id": wrong}).headers["x-request-id"]
        assert given.startswith("req_")


def test_what_breaks_inside_is_not_shown(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("ambra_tui.api.editions.operations.suppliers.create_supplier", broken)
    answer = api.post("/suppliers", {"name": "x"})
    check_shape(answer, 500, "INTERNAL_ERROR")
    assert "secret" not in answer.text
    monkeypatch.setattr("ambra_tui.api.editions.operations.suppliers.page_of_ids", broken)
    check_shape(api.get("/suppliers"), 500, "INTERNAL_ERROR")


def test_no_banner_and_head_answers_without_a_body(api: Api) -> None:
    answer = api.client.head("/api/v1/orders")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-total-count"] == "0"
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


def test_what_is_no_http_is_answered_in_shape(server: LiveServer) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    for junk in (b"\x16\x03\x01\x00\xa5\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(junk)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "INVALID_REQUEST"


def test_a_body_with_two_lengths_ends_the_connection(api: Api, server: LiveServer) -> None:
    """What follows such a body is no request: a proxy may have let it through as a part of the first one."""
    host, port = server.address.removeprefix("http://").split(":")
    hidden = b"POST /api/v1/suppliers HTTP/1.1\r\nHost: x\r\n\r\n"
    head = (
        f"POST /api/v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: {api.client.headers['authorization']}\r\n"
        f"Content-Length: {5 + len(hidden)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + hidden)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00", "2026-01-01T00:00:00+99:00", "2026-02-30"]
)
def test_moments_that_no_calendar_holds(api: Api, moment: str) -> None:
    order = {"items": [{"sku": "X", "quantity": 1}], "due_at": moment}
    error = check_shape(api.post("/orders", order), 422, "VALIDATION_ERROR")
    assert error["details"] == [{"field": "due_at", "message": "must be a time such as 2026-03-31T08:00:00Z"}]
    answer = api.get("/inventory_ledger", params={"start_date": moment})
    check_shape(answer, 422, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("items", "field", "message"),
    [([], "items", "must not be empty"), ("x", "items", "must be a list"), ([1], "items.0", "must be an object")],
)
def test_wrong_shapes_are_told_in_words_of_json(api: Api, items: Any, field: str, message: str) -> None:
    error = check_shape(api.post("/orders", {"items": items}), 422, "VALIDATION_ERROR")
    assert error["details"] == [{"field": field, "message": message}]


class _Bounded(Body):
    names: tuple[str, ...] = ()
    few: Annotated[list[str], Field(max_length=2)] = Field(default_factory=list)
    place: Annotated[Blank, Field(max_length=3)] = ""


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("names", "x", "must be a list"),
        ("few", ["a", "b", "c"], "has at most 2 entries"),
        ("place", "abcd", "is longer than 3 characters"),
    ],
)
def test_bounds_are_told_in_words_of_ours(name: str, value: Any, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_fields(_Bounded, {name: value}, is_text=False)
    assert refused.value.details["fields"] == [{"field": name, "message": message}]
