"""The documentation: whole, linked, safe, and about every operation. What its examples do: see test_examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from ambra_tui.api.app import find_editions
from ambra_tui.api.documentation.guides import Guides
from ambra_tui.api.documentation.operations import operations_of, slug_of
from ambra_tui.api.openapi import document_of
from ambra_tui.kit.resources import data_path, docs_path
from ambra_tui.store import open_store
from tests.api.conftest import LiveServer, Loop
from tests.api.test_errors import check_shape

HREF = re.compile(r'href="([^"]+)"')
FIRST = ("/docs", "/docs/api/reference", "/docs/api/auth", "/docs/api/webhooks", "/docs/api/postman")
KINDS = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}


@pytest.fixture(scope="module")
def bare(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client without a key; one server for all tests here: nothing is written."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('documentation')}/store.db")
    server = LiveServer(store, loop)
    with httpx.Client(base_url=server.address, timeout=30) as client:
        yield client
    server.stop()
    store.close()


def crawled(client: httpx.Client) -> dict[str, str]:
    """Every page that can be reached from the first, by path."""
    pages: dict[str, str] = {}
    waiting = ["/docs"]
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        assert answer.status_code == 200, path
        pages[path] = answer.text
        if answer.headers["content-type"].startswith("text/html") and path.startswith("/docs"):
            found = {unescape(link).partition("#")[0] for link in HREF.findall(answer.text)} - {""}
            waiting += [link for link in found if link.startswith("/") and link not in pages and link not in waiting]
    return pages


def test_every_page_is_reached_and_every_link_leads_somewhere(bare: httpx.Client) -> None:
    pages = crawled(bare)
    assert set(FIRST) <= set(pages)
    ids = {path: set(re.findall(r'\sid="([^"]+)"', text)) for path, text in pages.items()}
    for path, text in pages.items():
        for link in map(unescape, HREF.findall(text)) if path.startswith("/docs") else ():
            place, mark, anchor = link.partition("#")
            is_outside = f'href="{link}" rel="noreferrer"' in text
            assert is_outside or re.match(r"(/[^/]|#|data:,)", link), (path, link)
            if mark and not place.startswith("/playground"):
                assert anchor in ids[place or path], (path, link)
    for page in docs_path().rglob("*.md"):
        title = next(line[2:] for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("# "))
        assert any(guide.file == page and guide.title == title.replace("`", "") for guide in Guides().pages.values())
    for place, text in ((path, text) for path, text in pages.items() if path.startswith("/docs/") and "<main" in text):
        check_page(place, text)


def check_page(path: str, text: str) -> None:
    """Headings in order, one of the first level, no script or style of its own, no id twice, each box named."""
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", text.partition("<main")[2].partition("</main>")[0])]
    assert levels.count(1) == 1 and levels[0] == 1, path
    assert all(later <= before + 1 for before, later in pairwise(levels)), (path, levels)
    assert not re.search(r"<script>|<style|\son\w+=|\sstyle=|<script(?! src=\"/docs/)", text), path
    names = re.findall(r'\sid="([^"]+)"', text)
    assert len(names) == len(set(names)), path
    assert '<html lang="en">' in text and "<title>" in text and 'name="viewport"' in text


def test_every_operation_is_told_whole(bare: httpx.Client) -> None:
    first = bare.get("/docs/api/reference").text
    for edition in find_editions():
        document = bare.get(f"{edition.base_path}/openapi.json").json()
        for path, method, described in (
            (path, method.upper(), one)
            for path, methods in document["paths"].items()
            for method, one in methods.items()
        ):
            name = described["operationId"]
            place = f"/docs/api/reference/{edition.name}/{slug_of(described['tags'][0])}"
            assert f'href="{place}#{name}"' in first
            article = bare.get(place).text.partition(f'<article id="{name}"')[2].partition("</article>")[0]
            for told in (f">{method}</b><code>{path}</code>", f"<code>{described['x-scope']}</code>", "<h3>curl</h3>",
                         "<h3>Python</h3>", f'href="/playground#{edition.name}/{name}"'):  # fmt: skip
                assert told in article, (name, told)
            for parameter in described["parameters"]:
                assert f"<code>{parameter['name']}</code>" in article, (name, parameter["name"])
            for status in described["responses"]:
                assert status == "304" or re.search(rf"(Answer |row\">){status}\b", article), (name, status)


@pytest.mark.long
def test_the_sample_of_an_answer_is_one(bare: httpx.Client) -> None:
    for edition in find_editions():
        described = {one.operation_id: one for one in operations_of(document_of(edition))}
        for operation in edition.operations:
            if operation.is_empty:
                continue
            found = described[operation.operation_id]
            sample = found.shapes.sample(found.answer_schema)
            is_inside = operation.is_list or (edition.name == "ambra" and not operation.is_whole)
            sample = sample["data"] if is_inside else sample
            TypeAdapter(operation.shape).validate_python(sample[0] if operation.is_list else sample)


def test_defaults_limits_and_inner_fields_are_told(bare: httpx.Client) -> None:
    orders = bare.get("/docs/api/reference/operations/orders").text
    assert "<code>per_page</code></th><td>integer</td><td><code>25</code>" in orders
    assert "One of cancelled, fulfilled, pending, reserved" in orders
    assert '<code><span class="inside">items[].</span><wbr>sku</code>' in orders
    assert "Flat, or inside <code>order</code>" in orders
    assert '<code>items</code> <em class="required">required</em></th><td>array of objects</td>' in orders
    assert "<code>INSUFFICIENT_STOCK</code>" in orders
    stock = bare.get("/docs/api/reference/stock/movements").text
    assert "<code>INVALID_REQUEST</code>" in stock and "One of in, out, adjustment, transfer" in stock


def test_pages_are_safe_to_open_and_cheap_to_ask_again(bare: httpx.Client) -> None:
    for path in (*FIRST, "/docs/search.json", *(f"/docs/{name}" for name in KINDS)):
        answer = bare.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        again = bare.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
        head = bare.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(answer.content))
    for name, kind in KINDS.items():
        assert bare.get(f"/docs/{name}").headers["content-type"] == kind
        text = data_path(f"documentation/{name}").read_text(encoding="utf-8")
        assert (
            "http" not in text.replace("PRINTED", "").replace('"http:" +', "")
            and "url(" not in text
            and "@import" not in text
        )
    script = data_path("documentation/page.js").read_text(encoding="utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "document.write", "Storage", "cookie"):
        assert word not in script, word
    check_shape(bare.post("/docs"), 405, "METHOD_NOT_ALLOWED")


def test_a_wrong_path_is_told_with_what_may_be_meant(bare: httpx.Client) -> None:
    answer = bare.get("/docs/recieving", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<a href="/docs/receiving">Receiving</a>' in answer.text and "content-security-policy" in answer.headers
    check_page("404", answer.text)
    hostile = bare.get("/docs/<script>alert(1)</script>%22%20onload=x")
    assert hostile.status_code == 404 and "<script>alert" not in hostile.text and "&lt;script&gt;" in hostile.text
    check_shape(bare.get("/docs/recieving", headers={"Accept": "application/json"}), 404, "NOT_FOUND")
    for path in ("/docs/", "/docs/receiving/"):
        turned = bare.get(path)
        assert (turned.status_code, turned.headers["location"]) == (308, path.rstrip("/"))
    for path in (
        "/docs/../pyproject.toml",
        "/docs//etc/passwd",
        "/docs/%2e%2e/README.md",
        "/docs/receiving.md",
        "/docs/%ff%00%0d%0a%1b[31m",
        "/docs/" + "a" * 9000,
        "/docsx",
    ):
        answer = bare.get(path)
        assert answer.status_code == 404
        assert not set("\0\r\x1b") & set(answer.text)


def test_html_in_a_page_is_text_and_titles_are_links() -> None:
    guides = Guides()
    shown = guides.inline("<b onclick=x>*Receiving* [a](javascript:alert(1)) `<i>`")
    assert "<b" not in shown and "<i>" not in shown and "&lt;b onclick" in shown
    assert '<a href="/docs/receiving">Receiving</a>' in shown and 'href="javascript' not in shown


def test_the_search_knows_pages_sections_and_operations(bare: httpx.Client) -> None:
    entries = bare.get("/docs/search.json").json()
    places = {place: title for title, _, place in entries}
    assert places["/docs/receiving"] == "Receiving"
    assert places["/docs/api/reference/operations/orders#createOrder"].startswith("Place an order")
    assert "/docs/api#keys" in places


def test_the_postman_collection_holds_every_operation(bare: httpx.Client) -> None:
    answer = bare.get("/docs/api/postman")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="ambrawms.postman_collection.json"'
    collection = answer.json()
    assert collection["info"]["schema"] == "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    assert {variable["key"] for variable in collection["variable"]} == {"base_url", "api_key"}
    assert collection["auth"]["bearer"][0]["value"] == "{{api_key}}"
    editions = find_editions()
    assert [folder["name"] for folder in collection["item"]] == [edition.title for edition in editions]
    for edition, folder in zip(editions, collection["item"], strict=True):
        check_folder(folder, bare.get(f"{edition.base_path}/openapi.json").json())


def check_folder(folder: dict[str, Any], document: dict[str, Any]) -> None:
    """Every operation once, in the folder of its tag, with its path, filters and example."""
    asked = {
        (request["request"]["method"], "/" + "/".join(request["request"]["url"]["path"])): (
            inner["name"],
            request["request"],
        )
        for inner in folder["item"]
        for request in inner["item"]
    }
    told = {
        (method.upper(), re.sub(r"{(\w+)}", r":\1", path)): described
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    }
    assert set(asked) == set(told)
    for place, described in told.items():
        tag, request = asked[place]
        assert tag == described["tags"][0]
        variables = {given["key"] for given in request["url"].get("variable", ())}
        assert variables == {part[1:] for part in request["url"]["path"] if part.startswith(":")}
        filters = {parameter["name"] for parameter in described["parameters"] if parameter["in"] == "query"}
        assert {given["key"] for given in request["url"].get("query", ())} == filters
        body = described.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "example" in body:
            assert json.loads(request["body"]["raw"]) == body["example"]
