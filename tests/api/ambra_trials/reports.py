"""Trials of reports."""

from __future__ import annotations

from tests.api.two_organizations import Trial

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listReports": (Trial("/reports"),),
    "getStockOverview": (
        Trial("/reports/stock_overview"),
        Trial("/reports/stock_overview", query={"warehouse_id": "$site"}),
    ),
}
