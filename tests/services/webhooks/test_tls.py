"""Over TLS the connection goes to the judged address, and the certificate is asked for and judged by the name."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ambra_tui.services.webhooks.claims import Job, Outcome
from ambra_tui.services.webhooks.sender import Sender
from tests.services.webhooks.conftest import LOOPBACK, START

if TYPE_CHECKING:
    from ambra_tui.store import Store

pytestmark = pytest.mark.long  # makes a certificate with the openssl program
NAME = "erp.example.com"


class Secure:
    """A receiver with a certificate of its own, for `NAME`."""

    def __init__(self, folder: Path) -> None:
        self.hosts: list[str] = []
        self.names: list[str | None] = []
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
        command += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        self.certificate = certificate
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.hosts.append(self.headers["Host"])
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secure]:
    """The receiver, whose certificate this process trusts."""
    receiver = Secure(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(receiver.certificate))
    receiver.thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    receiver.thread.join(10)


def test_the_certificate_is_judged_by_the_name(sqlite_store: Store, secure: Secure) -> None:
    sender = Sender(sqlite_store, settings=LOOPBACK, resolve=lambda _host, _port: ["127.0.0.1"])

    async def tried(host: str) -> Outcome:
        url = f"https://{host}:{secure.port}/hooks"
        job = Job(1, "dlv_1", "whk_1", "evt_1", "product.created", "{}", 1, url, ("a secret of ours",), START)
        async with sender._client() as client:
            return await sender.attempt(client, job)

    good, bad = asyncio.run(tried(NAME)), asyncio.run(tried("other.example.com"))
    assert (good.status, good.error) == (204, "")
    assert (bad.status, bad.error) == (None, "its certificate is not good")
    assert secure.names == [NAME, "other.example.com"]
    assert secure.hosts == [f"{NAME}:{secure.port}"]
