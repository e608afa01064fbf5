"""Imports customers' orders: a row a line; rows of one number are one order, taken wholly or not at all.

A number that exists with the same lines changes nothing. Nothing is reserved by an import. A customer with an e-mail
is the one on record, or a new one.

Example::

    number,site,customer,email,sku,quantity,price,ordered_at,channel,country
    SO-1,WH1,Corner shop,shop@example.com,MILK-1L,6,1.19,2026-03-02T08:00:00Z,web,DE
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui.kit.text import clean_line
from ambra_tui.services import customers, orders
from ambra_tui.services.customers.terms import clean_country, clean_email
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._documents import (
    BARCODE_ALIASES,
    SKU_ALIASES,
    DocumentImport,
    Documents,
    Line,
    agreed,
    agreed_more,
    checked_line,
)
from ambra_tui.services.imports._terms import Circumstances, Field, ImportKind, Record

FIELDS = (
    Field(
        "number",
        "the order's number, kept",
        ("order_number", "invoice_no", "sales_order", "order_id"),
        is_required=True,
    ),
    Field("site", "the code of the site that ships (the only one)", ("warehouse", "site_code")),
    Field("customer", "the customer's name", ("customer_name", "customer_id")),
    Field("email", "the customer's e-mail: whose order it is; a new customer is made", ("customer_email",)),
    Field("sku", "the variant's SKU", SKU_ALIASES),
    Field("barcode", "a code of the variant, where there is no SKU; a case code counts cases", BARCODE_ALIASES),
    Field("quantity", "units ordered", ("ordered", "qty"), is_required=True),
    Field("price", "price of a unit", ("unit_price",)),
    Field("currency", "of the price (the organization's)"),
    Field("due", "the day it is due", ("due_date", "ship_by")),
    Field("priority", "higher goes first (0)"),
    Field("notes", "a note", ("note", "comment")),
    Field("ordered_at", "when it was placed (now); of several the earliest", ("order_date", "invoice_date")),
    Field("channel", "where it was sold: web, telephone"),
    Field("country", "the country that it goes to, two letters", ("ship_country",)),
    Field("state", "the state or province that it goes to", ("ship_state", "region")),
    Field("shipping", "what the customer pays for shipping, once an order", ("freight",)),
    Field("tax", "tax, once an order"),
    Field("discount", "what is taken off, once an order"),
)
AMOUNTS = ("shipping", "tax", "discount")


def _checked(record: Record, currency: str) -> Line:
    return checked_line(
        record,
        party="customer",
        day="due",
        amount=_values.minor(record, "price", currency),
        priority=_values.whole(record, "priority") or 0,
        more={name: value for name, value in _more(record, currency).items() if value not in ("", None)},
    )


def _more(record: Record, currency: str) -> dict[str, Any]:
    """What only orders of customers have."""
    return {
        "email": clean_email(record["email"]) if record["email"] else "",
        "ordered_at": _values.moment(record, "ordered_at"),
        "channel": clean_line(record["channel"], field="channel", max_length=40, required=False),
        "country": clean_country(record["country"]),
        "state": clean_line(record["state"], field="state", max_length=120, required=False),
        **{name: _values.minor(record, name, currency) for name in AMOUNTS},
    }


def _known_lines(session: Session, number: str) -> list[tuple[str, Decimal]] | None:
    order = orders.find_order(session, number)
    if order is None:
        return None
    return [(line.variant_id, line.quantity) for line in orders.lines_of(session, order.id)]


def _create(session: Session, document: Sequence[Line], found: Documents) -> None:
    lines = []
    for row in document:
        variant_id, quantity = found.item(row)
        price = None if row.amount is None else int(row.amount * row.quantity / quantity)
        lines.append(orders.NewOrderLine(variant_id=variant_id, quantity=quantity, price_minor=price))
    due = agreed(document, "day", word="due")
    customer = agreed(document, "party", word="customer")
    agreed(document, "site")
    ordered_at = min((row.more["ordered_at"] for row in document if "ordered_at" in row.more), default=None)
    checkout = _checkout(session, document, customer or "", ordered_at)
    orders.create_order(
        session,
        site_id=found.site_id(document[0]),
        lines=lines,
        number=document[0].number,
        customer={"name": customer} if customer else None,
        currency=agreed(document, "currency"),
        priority=max(row.priority for row in document),
        due_at=datetime.combine(due, time(23, 59, 59), UTC) if due else None,
        notes=agreed(document, "notes") or "",
        ordered_at=ordered_at,
        sold=orders.Sold(
            checkout.customer_id,
            checkout.channel,
            agreed_more(document, "country") or "",
            agreed_more(document, "state") or "",
        ),
        checkout=checkout if any(row.more for row in document) else None,
    )


def _checkout(session: Session, document: Sequence[Line], name: str, ordered_at: datetime | None) -> orders.NewCheckout:
    email = agreed_more(document, "email")
    shipping, tax, discount = (agreed_more(document, amount) or 0 for amount in AMOUNTS)
    return orders.NewCheckout(
        customer_id=_customer_id(session, email, name, ordered_at) if email else "",
        channel=agreed_more(document, "channel") or "",
        shipping_address={word: text for word in ("country", "state") if (text := agreed_more(document, word))},
        shipping_minor=shipping,
        tax_minor=tax,
        discount_minor=discount,
    )


def _customer_id(session: Session, email: str, name: str, since: datetime | None) -> str:
    """The customer on record with this e-mail, else a new one of this name."""
    found = customers.find_customer(session, email)
    if found is None:
        first, _, last = name.partition(" ")
        found = customers.create_customer(session, email=email, first_name=first, last_name=last, created_at=since)
    return found.id


def _run(circumstances: Circumstances) -> DocumentImport:
    return DocumentImport(circumstances.currency, _checked, _known_lines, _create)


IMPORT = ImportKind(
    name="orders",
    help="customers' orders, to be reserved and picked",
    fields=FIELDS,
    make=_run,
    subject=("number", "sku", "barcode"),
    group_by="number",
)
