"""The forecast of one variant at one site, as every door shows it.

Example::

    forecast(session, [(milk.id, site.id)])[0].days       # what each of the next days is expected to bring
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ambra_tui.kit.language import say
from ambra_tui.services.forecasts.method import Confidence, Method
from ambra_tui.services.forecasts.weekdays import spread

Reason = tuple[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Demand over the horizon, which begins today: `mean` and the whole units that 50, 80 and 95 of 100 futures stay
    within. `cover_mean`, `reorder_point`: mean and quantile at the service level of the demand over lead time and
    review period; `safety_stock`: the difference. `policy_reorder_point`: what holds today. `available`: may still be
    promised; `suggested_quantity`: in whole packs. `history`: 52 weeks, the oldest first, None without stock;
    `history_weeks`: that count. `reasons`: names of sentences and what they tell."""

    variant_id: str
    sku: str
    product_id: str
    site_id: str
    starts_on: date
    horizon_days: int
    mean: Decimal
    p50: Decimal
    p80: Decimal
    p95: Decimal
    daily_rate: Decimal
    profile: tuple[float, ...]
    lead_time_days: int
    review_days: int
    service_level: Decimal
    cover_mean: Decimal
    reorder_point: Decimal
    safety_stock: Decimal
    policy_reorder_point: Decimal
    available: Decimal
    on_order: Decimal
    suggested_quantity: Decimal
    pack_quantity: Decimal
    history: tuple[float | None, ...]
    history_weeks: int
    confidence: Confidence
    method: Method
    reasons: tuple[Reason, ...]

    @property
    def cover_days(self) -> int:
        """Days that the reorder point has to last for."""
        return self.lead_time_days + self.review_days

    @property
    def days(self) -> tuple[float, ...]:
        """The mean of each day of the horizon."""
        weekday = self.starts_on.weekday()
        days = spread(float(self.daily_rate), self.profile, first_weekday=weekday, days=self.horizon_days)
        return tuple(round(units, 3) for units in days)

    def reason(self, language: str = "en") -> str:
        """Why, in sentences."""
        return " ".join(say(language, f"forecast.because_{name}", **told) for name, told in self.reasons)
