"""Whole-number quantiles of demand: negative binomial where it varies more than chance alone, else Poisson.

The mass function is summed. A formula stands in only where it is within a unit of the sum, which is where demand is
large and even; the usual shortcuts are off by many times for demand that is rare and lumpy, and there a reorder point
matters most.

Example::

    quantiles(3.2, 9.5, (0.5, 0.8, 0.95))     # [2, 5, 9]
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, log, sqrt
from statistics import NormalDist

_EVEN = 0.35  # skewness below which the formula holds
_LARGE = 30.0  # and the mean from which it does
_LONGEST = 4_000  # units that are summed; what reaches further is counted in larger units
_NORMAL = NormalDist()


def quantiles(mean: float, variance: float, probabilities: Sequence[float]) -> list[int]:
    """The least demand that is not exceeded with each of `probabilities`, which rise and lie between 0 and 1."""
    if mean <= 0:
        return [0] * len(probabilities)
    variance = max(variance, mean)
    skewness = (2 * variance - mean) / (mean * sqrt(variance))
    if mean >= _LARGE and skewness <= _EVEN:
        return [_by_formula(mean, variance, skewness, probability) for probability in probabilities]
    unit = max(1, ceil((mean + 8 * sqrt(variance)) / _LONGEST))
    found = _summed(mean / unit, max(variance / unit**2, mean / unit), probabilities)
    return [unit * units for units in found]


def _by_formula(mean: float, variance: float, skewness: float, probability: float) -> int:
    """Cornish and Fisher's expansion of the normal quantile by skewness and excess."""
    z = _NORMAL.inv_cdf(probability)
    excess = 1 / variance + 6 * (variance - mean) / mean**2
    bent = z + (z * z - 1) * skewness / 6 + (z**3 - 3 * z) * excess / 24 - (2 * z**3 - 5 * z) * skewness * skewness / 36
    return max(0, ceil(mean + sqrt(variance) * bent - 0.5))


def _summed(mean: float, variance: float, probabilities: Sequence[float]) -> list[int]:
    """Adds up the mass from 0 until each probability is reached."""
    # mass(k + 1) = mass(k) * (a + b * k) / (k + 1): Panjer's form of both distributions
    step = 1 - mean / variance
    base = mean * mean / variance
    if step > 1e-9:
        mass = exp(log(mean / variance) * mean * mean / (variance - mean))
    else:
        step, base, mass = 0.0, mean, exp(-mean)
    found: list[int] = []
    reached, count = mass, 0
    for probability in probabilities:
        while reached < probability and count < 4 * _LONGEST:
            mass *= (base + step * count) / (count + 1)
            count += 1
            reached += mass
        found.append(count)
    return found
