"""Trials of stock movements."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/stock_movements"
MOVED = {"product_id": "$product", "type": "in", "quantity": 1, "warehouse_id": "$site"}
AT_BIN = {"product_id": "$product", "type": "out", "quantity": 1, "location_id": "$bin"}
LATER = {"complete": False}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listStockMovements": (
        Trial(PATH),
        Trial(PATH, query={"product_id": "$product"}),
        Trial(PATH, query={"sku": "$sku"}),
        Trial(PATH, query={"warehouse_id": "$site"}),
        Trial(PATH, query={"location": "$bin"}),
    ),
    "createStockMovement": (
        Trial(PATH, MOVED),
        Trial(PATH, {**MOVED, "sku": "$sku", **LATER}),
        Trial(PATH, {**AT_BIN, "type": "in", "quantity": 9}),
        Trial(PATH, {**AT_BIN, "variant_id": "$variant"}),
        Trial(PATH, {**AT_BIN, "type": "transfer", "to_warehouse_id": "$shop"}),
        Trial(PATH, {**AT_BIN, "type": "transfer", "to_location_id": "$shop"}),
        Trial(PATH, {**AT_BIN, "type": "adjustment", "location_id": "$bin"}),
        Trial(PATH, {**AT_BIN, "serial_number": "$serial"}, is_done=False),
        Trial(PATH, {**MOVED, "lot_number": "+lot_number", "serial_number": "+serial"}),
    ),
    "getStockMovement": (Trial(f"{PATH}/$movement"),),
    "completeStockMovement": (Trial(f"{PATH}/$movement/complete"),),
    "cancelStockMovement": (Trial(f"{PATH}/$spare_movement/cancel", {"reason": "none came"}),),
}
NEUTRAL = "reference complete"


def furnish(api: Api, mark: str, names: Names) -> None:
    """Two movements that wait."""
    for name in ("movement", "spare_movement"):
        body = {"product_id": names["$product"], "type": "in", "quantity": 1, "location_id": names["$bin"]}
        answer = api.client.post("/v1/stock_movements", json={**body, **LATER, "notes": mark})
        assert answer.status_code == 201, answer.text
        names[f"${name}"] = answer.json()["data"]["id"]
