"""The playground: every call of an edition tried from the browser, served by the program itself without a network.

The list of calls is in the page as it comes; the page's own script fills in a call from the edition's OpenAPI document
and sends it with the key that the person gives. Nothing is loaded from elsewhere, and the page's policy says so.

Example::

    http://127.0.0.1:8080/playground
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from html import escape

from starlette.requests import Request
from starlette.responses import Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.edition import Edition, Operation
from ambra_tui.api.etags import etag_of, matches
from ambra_tui.kit.resources import data_path

PATH = "/playground"
FILES = {"page.css": "text/css", "page.js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_MARK = "<!-- calls -->"
_Read = Callable[[], str]


def playground_endpoints(editions: Sequence[Edition]) -> dict[str, Endpoint]:
    """The page and its two files, by path."""

    @cache
    def page() -> str:
        calls = "\n".join(calls_of(edition) for edition in editions)
        return _file("page.html").replace(_MARK, calls)

    endpoints = {PATH: _endpoint(page, "text/html")}
    for name, kind in FILES.items():
        endpoints[f"{PATH}/{name}"] = _endpoint(_reader(name), kind)
    return endpoints


def calls_of(edition: Edition) -> str:
    """The list of an edition's calls, grouped as its document groups them."""
    tags = dict.fromkeys(operation.tag for operation in edition.operations)
    groups = [_group(edition, tag, [entry for entry in edition.operations if entry.tag == tag]) for tag in tags]
    document = f"{edition.base_path}/openapi.json"
    head = f'<section data-document="{escape(document)}"><h2>{escape(edition.title)}</h2>'
    return "\n".join([head, *groups, "</section>"])


def _group(edition: Edition, tag: str, operations: Sequence[Operation]) -> str:
    rows = "\n".join(_row(edition, operation) for operation in operations)
    return f'<div class="group"><h3>{escape(tag)}</h3><ul>\n{rows}\n</ul></div>'


def _row(edition: Edition, operation: Operation) -> str:
    path = escape(operation.path.replace(":path}", "}") or edition.base_path)
    method = f'<b class="method {operation.method}">{operation.method}</b>'
    link = f'<a href="#{escape(edition.name)}/{escape(operation.operation_id)}">'
    return f"<li>{link}{method}<code>{path}</code><span>{escape(operation.summary)}</span></a></li>"


def _file(name: str) -> str:
    return data_path(f"playground/{name}").read_text(encoding="utf-8")


def _reader(name: str) -> _Read:
    @cache
    def read() -> str:
        return _file(name)

    return read


def _endpoint(read: _Read, kind: str) -> Endpoint:
    async def serve(request: Request) -> Response:
        content = read().encode()
        headers = {**HEADERS, "ETag": etag_of(content)}
        known = request.headers.get("if-none-match")
        if known is not None and matches(known, headers["ETag"], weak=True):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    return serve
