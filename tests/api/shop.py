"""A client of the commerce edition, its shapes checked on every answer."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.conftest import Api

BASE = "/v2"
NUMBERED = {
    "page", "limit", "total_pages", "total_items", "has_next", "has_previous", "next_cursor", "has_more",
}  # fmt: skip


class Shop:
    """Requests of one organization; the object of what succeeds, the error of what does not."""

    def __init__(self, api: Api, client: httpx.Client | None = None) -> None:
        self.api, self.client = api, client or api.client

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return self.client.request(method, f"{BASE}{path}", **options)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        assert "etag" in answer.headers
        return answer.json()

    def page(self, path: str, **query: Any) -> tuple[list[Any], dict[str, Any]]:
        answer = self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        content = answer.json()
        assert set(content) == {"data", "pagination"}
        wanted = {"limit", "next_cursor", "has_more"} if "cursor" in query else NUMBERED
        assert set(content["pagination"]) == wanted
        return content["data"], content["pagination"]

    def ids(self, path: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.page(path, **query)[0]]

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        answer = self.ask("POST", path, {} if body is None else body, **options)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def put(self, path: str, body: Any, **options: Any) -> Any:
        answer = self.ask("PUT", path, body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

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
        assert all(set(detail) >= {"field", "message"} for detail in error["details"])
        assert error["request_id"] == answer.headers["x-request-id"]
        return error

    def fields(self, method: str, path: str, body: Any) -> list[str]:
        """The fields that a 422 names."""
        error = self.refused(422, "validation_error", method, path, body)
        return [detail["field"] for detail in error["details"]]
