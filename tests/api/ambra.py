"""A client of the ambra edition, its envelopes checked on every answer."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.conftest import Api

BASE = "/v1"
PAGINATION = {"page", "limit", "total", "pages", "has_next", "has_prev"}


class Ambra:
    """Requests of one organization; `data` of what succeeds, the error of what does not."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return self.api.client.request(method, f"{BASE}{path}", **options)

    def get(self, path: str, **query: Any) -> Any:
        return data_of(self.ask("GET", path, params=query), 200)

    def page(self, path: str, **query: Any) -> tuple[list[Any], dict[str, Any]]:
        answer = self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        content = answer.json()
        assert set(content) == {"success", "data", "pagination"} and content["success"] is True
        assert set(content["pagination"]) == PAGINATION
        assert answer.headers["x-total-count"] == str(content["pagination"]["total"])
        return content["data"], content["pagination"]

    def ids(self, path: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.page(path, **query)[0]]

    def post(self, path: str, body: Any = None, *, status: int = 201, **options: Any) -> Any:
        return data_of(self.ask("POST", path, {} if body is None else body, **options), status)

    def put(self, path: str, body: Any) -> Any:
        return data_of(self.ask("PUT", path, body), 200)

    def patch(self, path: str, body: Any) -> Any:
        return data_of(self.ask("PATCH", path, body), 200)

    def remove(self, path: str) -> None:
        answer = self.ask("DELETE", path)
        assert (answer.status_code, answer.content) == (204, b""), answer.text

    def refused(self, status: int, code: str, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The error of a refused request."""
        answer = self.ask(method, path, body, **options)
        assert answer.status_code == status, answer.text
        content = answer.json()
        assert set(content) == {"success", "error"} and content["success"] is False
        error = content["error"]
        assert set(error) - {"retry_after"} == {"code", "message", "details", "request_id"}
        assert error["code"] == code, error
        assert isinstance(error["details"], dict) and error["request_id"] == answer.headers["x-request-id"]
        return error


def data_of(answer: httpx.Response, status: int) -> Any:
    """What a successful answer holds."""
    assert answer.status_code == status, answer.text
    content = answer.json()
    assert set(content) >= {"success", "data"} and content["success"] is True
    if status == 201:
        assert answer.headers["location"].startswith(f"{BASE}/")
    return content["data"]


def left(error: Any) -> dict[str, int]:
    """What a refusal to remove something says that remains, and how many of each."""
    assert set(error["details"]) == {"items", *(item["field"] for item in error["details"]["items"])}
    return {item["field"]: item["count"] for item in error["details"]["items"]}
