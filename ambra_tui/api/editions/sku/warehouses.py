"""Warehouses: one's own, and those that a marketplace keeps.

Example::

    GET /api/inventory/warehouses
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.sku.views import TYPES, WarehousesView, WarehouseView
from ambra_tui.services.marketplaces import marketplaces_of
from ambra_tui.services.places import sites_of
from ambra_tui.store.models import Site

catalogue = Catalogue("Warehouses")
_STREET, _TOWN = ("line1", "street", "address", "line2"), ("postal_code", "zip", "city", "state", "region")


@catalogue.read(
    "/warehouses", Nothing, scope="inventory:read", operation_id="listWarehouses",
    summary="All configured warehouses", shape=WarehousesView,
)  # fmt: skip
def list_warehouses(session: Session, _call: Call, _query: Nothing) -> Answer:
    """Every warehouse, by its code."""
    marketplaces = marketplaces_of(session)
    rows = [_warehouse(site, marketplaces.get(site.id)) for site in sites_of(session)]
    return Answer({"data": rows}, headers={"X-Total-Count": str(len(rows))})


def _warehouse(site: Site, marketplace: str | None) -> WarehouseView:
    view: WarehouseView = {
        "id": site.id,
        "name": site.name,
        "type": TYPES.get(site.kind, "own"),
        "is_active": site.status == "active",
    }
    address = _one_line(site.address)
    if address:
        view["address"] = address
    if marketplace is not None:
        view["marketplace"] = marketplace
    if site.is_read_only:
        view["is_readonly"] = True
    return view


def _one_line(address: dict[str, Any]) -> str:
    """``Industriestraße 1, 12345 Berlin, DE``: street, town, country; what else is known stands before the country."""
    known = {name: str(value).strip() for name, value in address.items() if value not in (None, "")}
    street = " ".join(known.pop(name) for name in _STREET if name in known)
    town = " ".join(known.pop(name) for name in _TOWN if name in known)
    country = known.pop("country", "")
    return ", ".join(part for part in (street, town, *known.values(), country) if part)
