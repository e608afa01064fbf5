"""Imports customers' orders: a row a line; rows of one number are one order, taken wholly or not at all.

A number that exists with the same lines changes nothing. Nothing is reserved by an import.

Example::

    number,site,customer,sku,quantity,price
    SO-1,WH1,Corner shop,MILK-1L,6,1.19
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.services import orders
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._documents import (
    BARCODE_ALIASES,
    SKU_ALIASES,
    DocumentImport,
    Documents,
    Line,
    agreed,
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
    Field("sku", "the variant's SKU", SKU_ALIASES),
    Field("barcode", "a code of the variant, where there is no SKU; a case code counts cases", BARCODE_ALIASES),
    Field("quantity", "units ordered", ("ordered", "qty"), is_required=True),
    Field("price", "price of a unit", ("unit_price",)),
    Field("currency", "of the price (the organization's)"),
    Field("due", "the day it is due", ("due_date", "ship_by")),
    Field("priority", "higher goes first (0)"),
    Field("notes", "a note", ("note", "comment")),
)


def _checked(record: Record, currency: str) -> Line:
    return checked_line(
        record,
        party="customer",
        day="due",
        amount=_values.minor(record, "price", currency),
        priority=_values.whole(record, "priority") or 0,
    )


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
    )


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
