"""Inventory of products: what is available and reserved in each warehouse, adjusting it, and low-stock alerts.

Example::

    POST /v2/inventory/prod_123/adjust    {"quantity": -10, "reason": "sold", "location": "wh_001"}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions._products import chosen_variant, wanted_variant
from ambra_tui.api.editions.commerce._lists import Paged
from ambra_tui.api.fields import (
    Body,
    Day,
    Flag,
    FromMoment,
    Identifier,
    Line,
    Note,
    NotNegativeQuantity,
    Number,
    PositiveQuantity,
    SignedQuantity,
)
from ambra_tui.errors import InsufficientStock, Invalid, NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.services import alerts
from ambra_tui.services.adjustments import Adjustment, Place, adjust, place_of
from ambra_tui.services.alerts.settings import MAX_NOTIFIED
from ambra_tui.services.offers import product_named
from ambra_tui.store.models import SiteStock, Variant, table_of
from ambra_tui.store.scope import organization_of

catalogue = Catalogue(
    "Inventory", about="What is available and reserved of a product, in all and in each warehouse, and when it is low."
)
READ, WRITE = "inventory:read", "inventory:write"
_variant, _stock = table_of(Variant), table_of(SiteStock)


class StockView(TypedDict):
    """What a warehouse has of a product."""

    warehouse_id: str
    available: float
    reserved: float


class VariantStockView(TypedDict):
    """What there is of one variant."""

    variant_id: str
    sku: str
    total_available: float
    total_reserved: float
    locations: list[StockView]


class InventoryView(TypedDict):
    """What there is of a product: the sums of its variants, each floored at 0 in each warehouse."""

    product_id: str
    total_available: float
    total_reserved: float
    locations: list[StockView]
    variants: list[VariantStockView]


class AdjustmentView(TypedDict):
    """What was posted. Quantities before and after are on hand in the warehouse."""

    id: str
    variant_id: str
    sku: str
    warehouse_id: str
    location: str
    quantity: float
    quantity_before: float
    quantity_after: float
    reason: str
    note: str
    created_at: str


class AdjustedView(InventoryView):
    """A product's inventory after an adjustment."""

    adjustment: AdjustmentView


class AlertView(TypedDict):
    """A low-stock alert. `threshold` and `reorder_quantity` are what the inventory policy says now. Without a
    `warehouse_id` it holds in every warehouse that has no alert of its own."""

    id: str
    product_id: str
    variant_id: str
    sku: str
    threshold: float
    warehouse_id: str | None
    location: str | None
    auto_reorder: bool
    reorder_quantity: float
    notify: list[str]
    last_purchase_order_id: str | None
    created_at: str
    updated_at: str


class Chosen(Body):
    """Which variant of a product: to be named where it has several."""

    sku: Identifier | None = None
    variant_id: Identifier | None = None


class Change(Chosen):
    """A signed change of what is on hand, in a warehouse (its id in `location` or `warehouse_id`) or a place in one."""

    quantity: SignedQuantity
    reason: Line
    location: Identifier | None = None
    warehouse_id: Identifier | None = None
    note: Note | None = None
    lot_number: Number | None = None
    expiry_date: Day | None = None
    serial_number: Number | None = None
    occurred_at: FromMoment | None = None


class NewAlert(Chosen):
    """Tells when stock falls below `threshold`. `notify`: e-mail addresses and webhook ids, which the events carry."""

    threshold: NotNegativeQuantity
    location: Identifier | None = None
    warehouse_id: Identifier | None = None
    auto_reorder: Flag = False
    reorder_quantity: PositiveQuantity | None = None
    notify: Annotated[list[Line], Field(max_length=MAX_NOTIFIED)] | None = None


@catalogue.read(
    "/inventory/{product_id}", Nothing, scope=READ, operation_id="getInventory",
    summary="What is available and reserved of a product (its id, or a SKU of it)", shape=InventoryView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """Every warehouse that has a record of it."""
    return Answer(_inventory(session, _variants(session, call.path["product_id"])))


@catalogue.write(
    "POST", "/inventory/{product_id}/adjust", Change, scope=WRITE, operation_id="adjustInventory", status=201,
    summary="Change what is on hand by a signed quantity", shape=AdjustedView,
    example={"quantity": -10, "reason": "sold", "location": "wh_001", "note": "Online order #12345"},
)  # fmt: skip
def adjust_inventory(session: Session, call: Call, body: Change) -> Answer:
    """Posts the change. Less than nothing is 422, naming `quantity`; so is what is promised to orders."""
    rows = _variants(session, call.path["product_id"])
    choose = wanted_variant if body.quantity > 0 else chosen_variant
    variant = choose(session, rows[0].product_id, body.variant_id, _sku(call, rows, body))
    place = _place(session, _where(body, is_required=True))
    try:
        adjusted = adjust(
            session, place=place, variant_id=variant.id, quantity=body.quantity, idempotency_key=call.key("adjust"),
            reason=body.reason, note=body.note or "", lot_number=body.lot_number or "", expiry_date=body.expiry_date,
            serial=body.serial_number or "", occurred_at=body.occurred_at,
        )  # fmt: skip
    except InsufficientStock as error:
        raise _below_zero(error) from error
    return Answer({**_inventory(session, rows), "adjustment": _adjustment_view(adjusted)})


@catalogue.write(
    "POST", "/inventory/{product_id}/alerts", NewAlert, scope=WRITE, operation_id="setInventoryAlert", status=201,
    summary="Set a low-stock alert and automatic reordering", shape=AlertView,
    example={"threshold": 20, "location": "wh_001", "auto_reorder": True, "reorder_quantity": 100},
)  # fmt: skip
def set_alert(session: Session, call: Call, body: NewAlert) -> Answer:
    """Set again, it is changed. The threshold is the reorder point of the inventory policy."""
    rows = _variants(session, call.path["product_id"])
    variant = wanted_variant(session, rows[0].product_id, body.variant_id, _sku(call, rows, body))
    named = _where(body)
    place = _place(session, named) if named else None
    if place is not None and place.location is not None:
        raise Invalid("an alert holds in a whole warehouse: name one", field="location")
    row = alerts.set_alert(
        session, variant=variant, threshold=body.threshold, site_id=place.site.id if place else "",
        is_reordering=body.auto_reorder, reorder_quantity=body.reorder_quantity, notify=body.notify or (),
    )  # fmt: skip
    return Answer(alert_view(row))


@catalogue.read(
    "/inventory/{product_id}/alerts", Paged, scope=READ, operation_id="listInventoryAlerts", is_list=True,
    summary="The low-stock alerts of a product", shape=AlertView,
)  # fmt: skip
def list_alerts(session: Session, call: Call, query: Paged) -> Answer:
    """Those of every warehouse first, variant by variant."""
    found = alerts.alerts_of(session, product_named(session, call.path["product_id"]).id)
    return Answer([alert_view(row) for row in found[query.offset : query.offset + query.per_page]], len(found))


# --- names in bodies and paths --------------------------------------------------------------------------------------


def _variants(session: Session, named: str) -> list[Any]:
    """The variants of the product with this id, else of the one that has this SKU, its own or a variant's. Raises
    NotFound."""
    return _variants_of(session, product_named(session, named).id)


def _variants_of(session: Session, product_id: str) -> list[Any]:
    own = _variant.c.organization_id == organization_of(session)
    columns = (_variant.c.id, _variant.c.product_id, _variant.c.sku, _variant.c.name)
    statement = select(*columns).where(own, _variant.c.product_id == product_id)
    return list(session.connection().execute(statement.order_by(_variant.c.position, _variant.c.id)))


def _sku(call: Call, rows: Iterable[Any], body: Chosen) -> str | None:
    """The SKU that a request names: in its body, else in its path."""
    if body.sku is not None or body.variant_id is not None:
        return body.sku
    named = call.path["product_id"]
    return named if any(row.sku == named for row in rows) else None


def _where(body: Change | NewAlert, *, is_required: bool = False) -> str:
    if body.location is not None and body.warehouse_id is not None and body.location != body.warehouse_id:
        raise Invalid("location and warehouse_id name two places: send one of them", field="warehouse_id")
    named = body.location or body.warehouse_id or ""
    if is_required and not named:
        raise Invalid("location is required", details={"fields": [{"field": "location", "message": "is required"}]})
    return named


def _place(session: Session, named: str) -> Place:
    try:
        return place_of(session, named)
    except NotFound:
        raise NotFound("location", named, field="location") from None


def _below_zero(error: InsufficientStock) -> Invalid:
    fields = [
        {
            "field": "quantity",
            "message": f"{short.sku}: {short.requested:f} asked, {short.available:f} available",
            "available": to_json(short.available),
        }
        for short in error.shortages
    ]
    return Invalid(error.message, details={"fields": fields})


# --- views ----------------------------------------------------------------------------------------------------------


def inventory_object(session: Session, variant_id: str) -> dict[str, Any] | None:
    """What an event on a variant's stock shows: its product's inventory, the variant, and its alerts."""
    variant = session.get(Variant, (organization_of(session), variant_id))
    if variant is None:
        return None
    shown = _inventory(session, _variants_of(session, variant.product_id))
    told = [alert_view(row) for row in alerts.alerts_of_variants(session, [variant])]
    return {**shown, "variant_id": variant.id, "sku": variant.sku, "alerts": told}


def _inventory(session: Session, variants: list[Any]) -> InventoryView:
    ids = [row.id for row in variants]
    session.flush()
    statement = (
        select(_stock.c.variant_id, _stock.c.site_id, _stock.c.on_hand, _stock.c.reserved, _stock.c.held)
        .where(_stock.c.organization_id == organization_of(session), _stock.c.variant_id.in_(ids))
        .order_by(_stock.c.site_id)
    )
    totals = session.connection().execute(statement).all()
    of_variants: list[VariantStockView] = [
        {
            "variant_id": row.id,
            "sku": row.sku,
            **_added(_by_site(total for total in totals if total.variant_id == row.id)),
        }
        for row in variants
    ]
    return {"product_id": variants[0].product_id, **_added(_by_site(totals)), "variants": of_variants}


def _by_site(totals: Iterable[Any]) -> dict[str, tuple[Any, Any]]:
    """Site -> available (nothing where more is promised than there is) and reserved."""
    found: dict[str, tuple[Any, Any]] = {}
    for total in totals:
        available, reserved = found.get(total.site_id, (ZERO, ZERO))
        free = max(total.on_hand - total.reserved - total.held, ZERO)
        found[total.site_id] = (available + free, reserved + total.reserved)
    return found


class _AddedView(TypedDict):
    total_available: float
    total_reserved: float
    locations: list[StockView]


def _added(sites: Mapping[str, tuple[Any, Any]]) -> _AddedView:
    return {
        "total_available": to_json(sum((available for available, _ in sites.values()), ZERO)),
        "total_reserved": to_json(sum((reserved for _, reserved in sites.values()), ZERO)),
        "locations": [
            {"warehouse_id": site_id, "available": to_json(available), "reserved": to_json(reserved)}
            for site_id, (available, reserved) in sites.items()
        ],
    }


def _adjustment_view(done: Adjustment) -> AdjustmentView:
    place = done.place
    return {
        "id": done.id,
        "variant_id": done.variant.id,
        "sku": done.variant.sku,
        "warehouse_id": place.site.id,
        "location": place.location.id if place.location else place.site.id,
        "quantity": to_json(done.quantity),
        "quantity_before": to_json(done.balance_before),
        "quantity_after": to_json(done.balance_after),
        "reason": done.reason,
        "note": done.note,
        "created_at": to_iso(done.posted_at),
    }


def alert_view(row: alerts.AlertRow) -> AlertView:
    """An alert as it is shown."""
    alert = row.alert
    return {
        "id": alert.id,
        "product_id": row.variant.product_id,
        "variant_id": row.variant.id,
        "sku": row.variant.sku,
        "threshold": to_json(row.policy.reorder_point),
        "warehouse_id": alert.site_id or None,
        "location": alert.site_id or None,
        "auto_reorder": alert.is_reordering,
        "reorder_quantity": to_json(row.policy.reorder_quantity),
        "notify": list(alert.notify),
        "last_purchase_order_id": alert.last_order_id or None,
        "created_at": to_iso(alert.created_at),
        "updated_at": to_iso(alert.updated_at),
    }
