"""From a history of weeks to what will be asked for: the level, its spread, and how much to believe of it.

With eight weeks that count the item speaks for itself. With fewer, the missing ones are filled with the rate of the
category that it belongs to, and the spread is that of the category's items. Without any sale there is no forecast.

Example::

    demand = estimate([3.0, None, 0.0, 4.0, 2.0, 5.0, 1.0, 0.0, 2.0, 3.0], Category("location", 1.5, 4.0, 2.0))
    demand.over(4.0, (0.5, 0.95))          # mean and quantiles of four weeks together
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ambra_tui.services.forecasts.quantiles import quantiles
from ambra_tui.services.forecasts.smoothing import Fitted, fit

ENOUGH_WEEKS = 8
SURE_WEEKS = 13
SURE_SALES = 4  # weeks with sales, without which even a long history says little
PEAK_WEEKS = 4
Confidence = Literal["none", "low", "ok"]
Method = Literal["none", "category_rate", "smoothing"]


@dataclass(frozen=True, slots=True)
class Category:
    """Items that sell alike, as far as is known. `name`: what they have in common; `rate`: units a week of the average
    item; `within`: variance of its weeks; `between`: variance of the items' rates."""

    name: str
    rate: float
    within: float
    between: float


@dataclass(frozen=True, slots=True)
class Demand:
    """What an item is expected to sell. `level`: units a week; `weeks`: that count; `selling_weeks`: with sales;
    `missing_weeks`: since the first that counts, without stock."""

    level: float
    method: Method
    confidence: Confidence
    weeks: int
    selling_weeks: int
    missing_weeks: int
    fitted: Fitted | None = None
    category: Category | None = None

    def over(self, weeks: float, probabilities: Sequence[float]) -> tuple[float, list[int]]:
        """Mean and quantiles of the demand of so many weeks together."""
        mean = self.level * weeks
        return mean, quantiles(mean, self._variance(weeks), probabilities)

    @property
    def may_peak(self) -> bool:
        """The last quarter was wilder than the past: a peak or a trend, which the figures follow late."""
        return self.fitted is not None and self.fitted.has_grown_wilder(PEAK_WEEKS)

    def _variance(self, weeks: float) -> float:
        if self.fitted is not None:
            return self.fitted.variance(weeks)
        if self.category is None:
            return 0.0
        borrowed = 1 - self.weeks / ENOUGH_WEEKS
        return weeks * self.category.within + weeks * weeks * borrowed * self.category.between


def estimate(history: Sequence[float | None], category: Category, *, is_kept: bool = True) -> Demand:
    """The demand that `history` (oldest first, None where it says nothing) and the item's category lead to expect.

    `is_kept`: there is stock of it, or stock is on its way; without that and without history nothing is expected.
    """
    known = [demand for demand in history if demand is not None]
    selling = sum(1 for demand in known if demand > 0)
    missing = _missing(history)
    if (not known and not is_kept) or (not selling and len(known) >= ENOUGH_WEEKS):
        return Demand(0.0, "none", "none", len(known), 0, missing)
    if len(known) < ENOUGH_WEEKS:
        level = (sum(known) + (ENOUGH_WEEKS - len(known)) * category.rate) / ENOUGH_WEEKS
        confidence: Confidence = "low" if level > 0 else "none"
        return Demand(level, "category_rate", confidence, len(known), selling, missing, category=category)
    fitted = fit(known)
    is_sure = len(known) >= SURE_WEEKS and selling >= SURE_SALES
    return Demand(fitted.level, "smoothing", "ok" if is_sure else "low", len(known), selling, missing, fitted)


def is_short(history: Sequence[float | None]) -> bool:
    """Too few weeks count for the item to speak for itself."""
    return len(history) - history.count(None) < ENOUGH_WEEKS


def _missing(history: Sequence[float | None]) -> int:
    first = next((index for index, demand in enumerate(history) if demand is not None), len(history))
    return sum(1 for demand in history[first:] if demand is None)
