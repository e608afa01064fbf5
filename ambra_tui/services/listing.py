"""Pages of a table by any conditions and any order: the ids of the page first, then its rows.

Example::

    rows, total = page_of(session, Supplier, table.c.status == "active", order=(("name", False),), offset=0, limit=25)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, String, Table, and_, collate, false, func, literal, or_, select
from sqlmodel import AutoString, Session, SQLModel

from ambra_tui.store.models import table_of
from ambra_tui.store.scope import organization_of

Order = tuple[tuple[str, bool], ...]
"""Columns to sort by, each with whether it descends."""


Terms = Mapping[str, ColumnElement[Any]]
_NO_TERMS: Terms = {}


class Place(NamedTuple):
    """A row in a list: what it is sorted by (None without a value, and where nothing but the id sorts) and its id."""

    value: Any
    id: str


def page_of(
    session: Session,
    model: type[SQLModel],
    *matching: ColumnElement[bool],
    order: Order = (),
    terms: Terms = _NO_TERMS,
    offset: int,
    limit: int,
) -> tuple[list[Row[Any]], int]:
    """Core rows of one page, newest first without an `order`, and how many rows match in all.

    Conditions are on the columns of `table_of(model)`; ids rise with time and decide between equals, the newest first.
    `terms`: what can be sorted by that is no column; the rows have it beside theirs.
    """
    table = table_of(model)
    own = table.c.organization_id == organization_of(session)
    session.flush()
    connection = session.connection()
    total = connection.execute(select(func.count()).select_from(table).where(own, *matching)).scalar_one()
    if offset >= total:
        return [], total
    sorted_by = [_term(connection.dialect.name, _named(table, terms, name), descends) for name, descends in order]
    page = select(table.c.id).where(own, *matching).order_by(*sorted_by, table.c.id.desc()).offset(offset).limit(limit)
    ids = list(connection.execute(page).scalars())
    whole = select(table, *_labelled(terms, order)).where(own, table.c.id.in_(ids))
    rows = {row.id: row for row in connection.execute(whole)}
    return [rows[row_id] for row_id in ids], total


def page_behind(
    session: Session,
    model: type[SQLModel],
    *matching: ColumnElement[bool],
    order: Order = (),
    terms: Terms = _NO_TERMS,
    behind: Place | None,
    limit: int,
) -> list[Row[Any]]:
    """As `page_of`, by at most one column: the rows that come after a place, however far on that is, uncounted."""
    table = table_of(model)
    session.flush()
    connection = session.connection()
    statement = select(table, *_labelled(terms, order))
    statement = statement.where(table.c.organization_id == organization_of(session), *matching)
    columns = [(_named(table, terms, name), descends) for name, descends in order]
    assert len(columns) <= 1, "a place in a list is told by one column and the id"
    if behind is not None:
        after_id = table.c.id < behind.id
        for column, descends in columns:
            after_id = _after(connection.dialect.name, column, descends, behind.value, after_id)
        statement = statement.where(after_id)
    ordered = [_term(connection.dialect.name, column, descends) for column, descends in columns]
    return list(connection.execute(statement.order_by(*ordered, table.c.id.desc()).limit(limit)))


def _named(table: Table, terms: Terms, name: str) -> ColumnElement[Any]:
    return terms[name] if name in terms else table.c[name]


def _labelled(terms: Terms, order: Order) -> list[ColumnElement[Any]]:
    return [terms[name].label(name) for name, _ in order if name in terms]


def _after(
    dialect: str, column: ColumnElement[Any], descends: bool, value: Any, after_id: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Rows without a value come last, whichever way the others are sorted."""
    if value is None:
        return and_(column.is_(None), after_id)
    term: ColumnElement[Any] = column
    bound: ColumnElement[Any] = literal(value, column.type)
    if _is_text(column):
        term, bound = folded(dialect, term), folded(dialect, bound)
    # Said twice: an index is entered at `<=`, which the rest alone does not tell.
    reached, passed = (term <= bound, term < bound) if descends else (term >= bound, term > bound)
    following = and_(reached, or_(passed, and_(term == bound, after_id)))
    return or_(following, column.is_(None) if getattr(column, "nullable", True) else false())


def folded(dialect: str, column: ColumnElement[str]) -> ColumnElement[str]:
    """Text in an order that both databases agree on: by code points, capitals among the small letters."""
    return func.lower(collate(column, "C") if dialect == "postgresql" else column)


def _is_text(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, String | AutoString)


def _term(dialect: str, column: ColumnElement[Any], descends: bool) -> ColumnElement[Any]:
    term = folded(dialect, column) if _is_text(column) else column
    return (term.desc() if descends else term.asc()).nulls_last()
