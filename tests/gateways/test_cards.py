"""What a card's number tells, what the sandbox answers, and how Stripe counts money."""

from __future__ import annotations

from datetime import date

import pytest

from ambra_tui.errors import Invalid
from ambra_tui.gateways import Card, Charge, Standing, find_gateways, open_gateway
from ambra_tui.gateways._cards import brand_of, holds_card_number, luhn
from ambra_tui.gateways.sandbox import Sandbox
from ambra_tui.gateways.stripe import from_units, to_units
from ambra_tui.kit.money import decimals_of
from ambra_tui.services.payments import CURRENCIES, expected_day

TODAY = date(2026, 3, 2)


def test_the_gateways_that_there_are() -> None:
    assert set(find_gateways()) == {"sandbox", "stripe"}
    assert open_gateway("stripe", {}) is None
    assert open_gateway("sandbox", {}) is not None
    with pytest.raises(Invalid, match="sandbox, stripe"):
        open_gateway("nobody", {})


@pytest.mark.parametrize(
    ("digits", "brand"),
    [
        ("4242424242424242", "visa"), ("5555555555554444", "mastercard"), ("2223003122003222", "mastercard"),
        ("378282246310005", "amex"), ("6011111111111117", "discover"), ("6510000000000000", "discover"),
        ("3530111333300000", ""), ("2220999999999999", ""), ("9999999999999999", ""),
    ],
)  # fmt: skip
def test_brands(digits: str, brand: str) -> None:
    assert brand_of(digits) == brand
    assert luhn("4242424242424242")
    assert not any(luhn(f"424242424242424{last}") for last in "013456789")


def test_a_card_number_is_found_in_a_text_and_other_numbers_are_not() -> None:
    for text in ("4242424242424242", "card 4242 4242 4242 4242!", "3782-822463-10005", "x4000002760003184y"):
        assert holds_card_number(text), text
    for text in (
        "",
        "ord_123",
        "4006381333931",
        "+49 30 123456",
        "9400111899223100001234",
        "4242424242424241",
        "2026-03-02",
        "42424242424242424242",
    ):
        assert not holds_card_number(text), text


def test_a_card_tells_nobody_its_number() -> None:
    card = Card("4242 4242 4242 4242", 12, 2030, "123")
    assert "4242" not in repr(card)
    assert "123" not in repr(card)
    token = Sandbox().tokenize(card, today=TODAY)
    assert (token.text, token.brand, token.last4) == ("tok_sandbox_ok", "visa", "4242")
    assert Sandbox().tokenize(Card("4242 4242 4242 4242", 3, 2026, "123"), today=TODAY) == token
    for wrong in (Card("4242424242424242", 2, 2026, "123"), Card("4242424242424242", 12, 2057, "123")):
        with pytest.raises(Invalid) as refused:
            Sandbox().tokenize(wrong, today=TODAY)
        assert refused.value.field == "card.exp_year"


def test_the_sandbox_answers_the_same_to_the_same() -> None:
    charge = Charge("pi_1", 500, "jpy", "card", "tok_sandbox_insufficient_funds")
    answers = {Sandbox().create(charge, key=key).failure_code for key in "ab"}
    assert answers == {"insufficient_funds"}
    standing = Standing("pi_1", "sandbox_pi_1", 500, "jpy", "card")
    assert Sandbox().capture(standing, 200, key="k").amount_captured == 200


def test_how_stripe_counts() -> None:
    """Minor units of ISO 4217 go there and come back the same; what it cannot count is refused, not rounded."""
    assert (to_units(19999, "usd"), to_units(500, "jpy"), to_units(1500, "kwd"), to_units(5, "isk")) == (
        19999, 500, 1500, 500,
    )  # fmt: skip
    assert (to_units(500, "mga"), from_units(5, "mga")) == (5, 500)
    for amount, currency, field in ((1501, "kwd", "amount"), (501, "mga", "amount"), (100, "ugx", "currency")):
        with pytest.raises(Invalid) as refused:
            to_units(amount, currency)
        assert refused.value.field == field
    for currency in sorted(CURRENCIES - {"ugx", "iqd", "lyd"}):
        assert from_units(to_units(123000, currency), currency) == 123000
        assert decimals_of(currency.upper()) in (0, 2, 3)


def test_a_refund_takes_five_to_ten_working_days() -> None:
    friday = date(2026, 3, 6)
    assert expected_day("card", friday) == date(2026, 3, 13)
    assert expected_day("card", date(2026, 3, 7)) == date(2026, 3, 13)
    assert expected_day("klarna", friday) == date(2026, 3, 17)
    assert expected_day("wire", friday) == date(2026, 3, 20)
