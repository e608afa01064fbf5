"""Trials of analytics."""

from __future__ import annotations

from tests.api.two_organizations import Trial

PATH = "/analytics"
CUSTOM = {
    "dimensions": ["product", "customer", "warehouse"], "measures": ["revenue", "order_count"],
    "filters": {"date_range": "all_time"},
}  # fmt: skip

TRIALS: dict[str, tuple[Trial, ...]] = {
    "salesReport": (
        Trial(f"{PATH}/sales", query={"period": "year"}),
        Trial(f"{PATH}/sales", query={"group_by": "product"}),
        Trial(f"{PATH}/sales", query={"group_by": "customer", "format": "csv"}),
    ),
    "productPerformance": (Trial(f"{PATH}/products", query={"period": "year"}),),
    "customerAnalytics": (Trial(f"{PATH}/customers", query={"period": "year"}),),
    "customReport": (
        Trial(f"{PATH}/custom", CUSTOM),
        Trial(f"{PATH}/custom", {**CUSTOM, "filters": {"product": "$product"}}),
    ),
    "reportProductViews": (Trial(f"{PATH}/views", {"views": [{"product_id": "$product", "visitor": "someone"}]}),),
}

NEUTRAL = """
    format period interval group_by currency order start_date end_date metrics dimensions measures filters sort field
    visitor viewed_at views limit
"""
