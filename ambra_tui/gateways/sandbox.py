"""The sandbox: takes no money, keeps nothing, and answers the same to the same. For test keys and sample stores.

Four cards have an outcome of their own; every other good number is a real card perhaps, and is declined. Without a card
a payment goes as its method goes: cards, wallets and bank debits are authorized at once, the others wait for a step
of the customer.

Example::

    Sandbox().tokenize(Card("4000 0000 0000 0002", 1, 2030, "123"), today=today).text     # 'tok_sandbox_declined'
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.gateways._cards import checked_card
from ambra_tui.gateways._seam import (
    DISPUTE_REVIEWED,
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

GOOD, DECLINED, POOR, ASKS = (f"tok_sandbox_{name}" for name in ("ok", "declined", "insufficient_funds", "3d_secure"))
STRANGE = "tok_sandbox_real_card"
CARDS = {
    "4242424242424242": GOOD,
    "4000000000000002": DECLINED,
    "4000000000009995": POOR,
    "4000002760003184": ASKS,
}
_REFUSALS = {
    DECLINED: ("card_declined", "The card was declined."),
    POOR: ("insufficient_funds", "The card has insufficient funds."),
    STRANGE: (
        "test_mode_live_card",
        "The card was declined: the sandbox takes its four test cards only. Never send a real card.",
    ),
}
# What a customer has to do before the money is there.
_STEPS = {
    "paypal": "redirect_to_url",
    "affirm": "redirect_to_url",
    "klarna": "redirect_to_url",
    "wire": "await_transfer",
    "bitcoin": "await_transfer",
    "ethereum": "await_transfer",
}
REFUSED_STEP = ("authentication_failed", "The customer did not complete the step that was asked for.")


class Sandbox:
    """Every answer follows from what was asked."""

    name = "sandbox"
    takes_cards = True

    def check(self, *, amount: int, currency: str, method: str) -> None:
        """Takes everything."""

    def tokenize(self, card: Card, *, today: date) -> Token:
        """One of the tokens above."""
        brand, digits = checked_card(card, today=today)
        return Token(CARDS.get(digits, STRANGE), brand, digits[-4:])

    def known_token(self, text: str) -> Token:
        """A token of the sandbox itself."""
        if text not in (GOOD, DECLINED, POOR, ASKS):
            raise Invalid("This is no token of the sandbox", field="payment_token")
        last4 = next(number[-4:] for number, token in CARDS.items() if token == text)
        return Token(text, "visa", last4)

    def create(self, charge: Charge, *, key: str) -> Outcome:
        """Authorized, taken, declined, or waiting for the customer."""
        reference = f"sandbox_{charge.payment_id}"
        if charge.token in _REFUSALS:
            code, message = _REFUSALS[charge.token]
            return Outcome("failed", reference, failure_code=code, failure_message=message)
        step = "three_d_secure" if charge.token == ASKS else _STEPS.get(charge.method)
        if step:
            url = f"/v2/payments/intents/{charge.payment_id}/confirm"
            return Outcome("requires_action", reference, next_action={"type": step, "url": url})
        return _good(reference, charge.amount, charge.is_captured)

    def confirm(self, payment: Standing, *, is_done: bool, key: str) -> Outcome:
        """As the caller says."""
        if not is_done:
            code, message = REFUSED_STEP
            return Outcome("failed", payment.reference, failure_code=code, failure_message=message)
        return _good(payment.reference, payment.amount, payment.is_captured)

    def capture(self, payment: Standing, amount: int, *, key: str) -> Outcome:
        """Taken."""
        return Outcome("succeeded", payment.reference, amount_captured=amount)

    def cancel(self, payment: Standing, *, key: str) -> Outcome:
        """Let go."""
        return Outcome("cancelled", payment.reference)

    def refund(
        self, payment: Standing, amount: int, *, refund_id: str, reason: str, with_fee: bool, key: str
    ) -> RefundOutcome:
        """Given back."""
        return RefundOutcome("succeeded", f"sandbox_{refund_id}", amount=amount, refund_id=refund_id)

    def answer_dispute(self, reference: str, evidence: Mapping[str, str], *, key: str) -> DisputeOutcome:
        """Looked at, for ever."""
        return DisputeOutcome(DISPUTE_REVIEWED, reference)

    def news(self, body: bytes, headers: Mapping[str, str]) -> News | None:
        """The sandbox tells nothing by itself."""
        raise NotFound("gateway", self.name)


def _good(reference: str, amount: int, is_captured: bool) -> Outcome:
    if is_captured:
        return Outcome("succeeded", reference, amount_captured=amount)
    return Outcome("authorized", reference)


def _open(_environment: Mapping[str, str]) -> Gateway:
    return Sandbox()


GATEWAY = Door(name="sandbox", open=_open, wants="nothing: it is there for test_ keys and sample stores")
