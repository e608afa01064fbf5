"""One-line text from outside: checked once at the door, then trusted.

Example::

    clean_line("Caf\\u00e9 [big]", field="name")   # 'Café [big]'
"""

from __future__ import annotations

import re
import unicodedata

from ambra_tui.errors import Invalid

MAX_LINE = 255
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def is_control(character: str) -> bool:
    """True for C0, DEL, C1, surrogates, line separators and bidirectional overrides: never part of a name."""
    return _CONTROL.match(character) is not None


def has_control(value: str) -> bool:
    """True when any character of `value` is a control (`is_control`)."""
    return _CONTROL.search(value) is not None


def clean_line(value: str, *, field: str, max_length: int = MAX_LINE, required: bool = True) -> str:
    """`value` in NFC without outer blanks. Raises Invalid naming `field` for controls, length or emptiness."""
    if has_control(value):
        raise Invalid(f"{field} holds a control character", field=field)
    text = unicodedata.normalize("NFC", value).strip()
    if required and not text:
        raise Invalid(f"{field} is empty", field=field)
    if len(text) > max_length:
        raise Invalid(f"{field} is longer than {max_length} characters", field=field)
    return text


def printable(value: str) -> str:
    """`value` with every control character made visible as ``<1D>``; for screens and logs."""
    return _CONTROL.sub(lambda found: f"<{ord(found[0]):02X}>", value)
