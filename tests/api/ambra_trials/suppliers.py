"""Trials of suppliers."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/suppliers"

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listSuppliers": (Trial(PATH), Trial(PATH, query={"search": "$supplier_name"})),
    "createSupplier": (Trial(PATH, {"name": "+supplier_name", "code": "+made_sku"}),),
    "getSupplier": (Trial(f"{PATH}/$supplier"),),
    "replaceSupplier": (Trial(f"{PATH}/$spare_supplier", {"name": "+supplier_name", "code": "+lot_sku"}),),
    "updateSupplier": (Trial(f"{PATH}/$spare_supplier", {"name": "+supplier_name", "code": "+serial_sku"}),),
    "deleteSupplier": (Trial(f"{PATH}/$spare_supplier"),),
}
NEUTRAL = "email phone lead_time_days"


def furnish(api: Api, mark: str, names: Names) -> None:
    """A supplier that nothing needs."""
    answer = api.client.post("/v1/suppliers", json={"name": f"{mark} spare supplier"})
    assert answer.status_code == 201, answer.text
    names["$spare_supplier"] = answer.json()["data"]["id"]
