"""Stripe, by its own library (`pip install 'ambra-tui[stripe]'`). Card numbers never come here: a customer's browser
gives them to Stripe, and we hear of a token.

A notice is believed for who sent it and for what it is about; how things stand is then asked, so that notices that come
late or out of order do no harm.

Example::

    gateway = open_gateway("stripe", {"AMBRA_STRIPE_KEY": "sk_live_..."})
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ambra_tui.errors import Conflict, Invalid, Unauthenticated, Unavailable
from ambra_tui.gateways._seam import (
    DISPUTE_LOST,
    DISPUTE_OPEN,
    DISPUTE_REVIEWED,
    DISPUTE_WON,
    Card,
    Charge,
    DisputeOutcome,
    Door,
    Gateway,
    News,
    Outcome,
    RefundOutcome,
    Standing,
    Token,
)

KEY, SECRET, ADDRESS = "AMBRA_STRIPE_KEY", "AMBRA_STRIPE_WEBHOOK_SECRET", "AMBRA_STRIPE_URL"
TIMEOUT_SECONDS = 20
WANTS = f"{KEY} (and {SECRET} for its notices) in the server's environment, and the extra 'ambra-tui[stripe]'"
log = logging.getLogger(__name__)

# What is called otherwise there; what is not here is not to be had there.
_TYPES = {
    "card": "card",
    "apple_pay": "card",
    "google_pay": "card",
    "paypal": "paypal",
    "ach": "us_bank_account",
    "affirm": "affirm",
    "klarna": "klarna",
}
_TAKEN_AT_ONCE = frozenset({"ach"})
# Its units where they are not the minor units of ISO 4217: so many of its units for one of ours, or of ours for its.
_TIMES, _PARTS = {"isk": 100}, {"mga": 100}
_TENS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_UNKNOWN_UNITS = frozenset({"ugx", "iqd", "lyd", "clf", "uyw"})
_STATUSES = {
    "requires_confirmation": "requires_action",
    "requires_action": "requires_action",
    "processing": "processing",
    "requires_capture": "authorized",
    "succeeded": "succeeded",
    "canceled": "cancelled",
}
_WITH_CARD = ["latest_charge"]
_REFUND_STATUSES = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}
_REASONS = {
    "duplicate": "duplicate",
    "fraudulent": "fraudulent",
    "requested_by_customer": "requested_by_customer",
    "customer_request": "requested_by_customer",
}
_DISPUTE_STATUSES = {
    "warning_needs_response": DISPUTE_OPEN,
    "needs_response": DISPUTE_OPEN,
    "warning_under_review": DISPUTE_REVIEWED,
    "under_review": DISPUTE_REVIEWED,
    "warning_closed": DISPUTE_WON,
    "won": DISPUTE_WON,
    "lost": DISPUTE_LOST,
}
_EVIDENCE = (
    ("transaction_details", "Transaction details"),
    ("shipping_proof", "Shipping proof"),
    ("communication_logs", "Communication logs"),
)
"""Evidence is text here. Stripe takes shipping papers and letters as files alone, and text in one field."""


def to_units(amount: int, currency: str) -> int:
    """Minor units of ISO 4217 as Stripe counts them. Raises Invalid for what it cannot count."""
    if currency in _UNKNOWN_UNITS:
        raise Invalid(f"Stripe takes no payments in {currency.upper()}", field="currency")
    if currency in _TENS and amount % 10:
        raise Invalid(f"Stripe takes {currency.upper()} in tens of the minor unit: 5.120, not 5.124", field="amount")
    if amount % _PARTS.get(currency, 1):
        raise Invalid(f"Stripe takes whole {currency.upper()} only", field="amount")
    return amount * _TIMES.get(currency, 1) // _PARTS.get(currency, 1)


def from_units(units: int, currency: str) -> int:
    """The inverse of `to_units`."""
    return units * _PARTS.get(currency, 1) // _TIMES.get(currency, 1)


class Stripe:
    """One account of Stripe's."""

    name = "stripe"
    takes_cards = False

    def __init__(self, key: str, *, secret: str = "", address: str = "") -> None:
        import stripe  # the extra; it takes a moment

        self._library, self._secret = stripe, secret
        options: dict[str, Any] = {"base_addresses": {"api": address}} if address else {}
        client = stripe.StripeClient(
            key, http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS), max_network_retries=0, **options
        )
        self._api: Any = client.v1

    def __repr__(self) -> str:
        return "Stripe()"

    def check(self, *, amount: int, currency: str, method: str) -> None:
        """Methods and amounts that Stripe has."""
        if method not in _TYPES:
            raise Invalid(f"Stripe takes no {method} payments", field="payment_method")
        to_units(amount, currency)

    def tokenize(self, card: Card, *, today: date) -> Token:
        """Never."""
        raise Invalid("Send no card numbers: Stripe's form in the browser makes a payment_token", field="card")

    def known_token(self, text: str) -> Token:
        """The id of a payment method."""
        if not text.startswith(("pm_", "card_", "src_")):
            raise Invalid("payment_token is the id of a payment method of Stripe: pm_...", field="payment_token")
        return Token(text, "", "")

    def create(self, charge: Charge, *, key: str) -> Outcome:
        """A payment intent; with a token it is confirmed in the same call."""
        is_captured = charge.is_captured or charge.method in _TAKEN_AT_ONCE
        asked: dict[str, Any] = {
            "amount": to_units(charge.amount, charge.currency),
            "currency": charge.currency,
            "payment_method_types": [_TYPES[charge.method]],
            "capture_method": "automatic" if is_captured else "manual",
            "metadata": dict(charge.marks),
            "expand": _WITH_CARD,
        }
        if charge.token:
            asked |= {"payment_method": charge.token, "confirm": True}
            if charge.return_url:
                asked["return_url"] = charge.return_url
        try:
            found = self._ask(self._api.payment_intents.create, asked, key=key)
        except self._library.StripeError as error:
            return self._failed(error)
        return self._outcome(found)

    def confirm(self, payment: Standing, *, is_done: bool, key: str) -> Outcome:
        """How the intent stands; one that only waits to be confirmed is."""
        found = self._intent(payment.reference)
        if found["status"] != "requires_confirmation":
            return self._outcome(found)
        try:
            asked = {"expand": _WITH_CARD}
            confirmed = self._ask(self._api.payment_intents.confirm, payment.reference, asked, key=key)
        except self._library.StripeError as error:
            return self._failed(error, payment.reference)
        return self._outcome(confirmed)

    def capture(self, payment: Standing, amount: int, *, key: str) -> Outcome:
        """Takes it; what Stripe refuses leaves the intent as it is told to stand."""
        asked = {"amount_to_capture": to_units(amount, payment.currency), "expand": _WITH_CARD}
        try:
            taken = self._ask(self._api.payment_intents.capture, payment.reference, asked, key=key)
        except self._library.StripeError as error:
            return self._as_it_stands(payment, error, amount)
        return self._outcome(taken, amount)

    def cancel(self, payment: Standing, *, key: str) -> Outcome:
        """Lets it go."""
        try:
            gone = self._ask(self._api.payment_intents.cancel, payment.reference, key=key)
        except self._library.StripeError as error:
            return self._as_it_stands(payment, error)
        return self._outcome(gone)

    def refund(
        self, payment: Standing, amount: int, *, refund_id: str, reason: str, with_fee: bool, key: str
    ) -> RefundOutcome:
        """Gives it back."""
        asked: dict[str, Any] = {
            "payment_intent": payment.reference,
            "amount": to_units(amount, payment.currency),
            "metadata": {"ambra_refund": refund_id, **({"reason": reason[:500]} if reason else {})},
        }
        if reason in _REASONS:
            asked["reason"] = _REASONS[reason]
        if with_fee:
            asked["refund_application_fee"] = True
        try:
            made = self._ask(self._api.refunds.create, asked, key=key)
        except self._library.StripeError as error:
            return RefundOutcome("failed", failure_code=_code_of(error))
        return _refund_outcome(made)

    def answer_dispute(self, reference: str, evidence: Mapping[str, str], *, key: str) -> DisputeOutcome:
        """Submits the evidence, one part below the other."""
        parts = (f"{title}:\n{evidence[name]}" for name, title in _EVIDENCE if evidence.get(name))
        told = {"uncategorized_text": "\n\n".join(parts)}
        try:
            found = self._ask(self._api.disputes.update, reference, {"evidence": told, "submit": True}, key=key)
        except self._library.StripeError as error:
            raise Conflict(f"Stripe did not take the evidence: {_message_of(error)}") from None
        return _dispute_outcome(found)

    # -- notices -----------------------------------------------------------------------------------------------

    def news(self, body: bytes, headers: Mapping[str, str]) -> News | None:
        """A notice that Stripe signed, and how things stand now."""
        try:
            self._library.WebhookSignature.verify_header(
                body, headers.get("stripe-signature"), self._secret, self._library.Webhook.DEFAULT_TOLERANCE
            )
            notice = json.loads(body)
            kind, about, notice_id = str(notice["type"]), notice["data"]["object"], str(notice["id"])
            subject = str(about["id"])
        except self._library.SignatureVerificationError:
            raise Unauthenticated("The notice is not signed by Stripe, or it is old") from None
        except (ValueError, KeyError, TypeError):
            raise Invalid("The notice cannot be read") from None
        return self._read(notice_id, kind, subject, about)

    def _read(self, notice_id: str, kind: str, subject: str, about: Mapping[str, Any]) -> News | None:
        if kind.startswith("payment_intent."):
            found = self._intent(subject)
            return News(notice_id, kind, subject, _marks(found), payment=self._outcome(found))
        if kind.startswith(("refund.", "charge.refund.")):
            refund = self._ask(self._api.refunds.retrieve, subject)
            reference = str(refund.get("payment_intent") or "")
            return News(notice_id, kind, reference, {}, refund=_refund_outcome(refund)) if reference else None
        if kind.startswith("charge.dispute."):
            dispute = self._ask(self._api.disputes.retrieve, subject)
            reference = str(dispute.get("payment_intent") or about.get("payment_intent") or "")
            return News(notice_id, kind, reference, {}, dispute=_dispute_outcome(dispute)) if reference else None
        return None

    # -- reading what comes back -------------------------------------------------------------------------------

    def _intent(self, reference: str) -> dict[str, Any]:
        try:
            return self._ask(self._api.payment_intents.retrieve, reference, {"expand": _WITH_CARD})
        except self._library.StripeError as error:
            raise Unavailable(f"Stripe does not know the payment: {_code_of(error)}") from None

    def _ask(self, call: Callable[..., Any], *arguments: Any, key: str = "") -> dict[str, Any]:
        """What is no answer to the question becomes Unavailable: no connection, their fault, our key, too many."""
        library = self._library
        options = {"options": {"idempotency_key": key}} if key else {}
        try:
            told: dict[str, Any] = call(*arguments, **options).to_dict()
        except (library.APIConnectionError, library.APIError, library.RateLimitError) as error:
            raise Unavailable(f"Stripe does not answer: {type(error).__name__}") from None
        except (library.AuthenticationError, library.PermissionError) as error:
            log.error("Stripe refuses the key of %s: %s", KEY, type(error).__name__)
            raise Unavailable("Stripe refuses the key of this server") from None
        except library.IdempotencyError:
            raise Unavailable("Stripe is still at the same call") from None
        return told

    def _failed(self, error: Any, reference: str = "") -> Outcome:
        intent = _intent_in(error)
        return Outcome(
            "failed", reference or str((intent or {}).get("id") or ""),
            failure_code=_code_of(error), failure_message=_message_of(error),
        )  # fmt: skip

    def _as_it_stands(self, payment: Standing, error: Any, asked: int | None = None) -> Outcome:
        """After a refusal: what was asked for may have been done before, when its answer was lost."""
        stands = self._outcome(self._intent(payment.reference), asked)
        if stands.status in ("succeeded", "cancelled"):
            return stands
        return replace(stands, failure_code=_code_of(error), failure_message=_message_of(error))

    def _outcome(self, intent: Mapping[str, Any], asked: int | None = None) -> Outcome:
        """How an intent stands. `asked`: what was to be taken, where Stripe does not tell what was."""
        told, currency = str(intent["status"]), str(intent["currency"])
        error = intent.get("last_payment_error") or {}
        charge = intent.get("latest_charge")
        brand, last4 = _card_of(charge if isinstance(charge, Mapping) else {})
        if told == "requires_payment_method" and error:
            code = str(error.get("decline_code") or error.get("code") or "failed")
            message = str(error.get("message") or "")
            return Outcome(
                "failed", intent["id"], failure_code=code[:60], failure_message=message[:255], brand=brand, last4=last4
            )
        status = _STATUSES.get(told, "requires_action")
        taken = 0
        if status == "succeeded":
            received = intent.get("amount_received")
            taken = asked if received is None and asked else from_units(int(received or intent["amount"]), currency)
        action = _next_action(intent) if status == "requires_action" else {}
        return Outcome(status, intent["id"], amount_captured=taken, next_action=action, brand=brand, last4=last4)


def _marks(intent: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in dict(intent.get("metadata") or {}).items()}


def _next_action(intent: Any) -> dict[str, Any]:
    """Where the customer goes on; `client_secret` is for Stripe's form in the browser and opens this payment alone."""
    action = intent.get("next_action") or {}
    redirect = action.get("redirect_to_url") or {}
    secret = str(intent.get("client_secret") or "")
    if redirect.get("url"):
        return {"type": "redirect_to_url", "url": str(redirect["url"])}
    return {"type": str(action.get("type") or "use_stripe_sdk"), "client_secret": secret}


def _card_of(charge: Mapping[str, Any]) -> tuple[str, str]:
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    return str(card.get("brand") or ""), str(card.get("last4") or "")


def _refund_outcome(refund: Any) -> RefundOutcome:
    marks = dict(refund.get("metadata") or {})
    return RefundOutcome(
        _REFUND_STATUSES.get(str(refund.get("status")), "pending"), str(refund["id"]),
        failure_code=str(refund.get("failure_reason") or ""),
        amount=from_units(int(refund["amount"]), str(refund["currency"])),
        refund_id=str(marks.get("ambra_refund") or ""),
    )  # fmt: skip


def _dispute_outcome(dispute: Any) -> DisputeOutcome:
    details = dispute.get("evidence_details") or {}
    return DisputeOutcome(
        _DISPUTE_STATUSES.get(str(dispute["status"]), DISPUTE_REVIEWED), str(dispute["id"]),
        amount=from_units(int(dispute["amount"]), str(dispute["currency"])),
        reason=str(dispute.get("reason") or ""), due_at=details.get("due_by"),
    )  # fmt: skip


def _told(error: Any) -> Mapping[str, Any]:
    body = error.json_body if isinstance(error.json_body, Mapping) else {}
    told = body.get("error")
    return told if isinstance(told, Mapping) else {}


def _intent_in(error: Any) -> Mapping[str, Any] | None:
    found = _told(error).get("payment_intent")
    return found if isinstance(found, Mapping) else None


def _code_of(error: Any) -> str:
    told = _told(error)
    return str(told.get("decline_code") or told.get("code") or error.code or "refused")[:60]


def _message_of(error: Any) -> str:
    return str(_told(error).get("message") or "Stripe refused.")[:255]


def _open(environment: Mapping[str, str]) -> Gateway | None:
    key = environment.get(KEY, "").strip()
    if not key:
        return None
    try:
        return Stripe(key, secret=environment.get(SECRET, ""), address=environment.get(ADDRESS, "").rstrip("/"))
    except ModuleNotFoundError as error:
        raise Invalid(f"{KEY} is set, but the extra is missing: pip install 'ambra-tui[stripe]'") from error


GATEWAY = Door(name="stripe", open=_open, wants=WANTS)
