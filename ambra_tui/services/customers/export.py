"""What is known of one person, as one JSON value that they can be given.

Example::

    export_customer(session, customer.id)["orders"][0]["lines"]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, SQLModel

from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.customers.person import read_person, rows_with
from ambra_tui.services.customers.profiles import tags_of
from ambra_tui.store.facts import audit
from ambra_tui.store.models import (
    AuditEntry,
    CustomerAddress,
    Dispute,
    OrderCheckout,
    OrderHistory,
    Payment,
    Refund,
    ReturnAuthorization,
    ReturnLine,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShipmentContent,
    ShipmentPackage,
    TrackingEvent,
    Variant,
    table_of,
)
from ambra_tui.store.scope import now_of, organization_of

Told = dict[str, Any]
MAX_HISTORY = 10_000


def export_customer(session: Session, customer_id: str) -> Told:
    """Profile, addresses, tags, orders, payments, shipments, returns, and the history of all of them. Amounts are
    whole minor units of the currency beside them. Raises NotFound."""
    person = read_person(session, customer_id)
    customer = person.customer
    return {
        "exported_at": to_iso(now_of(session)),
        "customer": _told(customer.model_dump()),
        "addresses": _rows(session, CustomerAddress, "customer_id", (customer.id,)),
        "tags": tags_of(session, [customer.id]).get(customer.id, []),
        "orders": _orders(session, person.orders),
        "payments": _with(
            _rows(session, Payment, "id", person.payments),
            refunds=_grouped(session, Refund, "payment_id", person.payments),
            disputes=_grouped(session, Dispute, "payment_id", person.payments),
        ),
        "shipments": _shipments(session, person.shipments),
        "returns": _with(
            _rows(session, ReturnAuthorization, "id", person.returns),
            lines=_grouped(session, ReturnLine, "return_authorization_id", person.returns),
        ),
        "history": _history(session, person.ids),
    }


def note_export(session: Session, customer_id: str) -> None:
    """Keeps in the audit trail that the data was given out."""
    audit(session, "customer_exported", customer_id)


def _orders(session: Session, ids: Iterable[str]) -> list[Told]:
    wanted = list(ids)
    lines = _grouped(session, SalesOrderLine, "sales_order_id", wanted)
    _name_items(session, [line for own in lines.values() for line in own])
    orders = _with(
        _rows(session, SalesOrder, "id", wanted), lines=lines,
        history=_grouped(session, OrderHistory, "order_id", wanted),
    )  # fmt: skip
    checkouts = {row["order_id"]: row for row in _rows(session, OrderCheckout, "order_id", wanted)}
    return [{**order, "checkout": checkouts.get(order["id"])} for order in orders]


def _shipments(session: Session, ids: Iterable[str]) -> list[Told]:
    wanted = list(ids)
    parcels = _rows(session, ShipmentPackage, "shipment_id", wanted)
    contents = _grouped(session, ShipmentContent, "package_id", [parcel["id"] for parcel in parcels])
    _name_items(session, [line for own in contents.values() for line in own])
    packages: dict[str, list[Told]] = {}
    for parcel in _with(parcels, contents=contents):
        packages.setdefault(parcel["shipment_id"], []).append(parcel)
    return _with(
        _rows(session, Shipment, "id", wanted), packages=packages,
        tracking=_grouped(session, TrackingEvent, "shipment_id", wanted),
    )  # fmt: skip


def _name_items(session: Session, lines: Iterable[Told]) -> None:
    """What was bought, in words."""
    wanted = list(lines)
    named = {row.id: row for row in rows_with(session, Variant, "id", sorted({line["variant_id"] for line in wanted}))}
    for line in wanted:
        line |= {"sku": named[line["variant_id"]].sku, "name": named[line["variant_id"]].name}


def _rows(session: Session, model: type[SQLModel], column: str, keys: Iterable[str]) -> list[Told]:
    return [_told(row._mapping) for row in rows_with(session, model, column, keys)]


def _grouped(session: Session, model: type[SQLModel], column: str, keys: Iterable[str]) -> dict[str, list[Told]]:
    found: dict[str, list[Told]] = {}
    for row in _rows(session, model, column, keys):
        found.setdefault(row[column], []).append(row)
    return found


def _with(rows: Iterable[Told], **groups: Mapping[str, list[Told]]) -> list[Told]:
    return [{**row, **{name: group.get(row["id"], []) for name, group in groups.items()}} for row in rows]


def _history(session: Session, ids: Iterable[str]) -> list[Told]:
    """What was done, and when; not by whom: they are persons, too."""
    table, wanted = table_of(AuditEntry), frozenset(ids)
    statement = (
        select(table.c.at, table.c.act, table.c.subject)
        .where(table.c.organization_id == organization_of(session))
        .order_by(table.c.id)
        .execution_options(yield_per=2_000)
    )
    found = (row for row in session.connection().execute(statement) if row.subject in wanted)
    return [
        {"at": to_iso(row.at), "act": row.act, "subject": row.subject}
        for row, _ in zip(found, range(MAX_HISTORY), strict=False)
    ]


def _told(values: Mapping[str, Any]) -> Told:
    return {name: _plain(value) for name, value in values.items() if name != "organization_id"}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return to_json(value) if isinstance(value, Decimal) else value
