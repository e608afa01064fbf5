"""One-line text from outside: checked once at the door, then trusted.

Example::

    clean_line("Caf\\u00e9 [big]", field="name")   # 'Café [big]'
"""

from __future__ import annotations

import unicodedata

from ambra_tui.errors import Invalid

MAX_LINE = 255
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_control(character: str) -> bool:
    """True for C0, DEL, C1, surrogates, line separators and bidirectional overrides: never part of a name."""
    code = ord(character)
    return (
        code < 0x20
        or 0x7F <= code < 0xA0
        or 0xD800 <= code <= 0xDFFF
        or code in (0x2028, 0x2029, 0xFEFF)
        or character in _BIDI
    )


def clean_line(value: str, *, field: str, max_length: int = MAX_LINE, required: bool = True) -> str:
    """`value` in NFC without outer blanks. Raises Invalid naming `field` for controls, length or emptiness."""
    if any(map(is_control, value)):
        raise Invalid(f"{field} holds a control character", field=field)
    text = unicodedata.normalize("NFC", value).strip()
    if required and not text:
        raise Invalid(f"{field} is empty", field=field)
    if len(text) > max_length:
        raise Invalid(f"{field} is longer than {max_length} characters", field=field)
    return text


def printable(value: str) -> str:
    """`value` with every control character made visible as ``<1D>``; for screens and logs."""
    return "".join(f"<{ord(c):02X}>" if is_control(c) else c for c in value)
