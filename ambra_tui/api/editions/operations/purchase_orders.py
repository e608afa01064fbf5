"""Purchase orders: placed with a supplier, received.

Example::

    POST /api/v1/purchase_orders/po_.../receive
    {"items": [{"sku": "MILK-1L", "quantity": 48, "lot_number": "M130", "expiry_date": "2026-07-15"}]}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AliasChoices, Field
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import named_site, named_variant, own_currency, scaled_cost
from ambra_tui.api.editions.operations.views import PurchaseOrderItemView, PurchaseOrderView, cost_of
from ambra_tui.api.fields import (
    Blank,
    Body,
    Day,
    Flag,
    Identifier,
    Note,
    NotNegativeQuantity,
    Number,
    OneOf,
    PositiveQuantity,
    Price,
    Rows,
)
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.services.adjustments import place_of
from ambra_tui.services.purchasing import (
    NewPurchaseLine,
    ReceiptItem,
    create_purchase_order,
    get_purchase_order,
    receive_order,
)
from ambra_tui.services.stock_views import lines_with_skus, page_of_ids, rows_by_id, the_one
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine
from ambra_tui.store.models.documents import PURCHASE_ORDER_STATES

catalogue = Catalogue("Purchase orders")
_ITEMS = AliasChoices("items", "line_items", "items_attributes", "line_items_attributes")


class PurchaseOrderQuery(Paging):
    """Filters of purchase orders."""

    status: Annotated[Identifier, OneOf(PURCHASE_ORDER_STATES)] | None = None
    supplier_id: Identifier | None = None
    location_id: Identifier | None = None
    number: Number | None = None


class NewItem(Body):
    """A line: a variant by id or SKU, how much of it, at what cost a unit."""

    variant_id: Identifier | None = None
    sku: Identifier | None = None
    quantity: PositiveQuantity
    unit_cost: Price | None = None
    tolerance_percent: NotNegativeQuantity | None = None


class NewPurchaseOrder(Body):
    """An order to a supplier. `location_id` may be left out while there is one location."""

    supplier_id: Identifier
    location_id: Identifier | None = None
    number: Number | None = None
    currency: Identifier | None = None
    expected_on: Day | None = None
    notes: Note = ""
    is_draft: Flag = False
    items: Annotated[list[NewItem], Rows] = Field(validation_alias=_ITEMS, min_length=1)


class ReceivedItem(Body):
    """What came of a line, named by its id, its variant or its SKU. Without a quantity: all that is outstanding."""

    id: Identifier | None = None
    variant_id: Identifier | None = None
    sku: Identifier | None = None
    quantity: PositiveQuantity | None = None
    location_id: Identifier | None = None
    lot_number: Number | None = None
    expiry_date: Day | None = None
    serial_numbers: Annotated[list[Number], Rows] = Field(default_factory=list)


class Receipt(Body):
    """Without `items` everything outstanding comes in; a list that is empty is refused."""

    items: Annotated[list[ReceivedItem], Rows] = Field(default_factory=list, validation_alias=_ITEMS, min_length=1)
    reason: Blank = ""


@catalogue.read(
    "/purchase_orders", PurchaseOrderQuery, scope="purchase_orders:read", operation_id="listPurchaseOrders",
    is_list=True, summary="Purchase orders, newest first", shape=PurchaseOrderView,
)  # fmt: skip
def list_purchase_orders(session: Session, _call: Call, query: PurchaseOrderQuery) -> Answer:
    """A page of purchase orders with their items."""
    filters = {
        "status": query.status,
        "supplier_id": query.supplier_id,
        "site_id": query.location_id,
        "number": query.number,
    }
    ids, total = page_of_ids(session, PurchaseOrder, filters, offset=query.offset, limit=query.per_page)
    return Answer(_purchase_orders(session, ids), total)


@catalogue.read(
    "/purchase_orders/{id}", Nothing, scope="purchase_orders:read", operation_id="getPurchaseOrder",
    summary="One purchase order", shape=PurchaseOrderView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A purchase order with its items."""
    return Answer(_purchase_order(session, call.path["id"]))


@catalogue.write(
    "POST", "/purchase_orders", NewPurchaseOrder, scope="purchase_orders:write", operation_id="createPurchaseOrder",
    status=201, wrapper="purchase_order", summary="Place a purchase order", shape=PurchaseOrderView,
    example={
        "purchase_order": {
            "number": "PO-1001", "supplier_id": "sup_1", "location_id": "wh_1",
            "items": [{"sku": "MILK-1L", "quantity": 120, "unit_cost": 0.79}],
        }
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewPurchaseOrder) -> Answer:
    """Makes the order."""
    currency = own_currency(session, body.currency)
    lines = [
        NewPurchaseLine(
            named_variant(session, item.variant_id, item.sku, field=f"items.{position}.sku").id,
            item.quantity,
            scaled_cost(item.unit_cost, currency),
            item.tolerance_percent,
        )
        for position, item in enumerate(body.items)
    ]
    order = create_purchase_order(
        session,
        supplier_id=body.supplier_id,
        site_id=named_site(session, body.location_id).id,
        lines=lines,
        number=body.number,
        is_draft=body.is_draft,
        currency=currency,
        expected_on=body.expected_on,
        notes=body.notes,
    )
    return Answer(_purchase_order(session, order.id), location=call.url(f"/purchase_orders/{order.id}"))


@catalogue.write(
    "POST", "/purchase_orders/{id}/receive", Receipt, scope="purchase_orders:write", current=get,
    operation_id="receivePurchaseOrder", wrapper="purchase_order", shape=PurchaseOrderView,
    summary="Receive items, or everything outstanding, and update stock",
    example={"items": [{"sku": "MILK-1L", "quantity": 48, "lot_number": "M130", "expiry_date": "2026-07-15"}]},
)  # fmt: skip
def receive(session: Session, call: Call, body: Receipt) -> Answer:
    """One receipt, all or nothing."""
    order = get_purchase_order(session, call.path["id"])
    items = [_receipt_item(session, order, item, position) for position, item in enumerate(body.items)]
    receive_order(session, order, items, idempotency_key=call.key("receipt"), reason=body.reason)
    return Answer(_purchase_order(session, order.id))


def _receipt_item(session: Session, order: PurchaseOrder, item: ReceivedItem, position: int) -> ReceiptItem:
    if item.id is None and item.variant_id is None and item.sku is None:
        raise Invalid("name the item by id, variant_id or sku", field=f"items.{position}.sku")
    return ReceiptItem(
        line_id=item.id or "",
        variant_id=item.variant_id or "",
        sku=item.sku or "",
        quantity=item.quantity,
        location_id=_bin_of(session, order, item.location_id, position),
        lot_number=item.lot_number or "",
        expiry_date=item.expiry_date,
        serials=item.serial_numbers,
    )


def _bin_of(session: Session, order: PurchaseOrder, location_id: str | None, position: int) -> str | None:
    """The bin that a body means; the order's own site means its receiving dock."""
    if location_id is None:
        return None
    place = place_of(session, location_id)
    if place.site.id != order.site_id:
        raise Invalid("the purchase order goes to another location", field=f"items.{position}.location_id")
    return place.location.id if place.location else None


def _purchase_order(session: Session, order_id: str) -> PurchaseOrderView:
    return the_one(_purchase_orders(session, [order_id]), "purchase_order", order_id)


def _purchase_orders(session: Session, ids: Sequence[str]) -> list[PurchaseOrderView]:
    lines = lines_with_skus(session, PurchaseOrderLine, ids, key="purchase_order_id")
    return [_view(row, lines[row.id]) for row in rows_by_id(session, PurchaseOrder, ids)]


def _view(row: Any, lines: Sequence[Any]) -> PurchaseOrderView:
    return {
        "id": row.id,
        "number": row.number,
        "status": row.status,
        "supplier_id": row.supplier_id,
        "location_id": row.site_id,
        "currency": row.currency,
        "expected_on": row.expected_on.isoformat() if row.expected_on else None,
        "notes": row.notes,
        "items": [_item(line, row.currency) for line in lines],
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _item(line: Any, currency: str) -> PurchaseOrderItemView:
    return {
        "id": line.id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "quantity": to_json(line.quantity),
        "received_quantity": to_json(line.received),
        "outstanding_quantity": to_json(max(line.quantity - line.received, ZERO)),
        "unit_cost": cost_of(line.unit_cost, currency),
    }
