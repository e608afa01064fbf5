"""Taking away what is no longer needed: deleted when nothing refers to it, else archived.

What still holds stock, stands above something, or is named by an open document stays; every reason is told at once.

Example::

    refuse_use(session, "supplier", "DAIRY", {"open purchase orders": counting(PurchaseOrder, ...)})
    let_go(session, supplier)      # True: deleted; False: history refers to it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from ambra_tui.errors import InUse
from ambra_tui.store.models import table_of
from ambra_tui.store.scope import organization_of

ARCHIVED = "archived"
Remains = Mapping[str, ScalarSelect[int]]


def counting(session: Session, model: type[SQLModel], *matching: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many rows of the organization match."""
    table = table_of(model)
    own = table.c.organization_id == organization_of(session)
    return select(func.count()).select_from(table).where(own, *matching).scalar_subquery()


def refuse_use(session: Session, resource: str, key: str, remains: Remains, *, step: str = "remove") -> None:
    """Raises InUse with everything that remains."""
    session.flush()
    counts = session.connection().execute(select(*remains.values())).one()
    if any(counts):
        raise InUse(resource, key, dict(zip(remains, counts, strict=True)), step=step)


def let_go(session: Session, row: SQLModel, *others: SQLModel) -> bool:
    """Deletes a row, `others` before it, unless something refers to one of them; True when they are gone."""
    gone = [*others, row]
    session.flush()
    try:
        with session.begin_nested():
            for each in gone:
                table = table_of(type(each))
                session.connection().execute(
                    delete(table).where(*(table.c[key.name] == getattr(each, key.name) for key in table.primary_key))
                )
    except IntegrityError:
        return False
    for each in gone:
        session.expunge(each)
    return True


def archive(session: Session, row: Any, now: Any) -> None:
    """Keeps a row for what refers to it, out of use."""
    row.status, row.updated_at = ARCHIVED, now
    session.add(row)
    session.flush()
