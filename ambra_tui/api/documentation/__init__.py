"""The documentation, served under /docs: the pages of `ambra_tui/docs` and the reference of every edition.

No page needs a key, reads the store or loads anything from elsewhere.

Example::

    curl http://127.0.0.1:8080/docs/api/postman -o ambrawms.postman_collection.json
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.edition import Edition
from ambra_tui.api.etags import matches
from ambra_tui.api.failures import refused

if TYPE_CHECKING:
    from ambra_tui.api.documentation.site import Content, Site

ROOT = "/docs"
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


def documentation_endpoints(editions: Sequence[Edition]) -> dict[str, Endpoint]:
    """The pages, by path."""

    @cache
    def site() -> Site:
        from ambra_tui.api.documentation.site import Site  # imported late: Markdown and colours cost a start

        return Site(editions)

    kept: dict[str, Content] = {}

    def find(path: str) -> Content | None:
        found = site().find(path)
        if found is not None:
            kept[path] = found
        return found

    async def serve(request: Request) -> Response:
        path: str = request.url.path
        content = kept.get(path) or await asyncio.to_thread(find, path)  # making a page is no work for the loop
        if content is not None:
            return _answer(request, content)
        short = path.rstrip("/")
        if short != path and await asyncio.to_thread(find, short) is not None:
            return RedirectResponse(short, status_code=308, headers=HEADERS)
        if not _wants_html(request):
            raise refused(404, "NOT_FOUND", "There is no page at this path; /docs lists them")
        missing = await asyncio.to_thread(lambda: site().missing(path))
        return Response(missing.text, status_code=404, media_type=missing.kind, headers=HEADERS)

    return {ROOT: serve, f"{ROOT}/{{page:path}}": serve}


def _answer(request: Request, content: Content) -> Response:
    headers = {**HEADERS, "ETag": content.etag}
    if content.name:
        headers["Content-Disposition"] = f'attachment; filename="{content.name}"'
    known = request.headers.get("if-none-match")
    if known is not None and matches(known, content.etag, weak=True):
        return Response(status_code=304, headers=headers)
    return Response(content.text, media_type=content.kind, headers=headers)


def _wants_html(request: Request) -> bool:
    accept = request.headers.get("accept", "*/*")
    return "text/html" in accept or "json" not in accept
