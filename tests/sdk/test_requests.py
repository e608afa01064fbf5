"""What leaves the SDK: addresses, keys, paths, exact bodies; what comes back as objects, pages and errors."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from ambrawms import AmbraError, AmbraWMS, NotFound, RateLimited, Record, UnexpectedAnswer, ValidationFailed

from ambra_tui.sdk.record import read_json, write_json
from ambra_tui.sdk.request import address_of

Answering = Callable[[httpx.Request], httpx.Response]


class Line:
    """The other end of a client: what it was sent, and what it answers."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.sent: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def client_on(line: Line, **options: Any) -> AmbraWMS:
    return AmbraWMS(
        api_key="test_key", base_url="http://127.0.0.1:1/v1", transport=httpx.MockTransport(line), **options
    )


def found(data: Any, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "data": data, **more})


def refusal(status: int, code: str, *, headers: dict[str, str] | None = None, **error: Any) -> httpx.Response:
    body = {"success": False, "error": {"code": code, "message": f"about {code}", **error}}
    return httpx.Response(status, json=body, headers=headers)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that a client makes, which take no time here."""
    monkeypatch.delenv("AMBRA_BASE_URL", raising=False)
    made: list[float] = []
    monkeypatch.setattr("ambra_tui.sdk.client.sleep", made.append)
    return made


# --- where it goes ----------------------------------------------------------------------------------------------------


def test_the_base_url_is_the_argument_else_the_variable_else_the_printed_host(monkeypatch: pytest.MonkeyPatch) -> None:
    assert AmbraWMS(api_key="k").base_url == "https://api.ambrawms.com/v1"
    assert AmbraWMS(api_key="k", environment="staging").base_url == "https://api-staging.ambrawms.com/v1"
    monkeypatch.setenv("AMBRA_BASE_URL", "https://stock.example/api/v1/")
    assert AmbraWMS(api_key="k", environment="staging").base_url == "https://stock.example/api/v1"
    assert AmbraWMS(api_key="k", base_url="http://localhost:8080").base_url == "http://localhost:8080/v1"
    with pytest.raises(ValueError, match="production, staging"):
        AmbraWMS(api_key="k", environment="moon")


@pytest.mark.parametrize("host", ["192.168.1.5", "stock.example", "127.0.0.1.example", "localhost.example"])
def test_a_key_never_goes_over_http_to_another_machine_unless_told(host: str) -> None:
    with pytest.raises(ValueError, match="reads the key"):
        address_of(f"http://{host}/v1", "production", allow_http=False)
    assert address_of(f"http://{host}/v1", "production", allow_http=True) == f"http://{host}/v1"


@pytest.mark.parametrize("url", ["http://127.9.9.9", "http://[::1]:80", "http://localhost", "https://stock.example"])
def test_http_is_for_this_machine(url: str) -> None:
    assert address_of(url, "production", allow_http=False) == f"{url}/v1"


@pytest.mark.parametrize("url", ["ftp://a/v1", "stock.example", "https://", "https://a:b@c/v1", "https://a/v1?x=1"])
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        address_of(url, "production", allow_http=True)


def test_the_key_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    line = Line(found({"id": "prod_1"}), httpx.ConnectError("refused"))
    caplog.set_level("DEBUG")
    with client_on(line, max_retries=0) as client:
        client.products.get("prod_1")
        with pytest.raises(AmbraError) as raised:
            client.products.get("prod_1")
    assert line.sent[0].headers["Authorization"] == "Bearer test_key"
    shown = caplog.text + repr(client) + repr(client.__dict__) + str(raised.value) + repr(raised.value.__dict__)
    assert "test_key" not in shown
    monkeypatch.delenv("AMBRA_API_KEY", raising=False)
    with pytest.raises(ValueError, match="no API key"):
        AmbraWMS(base_url="http://127.0.0.1:1")
    with pytest.raises(ValueError, match="no key has") as wrong:
        AmbraWMS(api_key="secret\r\nX-Evil: 1", base_url="http://127.0.0.1:1")
    assert "secret" not in str(wrong.value)
    monkeypatch.setenv("AMBRA_API_KEY", "test_other")
    AmbraWMS(base_url="http://127.0.0.1:1", transport=httpx.MockTransport(line)).close()


def test_ids_stay_one_step_of_the_path() -> None:
    line = Line(found({"id": "x"}))
    client = client_on(line)
    client.products.get("a/b?c=d e")
    assert line.sent[0].url.raw_path == b"/v1/products/a%2Fb%3Fc%3Dd%20e"
    for wrong in ("", ".", "..", None):
        with pytest.raises(ValueError, match="an id is a text"):
            client.products.delete(wrong)  # type: ignore[arg-type]
    assert len(line.sent) == 1


def test_filters_are_written_as_the_api_reads_them() -> None:
    line = Line(found([]))
    moment = datetime(2025, 11, 26, 10, tzinfo=UTC)
    client_on(line).products.list(
        {"status": "active"}, sort=["-created_at", "name"], created_after=moment, updated_after=date(2025, 1, 2),
        min_price=Decimal("100.50"), supplier=None, below=True,
    )  # fmt: skip
    assert dict(line.sent[0].url.params) == {
        "status": "active", "sort": "-created_at,name", "created_after": "2025-11-26T10:00:00+00:00",
        "updated_after": "2025-01-02", "min_price": "100.50", "below": "true",
    }  # fmt: skip
    with pytest.raises(ValueError, match="time zone"):
        client_on(line).products.list(created_after=datetime(2025, 1, 2))


# --- numbers and objects ----------------------------------------------------------------------------------------------


def test_numbers_are_exact_both_ways() -> None:
    price = read_json(b'{"price": 12345678901234567890.123456789, "quantity": 3}')
    assert (price.price, price.quantity) == (Decimal("12345678901234567890.123456789"), 3)
    written = write_json({"price": price.price, "small": Decimal("1E-9"), "lines": (price,), "on": date(2026, 1, 2)})
    assert written == (
        '{"price":12345678901234567890.123456789,"small":0.000000001,'
        '"lines":[{"price":12345678901234567890.123456789,"quantity":3}],"on":"2026-01-02"}'
    )
    for wrong in (Decimal("NaN"), float("inf"), Decimal("-Infinity")):
        with pytest.raises(ValueError, match="JSON"):
            write_json([wrong])
    with pytest.raises(TypeError):
        write_json({"name": object()})


def test_a_record_reads_by_attribute_and_by_name_and_stays_as_it_is() -> None:
    order = read_json('{"id": "po_1", "items": [{"sku": "A", "stock": {"available": 2}}], "note": null}')
    assert order.items[0].stock.available == order["items"][0]["stock"]["available"] == 2
    assert (order.note, order.get("nothing", 5), "note" in order, len(order)) == (None, 5, True, 3)
    assert dict(order)["id"] == {**order}["id"] == "po_1"
    assert order.to_dict() == {"id": "po_1", "items": [{"sku": "A", "stock": {"available": 2}}], "note": None}
    assert json.loads(write_json(order)) == order.to_dict()
    assert copy.deepcopy(order) == pickle.loads(pickle.dumps(order)) == order
    assert "items" in dir(order) and repr(Record({"id": 1})) == "Record(id=1)"
    with pytest.raises(AttributeError, match="there is no field 'sku' here; there is id, items, note"):
        _ = order.sku
    with pytest.raises(AttributeError, match="update"):
        order.note = "changed"
    with pytest.raises(TypeError):
        hash(order)


# --- what changes something -------------------------------------------------------------------------------------------


def test_every_change_has_an_idempotency_key_of_its_own() -> None:
    line = Line(found({"id": "x"}))
    client = client_on(line)
    client.products.create(name="Tee", sku="T")
    client.products.create({"name": "Tee"}, sku="T")
    client.products.replace("x", name="Tee", sku="T")
    client.products.update("x", price=Decimal("29.99"))
    client.products.delete("x")
    client.stock_movements.complete("mov_1", idempotency_key="mine")
    keys = [request.headers["Idempotency-Key"] for request in line.sent]
    assert len(set(keys)) == 6 and keys[-1] == "mine"
    assert [request.method for request in line.sent] == ["POST", "POST", "PUT", "PATCH", "DELETE", "POST"]
    assert line.sent[1].content == b'{"name":"Tee","sku":"T"}'
    assert line.sent[3].content == b'{"price":29.99}'
    assert line.sent[4].content == b"" and "Content-Type" not in line.sent[4].headers
    assert {request.headers["Content-Type"] for request in line.sent if request.content} == {"application/json"}


def test_a_batch_gives_its_products_and_what_failed() -> None:
    line = Line(found([{"id": "prod_1"}], errors=[{"index": 1, "code": "VALIDATION_ERROR", "message": "taken"}]))
    made = client_on(line).products.createBatch([{"name": "A", "sku": "A"}, Record({"name": "B"})], atomic=False)
    assert line.sent[0].url.raw_path == b"/v1/products/batch?atomic=false"
    assert json.loads(line.sent[0].content) == {"products": [{"name": "A", "sku": "A"}, {"name": "B"}]}
    assert (made.data[0].id, made.errors[0].index) == ("prod_1", 1)


# --- tries ------------------------------------------------------------------------------------------------------------


def test_a_broken_line_and_a_weak_server_are_tried_again_with_the_same_key(pauses: list[float]) -> None:
    line = Line(httpx.ReadTimeout("slow"), httpx.ConnectError("no"), refusal(503, "BUSY"), found({"id": "prod_1"}))
    assert client_on(line).products.create(name="Tee", sku="T").id == "prod_1"
    assert len({request.headers["Idempotency-Key"] for request in line.sent}) == 1
    assert len({request.content for request in line.sent}) == 1
    assert len(pauses) == 3
    assert all(longest / 2 <= pause <= longest for pause, longest in zip(pauses, (0.5, 1, 2), strict=True))


def test_the_pause_is_what_the_server_says(pauses: list[float]) -> None:
    line = Line(
        refusal(429, "RATE_LIMIT_EXCEEDED", retry_after=7),
        refusal(503, "BUSY", headers={"Retry-After": "2"}),
        refusal(409, "IDEMPOTENCY_CONFLICT"),
        found({"id": "x"}),
    )
    client_on(line).products.get("x")
    assert pauses[:2] == [7, 2]


def test_an_hour_is_not_slept_through(pauses: list[float]) -> None:
    line = Line(refusal(429, "RATE_LIMIT_EXCEEDED", retry_after=3600))
    with pytest.raises(RateLimited) as raised:
        client_on(line).products.list()
    assert (raised.value.code, raised.value.retry_after, raised.value.status) == ("RATE_LIMIT_EXCEEDED", 3600, 429)
    assert (len(line.sent), pauses) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413, 422, 501])
def test_what_stays_wrong_is_not_tried_again(status: int, pauses: list[float]) -> None:
    line = Line(refusal(status, "NO", details={"sku": "taken"}, request_id="req_1"))
    with pytest.raises(AmbraError) as raised:
        client_on(line).products.create(name="Tee", sku="T")
    error = raised.value
    assert (error.status, error.code, error.details, error.request_id) == (status, "NO", {"sku": "taken"}, "req_1")
    assert (len(line.sent), pauses) == (1, [])
    assert str(error) == "NO: about NO [req_1]"


def test_tries_end(pauses: list[float]) -> None:
    line = Line(httpx.ReadTimeout("slow"))
    with pytest.raises(AmbraError) as raised:
        client_on(line, max_retries=2).products.get("prod_1")
    assert (raised.value.code, raised.value.status) == ("TIMEOUT", 0)
    assert "GET /products/prod_1" in raised.value.message
    assert (len(line.sent), len(pauses)) == (3, 2)


# --- answers of others ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>welcome</html>"),
        httpx.Response(200, json=["x"]),
        httpx.Response(200, json={"data": "x"}),
        httpx.Response(200, text="[" * 100_000),
        httpx.Response(302, headers={"Location": "https://elsewhere.example"}),
    ],
)
def test_an_answer_of_something_else_is_named(answer: httpx.Response) -> None:
    line = Line(answer)
    with pytest.raises(UnexpectedAnswer, match="base URL"):
        client_on(line).products.get("prod_1")
    assert len(line.sent) == 1  # a redirect is not followed: it would carry the key elsewhere


def test_a_proxy_that_says_no_in_its_own_words() -> None:
    line = Line(httpx.Response(404, text="no such page", headers={"X-Request-Id": "req_9"}))
    with pytest.raises(NotFound) as raised:
        client_on(line).products.get("prod_1")
    assert (raised.value.code, raised.value.request_id) == ("HTTP_404", "req_9")


def test_details_as_a_list_are_read_by_field() -> None:
    line = Line(refusal(422, "VALIDATION_ERROR", details=[{"field": "sku", "message": "is taken"}]))
    with pytest.raises(ValidationFailed) as raised:
        client_on(line).products.create(name="x", sku="y")
    assert raised.value.details == {"sku": "is taken"}


def test_the_rate_limit_of_the_last_answer() -> None:
    headers = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "950", "X-RateLimit-Reset": "1638360000"}
    answer = httpx.Response(200, json={"success": True, "data": []}, headers=headers)
    client = client_on(Line(answer, found([])))
    assert client.rate_limit is None
    client.products.list()
    client.products.list()  # an answer without them leaves what is known
    limit = client.rate_limit
    assert limit is not None
    assert (limit.limit, limit.remaining, limit.reset_at) == (1000, 950, datetime(2021, 12, 1, 12, tzinfo=UTC))


# --- pages ------------------------------------------------------------------------------------------------------------


def listed(page: int, *skus: str, has_next: bool) -> httpx.Response:
    pagination = {"page": page, "limit": 2, "total": 3, "pages": 2, "has_next": has_next, "has_prev": page > 1}
    return found([{"sku": sku} for sku in skus], pagination=pagination)


def test_a_list_is_its_page_and_goes_on_when_it_is_gone_through() -> None:
    line = Line(listed(1, "A", "B", has_next=True), listed(2, "C", has_next=False))
    products = client_on(line).products.list(status="active", limit=2)
    assert [product.sku for product in products.data] == ["A", "B"]
    assert (products.pagination.total, repr(products), len(line.sent)) == (3, "<page 1 of 2: 2 of 3>", 1)
    going = iter(products)
    assert [next(going).sku, next(going).sku] == ["A", "B"] and len(line.sent) == 1  # fetched when it is reached
    assert [product.sku for product in going] == ["C"]
    assert dict(line.sent[1].url.params) == {"status": "active", "limit": "2", "page": "2"}


def test_an_empty_page_ends_a_list_that_says_it_goes_on() -> None:
    line = Line(listed(1, "A", has_next=True), listed(2, has_next=True))
    assert [len(page.data) for page in client_on(line).products.list().pages()] == [1, 0]


def test_a_list_without_pages_is_one() -> None:
    reports = client_on(Line(found([{"name": "stock_overview"}]))).reports.list()
    assert ([report.name for report in reports], reports.pagination.total) == (["stock_overview"], 1)
