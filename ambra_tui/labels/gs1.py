"""GS1 element strings as they are printed: identifiers of known length first, a separator after the others.

Example::

    gs1_text([("01", "05001000000019"), ("10", "M130")])     # '010500100000001910M130'
    sscc("0500100000", 7)                                    # '005001000000000075' with its check digit
"""

from __future__ import annotations

from collections.abc import Sequence

from ambra_tui.errors import Invalid
from ambra_tui.labels.model import Code
from ambra_tui.scan.check_digits import check_digit, has_check_digit
from ambra_tui.scan.gs1 import check_element
from ambra_tui.scan.model import GS
from ambra_tui.scan.refusal import Refused
from ambra_tui.scan.table import load_table

Elements = Sequence[tuple[str, str]]
SSCC_DIGITS = 18
MAX_GS1_128 = 48


def gs1_text(elements: Elements) -> str:
    """The element string of `elements`. Raises Invalid naming the identifier that cannot hold its value."""
    ordered = _ordered(elements)
    parts: list[str] = []
    for position, (ai, value) in enumerate(ordered):
        ends = position == len(ordered) - 1
        parts.append(ai + value + ("" if ends or _is_predefined(ai) else GS))
    return "".join(parts)


def gs1_shown(elements: Elements) -> str:
    """The same for people: ``(01)05001000000019(10)M130``."""
    return "".join(f"({ai}){value}" for ai, value in _ordered(elements))


def gs1_code(elements: Elements, *, is_square: bool = False) -> Code:
    """GS1-128, or GS1 DataMatrix when `is_square` or when there is more than GS1-128 may hold (48 characters)."""
    text = gs1_text(elements)
    square = is_square or len(text) > MAX_GS1_128
    return Code("gs1_datamatrix" if square else "gs1_128", text, gs1_shown(elements))


def can_hold(ai: str, value: str) -> bool:
    """`value` may stand behind the identifier: a lot number with umlauts may not."""
    try:
        check_element(ai, value)
    except Refused:
        return False
    return True


def is_sscc(code: str) -> bool:
    """18 digits with a right check digit."""
    return len(code) == SSCC_DIGITS and code.isascii() and code.isdigit() and has_check_digit(code)


def sscc(prefix: str, number: int) -> str:
    """The SSCC of a `prefix` (extension digit and company prefix) and a serial `number`. Raises Invalid."""
    if not (prefix.isascii() and prefix.isdigit() and 7 <= len(prefix) <= 15):
        raise Invalid("an SSCC begins with 7 to 15 digits: the extension digit and the company prefix", field="prefix")
    room = SSCC_DIGITS - 1 - len(prefix)
    if number < 0 or len(str(number)) > room:
        raise Invalid(f"after {prefix} an SSCC has room for {room} digits, {number} has more", field="number")
    payload = prefix + str(number).zfill(room)
    return payload + check_digit(payload)


def _ordered(elements: Elements) -> list[tuple[str, str]]:
    """The elements, checked, those of known length first so that the fewest separators are needed."""
    if not elements:
        raise Invalid("a GS1 symbol holds at least one element")
    for ai, value in elements:
        try:
            check_element(ai, value)
        except Refused as refusal:
            raise Invalid(f"({ai}){value} cannot be printed: {refusal.detail}") from None
    return sorted(elements, key=lambda element: not _is_predefined(element[0]))


def _is_predefined(ai: str) -> bool:
    identifier = load_table().get(ai)
    return identifier is not None and identifier.is_predefined
