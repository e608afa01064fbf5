"""Customers with their addresses and tags, what they ordered so far, and what may be told or erased of them.

Example::

    POST /v2/customers    {"email": "customer@example.com", "first_name": "Jane", "tags": ["vip", "newsletter"]}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.commerce._addresses import (
    AddressType,
    Country,
    Email,
    Name,
    Phone,
    Postcode,
    Street,
    Town,
    given,
)
from ambra_tui.api.editions.commerce._lists import Sorted, page_of
from ambra_tui.api.failures import InvalidQuery
from ambra_tui.api.fields import Body, Change, Flag, FromMoment, Identifier, Line, OneOf, UntilMoment
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.money import minor_to_json
from ambra_tui.services import customers
from ambra_tui.services.customers.terms import ADDRESS_TEXTS, MAX_ADDRESSES, MAX_TAGS
from ambra_tui.services.documents import own_currency
from ambra_tui.services.orders import SHOP_STATES
from ambra_tui.store.models import Customer, CustomerAddress

catalogue = Catalogue(
    "Customers", about="Who orders: profiles, addresses, tags and what was ordered; one person's data told or erased."
)
READ, WRITE = "customers:read", "customers:write"
PROFILE = ("first_name", "last_name", "phone")


class AddressView(TypedDict):
    """Where a customer has things sent or billed. One address of each type is the default."""

    id: str
    type: str
    is_default: bool
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
    created_at: str
    updated_at: str


class SpentView(TypedDict):
    """What was spent in one currency."""

    currency: str
    amount: float


class OrderedView(TypedDict):
    """An order of a customer, in short."""

    id: str
    number: str
    status: str
    payment_status: str
    fulfillment_status: str
    total: float
    currency: str
    created_at: str


class OrderSummaryView(TypedDict):
    """What a customer ordered: orders that were not cancelled, and what they come to less refunds. `total_spent` is in
    `currency`, the organization's; `spent` tells every currency."""

    orders_count: int
    cancelled_count: int
    total_spent: float
    currency: str
    spent: list[SpentView]
    first_order_at: str | None
    last_order_at: str | None
    last_orders: list[OrderedView]


class CustomerRowView(TypedDict):
    """A customer in a list."""

    id: str
    email: str
    first_name: str
    last_name: str
    phone: str
    addresses: list[AddressView]
    tags: list[str]
    status: str
    created_at: str
    updated_at: str


class CustomerView(CustomerRowView):
    """A customer with what they ordered."""

    order_summary: OrderSummaryView


class CustomerQuery(Sorted):
    """Filters of customers. `email`: a whole address, or the beginning of one. `name`: words that first and last names
    begin with. `tags`: all of them, with commas between. Both dates belong to the period."""

    email: Line | None = None
    name: Line | None = None
    tags: Line | None = None
    created_from: FromMoment | None = None
    created_to: UntilMoment | None = None
    sort: Annotated[Identifier, OneOf(("created_at", "updated_at", "email", "last_name"))] | None = None


class AddressBody(Change):
    """An address. `country`: ISO 3166-1, two letters. A new one needs `line1`; what is left out stays as it is."""

    type: AddressType = "shipping"
    is_default: Flag | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    company: Street | None = None
    line1: Street | None = None
    line2: Street | None = None
    city: Town | None = None
    state: Town | None = None
    zip: Postcode | None = None
    country: Country | None = None
    phone: Phone | None = None


class NewAddress(AddressBody):
    """A new address."""

    merges: ClassVar[bool] = False
    line1: Annotated[Street, Field(min_length=1)]


class CustomerAddressBody(AddressBody):
    """An address of a customer; with the `id` of one that is there it changes that one."""

    id: Identifier | None = None


NewAddresses = Annotated[list[NewAddress], Field(max_length=MAX_ADDRESSES)]
Addresses = Annotated[list[CustomerAddressBody], Field(max_length=MAX_ADDRESSES)]
Tags = Annotated[list[Name], Field(max_length=MAX_TAGS)]


class NewCustomer(Body):
    """A customer."""

    email: Email
    first_name: Name | None = None
    last_name: Name | None = None
    phone: Phone | None = None
    addresses: NewAddresses | None = None
    tags: Tags | None = None


class CustomerChange(Body):
    """What is to change; what is left out stays. `addresses` and `tags` take the place of those that are there."""

    email: Email = ""
    first_name: Name | None = None
    last_name: Name | None = None
    phone: Phone | None = None
    addresses: Addresses | None = None
    tags: Tags | None = None


@catalogue.read(
    "/customers", CustomerQuery, scope=READ, operation_id="listCustomers", is_list=True,
    summary="Customers, newest first", shape=CustomerRowView,
)  # fmt: skip
def list_customers(session: Session, call: Call, query: CustomerQuery) -> Answer:
    """A page of customers who are not erased."""
    if query.created_from and query.created_to and query.created_to < query.created_from:
        raise InvalidQuery("created_to lies before created_from", field="created_to")
    conditions = customers.matching(
        session, email=query.email, name=query.name, tags=_tags(query.tags),
        created_from=query.created_from, created_to=query.created_to,
    )  # fmt: skip
    page = page_of(session, call, query, Customer, *conditions)
    ids = [row.id for row in page.rows]
    tags, addresses = customers.tags_of(session, ids), customers.addresses_of_all(session, ids)
    return page.answer([_row_view(row, addresses.get(row.id, []), tags.get(row.id, [])) for row in page.rows])


@catalogue.read(
    "/customers/{id}", Nothing, scope=READ, operation_id="getCustomer", is_long=True,
    summary="A customer with what they ordered so far", shape=CustomerView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """Also one who is erased: the id is there, no word of theirs is."""
    return Answer(_view(session, customers.get_customer(session, call.path["id"])))


@catalogue.write(
    "POST", "/customers", NewCustomer, scope=WRITE, operation_id="createCustomer", status=201,
    summary="Add a customer", shape=CustomerView,
    example={
        "email": "customer@example.com", "first_name": "Jane", "last_name": "Doe", "phone": "+1-555-0123",
        "addresses": [
            {"line1": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701", "country": "US"}
        ],
        "tags": ["vip", "newsletter"],
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewCustomer) -> Answer:
    """Makes the customer with addresses and tags. 409 when the e-mail address is another customer's."""
    made = customers.create_customer(
        session, email=body.email, first_name=body.first_name or "", last_name=body.last_name or "",
        phone=body.phone or "", addresses=_addresses(body.addresses or ()), tags=body.tags or (),
    )  # fmt: skip
    return Answer(_view(session, made), location=call.url(f"/customers/{made.id}"))


@catalogue.write(
    "PUT", "/customers/{id}", CustomerChange, scope=WRITE, current=get, operation_id="updateCustomer",
    summary="Change a customer", shape=CustomerView, example={"phone": "+1-555-0199", "tags": ["vip"]},
)  # fmt: skip
def update(session: Session, call: Call, body: CustomerChange) -> Answer:
    """What is left out stays."""
    values = given(body, *PROFILE)
    if "addresses" in values:
        values["addresses"] = _addresses(values["addresses"] or ())
    if "tags" in values:
        values["tags"] = values["tags"] or ()
    customer = customers.get_customer(session, call.path["id"])
    return Answer(_view(session, customers.change_customer(session, customer, **values)))


# --- addresses ------------------------------------------------------------------------------------------------------


@catalogue.write(
    "POST", "/customers/{id}/addresses", NewAddress, scope=WRITE, operation_id="addCustomerAddress", status=201,
    summary="Add an address; the first of its type is the default", shape=AddressView,
    example={"type": "billing", "line1": "Hauptstr. 5", "city": "Berlin", "zip": "10115", "country": "DE"},
)  # fmt: skip
def add_address(session: Session, call: Call, body: NewAddress) -> Answer:
    """With `is_default` true it is the default of its type from now on."""
    customer = customers.lock_customer(session, call.path["id"])
    address = customers.add_address(
        session, customer, is_default=bool(body.is_default), **_address(body)
    )  # fmt: skip
    customers.touch(session, customer)
    return Answer(address_view(address))


@catalogue.write(
    "PUT", "/customers/{id}/addresses/{address_id}", AddressBody, scope=WRITE, operation_id="updateCustomerAddress",
    summary="Change an address", shape=AddressView, example={"line2": "Apt 4"},
)  # fmt: skip
def update_address(session: Session, call: Call, body: AddressBody) -> Answer:
    """What is left out stays. `is_default` false hands the default on to the next of its type."""
    customer, address = _named(session, call)
    values = _address(body)
    if values.get("line1") == "":
        raise Invalid("line1 is required", field="line1")
    customers.change_address(session, customer, address, is_default=body.is_default, **values)
    customers.touch(session, customer)
    return Answer(address_view(address))


@catalogue.write(
    "DELETE", "/customers/{id}/addresses/{address_id}", Nothing, scope=WRITE, operation_id="deleteCustomerAddress",
    status=204, summary="Remove an address; the next of its type takes its place as the default", shape=None,
)  # fmt: skip
def delete_address(session: Session, call: Call, _body: object) -> Answer:
    """Orders keep the addresses that they were placed with."""
    customer, address = _named(session, call)
    customers.remove_address(session, customer, address)
    customers.touch(session, customer)
    return Answer(None)


@catalogue.write(
    "POST", "/customers/{id}/addresses/{address_id}/set-default", Nothing, scope=WRITE,
    operation_id="setDefaultCustomerAddress", status=201, summary="Make an address the default of its type",
    shape=AddressView,
)  # fmt: skip
def set_default(session: Session, call: Call, _body: object) -> Answer:
    """The default before it is not one any more."""
    customer, address = _named(session, call)
    if not address.is_default:
        customers.set_default_address(session, customer, address)
        customers.touch(session, customer)
    return Answer(address_view(address))


def _named(session: Session, call: Call) -> tuple[Customer, CustomerAddress]:
    customer = customers.lock_customer(session, call.path["id"])
    return customer, customers.address_of(session, customer, call.path["address_id"])


# --- one person's data ----------------------------------------------------------------------------------------------


class ExportView(TypedDict):
    """Everything that is known of one person. Amounts in rows are whole minor units of the currency beside them."""

    exported_at: str
    customer: dict[str, Any]
    addresses: list[dict[str, Any]]
    tags: list[str]
    orders: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    shipments: list[dict[str, Any]]
    returns: list[dict[str, Any]]
    history: list[dict[str, Any]]


class ErasureView(TypedDict):
    """What was erased, or would be: `counts` of rows by kind. `erased_at` is null in a dry run."""

    id: str
    is_erased: bool
    erased_at: str | None
    counts: dict[str, int]


class EraseBody(Body):
    """`confirm` true erases, for good; else the answer tells what would be erased."""

    confirm: Flag = False


@catalogue.read(
    "/customers/{id}/export", Nothing, scope=READ, operation_id="exportCustomer", is_long=True,
    summary="Everything that is known of one person", shape=ExportView,
)  # fmt: skip
def export(session: Session, call: Call, _query: object) -> Answer:
    """Profile, addresses, tags, orders, payments, shipments, returns and their history."""
    return Answer(customers.export_customer(session, call.path["id"]))


@catalogue.apart(
    "/customers/{id}/erase", EraseBody, scope="customers:delete", operation_id="eraseCustomer", status=201,
    summary="Erase one person's data; stock, amounts and figures stay", shape=ErasureView, example={"confirm": False},
)  # fmt: skip
def erase(call: Call, body: EraseBody) -> Answer:
    """409 while an order, a payment, a return or a dispute of theirs is open, also without `confirm`."""
    done = customers.erase_customer(
        call.store, call.principal.organization_id, call.path["id"], is_dry_run=not body.confirm,
        actor=call.principal.actor,
    )  # fmt: skip
    moment = done.erased_at
    return Answer(
        {
            "id": done.customer_id,
            "is_erased": moment is not None,
            "erased_at": to_iso(moment) if moment else None,
            "counts": dict(done.counts),
        }
    )


# --- bodies and views -----------------------------------------------------------------------------------------------


def _address(body: AddressBody) -> dict[str, Any]:
    return given(body, *ADDRESS_TEXTS, "country", without=("is_default",))


def _addresses(bodies: Sequence[AddressBody]) -> list[dict[str, Any]]:
    return [given(body, *ADDRESS_TEXTS, "country") for body in bodies]


def _tags(text: str | None) -> list[str]:
    return [tag.strip() for tag in (text or "").split(",") if tag.strip()]


def customer_object(session: Session, customer_id: str) -> CustomerView | None:
    """What GET answers of a customer; None for one who is not there."""
    row = session.get(Customer, (session.info["organization_id"], customer_id))
    return None if row is None else _view(session, row)


def _view(session: Session, row: Customer) -> CustomerView:
    addresses = customers.addresses_of(session, row.id)
    tags = customers.tags_of(session, [row.id]).get(row.id, [])
    return {**_row_view(row, addresses, tags), "order_summary": _summary(session, row.id)}


def _row_view(row: Any, addresses: Sequence[CustomerAddress], tags: list[str]) -> CustomerRowView:
    return {
        "id": row.id,
        "email": row.email,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "phone": row.phone,
        "addresses": [address_view(address) for address in addresses],
        "tags": tags,
        "status": row.status,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def address_view(row: CustomerAddress) -> AddressView:
    """An address as it is shown."""
    return {
        "id": row.id,
        "type": row.type,
        "is_default": row.is_default,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "company": row.company,
        "line1": row.line1,
        "line2": row.line2,
        "city": row.city,
        "state": row.state,
        "zip": row.zip,
        "country": row.country,
        "phone": row.phone,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _summary(session: Session, customer_id: str) -> OrderSummaryView:
    told = customers.summary_of(session, customer_id)
    currency = own_currency(session)
    return {
        "orders_count": told.count,
        "cancelled_count": told.cancelled,
        "total_spent": minor_to_json(told.spent.get(currency, 0), currency),
        "currency": currency,
        "spent": [{"currency": name, "amount": minor_to_json(amount, name)} for name, amount in told.spent.items()],
        "first_order_at": to_iso(told.first_at) if told.first_at else None,
        "last_order_at": to_iso(told.last_at) if told.last_at else None,
        "last_orders": [
            {
                "id": row.id,
                "number": row.number,
                "status": SHOP_STATES[row.status],
                "payment_status": row.payment_status,
                "fulfillment_status": row.fulfillment_status,
                "total": minor_to_json(total, row.currency),
                "currency": row.currency,
                "created_at": to_iso(row.created_at),
            }
            for row, total in told.last
        ],
    }
