"""The application: every edition's router, the health paths, one layer of errors, one frame around all.

Example::

    app = make_app(store)      # an ASGI application; `server.py` runs it
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from ambra_tui import __version__
from ambra_tui.api.edition import Edition
from ambra_tui.api.endpoint import endpoint_of
from ambra_tui.api.errors import Errors, install
from ambra_tui.api.frame import AccessLog, Frame
from ambra_tui.api.health import HEALTH_PATHS, health_router
from ambra_tui.api.openapi import document_of
from ambra_tui.kit.discover import discover
from ambra_tui.store import Store

_PATH_NAME = re.compile(r"{[a-z_]+(:path)?}")


def find_editions() -> list[Edition]:
    """Every edition, found in `ambra_tui.api.editions`."""
    return list(discover("ambra_tui.api.editions", "EDITION").values())


def router_of(edition: Edition) -> APIRouter:
    """A router with every operation of an edition. Raises ValueError when two share a method and path, or an id."""
    _refuse_repeats(edition)
    router = APIRouter(redirect_slashes=False)
    for operation in edition.operations:
        router.add_api_route(
            edition.base_path + operation.path,
            endpoint_of(edition, operation),
            methods=[operation.method],
            operation_id=operation.operation_id,
            summary=operation.summary,
            tags=[operation.tag],
            status_code=operation.status,
            response_model=None,
        )
    return router


def _refuse_repeats(edition: Edition) -> None:
    places = [(operation.method, operation.path) for operation in edition.operations]
    names = [operation.operation_id for operation in edition.operations]
    if len(set(places)) != len(places) or len(set(names)) != len(names):
        raise ValueError(f"edition {edition.name} declares an operation twice")


def make_app(store: Store, *, editions: Sequence[Edition] | None = None, log: AccessLog | None = None) -> ASGIApp:
    """The application over an open store. Every operation declares its scope, or its edition cannot be imported."""
    editions = find_editions() if editions is None else editions
    app = FastAPI(
        title="AmbraWMS", version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.store = store
    errors = Errors(editions, _Methods(editions))
    install(app, errors)
    for edition in editions:
        router = router_of(edition)
        _serve_document(app, edition, router)
        app.include_router(router)
    app.include_router(health_router())
    return Frame(app, on_error=errors.response, log=log)


def _serve_document(app: FastAPI, edition: Edition, router: APIRouter) -> None:
    document = cache(lambda: document_of(edition, router))

    async def openapi(_request: Request) -> Response:
        return JSONResponse(document())

    app.add_route(f"{edition.base_path}/openapi.json", openapi, methods=["GET"], include_in_schema=False)


class _Methods:
    """Which methods a path answers, over all routes that match it; for `Allow`."""

    def __init__(self, editions: Sequence[Edition]) -> None:
        self._patterns = [
            (_pattern(edition.base_path + operation.path), operation.method)
            for edition in editions
            for operation in edition.operations
        ]
        documents = [f"{edition.base_path}/openapi.json" for edition in editions]
        self._patterns += [(_pattern(path), "GET") for path in (*documents, *HEALTH_PATHS)]

    def __call__(self, path: str) -> list[str]:
        return sorted({method for pattern, method in self._patterns if pattern.fullmatch(path)})


def _pattern(path: str) -> re.Pattern[str]:
    parts = []
    position = 0
    for name in _PATH_NAME.finditer(path):
        parts += [re.escape(path[position : name.start()]), ".*" if name[1] else "[^/]+"]
        position = name.end()
    return re.compile("".join([*parts, re.escape(path[position:])]), re.DOTALL)
