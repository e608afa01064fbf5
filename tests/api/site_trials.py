"""Trials of the stock and sku editions: see `two_organizations`."""

from __future__ import annotations

from tests.api.two_organizations import Trial

MOVED = {"product_id": "$product", "warehouse_id": "$site", "movement_type": "in", "quantity": 1}
COUNTED = {"product_id": "$product", "warehouse_id": "$site", "actual_quantity": 500, "reason": "count"}
SET = {"warehouse_id": "$site", "quantity": 400}

# In this order: what a trial does with the caller's own names must be possible where it stands.
SITE_TRIALS: dict[str, tuple[Trial, ...]] = {
    "listInventory": (
        Trial(""),
        Trial("", query={"warehouse_id": "$site"}),
        Trial("", query={"product_id": "$product", "limit": "5"}),
    ),
    "recordMovement": (
        Trial("/movements", MOVED),
        Trial("/movements", {**MOVED, "sku": "$sku"}),
        Trial("/movements", {**MOVED, "variant_id": "$variant", "movement_type": "out"}),
        Trial("/movements", {**MOVED, "movement_type": "transfer", "to_warehouse_id": "$shop"}),
        Trial("/movements", {**MOVED, "movement_type": "adjustment", "reference_id": "their own text"}),
        Trial("/movements", {**MOVED, "movement_type": "out", "lot_number": "$lot_number"}, is_done=False),
        Trial("/movements", {**MOVED, "movement_type": "out", "serial_number": "$serial"}, is_done=False),
        Trial("/movements", {**MOVED, "lot_number": "+lot_number", "serial_number": "+serial"}),
    ),
    "listMovements": (
        Trial("/movements"),
        Trial("/movements", query={"product_id": "$product"}),
        Trial("/movements", query={"warehouse_id": "$site"}),
    ),
    "adjustInventory": (
        Trial("/adjustments", {"adjustments": [COUNTED]}),
        Trial("/adjustments", {"adjustments": [{**COUNTED, "sku": "$sku"}]}),
        Trial("/adjustments", {"adjustments": [{**COUNTED, "variant_id": "$variant"}]}),
    ),
    "getAnalytics": (Trial("/analytics"), Trial("/analytics", query={"warehouse_id": "$site"})),
    "listWarehouses": (Trial("/warehouses"),),
    "syncWarehouse": (
        Trial("/warehouses/$market/sync", {"levels": [{"sku": "$sku", "quantity": 7}]}, query={"atomic": "true"}),
        Trial("/warehouses/$market/sync", {"levels": [{"sku": "$sku", "quantity": 0}], "marketplace": "amazon_eu"},
              query={"atomic": "true"}),
        Trial("/warehouses/$site/sync", {"levels": [{"sku": "$sku", "quantity": 7}]}, is_done=False),
    ),
    "setInventoryInBulk": (Trial("/bulk", {"updates": [{**SET, "sku": "$sku"}]}, query={"atomic": "true"}),),
    "listAdjustmentsOfSku": (
        Trial("/$sku/adjustments"),
        Trial("/$sku/adjustments", query={"warehouse_id": "$site"}),
    ),
    "listInventoryBySku": (
        Trial(""),
        Trial("", query={"warehouse_id": "$site"}),
        Trial("", query={"sku": "$sku"}),
    ),
    "getInventoryOfSku": (Trial("/$sku"),),
    "setInventoryOfSku": (Trial("/$sku", SET),),
}  # fmt: skip
