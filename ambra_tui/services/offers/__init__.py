"""Products as a shop sees them: one price and one SKU over variants that may differ, categories, pictures, notes.

What is stocked stays the variant: its price is always the one that holds, so that every other door reads it as ever. A
variant follows the price of its product until it has one of its own.

Example::

    shirt = {"name": "Shirt", "sku": "TEE", "price": Decimal(20), "variants": [{"sku": "TEE-L"}]}
    product = make_product(session, shirt)
    change_product(session, product, {"price": Decimal(25)})       # TEE-L costs 25 now
"""

from ambra_tui.services.offers.changing import archive_product, change_product, make_product, mark_changed
from ambra_tui.services.offers.finding import SORTS, STATES, product_named, products_like, sort_terms
from ambra_tui.services.offers.showing import ShownImage, ShownProduct, ShownVariant, shown_product, shown_products

__all__ = [
    "SORTS",
    "STATES",
    "ShownImage",
    "ShownProduct",
    "ShownVariant",
    "archive_product",
    "change_product",
    "make_product",
    "mark_changed",
    "product_named",
    "products_like",
    "shown_product",
    "shown_products",
    "sort_terms",
]
