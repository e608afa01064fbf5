"""Where a product lies: what each site has of it, and each location inside them.

Example::

    sites, bins = stock_of(store, organization_id, variant_id)
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, bindparam, case, select

from ambra_tui.services.products.rows import scaled, stock, summed
from ambra_tui.services.stock_views import own
from ambra_tui.store import Store
from ambra_tui.store.models import Location, Site, StockLevel, table_of
from ambra_tui.store.quick import Quick

_site, _location, _level = table_of(Site), table_of(Location), table_of(StockLevel)


class SiteRow(NamedTuple):
    """What a site has of a variant, in scaled integers."""

    site_id: str
    name: str
    on_hand: int
    reserved: int
    held: int
    reorder_point: int
    status: str

    @property
    def available(self) -> int:
        """What may still be promised."""
        return self.on_hand - self.reserved - self.held


class LocationRow(NamedTuple):
    """What lies in a location, in scaled integers. `allocated`: assigned to open pick work."""

    location_id: str
    site_id: str
    code: str
    name: str
    kind: str
    on_hand: int
    allocated: int
    is_held: bool

    @property
    def available(self) -> int:
        """What may still be taken."""
        return 0 if self.is_held else self.on_hand - self.allocated


_SITES = Quick(
    select(
        _site.c.id,
        _site.c.name,
        scaled(stock.c.on_hand),
        scaled(stock.c.reserved),
        scaled(stock.c.held),
        scaled(stock.c.reorder_point),
        stock.c.status,
    )
    .join_from(stock, _site, and_(_site.c.organization_id == own(), _site.c.id == stock.c.site_id))
    .where(stock.c.organization_id == own(), stock.c.variant_id == bindparam("p_variant_id"))
    .order_by(_site.c.code)
)
_there = and_(_location.c.organization_id == own(), _location.c.id == _level.c.location_id)
_LOCATIONS = Quick(
    select(
        _location.c.id,
        _location.c.site_id,
        _location.c.code,
        _location.c.name,
        _location.c.kind,
        summed(_level.c.on_hand),
        summed(_level.c.allocated),
        case((_location.c.is_held, 1), else_=0),
    )
    .join_from(_level, _location, _there)
    .where(
        _level.c.organization_id == own(),
        _level.c.variant_id == bindparam("p_variant_id"),
        scaled(_level.c.on_hand) > 0,
        _location.c.site_id.is_not(None),
    )
    .group_by(
        _location.c.id, _location.c.site_id, _location.c.code, _location.c.name, _location.c.kind, _location.c.is_held
    )
    .order_by(_location.c.site_id, _location.c.code)
)


def stock_of(store: Store, organization_id: int, variant_id: str) -> tuple[list[SiteRow], list[LocationRow]]:
    """The sites that have a record of the variant, and the locations that hold some of it."""
    sites = _SITES.rows(store, organization_id, p_variant_id=variant_id)
    bins = _LOCATIONS.rows(store, organization_id, p_variant_id=variant_id)
    return [SiteRow(*row) for row in sites], [LocationRow(*row) for row in bins]
