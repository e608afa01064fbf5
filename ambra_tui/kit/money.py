"""Money is minor units and a currency; unit costs are ten-thousandths of the minor unit. No float.

Example::

    to_minor(Decimal("29.99"), "EUR")   # 2999
    to_major(2999, "EUR")               # Decimal('29.99')
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

COST_SCALE = 10_000
NO_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF")
)
THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))


def decimals_of(currency: str) -> int:
    """How many decimals the currency's minor unit has (ISO 4217)."""
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def to_minor(amount: Decimal, currency: str) -> int:
    """Minor units of `amount`. Raises ValueError when it is finer than the currency's minor unit."""
    minor = amount.scaleb(decimals_of(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{currency} has {decimals_of(currency)} decimals")
    return int(minor)


def to_major(minor: int, currency: str) -> Decimal:
    """The inverse of `to_minor`."""
    return Decimal(minor).scaleb(-decimals_of(currency))


def to_unit_cost(amount: Decimal, currency: str) -> int:
    """Ten-thousandths of the minor unit, rounded half to even."""
    scaled = amount.scaleb(decimals_of(currency)) * COST_SCALE
    return int(scaled.to_integral_value(ROUND_HALF_EVEN))


def from_unit_cost(cost: int, currency: str) -> Decimal:
    """The inverse of `to_unit_cost`."""
    return (Decimal(cost) / COST_SCALE).scaleb(-decimals_of(currency))


def minor_to_json(minor: int, currency: str) -> int | float:
    """The JSON number of `to_major`: an integer where it is whole, else the decimal digits."""
    unit = int(10 ** decimals_of(currency))
    whole, rest = divmod(minor, unit)
    return whole if rest == 0 else minor / unit
