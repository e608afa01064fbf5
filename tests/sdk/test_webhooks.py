"""Webhooks at the receiver: what is signed, what is too old, which handler is called, what the listener answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from ambrawms import AmbraError, AmbraWMS, Listener, Record, SignatureInvalid, verify_standard_webhook, verify_webhook

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
EVENT = {
    "id": "evt_123456", "type": "stock_level.low", "created_at": "2025-11-26T10:00:00Z",
    "data": {"object": {"name": "Premium T-Shirt", "available": 2.5}},
}  # fmt: skip
BODY = json.dumps(EVENT).encode()


def delivered(
    body: bytes = BODY, *, key: bytes = b"0123456789abcdef0123456789abcdef", at: float | None = None
) -> dict[str, str]:
    """The headers of a delivery as Standard Webhooks has them."""
    moment = str(int(time.time() if at is None else at))
    digest = hmac.new(key, f"msg_1.{moment}.".encode() + body, hashlib.sha256).digest()
    signature = "v1,c3Bvb2Y= v1," + base64.b64encode(digest).decode()  # an older secret's signature stands before it
    return {"Webhook-Id": "msg_1", "Webhook-Timestamp": moment, "Webhook-Signature": signature}


@pytest.fixture
def client() -> Iterator[AmbraWMS]:
    with AmbraWMS(api_key="k", base_url="http://127.0.0.1:1") as opened:
        yield opened


# --- signatures -------------------------------------------------------------------------------------------------------


def test_the_printed_signature() -> None:
    fox = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    assert verify_webhook("The quick brown fox jumps over the lazy dog", fox, "key")
    signature = hmac.new(b"your_webhook_secret", BODY, "sha256").hexdigest()
    assert verify_webhook(BODY, signature, "your_webhook_secret")
    assert verify_webhook(BODY.decode(), signature, "your_webhook_secret")
    for body, given, secret in (
        (BODY + b" ", signature, "your_webhook_secret"),
        (BODY, signature, "another_secret"),
        (BODY, signature[:-1], "your_webhook_secret"),
        (BODY, f"sha256={signature}", "your_webhook_secret"),
        (BODY, "", "your_webhook_secret"),
        (BODY, "ü" * 64, "your_webhook_secret"),
        (BODY, "\udcff" * 64, "your_webhook_secret"),
    ):
        assert not verify_webhook(body, given, secret)


def test_the_known_answer_of_standard_webhooks() -> None:
    # the example that the standard's own libraries are tested with
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }  # fmt: skip
    secret, body, moment = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"test": 2432232314}', 1614265330
    assert verify_standard_webhook(body, headers, secret, now=moment)
    assert verify_standard_webhook(body, headers, secret, now=moment + 300)
    assert not verify_standard_webhook(body, headers, secret, now=moment + 301)
    assert not verify_standard_webhook(body, headers, secret, now=moment - 301)
    assert not verify_standard_webhook(body, headers, secret)  # years later
    assert not verify_standard_webhook(body, {**headers, "webhook-id": "msg_2"}, secret, now=moment)
    assert not verify_standard_webhook(body, {**headers, "webhook-timestamp": "soon"}, secret, now=moment)
    assert not verify_standard_webhook(body, {**headers, "webhook-signature": "v2,x"}, secret, now=moment)
    assert not verify_standard_webhook(body, {}, secret, now=moment)


def test_a_secret_of_one_s_own_is_its_text() -> None:
    assert verify_standard_webhook(BODY, delivered(key=b"your_webhook_secret"), "your_webhook_secret")
    assert verify_standard_webhook(BODY, delivered(key=b"whsec_?"), "whsec_?")
    assert not verify_standard_webhook(BODY, delivered(key=b""), SECRET)


# --- handlers ---------------------------------------------------------------------------------------------------------


def test_handlers_hear_their_events(client: AmbraWMS, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    client.webhooks.on("stock_level.low", lambda event: heard.append(f"low: {event.data.object.name}"))
    client.webhooks.on("product.created", lambda event: heard.append("created"))

    @client.webhooks.on("*")
    def any_event(event: Record) -> None:
        heard.append(event.id)

    assert client.webhooks.handle(BODY, delivered(), secret=SECRET).type == "stock_level.low"
    assert heard == ["low: Premium T-Shirt", "evt_123456"]
    assert client.webhooks.verify(BODY, delivered(), secret=("old", SECRET)).id == "evt_123456"
    assert len(heard) == 2
    monkeypatch.setenv("AMBRA_WEBHOOK_SECRET", SECRET)
    client.webhooks.handle(BODY.decode(), delivered())
    assert len(heard) == 4


def test_what_is_not_signed_reaches_no_handler(client: AmbraWMS, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Record] = []
    client.webhooks.on("*", heard.append)
    plain = {"X-Webhook-Signature": hmac.new(SECRET.encode(), BODY, "sha256").hexdigest()}
    for headers in ({}, delivered(b"{}"), delivered(at=time.time() - 400), plain):
        with pytest.raises(SignatureInvalid):
            client.webhooks.handle(BODY, headers, secret=SECRET)
    for body in (b"null", b"not json", b'{"id": 1}', b'{"type": 5}'):
        with pytest.raises(AmbraError, match="no event"):
            client.webhooks.handle(body, delivered(body), secret=SECRET)
    assert heard == []
    client.webhooks.handle(BODY, plain, secret=SECRET, tolerance_seconds=None)
    assert len(heard) == 1
    monkeypatch.delenv("AMBRA_WEBHOOK_SECRET", raising=False)
    for secret in (None, "", (), ("known", "")):
        with pytest.raises(ValueError, match="no secret"):
            client.webhooks.handle(BODY, delivered(), secret=secret)


def test_a_slip_in_a_handler_s_registration_is_told_at_once(client: AmbraWMS) -> None:
    async def later(event: Record) -> None:
        """Would never run."""

    with pytest.raises(ValueError, match="such as"):
        client.webhooks.on("stock level low", print)
    for wrong in (later, "print"):
        with pytest.raises(TypeError, match="plain function"):
            client.webhooks.on("stock_level.low", wrong)  # type: ignore[type-var]


# --- the listener -----------------------------------------------------------------------------------------------------


def announced(listener: Listener, name: str, value: str) -> int:
    """What the listener answers to a body that it will not read."""
    connection = http.client.HTTPConnection(listener.address.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/")
    connection.putheader(name, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_listener_takes_in_what_is_signed(client: AmbraWMS, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Record] = []
    threads: list[threading.Thread] = []

    def take(event: Record) -> None:
        threads.append(threading.current_thread())
        heard.append(event)
        if event.id == "evt_bad":
            raise ValueError("the shop is closed")

    client.webhooks.on("stock_level.low", take)
    bad = json.dumps({**EVENT, "id": "evt_bad"}).encode()
    with client.webhooks.listen(secret=SECRET) as listener, httpx.Client(base_url=listener.address) as sender:
        assert isinstance(listener, Listener)
        assert sender.post("/", content=BODY, headers=delivered()).status_code == 204
        assert sender.post("/hook", content=BODY, headers=delivered(b"{}")).status_code == 400
        for wrong in (
            ("Content-Length", str(1024 * 1024 + 1)),
            ("Content-Length", "-1"),
            ("Transfer-Encoding", "chunked"),
        ):
            assert announced(listener, *wrong) == 400
        assert sender.get("/").status_code == 501
        assert sender.post("/", content=bad, headers=delivered(bad)).status_code == 500  # so that it is sent again
    assert [event.id for event in heard] == ["evt_123456", "evt_bad"]
    assert all(thread is not threading.main_thread() for thread in threads)
    assert "the shop is closed" in caplog.text and SECRET not in caplog.text
    with pytest.raises(httpx.ConnectError):
        httpx.post(listener.address, content=BODY)
