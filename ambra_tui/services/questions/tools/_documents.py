"""What the tools of documents share: a document by its number, its states, its lines and their sums."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from ambra_tui.errors import NotFound
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.questions.tool import Row, number
from ambra_tui.services.questions.tools._shared import joined, own
from ambra_tui.store.models import Variant, table_of
from ambra_tui.store.scope import scoped


def in_state(column: Any, status: str | None, open_states: Sequence[str]) -> list[ColumnElement[bool]]:
    """The condition that documents have this status, `open` being several states; none without one."""
    if status is None:
        return []
    return [col(column).in_(open_states if status == "open" else (status,))]


def document_named(session: Session, model: Any, text: str, resource: str) -> Any:
    """The document with this number; typed small letters do too. Raises NotFound."""
    found = session.exec(scoped(session, model).where(col(model.number).in_({text, text.upper()}))).first()
    if found is None:
        raise NotFound(resource, text)
    return found


def with_line(
    session: Session, model: Any, lines: Any, document: str, variant: Variant | None
) -> list[ColumnElement[bool]]:
    """The condition that documents have a line of the variant; none without one."""
    if variant is None:
        return []
    with_it = select(getattr(lines, document)).where(own(session, lines), col(lines.variant_id) == variant.id)
    return [col(model.id).in_(with_it)]


def lines_of(session: Session, lines: Any, document: str, key: str, *columns: str) -> list[Row]:
    """One document's lines in their order, with these columns of quantities."""
    statement = (
        select(lines, Variant.sku, Variant.name)
        .join(Variant, joined(session, Variant, col(lines.variant_id)))
        .where(own(session, lines), own(session, Variant), col(getattr(lines, document)) == key)
        .order_by(col(lines.position))
    )
    return [
        {"sku": sku, "name": name, **{column: number(getattr(line, column)) for column in columns}}
        for line, sku, name in session.exec(statement)
    ]


def sums_of(
    session: Session, lines: Any, document: str, ids: Sequence[str], done: str, variant: Variant | None = None
) -> dict[str, tuple[Decimal, Decimal]]:
    """Each document's id -> what was asked for and what of it is done; of one variant when it is given."""
    if not ids:
        return {}
    table = table_of(lines)
    quantity, finished = (func.sum(table.c[name], type_=table.c[name].type) for name in ("quantity", done))
    matching = [own(session, lines), table.c[document].in_(list(ids))]
    if variant is not None:
        matching.append(table.c.variant_id == variant.id)
    statement = select(table.c[document], quantity, finished).where(*matching).group_by(table.c[document])
    found = {row[0]: (row[1], row[2]) for row in session.connection().execute(statement)}
    return {key: found.get(key, (ZERO, ZERO)) for key in ids}
