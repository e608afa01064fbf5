"""The application: every edition, health, documentation, playground; one layer of errors and one frame around all.

Example::

    app = make_app(store)      # an ASGI application; `server.py` runs it
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from ambra_tui.api.choice import answers_of
from ambra_tui.api.dispatch import Dispatcher, Endpoint, Routes
from ambra_tui.api.documentation import documentation_endpoints
from ambra_tui.api.edition import Edition
from ambra_tui.api.errors import Errors
from ambra_tui.api.frame import AccessLog, Frame
from ambra_tui.api.gate import Gate
from ambra_tui.api.health import health_endpoints
from ambra_tui.api.images import PATH as IMAGE_PATH
from ambra_tui.api.images import image_endpoint
from ambra_tui.api.notices import notice_endpoints
from ambra_tui.api.oauth import Desk, oauth_endpoints
from ambra_tui.api.parcels import parcel_endpoints
from ambra_tui.api.playground import playground_endpoints
from ambra_tui.api.transport import Transport
from ambra_tui.kit.discover import discover
from ambra_tui.services.oauth.library import Rules
from ambra_tui.settings import SecuritySettings
from ambra_tui.store import Store


def find_editions() -> list[Edition]:
    """Every edition, found in `ambra_tui.api.editions`."""
    return list(discover("ambra_tui.api.editions", "EDITION").values())


def make_app(
    store: Store,
    *,
    editions: Sequence[Edition] | None = None,
    log: AccessLog | None = None,
    trusted_proxies: Sequence[str] = (),
    security: SecuritySettings | None = None,
    is_loopback: bool = True,
) -> ASGIApp:
    """The application over an open store. `is_loopback`: it listens for its own machine alone.

    Every operation declares its scope, or its edition cannot be imported. Raises ValueError when an operation is
    declared twice.
    """
    editions = find_editions() if editions is None else editions
    routes = Routes()
    for edition in editions:
        _refuse_repeated_ids(edition)
        routes.add("GET", f"{edition.base_path}/openapi.json", _document_endpoint(edition))
    for (method, place), answering in answers_of(store, editions).items():
        routes.add(method, place, answering)
    pages = {**playground_endpoints(editions), **documentation_endpoints(editions)}
    for path, endpoint in {**health_endpoints(store), **pages}.items():
        routes.add("GET", path, endpoint)
    errors = Errors(editions)
    gate = Gate(store, errors.edition_at, trusted_proxies=trusted_proxies)
    security = security or SecuritySettings()
    transport = Transport(security, gate.proxies, is_loopback=is_loopback)
    desk = Desk(store, gate, transport, Rules(requires_pkce=security.requires_pkce))
    routes.add("GET", IMAGE_PATH, image_endpoint(store))
    for path, endpoint in notice_endpoints(store).items():
        routes.add("POST", path, endpoint)
    for (method, path), endpoint in parcel_endpoints(store, editions).items():
        routes.add(method, path, endpoint)
    for (method, path), endpoint in oauth_endpoints(editions, desk).items():
        routes.add(method, path, endpoint)
    return Frame(Dispatcher(routes, errors, gate, transport), on_error=errors.response, log=log)


def _refuse_repeated_ids(edition: Edition) -> None:
    names = [operation.operation_id for operation in edition.operations]
    if len(set(names)) != len(names):
        raise ValueError(f"edition {edition.name} declares an operation id twice")


def _document_endpoint(edition: Edition) -> Endpoint:
    @cache
    def document() -> bytes:
        from ambra_tui.api.openapi import document_of  # imported late: nothing else needs the framework

        return bytes(JSONResponse(document_of(edition)).body)

    async def openapi(_request: Request) -> Response:
        return Response(document(), media_type="application/json")  # one each: an answer gets headers of its asker

    return openapi
