"""Codes as people print and type them, made comparable: GTINs as 14 digits, everything else verbatim.

Example::

    normalize_code("5001000000019")   # '05001000000019'
    normalize_code("BOX/7")           # 'BOX/7'
"""

from __future__ import annotations

from ambra_tui.errors import Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.scan.check_digits import check_digit, has_check_digit

MAX_CODE = 120
OWN_LABEL = "own_label"
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})


def has_gtin_shape(text: str) -> bool:
    """True for 8, 12, 13 or 14 plain digits: a code that claims to be a GTIN."""
    return len(text) in _GTIN_LENGTHS and text.isascii() and text.isdigit()


def normalize_code(code: str, *, kind: str = "each", field: str = "barcode") -> str:
    """`code` as it is stored: 14 digits for a GTIN, else verbatim.

    A code of GTIN shape with a wrong check digit is refused as Invalid, unless `kind` is ``own_label``: the
    organization's own numbers may look like anything.
    """
    text = clean_line(code, field=field, max_length=MAX_CODE)
    if kind == OWN_LABEL or not has_gtin_shape(text):
        return text
    if not has_check_digit(text):
        expected = check_digit(text[:-1])
        raise Invalid(f"{field} {text} has a wrong check digit: {text[-1]} instead of {expected}", field=field)
    return text.zfill(14)
