"""Trials of stock levels."""

from __future__ import annotations

from tests.api.two_organizations import Trial

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listStockLevels": (
        Trial("/stock_levels"),
        *(
            Trial("/stock_levels", query={name: value})
            for name, value in {
                "product_id": "$product", "sku": "$sku", "location": "$site", "warehouse_id": "$site", "search": "$sku",
            }.items()
        ),
        Trial("/stock_levels", query={"location": "$bin", "sort": "name"}),
    ),
}  # fmt: skip
