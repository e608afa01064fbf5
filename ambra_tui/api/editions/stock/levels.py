"""Levels: a row for each product and warehouse; without a page all of them, sent as they are read.

Example::

    GET /api/inventory?warehouse_id=wh_789&low_stock=true
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions._sites import DEFAULT_LIMIT, MAX_LIMIT, page_headers, told
from ambra_tui.api.editions.stock.views import LevelsView, LevelView, MetaView
from ambra_tui.api.endpoint import render
from ambra_tui.api.fields import Flag, Identifier
from ambra_tui.api.paging import PageNumber, from_one, rows_schema
from ambra_tui.kit.clock import from_microseconds, to_iso
from ambra_tui.kit.quantity import scaled_to_json
from ambra_tui.services.site_levels import LevelRow, every_level, full_name, levels_page

catalogue = Catalogue("Inventory")


def _limit(value: Any) -> int:
    return min(from_one(value), MAX_LIMIT)


Limit = Annotated[int, BeforeValidator(_limit), WithJsonSchema(rows_schema(MAX_LIMIT))]


class LevelQuery(BaseModel):
    """Filters of levels; `low_stock` and `out_of_stock` together list what is either. Without `page` and `limit`
    every row is answered."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    warehouse_id: Identifier | None = None
    product_id: Identifier | None = None
    low_stock: Flag = False
    out_of_stock: Flag = False
    page: PageNumber | None = None
    limit: Limit | None = None


@catalogue.quick_read(
    "", LevelQuery, scope="inventory:read", operation_id="listInventory",
    summary="Inventory levels across all warehouses", shape=LevelsView,
)  # fmt: skip
def list_inventory(call: Call, query: LevelQuery) -> Answer:
    """All rows, or the page that was asked for."""
    filters = {
        "site_id": query.warehouse_id,
        "product_id": query.product_id,
        "low_stock": query.low_stock,
        "out_of_stock": query.out_of_stock,
    }
    organization_id = call.principal.organization_id
    if query.page is None and query.limit is None:
        return _all(every_level(call.store, organization_id, filters))
    page, limit = query.page or 1, query.limit or DEFAULT_LIMIT
    rows, total = levels_page(call.store, organization_id, filters, offset=(page - 1) * limit, limit=limit)
    headers = page_headers(call.url(""), told(query, "page", "limit"), page=page, limit=limit, total=total)
    return Answer({"data": [_level(row) for row in rows], "meta": meta_of(page, limit, total)}, headers=headers)


def meta_of(page: int, limit: int, total: int) -> MetaView:
    """Where a page stands."""
    return {"total": total, "page": page, "limit": limit, "hasMore": page * limit < total}


def _all(chunks: Iterator[list[LevelRow]]) -> Answer:
    first = next(chunks, [])
    second = next(chunks, None)
    if second is None:
        return Answer({"data": [_level(row) for row in first]})
    return Answer(None, parts=_parts(chain([first, second], chunks)))


def _parts(chunks: Iterator[list[LevelRow]]) -> Iterator[str]:
    opening = '{"data":['
    for rows in chunks:
        yield opening + ",".join(render(_level(row)) for row in rows)
        opening = ","
    yield "]}"


def _level(row: LevelRow) -> LevelView:
    return {
        "id": f"inv_{row.variant_id.partition('_')[2]}-{row.site_id.partition('_')[2]}",
        "product": {"id": row.product_id, "name": full_name(row.product_name, row.variant_name), "sku": row.sku},
        "warehouse": {"id": row.site_id, "name": row.site_name},
        "quantity_on_hand": scaled_to_json(row.on_hand),
        "quantity_allocated": scaled_to_json(row.reserved),
        "quantity_available": scaled_to_json(row.available),
        "reorder_point": scaled_to_json(row.reorder_point),
        "max_stock_level": None if row.max_stock_level is None else scaled_to_json(row.max_stock_level),
        "last_counted": None if row.counted_at is None else to_iso(from_microseconds(row.counted_at)),
    }
