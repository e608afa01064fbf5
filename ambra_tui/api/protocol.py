"""HTTP/1.1 on the wire, with the limits that the server library leaves out: slow heads, slow bodies, slow readers,
too many connections. What the parser refuses is answered in our own shape.

Example::

    uvicorn.Config(app, http=DeadlineProtocol)
"""

from __future__ import annotations

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ambra_tui.api.failures import Failure, plain_body
from ambra_tui.kit.ids import new_id

HEAD_SECONDS = 8.0
MESSAGE_SECONDS = 14.0
READER_SECONDS = 30.0
MAX_CONNECTIONS = 900


class DeadlineProtocol(H11Protocol):
    """One connection. A head must be complete after `HEAD_SECONDS`, its body after `MESSAGE_SECONDS`; an answer that
    nobody reads is dropped after `READER_SECONDS`."""

    _deadline: asyncio.TimerHandle | None = None
    _reader_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP alone
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None:
            self._watch()
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._unwatch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            # Between requests the keep-alive limit of the library rules.
            self._unwatch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader_deadline = self.loop.call_later(READER_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._reader_deadline is not None:
            self._reader_deadline.cancel()
            self._reader_deadline = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Not HTTP, or a head beyond the limit."""
        self._unwatch()
        self._answer_raw(Failure(400, "INVALID_REQUEST", "This is not an HTTP request that can be answered"))

    def _watch(self) -> None:
        self._unwatch()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._head_due)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_due(self) -> None:
        self._deadline = None
        if self.conn.their_state is h11.IDLE:
            self._answer_raw(Failure(408, "REQUEST_TIMEOUT", "The request came too slowly"))
        elif self.conn.their_state is h11.SEND_BODY:
            self._deadline = self.loop.call_later(MESSAGE_SECONDS - HEAD_SECONDS, self.transport.abort)

    def _answer_raw(self, failure: Failure) -> None:
        """Answers outside the application, and closes."""
        if self.transport.is_closing():
            return
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = json.dumps(plain_body(failure, new_id("req"))).encode()
            headers = [
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ]
            start = h11.Response(status_code=failure.status, headers=headers)
            for event in (start, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
