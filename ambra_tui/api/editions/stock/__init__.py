"""The stock edition: ``/api/inventory``, as contracts/stock.md prints it.

Example::

    curl -H "Authorization: Bearer $KEY" "http://127.0.0.1:8080/api/inventory?low_stock=true"
"""

from ambra_tui.api.edition import Edition
from ambra_tui.api.editions.stock import adjustments, analytics, levels, movements
from ambra_tui.api.editions.stock.views import MetaView
from ambra_tui.api.failures import plain_body

EDITION = Edition(
    name="stock",
    title="AmbraWMS stock edition",
    base_path="/api/inventory",
    version="1.0.0",
    description="Levels, movements, counted adjustments and figures of stock, a row for each product and warehouse.",
    operations=(
        *levels.catalogue.operations,
        *movements.catalogue.operations,
        *adjustments.catalogue.operations,
        *analytics.catalogue.operations,
    ),
    error_body=plain_body,
    list_body=lambda rows, _page, _limit, _total: {"data": rows},
    list_meta=MetaView,
    about={
        "Inventory": "What each warehouse holds of each product.",
        "Movements": "Stock that came in, left, was adjusted or went to another warehouse.",
        "Adjustments": "Stock set to what was counted.",
        "Analytics": "Value, trends, movers and alerts.",
    },
    bad_query=(400, "INVALID_REQUEST"),
)
