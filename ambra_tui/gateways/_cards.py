"""What a card's number tells of itself: its brand, its length, its check digit.

Example::

    checked_card(Card("4242 4242 4242 4242", 12, 2030, "123"), today=date(2026, 3, 2))    # ('visa', '4242424242424242')
"""

from __future__ import annotations

import re
from datetime import date

from ambra_tui.errors import Invalid
from ambra_tui.gateways._seam import Card

FARTHEST_YEARS = 30
_NUMBER = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){11,18}(?![0-9])")
_LENGTHS = {"visa": (13, 16, 19), "mastercard": (16,), "amex": (15,), "discover": (16, 17, 18, 19)}
# First to last number that a brand's cards begin with.
_RANGES = (
    ("visa", 4, 4),
    ("mastercard", 51, 55),
    ("mastercard", 2221, 2720),
    ("amex", 34, 34),
    ("amex", 37, 37),
    ("discover", 6011, 6011),
    ("discover", 644, 649),
    ("discover", 65, 65),
)


def luhn(digits: str) -> bool:
    """True when the last digit is the check digit of the others."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(each - 9 * (each > 9) for each in doubled)) % 10 == 0


def brand_of(digits: str) -> str:
    """The brand that a number belongs to; empty for none that is taken."""
    for brand, first, last in _RANGES:
        if first <= int(digits[: len(str(first))]) <= last:
            return brand
    return ""


def holds_card_number(text: str) -> bool:
    """True when there is what may be a card's number in `text`: it is not kept then."""
    for found in _NUMBER.finditer(text):
        digits = re.sub("[ -]", "", found[0])
        brand = brand_of(digits)
        if brand and len(digits) in _LENGTHS[brand] and luhn(digits):
            return True
    return False


def checked_card(card: Card, *, today: date) -> tuple[str, str]:
    """The brand and the digits. Raises Invalid naming the part that is wrong; no message holds a digit of it."""
    if not _NUMBER.fullmatch(card.number):
        raise Invalid("The card number has 12 to 19 digits", field="card.number")
    digits = re.sub("[ -]", "", card.number)
    brand = brand_of(digits)
    if not brand:
        raise Invalid("Cards of this brand are not taken: Visa, Mastercard, Amex and Discover are", field="card.number")
    if len(digits) not in _LENGTHS[brand] or not luhn(digits):
        raise Invalid("The card number is wrong: a digit is missing or mistyped", field="card.number")
    _refuse_expired(card, today)
    wanted = 4 if brand == "amex" else 3
    if not re.fullmatch(f"[0-9]{{{wanted}}}", card.cvc):
        raise Invalid(f"The security code of this card has {wanted} digits", field="card.cvc")
    return brand, digits


def _refuse_expired(card: Card, today: date) -> None:
    if not 1 <= card.expiry_month <= 12:
        raise Invalid("The month is 1 to 12", field="card.exp_month")
    if (card.expiry_year, card.expiry_month) < (today.year, today.month):
        raise Invalid("The card has expired", field="card.exp_year")
    if card.expiry_year > today.year + FARTHEST_YEARS:
        raise Invalid(f"The year is at most {FARTHEST_YEARS} years from now", field="card.exp_year")
