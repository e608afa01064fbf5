"""Orders as this contract shows them, and how the bodies of a new one name what is ordered.

Example::

    order_rows(session, ids)     # [{'id': 'ord_01K...', 'status': 'pending', 'items': [...], 'totals': {...}}]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import select
from sqlmodel import Session, SQLModel
from typing_extensions import TypedDict

from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.money import minor_to_json
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.orders import SHOP_STATES, history_of, line_total, subtotal, total_of
from ambra_tui.services.site_levels import full_name
from ambra_tui.store.models import (
    Customer,
    OrderCheckout,
    Payment,
    Product,
    Refund,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    Variant,
    table_of,
)
from ambra_tui.store.scope import organization_of

Amount = float | int
OrderStatus = Literal["pending", "processing", "shipped", "delivered", "cancelled"]
ADDRESS_FIELDS = (
    "first_name", "last_name", "company", "line1", "line2", "city", "state", "zip", "country", "phone",
)  # fmt: skip


class OrderAddressView(TypedDict):
    """Where an order goes, or its bill. What is not known is empty."""

    first_name: str
    last_name: str
    company: str
    line1: str
    line2: str
    city: str
    state: str
    zip: str
    country: str
    phone: str


class OrderItemView(TypedDict):
    """A line. `price` of a unit and `total` are null where nobody named a price. `fulfilled_quantity` has left,
    `backordered_quantity` waits for stock."""

    id: str
    product_id: str
    variant_id: str
    sku: str
    name: str
    quantity: Amount
    price: Amount | None
    total: Amount | None
    fulfilled_quantity: Amount
    backordered_quantity: Amount


class OrderTotalsView(TypedDict):
    """What the order costs: items and shipping and tax, less the discount."""

    subtotal: Amount
    shipping: Amount
    tax: Amount
    discount: Amount
    total: Amount


class OrderCustomerView(TypedDict):
    """Who ordered."""

    id: str
    email: str
    first_name: str
    last_name: str
    phone: str


class OrderStepView(TypedDict):
    """A step of an order's life. `state` is the warehouse's finer word for the status: draft, confirmed, allocated
    (its stock is promised), picking, packed, shipped, delivered or cancelled."""

    status: OrderStatus
    state: str
    reason: str
    note: str
    actor: str
    created_at: str


class OrderRowView(TypedDict):
    """An order in a list. `customer_id` is null for orders of doors that know no customers."""

    id: str
    number: str
    customer_id: str | None
    status: OrderStatus
    payment_status: Literal["pending", "paid", "failed", "refunded"]
    fulfillment_status: Literal["unfulfilled", "partial", "fulfilled"]
    channel: str
    currency: str
    items: list[OrderItemView]
    totals: OrderTotalsView
    shipping_address: OrderAddressView | None
    billing_address: OrderAddressView | None
    payment_method: str
    shipping_method: str
    warehouse_id: str
    notes: str
    metadata: dict[str, Any]
    created_at: str
    updated_at: str


class OrderRefundView(TypedDict):
    """What goes back of a payment, in the order's decimal numbers; of a currency of its own in that one's."""

    id: str
    payment_id: str
    amount: Amount
    status: Literal["pending", "succeeded", "failed"]


class OrderView(OrderRowView):
    """An order read by itself."""

    customer: OrderCustomerView | None
    history: list[OrderStepView]
    payments: list[str]
    refunds: list[OrderRefundView]
    shipments: list[str]


_order, _line, _variant, _product = (table_of(model) for model in (SalesOrder, SalesOrderLine, Variant, Product))
_checkout, _customer, _refund = (table_of(model) for model in (OrderCheckout, Customer, Refund))


def order_rows(session: Session, orders: Sequence[Any]) -> list[OrderRowView]:
    """Orders with their items and amounts. `orders`: rows or objects, in the order of the answer."""
    ids = [order.id for order in orders]
    lines, checkouts = _lines(session, ids), _by_key(session, _checkout, "order_id", ids)
    return [_row(order, lines[order.id], checkouts.get(order.id)) for order in orders]


def order_view(session: Session, order: Any) -> OrderView:
    """One order with everything that belongs to it."""
    (row,) = order_rows(session, [order])
    customers = _by_key(session, _customer, "id", [order.customer_id]) if order.customer_id else {}
    return {
        **row,
        "customer": _customer_view(customers.get(order.customer_id)),
        "history": [
            {
                "status": _shown(step.status),
                "state": step.status,
                "reason": step.reason,
                "note": step.note,
                "actor": step.actor_id,
                "created_at": to_iso(step.created_at),
            }
            for step in history_of(session, [order.id])[order.id]
        ],
        "payments": _ids_of(session, Payment, order.id),
        "refunds": _refunds(session, order.id),
        "shipments": _ids_of(session, Shipment, order.id),
    }


def order_object(session: Session, order_id: str) -> OrderView | None:
    """What a GET of the order answers; None when there is no such order."""
    session.flush()
    own = (_order.c.organization_id == organization_of(session), _order.c.id == order_id)
    found = session.connection().execute(select(_order).where(*own)).first()
    return None if found is None else order_view(session, found)


def _shown(state: str) -> OrderStatus:
    return SHOP_STATES[state]  # type: ignore[return-value]  # the words of this contract


def _row(order: Any, lines: Sequence[Any], checkout: Any) -> OrderRowView:
    currency = order.currency
    return {
        "id": order.id,
        "number": order.number,
        "customer_id": order.customer_id or None,
        "status": _shown(order.status),
        "payment_status": order.payment_status,
        "fulfillment_status": order.fulfillment_status,
        "channel": order.channel,
        "currency": currency,
        "items": [_item(line, currency) for line in lines],
        "totals": _totals(lines, checkout, currency),
        "shipping_address": _address(checkout.shipping_address) if checkout else None,
        "billing_address": _address(checkout.billing_address) if checkout else None,
        "payment_method": checkout.payment_method if checkout else "",
        "shipping_method": checkout.shipping_method if checkout else "",
        "warehouse_id": order.site_id,
        "notes": order.notes,
        "metadata": checkout.details if checkout else {},
        "created_at": to_iso(order.created_at),
        "updated_at": to_iso(order.updated_at),
    }


def _item(line: Any, currency: str) -> OrderItemView:
    price = line.price_minor
    return {
        "id": line.id,
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "name": full_name(line.product_name, line.variant_name),
        "quantity": to_json(line.quantity),
        "price": None if price is None else minor_to_json(price, currency),
        "total": None if price is None else minor_to_json(line_total(line.quantity, price), currency),
        "fulfilled_quantity": to_json(line.fulfilled),
        "backordered_quantity": to_json(line.backordered),
    }


def _totals(lines: Sequence[Any], checkout: Any, currency: str) -> OrderTotalsView:
    def shown(minor: int) -> Amount:
        return minor_to_json(minor, currency)

    return {
        "subtotal": shown(subtotal(lines)),
        "shipping": shown(checkout.shipping_minor if checkout else 0),
        "tax": shown(checkout.tax_minor if checkout else 0),
        "discount": shown(checkout.discount_minor if checkout else 0),
        "total": shown(total_of(lines, checkout)),
    }


def _address(kept: Mapping[str, Any]) -> OrderAddressView | None:
    if not any(kept.values()):
        return None
    return {name: kept.get(name, "") for name in ADDRESS_FIELDS}  # type: ignore[return-value]  # just these names


def _customer_view(row: Any) -> OrderCustomerView | None:
    if row is None:
        return None
    return {
        "id": row.id,
        "email": row.email,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "phone": row.phone,
    }


def _lines(session: Session, order_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Order id -> its lines in their order, with what each is called."""
    own = organization_of(session)
    statement = (
        select(
            _line,
            _variant.c.sku,
            _variant.c.product_id,
            _variant.c.name.label("variant_name"),
            _product.c.name.label("product_name"),
        )
        .join(_variant, (_variant.c.organization_id == own) & (_variant.c.id == _line.c.variant_id))
        .join(_product, (_product.c.organization_id == own) & (_product.c.id == _variant.c.product_id))
        .where(_line.c.organization_id == own, _line.c.sales_order_id.in_(order_ids))
        .order_by(_line.c.sales_order_id, _line.c.position)
    )
    found: dict[str, list[Any]] = {order_id: [] for order_id in order_ids}
    session.flush()
    for row in session.connection().execute(statement) if order_ids else ():
        found[row.sales_order_id].append(row)
    return found


def _by_key(session: Session, table: Any, key: str, keys: Sequence[str]) -> dict[str, Any]:
    if not keys:
        return {}
    statement = select(table).where(table.c.organization_id == organization_of(session), table.c[key].in_(keys))
    session.flush()
    return {getattr(row, key): row for row in session.connection().execute(statement)}


def _ids_of(session: Session, model: type[SQLModel], order_id: str) -> list[str]:
    table = table_of(model)
    own = (table.c.organization_id == organization_of(session), table.c.order_id == order_id)
    return list(session.connection().execute(select(table.c.id).where(*own).order_by(table.c.id)).scalars())


def _refunds(session: Session, order_id: str) -> list[OrderRefundView]:
    own = (_refund.c.organization_id == organization_of(session), _refund.c.order_id == order_id)
    return [
        {
            "id": row.id,
            "payment_id": row.payment_id,
            "amount": minor_to_json(row.amount, row.currency),
            "status": row.status,
        }
        for row in session.connection().execute(select(_refund).where(*own).order_by(_refund.c.id))
    ]
