"""Gateways: who takes a shop's money. One file each, found by its name; nothing here knows the store.

A gateway is asked outside every transaction. Each call carries a `key` of ours, so that asking again acts once. What it
refuses is an `Outcome`, never an exception; `Unavailable` says that nobody answered, and that it is to be asked again.

Example::

    gateway = open_gateway("sandbox", {})
    token = gateway.tokenize(Card("4242 4242 4242 4242", 12, 2030, "123"), today=today)
    outcome = gateway.create(Charge(payment_id="pi_1", amount=19999, currency="usd", method="card", token=token.text),
                             key="errand_1")
    outcome.status        # 'authorized'
"""

from ambra_tui.gateways._seam import (
    DISPUTE_LOST,
    DISPUTE_OPEN,
    DISPUTE_REVIEWED,
    DISPUTE_WON,
    METHODS,
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
    find_gateways,
    open_gateway,
)

__all__ = [
    "DISPUTE_LOST",
    "DISPUTE_OPEN",
    "DISPUTE_REVIEWED",
    "DISPUTE_WON",
    "METHODS",
    "Card",
    "Charge",
    "DisputeOutcome",
    "Door",
    "Gateway",
    "News",
    "Outcome",
    "RefundOutcome",
    "Standing",
    "Token",
    "find_gateways",
    "open_gateway",
]
