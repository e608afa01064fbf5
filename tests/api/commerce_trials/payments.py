"""Trials of payments."""

from __future__ import annotations

from typing import Any

from ambra_tui.services import payments
from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/payments"
NEW = {"amount": 100, "currency": "usd", "payment_method": "card"}
EVIDENCE = {"transaction_details": "Sold.", "shipping_proof": "Arrived.", "communication_logs": "Thanks."}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listPayments": (
        Trial(PATH),
        Trial(PATH, query={"order_id": "$dollar_order"}),
        Trial(PATH, query={"customer_id": "$buyer"}),
    ),
    "listDisputes": (
        Trial(f"{PATH}/disputes"),
        Trial(f"{PATH}/disputes", query={"payment_id": "$disputed_payment"}),
    ),
    "getPayment": (Trial(f"{PATH}/$held_payment"),),
    "createPaymentIntent": (
        Trial(f"{PATH}/intents", {**NEW, "order_id": "$dollar_order", "customer_id": "$buyer"}),
        Trial(f"{PATH}/intents", {**NEW, "customer_id": "$buyer"}),
    ),
    "confirmPaymentIntent": (Trial(f"{PATH}/intents/$asking_payment/confirm", {}),),
    "cancelPaymentIntent": (Trial(f"{PATH}/intents/$spare_payment/cancel", {}),),
    "capturePayment": (Trial(f"{PATH}/$held_payment/capture", {}),),
    "refundPayment": (Trial(f"{PATH}/$taken_payment/refund", {"amount": 1}),),
    "respondToDispute": (Trial(f"{PATH}/disputes/$dispute/respond", {"evidence": EVIDENCE}),),
}

NEUTRAL = """
    amount payment_method capture_method card payment_token return_url result refund_application_fee evidence date_from
    date_to metadata number exp_month exp_year cvc transaction_details shipping_proof communication_logs
"""


def furnish(api: Api, mark: str, names: Names) -> None:
    """A sample store, so that nobody's money moves; an order in dollars, payments in each state, a dispute."""
    if not api.store.sample:
        api.store.become_sample("trials")
    item = {"product_id": names["$product"], "quantity": 1, "price": 399.98}
    body = {"customer_id": names["$buyer"], "items": [item], "currency": "USD", "notes": mark}
    ordered = api.client.post("/v2/orders", json=body)
    assert ordered.status_code == 201, ordered.text
    names["$dollar_order"] = ordered.json()["id"]
    wanted: dict[str, dict[str, Any]] = {
        "held_payment": {},
        "spare_payment": {},
        "asking_payment": {"payment_method": "paypal"},
        "taken_payment": {"capture_method": "automatic"},
        "disputed_payment": {"capture_method": "automatic"},
    }
    for name, more in wanted.items():
        intent = {**NEW, "amount": 19999, "metadata": {"of": mark}, **more}
        made = api.client.post(f"/v2{PATH}/intents", json=intent)
        assert made.status_code == 201, made.text
        names[f"${name}"] = made.json()["id"]

    def question(session: Any) -> str:
        return payments.open_dispute(session, payments.payment_by_id(session, names["$disputed_payment"])).id

    names["$dispute"] = api.write(question)
