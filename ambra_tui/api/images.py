"""Pictures of products, to everybody who knows their address; what an address shows never changes.

Example::

    <img src="/images/9f86d081884c7d65....png">
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.etags import matches
from ambra_tui.api.failures import Failure, Refused
from ambra_tui.services.images import read
from ambra_tui.store import Store

PATH = "/images/{name}"
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def image_endpoint(store: Store) -> Endpoint:
    """Answers a picture's bytes, 304 to whoever has them, 404 for what there is not."""

    async def image(request: Request) -> Response:
        name: str = request.path_params["name"]
        content = await asyncio.to_thread(read, store, name)
        if content is None:
            raise Refused(Failure(404, "NOT_FOUND", "There is nothing at this path"))
        digest, _, kind = name.partition(".")
        headers = {**_HEADERS, "ETag": f'"{digest}"'}
        known = request.headers.get("if-none-match")
        if known is not None and matches(known, headers["ETag"], weak=True):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=f"image/{kind}", headers=headers)

    return image
