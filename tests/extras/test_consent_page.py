"""The consent page in a real browser: what is shown, typed and pressed there, and where it leads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from ambra_tui.services import access, oauth
from ambra_tui.store import SYSTEM, open_store
from tests.api.oauth import BADGE, PIN, challenge_of, query_of, verifier
from tests.server_process import ServerProcess

WAIT = 30
SEEN = "document.body ? document.body.innerText : ''"
TYPED = """
(() => {{
  document.getElementById('name').value = {name};
  document.getElementById('secret').value = {secret};
  document.querySelector('button[value={decision}]').click();
}})()
"""


class Chromium:
    """A browser without a window, told what to do through its own pipe."""

    def __init__(self, folder: Path) -> None:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        assert path, "Chromium is not installed"
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        command = (
            f"exec '{path}' --headless --no-sandbox --disable-gpu --remote-debugging-pipe --user-data-dir='{folder}' "
            f"--accept-lang=en about:blank 3<&{theirs_in} 4>&{theirs_out}"
        )
        self._process = subprocess.Popen(
            ["bash", "-c", command], pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._number = 0
        self._rest = b""
        target = self._tell("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def _tell(self, method: str, session: str = "", **params: Any) -> Any:
        self._number += 1
        message = {
            "id": self._number,
            "method": method,
            "params": params,
            **({"sessionId": session} if session else {}),
        }
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                return answer.get("result", answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, 65_536)
            assert part, "the browser is gone"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def open(self, address: str) -> None:
        self._tell("Page.navigate", self._session, url=address)

    def evaluate(self, script: str) -> Any:
        told = self._tell("Runtime.evaluate", self._session, expression=script)
        return told.get("result", {}).get("value")

    def wait_for(self, text: str) -> str:
        for _ in range(WAIT * 10):
            seen = str(self.evaluate(SEEN))
            if text in seen:
                return seen
            threading.Event().wait(0.1)
        raise AssertionError(f"{text!r} is not on the page: {seen}")

    def decide(self, decision: str, secret: str = PIN) -> None:
        self.evaluate(TYPED.format(name=json.dumps(BADGE), secret=json.dumps(secret), decision=decision))

    def close(self) -> None:
        self._process.kill()
        self._process.wait(WAIT)
        os.close(self._to)
        os.close(self._from)


@contextmanager
def program_of_its_own() -> Iterator[tuple[str, Queue[str]]]:
    """A program on this machine that is sent codes."""
    codes: Queue[str] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/callback"):
                codes.put(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"You can close this window.")

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/callback", codes
    server.shutdown()
    server.server_close()
    thread.join(WAIT)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_person_allows_a_program_in_a_browser(store_url: str, tmp_path: Path) -> None:
    with open_store(store_url) as store:
        organization = access.create_organization(store, "Acme")
        assert organization.id is not None
        store.writer.run(
            lambda session: access.create_user(session, name="Ana", badge=BADGE, pin=PIN, role="supervisor"),
            organization_id=organization.id, actor=SYSTEM,
        )  # fmt: skip
        asked = oauth.NewClient("Scan Tool", ["http://127.0.0.1/callback"], ["products:read"], is_public=True)
        client, _ = oauth.create_client(store, asked, organization_id=organization.id)
    own = verifier()
    with ServerProcess.start(store_url) as server, program_of_its_own() as (back, codes):
        browser = Chromium(tmp_path / "profile")
        try:
            query = {
                "response_type": "code", "client_id": client.id, "redirect_uri": back, "scope": "products:read",
                "state": "af0ifjsldkj", "code_challenge": challenge_of(own), "code_challenge_method": "S256",
            }  # fmt: skip
            browser.open(f"{server.address}/oauth/authorize?{urlencode(query)}")
            seen = browser.wait_for("asks for access")
            assert "Scan Tool" in seen and "see products" in seen and back.split("/")[2] in seen
            assert browser.evaluate("getComputedStyle(document.querySelector('.allow')).borderRadius") == "8px"
            assert browser.evaluate("document.cookie") == ""
            browser.decide("allow", secret="0000")
            browser.wait_for("is wrong")
            browser.decide("allow", secret="")
            browser.wait_for("asks for access")
            browser.decide("allow")
            browser.wait_for("You can close this window.")
            told = query_of(codes.get(timeout=WAIT))
            assert told["state"] == "af0ifjsldkj" and told["iss"] == server.address
            token = httpx.post(
                f"{server.address}/oauth/token",
                data={
                    "grant_type": "authorization_code", "client_id": client.id, "code": told["code"],
                    "redirect_uri": back, "code_verifier": own,
                },
            ).json()  # fmt: skip
            bearer = {"Authorization": f"Bearer {token['access_token']}"}
            assert httpx.get(f"{server.address}/v1/products", headers=bearer).status_code == 200
            browser.open(f"{server.address}/oauth/authorize?{urlencode(query)}")
            browser.wait_for("asks for access")
            browser.decide("deny")
            assert query_of(codes.get(timeout=WAIT))["error"] == "access_denied"
        finally:
            browser.close()
