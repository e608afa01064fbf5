"""Suppliers: who brings what purchase orders ask for.

Example::

    POST /v1/suppliers    {"name": "Dairy North", "code": "DAIRY", "lead_time_days": 3}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.ambra._lists import Listed, Sort, SortedBy
from ambra_tui.api.editions.ambra._records import KEPT_STATES, STATES, changes, listing
from ambra_tui.api.fields import Blank, Body, Change, Code, Days, Identifier, Line, OneOf
from ambra_tui.errors import NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.services.suppliers import MAX_LEAD_TIME_DAYS, change_supplier, create_supplier, remove_supplier
from ambra_tui.store.models import Supplier
from ambra_tui.store.scope import fetch

catalogue = Catalogue(
    "Suppliers", about="Who brings what purchase orders ask for; a removed one stays in their history."
)
LeadTime = Annotated[Days, WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MAX_LEAD_TIME_DAYS})]
Status = Annotated[Identifier, OneOf(STATES)]


class SupplierView(TypedDict):
    """A vendor."""

    id: str
    code: str | None
    name: str
    email: str | None
    phone: str | None
    lead_time_days: int | None
    status: str
    created_at: str
    updated_at: str


class SupplierQuery(Listed):
    """Filters of suppliers. Archived ones are listed only when they are asked for."""

    search: Line | None = None
    status: Annotated[Identifier, OneOf(KEPT_STATES)] | None = None
    sort: Annotated[Sort, SortedBy("name", "code", "status", "created_at", "updated_at")] | None = None


class NewSupplier(Body):
    """A vendor, whole: what is left out is empty."""

    name: Line
    code: Code | None = None
    email: Blank | None = None
    phone: Blank | None = None
    lead_time_days: LeadTime | None = None
    status: Status = "active"


class SupplierChange(Change):
    """What is to change; what is left out stays."""

    name: Line = ""
    code: Code | None = None
    email: Blank | None = None
    phone: Blank | None = None
    lead_time_days: LeadTime | None = None
    status: Status = "active"


@catalogue.read(
    "/suppliers", SupplierQuery, scope="suppliers:read", operation_id="listSuppliers", is_list=True,
    summary="Suppliers, newest first", shape=SupplierView,
)  # fmt: skip
def list_suppliers(session: Session, _call: Call, query: SupplierQuery) -> Answer:
    """A page of suppliers."""
    rows, total = listing(session, Supplier, "supplier", query)
    return Answer([_view(row) for row in rows], total)


@catalogue.read(
    "/suppliers/{id}", Nothing, scope="suppliers:read", operation_id="getSupplier", summary="One supplier",
    shape=SupplierView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A supplier that is not archived."""
    return Answer(_view(_supplier(session, call)))


@catalogue.write(
    "POST", "/suppliers", NewSupplier, scope="suppliers:write", operation_id="createSupplier", status=201,
    summary="Add a supplier", shape=SupplierView,
    example={"name": "Dairy North", "code": "DAIRY", "email": "orders@dairy.example", "lead_time_days": 3},
)  # fmt: skip
def create(session: Session, call: Call, body: NewSupplier) -> Answer:
    """Makes the supplier."""
    supplier = create_supplier(session, **_whole(body))
    return Answer(_view(supplier), location=call.url(f"/suppliers/{supplier.id}"))


@catalogue.write(
    "PUT", "/suppliers/{id}", NewSupplier, scope="suppliers:write", current=get, operation_id="replaceSupplier",
    summary="Replace a supplier: what is left out is emptied", shape=SupplierView,
    example={"name": "Dairy North", "code": "DAIRY", "phone": "+49 30 1234"},
)  # fmt: skip
def replace(session: Session, call: Call, body: NewSupplier) -> Answer:
    """All of it is as told."""
    return Answer(_view(change_supplier(session, _supplier(session, call), **_whole(body))))


@catalogue.write(
    "PATCH", "/suppliers/{id}", SupplierChange, scope="suppliers:write", current=get, operation_id="updateSupplier",
    summary="Change a supplier", shape=SupplierView, example={"lead_time_days": 5},
)  # fmt: skip
def update(session: Session, call: Call, body: SupplierChange) -> Answer:
    """What is left out stays."""
    return Answer(_view(change_supplier(session, _supplier(session, call), **changes(body, "code", "email", "phone"))))


@catalogue.write(
    "DELETE", "/suppliers/{id}", Nothing, scope="suppliers:delete", current=get, operation_id="deleteSupplier",
    status=204, summary="Remove a supplier that no open purchase order and no product names", shape=None,
)  # fmt: skip
def delete(session: Session, call: Call, _body: object) -> Answer:
    """Archived where history names it."""
    remove_supplier(session, _supplier(session, call))
    return Answer(None)


def _supplier(session: Session, call: Call) -> Supplier:
    supplier = fetch(session, Supplier, call.path["id"], resource="supplier")
    if supplier.status == "archived":
        raise NotFound("supplier", supplier.id)
    return supplier


def _whole(body: NewSupplier) -> dict[str, Any]:
    return {
        "name": body.name,
        "code": body.code or "",
        "email": body.email or "",
        "phone": body.phone or "",
        "lead_time_days": body.lead_time_days,
        "status": body.status,
    }


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
