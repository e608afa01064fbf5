"""Customers' orders, and one of them with its lines."""

from __future__ import annotations

from typing import ClassVar, Literal

from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.orders.terms import OPEN_STATES as OPEN_ORDERS
from ambra_tui.services.orders.terms import STATE_WORDS
from ambra_tui.services.questions.tool import Found, InPeriod, Parameters, Tool, number
from ambra_tui.services.questions.tools._documents import document_named, lines_of, sums_of, with_line
from ambra_tui.services.questions.tools._shared import (
    asked_for,
    counted,
    customer_of,
    day,
    moments,
    own,
    site_codes,
    site_id_named,
    today_of,
    total_of,
    variant_named,
    within,
)
from ambra_tui.store.models import SalesOrder, SalesOrderLine

_STATES = {
    "pending": ("draft", "confirmed"), "reserved": ("allocated", "picking", "packed"),
    "fulfilled": ("shipped", "delivered"), "cancelled": ("cancelled",), "open": OPEN_ORDERS,
}  # fmt: skip


class Orders(InPeriod):
    """`overdue`: due before now and not shipped."""

    statuses: ClassVar[tuple[str, ...]] = (
        "backordered", "open", "pending", "reserved", "fulfilled", "cancelled",
    )  # fmt: skip
    status: Literal["open", "pending", "reserved", "fulfilled", "cancelled", "backordered"] | None = None
    sku: str | None = None
    location: str | None = None
    overdue: bool | None = None


class OrderDetail(Parameters):
    """`order`: its number."""

    order: str


def orders(session: Session, asked: Orders) -> Found:
    """Customers' orders, newest first."""
    statement = select(SalesOrder).where(own(session, SalesOrder), *within(col(SalesOrder.created_at), asked, session))
    if asked.status in _STATES:
        statement = statement.where(col(SalesOrder.status).in_(_STATES[str(asked.status)]))
    if asked.status == "backordered":
        short = select(SalesOrderLine.sales_order_id).where(
            own(session, SalesOrderLine), col(SalesOrderLine.backordered) > ZERO
        )
        statement = statement.where(col(SalesOrder.id).in_(short), col(SalesOrder.status).in_(OPEN_ORDERS))
    if asked.overdue:
        now, _ = moments(today_of(session), today_of(session))
        statement = statement.where(col(SalesOrder.due_at) < now, col(SalesOrder.status).in_(OPEN_ORDERS))
    variant, site_id = variant_named(session, asked.sku), site_id_named(session, asked.location)
    statement = statement.where(
        *with_line(session, SalesOrder, SalesOrderLine, "sales_order_id", variant),
        *asked_for((SalesOrder.site_id, site_id)),
    )
    codes = site_codes(session)
    page = list(session.exec(statement.order_by(col(SalesOrder.id).desc()).limit(asked.rows)))
    sums = sums_of(session, SalesOrderLine, "sales_order_id", [row.id for row in page], "fulfilled", variant)
    rows = [
        {
            "order": row.number, "status": STATE_WORDS.get(row.status, row.status),
            "customer": customer_of(row.customer), "location": codes[row.site_id],
            "quantity": number(sums[row.id][0]),
            "fulfilled": number(sums[row.id][1]),
            "created": day(row.created_at), "due": day(row.due_at),
        }
        for row in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def order_detail(session: Session, asked: OrderDetail) -> Found:
    """One order: its state and its lines."""
    order = document_named(session, SalesOrder, asked.order, "order")
    rows = lines_of(
        session, SalesOrderLine, "sales_order_id", order.id, "quantity", "picked", "fulfilled", "backordered"
    )
    facts = {
        "order": order.number, "status": STATE_WORDS.get(order.status, order.status),
        "customer": customer_of(order.customer), "location": site_codes(session)[order.site_id],
        "quantity": total_of(rows, "quantity"), "fulfilled": total_of(rows, "fulfilled"),
        "created": day(order.created_at),
    }  # fmt: skip
    return Found(rows, facts=facts)


TOOLS = (
    Tool("orders", "Customers' orders", Orders, orders, "/api/v1/orders", resource="orders"),
    Tool(
        "order_detail",
        "One customer's order and its lines",
        OrderDetail,
        order_detail,
        "/api/v1/orders/:id",
        resource="orders",
    ),
)
