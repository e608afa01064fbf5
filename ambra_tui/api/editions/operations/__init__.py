"""The operations edition: ``/api/v1``, as contracts/operations.md prints it.

Example::

    curl -H "Authorization: Bearer $KEY" http://127.0.0.1:8080/api/v1/inventory_levels
"""

from ambra_tui.api.edition import Edition
from ambra_tui.api.editions.operations import (
    ai_forecasts,
    ai_insights,
    ai_query,
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

ABOUT = {
    "Inventory": "What is where, manual adjustments, and the ledger of every movement.",
    "Inventory policies": "Reorder points, quantities and lead times per variant and location, and their defaults.",
    "Reports": "Stock by location, low stock, fast movers, age of stock.",
    "Products": "Products, their variants, and variants by scanned code.",
    "Orders": "Sales orders: placed, reserved, fulfilled, cancelled.",
    "Purchase orders": "Orders to suppliers and their receipts.",
    "Returns": "Return authorizations (RMA) and their receipts.",
    "Cycle counts": "Counts of a location or some bins of it, posted once as differences.",
    "Stock transfers": "Stock on its way from one location to another.",
    "Locations": "Warehouses and stores.",
    "Suppliers": "Vendors, with their lead times.",
    "Lots": "Lots, their status, traces and recalls; wants the traceability module.",
    "Expiry": "Lots that expire soon; wants the traceability module.",
    "Waste": "What was thrown away, and why; wants the traceability module.",
    "Recipes": "What a product is made of; wants the manufacturing module.",
    "Production batches": "Batches planned, started, completed, cancelled; wants the manufacturing module.",
    "Organization": "The organization of the key, and its modules.",
    "AI": "Forecasts, insights, and questions in words, answered from rows of the ledger.",
}
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
        *ai_query.catalogue.operations,
    ),
    error_body=plain_body,
    list_body=list_body,
    list_meta=Meta,
    adapt=adapt,
    about=ABOUT,
)
