"""Codes as people print and type them, made comparable: GTINs as 14 digits, everything else verbatim.

Example::

    normalize_code("5001000000019")   # '05001000000019'
    normalize_code("BOX/7")           # 'BOX/7'
"""

from __future__ import annotations

from ambra_tui.errors import Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.scan.check_digits import check_digit, has_check_digit
from ambra_tui.scan.numbers import expand_upc_e, is_number, to_gtin_14

MAX_CODE = 120
OWN_LABEL = "own_label"


def gtin_of(text: str) -> str:
    """The 14 digits that `text` means, read as the scan engine reads a bare number; empty when it is no GTIN.

    Eight digits may be a UPC-E: it is one when they begin with 0 or their check digit is not an EAN-8's.
    """
    if not is_number(text):
        return ""
    is_valid = has_check_digit(text)
    upc_a = expand_upc_e(text) if len(text) == 8 and (text[0] == "0" or not is_valid) else ""
    if upc_a:
        return to_gtin_14(upc_a)
    return to_gtin_14(text) if is_valid else ""


def printed_code(code: str, *, kind: str = "each") -> str:
    """A stored code as it is printed: a GTIN without the zeros that fill it up to 14 digits."""
    if kind == OWN_LABEL or len(code) != 14 or not code.isdecimal():
        return code
    return next((code[zeros:] for zeros in (6, 2, 1) if code.startswith("0" * zeros)), code)


def normalize_code(code: str, *, kind: str = "each", field: str = "barcode") -> str:
    """`code` as it is stored: 14 digits for a GTIN, else verbatim.

    A code of 8, 12, 13 or 14 digits with a wrong check digit is refused as Invalid, unless `kind` is ``own_label``:
    the organization's own numbers may look like anything.
    """
    text = clean_line(code, field=field, max_length=MAX_CODE)
    if kind == OWN_LABEL or not is_number(text):
        return text
    gtin = gtin_of(text)
    if not gtin:
        expected = check_digit(text[:-1])
        raise Invalid(f"{field} {text} has a wrong check digit: {text[-1]} instead of {expected}", field=field)
    return gtin
