"""Suppliers: who brings what purchase orders ask for.

Example::

    supplier = create_supplier(session, name="Dairy North", code="DAIRY")
    find_supplier(session, "DAIRY")
"""

from __future__ import annotations

from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from ambra_tui.errors import Duplicate, Invalid
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.search import index_subject
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Supplier
from ambra_tui.store.scope import now_of, organization_of, scoped

MAX_CODE = 40
MAX_PHONE = 60
MAX_LEAD_TIME_DAYS = 3650


def create_supplier(
    session: Session,
    *,
    name: str,
    code: str = "",
    email: str = "",
    phone: str = "",
    lead_time_days: int | None = None,
) -> Supplier:
    """A vendor. `code` may be left out; when given, no other supplier has it."""
    if lead_time_days is not None and not 0 <= lead_time_days <= MAX_LEAD_TIME_DAYS:
        raise Invalid(f"lead_time_days is between 0 and {MAX_LEAD_TIME_DAYS}", field="lead_time_days")
    now = now_of(session)
    supplier = Supplier(
        organization_id=organization_of(session),
        id=new_id("sup"),
        code=clean_line(code, field="code", max_length=MAX_CODE, required=False),
        name=clean_line(name, field="name"),
        email=clean_line(email, field="email", required=False),
        phone=clean_line(phone, field="phone", max_length=MAX_PHONE, required=False),
        lead_time_days=lead_time_days,
        created_at=now,
        updated_at=now,
    )
    if supplier.code and session.exec(scoped(session, Supplier).where(Supplier.code == supplier.code)).first():
        raise Duplicate("supplier", "code", supplier.code)
    session.add(supplier)
    session.flush()
    index_subject(session, "supplier", supplier.id, supplier.code, supplier.name)
    publish(session, "supplier_created", supplier.id, {"name": supplier.name})
    audit(session, "supplier_created", supplier.id, name=supplier.name)
    return supplier


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
