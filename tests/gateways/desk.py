"""A desk that speaks Stripe's wire protocol on a port, for what `localstripe` does not do: idempotency keys, disputes,
refunds that fail later, answers that are lost on the way.

Example::

    with Desk() as desk:
        desk.loses = 1          # the next call is done, and nobody hears of it
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

KEY, SECRET = "sk_test_of_the_desk", "whsec_of_the_desk"


class Desk:
    """What it was asked, what it holds. `loses`: so many calls are done without an answer. `is_down`: nothing is.
    `may_answer`: while it is not set, what is done waits for its answer."""

    def __init__(self) -> None:
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.acted: list[str] = []
        self.loses, self.is_down = 0, False
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._count = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def open(self) -> Iterator[Desk]:
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self._answer(dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True)))

            def _answer(self, fields: dict[str, str]) -> None:
                path = self.path.partition("?")[0]
                status, content = desk.serve(self.command, path, fields, self.headers)
                desk.may_answer.wait(60)
                if not status:
                    self.close_connection = True
                    return
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                with suppress(ConnectionError):
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def serve(
        self, method: str, path: str, fields: dict[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Status 0: the connection ends without an answer."""
        with self._lock:
            key = headers.get("Idempotency-Key") or ""
            self.asked.append((f"{method} {path}", key, fields))
            if self.is_down:
                return 0, {}
            if headers.get("Authorization") != f"Bearer {KEY}":
                return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}
            if key and key in self._answers:
                answer = self._answers[key]
            else:
                answer = self._act(method, path.split("/")[2:], fields)
                if key:
                    self._answers[key] = answer
                    self.acted.append(f"{method} {path}")
            if self.loses and method == "POST":
                self.loses -= 1
                return 0, {}
            return answer

    def _act(self, method: str, parts: list[str], fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
        held = {"payment_intents": self.intents, "refunds": self.refunds, "disputes": self.disputes}[parts[0]]
        if len(parts) == 1:
            return 200, self._made(parts[0], fields)
        if parts[1] not in held:
            return 404, {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such"}}
        row = held[parts[1]]
        if parts[2:] == ["capture"]:
            if row["status"] != "requires_capture":
                return 400, {"error": {"type": "invalid_request_error", "code": "payment_intent_unexpected_state",
                                       "message": "This PaymentIntent could not be captured."}}  # fmt: skip
            row |= {"status": "succeeded", "amount_received": int(fields["amount_to_capture"])}
        elif parts[2:] == ["cancel"]:
            row["status"] = "canceled"
        elif parts[0] == "disputes" and method == "POST":
            row |= {"status": "under_review", "evidence": fields}
        return 200, row

    def _made(self, kind: str, fields: dict[str, str]) -> dict[str, Any]:
        self._count += 1
        marks = {name[9:-1]: value for name, value in fields.items() if name.startswith("metadata[")}
        if kind == "refunds":
            row = {
                "id": f"re_{self._count}", "object": "refund", "amount": int(fields["amount"]), "metadata": marks,
                "payment_intent": fields["payment_intent"], "status": "pending",
                "currency": self.intents[fields["payment_intent"]]["currency"],
            }  # fmt: skip
            self.refunds[str(row["id"])] = row
            return row
        status = "succeeded" if fields["capture_method"] == "automatic" else "requires_capture"
        if fields["payment_method_types[0]"] == "us_bank_account":
            status = "processing"  # a bank takes its days
        amount = int(fields["amount"])
        row = {
            "id": f"pi_{self._count}", "object": "payment_intent", "amount": amount, "currency": fields["currency"],
            "status": status if "payment_method" in fields else "requires_payment_method", "metadata": marks,
            "client_secret": f"pi_{self._count}_secret", "next_action": None, "last_payment_error": None,
            "amount_received": amount if status == "succeeded" else 0,
            "latest_charge": {
                "id": "ch_1", "object": "charge",
                "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}},
            },
        }  # fmt: skip
        self.intents[str(row["id"])] = row
        return row
