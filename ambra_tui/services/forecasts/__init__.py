"""Forecasts: what will be asked for of each variant at each site, its spread, and the reorder point that follows.

Example::

    keys, total = forecast_keys(session, site_id=site.id, offset=0, limit=25)
    forecast(session, keys)[0].reorder_point
"""

from ambra_tui.services.forecasts.answer import Forecast
from ambra_tui.services.forecasts.service import (
    HORIZON_DAYS,
    MAX_HORIZON_DAYS,
    MIN_HORIZON_DAYS,
    daily_rates,
    forecast,
    forecast_keys,
)

__all__ = [
    "HORIZON_DAYS",
    "MAX_HORIZON_DAYS",
    "MIN_HORIZON_DAYS",
    "Forecast",
    "daily_rates",
    "forecast",
    "forecast_keys",
]
