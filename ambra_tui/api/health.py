"""Whether the process is up and whether the store answers; for load balancers, without a key.

Example::

    curl http://127.0.0.1:8080/readyz      # {"status":"ready"}
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ambra_tui.errors import AmbraError, Unavailable
from ambra_tui.store import Store
from ambra_tui.store.schema import SCHEMA_NUMBER, schema_number

HEALTH_PATHS = ("/healthz", "/readyz")
_log = logging.getLogger("ambra.api")


def health_router() -> APIRouter:
    """``GET /healthz`` and ``GET /readyz``."""
    router = APIRouter(redirect_slashes=False)
    router.add_api_route("/healthz", healthz, methods=["GET"], include_in_schema=False)
    router.add_api_route("/readyz", readyz, methods=["GET"], include_in_schema=False)
    return router


async def healthz(_request: Request) -> Response:
    """The process is up."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """The store answers and its tables are the newest: 200, else 503."""
    if not await asyncio.to_thread(is_ready, request.app.state.store):
        raise Unavailable("The store does not answer, or its tables are not the newest: run `ambra migrate`")
    return JSONResponse({"status": "ready"})


def is_ready(store: Store) -> bool:
    """True when the store answers a query and its schema is this program's."""
    try:
        with store.read_system() as session:
            session.connection().execute(text("SELECT 1"))
        return schema_number(store.url) == SCHEMA_NUMBER
    except (AmbraError, SQLAlchemyError, sqlite3.Error):
        _log.warning("the store does not answer", exc_info=True)
        return False
