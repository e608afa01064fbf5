"""Customers: made, changed, found by words.

Facts tell that something happened to whom, never their personal words: what a receiver is shown is read when it is
told, so an erased customer is in nobody's queue.

Example::

    jane = create_customer(session, email="jane@example.com", first_name="Jane", tags=["vip"])
    change_customer(session, jane, phone="+1-555-0123")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlmodel import Session

from ambra_tui.errors import Duplicate, Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.customers.addresses import replace_addresses
from ambra_tui.services.customers.terms import MAX_NAME, clean_email, clean_phone, clean_tags, is_email
from ambra_tui.services.rows import add_unique
from ambra_tui.services.search import begins_with, is_like, reindex_subject
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Customer, CustomerTag, table_of
from ambra_tui.store.scope import fetch, is_alone, lock_row, now_of, organization_of, scoped

NAMES, EMAILS = "customer", "customer_email"
"""What search knows customers as: by their names, and by the words of their e-mail address."""
CREATED, UPDATED = "customer_created", "customer_updated"
Address = Mapping[str, Any]


def create_customer(
    session: Session,
    *,
    email: str,
    first_name: str = "",
    last_name: str = "",
    phone: str = "",
    addresses: Sequence[Address] = (),
    tags: Sequence[str] = (),
    created_at: datetime | None = None,
) -> Customer:
    """A customer with addresses and tags. Raises Invalid naming the field, Duplicate for an e-mail that is taken."""
    now = now_of(session)
    customer = Customer(
        organization_id=organization_of(session), id=new_id("cust"), email="", created_at=created_at or now,
        updated_at=now,
    )  # fmt: skip
    _set(customer, email=email, first_name=first_name, last_name=last_name, phone=phone)
    wanted = clean_tags(tags)
    _refuse_taken(session, customer)
    add_unique(session, customer, Duplicate("customer", "email", customer.email))
    replace_addresses(session, customer, addresses)
    _write_tags(session, customer, wanted)
    _tell(session, customer, CREATED)
    return customer


def change_customer(session: Session, customer: Customer, **values: Any) -> Customer:
    """Changes what is given of email, first_name, last_name, phone, tags and addresses; what is named of the last two
    takes the place of what was there. Raises Invalid, Duplicate, NotFound for an address, WrongState once erased."""
    customer = lock_customer(session, customer.id)
    addresses, tags = values.pop("addresses", None), values.pop("tags", None)
    with session.no_autoflush:
        _set(customer, **values)
        _refuse_taken(session, customer)
    session.add(customer)
    session.flush()
    if addresses is not None:
        replace_addresses(session, customer, addresses)
    if tags is not None:
        _write_tags(session, customer, clean_tags(tags))
    touch(session, customer)
    return customer


def lock_customer(session: Session, customer_id: str) -> Customer:
    """The customer as it is now, kept from other writers. Raises NotFound, WrongState for one that is erased."""
    if is_alone(session):
        customer = fetch(session, Customer, customer_id, resource="customer")
    else:
        session.flush()
        customer = lock_row(session, Customer, customer_id, resource="customer")
    refuse_erased(customer)
    return customer


def refuse_erased(customer: Customer) -> None:
    """Raises WrongState for a customer whose data was erased."""
    if customer.status == "erased":
        raise WrongState("customer", customer.id, state="erased", step="change")


def touch(session: Session, customer: Customer) -> None:
    """Something of the customer changed: their moment, what they are found by, the fact."""
    customer.updated_at = now_of(session)
    session.add(customer)
    session.flush()
    _tell(session, customer, UPDATED)


def get_customer(session: Session, customer_id: str) -> Customer:
    """The customer with this id, also one that is erased. Raises NotFound."""
    return fetch(session, Customer, customer_id, resource="customer")


def find_customer(session: Session, email: str) -> Customer | None:
    """The customer with this e-mail address, however it is spelled."""
    return session.exec(scoped(session, Customer).where(Customer.email == email.strip().lower())).first()


def tags_of(session: Session, customer_ids: Sequence[str]) -> dict[str, list[str]]:
    """Customer -> tags, in their order."""
    table = table_of(CustomerTag)
    statement = (
        select(table.c.customer_id, table.c.tag)
        .where(table.c.organization_id == organization_of(session), table.c.customer_id.in_(customer_ids))
        .order_by(table.c.customer_id, table.c.position, table.c.tag)
    )
    found: dict[str, list[str]] = {}
    for customer_id, tag in session.connection().execute(statement):
        found.setdefault(customer_id, []).append(tag)
    return found


def matching(
    session: Session,
    *,
    email: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    created_from: datetime | None = None,
    created_to: datetime | None = None,
) -> list[ColumnElement[bool]]:
    """Conditions on customers that are not erased. `email`: a whole address, the beginning of one with its @, else
    words of one. `name`: words that names begin with, in any order. `tags`: all of them. Both moments are inclusive."""
    own = table_of(Customer).c
    found: list[ColumnElement[bool]] = [own.status == "active"]
    if email is not None:
        found.append(_has_email(session, email.strip().lower()))
    if name is not None:
        found.append(is_like(session, NAMES, name, own.id))
    if created_from is not None:
        found.append(own.created_at >= created_from)
    if created_to is not None:
        found.append(own.created_at <= created_to)
    tagged = table_of(CustomerTag)
    found += [
        own.id.in_(
            select(tagged.c.customer_id).where(
                tagged.c.organization_id == organization_of(session), tagged.c.tag == tag
            )
        )
        for tag in dict.fromkeys(tags)
    ]
    return found


def _has_email(session: Session, text: str) -> ColumnElement[bool]:
    own = table_of(Customer).c
    column = own.email
    if is_email(text):
        return column == text
    if "@" in text.lstrip("@"):
        return begins_with(session, column, text)
    return and_(is_like(session, EMAILS, text.replace("@", " "), own.id), column.contains(text, autoescape=True))


def _set(customer: Customer, **values: Any) -> None:
    for name, value in values.items():
        if name == "email":
            customer.email = clean_email(value)
        elif name == "phone":
            customer.phone = clean_phone(value)
        elif name in ("first_name", "last_name"):
            setattr(customer, name, clean_line(value, field=name, max_length=MAX_NAME, required=False))
        else:
            raise Invalid(f"a customer has no {name}", field=name)


def _refuse_taken(session: Session, customer: Customer) -> None:
    taken = scoped(session, Customer).where(Customer.email == customer.email, Customer.id != customer.id)
    if session.exec(taken).first() is not None:
        raise Duplicate("customer", "email", customer.email)


def _write_tags(session: Session, customer: Customer, tags: Sequence[str]) -> None:
    table = table_of(CustomerTag)
    key = {"organization_id": customer.organization_id, "customer_id": customer.id}
    connection = session.connection()
    connection.execute(
        delete(table).where(table.c.organization_id == customer.organization_id, table.c.customer_id == customer.id)
    )
    if tags:
        connection.execute(insert(table), [{**key, "tag": tag, "position": place} for place, tag in enumerate(tags)])


def _tell(session: Session, customer: Customer, fact: str) -> None:
    reindex_subject(
        session, NAMES, customer.id, customer.first_name, customer.last_name,
        f"{customer.first_name} {customer.last_name}",
    )  # fmt: skip
    reindex_subject(session, EMAILS, customer.id, customer.email)
    publish(session, fact, customer.id, {})
    audit(session, fact, customer.id)


__all__ = [
    "CREATED",
    "UPDATED",
    "change_customer",
    "create_customer",
    "find_customer",
    "get_customer",
    "lock_customer",
    "matching",
    "refuse_erased",
    "tags_of",
    "touch",
]
