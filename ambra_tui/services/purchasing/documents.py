"""The purchase order itself: made, found, listed, locked.

Example::

    order = find_purchase_order(session, "PO-1001")
    lines = lines_of(session, order.id)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import document_currency, document_number
from ambra_tui.services.purchasing.terms import MAX_COST, MAX_LINES, NewPurchaseLine
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine, Supplier, Variant
from ambra_tui.store.models.documents import PURCHASE_ORDER_STATES
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given
from ambra_tui.store.scope import fetch, is_alone, lock_row, now_of, organization_of, scoped


def create_purchase_order(
    session: Session,
    *,
    supplier_id: str,
    site_id: str,
    lines: Sequence[NewPurchaseLine],
    number: str | None = None,
    is_draft: bool = False,
    currency: str | None = None,
    expected_on: date | None = None,
    notes: str = "",
) -> PurchaseOrder:
    """An order placed with a supplier (a draft where asked). `number` is kept when given, else the next one is used.

    Raises Invalid naming the field, NotFound for a supplier, site or variant, Duplicate for a number that is taken,
    WrongState for a supplier that is not active.
    """
    if not lines:
        raise Invalid("a purchase order needs at least one item", field="items")
    if len(lines) > MAX_LINES:
        raise Invalid(f"a purchase order has at most {MAX_LINES} items", field="items")
    supplier = fetch(session, Supplier, supplier_id, resource="supplier")
    if supplier.status != "active":
        raise WrongState("supplier", supplier.code or supplier.name, state=supplier.status, step="order from")
    ledger.refuse_read_only(session, site_id)
    now = now_of(session)
    order = PurchaseOrder(
        organization_id=organization_of(session),
        id=new_id("po"),
        number=document_number(session, "PO", number, resource="purchase_order", find=find_purchase_order),
        supplier_id=supplier_id,
        site_id=site_id,
        status="draft" if is_draft else "ordered",
        currency=document_currency(session, currency),
        expected_on=expected_on,
        notes=clean_line(notes, field="notes", max_length=1000, required=False),
        created_at=now,
        updated_at=now,
    )
    rows = [_line(session, order, position, line) for position, line in enumerate(lines, start=1)]
    add_unique(session, order, Duplicate("purchase_order", "number", order.number))
    session.add_all(rows)
    session.flush()
    publish(session, "purchase_order_created", order.id, {"number": order.number, "status": order.status})
    audit(session, "purchase_order_created", order.id, number=order.number)
    return order


def _line(session: Session, order: PurchaseOrder, position: int, line: NewPurchaseLine) -> PurchaseOrderLine:
    field = f"items[{position - 1}]"
    variant = fetch(session, Variant, line.variant_id, resource="variant")
    if line.unit_cost is not None and not 0 <= line.unit_cost <= MAX_COST:
        raise Invalid("a cost is not below 0", field=f"{field}.unit_cost")
    tolerance = line.tolerance_percent
    if tolerance is not None and not (tolerance.is_finite() and 0 <= tolerance <= 1000):
        raise Invalid("a tolerance is between 0 and 1000 percent", field=f"{field}.tolerance_percent")
    return PurchaseOrderLine(
        organization_id=order.organization_id,
        id=new_id("pol"),
        purchase_order_id=order.id,
        position=position,
        variant_id=variant.id,
        quantity=positive_quantity(line.quantity, field=f"{field}.quantity"),
        unit_cost=line.unit_cost,
        tolerance_percent=tolerance,
    )


def get_purchase_order(session: Session, order_id: str) -> PurchaseOrder:
    """The order with this id. Raises NotFound."""
    return fetch(session, PurchaseOrder, order_id, resource="purchase_order")


def find_purchase_order(session: Session, number: str) -> PurchaseOrder | None:
    """The order with this number; typed small letters do too."""
    wanted = number.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = _BY_NUMBER.first(session, number=spelling)
        if found is not None:
            return found
    return None


def lock_order(session: Session, order_id: str) -> PurchaseOrder:
    """The order as it is now; nobody else changes it or its lines until this transaction ends."""
    session.flush()
    if is_alone(session):
        return get_purchase_order(session, order_id)
    return lock_row(session, PurchaseOrder, order_id, resource="purchase_order")


_BY_NUMBER: Prepared[PurchaseOrder] = Prepared(
    select(PurchaseOrder).where(PurchaseOrder.organization_id == ORGANIZATION, PurchaseOrder.number == given("number"))
)


def list_purchase_orders(
    session: Session, *, status: str | None = None, supplier_id: str | None = None, site_id: str | None = None
) -> SelectOfScalar[PurchaseOrder]:
    """The statement of the orders that match, newest first; the caller pages it."""
    if status is not None and status not in PURCHASE_ORDER_STATES:
        raise Invalid(f"status is one of {', '.join(PURCHASE_ORDER_STATES)}", field="status")
    statement = scoped(session, PurchaseOrder)
    if status is not None:
        statement = statement.where(PurchaseOrder.status == status)
    if supplier_id is not None:
        statement = statement.where(PurchaseOrder.supplier_id == supplier_id)
    if site_id is not None:
        statement = statement.where(PurchaseOrder.site_id == site_id)
    return statement.order_by(col(PurchaseOrder.created_at).desc(), col(PurchaseOrder.id).desc())


def expected_orders(session: Session, site_id: str, *, limit: int = 9) -> list[PurchaseOrder]:
    """Orders that a site still waits for: what is expected first comes first."""
    statement = (
        scoped(session, PurchaseOrder)
        .where(PurchaseOrder.site_id == site_id, col(PurchaseOrder.status).in_(("ordered", "partially_received")))
        .order_by(
            col(PurchaseOrder.expected_on).is_(None),
            col(PurchaseOrder.expected_on),
            col(PurchaseOrder.created_at),
            col(PurchaseOrder.number),
        )
    )
    return list(session.exec(statement.limit(limit)).all())


def lines_of(session: Session, order_id: str, *, variant_id: str | None = None) -> list[PurchaseOrderLine]:
    """An order's lines (those of one variant, where asked) in their order, as they are now."""
    if variant_id is not None:
        return _ITEM_LINES.all(session, order_id=order_id, variant_id=variant_id)
    return _LINES.all(session, order_id=order_id)


_OWN_LINES = (
    select(PurchaseOrderLine)
    .where(PurchaseOrderLine.organization_id == ORGANIZATION, PurchaseOrderLine.purchase_order_id == given("order_id"))
    .order_by(col(PurchaseOrderLine.position))
    .execution_options(populate_existing=True)
)
_LINES: Prepared[PurchaseOrderLine] = Prepared(_OWN_LINES)
_ITEM_LINES: Prepared[PurchaseOrderLine] = Prepared(
    _OWN_LINES.where(PurchaseOrderLine.variant_id == given("variant_id"))
)
