"""Where payment gateways tell of what happened at their place: open to everybody, and believed by its signature alone.

Example::

    POST /v2/payments/notices/stripe      Stripe-Signature: t=1767225600,v1=5257a869...
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.endpoint import ASKERS
from ambra_tui.api.requests import read_body
from ambra_tui.gateways import find_gateways
from ambra_tui.services.payments import take_notice
from ambra_tui.store import Store

PLACE = "/v2/payments/notices"


def notice_endpoints(store: Store) -> Mapping[str, Endpoint]:
    """Path -> the function that answers notices of one gateway. The sandbox sends none."""
    return {f"{PLACE}/{name}": _endpoint(store, name) for name in find_gateways() if name != "sandbox"}


def _endpoint(store: Store, name: str) -> Endpoint:
    async def notice(request: Request) -> Response:
        body = await read_body(request)
        headers = {key.lower(): value for key, value in request.headers.items()}
        is_new = await asyncio.get_running_loop().run_in_executor(ASKERS, take_notice, store, name, body, headers)
        return JSONResponse({"received": True, "applied": is_new})

    return notice
