"""The objects of the sku edition, as answers hold them.

Example::

    TypeAdapter(SkuView).validate_python(answer["data"])
"""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from ambra_tui.api.editions._sites import RefusedSkuView
from ambra_tui.kit.quantity import scaled_to_json
from ambra_tui.services.site_levels import SitePart, SkuRow

Amount = float | int
Status = Literal["normal", "low", "critical", "out_of_stock"]
WarehouseType = Literal["own", "FBA", "FBS"]
TYPES: dict[str, WarehouseType] = {"fba": "FBA", "fbs": "FBS"}


class MetaView(TypedDict):
    """Where a page stands; `nextCursor` is null on the last one."""

    total: int
    limit: int
    nextCursor: str | None


class PartView(TypedDict):
    """What one warehouse has of a SKU. ``available`` can be promised: safety stock and what is held are left out.
    `type`: of marketplaces' warehouses only."""

    warehouse_id: str
    name: str
    on_hand: Amount
    reserved: Amount
    available: Amount
    type: NotRequired[WarehouseType]


class SkuView(TypedDict):
    """A SKU with every warehouse that has a record of it."""

    sku: str
    title: str
    total_on_hand: Amount
    total_reserved: Amount
    total_available: Amount
    safety_stock: Amount
    status: Status
    warehouses: list[PartView]


class SkusView(TypedDict):
    """A page of SKUs."""

    data: list[SkuView]
    meta: MetaView


class OneSkuView(TypedDict):
    """The envelope of a SKU."""

    data: SkuView


class BulkMetaView(TypedDict):
    """How many updates there were and what became of them."""

    total: int
    updated: int
    failed: int


class BulkView(TypedDict):
    """The records that were updated, and the updates that were refused."""

    data: list[SkuView]
    meta: BulkMetaView
    errors: list[RefusedSkuView]


class SyncedView(TypedDict):
    """What a sync changed of a SKU."""

    sku: str
    before_quantity: Amount
    after_quantity: Amount
    delta: Amount


class SyncMetaView(TypedDict):
    """How many levels were told and what became of them."""

    total: int
    updated: int
    unchanged: int
    failed: int


class SyncView(TypedDict):
    """What changed, and the levels that were refused."""

    data: list[SyncedView]
    meta: SyncMetaView
    errors: list[RefusedSkuView]


class WarehouseView(TypedDict):
    """A warehouse; a marketplace's is read-only."""

    id: str
    name: str
    type: WarehouseType
    is_active: bool
    address: NotRequired[str]
    marketplace: NotRequired[str]
    is_readonly: NotRequired[bool]


class WarehousesView(TypedDict):
    """Every warehouse."""

    data: list[WarehouseView]


class AdjustmentView(TypedDict):
    """One adjustment of a SKU in a warehouse; ``delta = after_quantity - before_quantity``."""

    id: str
    sku: str
    warehouse_id: str
    before_quantity: Amount
    after_quantity: Amount
    delta: Amount
    reason: str | None
    note: str | None
    created_by: str
    created_at: str


class AdjustmentsView(TypedDict):
    """A page of adjustments, newest first."""

    data: list[AdjustmentView]
    meta: MetaView


def sku_view(row: SkuRow) -> SkuView:
    """A SKU as it is answered."""
    return {
        "sku": row.sku,
        "title": row.title,
        "total_on_hand": scaled_to_json(row.total("on_hand")),
        "total_reserved": scaled_to_json(row.total("reserved")),
        "total_available": scaled_to_json(row.total("to_promise")),
        "safety_stock": scaled_to_json(row.total("safety_stock")),
        "status": row.status,
        "warehouses": [_part(part) for part in row.sites],
    }


def _part(part: SitePart) -> PartView:
    view: PartView = {
        "warehouse_id": part.site_id,
        "name": part.name,
        "on_hand": scaled_to_json(part.on_hand),
        "reserved": scaled_to_json(part.reserved),
        "available": scaled_to_json(part.to_promise),
    }
    if part.kind in TYPES:
        view["type"] = TYPES[part.kind]
    return view
