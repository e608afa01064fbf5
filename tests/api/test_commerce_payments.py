"""Payments of the commerce edition: every row with its parameters, limits, statuses and refusals."""

from __future__ import annotations

import io
import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import col

from ambra_tui.api.frame import AccessLog
from ambra_tui.gateways import Outcome
from ambra_tui.services import access, payments
from ambra_tui.services.payments.outcomes import apply_outcome
from ambra_tui.store.models import OutboxEvent, Payment
from ambra_tui.store.scope import now_of, scoped
from tests import factories
from tests.api.commerce import Shop, fields_of
from tests.api.conftest import Api, LiveServer, Loop

PATH = "/payments"
INTENTS = f"{PATH}/intents"
VIEW = {
    "id", "amount", "amount_captured", "amount_refunded", "amount_refundable", "currency", "status", "payment_method",
    "capture_method", "order_id", "customer_id", "card", "next_action", "failure", "refunds", "metadata", "gateway",
    "test", "created_at", "updated_at", "captured_at",
}  # fmt: skip
GOOD, DECLINED, POOR, ASKS = (
    "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 9995", "4000 0027 6000 3184",
)  # fmt: skip
PRINTED = {"amount": 19999, "currency": "usd", "payment_method": "card", "metadata": {}}
EVIDENCE = {"transaction_details": "Bought in person.", "shipping_proof": "Signed.", "communication_logs": "Thanks!"}


def card(number: str, **more: Any) -> dict[str, Any]:
    return {"number": number, "exp_month": 12, "exp_year": date.today().year + 2, "cvc": "123", **more}


@pytest.fixture
def shop(api: Api, house: factories.Warehouse) -> Shop:
    """A sample store, where nobody's money moves, with headphones on the shelf."""
    api.store.become_sample("payments")

    def fill(session: Any) -> None:
        variant = factories.variant(session, sku="HEADPHONE-001", price_minor=19999)
        factories.stock(session, variant, house.bin, 10)

    api.write(fill)
    return Shop(api)


@pytest.fixture
def order(shop: Shop) -> Any:
    jane = shop.post("/customers", {"email": "jane@example.com", "first_name": "Jane"})
    body = {
        "customer_id": jane["id"],
        "items": [{"sku": "HEADPHONE-001", "quantity": 2, "price": 199.99}],
        "currency": "USD",
    }
    return shop.post("/orders", body)


def begin(shop: Shop, **more: Any) -> Any:
    made = shop.post(INTENTS, {**PRINTED, **more})
    assert set(made) == VIEW
    assert made == shop.get(f"{PATH}/{made['id']}")
    return made


def taken(shop: Shop, **more: Any) -> Any:
    return begin(shop, capture_method="automatic", **more)


def facts(shop: Shop, subject: str) -> list[str]:
    with shop.api.store.read(shop.api.organization_id) as session:
        own = scoped(session, OutboxEvent).where(OutboxEvent.subject == subject).order_by(col(OutboxEvent.id))
        return [row.type for row in session.exec(own)]


def test_the_printed_calls(shop: Shop, order: Any) -> None:
    body = {**PRINTED, "order_id": order["id"], "customer_id": order["customer_id"], "metadata": {"cart": "7"}}
    answer = shop.ask("POST", INTENTS, body)
    intent = answer.json()
    assert answer.headers["location"] == f"/v2/payments/{intent['id']}"
    assert re.fullmatch(r"pi_[0-9A-Z]{26}", intent["id"])
    assert (intent["amount"], intent["currency"], intent["status"]) == (19999, "usd", "requires_capture")
    assert (intent["order_id"], intent["customer_id"]) == (order["id"], order["customer_id"])
    assert (intent["metadata"], intent["test"], intent["refunds"]) == ({"cart": "7"}, True, [])
    assert shop.get(f"/orders/{order['id']}")["payment_status"] == "pending"

    captured = shop.post(f"{PATH}/{intent['id']}/capture")
    assert (captured["status"], captured["amount_captured"]) == ("succeeded", 19999)
    assert facts(shop, intent["id"]) == ["payment_succeeded"]
    shop.refused(409, "conflict", "POST", f"{PATH}/{intent['id']}/capture", {})

    # The other half of the order; then it is paid.
    rest = taken(shop, order_id=order["id"])
    assert shop.get(f"/orders/{order['id']}")["payment_status"] == "paid"
    assert shop.refused(409, "conflict", "POST", INTENTS, {**PRINTED, "amount": 1, "order_id": order["id"]})

    refund = shop.post(
        f"{PATH}/{rest['id']}/refund",
        {"amount": 5000, "reason": "customer_request", "refund_application_fee": False},
    )
    assert re.fullmatch(r"re_[0-9A-Z]{26}", refund["id"])
    assert (refund["amount"], refund["status"], refund["reason"]) == (5000, "succeeded", "customer_request")
    days = (date.fromisoformat(refund["expected_date"]) - date.fromisoformat(refund["created_at"][:10])).days
    assert 5 <= days <= 14
    seen = shop.get(f"{PATH}/{rest['id']}")
    assert (seen["amount_refunded"], seen["amount_refundable"], seen["refunds"]) == (5000, 14999, [refund])
    assert facts(shop, rest["id"]) == ["payment_succeeded", "payment_refunded"]
    assert facts(shop, order["id"]).count("order_refunded") == 1

    error = shop.refused(422, "validation_error", "POST", f"{PATH}/{rest['id']}/refund", {"amount": 15000})
    assert fields_of(error) == ["amount"]
    assert shop.post(f"{PATH}/{rest['id']}/refund")["amount"] == 14999
    assert fields_of(shop.refused(422, "validation_error", "POST", f"{PATH}/{rest['id']}/refund", {})) == ["amount"]
    assert shop.get(f"/orders/{order['id']}")["payment_status"] == "paid"
    shop.post(f"{PATH}/{intent['id']}/refund", {"reason": "customer_request"})
    assert shop.get(f"/orders/{order['id']}")["payment_status"] == "refunded"


def test_the_printed_cards(shop: Shop) -> None:
    good = begin(shop, card=card(GOOD))
    assert (good["status"], good["card"], good["failure"]) == (
        "requires_capture",
        {"brand": "visa", "last4": "4242"},
        None,
    )
    for number, code in ((DECLINED, "card_declined"), (POOR, "insufficient_funds")):
        bad = begin(shop, card=card(number))
        assert (bad["status"], bad["failure"]["code"], bad["amount_captured"]) == ("failed", code, 0)
        assert facts(shop, bad["id"]) == ["payment_failed"]
        for step in ("capture", "refund"):
            shop.refused(409, "conflict", "POST", f"{PATH}/{bad['id']}/{step}", {})
        shop.refused(409, "conflict", "POST", f"{INTENTS}/{bad['id']}/confirm", {})
    for result, status in (("succeeded", "requires_capture"), ("failed", "failed")):
        asks = begin(shop, card=card(ASKS))
        assert asks["status"] == "requires_action"
        assert asks["next_action"] == {"type": "three_d_secure", "url": f"/v2/payments/intents/{asks['id']}/confirm"}
        shop.refused(409, "conflict", "POST", f"{PATH}/{asks['id']}/capture", {})
        done = shop.ask("POST", asks["next_action"]["url"].removeprefix("/v2"), {"result": result}).json()
        assert (done["status"], done["next_action"]) == (status, None)
    assert done["failure"]["code"] == "authentication_failed"
    # A good number that is none of the four may be somebody's card: it is declined, and says so.
    real = begin(shop, card=card("5555 5555 5555 4444"))
    assert (real["status"], real["failure"]["code"], real["card"]["brand"]) == (
        "failed", "test_mode_live_card", "mastercard",
    )  # fmt: skip
    amex = begin(shop, card=card("3782-822463-10005", cvc="1234"))
    assert (amex["status"], amex["card"]) == ("failed", {"brand": "amex", "last4": "0005"})


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_is_refused_of_an_intent(shop: Shop, order: Any) -> None:
    last = date.today().replace(day=1) - timedelta(days=1)
    erased = shop.post("/customers", {"email": "gone@example.com"})["id"]
    shop.post(f"/customers/{erased}/erase", {"confirm": True})
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 10**11}, "amount"),
        ({"amount": 19.99}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": "100"}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"currency": "xyz"}, "currency"),
        ({"payment_method": "cheque"}, "payment_method"),
        ({"card": card("4242 4242 4242 4241")}, "card.number"),
        ({"card": card("4242")}, "card.number"),
        ({"card": card("3530 1113 3330 0000")}, "card.number"),
        ({"card": {**card(GOOD), "number": 4242424242424242}}, "card.number"),
        ({"card": card(GOOD, exp_month=last.month, exp_year=last.year)}, "card.exp_year"),
        ({"card": card(GOOD, exp_month=13)}, "card.exp_month"),
        ({"card": card(GOOD, exp_month=0)}, "card.exp_month"),
        ({"card": card(GOOD, exp_year=2999)}, "card.exp_year"),
        ({"card": card(GOOD, cvc="12")}, "card.cvc"),
        ({"card": card(GOOD, cvc="1234")}, "card.cvc"),
        ({"card": card("378282246310005", cvc="123")}, "card.cvc"),
        ({"card": card(GOOD), "payment_method": "paypal"}, "card"),
        ({"card": card(GOOD), "payment_token": "tok_sandbox_ok"}, "payment_token"),
        ({"payment_token": GOOD}, "payment_token"),
        ({"payment_token": "pm_123"}, "payment_token"),
        ({"metadata": {"pan": f"my card is {GOOD}"}}, "metadata"),
        ({"metadata": {"x" * 41: "1"}}, "metadata"),
        ({"metadata": {"x": {"deep": 1}}}, "metadata"),
        ({"amount": 39999, "order_id": order["id"]}, "amount"),
        ({"currency": "eur", "order_id": order["id"]}, "currency"),
        ({"customer_id": shop.post("/customers", {"email": "joe@example.com"})["id"], "order_id": order["id"]},
         "customer_id"),
        ({"customer_id": erased}, "customer_id"),
    ]  # fmt: skip
    for more, field in wrong:
        error = shop.refused(422, "validation_error", "POST", INTENTS, {**PRINTED, **more})
        assert fields_of(error) == [field], (more, error)
        assert not re.search(r"\d{12}|4242 4242|12345", str(error)), error
    for field in ("order_id", "customer_id"):
        error = shop.refused(404, "not_found", "POST", INTENTS, {**PRINTED, field: "nothing"})
        assert fields_of(error) == [field]
    missing = shop.refused(422, "validation_error", "POST", INTENTS, {})
    assert fields_of(missing) == ["amount", "currency", "payment_method"]
    assert shop.page(PATH)[0] == []
    shop.post(f"/orders/{order['id']}/cancel", {"reason": "customer_request"})
    shop.refused(409, "conflict", "POST", INTENTS, {**PRINTED, "order_id": order["id"]})


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_methods_currencies_and_parts(shop: Shop) -> None:
    for method in ("card", "apple_pay", "google_pay", "ach"):
        assert begin(shop, payment_method=method)["status"] == "requires_capture"
    for method in ("paypal", "affirm", "klarna", "wire", "bitcoin", "ethereum"):
        waits = taken(shop, payment_method=method)
        assert waits["status"] == "requires_action"
        assert shop.post(f"{INTENTS}/{waits['id']}/confirm")["status"] == "succeeded"
    # 500 yen are 500, 1500 of a dinar's thousandths are 1.5: whole minor units, never shifted.
    for currency, amount in (("jpy", 500), ("kwd", 1500), ("usd", 1)):
        paid = taken(shop, currency=currency, amount=amount)
        assert (paid["amount"], paid["amount_captured"], paid["currency"]) == (amount, amount, currency)
        part = shop.post(f"{PATH}/{paid['id']}/refund", {"amount": 1})
        assert (part["amount"], part["currency"]) == (1, currency)
    partly = begin(shop)
    assert fields_of(
        shop.refused(422, "validation_error", "POST", f"{PATH}/{partly['id']}/capture", {"amount": 20000})
    ) == ["amount"]
    captured = shop.post(f"{PATH}/{partly['id']}/capture", {"amount": 15000})
    assert (captured["status"], captured["amount"], captured["amount_captured"]) == ("succeeded", 19999, 15000)
    shop.refused(422, "validation_error", "POST", f"{PATH}/{partly['id']}/refund", {"amount": 15001})
    assert shop.post(f"{PATH}/{partly['id']}/refund")["amount"] == 15000
    gone = shop.post(f"{INTENTS}/{begin(shop)['id']}/cancel")
    assert gone["status"] == "cancelled"
    shop.refused(409, "conflict", "POST", f"{PATH}/{gone['id']}/capture", {})
    shop.refused(404, "not_found", "POST", f"{PATH}/pi_nothing/capture", {})
    shop.refused(404, "not_found", "GET", f"{PATH}/pi_nothing")
    assert shop.ask("GET", INTENTS).status_code == 405


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_order_is_never_paid_twice(shop: Shop, order: Any) -> None:
    """Payments that wait for their customer side by side cover nothing yet: the first one to go on has the order."""
    asked = {"order_id": order["id"], "amount": 39998, "card": card(ASKS)}
    first, second, third = (begin(shop, **asked) for _ in range(3))
    assert shop.post(f"{INTENTS}/{first['id']}/confirm")["status"] == "requires_capture"
    error = shop.refused(409, "conflict", "POST", f"{INTENTS}/{second['id']}/confirm", {})
    assert "paid for already" in error["message"]
    # A gateway may tell by itself that the customer did the step.
    shop.api.write(
        lambda session: apply_outcome(
            session, payments.payment_by_id(session, second["id"]), Outcome("authorized", "sandbox_second")
        )
    )
    assert shop.post(f"{PATH}/{first['id']}/capture")["status"] == "succeeded"
    shop.refused(409, "conflict", "POST", f"{PATH}/{second['id']}/capture", {})
    assert shop.post(f"{INTENTS}/{second['id']}/cancel")["status"] == "cancelled"
    assert shop.post(f"{INTENTS}/{third['id']}/confirm", {"result": "failed"})["status"] == "failed"
    # What went back is open again.
    shop.post(f"{PATH}/{first['id']}/refund", {"amount": 9998})
    again = begin(shop, **{**asked, "amount": 9998})
    shop.post(f"{INTENTS}/{again['id']}/confirm")
    assert shop.post(f"{PATH}/{again['id']}/capture")["amount_captured"] == 9998


def test_a_list_of_payments(shop: Shop, order: Any) -> None:
    paid, free = taken(shop, order_id=order["id"]), begin(shop, payment_method="ach")
    assert shop.ids(PATH) == [free["id"], paid["id"]] == [row["id"] for row in shop.walk(PATH, limit=1)]
    assert shop.ids(PATH, status="requires_capture") == shop.ids(PATH, payment_method="ach") == [free["id"]]
    assert shop.ids(PATH, order_id=order["id"]) == shop.ids(PATH, customer_id=order["customer_id"]) == [paid["id"]]
    assert shop.ids(PATH, date_to="2020-01-01") == []
    assert len(shop.ids(PATH, date_from=date.today().isoformat())) == 2
    rows, pagination = shop.page(PATH, page=2, limit=1)
    assert (rows[0], pagination["total_items"]) == (shop.get(f"{PATH}/{paid['id']}"), 2)
    for query in ({"status": "authorized"}, {"payment_method": "x"}, {"page": 0}, {"cursor": "x"}):
        shop.refused(400, "validation_error", "GET", PATH, params=query)


def test_disputes(shop: Shop, order: Any) -> None:
    paid = taken(shop, amount=39998, order_id=order["id"])

    def question(amount: int) -> str:
        def work(session: Any) -> str:
            payment = payments.payment_by_id(session, paid["id"])
            return payments.open_dispute(session, payment, reason="product_not_received", amount=amount).id

        return str(shop.api.write(work))

    first, second = question(30000), question(9000)
    assert shop.ids(f"{PATH}/disputes") == [second, first]
    assert [row["id"] for row in shop.walk(f"{PATH}/disputes", limit=1)] == [second, first]
    # What a bank questions is not given back besides.
    assert shop.get(f"{PATH}/{paid['id']}")["amount_refundable"] == 998
    shop.refused(422, "validation_error", "POST", f"{PATH}/{paid['id']}/refund", {"amount": 999})
    for name in EVIDENCE:
        for text in ("", "  ", None, 7):
            body = {"evidence": {**EVIDENCE, name: text}}
            error = shop.refused(422, "validation_error", "POST", f"{PATH}/disputes/{first}/respond", body)
            assert fields_of(error) == [f"evidence.{name}"]
    assert fields_of(shop.refused(422, "validation_error", "POST", f"{PATH}/disputes/{first}/respond", {})) == [
        "evidence"
    ]
    answered = shop.post(f"{PATH}/disputes/{first}/respond", {"evidence": EVIDENCE})
    assert set(answered) == {
        "id", "payment_id", "order_id", "amount", "currency", "reason", "status", "evidence", "evidence_due_by",
        "created_at", "updated_at",
    }  # fmt: skip
    assert (answered["status"], answered["evidence"], answered["amount"]) == ("under_review", EVIDENCE, 30000)
    shop.refused(409, "conflict", "POST", f"{PATH}/disputes/{first}/respond", {"evidence": EVIDENCE})
    shop.refused(404, "not_found", "POST", f"{PATH}/disputes/nothing/respond", {"evidence": EVIDENCE})
    assert shop.ids(f"{PATH}/disputes", status="under_review") == [first]

    def decide(dispute_id: str, *, is_won: bool) -> None:
        shop.api.write(
            lambda session: payments.close_dispute(session, payments.dispute_by_id(session, dispute_id), is_won=is_won)
        )

    decide(second, is_won=True)
    assert shop.get(f"{PATH}/{paid['id']}")["amount_refundable"] == 9998
    decide(first, is_won=False)
    assert shop.get(f"{PATH}/{paid['id']}")["amount_refunded"] == 30000
    assert shop.get(f"/orders/{order['id']}")["payment_status"] == "paid"
    shop.post(f"{PATH}/{paid['id']}/refund")
    assert shop.get(f"/orders/{order['id']}")["payment_status"] == "refunded"


def test_who_may_what(api: Api, server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Crypto by plan; test keys at the sandbox; live keys need a gateway; scopes."""
    for name in ("AMBRA_STRIPE_KEY", "AMBRA_PAYMENT_GATEWAY"):
        monkeypatch.delenv(name, raising=False)

    def client(plan: str, scopes: list[str], *, sandbox: bool) -> Shop:
        _, secret = access.create_key(
            api.store, organization_id=api.organization_id, label=plan, scopes=scopes, plan=plan, sandbox=sandbox
        )
        headers = {"Authorization": f"Bearer {secret}"}
        own = Api(api.store, api.organization_id, httpx.Client(base_url=server.address, headers=headers, timeout=30))
        return Shop(own)

    test, starter = (client(plan, ["payments:write"], sandbox=True) for plan in ("enterprise", "starter"))
    for method in ("bitcoin", "ethereum"):
        assert begin(test, payment_method=method)["status"] == "requires_action"
        starter.refused(403, "authorization_error", "POST", INTENTS, {**PRINTED, "payment_method": method})
    assert begin(starter, card=card(GOOD))["test"] is True
    live = Shop(api)
    for body in ({}, {"card": card(GOOD)}):
        error = live.refused(409, "conflict", "POST", INTENTS, {**PRINTED, **body})
        assert "AMBRA_STRIPE_KEY" in error["message"]
    reader = client("starter", ["payments:read"], sandbox=True)
    assert [row["amount"] for row in reader.page(PATH)[0][:3]] == [19999] * 3
    reader.refused(403, "authorization_error", "POST", INTENTS, PRINTED)
    client("starter", ["orders:write"], sandbox=True).refused(403, "authorization_error", "GET", PATH)
    for each in (test, starter, reader):
        each.api.client.close()


def test_a_repeat_answers_the_same_and_acts_once(shop: Shop) -> None:
    body = {**PRINTED, "capture_method": "automatic", "card": card(GOOD)}
    first, again = (shop.ask("POST", INTENTS, body, headers={"Idempotency-Key": "one"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (again.headers["idempotent-replayed"], again.headers["location"]) == ("true", first.headers["location"])
    other = {**body, "card": card(GOOD, exp_month=11)}
    shop.refused(422, "validation_error", "POST", INTENTS, other, headers={"Idempotency-Key": "one"})
    place = f"{PATH}/{first.json()['id']}/refund"
    same = [shop.ask("POST", place, {"amount": 9000}, headers={"Idempotency-Key": "two"}).json() for _ in range(2)]
    assert same[0] == same[1]
    assert shop.get(f"{PATH}/{first.json()['id']}")["amount_refunded"] == 9000
    assert len(shop.ids(PATH)) == 1
    held = begin(shop)["id"]
    shop.post(f"{PATH}/{held}/capture", headers={"Idempotency-Key": "three"})
    # The same request answers as it did; another one is refused.
    assert shop.post(f"{PATH}/{held}/capture", headers={"Idempotency-Key": "three"})["status"] == "succeeded"
    shop.refused(409, "conflict", "POST", f"{PATH}/{held}/capture", {}, headers={"Idempotency-Key": "four"})


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_no_card_number_is_kept_anywhere(
    shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture, loop: Loop
) -> None:
    """Each card is posted, good and bad, with keys and without; then everything that was written is searched."""
    caplog.set_level(logging.DEBUG)
    log = AccessLog(tmp_path / "requests.log")
    logged = LiveServer(shop.api.store, loop, log=log)
    shop.api.client.base_url = httpx.URL(logged.address)
    answers = io.StringIO()
    numbers = [GOOD, DECLINED, POOR, ASKS, "5555 5555 5555 4444", "378282246310005", "6011 1111 1111 1117"]
    for index, number in enumerate(numbers):
        bodies: list[Any] = [
            {**PRINTED, "card": card(number, cvc="7391" if number.startswith("37") else "739")},
            {**PRINTED, "card": card(number[:-1] + "9", cvc="739")},
            {**PRINTED, "card": card(number, exp_year=2001, cvc="739")},
            {**PRINTED, "card": {"number": number}},
            {**PRINTED, "card": number},
            {**PRINTED, "card": {**card(number), "number": int(re.sub(r"\D", "", number))}},
            {**PRINTED, "payment_token": number},
            {**PRINTED, "metadata": {"note": number}},
            {**PRINTED, "payment_method": number},
            {**PRINTED, "amount": number},
        ]
        for place, body in enumerate(bodies):
            answers.write(shop.ask("POST", INTENTS, body).text)
            answers.write(shop.ask("POST", INTENTS, body, headers={"Idempotency-Key": f"k-{index}-{place}"}).text)
    answers.write(shop.ask("GET", PATH).text)
    logged.stop()
    log.close()
    shop.api.store.writer.run(lambda session: None, organization_id=None)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"ambra.db", "ambra.db-wal", "requests.log"} <= {path.name for path in written}
    kept = b"".join(path.read_bytes() for path in written) + caplog.text.encode() + answers.getvalue().encode()
    assert b"4242" in kept  # the last four are there: the search looks in the right place
    for number in numbers:
        digits = re.sub(r"\D", "", number)
        for form in (number, digits, "-".join(re.findall("....", digits))):
            assert form.encode() not in kept, number


def test_a_gateway_that_does_not_answer_loses_nothing(shop: Shop, order: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The money's states wait; the worker asks again under the same name, and a repeat of the request hears the end."""
    from ambra_tui.errors import Unavailable
    from ambra_tui.gateways.sandbox import Sandbox
    from ambra_tui.services.errands import due, run

    asked: list[str] = []
    capture = Sandbox.capture
    is_down = True

    def reached(self: Sandbox, payment: Any, amount: int, *, key: str) -> Any:
        asked.append(key)
        if is_down:
            raise Unavailable("no connection")
        return capture(self, payment, amount, key=key)

    monkeypatch.setattr(Sandbox, "capture", reached)
    held = begin(shop, order_id=order["id"])["id"]
    waiting = shop.post(f"{PATH}/{held}/capture", headers={"Idempotency-Key": "c"})
    assert (waiting["status"], waiting["amount_captured"]) == ("processing", 0)
    for step in ("capture", "refund"):
        shop.refused(409, "conflict", "POST", f"{PATH}/{held}/{step}", {})
    # It covers the order meanwhile: nobody pays twice.
    shop.refused(422, "validation_error", "POST", INTENTS, {**PRINTED, "amount": 20000, "order_id": order["id"]})
    is_down = False
    with shop.api.store.read(shop.api.organization_id) as session:
        later = now_of(session) + timedelta(days=1)
    for place in due(shop.api.store, later):
        assert run(shop.api.store, *place)
    assert shop.get(f"{PATH}/{held}")["status"] == "succeeded"
    assert facts(shop, held) == ["payment_succeeded"]
    assert len(asked) == 2
    assert len(set(asked)) == 1
    with shop.api.store.read(shop.api.organization_id) as session:
        assert session.exec(scoped(session, Payment)).one().amount_captured == 19999


def test_a_repeat_goes_on_where_a_request_broke_off(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two transactions the process may end: the same request sent again is answered, and acts once."""
    from ambra_tui.api import endpoint

    broken: list[str] = []

    def breaks_off(_store: Any, _organization_id: int, errand_id: str) -> bool:
        broken.append(errand_id)
        raise RuntimeError("the process ends here")

    body, key = {**PRINTED, "card": card(GOOD)}, {"headers": {"Idempotency-Key": "crash"}}
    run = endpoint.errands.run
    monkeypatch.setattr(endpoint.errands, "run", breaks_off)
    shop.refused(500, "server_error", "POST", INTENTS, body, **key)
    monkeypatch.setattr(endpoint.errands, "run", run)
    (left,) = shop.page(PATH)[0]
    assert left["status"] == "processing"
    other = {**body, "amount": 5}
    shop.refused(422, "validation_error", "POST", INTENTS, other, **key)
    done = shop.post(INTENTS, body, **key)
    assert (done["id"], done["status"]) == (left["id"], "requires_capture")
    assert shop.post(INTENTS, body, **key) == done
    assert len(shop.ids(PATH)) == len(broken) == 1


def test_sent_at_once_money_moves_once(shop: Shop, order: Any) -> None:
    """Six clients at once: one payment of an order, one capture, one refund of one key, whose answer all get."""

    def at_once(path: str, body: Any, **options: Any) -> list[httpx.Response]:
        gate = threading.Barrier(6)

        def send(_number: int) -> httpx.Response:
            gate.wait()
            return shop.ask("POST", path, body, **options)

        with ThreadPoolExecutor(6) as threads:
            return list(threads.map(send, range(6)))

    whole = {**PRINTED, "amount": 39998, "order_id": order["id"]}
    begun = at_once(INTENTS, whole)
    assert sorted(answer.status_code for answer in begun) == [201, 409, 409, 409, 409, 409]
    (held,) = shop.ids(PATH)
    captures = at_once(f"{PATH}/{held}/capture", {})
    assert sorted(answer.status_code for answer in captures) == [201, 409, 409, 409, 409, 409]
    refunds = at_once(f"{PATH}/{held}/refund", {"amount": 30000}, headers={"Idempotency-Key": "once"})
    assert [answer.status_code for answer in refunds] == [201] * 6
    assert len({answer.text for answer in refunds}) == 1
    assert shop.get(f"{PATH}/{held}")["amount_refunded"] == 30000
    # A cancellation sent six times gives the rest back once.
    cancelled = at_once(f"/orders/{order['id']}/cancel", {"reason": "customer_request", "refund": True})
    assert sorted(answer.status_code for answer in cancelled) == [201, 409, 409, 409, 409, 409]
    seen = shop.get(f"{PATH}/{held}")
    assert (seen["amount_refunded"], len(seen["refunds"])) == (39998, 2)
    assert facts(shop, held) == ["payment_succeeded", "payment_refunded", "payment_refunded"]
