"""What flows say about codes that they cannot use: misread, malformed, or simply not known here.

Example::

    raise unknown(entry)        # E23 for a wrong check digit, E01 for a code that nobody has
"""

from __future__ import annotations

import re
from decimal import Decimal

from ambra_tui.floor.conversation import Entry, Refusal
from ambra_tui.kit.quantity import parse_quantity, show
from ambra_tui.kit.text import printable
from ambra_tui.scan.model import Scan
from ambra_tui.store.models import Variant

SHOWN_LENGTH = 40
MAX_TYPED_DIGITS = 7
WHOLE_UNITS = frozenset({"ea", "each", "pc", "pcs", "piece", "unit", "st", "stk", "case", "box"})
_MONTH_AND_YEAR = re.compile(r"\d{1,2}[.,]20\d\d")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*")
_PLAIN_NUMBER = re.compile(r"\d+(?:[.,]\d*)?")
_CODES = {
    "bad_check_digit": "E23",
    "missing_separator": "E25",
    "separator_missing?": "E25",
    "too_long": "E26",
    "overflow": "E26",
    "empty": "E27",
    "broken": "E27",
    "control_character": "E27",
    "bad_charset": "E27",
}


def shown(text: str) -> str:
    """A code for a person to read: control characters visible, long ones cut."""
    plain = printable(text)
    return plain if len(plain) <= SHOWN_LENGTH else f"{plain[: SHOWN_LENGTH - 1]}…"


def scan_of(entry: Entry) -> Scan:
    """The meaning of an entry; typed text without one is plain text."""
    return entry.scan or Scan(raw=entry.text, kind="plain", text=entry.text)


def text_of(entry: Entry) -> str:
    """The text of an entry without the scanner's own prefixes."""
    return (scan_of(entry).text or entry.text).strip()


def is_broken(text: str) -> bool:
    """True for text that no database keeps: NUL and lone surrogates. Such a code names nothing."""
    return any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)


def unknown(entry: Entry, *, takes_number: bool = False) -> Refusal:
    """Why a code that matches nothing is refused: misread, malformed, else E01. `takes_number`: a quantity may be typed
    at this step, so that a typed number is told to be none (E28)."""
    scan = scan_of(entry)
    found = shown(scan.text or entry.text)
    if scan.kind == "invalid":
        return Refusal(_CODES.get(scan.error, "E24"), found=found, detail=shown(scan.detail or scan.error))
    for warning in scan.warnings:
        if warning in ("bad_check_digit", "separator_missing?"):
            return Refusal(_CODES[warning], found=found)
    is_number = entry.how == "manual" and _NUMBER.fullmatch(found) and not _MONTH_AND_YEAR.fullmatch(found)
    return Refusal("E28" if takes_number and is_number else "E01", found=found)


def typed_quantity(entry: Entry) -> Decimal | None:
    """The number that a person typed, or None: a scan is never a quantity, nor is a long number or a month and year."""
    text = entry.text.strip()
    if entry.how != "manual" or len(text) > MAX_TYPED_DIGITS:
        return None
    if not _PLAIN_NUMBER.fullmatch(text) or _MONTH_AND_YEAR.fullmatch(text):
        return None
    try:
        return parse_quantity(text)
    except ValueError:
        return None


def refuse_part(variant: Variant, quantity: Decimal) -> None:
    """Raises E28 for a part of something that is counted in pieces; what is weighed or measured has parts."""
    if quantity != quantity.to_integral_value() and variant.unit_of_measure.casefold() in WHOLE_UNITS:
        raise Refusal("E28", found=show(quantity))
