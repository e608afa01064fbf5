"""Trials of inventory."""

from __future__ import annotations

from tests.api.two_organizations import Trial

PATH = "/inventory"
CHANGE = {"quantity": -1, "reason": "sold"}

LOTTED = {
    "quantity": 1, "reason": "found", "location": "$bin", "lot_number": "+lot_number", "expiry_date": "2090-02-01",
}  # fmt: skip

TRIALS: dict[str, tuple[Trial, ...]] = {
    "getInventory": (Trial(f"{PATH}/$product"), Trial(f"{PATH}/$sku")),
    "adjustInventory": (
        Trial(f"{PATH}/$product/adjust", {**CHANGE, "location": "$site"}),
        Trial(f"{PATH}/$sku/adjust", {**CHANGE, "warehouse_id": "$bin", "variant_id": "$variant", "sku": "$sku"}),
        Trial(f"{PATH}/$lot_sku/adjust", LOTTED),
        Trial(
            f"{PATH}/$serial_sku/adjust",
            {"quantity": 1, "reason": "found", "location": "$bin", "serial_number": "+serial"},
        ),
    ),
    "setInventoryAlert": (
        Trial(f"{PATH}/$product/alerts", {"threshold": 3, "location": "$site", "reorder_quantity": 5}),
        Trial(f"{PATH}/$product/alerts", {"threshold": 3, "warehouse_id": "$shop", "notify": ["$shop_webhook"]}),
        Trial(f"{PATH}/$sku/alerts", {"threshold": 2, "sku": "$sku", "variant_id": "$variant"}),
    ),
    "listInventoryAlerts": (Trial(f"{PATH}/$product/alerts"),),
}

NEUTRAL = "quantity reason note expiry_date occurred_at threshold auto_reorder reorder_quantity"
