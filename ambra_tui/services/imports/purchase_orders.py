"""Imports purchase orders: a row a line; rows of one number are one order, taken wholly or not at all.

A number that exists with the same lines changes nothing. A supplier that is not known is made.

Example::

    number,supplier,site,sku,quantity,unit_cost,expected
    PO-1001,Dairy North,WH1,MILK-1L,120,0.62,2026-03-05
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.services import purchasing, suppliers
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

UNKNOWN_SUPPLIER = "Unknown supplier"
FIELDS = (
    Field(
        "number",
        "the order's number, kept",
        ("po_number", "order_number", "purchase_order", "purchase_order_id"),
        is_required=True,
    ),
    Field("supplier", "the supplier's code or name; made when it is new", ("vendor", "supplier_name", "vendor_id")),
    Field("site", "the code of the site that receives (the only one)", ("warehouse", "site_code")),
    Field("sku", "the variant's SKU", SKU_ALIASES),
    Field("barcode", "a code of the variant, where there is no SKU; a case code counts cases", BARCODE_ALIASES),
    Field("quantity", "units ordered", ("order_qty", "ordered", "qty"), is_required=True),
    Field("unit_cost", "cost of a unit", ("unit_price", "cost")),
    Field("currency", "of the cost (the organization's)"),
    Field("expected", "when it is expected", ("expected_on", "due_date", "expected_date")),
    Field("tolerance_percent", "how much more than ordered may come", ("tolerance",)),
    Field("notes", "a note", ("note", "comment")),
)


def _checked(record: Record, currency: str) -> Line:
    return checked_line(
        record,
        party="supplier",
        day="expected",
        amount=_values.unit_cost(record, "unit_cost", currency),
        tolerance=_values.number(record, "tolerance_percent"),
    )


def _known_lines(session: Session, number: str) -> list[tuple[str, Decimal]] | None:
    order = purchasing.find_purchase_order(session, number)
    if order is None:
        return None
    return [(line.variant_id, line.quantity) for line in purchasing.lines_of(session, order.id)]


def _create(session: Session, document: Sequence[Line], found: Documents) -> None:
    name = agreed(document, "party", word="supplier") or UNKNOWN_SUPPLIER
    supplier = suppliers.find_supplier(session, name) or suppliers.create_supplier(session, name=name)
    lines = []
    for row in document:
        variant_id, quantity = found.item(row)
        # A cost is of what the row counts: of a case, where the row names a case's code.
        cost = None if row.amount is None else int(row.amount * row.quantity / quantity)
        lines.append(
            purchasing.NewPurchaseLine(
                variant_id=variant_id, quantity=quantity, unit_cost=cost, tolerance_percent=row.tolerance
            )
        )
    days = [row.day for row in document if row.day is not None]
    agreed(document, "site")
    purchasing.create_purchase_order(
        session,
        supplier_id=supplier.id,
        site_id=found.site_id(document[0]),
        lines=lines,
        number=document[0].number,
        currency=agreed(document, "currency"),
        expected_on=max(days, default=None),
        notes=agreed(document, "notes") or "",
    )


def _run(circumstances: Circumstances) -> DocumentImport:
    return DocumentImport(circumstances.currency, _checked, _known_lines, _create)


IMPORT = ImportKind(
    name="purchase-orders",
    help="orders at suppliers, to be received",
    fields=FIELDS,
    make=_run,
    subject=("number", "sku", "barcode"),
    group_by="number",
)
