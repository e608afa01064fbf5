"""Check digits of tracking numbers.

Example::

    mod10("920551234567890000007")      # '3'
    mod7("331881002")                   # '5'
"""

from __future__ import annotations

from collections.abc import Sequence

FEDEX_WEIGHTS = (3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)
S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def mod10(digits: str) -> str:
    """GS1's: the last digit counts three times, the one before once, and so on (USPS Publication 199, appendix)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def ups_mod10(text: str) -> str:
    """Of the 15 signs behind ``1Z``: every second one counts twice; a letter counts (its place + 2) mod 10, A is 2."""
    total = sum(_ups_value(sign) * (2 if place % 2 else 1) for place, sign in enumerate(text))
    return str(-total % 10)


def _ups_value(sign: str) -> int:
    return int(sign) if sign.isdigit() else (ord(sign) - ord("A") + 2) % 10


def mod11_10(digits: str, weights: Sequence[int] = FEDEX_WEIGHTS) -> str:
    """The weighted sum modulo 11, and of that the last digit."""
    return str(sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11 % 10)


def mod7(digits: str) -> str:
    """The number modulo 7."""
    return str(int(digits) % 7)


def s10(digits: str) -> str:
    """Of the eight digits of a UPU S10 item identifier: 11 less the weighted sum modulo 11; 10 is 0, 11 is 5."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(digits, S10_WEIGHTS, strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))
