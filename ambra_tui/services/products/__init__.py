"""Products as the editions that know no variants see them: read, made, changed, removed.

Example::

    variant = add_product(session, {"name": "Premium T-Shirt", "sku": "TEE-001"})
"""

from ambra_tui.services.products.batch import NewRow, check_products, make_products
from ambra_tui.services.products.changing import add_product, change_product, remove_product, set_default_supplier
from ambra_tui.services.products.levels import LEVEL_SORTS, LevelRow, level_in, levels_page
from ambra_tui.services.products.listing import MAX_SHALLOW, SORTS, STATES, is_slow, products_page
from ambra_tui.services.products.places import LocationRow, SiteRow, stock_of
from ambra_tui.services.products.rows import (
    OF_SITE,
    STATUSES,
    ProductRow,
    row_with_sku,
    rows_of_product,
    rows_of_product_in,
    rows_of_variants_in,
)

__all__ = [
    "LEVEL_SORTS",
    "MAX_SHALLOW",
    "OF_SITE",
    "SORTS",
    "STATES",
    "STATUSES",
    "LevelRow",
    "LocationRow",
    "NewRow",
    "ProductRow",
    "SiteRow",
    "add_product",
    "change_product",
    "check_products",
    "is_slow",
    "level_in",
    "levels_page",
    "make_products",
    "products_page",
    "remove_product",
    "row_with_sku",
    "rows_of_product",
    "rows_of_product_in",
    "rows_of_variants_in",
    "set_default_supplier",
    "stock_of",
]
