"""The level of a demand history and how wrong it was: exponential smoothing, TSB, and errors over several periods.

Demand of a warehouse is mostly intermittent, so two simple methods are averaged: simple exponential smoothing, its
weight chosen among a few by the errors one period ahead, and Teunter, Syntetos and Babai's (TSB), which smooths how
often something sells apart from how much. What is uncertain about the demand of several periods is measured on sums of
that many periods, because the errors of single periods do not add up to it.

Example::

    fitted = fit([4.0, 0.0, 2.0, 5.0, 3.0, 0.0, 4.0, 2.0])
    fitted.level                # units a period
    fitted.variance(4)          # of what four periods will bring, around four times the level
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

ALPHAS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
TSB_CHANCE, TSB_SIZE = 0.1, 0.1
RECENT = 13  # a quarter of weeks: when it was wilder than the whole, it counts
_GROWTH = 1.5  # of the variance beyond what the history is long enough to show


@dataclass(frozen=True, slots=True)
class Fitted:
    """`level`: units expected a period. `levels`: what was expected of each period before it came. `totals`: running
    sums of the history, from 0."""

    level: float
    levels: Sequence[float]
    totals: Sequence[float]

    def variance(self, periods: float) -> float:
        """Of the demand of so many periods to come. Between whole periods it is read off the line between them."""
        longest = max(1, len(self.levels) // 2)
        if periods >= longest:
            return self._of_sums(longest) * float((periods / longest) ** _GROWTH)
        if periods <= 1:
            return self._of_sums(1) * periods
        whole = int(periods)
        rest = periods - whole
        below = self._of_sums(whole)
        return below if not rest else below + rest * (self._of_sums(whole + 1) - below)

    def has_grown_wilder(self, periods: int) -> bool:
        """The last quarter missed by far more than the history as a whole did."""
        errors = self._errors(min(periods, max(1, len(self.levels) // 2)))
        recent = errors[-RECENT:]
        return len(errors) >= 2 * RECENT and sum(recent) / len(recent) > 2 * sum(errors) / len(errors)

    def _of_sums(self, periods: int) -> float:
        errors = self._errors(periods)
        if not errors:
            return 0.0
        recent = errors[-RECENT:]
        worst = max(sum(errors) / len(errors), sum(recent) / len(recent))
        return worst * (1 + periods / len(self.levels))

    def _errors(self, periods: int) -> list[float]:
        """Squared misses of every stretch of so many periods."""
        totals = self.totals
        return [
            (after - before - periods * level) ** 2
            for level, before, after in zip(self.levels, totals, totals[periods:], strict=False)
        ]


def fit(history: Sequence[float]) -> Fitted:
    """The level of `history`, oldest first, which has at least one period."""
    smoothed, by_chance = _smooth(history), _tsb(history)
    levels = [(one + other) / 2 for one, other in zip(smoothed, by_chance, strict=True)]
    return Fitted(levels[-1], levels[:-1], list(accumulate(history, initial=0.0)))


def _smooth(history: Sequence[float]) -> list[float]:
    """Levels before each period and after the last, by the weight that erred least."""
    start = _start(history)
    best, least = ALPHAS[0], float("inf")
    for alpha in ALPHAS:
        level, wrong = start, 0.0
        for demand in history:
            error = demand - level
            wrong += error * error
            level += alpha * error
        if wrong < least:
            best, least = alpha, wrong
    levels, level = [start], start
    for demand in history:
        level += best * (demand - level)
        levels.append(level)
    return levels


def _start(history: Sequence[float]) -> float:
    return sum(history) / len(history)


def _tsb(history: Sequence[float]) -> list[float]:
    """Chance times size, before each period and after the last; both begin at their means."""
    sizes = [demand for demand in history if demand > 0]
    if not sizes:
        return [0.0] * (len(history) + 1)
    chance, size = len(sizes) / len(history), sum(sizes) / len(sizes)
    levels = [chance * size]
    for demand in history:
        if demand > 0:
            chance += TSB_CHANCE * (1 - chance)
            size += TSB_SIZE * (demand - size)
        else:
            chance -= TSB_CHANCE * chance
        levels.append(chance * size)
    return levels
