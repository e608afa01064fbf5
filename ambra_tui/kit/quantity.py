"""Exact quantities: integers of a millionth of the base unit inside the store, Decimal everywhere above it.

Example::

    to_scaled(Decimal("1.5"))   # 1500000
    to_decimal(1500000)         # Decimal('1.5')
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

SCALE = 1_000_000
MAX_QUANTITY = Decimal(1_000_000_000)
ZERO = Decimal(0)


def to_scaled(quantity: Decimal) -> int:
    """Millionths of the base unit. Raises ValueError when `quantity` is finer than a millionth or not finite."""
    if not quantity.is_finite():
        raise ValueError("a quantity is a finite number")
    scaled = quantity * SCALE
    whole = int(scaled)
    if whole != scaled:
        raise ValueError("a quantity has at most six decimals")
    return whole


def to_decimal(scaled: int) -> Decimal:
    """The inverse of `to_scaled`, without trailing zeros in its text."""
    whole, rest = divmod(scaled, SCALE)
    return Decimal(whole) if rest == 0 else (Decimal(scaled) / SCALE).normalize()


def parse_quantity(text: str) -> Decimal:
    """A quantity as a person types it (a comma is a decimal point). Raises ValueError with a sentence."""
    try:
        quantity = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"'{text[:20]}' is not a number") from None
    if not quantity.is_finite() or abs(quantity) > MAX_QUANTITY:
        raise ValueError("the quantity is out of range")
    to_scaled(quantity)
    return quantity


def show(quantity: Decimal) -> str:
    """The shortest plain text: ``12``, ``1.5``; never an exponent."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def scaled_to_json(scaled: int) -> int | float:
    """`to_json` of a scaled integer."""
    whole, rest = divmod(scaled, SCALE)
    return whole if rest == 0 else scaled / SCALE


def to_json(quantity: Decimal) -> int | float:
    """The JSON number: an integer where it is whole; else the decimal digits, exact to six places."""
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)
