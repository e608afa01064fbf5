"""The operations edition: ``/api/v1``, as contracts/operations.md prints it.

Example::

    curl -H "Authorization: Bearer $KEY" http://127.0.0.1:8080/api/v1/inventory_levels
"""

from ambra_tui.api.edition import Edition
from ambra_tui.api.editions.operations import (
    ai_forecasts,
    ai_insights,
    cycle_counts,
    expiry,
    inventory,
    inventory_policies,
    lots,
    orders,
    organization,
    places,
    production_batches,
    products,
    purchase_orders,
    recipes,
    reports,
    return_authorizations,
    stock_transfers,
    suppliers,
    traces,
    waste_records,
)
from ambra_tui.api.editions.operations.envelope import adapt, list_body
from ambra_tui.api.editions.operations.views import Meta
from ambra_tui.api.failures import plain_body

EDITION = Edition(
    name="operations",
    title="AmbraWMS operations edition",
    base_path="/api/v1",
    version="1.0.0",
    description=(
        "Inventory, products, orders, purchase orders, stock transfers, cycle counts, returns, locations, suppliers, "
        "lots, waste, recipes and production batches over one ledger. "
        "Bodies may be wrapped JSON, flat JSON or a form with bracketed names."
    ),
    operations=(
        *inventory.catalogue.operations,
        *inventory_policies.catalogue.operations,
        *reports.catalogue.operations,
        *products.catalogue.operations,
        *orders.catalogue.operations,
        *purchase_orders.catalogue.operations,
        *return_authorizations.catalogue.operations,
        *cycle_counts.catalogue.operations,
        *stock_transfers.catalogue.operations,
        *places.catalogue.operations,
        *suppliers.catalogue.operations,
        *lots.catalogue.operations,
        *traces.catalogue.operations,
        *expiry.catalogue.operations,
        *waste_records.catalogue.operations,
        *recipes.catalogue.operations,
        *production_batches.catalogue.operations,
        *organization.catalogue.operations,
        *ai_forecasts.catalogue.operations,
        *ai_insights.catalogue.operations,
    ),
    error_body=plain_body,
    list_body=list_body,
    list_meta=Meta,
    adapt=adapt,
)
