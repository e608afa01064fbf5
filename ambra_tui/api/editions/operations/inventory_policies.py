"""Inventory policies: when a variant is low at a location, and the defaults beneath them.

Example::

    POST /api/v1/inventory_policies
    {"inventory_policy": {"sku": "MILK-1L", "location_id": "wh_...", "reorder_point": 24, "reorder_quantity": 48}}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import WithJsonSchema
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import named_site, named_variant
from ambra_tui.api.editions.operations.views import Amount, number_of
from ambra_tui.api.fields import Body, Days, Identifier, NotNegativeQuantity, PositiveQuantity
from ambra_tui.api.paging import Paging
from ambra_tui.errors import NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import to_json
from ambra_tui.services import policies
from ambra_tui.services.catalog import find_variant_by_sku
from ambra_tui.services.stock_views import page_of_ids, rows_by_id, the_one
from ambra_tui.store.models import InventoryPolicy, Variant
from ambra_tui.store.models.policies import EVERY_VARIANT

catalogue = Catalogue("Inventory policies")
ORGANIZATION = "organization"
ServiceLevel = Annotated[
    PositiveQuantity, WithJsonSchema({"type": "number", "minimum": 0.5, "maximum": 0.999}, mode="validation")
]


class PolicyValuesView(TypedDict):
    """What a policy says."""

    reorder_point: Amount
    reorder_quantity: Amount
    safety_stock: Amount
    max_stock_level: Amount | None
    minimum_order: Amount
    pack_quantity: Amount
    lead_time_days: int
    review_period_days: int
    service_level: Amount


class InventoryPolicyView(TypedDict):
    """The policy of a variant at a location. What is null takes the defaults; `effective` is what holds."""

    id: str
    variant_id: str
    sku: str
    location_id: str
    reorder_point: Amount
    reorder_quantity: Amount
    lead_time_days: int | None
    safety_stock: Amount | None
    max_stock_level: Amount | None
    minimum_order: Amount | None
    pack_quantity: Amount | None
    review_period_days: int | None
    service_level: Amount | None
    effective: PolicyValuesView
    created_at: str
    updated_at: str


class PolicyDefaultView(TypedDict):
    """What holds for a variant at every location without a policy that says otherwise; null: what is beneath holds.
    `id`: the variant's, or ``organization`` for every variant."""

    id: str
    variant_id: str | None
    sku: str | None
    reorder_point: Amount | None
    reorder_quantity: Amount | None
    safety_stock: Amount | None
    max_stock_level: Amount | None
    minimum_order: Amount | None
    pack_quantity: Amount | None
    lead_time_days: int | None
    review_period_days: int | None
    service_level: Amount | None
    updated_at: str


class PolicyQuery(Paging):
    """Filters of policies."""

    location_id: Identifier | None = None
    variant_id: Identifier | None = None
    sku: Identifier | None = None


class PolicyValues(Body):
    """What a policy can say."""

    reorder_point: NotNegativeQuantity | None = None
    reorder_quantity: NotNegativeQuantity | None = None
    lead_time_days: Days | None = None
    safety_stock: NotNegativeQuantity | None = None
    max_stock_level: NotNegativeQuantity | None = None
    minimum_order: NotNegativeQuantity | None = None
    pack_quantity: PositiveQuantity | None = None
    review_period_days: Days | None = None
    service_level: ServiceLevel | None = None


class NewPolicy(PolicyValues):
    """A policy of a variant, by id or SKU, at a location."""

    variant_id: Identifier | None = None
    sku: Identifier | None = None
    location_id: Identifier
    reorder_point: NotNegativeQuantity
    reorder_quantity: NotNegativeQuantity


class PolicyChange(PolicyValues):
    """The fields to change; null gives a field back to the defaults."""


@catalogue.read(
    "/inventory_policies", PolicyQuery, scope="inventory_policies:read", operation_id="listInventoryPolicies",
    is_list=True, summary="Reorder policies per variant and location, newest first", shape=InventoryPolicyView,
)  # fmt: skip
def list_policies(session: Session, _call: Call, query: PolicyQuery) -> Answer:
    """A page of policies."""
    variant_id = query.variant_id
    if query.sku is not None:
        variant = find_variant_by_sku(session, query.sku)
        if variant is None or variant_id not in (None, variant.id):
            return Answer([], 0)
        variant_id = variant.id
    filters = {"site_id": query.location_id, "variant_id": variant_id}
    ids, total = page_of_ids(session, InventoryPolicy, filters, offset=query.offset, limit=query.per_page)
    return Answer(_policies(session, ids), total)


@catalogue.read(
    "/inventory_policies/{id}", Nothing, scope="inventory_policies:read", operation_id="getInventoryPolicy",
    summary="One policy", shape=InventoryPolicyView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A policy."""
    return Answer(_policy(session, call.path["id"]))


@catalogue.write(
    "POST", "/inventory_policies", NewPolicy, scope="inventory_policies:write", operation_id="createInventoryPolicy",
    status=201, wrapper="inventory_policy", summary="Create the policy of a variant at a location",
    shape=InventoryPolicyView,
    example={
        "inventory_policy": {
            "sku": "MILK-1L", "location_id": "wh_1", "reorder_point": 24, "reorder_quantity": 48, "lead_time_days": 3,
            "safety_stock": 6,
        }
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewPolicy) -> Answer:
    """Makes the policy."""
    variant = named_variant(session, body.variant_id, body.sku, field="variant_id")
    site = named_site(session, body.location_id)
    policy = policies.create_policy(session, variant_id=variant.id, site_id=site.id, values=_values(body))
    return Answer(_policy(session, policy.id), location=call.url(f"/inventory_policies/{policy.id}"))


@catalogue.write(
    "PATCH", "/inventory_policies/{id}", PolicyChange, scope="inventory_policies:write",
    operation_id="updateInventoryPolicy", wrapper="inventory_policy", current=get,
    summary="Change some values of a policy", shape=InventoryPolicyView,
    example={"inventory_policy": {"reorder_point": 30}},
)  # fmt: skip
def update(session: Session, call: Call, body: PolicyChange) -> Answer:
    """Changes what was sent."""
    policy = policies.get_policy(session, call.path["id"])
    policies.change_policy(session, policy, _values(body))
    return Answer(_policy(session, policy.id))


@catalogue.write(
    "DELETE", "/inventory_policies/{id}", Nothing, scope="inventory_policies:write",
    operation_id="deleteInventoryPolicy", status=204, current=get, summary="Remove a policy: the defaults apply again",
    shape=None,
)  # fmt: skip
def delete(session: Session, call: Call, _body: Nothing) -> Answer:
    """Removes the policy."""
    policies.remove_policy(session, policies.get_policy(session, call.path["id"]))
    return Answer(None)


# --- defaults -------------------------------------------------------------------------------------------------------


@catalogue.read(
    "/inventory_policy_defaults/{id}", Nothing, scope="inventory_policies:read",
    operation_id="getInventoryPolicyDefault", summary="The defaults of a variant, or of the 'organization'",
    shape=PolicyDefaultView,
)  # fmt: skip
def get_default(session: Session, call: Call, _query: object) -> Answer:
    """What holds where no policy says otherwise."""
    return Answer(_default(session, call.path["id"]))


@catalogue.write(
    "PUT", "/inventory_policy_defaults/{id}", PolicyValues, scope="inventory_policies:write",
    operation_id="replaceInventoryPolicyDefault", wrapper="inventory_policy_default", current=get_default,
    summary="Replace the defaults of a variant, or of the 'organization'", shape=PolicyDefaultView,
    example={"inventory_policy_default": {"reorder_point": 10, "lead_time_days": 14}},
)  # fmt: skip
def replace_default(session: Session, call: Call, body: PolicyValues) -> Answer:
    """What is not sent is not set any more."""
    policies.set_default(session, _named(call), _values(body))
    return Answer(_default(session, call.path["id"]))


@catalogue.write(
    "DELETE", "/inventory_policy_defaults/{id}", Nothing, scope="inventory_policies:write",
    operation_id="deleteInventoryPolicyDefault", status=204, current=get_default,
    summary="Remove the defaults of a variant, or of the 'organization'", shape=None,
)  # fmt: skip
def delete_default(session: Session, call: Call, _body: Nothing) -> Answer:
    """What is beneath holds again."""
    policies.remove_default(session, _named(call))
    return Answer(None)


def _named(call: Call) -> str:
    named = call.path["id"]
    return EVERY_VARIANT if named == ORGANIZATION else named


def _default(session: Session, named: str) -> PolicyDefaultView:
    default = policies.find_default(session, EVERY_VARIANT if named == ORGANIZATION else named)
    if default is None:
        raise NotFound("inventory_policy_default", named)
    variant = session.get(Variant, (default.organization_id, default.variant_id)) if default.variant_id else None
    return {
        "id": default.variant_id or ORGANIZATION,
        "variant_id": default.variant_id or None,
        "sku": variant.sku if variant else None,
        "reorder_point": number_of(default.reorder_point),
        "reorder_quantity": number_of(default.reorder_quantity),
        "safety_stock": number_of(default.safety_stock),
        "max_stock_level": number_of(default.max_stock_level),
        "minimum_order": number_of(default.minimum_order),
        "pack_quantity": number_of(default.pack_quantity),
        "lead_time_days": default.lead_time_days,
        "review_period_days": default.review_period_days,
        "service_level": number_of(default.service_level),
        "updated_at": to_iso(default.updated_at),
    }


# --- views ----------------------------------------------------------------------------------------------------------


def _values(body: PolicyValues) -> dict[str, Any]:
    """The values that were sent."""
    return {name: getattr(body, name) for name in policies.FIELDS if name in body.model_fields_set}


def _policy(session: Session, policy_id: str) -> InventoryPolicyView:
    return the_one(_policies(session, [policy_id]), "inventory_policy", policy_id)


def _policies(session: Session, ids: Sequence[str]) -> list[InventoryPolicyView]:
    if not ids:
        return []
    rows = rows_by_id(session, InventoryPolicy, ids)
    variant_ids = sorted({row.variant_id for row in rows})
    skus = {row.id: row.sku for row in rows_by_id(session, Variant, variant_ids)}
    known = policies.read_policies(session, variant_ids)
    return [_view(row, skus[row.variant_id], known.of(row.variant_id, row.site_id)) for row in rows]


def _view(row: Any, sku: str, policy: policies.Policy) -> InventoryPolicyView:
    return {
        "id": row.id,
        "variant_id": row.variant_id,
        "sku": sku,
        "location_id": row.site_id,
        "reorder_point": to_json(row.reorder_point),
        "reorder_quantity": to_json(row.reorder_quantity),
        "lead_time_days": row.lead_time_days,
        "safety_stock": number_of(row.safety_stock),
        "max_stock_level": number_of(row.max_stock_level),
        "minimum_order": number_of(row.minimum_order),
        "pack_quantity": number_of(row.pack_quantity),
        "review_period_days": row.review_period_days,
        "service_level": number_of(row.service_level),
        "effective": _effective(policy),
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _effective(policy: policies.Policy) -> PolicyValuesView:
    return {
        "reorder_point": to_json(policy.reorder_point),
        "reorder_quantity": to_json(policy.reorder_quantity),
        "safety_stock": to_json(policy.safety_stock),
        "max_stock_level": number_of(policy.max_stock_level),
        "minimum_order": to_json(policy.minimum_order),
        "pack_quantity": to_json(policy.pack_quantity),
        "lead_time_days": policy.lead_time_days,
        "review_period_days": policy.review_period_days,
        "service_level": to_json(policy.service_level),
    }
