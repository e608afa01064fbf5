"""Inventory by SKU: listed with a cursor, read, and set in one warehouse.

Example::

    PUT /api/inventory/SKU-001
    {"warehouse_id": "wh_01HX...", "quantity": 500, "reason": "supplier_receipt", "note": "PO-2026-0312 received"}
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from sqlmodel import Session

from ambra_tui.api.cursors import MAX_CURSOR, make_cursor, read_cursor
from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.sku.setting import Change, check_expected, known_variant, no_record, wanted
from ambra_tui.api.editions.sku.views import OneSkuView, SkusView, sku_view
from ambra_tui.api.fields import Identifier, OneOf
from ambra_tui.api.paging import from_one, rows_schema
from ambra_tui.services.site_counts import on_hand_of, set_on_hand
from ambra_tui.services.site_levels import STATUSES, SkuRow, sku_row, sku_row_in, skus_page

catalogue = Catalogue("Inventory")
DEFAULT_LIMIT, MAX_LIMIT = 50, 200


def _limit(value: Any) -> int:
    return min(from_one(value), MAX_LIMIT)


def _cursor(value: Any) -> str:
    if len(str(value)) > MAX_CURSOR:
        raise ValueError("is too long for a cursor")
    return str(value)


Limit = Annotated[int, BeforeValidator(_limit), WithJsonSchema(rows_schema(MAX_LIMIT))]
Cursor = Annotated[str, BeforeValidator(_cursor), WithJsonSchema({"type": "string", "maxLength": MAX_CURSOR})]


class Cursored(BaseModel):
    """`cursor`: the `nextCursor` of the page before; empty or absent starts the list."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = ""


class SkuQuery(Cursored):
    """Filters of SKUs. `warehouse_id`: only that warehouse is told and added up."""

    status: Annotated[Identifier, OneOf(STATUSES)] | None = None
    warehouse_id: Identifier | None = None
    sku: Identifier | None = None


def next_page(call: Call, path: str, asked: dict[str, str], cursor: str | None, total: int) -> dict[str, str]:
    """`Link` to the next page, and `X-Total-Count`."""
    headers = {"X-Total-Count": str(total)}
    if cursor is not None:
        headers["Link"] = f'<{call.url(path)}?{urlencode({**asked, "cursor": cursor})}>; rel="next"'
    return headers


@catalogue.quick_read(
    "", SkuQuery, scope="inventory:read", operation_id="listInventoryBySku",
    summary="Inventory by SKU, newest SKU first", shape=SkusView,
)  # fmt: skip
def list_inventory(call: Call, query: SkuQuery) -> Answer:
    """A page; the cursor is good for the same filters only."""
    owner = call.principal.organization_id
    filters = {"status": query.status, "site_id": query.warehouse_id, "sku": query.sku}
    listing = f"skus:{owner}:{filters}"
    after = read_cursor(call.store, listing, query.cursor) if query.cursor else None
    rows, total = skus_page(call.store, owner, filters, after=after, limit=query.limit + 1)
    shown = rows[: query.limit]
    cursor = make_cursor(call.store, listing, shown[-1].variant_id) if len(rows) > query.limit else None
    asked = {"limit": str(query.limit), **query.model_dump(include=set(FILTERS), exclude_none=True)}
    return Answer(
        {
            "data": [sku_view(row) for row in shown],
            "meta": {"total": total, "limit": query.limit, "nextCursor": cursor},
        },
        headers=next_page(call, "", asked, cursor, total),
    )


FILTERS = ("status", "warehouse_id", "sku")


@catalogue.quick_read(
    "/{sku:path}", Nothing, scope="inventory:read", operation_id="getInventoryOfSku",
    summary="Inventory of one SKU in detail", shape=OneSkuView,
)  # fmt: skip
def get_inventory(call: Call, _query: Nothing) -> Answer:
    """The SKU with every warehouse that has a record of it."""
    return _one(sku_row(call.store, call.principal.organization_id, call.path["sku"]), call)


def _one(row: SkuRow | None, call: Call) -> Answer:
    if row is None:
        raise no_record(call.path["sku"])
    return Answer({"data": sku_view(row)})


def _current(session: Session, call: Call, _body: Any) -> Answer:
    return _one(sku_row_in(session, call.path["sku"]), call)


@catalogue.write(
    "PUT", "/{sku:path}", Change, scope="inventory:write", operation_id="setInventoryOfSku",
    summary="Set the stock level of a SKU in one warehouse", shape=OneSkuView, current=_current,
    example={
        "warehouse_id": "wh_01HX", "quantity": 500, "reason": "supplier_receipt", "note": "PO-2026-0312 received",
    },
)  # fmt: skip
def set_inventory(session: Session, call: Call, body: Change) -> Answer:
    """Posts the difference to what is on hand."""
    sku = call.path["sku"]
    count = wanted(session, known_variant(session, sku), sku, body)
    before = on_hand_of(session, [count.key])
    check_expected(body, count, before)
    set_on_hand(session, [count], idempotency_key=call.key("set"), before=before)
    return _one(sku_row_in(session, sku), call)
