"""The playground: there without a key, lists every call, needs nothing from outside."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import httpx
import pytest

from ambra_tui.api.app import find_editions
from ambra_tui.kit.resources import data_path
from tests.api.conftest import Api
from tests.api.test_errors import check_shape

FILES = {
    "/playground": "text/html; charset=utf-8",
    "/playground/page.css": "text/css; charset=utf-8",
    "/playground/page.js": "text/javascript; charset=utf-8",
}


@pytest.fixture
def dialect() -> str:
    """The page does not depend on the database."""
    return "sqlite"


@pytest.fixture
def files(api: Api) -> dict[str, httpx.Response]:
    """Every file, asked for without a key."""
    return {path: api.client.get(path, headers={"Authorization": ""}) for path in FILES}


def test_every_call_of_every_edition_is_listed(files: dict[str, httpx.Response]) -> None:
    text = files["/playground"].text
    rows = re.findall(
        r'<a href="#([^"]+)"><b class="method \w+">(\w+)</b><code>([^<]+)</code><span>([^<]+)</span>', text
    )
    declared = [
        (
            f"{edition.name}/{entry.operation_id}",
            entry.method,
            entry.path.replace(":path", "") or edition.base_path,
            escape(entry.summary),
        )
        for edition in find_editions()
        for entry in edition.operations
    ]
    assert sorted(rows) == sorted(declared)
    for edition in find_editions():
        assert f'data-document="{edition.base_path}/openapi.json"' in text


def test_the_page_is_served_whole_and_loads_nothing_from_outside(files: dict[str, httpx.Response], api: Api) -> None:
    for path, kind in FILES.items():
        answer = files[path]
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        assert "//" not in re.sub(r"^\s*//.*$", "", answer.text, flags=re.MULTILINE), path
        again = api.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    page = files["/playground"].text
    assert set(re.findall(r'(?:src|href)="(/[^"]+)"', page)) == {*FILES, "/docs/api/reference"} - {"/playground"}
    assert not re.search(r"<script>|<style|\son\w+=|style=", page)
    check_shape(api.client.post("/playground"), 405, "METHOD_NOT_ALLOWED")
    check_shape(api.client.get("/playground/other.js"), 404, "NOT_FOUND")


def test_the_script_keeps_no_secret_beyond_the_tab_and_writes_no_markup() -> None:
    script = data_path("playground/page.js").read_text(encoding="utf-8")
    for word in (
        "localStorage",
        "cookie",
        "indexedDB",
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "eval(",
        "document.write",
    ):
        assert word not in script, word
    assert "sessionStorage" in script and "$AMBRA_API_KEY" in script


def test_a_call_is_filled_in_from_the_document(api: Api) -> None:
    """What the page builds a call from is in the document: parameters, an example or a schema, the scope."""
    document: dict[str, Any] = api.client.get("/api/v1/openapi.json").json()
    for methods in document["paths"].values():
        for method, entry in methods.items():
            assert entry["x-scope"] and entry["parameters"] is not None
            assert method == "get" or "application/json" in entry["requestBody"]["content"]
