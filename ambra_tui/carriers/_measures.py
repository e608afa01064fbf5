"""Weights and sizes, exact in every unit: a pound is 453.59237 g and an inch 2.54 cm, by definition.

Example::

    Weight.of(Decimal("2.5"), "lb").ounces      # Fraction(40, 1)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ambra_tui.errors import Invalid

GRAMS = {
    "g": Fraction(1),
    "kg": Fraction(1000),
    "oz": Fraction("28.349523125"),
    "lb": Fraction("453.59237"),
}
CENTIMETRES = {"cm": Fraction(1), "in": Fraction("2.54")}


@dataclass(frozen=True, slots=True, order=True)
class Weight:
    """A weight, kept in grams."""

    grams: Fraction

    @classmethod
    def of(cls, amount: Decimal | Fraction | int | str, unit: str) -> Weight:
        """`amount` of g, kg, oz or lb. Raises Invalid for another unit."""
        if unit not in GRAMS:
            raise Invalid(f"'{unit}' is no unit of weight. Use {', '.join(GRAMS)}", field="weight_unit")
        return cls(Fraction(amount) * GRAMS[unit])

    def to(self, unit: str) -> Fraction:
        """The weight in `unit`."""
        return self.grams / GRAMS[unit]

    @property
    def pounds(self) -> Fraction:
        return self.to("lb")

    @property
    def ounces(self) -> Fraction:
        return self.to("oz")

    @property
    def kilograms(self) -> Fraction:
        return self.to("kg")


@dataclass(frozen=True, slots=True)
class Size:
    """Three sides of a parcel in centimetres, the longest first."""

    sides: tuple[Fraction, Fraction, Fraction]

    @classmethod
    def of(cls, length: Decimal | int, width: Decimal | int, height: Decimal | int, unit: str) -> Size:
        """Three sides in cm or in. Raises Invalid for another unit."""
        if unit not in CENTIMETRES:
            raise Invalid(f"'{unit}' is no unit of length. Use {', '.join(CENTIMETRES)}", field="dimension_unit")
        one = CENTIMETRES[unit]
        shortest, middle, longest = sorted(Fraction(side) * one for side in (length, width, height))
        return cls((longest, middle, shortest))

    def to(self, unit: str) -> tuple[Fraction, Fraction, Fraction]:
        """The sides in `unit`, the longest first."""
        longest, middle, shortest = self.sides
        one = CENTIMETRES[unit]
        return (longest / one, middle / one, shortest / one)
