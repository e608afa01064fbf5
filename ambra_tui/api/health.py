"""Whether the process is up and whether the store answers; for load balancers, without a key.

Example::

    curl http://127.0.0.1:8080/readyz      # {"status":"ready"}
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.errors import AmbraError, Unavailable
from ambra_tui.store import Store
from ambra_tui.store.schema import SCHEMA_NUMBER, schema_number

_log = logging.getLogger("ambra.api")


def health_endpoints(store: Store) -> dict[str, Endpoint]:
    """``/healthz``: the process is up. ``/readyz``: the store answers and its tables are the newest, else 503."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        if not await asyncio.to_thread(is_ready, store):
            raise Unavailable("The store does not answer, or its tables are not the newest: run `ambra migrate`")
        return JSONResponse({"status": "ready"})

    return {"/healthz": healthz, "/readyz": readyz}


def is_ready(store: Store) -> bool:
    """True when the store answers a query and its schema is this program's."""
    try:
        with store.read_system() as session:
            session.connection().execute(text("SELECT 1"))
        return schema_number(store.url) == SCHEMA_NUMBER
    except (AmbraError, SQLAlchemyError, sqlite3.Error):
        _log.warning("the store does not answer", exc_info=True)
        return False
