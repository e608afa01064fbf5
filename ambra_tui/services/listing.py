"""Pages of a table by any conditions and any order: the ids of the page first, then its rows.

Example::

    rows, total = page_of(session, Supplier, table.c.status == "active", order=(("name", False),), offset=0, limit=25)
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, String, collate, func, select
from sqlmodel import Session, SQLModel

from ambra_tui.store.models import table_of
from ambra_tui.store.scope import organization_of

Order = tuple[tuple[str, bool], ...]
"""Columns to sort by, each with whether it descends."""


def page_of(
    session: Session,
    model: type[SQLModel],
    *matching: ColumnElement[bool],
    order: Order = (),
    offset: int,
    limit: int,
) -> tuple[list[Row[Any]], int]:
    """Core rows of one page, newest first without an `order`, and how many rows match in all.

    Conditions are on the columns of `table_of(model)`; ids rise with time and decide between equals, the newest first.
    """
    table = table_of(model)
    own = table.c.organization_id == organization_of(session)
    session.flush()
    connection = session.connection()
    total = connection.execute(select(func.count()).select_from(table).where(own, *matching)).scalar_one()
    if offset >= total:
        return [], total
    terms = [_term(connection.dialect.name, table.c[name], descends) for name, descends in order]
    page = select(table.c.id).where(own, *matching).order_by(*terms, table.c.id.desc()).offset(offset).limit(limit)
    ids = list(connection.execute(page).scalars())
    rows = {row.id: row for row in connection.execute(select(table).where(own, table.c.id.in_(ids)))}
    return [rows[row_id] for row_id in ids], total


def folded(dialect: str, column: ColumnElement[str]) -> ColumnElement[str]:
    """Text in an order that both databases agree on: by code points, capitals among the small letters."""
    return func.lower(collate(column, "C") if dialect == "postgresql" else column)


def _term(dialect: str, column: ColumnElement[Any], descends: bool) -> ColumnElement[Any]:
    term = folded(dialect, column) if isinstance(column.type, String) else column
    return (term.desc() if descends else term.asc()).nulls_last()
