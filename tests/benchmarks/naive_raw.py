"""Routes of the naive server on a bare cursor of the database, key check included: about what Python can do at best.

Example::

    add_routes(app, "sqlite:////tmp/naive.db")
"""

# FastAPI reads the annotations of the routes, so they are not postponed.

import json
import sqlite3
import threading
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Response

LEVELS = (
    "SELECT p.sku, p.name, s.location, s.on_hand, s.reserved, s.on_hand - s.reserved FROM naive_stock s"
    " JOIN naive_product p ON p.id = s.product_id WHERE s.id > ? ORDER BY s.id LIMIT ?"
)
NAMES = ("sku", "name", "location", "on_hand", "reserved", "available")
_threads = threading.local()


def add_routes(app: FastAPI, url: str) -> None:
    """GET /raw/levels: fifty levels after an id, without a total."""
    path = url.removeprefix("sqlite:///")

    def cursor() -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(_threads, "connection", None)
        if found is None:
            found = _threads.connection = sqlite3.connect(path, isolation_level=None)
            found.execute("PRAGMA mmap_size = 1073741824")
        return found

    @app.get("/raw/levels")
    async def levels(authorization: Annotated[str, Header()], after: int = 0, per_page: int = 50) -> Response:
        secret = authorization.removeprefix("Bearer ")
        if cursor().execute("SELECT 1 FROM naive_key WHERE secret = ?", (secret,)).fetchone() is None:
            raise HTTPException(401)
        rows = [dict(zip(NAMES, row, strict=True)) for row in cursor().execute(LEVELS, (after, per_page))]
        return Response(json.dumps({"data": rows}), media_type="application/json")
