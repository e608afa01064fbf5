"""Item numbers of 8, 12, 13 and 14 digits: one form (GTIN-14), UPC-E written out, numbers of restricted use.

Example::

    to_gtin_14("5001000000019")   # '05001000000019'
    expand_upc_e("01234565")      # '012345000065'
"""

from __future__ import annotations

from ambra_tui.scan.check_digits import has_check_digit

LENGTHS = frozenset({8, 12, 13, 14})
_GTIN_8_FILL = "000000"


def is_number(text: str) -> bool:
    """True for digits (0-9) of a length that an item number may have."""
    return len(text) in LENGTHS and text.isascii() and text.isdigit()


def to_gtin_14(digits: str) -> str:
    """The 14-digit form of a GTIN-8, -12, -13 or -14."""
    return digits.zfill(14)


def expand_upc_e(digits: str) -> str:
    """The UPC-A of an 8-digit UPC-E; empty when its number system is not 0 or 1 or its check digit is wrong."""
    system, body, check = digits[0], digits[1:7], digits[7]
    if system not in "01":
        return ""
    last = body[5]
    if last in "012":
        middle = f"{body[:2]}{last}0000{body[2:5]}"
    elif last == "3":
        middle = f"{body[:3]}00000{body[3:5]}"
    elif last == "4":
        middle = f"{body[:4]}00000{body[4]}"
    else:
        middle = f"{body[:5]}0000{last}"
    upc_a = f"{system}{middle}{check}"
    return upc_a if has_check_digit(upc_a) else ""


def is_restricted(gtin_14: str) -> bool:
    """True for a number that one shop, company or country gives out: never a key of the whole world.

    GS1 prefixes 02, 04 and 20-29, and a GTIN-8 that begins with 0 or 2.
    """
    if gtin_14.startswith(_GTIN_8_FILL):
        return gtin_14[6] in "02"
    return gtin_14[1:3] in ("02", "04") or gtin_14[1] == "2"
