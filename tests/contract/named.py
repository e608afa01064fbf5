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
    "warehouse_id": "site shop",
    "to_warehouse_id": "shop",
    "from_location_id": "site",
    "to_location_id": "shop",
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
}
AMBRA_FIELDS = FIELDS | {
    "location_id": "bin",
    "to_location_id": "spare_bin",
    "category_id": "category leaf",
    "category": "category category_slug",
    "default_supplier_id": "supplier",
    "supplier": "supplier",
    "location": "site bin",
    "delivery_id": "delivery",
}
AMBRA_SEGMENTS = {
    "products": "product",
    "skus": "sku",
    "categories": "leaf",
    "suppliers": "supplier",
    "locations": "bin",
    "warehouses": "site shop",
    "stock_movements": "movement spare_movement",
    "purchase_orders": "bought",
    "webhooks": "webhook",
    "api_keys": "api_key",
}
COMMERCE_FIELDS = {
    "sku": "sku",
    "product_id": "product",
    "variant_id": "variant",
    "image_id": "shop_image",
    "location": "site",
    "warehouse_id": "site",
    "customer_id": "buyer",
    "address_id": "customer_address",
    "order_id": "sent_order open_order dollar_order",
    "NewIntent.order_id": "dollar_order",
    "intent_id": "held_payment",
    "payment_id": "taken_payment disputed_payment",
    "delivery_id": "shop_delivery",
    "slug": "category_slug",
    "category": "category_slug",
    "parent": "category_slug",
    "tracking_number": "parcel_number",
    "email": "",  # as its format says
    "currency": "euro",
    "NewIntent.currency": "dollar",
    "carrier": "carrier",
    "cursor": "start",
    "country": "us",
    "zip": "zip",
    "service": "ground",
    "TestCard.number": "card_number",
    "cvc": "cvc",
    "NewWebhook.url": "receiver",
}
COMMERCE_SEGMENTS = {
    "products": "shop_product art",
    "orders": "shop_order dollar_order open_order",
    "customers": "customer",
    "payments": "held_payment taken_payment",
    "intents": "asking_payment",
    "disputes": "dispute",
    "shipments": "shipment",
    "webhooks": "shop_webhook",
    "cancelOrder": "spare_shop_order",
    "cancelPaymentIntent": "spare_payment",
    "cancelShipment": "spare_shipment",
}
COMMERCE_WORDS = {
    "$euro": "EUR", "$dollar": "usd", "$carrier": "fedex", "$start": "", "$us": "US", "$zip": "10001",
    "$ground": "ground", "$card_number": "4242424242424242", "$cvc": "123",
    "$receiver": "https://receiver.invalid/shop",
}  # fmt: skip
"""What names nothing of an organization's, and is refused unless it is right."""
NAMED = {"ambra": (AMBRA_FIELDS, AMBRA_SEGMENTS), "commerce": (COMMERCE_FIELDS, COMMERCE_SEGMENTS)}
ENDING = frozenset({
    "deleteProduct", "deleteCategory", "deleteSupplier", "deleteWarehouse", "deleteLocation", "deleteWebhook",
    "rotateApiKey", "revokeApiKey", "updateOrganization",
    "updateNetworkSettings", "eraseCustomer", "deleteCustomerAddress", "deleteProductImage",
})  # fmt: skip
"""Calls after which others would find nothing more, or nobody be let in."""
NEW = frozenset({
    "NewProduct", "VariantBody", "NewLot", "WholeProduct", "ProductChange", "NewVariant", "ChangedVariant",
})  # fmt: skip  # what they name is new
WAYS = frozenset({"sku", "variant_id", "output_sku", "output_variant_id", "id"})
MODES = frozenset({
    "plan", "aisle", "bins", "lots", "expiry_date", "best_before_date", "production_date", "parent_id", "notify",
    "addresses", "filters",
})  # fmt: skip
MOST = 5


def named(document: Mapping[str, Any], names: Mapping[str, str], *, edition: str) -> dict[str, Any]:
    """A copy of `document` with values of `names` (``$sku`` and so on) where they belong, without the calls that end
    what others need."""
    fields, segments = NAMED.get(edition, (FIELDS, SEGMENTS))
    names = {**COMMERCE_WORDS, **names}
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for title, schema in changed["components"]["schemas"].items():
        if not title.endswith("View"):
            own = {name: fields.get(f"{title}.{name}", fields.get(name)) for name in schema.get("properties", {})}
            known = {name: words for name, words in own.items() if words is not None}
            _simplify(schema, known)
            if title not in NEW:
                _name(schema.get("properties", {}), names, known)
    for path, methods in changed["paths"].items():
        parts = path.partition("/{id}")[0].split("/")
        segment = next((part for part in reversed(parts) if part in segments), "")
        for method, operation in list(methods.items()):
            if operation["operationId"] in ENDING:
                del methods[method]
                continue
            operation["parameters"] = [given for given in operation["parameters"] if given["in"] != "header"]
            for parameter in operation["parameters"]:
                by_name = fields.get(parameter["name"], "")
                by_place = segments.get(operation["operationId"], segments.get(segment, by_name))
                known = by_place if parameter["name"] == "id" else by_name
                _limit(parameter["schema"], known, names)
            if "requestBody" in operation:
                _flatten(operation["requestBody"])
    return changed


def _flatten(body: dict[str, Any]) -> None:
    """JSON alone, without a wrapper."""
    kept = body["content"]["application/json"]
    kept["schema"] = kept["schema"].get("anyOf", [kept["schema"]])[-1]
    body["content"] = {"application/json": kept}


def _simplify(schema: dict[str, Any], known: Mapping[str, str]) -> None:
    """A thing is named, and in one way; moments, nulls and free texts are left out: each may be refused for itself."""
    needed = schema.setdefault("required", [])
    properties = schema.get("properties", {})
    schema["additionalProperties"] = False
    for name, described in list(properties.items()):
        kind = next((one for one in described.get("anyOf", [described]) if one.get("type") != "null"), described)
        is_free = "enum" not in kind and kind.get("type") in ("string", ["object", "string"]) and name not in known
        is_second_way = name in ("variant_id", "output_variant_id", "id") and len(properties.keys() & WAYS) > 1
        properties[name] = {"type": "string", "enum": ["Contract"]} if is_free else kind
        if name not in needed and (is_second_way or (is_free and kind.get("format") != "date") or name in MODES):
            del properties[name]
    needed.extend(name for name in ("sku", "output_sku", "bin") if name in properties and name not in needed)


def _name(properties: dict[str, Any], names: Mapping[str, str], fields: Mapping[str, str]) -> None:
    for name, schema in properties.items():
        _limit(schema, fields.get(name, ""), names)
        if schema.get("type") == "number":
            schema.update(type="integer", minimum=1, maximum=MOST)
            schema.pop("exclusiveMinimum", None)
        if name == "amount" and schema.get("type") == "integer":
            schema["maximum"] = MOST


def _limit(schema: dict[str, Any], known: str, names: Mapping[str, str]) -> None:
    values = [names[f"${word}"] for word in known.split()]
    for kind in schema.get("anyOf", [schema]) if values else ():
        if kind.get("type") == "string":
            kind.clear()
            kind.update(type="string", enum=values)
