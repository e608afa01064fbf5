"""Trials of products."""

from __future__ import annotations

from typing import Any

from ambra_tui.services import products
from ambra_tui.services.categories import create_category
from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

NEUTRAL = "min_price max_price stock_status stock_level name description"
WHOLE = {"category_id": "$category", "default_supplier_id": "$supplier"}


def furnish(api: Api, mark: str, names: Names) -> None:
    def make(session: Any) -> None:
        category = create_category(session, name=f"{mark} things", slug=f"{mark}-things")
        names["$category"], names["$category_slug"] = category.id, category.slug
        spare = products.add_product(session, {"name": f"{mark} spare", "sku": f"{mark}-SPARE"})
        names["$spare_product"], names["$spare_variant"], names["$spare_sku"] = spare.product_id, spare.id, spare.sku

    api.write(make)


TRIALS: dict[str, tuple[Trial, ...]] = {
    "listProducts": (
        Trial("/products"),
        *(
            Trial("/products", query={name: value})
            for name, value in {
                "category": "$category", "supplier": "$supplier", "location": "$site", "search": "$sku", "sku": "$sku",
                "barcode": "$barcode",
            }.items()
        ),
        Trial("/products", query={"location": "$bin"}),
        Trial("/products", query={"category": "$category_slug"}),
        Trial("/products", query={"location": "$site", "stock_level": "below_reorder", "sort": "name"}),
    ),
    "getProduct": (
        Trial("/products/$product"),
        Trial("/products/$product", query={"sku": "$sku"}),
        Trial("/products/$product", query={"variant_id": "$variant"}),
    ),
    "getProductBySku": (Trial("/skus/$sku"),),
    "getProductStock": (
        Trial("/products/$product/stock"),
        Trial("/products/$product/stock", query={"sku": "$sku", "variant_id": "$variant"}),
    ),
    "createProduct": (Trial("/products", {**WHOLE, "name": "+made_sku", "sku": "+made_sku", "barcode": "+serial"}),),
    "createProducts": (
        Trial(
            "/products/batch",
            {"products": [{**WHOLE, "name": "+supplier_name", "sku": "+supplier_name", "barcode": "+lot_number"}]},
        ),
    ),
    "replaceProduct": (
        Trial("/products/$spare_product", {**WHOLE, "name": "new", "sku": "+bin_code", "barcode": "+bin_barcode"}),
        Trial("/products/$spare_product", {"name": "new", "sku": "RENAMED", "variant_id": "$spare_variant"}),
    ),
    "changeProduct": (
        Trial(
            "/products/$spare_product",
            {"category_id": "$category_slug", "default_supplier_id": "$supplier", "barcode": "+bin_barcode",
             "sku": "+bin_code"},
        ),
        Trial("/products/$spare_product", {"variant_id": "$spare_variant", "price": 2}),
    ),
    "deleteProduct": (
        Trial("/products/$spare_product", query={"variant_id": "$spare_variant"}),
        Trial("/products/$spare_product", query={"sku": "$spare_sku"}, is_done=False),
    ),
}  # fmt: skip
