"""What records with a status share: their lists, and bodies that change a part of one.

Example::

    rows, total = listing(session, Supplier, "supplier", query)
    change_supplier(session, supplier, **changes(body, "code", "email"))
"""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Row
from sqlmodel import Session, SQLModel

from ambra_tui.api.editions.ambra._lists import Sort
from ambra_tui.services.listing import page_of
from ambra_tui.services.search import is_like
from ambra_tui.store.models import table_of

STATES = ("active", "inactive")
KEPT_STATES = (*STATES, "archived")


class RecordQuery(Protocol):
    """Filters that such lists have."""

    @property
    def offset(self) -> int: ...
    @property
    def per_page(self) -> int: ...
    @property
    def created_after(self) -> Any: ...
    @property
    def updated_after(self) -> Any: ...
    @property
    def search(self) -> str | None: ...
    @property
    def status(self) -> str | None: ...
    @property
    def sort(self) -> Sort | None: ...


def listing(
    session: Session, model: type[SQLModel], kind: str, query: RecordQuery, *matching: ColumnElement[bool]
) -> tuple[list[Row[Any]], int]:
    """A page of rows, and how many match; archived ones only when they are asked for. `kind`: what search knows
    them as."""
    own = table_of(model).c
    conditions = [*matching, own.status != "archived" if query.status is None else own.status == query.status]
    if query.search is not None:
        conditions.append(is_like(session, kind, query.search, own.id))
    if query.created_after is not None:
        conditions.append(own.created_at >= query.created_after)
    if query.updated_after is not None:
        conditions.append(own.updated_at >= query.updated_after)
    return page_of(
        session, model, *conditions, order=query.sort or (), offset=query.offset, limit=query.per_page
    )  # fmt: skip


def changes(body: BaseModel, *texts: str) -> dict[str, Any]:
    """What a body names, by name; of `texts` null is empty."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    return {name: "" if value is None and name in texts else value for name, value in given.items()}
