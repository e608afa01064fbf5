"""The order itself: made, found, listed, reserved, cancelled.

Example::

    order = create_order(session, site_id=site.id, lines=[NewOrderLine(variant.id, Decimal(4))], number="SO-1")
    reserve_order(session, order)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, exists, insert, update
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.services import claims
from ambra_tui.services.analytics.facts import record_order
from ambra_tui.services.catalog import positive_quantity, variants_by_id
from ambra_tui.services.documents import document_currency, document_number, told_moment
from ambra_tui.services.orders.amounts import NewCheckout, add_checkout, line_total
from ambra_tui.services.orders.assigned import assigned, reserved_by_line
from ambra_tui.services.orders.terms import (
    CARRIED_KINDS,
    DOCUMENT,
    OPEN_STATES,
    Told,
    changed,
    note_step,
    wrong_state,
)
from ambra_tui.services.rows import add_unique
from ambra_tui.services.tasks import CANCELLED_ORDER, ask_putaway
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Allocation,
    PickCluster,
    PickClusterOrder,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Site,
    Variant,
)
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.scope import fetch, is_alone, lock_row, now_of, organization_of

MAX_LINES = 2000
MAX_CUSTOMER_FIELDS = 50


@dataclass(frozen=True, slots=True)
class NewOrderLine:
    """A line to be made: `price_minor` a unit, in minor units of the order's currency."""

    variant_id: str
    quantity: Decimal
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Sold:
    """To which customer on record, by which channel and where to an order was sold; empty: not known.
    `ship_country`: ISO 3166-1 alpha-2."""

    customer_id: str = ""
    channel: str = ""
    ship_country: str = ""
    ship_state: str = ""


NOBODY_KNOWN = Sold()


def create_order(
    session: Session,
    *,
    site_id: str,
    lines: Sequence[NewOrderLine],
    number: str | None = None,
    customer: Mapping[str, Any] | None = None,
    currency: str | None = None,
    priority: int = 0,
    due_at: datetime | None = None,
    notes: str = "",
    ordered_at: datetime | None = None,
    sold: Sold | None = None,
    checkout: NewCheckout | None = None,
) -> SalesOrder:
    """A confirmed order; nothing is reserved yet. `number` is kept when given, else the next one is used.
    `ordered_at`: when it was placed, if not now. `sold`: to whom and where, as far as it is known.
    `checkout`: what was agreed about it.

    Raises Invalid naming the field, NotFound for a site or variant, Duplicate for a number that is taken.
    """
    if not lines:
        raise Invalid("an order needs at least one item", field="items")
    if len(lines) > MAX_LINES:
        raise Invalid(f"an order has at most {MAX_LINES} items", field="items")
    if len(customer or {}) > MAX_CUSTOMER_FIELDS:
        raise Invalid(f"customer has more than {MAX_CUSTOMER_FIELDS} fields", field="customer")
    fetch(session, Site, site_id, resource="location")
    now = now_of(session)
    order = SalesOrder(
        organization_id=organization_of(session),
        id=new_id("ord"),
        number=document_number(session, "SO", number, resource="order", find=find_order),
        site_id=site_id,
        customer=dict(customer or {}),
        currency=document_currency(session, currency),
        priority=priority,
        due_at=due_at,
        notes=clean_line(notes, field="notes", max_length=1000, required=False),
        created_at=told_moment(session, ordered_at, field="ordered_at") or now,
        updated_at=now,
        **asdict(sold or NOBODY_KNOWN),
    )
    variants = variants_by_id(session, [line.variant_id for line in lines])
    rows = [_line(order, position, line, variants[line.variant_id]) for position, line in enumerate(lines, start=1)]
    if is_alone(session):  # the number was looked up in this transaction: nobody else can have taken it
        session.add(order)
    else:
        add_unique(session, order, Duplicate("order", "number", order.number))
    session.flush()
    session.connection().execute(insert(SalesOrderLine), rows)
    if checkout is not None:
        add_checkout(session, order, checkout, sum(line_total(row["quantity"], row["price_minor"]) for row in rows))
    publish(session, "order_created", order.id, {"number": order.number})
    audit(session, "order_created", order.id, number=order.number)
    note_step(session, order)
    record_order(session, order.id)
    return order


def _line(order: SalesOrder, position: int, line: NewOrderLine, variant: Variant) -> dict[str, Any]:
    field = f"items[{position - 1}]"
    if line.price_minor is not None and not 0 <= line.price_minor <= 10**15:
        raise Invalid("a price is not below 0", field=f"{field}.price")
    return {
        "organization_id": order.organization_id,
        "id": new_id("item"),
        "sales_order_id": order.id,
        "position": position,
        "variant_id": variant.id,
        "quantity": positive_quantity(line.quantity, field=f"{field}.quantity"),
        "picked": ZERO,
        "fulfilled": ZERO,
        "backordered": ZERO,
        "price_minor": line.price_minor if line.price_minor is not None else variant.price_minor,
    }


def get_order(session: Session, order_id: str) -> SalesOrder:
    """The order with this id. Raises NotFound."""
    return fetch(session, SalesOrder, order_id, resource="order")


_BY_NUMBER: Prepared[SalesOrder] = Prepared(
    select(SalesOrder).where(SalesOrder.organization_id == ORGANIZATION, SalesOrder.number == given("number"))
)
_LINES: Prepared[SalesOrderLine] = Prepared(
    select(SalesOrderLine)
    .where(
        SalesOrderLine.organization_id == ORGANIZATION,
        SalesOrderLine.sales_order_id == given("order_id"),
    )
    .order_by(col(SalesOrderLine.position))
    .execution_options(populate_existing=True)
)


def find_order(session: Session, number: str) -> SalesOrder | None:
    """The order with this number; typed small letters do too."""
    wanted = number.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = _BY_NUMBER.first(session, number=spelling)
        if found is not None:
            return found
    return None


def lines_of(session: Session, order_id: str) -> list[SalesOrderLine]:
    """An order's lines in their order, as they are now."""
    return _LINES.all(session, order_id=order_id)


def lock_order(session: Session, order_id: str) -> SalesOrder:
    """The order as it is now, kept from other writers until the transaction ends."""
    return lock_row(session, SalesOrder, order_id, resource="order")


def reserve_order(session: Session, order: SalesOrder) -> SalesOrder:
    """Promises everything that is still open to the order, or nothing: InsufficientStock lists every short variant.

    An order that holds reservations already may be reserved again for its backordered rest. Raises WrongState when
    there is nothing left to reserve.
    """
    order = lock_order(session, order.id)
    reserved = reserved_by_line(session, order.id)
    lines = lines_of(session, order.id)
    wanted = [
        ledger.ReserveLine(line.id, line.variant_id, rest)
        for line in lines
        if (rest := line.quantity - line.fulfilled - reserved.get(line.id, ZERO)) > 0
    ]
    if order.status not in ("confirmed", "allocated", "picking") or not wanted:
        raise wrong_state(order, "reserve")
    reserve_lines(session, order, wanted)
    for line in lines:
        if line.backordered:
            line.backordered = ZERO
            session.add(line)
    return order


def reserve_lines(session: Session, order: SalesOrder, wanted: Sequence[ledger.ReserveLine]) -> None:
    """Promises these lines, or none, to an order that the caller has locked. Raises InsufficientStock, ReadOnlySite."""
    ledger.refuse_read_only(session, order.site_id)
    ledger.reserve(session, site_id=order.site_id, document_kind=DOCUMENT, document_id=order.id, lines=wanted)
    before = order.status
    if order.status == "confirmed":
        order.status = "allocated"
    changed(session, order, "order_reserved", before=before)


def cancel_order(session: Session, order: SalesOrder, *, reason: str = "", note: str = "") -> SalesOrder:
    """Gives back all that was promised and assigned; what lies in totes already is to be put away again.

    Raises WrongState when anything has left the site, or the order was cancelled before.
    """
    order = lock_order(session, order.id)
    if order.status not in (*OPEN_STATES, "draft"):
        raise wrong_state(order, "cancel")
    if any(line.fulfilled > 0 for line in lines_of(session, order.id)):
        raise WrongState("order", order.number, state="partly fulfilled", step="cancel")
    let_go(session, order)
    leave_floor(session, order.id)
    before, order.status = order.status, "cancelled"
    reason = clean_line(reason, field="reason", required=False)
    changed(session, order, "order_cancelled", before=before, told=Told(reason, note), reason=reason)
    return order


def let_go(session: Session, order: SalesOrder) -> None:
    """Gives back all that is assigned and promised; what lies in totes is to be put away again."""
    if _ASSIGNED.first(session, order_id=order.id) is not None:
        for allocation, location, _ in assigned(session, order.id):
            ledger.unallocate(session, allocation)
            if location.kind in CARRIED_KINDS:
                ask_putaway(session, location=location, reason=CANCELLED_ORDER, document_id=order.id)
    if _PROMISED.first(session, order_id=order.id) is not None:
        ledger.release(session, document_id=order.id)


# Most orders that leave have nothing of either any more.
_ASSIGNED = PreparedRows(
    select(Allocation.id)
    .where(
        Allocation.organization_id == ORGANIZATION,
        Allocation.document_id == given("order_id"),
        Allocation.status == "open",
    )
    .limit(1)
)
_PROMISED = PreparedRows(
    select(Reservation.id)
    .where(
        Reservation.organization_id == ORGANIZATION,
        Reservation.document_id == given("order_id"),
        col(Reservation.quantity) > ZERO,
    )
    .limit(1)
)


_CLUSTERED = PreparedRows(
    select(PickClusterOrder.cluster_id).where(
        PickClusterOrder.organization_id == ORGANIZATION, PickClusterOrder.sales_order_id == given("order_id")
    )
)
_LEAVE = PreparedRows(
    delete(PickClusterOrder).where(
        col(PickClusterOrder.organization_id) == ORGANIZATION,
        col(PickClusterOrder.sales_order_id) == given("order_id"),
    )
)
_CLOSE_EMPTY = PreparedRows(
    update(PickCluster)
    .where(
        col(PickCluster.organization_id) == ORGANIZATION,
        col(PickCluster.status) == "open",
        ~exists()
        .where(
            col(PickClusterOrder.organization_id) == col(PickCluster.organization_id),
            col(PickClusterOrder.cluster_id) == col(PickCluster.id),
        )
        .correlate(PickCluster),
    )
    .values(status="closed", updated_at=given("moment"))
)


def leave_floor(session: Session, order_id: str) -> None:
    """The order is in nobody's hands any more: out of its cluster, its tote free unless it holds stock, unclaimed."""
    if _CLUSTERED.first(session, order_id=order_id) is not None:
        _LEAVE.run(session, order_id=order_id)
        _CLOSE_EMPTY.run(session, moment=now_of(session))
    claims.release(session, DOCUMENT, order_id)
