"""A document in which ids, SKUs and the like are those of one organization, so that generated calls reach past the
first look-up. Quantities are small, as what there is can be used up.

Example::

    named(document_of(EDITION), {"$sku": "MILK-1L", ...})
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

FIELDS = {
    "sku": "sku lot_sku serial_sku made_sku",
    "output_sku": "made_sku sku",
    "variant_id": "variant lot_variant made_variant",
    "output_variant_id": "made_variant variant",
    "product_id": "product",
    "location_id": "site shop bin",
    "from_location_id": "site shop",
    "to_location_id": "shop site",
    "parent_id": "site",
    "home_location_id": "bin",
    "supplier_id": "supplier",
    "order_id": "shipped_order",
    "lot_record_id": "lot",
    "lot_number": "lot_number serial",
    "serial_number": "serial",
    "license_plate": "plate",
    "bin": "bin bin_code",
    "recipe_id": "recipe",
    "production_batch_input_id": "batch_input second_input",
    "barcode": "barcode sku",
}
SEGMENTS = {
    "inventory_adjustments": "adjustment",
    "products": "product",
    "orders": "order spare_order shipped_order",
    "purchase_orders": "purchase_order",
    "return_authorizations": "return spare_return",
    "cycle_counts": "count",
    "stock_transfers": "transfer spare_transfer third_transfer",
    "inventory_policies": "policy",
    "inventory_policy_defaults": "lot_variant variant",
    "locations": "site shop",
    "suppliers": "supplier",
    "lots": "lot",
    "waste_records": "waste",
    "recipes": "recipe",
    "production_batches": "batch second_batch spare_batch",
    "variants": "barcode",
}
NEW = frozenset({"NewProduct", "VariantBody", "NewLot"})  # what they name is new
MOST = 5


def named(document: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A copy of `document` with values of `names` (``$sku`` and so on) where they belong."""
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for title, schema in changed["components"]["schemas"].items():
        if not title.endswith("View"):
            _simplify(schema)
            if title not in NEW:
                _name(schema.get("properties", {}), names)
    for path, methods in changed["paths"].items():
        segment = path.split("/")[3]
        for operation in methods.values():
            for parameter in operation["parameters"]:
                known = SEGMENTS.get(segment, "") if parameter["in"] == "path" else FIELDS.get(parameter["name"], "")
                _limit(parameter["schema"], known, names)
    return changed


def _simplify(schema: dict[str, Any]) -> None:
    """A thing is named in one way, and free texts are left out or short: each may be refused for itself."""
    needed = schema.get("required", [])
    properties = schema.get("properties", {})
    for name, described in list(properties.items()):
        kinds = [kind for kind in described.get("anyOf", [described]) if kind.get("type") != "null"]
        is_free = all(kind.get("type") == "string" and not kind.keys() & {"enum", "format"} for kind in kinds)
        is_second_way = name == "variant_id" and "sku" in properties and name not in needed
        if is_second_way or (is_free and name not in needed and name not in FIELDS):
            del properties[name]
        elif is_free and name not in FIELDS:
            properties[name] = {"type": "string", "enum": ["Contract"]}
        elif name == "id" and name not in needed:
            del properties[name]


def _name(properties: dict[str, Any], names: Mapping[str, str]) -> None:
    for name, schema in properties.items():
        _limit(schema, FIELDS.get(name, ""), names)
        if "quantity" in name:
            for kind in schema.get("anyOf", [schema]):
                if kind.get("type") == "number":
                    kind.update(type="integer", maximum=MOST)


def _limit(schema: dict[str, Any], known: str, names: Mapping[str, str]) -> None:
    values = [names[f"${word}"] for word in known.split()]
    for kind in schema.get("anyOf", [schema]) if values else ():
        if kind.get("type") == "string":
            kind.clear()
            kind.update(type="string", enum=values)
