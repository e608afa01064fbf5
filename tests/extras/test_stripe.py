"""Stripe by its own library: against `localstripe` with real calls and its own notices, and against a desk that keeps
idempotency keys, has disputes, and loses answers. Needs ``pip install -e ".[dev,stripe]"``."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from ambra_tui.services import errands
from ambra_tui.store import Store
from ambra_tui.store.models import GatewayNotice, OutboxEvent
from ambra_tui.store.scope import now_of, scoped
from tests import factories
from tests.api.commerce import Shop, fields_of
from tests.api.conftest import LiveServer, Loop, open_api
from tests.gateways.desk import KEY, SECRET, Desk
from tests.server_process import ServerProcess

INTENTS, NOTICES = "/payments/intents", "/payments/notices/stripe"
NEW = {"amount": 19999, "currency": "usd", "payment_method": "card"}
CARD = {"type": "card", "card[exp_month]": "12", "card[exp_year]": "2035", "card[cvc]": "123"}
GOOD, DECLINED, ASKS = "4242424242424242", "4000000000000341", "4000002760003184"
EVIDENCE = {"transaction_details": "Sold.", "shipping_proof": "Arrived.", "communication_logs": "Thanks."}


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.stop()


@pytest.fixture
def shop(store: Store, loop: Loop) -> Iterator[Shop]:
    """A live key of an organization with a priced order."""
    server = LiveServer(store, loop)
    api = open_api(store, server.address, "Acme")

    def fill(session: Any) -> None:
        house = factories.warehouse(session)
        factories.stock(session, factories.variant(session, sku="HEADPHONE-001"), house.bin, 10)

    api.write(fill)
    yield Shop(api)
    api.client.close()
    server.stop()


@pytest.fixture
def order(shop: Shop) -> str:
    jane = shop.post("/customers", {"email": "jane@example.com"})
    items = [{"sku": "HEADPHONE-001", "quantity": 1, "price": 199.99}]
    return str(shop.post("/orders", {"customer_id": jane["id"], "items": items, "currency": "USD"})["id"])


def set_up(monkeypatch: pytest.MonkeyPatch, key: str, address: str) -> None:
    monkeypatch.setenv("AMBRA_STRIPE_KEY", key)
    monkeypatch.setenv("AMBRA_STRIPE_URL", address)
    monkeypatch.setenv("AMBRA_STRIPE_WEBHOOK_SECRET", SECRET)


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """localstripe on a port of its own, and a client that speaks to it as a browser's form would."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "localstripe", "--port", str(port), "--from-scratch"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "Running" in process.stdout.readline()
    address = f"http://127.0.0.1:{port}"
    set_up(monkeypatch, "sk_test_local", address)
    with httpx.Client(base_url=address, auth=("sk_test_local", ""), timeout=30) as client:
        yield client
    process.kill()
    process.communicate()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with Desk().open() as opened:
        set_up(monkeypatch, KEY, opened.address)
        yield opened


def token(local: httpx.Client, number: str) -> str:
    """What a form in a browser makes of a card."""
    return str(local.post("/v1/payment_methods", data={**CARD, "card[number]": number}).json()["id"])


def until(look: Callable[[], Any]) -> Any:
    """What `look` sees once it sees something."""
    ends = time.monotonic() + 45
    while not (seen := look()):
        assert time.monotonic() < ends
        threading.Event().wait(0.05)
    return seen


def place_of(shop: Shop) -> str:
    """Where notices are sent to."""
    return f"{str(shop.api.client.base_url).rstrip('/')}/v2{NOTICES}"


def facts(shop: Shop, subject: str) -> list[str]:
    with shop.api.store.read(shop.api.organization_id) as session:
        own = scoped(session, OutboxEvent).where(OutboxEvent.subject == subject)
        return [row.type for row in session.exec(own)]


# -- localstripe -----------------------------------------------------------------------------------------------------


def test_a_payment_from_its_intent_to_its_refund(shop: Shop, local: httpx.Client, order: str) -> None:
    number = {"number": GOOD, "exp_month": 12, "exp_year": 2035, "cvc": "123"}
    assert fields_of(shop.refused(422, "validation_error", "POST", INTENTS, {**NEW, "card": number})) == ["card"]
    for method in ("wire", "bitcoin"):
        refused = shop.refused(422, "validation_error", "POST", INTENTS, {**NEW, "payment_method": method})
        assert fields_of(refused) == ["payment_method"]
    refused = shop.refused(422, "validation_error", "POST", INTENTS, {**NEW, "amount": 5124, "currency": "kwd"})
    assert fields_of(refused) == ["amount"]

    held = shop.post(INTENTS, {**NEW, "payment_token": token(local, GOOD), "order_id": order})
    assert (held["status"], held["gateway"], held["test"]) == ("requires_capture", "stripe", False)
    taken = shop.post(f"/payments/{held['id']}/capture", {"amount": 15000})
    assert (taken["status"], taken["amount_captured"]) == ("succeeded", 15000)
    for _ in range(2):
        back = shop.post(f"/payments/{held['id']}/refund", {"amount": 5000, "reason": "damaged"})
        assert back["status"] == "succeeded"
    shop.refused(422, "validation_error", "POST", f"/payments/{held['id']}/refund", {"amount": 5001})
    there = local.get("/v1/refunds", params={"limit": 10}).json()["data"]
    assert [row["amount"] for row in there if row["metadata"]] == [5000, 5000]
    assert facts(shop, held["id"]) == ["payment_succeeded", "payment_refunded", "payment_refunded"]

    bad = shop.post(INTENTS, {**NEW, "payment_token": token(local, DECLINED)})
    assert (bad["status"], bad["failure"]["code"]) == ("failed", "card_declined")
    yen = shop.post(INTENTS, {**NEW, "amount": 500, "currency": "jpy", "payment_token": token(local, GOOD)})
    assert shop.post(f"{INTENTS}/{yen['id']}/cancel")["status"] == "cancelled"
    waits = shop.post(INTENTS, NEW)
    assert (waits["status"], set(waits["next_action"])) == ("requires_action", {"type", "client_secret"})


def test_the_customers_step_and_the_notice_of_it(shop: Shop, local: httpx.Client, order: str) -> None:
    """3-D Secure at localstripe: once we ask how it went, once its signed notice tells us."""

    def authenticate(intent: Any, *, success: bool) -> None:
        secret = intent["next_action"]["client_secret"]
        there = secret.partition("_secret")[0]
        body = {"client_secret": secret, "success": str(success).lower()}
        assert local.post(f"/v1/payment_intents/{there}/_authenticate", data=body).status_code == 200

    first = shop.post(INTENTS, {**NEW, "payment_token": token(local, ASKS)})
    assert first["status"] == "requires_action"
    assert shop.post(f"{INTENTS}/{first['id']}/confirm")["status"] == "requires_action"
    authenticate(first, success=True)
    assert shop.post(f"{INTENTS}/{first['id']}/confirm")["status"] == "requires_capture"
    second = shop.post(INTENTS, {**NEW, "payment_token": token(local, ASKS)})
    authenticate(second, success=False)
    failed = shop.post(f"{INTENTS}/{second['id']}/confirm")
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "payment_intent_authentication_failure")

    assert local.post("/_config/webhooks/ours", data={"url": place_of(shop), "secret": SECRET}).status_code == 200
    third = shop.post(
        INTENTS, {**NEW, "capture_method": "automatic", "payment_token": token(local, ASKS), "order_id": order}
    )
    authenticate(third, success=True)
    done = until(lambda: (seen := shop.get(f"/payments/{third['id']}"))["status"] == "succeeded" and seen)
    assert done["amount_captured"] == 19999
    assert shop.get(f"/orders/{order}")["payment_status"] == "paid"
    assert facts(shop, third["id"]) == ["payment_succeeded"]


# -- the desk --------------------------------------------------------------------------------------------------------


def notice(shop: Shop, kind: str, about: dict[str, Any], *, notice_id: str = "evt_1", **options: Any) -> httpx.Response:
    """A notice as Stripe sends it."""
    body = json.dumps({"id": notice_id, "object": "event", "type": kind, "data": {"object": about}})
    at = int(time.time()) - options.get("age", 0)
    signed = stripe.WebhookSignature.generate_signature_header(body, options.get("secret", SECRET), at)
    headers = {"Stripe-Signature": options.get("signature", signed), "Content-Type": "application/json"}
    return httpx.post(place_of(shop), content=body, headers=headers, timeout=30)


def begun(shop: Shop, **more: Any) -> Any:
    return shop.post(INTENTS, {**NEW, "payment_token": "pm_card_visa", **more})


def there(desk: Desk, payment: Any) -> dict[str, Any]:
    return next(row for row in desk.intents.values() if row["metadata"]["ambra_payment"] == payment["id"])


def test_a_lost_answer_is_asked_for_again_and_acts_once(shop: Shop, desk: Desk, order: str) -> None:
    """Every call is done at the gateway and its answer lost; the second try hears what the first one did."""
    store = shop.api.store

    def take_up() -> None:
        with store.read(shop.api.organization_id) as session:
            later = now_of(session) + timedelta(hours=1)
        for place in errands.due(store, later):
            assert errands.run(store, *place)

    desk.loses = 1
    held = begun(shop, order_id=order)
    assert (held["status"], len(desk.intents)) == ("processing", 1)
    take_up()
    assert shop.get(f"/payments/{held['id']}")["status"] == "requires_capture"
    assert shop.get(f"/payments/{held['id']}")["card"] == {"brand": "visa", "last4": "4242"}
    desk.loses = 1
    assert shop.post(f"/payments/{held['id']}/capture")["status"] == "processing"
    take_up()
    desk.loses = 1
    back = shop.post(f"/payments/{held['id']}/refund", {"amount": 700})
    assert back["status"] == "pending"
    take_up()
    desk.is_down = True
    assert shop.post(f"/payments/{held['id']}/refund", {"amount": 300})["status"] == "pending"
    desk.is_down = False
    take_up()
    seen = shop.get(f"/payments/{held['id']}")
    assert (seen["status"], seen["amount_captured"], seen["amount_refunded"]) == ("succeeded", 19999, 1000)
    reference = there(desk, held)["id"]
    assert desk.acted == [
        "POST /v1/payment_intents", f"POST /v1/payment_intents/{reference}/capture", "POST /v1/refunds",
        "POST /v1/refunds",
    ]  # fmt: skip
    assert [row["amount"] for row in desk.refunds.values()] == [700, 300]
    assert facts(shop, held["id"]) == ["payment_succeeded"]


def test_notices_are_verified_applied_once_and_in_any_order(shop: Shop, desk: Desk, order: str) -> None:
    paid = begun(shop, capture_method="automatic", order_id=order)
    intent = there(desk, paid)
    for wrong in ({"secret": "whsec_other"}, {"age": 3600}, {"signature": "t=1,v1=00"}, {"signature": ""}):
        assert notice(shop, "payment_intent.succeeded", intent, **wrong).status_code == 401
    # A refund is pending until the bank took it: the gateway tells.
    for amount in (700, 300):
        assert shop.post(f"/payments/{paid['id']}/refund", {"amount": amount})["status"] == "pending"
    good, bad = desk.refunds.values()
    good["status"], bad["status"], bad["failure_reason"] = "succeeded", "failed", "lost_or_stolen_card"
    for told in (True, False):  # sent again it changes nothing
        answer = notice(shop, "refund.updated", good, notice_id="evt_good")
        assert (answer.status_code, answer.json()) == (200, {"received": True, "applied": told})
    assert notice(shop, "refund.failed", bad, notice_id="evt_bad").json()["applied"]
    seen = shop.get(f"/payments/{paid['id']}")
    assert [row["status"] for row in seen["refunds"]] == ["succeeded", "failed"]
    assert (seen["amount_refunded"], seen["refunds"][1]["failure_code"]) == (700, "lost_or_stolen_card")
    assert facts(shop, paid["id"]) == ["payment_succeeded", "payment_refunded"]
    assert facts(shop, order).count("order_refunded") == 1
    # One that somebody made at Stripe by hand is known here, too.
    desk.refunds["re_hand"] = {**good, "id": "re_hand", "amount": 99, "metadata": {}}
    assert notice(shop, "refund.created", desk.refunds["re_hand"], notice_id="evt_hand").json()["applied"]
    assert shop.get(f"/payments/{paid['id']}")["amount_refunded"] == 799
    # A late notice of how it once stood: what is true is asked for.
    late = {**intent, "status": "processing"}
    assert notice(shop, "payment_intent.processing", late, notice_id="evt_late").json()["applied"]
    assert shop.get(f"/payments/{paid['id']}")["status"] == "succeeded"
    assert not notice(shop, "customer.created", {"id": "cus_1"}, notice_id="evt_other").json()["applied"]
    desk.intents["pi_x"] = {**intent, "id": "pi_x", "metadata": {}}
    assert not notice(shop, "payment_intent.succeeded", desk.intents["pi_x"], notice_id="evt_x").json()["applied"]
    desk.is_down = True
    assert notice(shop, "payment_intent.succeeded", intent, notice_id="evt_down").status_code == 503
    with shop.api.store.read(shop.api.organization_id) as session:
        noted = {row.notice_id for row in session.exec(scoped(session, GatewayNotice))}
    assert noted == {"evt_good", "evt_bad", "evt_hand", "evt_late"}


def test_a_bank_debit_takes_its_days(shop: Shop, desk: Desk) -> None:
    """Nobody has to wait for a notice that was lost: a confirm asks how it stands."""
    slow = begun(shop, payment_method="ach")
    assert (slow["status"], there(desk, slow)["status"]) == ("processing", "processing")
    assert shop.post(f"{INTENTS}/{slow['id']}/confirm")["status"] == "processing"
    there(desk, slow).update({"status": "succeeded", "amount_received": 19999})
    done = shop.post(f"{INTENTS}/{slow['id']}/confirm")
    assert (done["status"], done["amount_captured"]) == ("succeeded", 19999)
    desk.is_down = True
    waits = begun(shop)
    shop.refused(409, "conflict", "POST", f"{INTENTS}/{waits['id']}/confirm", {})


def test_disputes_come_by_notice_and_evidence_goes_back(shop: Shop, desk: Desk) -> None:
    paid = begun(shop, capture_method="automatic")
    dispute = {
        "id": "dp_1", "object": "dispute", "amount": 5000, "currency": "usd", "status": "needs_response",
        "reason": "product_not_received", "payment_intent": there(desk, paid)["id"],
        "evidence_details": {"due_by": int(time.time()) + 86_400},
    }  # fmt: skip
    desk.disputes["dp_1"] = dispute
    assert notice(shop, "charge.dispute.created", dispute).json()["applied"]
    (listed,) = shop.page("/payments/disputes")[0]
    assert (listed["payment_id"], listed["amount"], listed["reason"]) == (paid["id"], 5000, "product_not_received")
    shop.post(f"/payments/disputes/{listed['id']}/respond", {"evidence": EVIDENCE})
    assert dispute["evidence"] == {
        "evidence[uncategorized_text]": (
            "Transaction details:\nSold.\n\nShipping proof:\nArrived.\n\nCommunication logs:\nThanks."
        ),
        "submit": "true",
    }
    dispute["status"] = "lost"
    assert notice(shop, "charge.dispute.closed", dispute, notice_id="evt_2").json()["applied"]
    assert shop.page("/payments/disputes")[0][0]["status"] == "lost"
    assert shop.get(f"/payments/{paid['id']}")["amount_refunded"] == 5000


def test_no_key_of_the_gateway_is_written_anywhere(
    shop: Shop, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    begun(shop)
    monkeypatch.setenv("AMBRA_STRIPE_KEY", "sk_test_wrong_one")
    assert begun(shop)["status"] == "processing"
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) + caplog.text.encode()
    for secret in (KEY, SECRET, "sk_test_wrong_one"):
        assert secret.encode() not in kept


def test_a_server_that_is_killed_while_the_gateway_is_asked(
    store: Store, store_url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 between the capture at the gateway and its answer: the next server hears it, once."""
    key = {"headers": {"Idempotency-Key": "capture"}}
    with ServerProcess.start(store_url) as first:
        api = open_api(store, first.address, "Acme")
        shop = Shop(api)
        held = begun(shop)
        place = f"/payments/{held['id']}/capture"
        desk.may_answer.clear()

        def capture() -> None:
            with suppress(httpx.HTTPError):
                shop.ask("POST", place, {}, **key)

        asking = threading.Thread(target=capture)
        asking.start()
        until(lambda: any("capture" in call for call, _, _ in desk.asked))
        first.kill()
        asking.join()
    desk.may_answer.set()
    with ServerProcess.start(store_url) as second:
        api.client.base_url = httpx.URL(second.address)
        assert shop.get(f"/payments/{held['id']}")["status"] in ("processing", "succeeded")
        done = until(lambda: (seen := shop.get(f"/payments/{held['id']}"))["status"] == "succeeded" and seen)
        assert shop.post(place, **key) == done
        shop.refused(409, "conflict", "POST", place, {})
    assert [call.rpartition("/")[2] for call in desk.acted] == ["payment_intents", "capture"]
    assert facts(shop, held["id"]) == ["payment_succeeded"]
    api.client.close()
