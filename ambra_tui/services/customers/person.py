"""One person's data: every row that tells of a customer, found by the customer's id and by their e-mail address.

Example::

    person = read_person(session, customer.id)
    person.ids      # the customer's, and those of their orders, shipments, payments and returns
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, func, select, type_coerce
from sqlmodel import Session, SQLModel

from ambra_tui.services.customers.profiles import get_customer
from ambra_tui.store.models import (
    Customer,
    Dispute,
    Payment,
    Refund,
    ReturnAuthorization,
    SalesOrder,
    Shipment,
    ShipmentPackage,
    table_of,
)
from ambra_tui.store.scope import organization_of

CHUNK = 500
BY_EMAIL = "orders_by_email"
"""In the details of a customer who is being erased: orders that named their e-mail address alone."""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer and the ids of what is theirs. `names`: numbers of orders and parcels, which papers carry."""

    customer: Customer
    orders: tuple[str, ...]
    shipments: tuple[str, ...]
    payments: tuple[str, ...]
    refunds: tuple[str, ...]
    disputes: tuple[str, ...]
    returns: tuple[str, ...]
    names: frozenset[str]

    @property
    def ids(self) -> frozenset[str]:
        """All of them."""
        return frozenset(
            (
                self.customer.id, *self.orders, *self.shipments, *self.payments, *self.refunds, *self.disputes,
                *self.returns,
            )
        )  # fmt: skip


def read_person(session: Session, customer_id: str) -> Person:
    """Everything that tells of the customer. Raises NotFound."""
    customer = get_customer(session, customer_id)
    session.flush()
    orders = _orders(session, customer)
    order_ids = tuple(orders)
    shipments = rows_with(session, Shipment, "order_id", order_ids)
    payments = {
        row.id: row
        for column, keys in (("customer_id", (customer.id,)), ("order_id", order_ids))
        for row in rows_with(session, Payment, column, keys)
    }
    refunds = rows_with(session, Refund, "payment_id", tuple(payments))
    disputes = rows_with(session, Dispute, "payment_id", tuple(payments))
    returns = rows_with(session, ReturnAuthorization, "order_id", order_ids)
    parcels = rows_with(session, ShipmentPackage, "shipment_id", [row.id for row in shipments])
    names = {*orders.values(), *(row.tracking_number for row in parcels), *(row.number for row in returns)}
    return Person(
        customer, order_ids, _ids(shipments), tuple(payments), _ids(refunds), _ids(disputes), _ids(returns),
        frozenset(names - {""}),
    )  # fmt: skip


def rows_with(session: Session, model: type[SQLModel], column: str, keys: Iterable[str]) -> list[Any]:
    """Core rows of the organization where `column` is one of `keys`, by their primary key."""
    table = table_of(model)
    wanted = list(keys)
    found: list[Any] = []
    order = [key for key in table.primary_key if key.name != "organization_id"]
    for start in range(0, len(wanted), CHUNK):
        statement = select(table).where(
            table.c.organization_id == organization_of(session), table.c[column].in_(wanted[start : start + CHUNK])
        )
        found += session.connection().execute(statement.order_by(*order)).all()
    return found


def _ids(rows: Sequence[Any]) -> tuple[str, ...]:
    return tuple(row.id for row in rows)


def _orders(session: Session, customer: Customer) -> dict[str, str]:
    """Order -> number: those of the customer, and those of other doors that name their e-mail address."""
    table = table_of(SalesOrder)
    own, connection = table.c.organization_id == organization_of(session), session.connection()
    columns = select(table.c.id, table.c.number, table.c.customer).where(own)
    found = {row.id: row.number for row in connection.execute(columns.where(table.c.customer_id == customer.id))}
    if customer.status == "active":
        named = func.lower(type_coerce(table.c.customer, Text)).contains(customer.email, autoescape=True)
        for row in connection.execute(columns.where(table.c.customer_id == "", named)):
            if any(text.strip().lower() == customer.email for text in texts_of(row.customer)):
                found[row.id] = row.number
    for row in rows_with(session, SalesOrder, "id", customer.details.get(BY_EMAIL, ())):
        found[row.id] = row.number
    return dict(sorted(found.items()))


def texts_of(value: Any) -> Iterable[str]:
    """Every text inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_of(inner)
