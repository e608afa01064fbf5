"""What every gateway can do, and the values that go to it and come back.

Example::

    GATEWAY = Door(name="sandbox", open=lambda environment: Sandbox(), wants="nothing")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from ambra_tui.errors import Invalid
from ambra_tui.kit.discover import discover

METHODS = (
    "card", "apple_pay", "google_pay", "paypal", "ach", "wire", "affirm", "klarna", "bitcoin", "ethereum",
)  # fmt: skip
"""How a customer may pay; a gateway need not take all of them."""
DISPUTE_OPEN, DISPUTE_REVIEWED, DISPUTE_WON, DISPUTE_LOST = "needs_response", "under_review", "won", "lost"


@dataclass(frozen=True, slots=True)
class Card:
    """A card as its holder types it. It is looked at, and then gone: no text of ours ever shows its number."""

    number: str = field(repr=False)
    expiry_month: int
    expiry_year: int
    cvc: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """What stands for a card from then on: `text` means something to its gateway alone."""

    text: str
    brand: str
    last4: str


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment to begin. `amount`: minor units (ISO 4217). `currency`: small letters. `is_captured`: taken at once,
    else only authorized. `marks`: whose payment it is, for the gateway to keep and to tell again."""

    payment_id: str
    amount: int
    currency: str
    method: str
    token: str = ""
    is_captured: bool = False
    return_url: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """A payment as it is known here, for what is asked of it later."""

    payment_id: str
    reference: str
    amount: int
    currency: str
    method: str
    is_captured: bool = False
    amount_captured: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a payment stands at the gateway. `status`: one of PAYMENT_STEPS. `next_action`: what the customer is to do.
    A `failure_message` is the gateway's word for people, without anything of a card."""

    status: str
    reference: str = ""
    amount_captured: int = 0
    failure_code: str = ""
    failure_message: str = ""
    next_action: Mapping[str, Any] = field(default_factory=dict)
    brand: str = ""
    last4: str = ""


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """How a refund stands: pending, succeeded or failed. `refund_id`: ours, when the gateway tells it."""

    status: str
    reference: str = ""
    failure_code: str = ""
    amount: int = 0
    refund_id: str = ""


@dataclass(frozen=True, slots=True)
class DisputeOutcome:
    """How a dispute stands at the gateway."""

    status: str
    reference: str = ""
    amount: int = 0
    reason: str = ""
    due_at: int | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What a gateway told by itself, and how things stand since. `payment_reference`: its name of the payment; `marks`:
    ours of it, where the gateway tells them."""

    notice_id: str
    type: str
    payment_reference: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    payment: Outcome | None = None
    refund: RefundOutcome | None = None
    dispute: DisputeOutcome | None = None


class Gateway(Protocol):
    """Somebody who takes money. `takes_cards`: card numbers may be given to it, which a test gateway alone may say."""

    name: str
    takes_cards: bool

    def check(self, *, amount: int, currency: str, method: str) -> None:
        """Raises Invalid naming the field that this gateway cannot do."""

    def tokenize(self, card: Card, *, today: date) -> Token:
        """What stands for the card. Raises Invalid naming the part of the card that is wrong, without its digits."""

    def known_token(self, text: str) -> Token:
        """A token that a customer's browser got from the gateway. Raises Invalid."""

    def create(self, charge: Charge, *, key: str) -> Outcome:
        """Begins a payment."""

    def confirm(self, payment: Standing, *, is_done: bool, key: str) -> Outcome:
        """How a payment stands after the customer's step. `is_done`: whether the customer did it, where the gateway is
        a test and leaves that to the caller."""

    def capture(self, payment: Standing, amount: int, *, key: str) -> Outcome:
        """Takes an authorized payment, or a part of it; the rest is let go."""

    def cancel(self, payment: Standing, *, key: str) -> Outcome:
        """Lets go of a payment that was not taken."""

    def refund(
        self, payment: Standing, amount: int, *, refund_id: str, reason: str, with_fee: bool, key: str
    ) -> RefundOutcome:
        """Gives back what was taken, or a part of it."""

    def answer_dispute(self, reference: str, evidence: Mapping[str, str], *, key: str) -> DisputeOutcome:
        """Sends evidence to the customer's bank."""

    def news(self, body: bytes, headers: Mapping[str, str]) -> News | None:
        """What a notice of the gateway tells; None for what is of no concern here. Raises Unauthenticated for a notice
        of somebody else, Invalid for one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Door:
    """How a gateway is opened: from the process's surroundings, where its keys are. `open` answers None without them.
    `wants`: what to set, in words."""

    name: str
    open: Callable[[Mapping[str, str]], Gateway | None]
    wants: str


def find_gateways() -> dict[str, Door]:
    """Every gateway, found in `ambra_tui.gateways`."""
    return discover("ambra_tui.gateways", "GATEWAY")


def open_gateway(name: str, environment: Mapping[str, str]) -> Gateway | None:
    """The gateway of this name; None where its keys are not set. Raises Invalid for a name that nobody has."""
    doors = find_gateways()
    if name not in doors:
        raise Invalid(f"There is no payment gateway '{name}'. There are: {', '.join(sorted(doors))}")
    return doors[name].open(environment)
