"""What an event is about, as a GET of this edition answers it.

Example::

    object_of(session, happened)    # of stock_level.low: what a warehouse has of a product
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from ambra_tui.api.editions.ambra._movements import movement_object
from ambra_tui.api.editions.ambra.products import product_object
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.products import OF_SITE
from ambra_tui.services.site_levels import full_name
from ambra_tui.services.webhooks import Happened
from ambra_tui.store.models import Product, SiteStock, Variant
from ambra_tui.store.scope import fetch


def object_of(session: Session, event: Happened) -> Any:
    """None for what this edition does not show, such as a move between two bins."""
    noun = event.noun
    if noun == "product":
        return product_object(session, event.subject) or {"id": event.subject, **event.payload}
    if noun == "stock_level":
        return _level_object(session, event.subject, event.payload["site_id"])
    return movement_object(session, event.payload["move"] if event.fact == "stock_moved" else event.subject)


def _level_object(session: Session, variant_id: str, site_id: str) -> dict[str, Any]:
    """What a warehouse has of a product, as a row of stock_levels."""
    variant = fetch(session, Variant, variant_id, resource="variant")
    product = fetch(session, Product, variant.product_id, resource="product")
    stock = session.get(SiteStock, (variant.organization_id, variant_id, site_id))
    assert stock is not None  # totals stay
    return {
        "id": f"inv_{variant_id.partition('_')[2]}-{site_id.partition('_')[2]}",
        "product_id": product.id,
        "variant_id": variant_id,
        "sku": variant.sku,
        "name": full_name(product.name, variant.name),
        "warehouse_id": site_id,
        "location_id": None,
        "on_hand": to_json(stock.on_hand),
        "reserved": to_json(stock.reserved),
        "available": to_json(stock.on_hand - stock.reserved - stock.held),
        "reorder_point": to_json(stock.reorder_point),
        "status": OF_SITE[stock.status or "normal"],
    }
