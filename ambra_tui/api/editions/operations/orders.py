"""Sales orders: made, reserved, fulfilled, cancelled.

Example::

    POST /api/v1/orders
    {"order": {"location_id": "wh_...", "items": [{"sku": "MILK-1L", "quantity": 4}]}}
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, WithJsonSchema
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import (
    minor_price,
    named_site,
    named_variant,
    named_variants,
    own_currency,
)
from ambra_tui.api.editions.operations.views import OrderItemView, OrderStatus, OrderView, price_of
from ambra_tui.api.fields import (
    Blank,
    Body,
    FromMoment,
    Identifier,
    Note,
    Number,
    OneOf,
    PositiveQuantity,
    Price,
    Priority,
    Rows,
)
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.kit.text import clean_line
from ambra_tui.services import shipping
from ambra_tui.services.orders import (
    FulfillLine,
    NewOrderLine,
    create_order,
    fulfill_order,
    get_order,
    reserve_order,
)
from ambra_tui.services.stock_views import lines_with_skus, page_of_ids, rows_by_id, sum_by, the_one
from ambra_tui.store.models import Reservation, SalesOrder, SalesOrderLine

catalogue = Catalogue("Orders")
STATES: dict[str, OrderStatus] = {
    "draft": "pending",
    "confirmed": "pending",
    "allocated": "reserved",
    "picking": "reserved",
    "packed": "reserved",
    "shipped": "fulfilled",
    "delivered": "fulfilled",
    "cancelled": "cancelled",
}
MAX_CUSTOMER_FIELDS = 50


def _customer(value: Any) -> Any:
    """A customer is a name, or an object of one-line texts, numbers and true or false."""
    if isinstance(value, str):
        return {"name": clean_line(value, field="customer")}
    if not isinstance(value, dict) or len(value) > MAX_CUSTOMER_FIELDS:
        raise ValueError(f"must be a name or an object of at most {MAX_CUSTOMER_FIELDS} fields")
    return {clean_line(name, field="customer", max_length=60): _customer_field(field) for name, field in value.items()}


def _customer_field(value: Any) -> Any:
    if isinstance(value, str):
        return clean_line(value, field="customer", required=False)
    if isinstance(value, Decimal):
        return to_json(value)
    if value is None or isinstance(value, bool | int):
        return value
    raise ValueError("must hold texts, numbers, true, false or null")


Customer = Annotated[
    dict[str, Any], BeforeValidator(_customer), WithJsonSchema({"type": ["object", "string"]}, mode="validation")
]


class OrderQuery(Paging):
    """Filters of orders."""

    status: Annotated[Identifier, OneOf(sorted(set(STATES.values())))] | None = None
    location_id: Identifier | None = None
    number: Number | None = None


class NewItem(Body):
    """A line: a variant by id or SKU, and how much of it."""

    variant_id: Identifier | None = None
    sku: Identifier | None = None
    quantity: PositiveQuantity
    price: Price | None = None


class NewOrder(Body):
    """An order. `location_id` may be left out while there is one location. `ordered_at`: when it was placed, if not
    now; it is what the answer calls `created_at`."""

    number: Number | None = None
    customer: Customer = Field(default_factory=dict)
    location_id: Identifier | None = None
    currency: Identifier | None = None
    priority: Priority = 0
    due_at: FromMoment | None = None
    ordered_at: FromMoment | None = None
    notes: Note = ""
    items: Annotated[list[NewItem], Rows] = Field(
        validation_alias=AliasChoices("items", "line_items", "items_attributes", "line_items_attributes"), min_length=1
    )


class FulfilledItem(Body):
    """How much of a line leaves now; the line by its id, its variant or its SKU."""

    id: Identifier | None = None
    variant_id: Identifier | None = None
    sku: Identifier | None = None
    quantity: PositiveQuantity


class Fulfilment(Body):
    """Without `items` everything that is open leaves. `occurred_at`: when it left, if not now."""

    occurred_at: FromMoment | None = None
    items: Annotated[list[FulfilledItem], Rows] | None = Field(
        default=None, validation_alias=AliasChoices("items", "line_items", "items_attributes", "line_items_attributes")
    )


class Cancellation(Body):
    """Why, if there is something to say."""

    reason: Blank = ""


@catalogue.read(
    "/orders", OrderQuery, scope="orders:read", operation_id="listOrders", is_list=True,
    summary="Sales orders, newest first", shape=OrderView,
)  # fmt: skip
def list_orders(session: Session, _call: Call, query: OrderQuery) -> Answer:
    """A page of orders with their items."""
    states = [state for state, word in STATES.items() if word == query.status]
    filters = {"status": states or None, "site_id": query.location_id, "number": query.number}
    ids, total = page_of_ids(session, SalesOrder, filters, offset=query.offset, limit=query.per_page)
    return Answer(_orders(session, ids), total)


@catalogue.read(
    "/orders/{id}", Nothing, scope="orders:read", operation_id="getOrder", summary="One order: status and details",
    shape=OrderView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """An order with its items."""
    return Answer(_order(session, call.path["id"]))


@catalogue.write(
    "POST", "/orders", NewOrder, scope="orders:write", operation_id="createOrder", status=201, wrapper="order",
    summary="Place an order; nothing is reserved yet", shape=OrderView,
    example={
        "order": {
            "number": "SO-1001", "customer": "Ana", "location_id": "wh_1",
            "items": [{"sku": "MILK-1L", "quantity": 4}],
        }
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewOrder) -> Answer:
    """Makes the order."""
    currency = own_currency(session, body.currency)
    variants = named_variants(session, body.items)
    lines = [
        NewOrderLine(variant.id, item.quantity, minor_price(item.price, currency, field=f"items.{position}.price"))
        for position, (variant, item) in enumerate(zip(variants, body.items, strict=True))
    ]
    order = create_order(
        session,
        site_id=named_site(session, body.location_id).id,
        lines=lines,
        number=body.number,
        customer=body.customer,
        currency=currency,
        priority=body.priority,
        due_at=body.due_at,
        notes=body.notes,
        ordered_at=body.ordered_at,
    )
    return Answer(_order(session, order.id), location=call.url(f"/orders/{order.id}"))


@catalogue.write(
    "POST", "/orders/{id}/reserve", Nothing, scope="orders:write", operation_id="reserveOrder", current=get,
    summary="Promise stock to the order without fulfilling it", shape=OrderView,
)  # fmt: skip
def reserve(session: Session, call: Call, _body: Nothing) -> Answer:
    """All lines or none."""
    order = get_order(session, call.path["id"])
    reserve_order(session, order)
    return Answer(_order(session, order.id))


@catalogue.write(
    "POST", "/orders/{id}/fulfill", Fulfilment, scope="orders:write", operation_id="fulfillOrder", current=get,
    wrapper="order", summary="Let the order, or some of its items, leave the location", shape=OrderView,
)  # fmt: skip
def fulfill(session: Session, call: Call, body: Fulfilment) -> Answer:
    """Everything that is open, or the items that are named."""
    order = get_order(session, call.path["id"])
    lines = _named_lines(session, order.id, body.items) if body.items else None
    fulfill_order(session, order, lines, occurred_at=body.occurred_at)
    return Answer(_order(session, order.id))


@catalogue.write(
    "POST", "/orders/{id}/cancel", Cancellation, scope="orders:write", operation_id="cancelOrder", current=get,
    wrapper="order", summary="Cancel a pending or reserved order and release its stock", shape=OrderView,
)  # fmt: skip
def cancel(session: Session, call: Call, body: Cancellation) -> Answer:
    """Gives everything back."""
    order = get_order(session, call.path["id"])
    shipping.cancel_order(session, order, reason=body.reason)
    return Answer(_order(session, order.id))


def _named_lines(session: Session, order_id: str, items: Sequence[FulfilledItem]) -> list[FulfillLine]:
    """Which lines are meant. A variant on several lines fills them in their order."""
    lines = rows_by_id(session, SalesOrderLine, [order_id], key="sales_order_id")
    still_open = {line.id: line.quantity - line.fulfilled for line in lines}
    named: list[FulfillLine] = []
    for position, item in enumerate(items):
        if item.id is not None:
            named.append(FulfillLine(item.id, item.quantity))
            continue
        variant = named_variant(session, item.variant_id, item.sku, field=f"items.{position}.id")
        named += _spread(variant.id, item.quantity, lines, still_open, position)
    return named


def _spread(
    variant_id: str, quantity: Decimal, lines: Sequence[Any], still_open: dict[str, Decimal], position: int
) -> list[FulfillLine]:
    named = []
    for line in lines:
        part = min(quantity, still_open[line.id]) if line.variant_id == variant_id else ZERO
        if part > 0:
            still_open[line.id] -= part
            quantity -= part
            named.append(FulfillLine(line.id, part))
    if quantity > 0:
        raise Invalid("more than what is open on this order", field=f"items.{position}.quantity")
    return named


def _order(session: Session, order_id: str) -> OrderView:
    return the_one(_orders(session, [order_id]), "order", order_id)


def _orders(session: Session, ids: Sequence[str]) -> list[OrderView]:
    if not ids:
        return []
    lines = lines_with_skus(session, SalesOrderLine, ids, key="sales_order_id")
    reserved = sum_by(session, Reservation, "quantity", of="document_id", keys=ids, by="line_id")
    return [_view(row, lines[row.id], reserved) for row in rows_by_id(session, SalesOrder, ids)]


def _view(row: Any, lines: Sequence[Any], reserved: dict[str, Decimal]) -> OrderView:
    return {
        "id": row.id,
        "number": row.number,
        "status": STATES[row.status],
        "location_id": row.site_id,
        "customer": row.customer,
        "currency": row.currency,
        "priority": row.priority,
        "due_at": to_iso(row.due_at) if row.due_at else None,
        "notes": row.notes,
        "items": [_item(line, row.currency, reserved.get(line.id, ZERO)) for line in lines],
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _item(line: Any, currency: str, reserved: Decimal) -> OrderItemView:
    return {
        "id": line.id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "quantity": to_json(line.quantity),
        "reserved_quantity": to_json(reserved),
        "picked_quantity": to_json(line.picked),
        "fulfilled_quantity": to_json(line.fulfilled),
        "backordered_quantity": to_json(line.backordered),
        "price": price_of(line.price_minor, currency),
    }
