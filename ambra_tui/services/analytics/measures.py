"""What a report can count: each measure by name, from sums of the rows of orders and items.

A measure is told exactly by the sums of its row; `rank` orders rows by it inside the database.

Example::

    MEASURES["avg_order_value"].tell({"revenue": 6000, "orders": 4}, "EUR")     # Decimal('15.00')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import Float, cast, func

from ambra_tui.kit.money import COST_SCALE, to_major
from ambra_tui.kit.quantity import to_decimal

MONEY, COUNT, QUANTITY, RATIO = "money", "integer", "quantity", "ratio"
Sums = Mapping[str, int]
RATIO_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. `sums`: what it is made of; `compute`: its number from them, None where it has none: minor units,
    whole units, millionths or a ratio, by `kind`. `is_of_order`: an amount of the whole order, of no item."""

    name: str
    kind: str
    sums: tuple[str, ...]
    compute: Callable[[Any], Any]
    is_of_order: bool = False

    def tell(self, sums: Sums, currency: str) -> Decimal | int | None:
        """The value as people write it."""
        number = self.compute(sums)
        if number is None:
            return None
        if self.kind == MONEY:
            return to_major(int(Decimal(number).to_integral_value(ROUND_HALF_EVEN)), currency)
        if self.kind == QUANTITY:
            return to_decimal(int(number))
        return Decimal(number).quantize(RATIO_PLACES, ROUND_HALF_EVEN) if self.kind == RATIO else int(number)

    def rank(self, sums: Any) -> Any:
        """An expression that orders rows; `sums`: the columns by name."""
        return _RANKS[self.name](sums) if self.name in _RANKS else self.compute(sums)


def _ratio(above: Any, below: Any) -> Decimal | None:
    return Decimal(int(above)) / int(below) if below else None


def _plain(name: str, kind: str, column: str, *, is_of_order: bool = False) -> Measure:
    return Measure(name, kind, (column,), lambda sums: sums[column], is_of_order)


def _net(sums: Any) -> Any:
    return sums["revenue"] - sums["discount"] - sums["refunded"]


def _total(sums: Any) -> Any:
    return sums["revenue"] - sums["discount"] + sums["shipping"] + sums["tax"]


def _profit(sums: Any) -> Any:
    """Ten-thousandths of the minor unit."""
    return sums["shipped_revenue"] * COST_SCALE - sums["cost"]


_ALL = (
    _plain("revenue", MONEY, "revenue"),
    _plain("order_count", COUNT, "orders"),
    _plain("units_sold", QUANTITY, "units"),
    Measure("avg_order_value", MONEY, ("revenue", "orders"), lambda s: _ratio(s["revenue"], s["orders"])),
    Measure("units_per_order", RATIO, ("units", "orders"), lambda s: _ratio(s["units"], s["orders"] * 1_000_000)),
    _plain("customers", COUNT, "customers"),
    _plain("discounts", MONEY, "discount"),
    _plain("refunds", MONEY, "refunded"),
    Measure("net_revenue", MONEY, ("revenue", "discount", "refunded"), _net),
    _plain("shipping", MONEY, "shipping", is_of_order=True),
    _plain("tax", MONEY, "tax", is_of_order=True),
    Measure("total_sales", MONEY, ("revenue", "discount", "shipping", "tax"), _total, is_of_order=True),
    _plain("units_returned", QUANTITY, "returned"),
    Measure("return_rate", RATIO, ("returned", "units"), lambda s: _ratio(s["returned"], s["units"])),
    _plain("units_shipped", QUANTITY, "shipped"),
    Measure("cost", MONEY, ("cost",), lambda s: Decimal(int(s["cost"])) / COST_SCALE),
    Measure("gross_profit", MONEY, ("shipped_revenue", "cost"), lambda s: Decimal(int(_profit(s))) / COST_SCALE),
    Measure(
        "profit_margin",
        RATIO,
        ("shipped_revenue", "cost"),
        lambda s: _ratio(_profit(s), s["shipped_revenue"] * COST_SCALE),
    ),
)
_ALIASES = {"orders": "order_count", "units": "units_sold", "average_order_value": "avg_order_value"}
MEASURES: Mapping[str, Measure] = {each.name: each for each in _ALL}
MEASURE_NAMES = (*MEASURES, *_ALIASES)


def measure_named(name: str) -> Measure:
    """The measure of a name or its other name. Raises KeyError."""
    return MEASURES[_ALIASES.get(name, name)]


def _quotient(above: Any, below: Any) -> Any:
    return cast(above, Float) / func.nullif(cast(below, Float), 0.0)


_RANKS: Mapping[str, Callable[[Any], Any]] = {
    "avg_order_value": lambda s: _quotient(s["revenue"], s["orders"]),
    "units_per_order": lambda s: _quotient(s["units"], s["orders"]),
    "return_rate": lambda s: _quotient(s["returned"], s["units"]),
    "cost": lambda s: s["cost"],
    "gross_profit": _profit,
    "profit_margin": lambda s: _quotient(_profit(s), s["shipped_revenue"]),
}
