"""Orders of customers, from the checkout to the door; those of every other edition are here too.

Example::

    POST /v2/orders
    {"customer_id": "cust_123", "items": [{"product_id": "prod_456", "variant_id": "var_789", "quantity": 2}]}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, WithJsonSchema
from sqlalchemy import ColumnElement
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing, Wish
from ambra_tui.api.editions.commerce._addresses import Country, Name, Phone, Postcode, Street, Town, given
from ambra_tui.api.editions.commerce._lists import Listed, page_of
from ambra_tui.api.editions.commerce._orders import (
    ADDRESS_FIELDS,
    OrderRowView,
    OrderView,
    order_object,
    order_rows,
    order_view,
)
from ambra_tui.api.editions.commerce._parcels import deliver_parcels, hand_over_parcels
from ambra_tui.api.fields import (
    Blank,
    Body,
    Flag,
    FromMoment,
    Identifier,
    Note,
    Number,
    OneOf,
    PositiveQuantity,
    Price,
    Reference,
    UntilMoment,
)
from ambra_tui.errors import Conflict, Invalid, NotFound
from ambra_tui.kit.money import to_minor
from ambra_tui.services import customers, orders, payments, shipping
from ambra_tui.services.catalog import variants_by_sku
from ambra_tui.services.customers.terms import clean_address
from ambra_tui.services.documents import document_currency
from ambra_tui.services.stock_views import rows_by_id
from ambra_tui.store.models import SalesOrder, Site, Variant, table_of
from ambra_tui.store.models.checkouts import FULFILLMENT_STATES, PAYMENT_STATES
from ambra_tui.store.scope import fetch

__all__ = ["catalogue", "order_object"]

catalogue = Catalogue("Orders", about="What customers ordered: placed, paid, picked, shipped, delivered or cancelled.")
READ, WRITE = "orders:read", "orders:write"
STATES = (*orders.SHOP_STEPS, "cancelled")
MAX_METADATA, MAX_METADATA_TEXT = 50, 500
MOST_MINOR = 2**31 - 1
"""Of a price, a shipping cost, a tax or a discount, in minor units: what both databases keep."""


def _metadata(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) > MAX_METADATA:
        raise ValueError(f"must be an object of at most {MAX_METADATA} fields")
    for name, text in value.items():
        if not isinstance(text, str | bool | int) or len(str(text)) > MAX_METADATA_TEXT or len(name) > 60:
            raise ValueError(f"must hold names of at most 60 and texts of at most {MAX_METADATA_TEXT} characters")
    return value


Metadata = Annotated[
    dict[str, Any], BeforeValidator(_metadata), WithJsonSchema({"type": "object", "additionalProperties": True})
]
State = Annotated[Identifier, OneOf(STATES)]


class OrderQuery(Listed):
    """Filters of orders, newest first. Both dates are inclusive; a bare one is a whole day, UTC."""

    status: State | None = None
    customer_id: Identifier | None = None
    date_from: FromMoment | None = None
    date_to: UntilMoment | None = None
    payment_status: Annotated[Identifier, OneOf(PAYMENT_STATES)] | None = None
    fulfillment_status: Annotated[Identifier, OneOf(FULFILLMENT_STATES)] | None = None
    number: Number | None = None
    channel: Identifier | None = None
    warehouse_id: Identifier | None = None


class OrderAddress(Body):
    """Where an order goes, or its bill."""

    first_name: Name = ""
    last_name: Name = ""
    company: Street = ""
    line1: Street = ""
    line2: Street = ""
    city: Town = ""
    state: Town = ""
    zip: Postcode = ""
    country: Country = ""
    phone: Phone = ""


class NewOrderItem(Body):
    """What is ordered: a product that has one variant, or one of its variants by `variant_id` or `sku`. Without a
    `price` that of the variant holds."""

    product_id: Identifier | None = None
    variant_id: Identifier | None = None
    sku: Identifier | None = None
    quantity: PositiveQuantity
    price: Price | None = None


class NewOrder(Body):
    """An order. Without an address the customer's default one is taken. `warehouse_id`: where it is to leave from;
    without it a warehouse is chosen that has everything. `ordered_at`: when it was placed, if not now."""

    customer_id: Identifier
    items: list[NewOrderItem] = Field(min_length=1)
    shipping_address: OrderAddress | None = None
    billing_address: OrderAddress | None = None
    payment_method: Reference = ""
    shipping_method: Reference = ""
    shipping_cost: Price | None = None
    tax: Price | None = None
    discount: Price | None = None
    currency: Identifier | None = None
    channel: Reference = ""
    warehouse_id: Identifier | None = Field(default=None, validation_alias=AliasChoices("warehouse_id", "location"))
    number: Number | None = None
    notes: Note = ""
    metadata: Metadata = Field(default_factory=dict)
    ordered_at: FromMoment | None = None


class StatusChange(Body):
    """The state to go to: forward only, at most two steps at once. `cancelled` is for orders without payments."""

    status: State
    note: Note = ""


class OrderCancellation(Body):
    """Why; `refund`: what was paid goes back."""

    reason: Blank = ""
    refund: Flag = True
    note: Note = ""


@catalogue.read(
    "/orders", OrderQuery, scope=READ, operation_id="listOrders", is_list=True, summary="Orders, newest first",
    shape=OrderRowView,
)  # fmt: skip
def list_orders(session: Session, call: Call, query: OrderQuery) -> Answer:
    """A page of orders with their items."""
    page = page_of(session, call, query, SalesOrder, *_matching(query))
    return page.answer(order_rows(session, page.rows))


def _matching(query: OrderQuery) -> list[ColumnElement[bool]]:
    table = table_of(SalesOrder)
    matching: list[ColumnElement[bool]] = []
    for name, column in (
        ("customer_id", "customer_id"), ("payment_status", "payment_status"), ("number", "number"),
        ("fulfillment_status", "fulfillment_status"), ("channel", "channel"), ("warehouse_id", "site_id"),
    ):  # fmt: skip
        wanted = getattr(query, name)
        if wanted is not None:
            matching.append(table.c[column] == wanted)
    if query.status is not None:
        states = [state for state, word in orders.SHOP_STATES.items() if word == query.status]
        matching.append(table.c.status.in_(states))
    if query.date_from is not None:
        matching.append(table.c.created_at >= query.date_from)
    if query.date_to is not None:
        matching.append(table.c.created_at <= query.date_to)
    return matching


@catalogue.read(
    "/orders/{id}", Nothing, scope=READ, operation_id="getOrder", summary="One order with its history",
    shape=OrderView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """An order with its items, amounts, addresses, history, payments and shipments."""
    return Answer(_shown(session, call.path["id"]))


@catalogue.write(
    "POST", "/orders", NewOrder, scope=WRITE, operation_id="createOrder", status=201,
    summary="Place an order; its stock is promised to it", shape=OrderView,
    example={
        "customer_id": "cust_123",
        "items": [{"product_id": "prod_456", "variant_id": "var_789", "quantity": 2, "price": 199.99}],
        "shipping_address": {"line1": "350 5th Ave", "city": "New York", "state": "NY", "zip": "10001",
                             "country": "US"},
        "payment_method": "card", "shipping_method": "standard",
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewOrder) -> Answer:
    """Makes it, wholly or not at all."""
    currency = _currency(session, body.currency)
    variants = _named(session, body.items)
    lines = [
        orders.NewOrderLine(variant.id, item.quantity, _price(item, variant, currency, f"items.{position}.price"))
        for position, (variant, item) in enumerate(zip(variants, body.items, strict=True))
    ]
    if body.warehouse_id is not None:
        fetch(session, Site, body.warehouse_id, resource="site")
    shipping, billing = _addresses(session, body)
    checkout = orders.NewCheckout(
        customer_id=body.customer_id,
        channel=body.channel,
        shipping_address=shipping,
        billing_address=billing,
        payment_method=body.payment_method,
        shipping_method=body.shipping_method,
        shipping_minor=_minor(body.shipping_cost, currency, "shipping_cost"),
        tax_minor=_minor(body.tax, currency, "tax"),
        discount_minor=_minor(body.discount, currency, "discount"),
        details=body.metadata,
    )
    order = orders.place_order(
        session,
        checkout,
        lines=lines,
        site_id=body.warehouse_id,
        number=body.number,
        currency=currency,
        notes=body.notes,
        ordered_at=body.ordered_at,
    )
    return Answer(order_view(session, order), location=call.url(f"/orders/{order.id}"))


@catalogue.write(
    "PATCH", "/orders/{id}/status", StatusChange, scope=WRITE, operation_id="updateOrderStatus", current=get,
    summary="Move an order on: processing, shipped, delivered", shape=OrderView,
    example={"status": "processing", "note": "Payment confirmed, preparing shipment"},
)  # fmt: skip
def update_status(session: Session, call: Call, body: StatusChange) -> Answer:
    """Does what the state asks for: shipped means that everything open leaves."""
    order = orders.get_order(session, call.path["id"])
    if body.status == "cancelled":
        _cancel_unpaid(session, order, body.note)
    else:
        orders.advance(session, order, body.status, note=body.note, parcels=hand_over_parcels)
        if body.status == "delivered":
            deliver_parcels(session, order)
    return Answer(_shown(session, order.id))


def _as_left(session: Session, _call: Call, order_id: str) -> Answer:
    """The order after its errands."""
    return Answer(_shown(session, order_id))


@catalogue.errand(
    "/orders/{id}/cancel", OrderCancellation, scope=WRITE, operation_id="cancelOrder", answer=_as_left,
    summary="Cancel an order that has not left, and give back what was paid", shape=OrderView,
    example={"reason": "customer_request", "refund": True, "note": "Customer changed mind"},
)  # fmt: skip
def cancel(session: Session, call: Call, body: OrderCancellation) -> Wish:
    """Its stock is free again; what was paid goes back when it is wanted."""
    order = orders.get_order(session, call.path["id"])
    shipping.cancel_in_shop(session, order, reason=body.reason, note=body.note)
    return Wish(order.id, payments.refund_order(session, order, reason=body.reason) if body.refund else ())


def _cancel_unpaid(session: Session, order: SalesOrder, note: str) -> None:
    if orders.holds_money(session, order):
        raise Conflict(f"Order {order.number} has payments: POST /orders/{order.id}/cancel tells what becomes of them")
    shipping.cancel_in_shop(session, order, note=note)


def _shown(session: Session, order_id: str) -> OrderView:
    found = order_object(session, order_id)
    if found is None:
        raise NotFound("order", order_id)
    return found


# -- what a body names -----------------------------------------------------------------------------------------------


def _named(session: Session, items: Sequence[NewOrderItem]) -> list[Any]:
    """The variant of each item, all looked up together; what is wrong is told of the first item that has it."""
    by_id = {row.id: row for row in rows_by_id(session, Variant, _told(items, "variant_id"))}
    by_sku = variants_by_sku(session, _told(items, "sku"))
    of_product: dict[str, list[Any]] = {}
    for row in rows_by_id(session, Variant, _told(items, "product_id"), key="product_id"):
        of_product.setdefault(row.product_id, []).append(row)
    return [_variant(item, f"items.{place}", by_id, by_sku, of_product) for place, item in enumerate(items)]


def _told(items: Sequence[NewOrderItem], name: str) -> list[str]:
    return list(dict.fromkeys(text for item in items if (text := getattr(item, name)) is not None))


def _variant(
    item: NewOrderItem, field: str, by_id: dict[str, Any], by_sku: dict[str, Any], of_product: dict[str, list[Any]]
) -> Any:
    if item.product_id is not None and item.product_id not in of_product:
        raise NotFound("product", item.product_id, field=f"{field}.product_id")
    if item.variant_id is not None:
        found = by_id.get(item.variant_id)
        if found is None:
            raise NotFound("variant", item.variant_id, field=f"{field}.variant_id")
    elif item.sku is not None:
        found = by_sku.get(item.sku)
        if found is None:
            raise NotFound("variant", item.sku, field=f"{field}.sku")
    elif item.product_id is not None:
        found = _only_one(of_product[item.product_id], f"{field}.variant_id")
    else:
        raise Invalid("an item names its product: product_id, variant_id or sku", field=f"{field}.product_id")
    if item.product_id not in (None, found.product_id):
        raise Invalid(f"{found.sku} is no variant of product {item.product_id}", field=f"{field}.variant_id")
    if item.sku not in (None, found.sku):
        raise Invalid(f"{item.sku} is not the SKU of variant {found.id}", field=f"{field}.sku")
    if found.status == "archived":
        raise Invalid(f"{found.sku} is archived: it is not sold any more", field=f"{field}.product_id")
    return found


def _only_one(variants: Sequence[Any], field: str) -> Any:
    """The one that is sold of a product. Raises Invalid that lists them when there are several."""
    sold = [variant for variant in variants if variant.status != "archived"] or list(variants)
    if len(sold) > 1:
        listed = ", ".join(f"{variant.id} ({variant.sku})" for variant in sold[:20])
        raise Invalid(f"the product has several variants, name one: {listed}", field=field)
    return sold[0]


def _currency(session: Session, told: str | None) -> str:
    """What an order is paid in: a currency that payments know too."""
    currency = document_currency(session, told)
    if told is not None and currency.lower() not in payments.CURRENCIES:
        raise Invalid("currency is a code of ISO 4217, such as USD", field="currency")
    return currency


def _price(item: NewOrderItem, variant: Any, currency: str, field: str) -> int:
    if item.price is not None:
        return _minor(item.price, currency, field)
    if variant.price_minor is None:
        raise Invalid(f"{variant.sku} has no price: name one", field=field)
    if variant.currency != currency:
        raise Invalid(f"{variant.sku} is priced in {variant.currency}: name its price in {currency}", field=field)
    return int(variant.price_minor)


def _minor(amount: Any, currency: str, field: str) -> int:
    try:
        minor = 0 if amount is None else to_minor(amount, currency)
    except ValueError as error:
        raise Invalid(str(error), field=field) from error
    if minor > MOST_MINOR:
        raise Invalid(f"{field} is too large", field=field)
    return minor


def _addresses(session: Session, body: NewOrder) -> tuple[dict[str, Any], dict[str, Any]]:
    """Where it goes, and its bill: as told, else the customer's default ones; a bill without either goes along."""
    orders.customer_of(session, body.customer_id)
    kept = customers.addresses_of(session, body.customer_id)
    found = {}
    for kind, told in (("shipping", body.shipping_address), ("billing", body.billing_address)):
        if told is not None:
            found[kind] = clean_address(given(told), place=f"{kind}_address.")
        else:
            default = next((row for row in kept if row.type == kind and row.is_default), None)
            found[kind] = {name: getattr(default, name) for name in ADDRESS_FIELDS} if default else {}
    return found["shipping"], found["billing"] or found["shipping"]
