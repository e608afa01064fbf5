"""An order as a shop places it: checked out, sent to a site, promised its stock by the organization's policy; and what
its payments make of it.

Example::

    order = place_order(session, NewCheckout(customer_id=ana.id), lines=[NewOrderLine(variant.id, Decimal(2), 19999)])
    order.status, order.payment_status      # ('allocated', 'pending')
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, NotFound
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.services.analytics.facts import record_order
from ambra_tui.services.orders.amounts import NewCheckout, checkout_of, total_of
from ambra_tui.services.orders.assigned import reserved_by_line
from ambra_tui.services.orders.documents import (
    NewOrderLine,
    Sold,
    create_order,
    lines_of,
    lock_order,
    reserve_lines,
    reserve_order,
)
from ambra_tui.services.orders.policy import available_at, order_policy, site_for
from ambra_tui.services.orders.terms import DOCUMENT, changed, note_step, tell_shops
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Customer, Payment, SalesOrder, SalesOrderLine
from ambra_tui.store.scope import fetch, now_of, scoped

TRIES = 5


def place_order(
    session: Session,
    checkout: NewCheckout,
    *,
    lines: Sequence[NewOrderLine],
    site_id: str | None = None,
    number: str | None = None,
    currency: str | None = None,
    notes: str = "",
    ordered_at: datetime | None = None,
    is_reserved: bool | None = None,
) -> SalesOrder:
    """The order, with its stock promised as the organization's policy has it; `is_reserved` decides for this one.

    `site_id`: where it leaves from; None: `policy.site_for`. Raises Invalid naming the field, InsufficientStock listing
    every short line when it is to be reserved and backorders are not taken; then nothing is made.
    """
    customer = customer_of(session, checkout.customer_id) if checkout.customer_id else None
    sold = _sold(checkout)
    wanted: dict[str, Decimal] = {}
    for line in lines:
        wanted[line.variant_id] = wanted.get(line.variant_id, ZERO) + line.quantity
    order = create_order(
        session,
        site_id=site_id or site_for(session, wanted, country=sold.ship_country),
        lines=lines,
        number=number,
        customer={"name": name} if customer and (name := _name(customer)) else None,
        currency=currency,
        notes=notes,
        ordered_at=ordered_at,
        sold=sold,
        checkout=checkout,
    )
    made = lines_of(session, order.id)
    policy = order_policy(session)
    if is_reserved if is_reserved is not None else policy.reserve_at == "always":
        _promise_new(session, order, made, takes_backorders=policy.takes_backorders)
    if total_of(made, checkout) == 0:
        settle_payment_status(session, order)
    return order


def customer_of(session: Session, customer_id: str) -> Customer:
    """The customer of an order that is placed. Raises NotFound, and Invalid for one who was erased."""
    found = fetch(session, Customer, customer_id, resource="customer")
    if found.status != "active":
        raise Invalid("this customer was erased: make a new one", field="customer_id")
    return found


def _name(customer: Customer) -> str:
    return f"{customer.first_name} {customer.last_name}".strip()


def _sold(checkout: NewCheckout) -> Sold:
    address = checkout.shipping_address
    return Sold(
        customer_id=checkout.customer_id,
        channel=clean_line(checkout.channel, field="channel", max_length=40, required=False),
        ship_country=str(address.get("country", "")),
        ship_state=clean_line(str(address.get("state", "")), field="state", max_length=120, required=False),
    )


def _promise_new(
    session: Session, order: SalesOrder, lines: Sequence[SalesOrderLine], *, takes_backorders: bool
) -> None:
    """Nobody else has seen the order: nothing of it is promised, and nothing has to be locked."""
    if takes_backorders:
        promise(session, order, takes_backorders=True)
        return
    try:
        reserve_lines(session, order, [ledger.ReserveLine(line.id, line.variant_id, line.quantity) for line in lines])
    except InsufficientStock as error:
        positions = {line.id: line.position - 1 for line in lines}
        told = [short._replace(field=f"items.{positions[short.line_id]}.quantity") for short in error.shortages]
        raise InsufficientStock(told) from error


# -- promises --------------------------------------------------------------------------------------------------------


def promise(session: Session, order: SalesOrder, *, takes_backorders: bool) -> SalesOrder:
    """Promises everything that is open to the order; with `takes_backorders` what is there, and the rest waits.

    Raises InsufficientStock listing every short line, ReadOnlySite.
    """
    if not takes_backorders:
        return reserve_order(session, order)
    ledger.refuse_read_only(session, order.site_id)
    for _ in range(TRIES):
        savepoint = session.begin_nested()
        try:
            _promise_what_is_there(session, order)
        except InsufficientStock:  # somebody else was promised it since it was looked at
            savepoint.rollback()
            continue
        savepoint.commit()
        return order
    return order


def _promise_what_is_there(session: Session, order: SalesOrder) -> None:
    order = lock_order(session, order.id)
    before = order.status
    lines = lines_of(session, order.id)
    known = reserved_by_line(session, order.id)
    free = available_at(session, order.site_id, sorted({line.variant_id for line in lines}))
    parts = []
    for line in lines:
        rest = line.quantity - line.fulfilled - known.get(line.id, ZERO)
        part = min(rest, free[line.variant_id])
        free[line.variant_id] -= part
        line.backordered = rest - part
        if part > ZERO:
            parts.append(ledger.ReserveLine(line.id, line.variant_id, part))
    session.add_all(lines)
    if parts:
        ledger.reserve(session, site_id=order.site_id, document_kind=DOCUMENT, document_id=order.id, lines=parts)
        order.status = "allocated" if before == "confirmed" else before
    changed(session, order, "order_reserved" if parts else "order_backordered", before=before)


# -- payments --------------------------------------------------------------------------------------------------------


def order_total(session: Session, order: SalesOrder) -> int:
    """What the customer pays for the order, in minor units of `order.currency`."""
    return total_of(lines_of(session, order.id), checkout_of(session, order.id))


def settle_payment_status(session: Session, order: SalesOrder) -> str:
    """What the order's payments make of it: paid when all of it was captured, refunded when all that was captured went
    back, failed when the latest attempt failed and nothing was captured, else pending.

    An order that is paid now is promised its stock where the policy says so; too little of it is noted in its history.
    """
    payments = [row for row in _payments(session, order) if row.currency == order.currency]
    word = payment_word(payments, order_total(session, order))
    if word != order.payment_status:
        _take_word(session, order, word)
    record_order(session, order.id)
    return word


def _take_word(session: Session, order: SalesOrder, word: str) -> None:
    order.payment_status, order.updated_at = word, now_of(session)
    session.add(order)
    session.flush()
    audit(session, "order_payment_settled", order.id, number=order.number, payment_status=word)
    tell_shops(session, order)
    if word == "paid" and order.status == "confirmed" and order_policy(session).reserve_at == "paid":
        _promise_paid(session, order)


def holds_money(session: Session, order: SalesOrder) -> bool:
    """Something of what was paid is here, or promised by a bank."""
    return any(
        payment.amount_captured > payment.amount_refunded or payment.status in ("authorized", "processing")
        for payment in _payments(session, order)
    )


def _payments(session: Session, order: SalesOrder) -> Sequence[Payment]:
    """The order's payments as they are now, the latest one last."""
    statement = scoped(session, Payment).where(Payment.order_id == order.id)
    ordered = statement.order_by(col(Payment.created_at), col(Payment.id))
    return session.exec(ordered.execution_options(populate_existing=True)).all()


def payment_word(payments: Sequence[Payment], total: int) -> str:
    """The word for these payments, the latest one last, of an order that costs `total`."""
    captured = sum(payment.amount_captured for payment in payments)
    if captured and captured == sum(payment.amount_refunded for payment in payments):
        return "refunded"
    if captured >= total:
        return "paid"
    return "failed" if not captured and payments and payments[-1].status == "failed" else "pending"


def _promise_paid(session: Session, order: SalesOrder) -> None:
    """The money was taken, whatever the shelves hold: stock that is missing is a matter for people."""
    savepoint = session.begin_nested()
    try:
        promise(session, order, takes_backorders=order_policy(session).takes_backorders)
    except (InsufficientStock, NotFound) as error:
        savepoint.rollback()
        session.refresh(order)
        note_step(session, order, note=f"Paid, and not reserved. {error.message}"[:1000])
    else:
        savepoint.commit()
