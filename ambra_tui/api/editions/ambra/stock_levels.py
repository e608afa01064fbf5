"""Stock levels: what each warehouse has of each product, as it is now.

Example::

    GET /v1/stock_levels?stock_status=low&warehouse_id=warehouse_123
"""

from __future__ import annotations

from typing import Annotated, Any

from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions.ambra._lists import Sort, SortedBy
from ambra_tui.api.editions.ambra._places import WarehouseKey, warehouse_key
from ambra_tui.api.editions.ambra._products import StockLevelView, stock_level_view
from ambra_tui.api.fields import FromMoment, Identifier, Line, OneOf
from ambra_tui.api.paging import LimitPaging
from ambra_tui.services.products import LEVEL_SORTS, MAX_SHALLOW, STATUSES, level_in, levels_page

catalogue = Catalogue("Stock levels", about="What each warehouse has of each product, to be counted on at this moment.")


class StockLevelQuery(LimitPaging):
    """Filters combine. `location`: a warehouse, or a location in one, whose own stock is told then."""

    product_id: Identifier | None = None
    sku: Identifier | None = None
    location: Identifier | None = None
    warehouse_id: WarehouseKey | None = None
    stock_status: Annotated[Identifier, OneOf(STATUSES)] | None = None
    search: Line | None = None
    updated_after: FromMoment | None = None
    sort: Annotated[Sort, SortedBy(*LEVEL_SORTS)] | None = None

    @property
    def filters(self) -> dict[str, Any]:
        """What the service asks by. `also_site`: a second warehouse, which must be the same one."""
        asked = self.model_dump(exclude={"page", "per_page", "sort", "location", "warehouse_id"}, exclude_none=True)
        if self.warehouse_id is not None:
            asked["site"] = self.warehouse_id
        if self.location is None:
            return asked
        if self.location.startswith("loc_"):
            return {**asked, "location": self.location}
        return {**asked, "site": warehouse_key(self.location), "also_site": self.warehouse_id}


def _is_slow(query: StockLevelQuery) -> bool:
    return bool(set(query.filters) - {"sku", "product_id"} or query.sort or query.offset > MAX_SHALLOW)


@catalogue.quick_read(
    "/stock_levels", StockLevelQuery, scope="inventory:read", operation_id="listStockLevels", is_list=True,
    is_slow=_is_slow, summary="Real-time stock levels, newest product first unless sorted", shape=StockLevelView,
)  # fmt: skip
def list_stock_levels(call: Call, query: StockLevelQuery) -> Answer:
    """A page, and how many match in all."""
    filters = query.filters
    if filters.pop("also_site", None) not in (None, filters.get("site")):
        return Answer([], 0)
    rows, total = levels_page(
        call.store, call.principal.organization_id, filters, order=query.sort or (), offset=query.offset,
        limit=query.per_page,
    )  # fmt: skip
    return Answer([stock_level_view(row) for row in rows], total)


def level_object(session: Session, variant_id: str, site_id: str) -> StockLevelView | None:
    """One row of the list, as the session sees it; None when the warehouse has no record of the product."""
    row = level_in(session, variant_id, site_id)
    return None if row is None else stock_level_view(row)
