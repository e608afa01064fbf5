"""The sku edition: a row for each SKU with its warehouses, as contracts/sku.md prints it.

All of it answers below ``/sku/api/inventory``; at the printed ``/api/inventory`` too, where stock's list is another.

Example::

    curl -H "Authorization: Bearer $KEY" "http://127.0.0.1:8080/sku/api/inventory?status=low"
"""

from ambra_tui.api.edition import Edition
from ambra_tui.api.editions.sku import adjustments, bulk, inventory, sync, warehouses
from ambra_tui.api.editions.sku.views import MetaView
from ambra_tui.api.failures import plain_body

EDITION = Edition(
    name="sku",
    title="AmbraWMS sku edition",
    base_path="/sku/api/inventory",
    also_at="/api/inventory",
    version="1.0.0",
    description="Inventory by SKU: what every warehouse can promise of it, levels set one by one or in bulk.",
    operations=(
        *warehouses.catalogue.operations,
        *sync.catalogue.operations,
        *bulk.catalogue.operations,
        *adjustments.catalogue.operations,
        *inventory.catalogue.operations,
    ),
    error_body=plain_body,
    list_body=lambda rows, _page, _limit, _total: {"data": rows},
    list_meta=MetaView,
    about={
        "Inventory": "What is on hand, reserved and available of each SKU, and setting it.",
        "Warehouses": "Your own warehouses and those of marketplaces, which are read-only.",
        "Adjustments": "Who set what, when and why.",
    },
    bad_query=(400, "INVALID_REQUEST"),
)
