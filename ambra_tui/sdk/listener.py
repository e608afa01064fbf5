"""A small HTTP server in a thread, for webhooks on a workstation or inside a warehouse.

It answers 204 when an event was taken in, 400 for what the server did not sign, and 500 when a handler failed, which
makes the server send the event again. It speaks HTTP: in front of the internet stands a proxy that speaks HTTPS.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from ambra_tui.sdk.errors import AmbraError
from ambra_tui.sdk.record import Record

MAX_BODY = 1024 * 1024
SOCKET_SECONDS = 10.0
POLL_SECONDS = 0.1
_log = logging.getLogger("ambrawms.webhooks")

Verify = Callable[[bytes, Mapping[str, str]], Record]
Dispatch = Callable[[Record], None]


class Listener:
    """A running server; `address` is where it listens. Close it, or use it in a ``with``."""

    def __init__(self, verify: Verify, dispatch: Dispatch, *, host: str, port: int) -> None:
        self._server = _Server((host, port), verify, dispatch)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="ambrawms-webhooks", daemon=True
        )
        self._thread.start()
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self._server.server_port}"

    def close(self) -> None:
        """Ends the server; deliveries that are being handled are finished."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, address: tuple[str, int], verify: Verify, dispatch: Dispatch) -> None:
        self.verify, self.dispatch = verify, dispatch
        super().__init__(address, _Delivery)

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that went away is noted, not printed."""
        _log.debug("a connection of %s broke", client_address, exc_info=True)


class _Delivery(BaseHTTPRequestHandler):
    """One request. `timeout` bounds how long a slow sender may hold a thread."""

    protocol_version = "HTTP/1.1"
    timeout = SOCKET_SECONDS
    server: _Server

    def do_POST(self) -> None:
        body = self._body()
        status = 400 if body is None else self._take(body)
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY:
            return None
        return self.rfile.read(int(length))

    def _take(self, body: bytes) -> int:
        try:
            event = self.server.verify(body, dict(self.headers.items()))
        except AmbraError as refusal:
            _log.warning("a webhook was refused: %s", refusal)
            return 400
        try:
            self.server.dispatch(event)
        except Exception:  # noqa: BLE001  # the edge of a thread
            _log.exception("a webhook's handler failed")
            return 500
        return 204

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the library's name
        _log.debug(format, *arguments)
