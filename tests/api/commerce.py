"""A client of the commerce edition, its envelopes checked on every answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from tests.api.conftest import Api

BASE = "/v2"
CURSORED = {"limit", "next_cursor", "has_more"}
NUMBERED = CURSORED | {"page", "total_pages", "total_items", "has_next", "has_previous"}


class Shop:
    """Requests of one organization; what succeeds, or the error of what does not."""

    def __init__(self, api: Api, client: httpx.Client | None = None) -> None:
        self.api, self.client = api, client or api.client

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return self.client.request(method, f"{BASE}{path}", **options)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask("GET", path, params=query)
        content = _content(answer, 200)
        assert "etag" in answer.headers
        return content

    def page(self, path: str, **query: Any) -> tuple[list[Any], dict[str, Any]]:
        answer = self.ask("GET", path, params=query)
        content = _content(answer, 200)
        assert set(content) == {"data", "pagination"}
        assert set(content["pagination"]) == (CURSORED if "cursor" in query else NUMBERED)
        if "cursor" not in query:
            assert answer.headers["x-total-count"] == str(content["pagination"]["total_items"])
        return content["data"], content["pagination"]

    def ids(self, path: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.page(path, **query)[0]]

    def walk(self, path: str, **query: Any) -> Iterator[Any]:
        """Every row of a list, cursor by cursor."""
        cursor: str | None = ""
        while cursor is not None:
            rows, pagination = self.page(path, cursor=cursor, **query)
            yield from rows
            cursor = pagination["next_cursor"]
            assert pagination["has_more"] is (cursor is not None)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """201, as every POST of this edition."""
        return _content(self.ask("POST", path, {} if body is None else body, **options), 201)

    def put(self, path: str, body: Any, **options: Any) -> Any:
        return _content(self.ask("PUT", path, body, **options), 200)

    def remove(self, path: str) -> None:
        answer = self.ask("DELETE", path)
        assert (answer.status_code, answer.content) == (204, b""), answer.text

    def refused(self, status: int, code: str, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The error of a refused request."""
        answer = self.ask(method, path, body, **options)
        assert answer.status_code == status, answer.text
        content = answer.json()
        assert set(content) == {"error"}
        error = content["error"]
        assert set(error) == {"code", "message", "details", "request_id"}
        assert error["code"] == code, error
        assert all({"field", "message"} <= set(detail) for detail in error["details"])
        assert error["request_id"] == answer.headers["x-request-id"]
        return error

    def fields(self, method: str, path: str, body: Any) -> list[str]:
        """The fields that a 422 names."""
        return fields_of(self.refused(422, "validation_error", method, path, body))


def fields_of(error: Any) -> list[str]:
    """Which fields a refusal names."""
    return [detail["field"] for detail in error["details"]]


def _content(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()
