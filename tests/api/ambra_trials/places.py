"""Trials of warehouses and of locations."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

SITES, PLACES = "/warehouses", "/locations"
BIN = {"name": "+bin_code", "code": "+bin_code"}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listWarehouses": (Trial(SITES), Trial(SITES, query={"search": "$site_code"})),
    "createWarehouse": (Trial(SITES, {"name": "+made_sku", "code": "+made_sku", "parent_id": "$site"}),),
    "getWarehouse": (Trial(f"{SITES}/$site"),),
    "replaceWarehouse": (Trial(f"{SITES}/$spare_site", {"name": "+serial", "code": "+serial", "parent_id": "$site"}),),
    "updateWarehouse": (Trial(f"{SITES}/$spare_site", {"name": "+plate", "code": "+plate", "parent_id": "$site"}),),
    "deleteWarehouse": (Trial(f"{SITES}/$spare_site"),),
    "listLocations": (
        Trial(PLACES),
        Trial(PLACES, query={"warehouse_id": "$site"}),
        Trial(PLACES, query={"search": "$bin_code"}),
        Trial(PLACES, query={"parent_id": "$bin"}),
    ),
    "createLocation": (Trial(PLACES, {**BIN, "warehouse_id": "$site", "barcode": "+barcode", "parent_id": "$bin"}),),
    "getLocation": (Trial(f"{PLACES}/$bin"),),
    "replaceLocation": (
        Trial(f"{PLACES}/$spare_bin", {"name": "+serial", "code": "+serial", "warehouse_id": "$site"}),
        Trial(f"{PLACES}/$spare_bin", {"name": "+plate", "barcode": "+plate", "parent_id": "$bin"}),
    ),
    "updateLocation": (
        Trial(f"{PLACES}/$spare_bin", {"name": "+sku", "code": "+sku", "warehouse_id": "$site"}),
        Trial(f"{PLACES}/$spare_bin", {"barcode": "+order_number", "parent_id": "$bin"}),
    ),
    "deleteLocation": (Trial(f"{PLACES}/$spare_bin"),),
}
NEUTRAL = "type address zone sequence is_single_lot is_single_product capacity"


def furnish(api: Api, mark: str, names: Names) -> None:
    """A warehouse and a bin that nothing needs."""
    for name, path, body in (
        ("$spare_site", SITES, {"name": f"{mark} spare", "code": f"{mark}X"}),
        ("$spare_bin", PLACES, {"name": f"{mark}-SPARE", "warehouse_id": names["$site"]}),
    ):
        answer = api.client.post(f"/v1{path}", json=body)
        assert answer.status_code == 201, answer.text
        names[name] = answer.json()["data"]["id"]
