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
        Trial(PATH, {**WHOLE, "sku": "+shop_sku", "categories": ["+category_slug"]}),
        Trial(PATH, {**WHOLE, "sku": "+coded_sku", "barcode": "+shop_code"}),
        Trial(
            PATH,
            {
                **WHOLE,
                "sku": "+shelf_sku",
                "variants": [{"sku": "+shop_variant_sku", "barcode": "+shop_variant_code"}],
            },
        ),
    ),
    "updateProduct": (
        Trial(f"{PATH}/$shop_product", {"price": 21, "categories": ["+category_slug"]}),
        Trial(f"{PATH}/$shop_product", {"variants": [{"id": "$shop_variant", "price": 5}]}),
        Trial(
            f"{PATH}/$shop_product",
            {"variants": [{"id": "$shop_variant", "sku": "+shop_other_sku", "barcode": "+shop_other_code"}]},
        ),
        Trial(f"{PATH}/$spare_shop_product", {"sku": "+shop_third_sku", "barcode": "+shop_third_code"}),
    ),
    "deleteProduct": (Trial(f"{PATH}/$spare_shop_product"),),
}

NEUTRAL = "metadata attributes inventory image images alt url"


def furnish(api: Api, mark: str, names: Names) -> None:
    """A product with variants, products with codes, and one to be archived."""
    for name in ("shop", "shop_variant", "shop_other", "shop_third", "coded", "shelf"):
        names[f"${name}_sku"], names[f"${name}_code"] = f"{mark}-{name.upper()}", f"{mark}-{name.upper()}-CODE"
    variants = [
        {"sku": names[f"${name}_sku"], "barcode": names[f"${name}_code"], "attributes": {"of": name}}
        for name in ("shop_variant", "shop_other")
    ]
    made = _made(api, {**WHOLE, "sku": names["$shop_sku"], "variants": variants})
    names["$shop_product"], names["$shop_variant"] = made["id"], made["variants"][0]["id"]
    names["$shop_code"] = f"{mark}-CODE-OF-SHOP"
    _made(api, {**WHOLE, "sku": names["$coded_sku"], "barcode": names["$shop_code"]})
    _made(api, {**WHOLE, "sku": names["$shop_third_sku"], "barcode": names["$shop_third_code"]})
    names["$spare_shop_product"] = _made(api, {**WHOLE, "sku": names["$shelf_sku"]})["id"]


def _made(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.client.post("/v2/products", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
