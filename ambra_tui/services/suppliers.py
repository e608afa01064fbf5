"""Suppliers: who brings what purchase orders ask for.

Example::

    supplier = create_supplier(session, name="Dairy North", code="DAIRY")
    find_supplier(session, "DAIRY")
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from ambra_tui.errors import Duplicate, Invalid
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.removals import archive, counting, let_go, refuse_use
from ambra_tui.services.search import index_subject, reindex_subject
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import PurchaseOrder, Supplier, VariantSupplier, table_of
from ambra_tui.store.scope import now_of, organization_of, scoped

MAX_CODE = 40
MAX_PHONE = 60
MAX_LEAD_TIME_DAYS = 3650
SUPPLIER_STATES = ("active", "inactive")
_OPEN = ("draft", "ordered", "partially_received")


def create_supplier(
    session: Session,
    *,
    name: str,
    code: str = "",
    email: str = "",
    phone: str = "",
    lead_time_days: int | None = None,
    status: str = "active",
) -> Supplier:
    """A vendor. `code` may be left out; when given, no other supplier has it."""
    now = now_of(session)
    supplier = Supplier(
        organization_id=organization_of(session), id=new_id("sup"), name="", created_at=now, updated_at=now
    )
    _set(supplier, name=name, code=code, email=email, phone=phone, lead_time_days=lead_time_days, status=status)
    _refuse_taken(session, supplier)
    session.add(supplier)
    session.flush()
    index_subject(session, "supplier", supplier.id, supplier.code, supplier.name)
    publish(session, "supplier_created", supplier.id, {"name": supplier.name})
    audit(session, "supplier_created", supplier.id, name=supplier.name)
    return supplier


def change_supplier(session: Session, supplier: Supplier, **values: Any) -> Supplier:
    """Changes what is given of name, code, email, phone, lead_time_days and status. Raises Invalid, Duplicate."""
    with session.no_autoflush:
        _set(supplier, **values)
        _refuse_taken(session, supplier)
    supplier.updated_at = now_of(session)
    session.add(supplier)
    session.flush()
    reindex_subject(session, "supplier", supplier.id, supplier.code, supplier.name)
    publish(session, "supplier_changed", supplier.id, {"name": supplier.name})
    audit(session, "supplier_changed", supplier.id, name=supplier.name, status=supplier.status)
    return supplier


def remove_supplier(session: Session, supplier: Supplier) -> None:
    """Deleted when nothing names it, else archived. Raises InUse while an open purchase order or a product does."""
    orders, brought = table_of(PurchaseOrder), table_of(VariantSupplier)
    remains = {
        "open purchase orders": counting(
            session, PurchaseOrder, orders.c.supplier_id == supplier.id, orders.c.status.in_(_OPEN)
        ),
        "products": counting(session, VariantSupplier, brought.c.supplier_id == supplier.id),
    }
    refuse_use(session, "supplier", supplier.code or supplier.name, remains)
    supplier_id, name = supplier.id, supplier.name
    if not let_go(session, supplier):
        archive(session, supplier, now_of(session))
    reindex_subject(session, "supplier", supplier_id)
    publish(session, "supplier_removed", supplier_id, {"name": name})
    audit(session, "supplier_removed", supplier_id, name=name)


def _set(supplier: Supplier, **values: Any) -> None:
    lead_time_days, status = values.get("lead_time_days"), values.get("status", "active")
    if lead_time_days is not None and not 0 <= lead_time_days <= MAX_LEAD_TIME_DAYS:
        raise Invalid(f"lead_time_days is between 0 and {MAX_LEAD_TIME_DAYS}", field="lead_time_days")
    if status not in SUPPLIER_STATES:
        raise Invalid(f"status is one of {', '.join(SUPPLIER_STATES)}", field="status")
    cleaned = {
        "name": partial(clean_line, field="name"),
        "code": partial(clean_line, field="code", max_length=MAX_CODE, required=False),
        "email": partial(clean_line, field="email", required=False),
        "phone": partial(clean_line, field="phone", max_length=MAX_PHONE, required=False),
    }
    for name, value in values.items():
        setattr(supplier, name, cleaned[name](value) if name in cleaned else value)


def _refuse_taken(session: Session, supplier: Supplier) -> None:
    taken = scoped(session, Supplier).where(Supplier.code == supplier.code, Supplier.id != supplier.id)
    if supplier.code and session.exec(taken).first() is not None:
        raise Duplicate("supplier", "code", supplier.code)


def find_supplier(session: Session, text: str) -> Supplier | None:
    """The supplier with the code `text`, else the oldest one of that name."""
    wanted = text.strip()
    if not wanted:
        return None
    by_code = session.exec(scoped(session, Supplier).where(Supplier.code == wanted)).first()
    if by_code is not None:
        return by_code
    by_name = (
        scoped(session, Supplier).where(Supplier.name == wanted).order_by(col(Supplier.created_at), col(Supplier.id))
    )
    return session.exec(by_name).first()


def list_suppliers(session: Session) -> SelectOfScalar[Supplier]:
    """The statement of all suppliers, newest first; the caller pages it."""
    return scoped(session, Supplier).order_by(col(Supplier.created_at).desc(), col(Supplier.id).desc())
