"""Suppliers.

Example::

    POST /api/v1/suppliers    {"supplier": {"name": "Dairy North", "email": "orders@dairy.example"}}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.views import SupplierView
from ambra_tui.api.fields import Blank, Body, Code, Days, Line
from ambra_tui.api.paging import Paging
from ambra_tui.kit.clock import to_iso
from ambra_tui.services.stock_views import page_of_ids, rows_by_id, the_one
from ambra_tui.services.suppliers import MAX_LEAD_TIME_DAYS, create_supplier
from ambra_tui.store.models import Supplier

catalogue = Catalogue("Suppliers")
LeadTime = Annotated[Days, WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MAX_LEAD_TIME_DAYS})]


class NewSupplier(Body):
    """A vendor."""

    name: Line
    code: Code | None = None
    email: Blank = ""
    phone: Blank = ""
    lead_time_days: LeadTime | None = None


@catalogue.read(
    "/suppliers", Paging, scope="suppliers:read", operation_id="listSuppliers", is_list=True,
    summary="Vendors and suppliers, newest first", shape=SupplierView,
)  # fmt: skip
def list_suppliers(session: Session, _call: Call, query: Paging) -> Answer:
    """A page of suppliers."""
    ids, total = page_of_ids(session, Supplier, {}, offset=query.offset, limit=query.per_page)
    return Answer([_view(row) for row in rows_by_id(session, Supplier, ids)], total)


@catalogue.read(
    "/suppliers/{id}", Nothing, scope="suppliers:read", operation_id="getSupplier", summary="One supplier",
    shape=SupplierView,
)  # fmt: skip
def get(session: Session, call: Call, _query: Nothing) -> Answer:
    """A supplier."""
    return Answer(_supplier(session, call.path["id"]))


@catalogue.write(
    "POST", "/suppliers", NewSupplier, scope="suppliers:write", operation_id="createSupplier", status=201,
    wrapper="supplier", summary="Add a supplier", shape=SupplierView,
    example={"supplier": {"name": "Dairy North", "email": "orders@dairy.example", "lead_time_days": 3}},
)  # fmt: skip
def create(session: Session, call: Call, body: NewSupplier) -> Answer:
    """Makes the supplier."""
    supplier = create_supplier(
        session,
        name=body.name,
        code=body.code or "",
        email=body.email,
        phone=body.phone,
        lead_time_days=body.lead_time_days,
    )
    return Answer(_supplier(session, supplier.id), location=call.url(f"/suppliers/{supplier.id}"))


def _supplier(session: Session, supplier_id: str) -> SupplierView:
    return _view(the_one(rows_by_id(session, Supplier, [supplier_id]), "supplier", supplier_id))


def _view(row: Any) -> SupplierView:
    return {
        "id": row.id,
        "code": row.code or None,
        "name": row.name,
        "email": row.email or None,
        "phone": row.phone or None,
        "lead_time_days": row.lead_time_days,
        "status": row.status,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }
