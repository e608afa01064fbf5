"""Values that stand in examples for what a store would hold: an SKU looks like an SKU, an id like an id.

Example::

    sample_text("created_at", "OrderView", {})    # '2026-03-02T08:00:00Z'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_IDS = {
    "order": "ord_1", "product": "prod_1", "variant": "var_1", "location": "wh_1", "warehouse": "wh_1", "site": "wh_1",
    "supplier": "sup_1", "default_supplier": "sup_1", "lot": "lot_1", "lot_record": "lot_1", "purchase_order": "po_1",
    "stock_transfer": "tr_1", "cycle_count": "cc_1", "return_authorization": "rma_1", "waste_record": "wst_1",
    "recipe": "rcp_1", "production_batch": "bat_1", "inventory_policy": "ipol_1", "inventory_adjustment": "act_1",
    "stock_movement": "mov_1", "movement": "mov_1", "category": "cat_1", "webhook": "whk_1", "api_key": "key_1",
    "bin": "loc_1", "from_location": "wh_1", "to_location": "wh_2", "to_warehouse": "wh_2", "parent": "wh_1",
    "delivery": "dlv_1", "event": "evt_1", "request": "req_1", "inventory_policy_default": "var_1",
    "output_variant": "var_1",
}  # fmt: skip
_TEXTS = {
    "sku": "MILK-1L", "output_sku": "BREAD-750", "name": "Milk 1 l", "title": "Milk 1 l", "product_name": "Milk 1 l",
    "barcode": "5001000000019", "code": "WH1", "number": "SO-1001", "currency": "EUR", "unit_of_measure": "ea",
    "lot_number": "M130", "serial_number": "SN-1", "license_plate": "LP-1", "slug": "dairy",
    "email": "ana@example.com",
    "reason": "cycle_count", "url": "https://example.com/hooks", "warehouse": "Main warehouse",
    "timezone": "Europe/Berlin",
    "cursor": "c1.eyJ0...", "next_cursor": "c1.eyJ0...", "message": "What happened and what to do", "period": "30d",
    "supplier": "Dairy North", "kind": "warehouse", "status": "active",
}  # fmt: skip
_DOCUMENTS = {
    "purchase_order": "PO-1001", "stock_transfer": "TR-1001", "cycle_count": "CC-1001", "recipe": "RC-1001",
    "return_authorization": "RMA-1001", "production_batch": "PB-1001", "batch": "PB-1001", "transfer": "TR-1001",
}  # fmt: skip
_NAMES = {
    "warehouse": "Main warehouse", "location": "A-01-01", "supplier": "Dairy North", "category": "Dairy",
    "api_key": "ERP", "organization": "Acme", "recipe": "Sourdough bread", "report": "stock_overview",
}  # fmt: skip
_NUMBERS: dict[str, float] = {
    "page": 1, "per_page": 25, "limit": 25, "total": 1, "pages": 1, "price": 1.29, "cost": 0.79, "unit_cost": 0.79,
    "reorder_point": 24, "reorder_quantity": 48, "lead_time_days": 3, "retry_after": 3600, "total_items": 1,
}  # fmt: skip
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def sample_text(name: str, title: str, schema: Mapping[str, Any]) -> str:
    """What a text of this name looks like. `title`: of the object that it lies in."""
    if name == "id":
        return sample_id(_noun(title))
    if name == "number":
        return _DOCUMENTS.get(_noun(title), "SO-1001")
    if name == "name":
        return _NAMES.get(_noun(title), "Milk 1 l")
    if name.endswith("_id"):
        return sample_id(name.removesuffix("_id"))
    if schema.get("format") == "date" or name.endswith(("_date", "_on")) or name in ("date", "day"):
        return "2026-07-15"
    if name.endswith(("_at", "_since", "_until")) or schema.get("format") == "date-time":
        return "2026-03-02T08:00:00Z"
    return _TEXTS.get(name, "...")


def sample_number(name: str, schema: Mapping[str, Any]) -> float | int:
    """What a number of this name looks like."""
    return _NUMBERS.get(name, schema.get("default") if isinstance(schema.get("default"), int) else None) or 4


def sample_id(noun: str) -> str:
    """The id of a thing, as short as it can be."""
    return _IDS.get(noun, f"{noun or 'id'}_1")


def path_value(name: str, before: str) -> str:
    """What stands in a path for ``{name}`` after the segment `before`."""
    if name == "id":
        return sample_id(_singular(before))
    return sample_text(name, "", {})


def _singular(segment: str) -> str:
    for ending, instead in (("ies", "y"), ("ches", "ch"), ("s", "")):
        if segment.endswith(ending):
            return segment.removesuffix(ending) + instead
    return segment


def _noun(title: str) -> str:
    words = _WORD.sub("_", title.removesuffix("View")).lower()
    return words if words in _IDS else words.rpartition("_")[2]
