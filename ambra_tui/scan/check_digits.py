"""Check digits: GS1 keys, the pair of a GMN, the inner digit of variable prices, IBAN.

Example::

    check_digit("500100000001")             # '9'
    has_check_digit("5001000000019")        # True
"""

from __future__ import annotations

_MINUS_2 = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
_TIMES_3 = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
_MINUS_5 = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)
_PLUS_5 = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
_CSET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_CSET_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)


def check_digit(payload: str) -> str:
    """The digit that follows the digits of `payload` in a GTIN, SSCC, GLN or any other GS1 key."""
    return str(-_weighted(payload + "0") % 10)


def has_check_digit(digits: str) -> bool:
    """True when the last of `digits` (0-9 only) is the check digit of those before it."""
    return _weighted(digits) % 10 == 0


def _weighted(digits: str) -> int:
    return sum(map(int, digits[::-2])) + 3 * sum(map(int, digits[-2::-2]))


def price_check_digit(value: str) -> str:
    """The inner check digit before a price or weight of 4 or 5 digits."""
    digits = [int(digit) for digit in value]
    if len(digits) == 4:
        weights = (_MINUS_2, _MINUS_2, _TIMES_3, _MINUS_5)
        return str(sum(w[d] for w, d in zip(weights, digits, strict=True)) * 3 % 10)
    weights_5 = (_PLUS_5, _MINUS_2, _MINUS_5, _PLUS_5, _MINUS_2)
    total = sum(w[d] for w, d in zip(weights_5, digits, strict=True))
    return str(_MINUS_5.index(-total % 10))


def has_check_pair(number: str) -> bool:
    """True when the last two characters of a GMN are the check characters of those before them."""
    payload, pair = number[:-2], number[-2:]
    if not payload or len(payload) > len(_PRIMES) or any(c not in _CSET_82 for c in payload):
        return False
    total = sum(p * _CSET_82.index(c) for p, c in zip(_PRIMES, reversed(payload), strict=False)) % 1021
    return pair == _CSET_32[total >> 5] + _CSET_32[total & 31]


def has_iban_check(number: str) -> bool:
    """True when an International Bank Account Number leaves the remainder 1 of 97."""
    if not number.isascii() or not number.isalnum() or number != number.upper():
        return False
    return int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97 == 1
