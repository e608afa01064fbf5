"""Erasing one person's words and keeping the books: stock moves, amounts, quantities, ids and countries stay.

The first transaction takes the words out of the person's own rows. What other rows repeated of them (deliveries of
webhooks, answers kept for repeats, labels, audit lines) follows in short transactions, by ids alone, so that an erasure
that was broken off goes on when it is asked for again.

Example::

    erase_customer(store, organization_id, customer.id, is_dry_run=True).counts     # {'orders': 3, ...}
    erase_customer(store, organization_id, customer.id)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, SQLModel

from ambra_tui.errors import InUse
from ambra_tui.services.customers.echoes import erase_echoes
from ambra_tui.services.customers.person import BY_EMAIL, CHUNK, Person, read_person, rows_with
from ambra_tui.services.customers.profiles import EMAILS, NAMES, UPDATED, get_customer
from ambra_tui.services.customers.words import bare, region_of
from ambra_tui.services.orders import OPEN_STATES
from ambra_tui.services.search import reindex_subject
from ambra_tui.store import SYSTEM, Actor, Store
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Customer,
    CustomerAddress,
    CustomerTag,
    Dispute,
    OrderCheckout,
    OrderHistory,
    Payment,
    Refund,
    ReturnAuthorization,
    SalesOrder,
    Shipment,
    TrackingEvent,
    table_of,
)
from ambra_tui.store.scope import is_alone, lock_row, now_of, organization_of

ERASED_AT = "erased.invalid"
OPEN_DISPUTES = ("needs_response", "under_review")
HELD_PAYMENTS = ("processing", "authorized")


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, or would be: kind of row -> how many. `erased_at`: None in a dry run."""

    customer_id: str
    erased_at: datetime | None
    counts: Mapping[str, int]


def erase_customer(
    store: Store, organization_id: int, customer_id: str, *, is_dry_run: bool = False, actor: Actor = SYSTEM
) -> Erasure:
    """Erases a customer's personal words, in transactions of its own: never call it inside one. Twice is once.

    Raises NotFound, and InUse while something of theirs is still under way; a dry run raises it too.
    """
    with store.read(organization_id) as session:
        person = read_person(session, customer_id)
        refuse_open(session, person)
        counts = _counts(session, person)
    if is_dry_run:
        return Erasure(customer_id, None, counts)
    store.writer.run(lambda s: _erase_own(s, customer_id), organization_id=organization_id, actor=actor)
    with store.read(organization_id) as session:
        person = read_person(session, customer_id)
    counts = {**counts, **erase_echoes(store, organization_id, person, actor=actor)}
    done = store.writer.run(lambda s: _finish(s, customer_id), organization_id=organization_id, actor=actor)
    return Erasure(customer_id, done, counts)


def refuse_open(session: Session, person: Person) -> None:
    """Raises InUse with everything of theirs that is still under way."""
    orders = rows_with(session, SalesOrder, "id", person.orders)
    shipments = rows_with(session, Shipment, "id", person.shipments)
    payments = rows_with(session, Payment, "id", person.payments)
    disputes = rows_with(session, Dispute, "id", person.disputes)
    returns = rows_with(session, ReturnAuthorization, "id", person.returns)
    remains = {
        "open orders": sum(row.status in ("draft", *OPEN_STATES) for row in orders),
        "shipments to leave": sum(row.left_at is None and row.status != "cancelled" for row in shipments),
        "payments in progress": sum(row.status in HELD_PAYMENTS for row in payments),
        "open disputes": sum(row.status in OPEN_DISPUTES for row in disputes),
        "open returns": sum(row.status == "pending" for row in returns),
    }
    if any(remains.values()):
        raise InUse("customer", person.customer.id, remains, step="erase")


def _counts(session: Session, person: Person) -> dict[str, int]:
    own = person.customer.id
    return {
        "addresses": _count(session, CustomerAddress, own),
        "tags": _count(session, CustomerTag, own),
        "orders": len(person.orders),
        "shipments": len(person.shipments),
        "payments": len(person.payments),
        "returns": len(person.returns),
    }


def _count(session: Session, model: type[SQLModel], customer_id: str) -> int:
    table = table_of(model)
    own = (table.c.organization_id == organization_of(session), table.c.customer_id == customer_id)
    return int(session.connection().execute(select(func.count()).select_from(table).where(*own)).scalar_one())


def _erase_own(session: Session, customer_id: str) -> None:
    """The person's own rows; read anew under the customer's lock."""
    customer = (
        get_customer(session, customer_id)
        if is_alone(session)
        else lock_row(session, Customer, customer_id, resource="customer")
    )
    person = read_person(session, customer_id)
    refuse_open(session, person)
    now = now_of(session)
    _change(session, SalesOrder, "id", person.orders, customer={}, notes="", updated_at=now)
    _change(session, OrderHistory, "order_id", person.orders, reason="", note="")
    for checkout in rows_with(session, OrderCheckout, "order_id", person.orders):
        _change(
            session, OrderCheckout, "order_id", (checkout.order_id,), details=bare(checkout.details),
            shipping_address=region_of(checkout.shipping_address), billing_address=region_of(checkout.billing_address),
        )  # fmt: skip
    for shipment in rows_with(session, Shipment, "id", person.shipments):
        _change(
            session, Shipment, "id", (shipment.id,), ship_to=region_of(shipment.ship_to),
            details=bare(shipment.details),
        )  # fmt: skip
    _change(session, TrackingEvent, "shipment_id", person.shipments, location="", description="")
    for payment in rows_with(session, Payment, "id", person.payments):
        _change(
            session, Payment, "id", (payment.id,), next_action={}, failure_message="",
            card_last4="", details={**bare(payment.details), "metadata": {}},
        )  # fmt: skip
    _change(session, Refund, "id", person.refunds, reason="")
    _change(session, Dispute, "id", person.disputes, evidence={})
    _change(session, ReturnAuthorization, "id", person.returns, reason="")
    for model in (CustomerAddress, CustomerTag):
        table = table_of(model)
        session.connection().execute(
            delete(table).where(table.c.organization_id == customer.organization_id, table.c.customer_id == customer.id)
        )
    reindex_subject(session, NAMES, customer.id)
    reindex_subject(session, EMAILS, customer.id)
    if customer.status != "erased":
        by_email = [row.id for row in rows_with(session, SalesOrder, "id", person.orders) if not row.customer_id]
        customer.email = f"{customer.id.lower()}@{ERASED_AT}"
        customer.first_name = customer.last_name = customer.phone = ""
        customer.details = {BY_EMAIL: by_email} if by_email else {}
        customer.status, customer.updated_at = "erased", now
        session.add(customer)
    session.flush()
    session.expire_all()


def _change(session: Session, model: type[SQLModel], column: str, keys: tuple[str, ...], **values: Any) -> None:
    table = table_of(model)
    for start in range(0, len(keys), CHUNK):
        session.connection().execute(
            update(table)
            .where(
                table.c.organization_id == organization_of(session), table.c[column].in_(keys[start : start + CHUNK])
            )
            .values(**values)
        )


def _finish(session: Session, customer_id: str) -> datetime:
    """Everything is gone: said once."""
    customer = get_customer(session, customer_id)
    if customer.erased_at is None:
        customer.erased_at, customer.details = now_of(session), {}
        session.add(customer)
        session.flush()
        publish(session, UPDATED, customer.id, {"status": "erased"})
        audit(session, "customer_erased", customer.id)
    return customer.erased_at


__all__ = ["Erasure", "erase_customer", "refuse_open"]
