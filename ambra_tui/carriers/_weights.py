"""What a parcel is charged for: the greater of its weight and its size, rounded up as a carrier does.

Example::

    by_pounds(parcel, divisor=139)      # whole pounds
"""

from __future__ import annotations

import math
from fractions import Fraction

from ambra_tui.carriers._model import Parcel

CUBIC_FOOT = 1728


def by_pounds(parcel: Parcel, *, divisor: int, above_cubic_inches: int = 0) -> Fraction:
    """Whole pounds. Sides count as whole inches, begun ones as full; `divisor`: cubic inches to a pound;
    `above_cubic_inches`: smaller parcels are charged by weight alone."""
    pounds = math.ceil(parcel.weight.pounds)
    if parcel.size is not None:
        volume = math.prod(math.ceil(side) for side in parcel.size.to("in"))
        if volume > above_cubic_inches:
            pounds = max(pounds, math.ceil(Fraction(volume, divisor)))
    return Fraction(max(pounds, 1))


def by_kilograms(parcel: Parcel, *, divisor: int = 5000, step: Fraction = Fraction(1, 2)) -> Fraction:
    """Kilograms in steps of `step`. `divisor`: cubic centimetres to a kilogram."""
    kilograms = parcel.weight.kilograms
    if parcel.size is not None:
        kilograms = max(kilograms, math.prod(parcel.size.to("cm"), start=Fraction(1)) / divisor)
    return max(math.ceil(kilograms / step), 1) * step
