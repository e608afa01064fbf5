"""Orders at suppliers: what is expected, what is late, what of one is missing."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from sqlmodel import Session, col, select

from ambra_tui.services.questions.tool import Found, InPeriod, Parameters, Tool, number
from ambra_tui.services.questions.tools._documents import (
    document_named,
    in_state,
    lines_of,
    sums_of,
    with_line,
)
from ambra_tui.services.questions.tools._shared import (
    asked_for,
    counted,
    day,
    joined,
    last_thirty,
    moments,
    own,
    site_codes,
    site_id_named,
    supplier_named,
    today_of,
    total_of,
    variant_named,
)
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine, Supplier
from ambra_tui.store.scope import scoped

_OPEN = ("draft", "ordered", "partially_received")


class PurchaseOrders(InPeriod):
    """`overdue`: expected before today and not received whole. A period is of the expected date when it lies ahead."""

    statuses: ClassVar[tuple[str, ...]] = (
        "partially_received", "open", "draft", "ordered", "received", "cancelled",
    )  # fmt: skip
    status: Literal["open", "draft", "ordered", "partially_received", "received", "cancelled"] | None = None
    supplier: str | None = None
    sku: str | None = None
    location: str | None = None
    overdue: bool | None = None


class PurchaseOrderDetail(Parameters):
    """`po`: its number."""

    po: str


def purchase_orders(session: Session, asked: PurchaseOrders) -> Found:
    """Orders at suppliers; what is expected first."""
    statement = (
        select(PurchaseOrder, Supplier.name)
        .join(Supplier, joined(session, Supplier, col(PurchaseOrder.supplier_id)))
        .where(own(session, PurchaseOrder), own(session, Supplier), *_expected_within(session, asked))
    )
    status = "open" if asked.overdue and asked.status is None else asked.status
    if asked.overdue:
        statement = statement.where(col(PurchaseOrder.expected_on) < today_of(session))
    supplier, variant = supplier_named(session, asked.supplier), variant_named(session, asked.sku)
    site_id = site_id_named(session, asked.location)
    statement = statement.where(
        *in_state(PurchaseOrder.status, status, _OPEN),
        *asked_for((PurchaseOrder.supplier_id, supplier and supplier.id), (PurchaseOrder.site_id, site_id)),
        *with_line(session, PurchaseOrder, PurchaseOrderLine, "purchase_order_id", variant),
    )
    codes = site_codes(session)
    order = (col(PurchaseOrder.expected_on).is_(None), col(PurchaseOrder.expected_on), col(PurchaseOrder.id).desc())
    page = list(session.exec(statement.order_by(*order).limit(asked.rows)))
    keys = [row.id for row, _ in page]
    sums = sums_of(session, PurchaseOrderLine, "purchase_order_id", keys, "received", variant)
    today = today_of(session)
    rows = [
        {
            "po": row.number, "supplier": name, "status": row.status, "location": codes[row.site_id],
            "expected": day(row.expected_on), "quantity": number(sums[row.id][0]),
            "received": number(sums[row.id][1]),
            "days_late": _days_late(row, today),
        }
        for row, name in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def _days_late(row: PurchaseOrder, today: date) -> int:
    if row.expected_on is None or row.status not in _OPEN:
        return 0
    return max(0, (today - row.expected_on).days)


def _expected_within(session: Session, asked: PurchaseOrders) -> list[Any]:
    if asked.from_ is None and asked.to is None:
        return []
    first, last = asked.between(last_thirty(session))
    since, until = moments(first, last)
    expected = col(PurchaseOrder.expected_on).between(first, last)
    if last > today_of(session):
        return [expected]
    return [expected | col(PurchaseOrder.created_at).between(since, until)]


def purchase_order_detail(session: Session, asked: PurchaseOrderDetail) -> Found:
    """One purchase order: its state, its lines and what is missing of each."""
    order = document_named(session, PurchaseOrder, asked.po, "purchase_order")
    rows = lines_of(session, PurchaseOrderLine, "purchase_order_id", order.id, "quantity", "received")
    for row in rows:
        row["missing"] = max(0, row["quantity"] - row["received"])
    supplier = session.exec(scoped(session, Supplier).where(col(Supplier.id) == order.supplier_id)).one()
    facts = {
        "po": order.number, "status": order.status, "supplier": supplier.name,
        "expected": day(order.expected_on) or "-",
        "quantity": total_of(rows, "quantity"), "received": total_of(rows, "received"),
        "missing": total_of(rows, "missing"),
    }  # fmt: skip
    return Found(rows, facts=facts)


TOOLS = (
    Tool(
        "purchase_orders",
        "Orders at suppliers, what is expected and what is late",
        PurchaseOrders,
        purchase_orders,
        "/api/v1/purchase_orders",
        resource="purchase_orders",
    ),
    Tool(
        "purchase_order_detail",
        "One purchase order and what is missing",
        PurchaseOrderDetail,
        purchase_order_detail,
        "/api/v1/purchase_orders/:id",
        resource="purchase_orders",
    ),
)
