"""Set-based statements of the imports: many rows asked for or added by one statement.

Example::

    known = existing(session, Variant, "sku", ["MILK-1L", "BOLT-M8"])   # {'MILK-1L': <row>}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, insert, select
from sqlmodel import Session, SQLModel

from ambra_tui.services.search import tokens
from ambra_tui.store.models import SearchToken, table_of
from ambra_tui.store.scope import organization_of


def existing(session: Session, model: type[SQLModel], column: str, values: Iterable[str]) -> dict[str, Row[Any]]:
    """The organization's rows whose `column` holds one of `values`, by that value."""
    wanted = sorted(set(values))
    if not wanted:
        return {}
    table = table_of(model)
    statement = select(table).where(table.c.organization_id == organization_of(session), table.c[column].in_(wanted))
    return {getattr(row, column): row for row in session.connection().execute(statement)}


def add_rows(session: Session, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows`, which all name the same columns, `organization_id` among them."""
    if rows:
        session.connection().execute(insert(table_of(model)), rows)


def as_row(record: SQLModel) -> dict[str, Any]:
    """The columns of an unsaved model object."""
    return {column.name: getattr(record, column.name) for column in table_of(type(record)).columns}


def token_rows(organization_id: int, kind: str, subject_id: str, *texts: str) -> list[dict[str, Any]]:
    """The search tokens of a new subject, as rows."""
    return [
        {"organization_id": organization_id, "kind": kind, "token": token, "subject_id": subject_id}
        for token in tokens(*texts)
    ]


def add_tokens(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert search tokens in key order."""
    add_rows(session, SearchToken, sorted(rows, key=lambda row: (row["token"], row["subject_id"])))
