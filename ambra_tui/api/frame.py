"""The outermost layer: a request id in and out, HEAD as GET, the access log, and no exception past it.

Example::

    app = Frame(dispatcher, on_error=errors.response, log=AccessLog(path))
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ambra_tui.api.failures import INTERNAL, Failure
from ambra_tui.kit.clock import Clock
from ambra_tui.kit.ids import new_id

_log = logging.getLogger("ambra.api")
_SAFE_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
ErrorResponse = Callable[[str, Failure, str, str], Response]


class AccessLog:
    """One JSON line a request, appended to a file. Paths are logged without their query: it may hold secrets."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def write(self, **entry: Any) -> None:
        """Append one line."""
        with self._lock:
            self._file.write(json.dumps(entry, ensure_ascii=True) + "\n")

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


class Frame:
    """Wraps the application. `on_error` renders a failure by path: (path, failure, request id, accept)."""

    def __init__(self, app: ASGIApp, *, on_error: ErrorResponse, log: AccessLog | None = None) -> None:
        self._app, self._on_error, self._log = app, on_error, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request_id = _request_id(scope)
        inner = {**scope, "method": "GET" if scope["method"] == "HEAD" else scope["method"]}
        inner["state"] = {**scope.get("state", {}), "request_id": request_id}
        started = time.monotonic()
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(inner, receive, send_marked)
        except Exception:  # noqa: BLE001  the last one to see it: logged, and answered without its text
            _log.exception("request %s failed", request_id)
            if not status:
                await self._on_error(scope["path"], INTERNAL, request_id, "")(inner, receive, send_marked)
        finally:
            self._note(scope, inner, status=status, request_id=request_id, started=started)

    def _note(self, scope: Scope, inner: Scope, *, status: int, request_id: str, started: float) -> None:
        if self._log is None:
            return
        self._log.write(
            at=Clock().now().isoformat(timespec="milliseconds"),
            method=scope["method"],
            path=scope["path"],
            status=status,
            milliseconds=round((time.monotonic() - started) * 1000, 2),
            request_id=request_id,
            key=inner["state"].get("key_id", ""),
            client=inner["state"].get("address", ""),
        )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SAFE_ID.fullmatch(value):
            return str(value.decode("ascii"))
    return new_id("req")
