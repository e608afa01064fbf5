"""Trials of products."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/products"
WHOLE = {"name": "Lamp", "price": 20}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listProducts": (
        Trial(PATH),
        Trial(PATH, query={"cursor": "", "sort": "price"}),
        Trial(PATH, query={"search": "$shop_sku"}),
        Trial(PATH, query={"category": "$category_slug"}),
    ),
    "getProduct": (Trial(f"{PATH}/$shop_product"), Trial(f"{PATH}/$shop_sku")),
    "createProduct": (
        Trial(PATH, {**WHOLE, "sku": "+shop_sku", "categories": ["$category_slug"]}),
        Trial(PATH, {**WHOLE, "sku": "+sku", "barcode": "+barcode"}),
        Trial(PATH, {**WHOLE, "sku": "+lot_sku", "variants": [{"sku": "+shop_variant_sku", "barcode": "+serial_sku"}]}),
    ),
    "updateProduct": (
        Trial(f"{PATH}/$shop_product", {"price": 21, "categories": ["$category_slug"]}),
        Trial(f"{PATH}/$shop_product", {"variants": [{"id": "$shop_variant", "price": 5}]}),
        Trial(f"{PATH}/$shop_product", {"variants": [{"sku": "$shop_variant_sku", "barcode": "+plate"}]}),
        Trial(f"{PATH}/$spare_shop_product", {"sku": "+serial", "barcode": "+lot_number"}),
    ),
    "deleteProduct": (Trial(f"{PATH}/$spare_shop_product"),),
}

NEUTRAL = "metadata attributes inventory image images alt url"


def furnish(api: Api, mark: str, names: Names) -> None:
    """A product with a variant, and one to be archived."""
    names["$shop_sku"], names["$shop_variant_sku"] = f"{mark}-SHOP", f"{mark}-SHOP-L"
    variants = [{"sku": names["$shop_variant_sku"], "attributes": {"size": "L"}}]
    made = _made(api, {**WHOLE, "sku": names["$shop_sku"], "variants": variants})
    names["$shop_product"], names["$shop_variant"] = made["id"], made["variants"][0]["id"]
    names["$spare_shop_product"] = _made(api, {**WHOLE, "sku": f"{mark}-SHELF"})["id"]


def _made(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.client.post("/v2/products", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
