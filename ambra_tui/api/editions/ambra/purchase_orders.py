"""Purchase orders: placed with a supplier, received.

Example::

    POST /v1/purchase_orders
    {"supplier_id": "sup_123", "items": [{"product_id": "prod_123", "quantity": 48}]}
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions._products import chosen_variant, wanted_variant
from ambra_tui.api.editions.ambra._lists import Listed, Sort, SortedBy
from ambra_tui.api.editions.ambra._places import WarehouseKey, default_warehouse, own_warehouse, warehouse_key
from ambra_tui.api.fields import (
    Blank,
    Body,
    Day,
    Flag,
    FromMoment,
    Identifier,
    Line,
    Note,
    Number,
    OneOf,
    PositiveQuantity,
    Price,
)
from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.money import from_unit_cost, to_unit_cost
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.services.adjustments import place_of
from ambra_tui.services.catalog import variants_by_id
from ambra_tui.services.documents import own_currency
from ambra_tui.services.listing import page_of
from ambra_tui.services.purchasing import (
    NewPurchaseLine,
    ReceiptItem,
    create_purchase_order,
    get_purchase_order,
    lines_of,
    receive_order,
)
from ambra_tui.services.stock_views import lines_with_skus, rows_by_id
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine, Supplier, Variant, table_of
from ambra_tui.store.models.documents import PURCHASE_ORDER_STATES
from ambra_tui.store.scope import fetch

catalogue = Catalogue("Purchase orders", about="What suppliers are asked to bring, and what of it came.")
Amount = float | int
_SORTS = ("number", "status", "expected_at", "created_at", "updated_at")


ExpectedDay = Annotated[FromMoment, AfterValidator(lambda moment: moment.astimezone(UTC).date())]
"""A date, or a moment of which the date (UTC) is kept."""


class PurchaseItemView(TypedDict):
    """A line: a product, how much of it was ordered and how much came."""

    id: str
    product_id: str
    variant_id: str
    sku: str
    quantity: Amount
    received_quantity: Amount
    outstanding_quantity: Amount
    unit_cost: Amount | None


class PurchaseView(TypedDict):
    """An order to a supplier."""

    id: str
    number: str
    supplier_id: str
    warehouse_id: str
    status: str
    currency: str
    expected_at: str | None
    notes: str | None
    items: list[PurchaseItemView]
    created_at: str
    updated_at: str


class PurchaseQuery(Listed):
    """Filters of purchase orders. `supplier`: a supplier's id."""

    status: Annotated[Identifier, OneOf(PURCHASE_ORDER_STATES)] | None = None
    supplier: Identifier | None = None
    warehouse_id: WarehouseKey | None = None
    number: Line | None = None
    sort: Annotated[Sort, SortedBy(*_SORTS)] | None = None


class OrderedItem(Body):
    """A line. `sku` or `variant_id` where the product has several variants."""

    product_id: Identifier
    quantity: PositiveQuantity
    sku: Identifier | None = None
    variant_id: Identifier | None = None
    unit_cost: Price | None = None


class NewPurchase(Body):
    """An order to a supplier. Without a `warehouse_id` it goes to the oldest warehouse of one's own."""

    supplier_id: Identifier
    items: list[OrderedItem] = Field(min_length=1)
    warehouse_id: Identifier | None = None
    number: Number | None = None
    notes: Note | None = None
    expected_at: ExpectedDay | None = None
    draft: Flag = False


class ReceivedItem(Body):
    """What came of a line, named by its product or its own id. Without a quantity: all that is outstanding."""

    product_id: Identifier | None = None
    id: Identifier | None = None
    sku: Identifier | None = None
    variant_id: Identifier | None = None
    quantity: PositiveQuantity | None = None
    location_id: Identifier | None = None
    lot_number: Number | None = None
    expiry_date: Day | None = None
    serial_numbers: list[Number] = Field(default_factory=list)


class Receipt(Body):
    """Without `items` everything outstanding comes in; a list that is empty is refused."""

    items: list[ReceivedItem] = Field(default_factory=list, min_length=1)
    notes: Blank | None = None


@catalogue.read(
    "/purchase_orders", PurchaseQuery, scope="purchase_orders:read", operation_id="listPurchaseOrders", is_list=True,
    summary="Purchase orders, newest first", shape=PurchaseView,
)  # fmt: skip
def list_purchase_orders(session: Session, _call: Call, query: PurchaseQuery) -> Answer:
    """A page of purchase orders with their items."""
    own = table_of(PurchaseOrder).c
    asked = {
        "status": query.status,
        "supplier_id": query.supplier,
        "site_id": query.warehouse_id,
        "number": query.number,
    }
    matching = [own[name] == value for name, value in asked.items() if value is not None]
    if query.created_after is not None:
        matching.append(own.created_at >= query.created_after)
    if query.updated_after is not None:
        matching.append(own.updated_at >= query.updated_after)
    order = tuple(("expected_on" if name == "expected_at" else name, down) for name, down in query.sort or ())
    rows, total = page_of(
        session, PurchaseOrder, *matching, order=order, offset=query.offset, limit=query.per_page
    )  # fmt: skip
    return Answer(_views(session, rows), total)


@catalogue.read(
    "/purchase_orders/{id}", Nothing, scope="purchase_orders:read", operation_id="getPurchaseOrder",
    summary="One purchase order", shape=PurchaseView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A purchase order with its items."""
    return _told(session, call.path["id"])


@catalogue.write(
    "POST", "/purchase_orders", NewPurchase, scope="purchase_orders:write", operation_id="createPurchaseOrder",
    status=201, summary="Order from a supplier", shape=PurchaseView,
    example={"supplier_id": "sup_123", "items": [{"product_id": "prod_123", "quantity": 48}]},
)  # fmt: skip
def create(session: Session, call: Call, body: NewPurchase) -> Answer:
    """Places the order."""
    supplier = fetch(session, Supplier, body.supplier_id, resource="supplier")
    if supplier.status == "archived":
        raise NotFound("supplier", body.supplier_id)
    site = default_warehouse(session) if body.warehouse_id is None else own_warehouse(session, body.warehouse_id)
    currency = own_currency(session)
    lines = [
        NewPurchaseLine(
            wanted_variant(session, item.product_id, item.variant_id, item.sku, place=f"items.{position}.").id,
            item.quantity,
            None if item.unit_cost is None else to_unit_cost(item.unit_cost, currency),
        )
        for position, item in enumerate(body.items)
    ]
    made = create_purchase_order(
        session,
        supplier_id=supplier.id,
        site_id=site.id,
        lines=lines,
        number=body.number,
        is_draft=body.draft,
        currency=currency,
        expected_on=body.expected_at,
        notes=body.notes or "",
    )
    told = _told(session, made.id)
    return Answer(told.content, location=call.url(f"/purchase_orders/{made.id}"))


@catalogue.write(
    "POST", "/purchase_orders/{id}/receive", Receipt, scope="purchase_orders:write", current=get,
    operation_id="receivePurchaseOrder", summary="Receive items, or everything outstanding", shape=PurchaseView,
    example={"items": [{"product_id": "prod_123", "quantity": 24, "lot_number": "M130", "expiry_date": "2026-07-15"}]},
)  # fmt: skip
def receive(session: Session, call: Call, body: Receipt) -> Answer:
    """One receipt, all or nothing."""
    order = get_purchase_order(session, call.path["id"])
    ordered = variants_by_id(session, [line.variant_id for line in lines_of(session, order.id)])
    items = [_received(session, order, ordered, item, position) for position, item in enumerate(body.items)]
    receive_order(session, order, items, idempotency_key=call.key("receipt"), reason=body.notes or "")
    return _told(session, order.id)


def _received(
    session: Session, order: PurchaseOrder, ordered: dict[str, Variant], item: ReceivedItem, position: int
) -> ReceiptItem:
    variant_id, sku = item.variant_id or "", item.sku or ""
    if item.product_id is not None and item.id is None:
        variant_id, sku = _variant_of(session, ordered, item.product_id, item, position).id, ""
    elif item.id is None and not variant_id and not sku:
        raise Invalid("name the item by product_id or id", field=f"items.{position}.product_id")
    return ReceiptItem(
        line_id=item.id or "",
        variant_id="" if item.id else variant_id,
        sku="" if item.id or variant_id else sku,
        quantity=item.quantity,
        location_id=_bin_of(session, order, item.location_id, position),
        lot_number=item.lot_number or "",
        expiry_date=item.expiry_date,
        serials=item.serial_numbers,
    )


def _variant_of(
    session: Session, ordered: dict[str, Variant], product_id: str, item: ReceivedItem, position: int
) -> Variant:
    """The variant of the product that the order asks for; where it asks for several, the one that the item names."""
    asked = [variant for variant in ordered.values() if variant.product_id == product_id]
    if len(asked) == 1 and item.variant_id in (None, asked[0].id) and item.sku in (None, asked[0].sku):
        return asked[0]
    return chosen_variant(session, product_id, item.variant_id, item.sku, place=f"items.{position}.")


def _bin_of(session: Session, order: PurchaseOrder, location_id: str | None, position: int) -> str | None:
    """The location that a body means; the order's own warehouse means its receiving dock."""
    if location_id is None:
        return None
    field = f"items.{position}.location_id"
    try:
        place = place_of(session, warehouse_key(location_id))
    except NotFound:
        raise NotFound("location", location_id, field=field) from None
    if place.site.id != order.site_id:
        raise Invalid("the purchase order goes to another warehouse", field=field)
    return place.location.id if place.location else None


def _told(session: Session, order_id: str) -> Answer:
    rows = rows_by_id(session, PurchaseOrder, [order_id])
    if not rows:
        raise NotFound("purchase_order", order_id)
    return Answer(_views(session, rows)[0])


def _views(session: Session, rows: Sequence[Any]) -> list[PurchaseView]:
    lines = lines_with_skus(session, PurchaseOrderLine, [row.id for row in rows], key="purchase_order_id")
    products = {
        variant.id: variant.product_id
        for variant in variants_by_id(session, [line.variant_id for own in lines.values() for line in own]).values()
    }
    return [_view(row, lines[row.id], products) for row in rows]


def _view(row: Any, lines: Sequence[Any], products: dict[str, str]) -> PurchaseView:
    expected: date | None = row.expected_on
    return {
        "id": row.id,
        "number": row.number,
        "supplier_id": row.supplier_id,
        "warehouse_id": row.site_id,
        "status": row.status,
        "currency": row.currency,
        "expected_at": expected.isoformat() if expected else None,
        "notes": row.notes or None,
        "items": [_item(line, products[line.variant_id], row.currency) for line in lines],
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _item(line: Any, product_id: str, currency: str) -> PurchaseItemView:
    return {
        "id": line.id,
        "product_id": product_id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "quantity": to_json(line.quantity),
        "received_quantity": to_json(line.received),
        "outstanding_quantity": to_json(max(line.quantity - line.received, ZERO)),
        "unit_cost": None if line.unit_cost is None else to_json(from_unit_cost(line.unit_cost, currency)),
    }
