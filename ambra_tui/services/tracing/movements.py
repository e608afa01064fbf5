"""Every move of a lot, newest first, with the places and the document; a page costs the same however many there are.

Example::

    moves, total = movements_of(session, lot.id, offset=0, limit=25)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.stock_views import own
from ambra_tui.services.tracing.stock import EMPTY
from ambra_tui.services.tracing.terms import Document, LotMove, Place, chunks
from ambra_tui.store.models import (
    ApiKey,
    Location,
    ReturnAuthorization,
    SalesOrder,
    Site,
    StockMove,
    User,
    metadata,
    table_of,
)
from ambra_tui.store.scope import organization_of

_move, _order, _return = (table_of(model) for model in (StockMove, SalesOrder, ReturnAuthorization))
_OF_LOT = (_move.c.organization_id == own(), _move.c.lot_id == bindparam("lot_id"), _move.c.lot_id != EMPTY)


def _page() -> Select[Any]:
    """The moves of these numbers, with names; told one by one, so that no plan reads more of them."""
    source, destination = (table_of(Location).alias(name) for name in ("source", "destination"))
    from_site, to_site = (table_of(Site).alias(name) for name in ("from_site", "to_site"))
    user, key = table_of(User), table_of(ApiKey)

    def same(table: Any, column: Any) -> Any:
        return and_(table.c.organization_id == own(), table.c.id == column)

    return (
        select(
            _move,
            source.c.code.label("source_code"),
            source.c.kind.label("source_kind"),
            source.c.usage.label("source_usage"),
            destination.c.code.label("destination_code"),
            destination.c.kind.label("destination_kind"),
            destination.c.usage.label("destination_usage"),
            from_site.c.code.label("source_site_code"),
            to_site.c.code.label("destination_site_code"),
            func.coalesce(user.c.name, key.c.label, "").label("actor_name"),
        )
        .select_from(_move)
        .join(source, same(source, _move.c.source_id))
        .join(destination, same(destination, _move.c.destination_id))
        .outerjoin(from_site, same(from_site, _move.c.source_site_id))
        .outerjoin(to_site, same(to_site, _move.c.destination_site_id))
        .outerjoin(user, same(user, _move.c.actor_id))
        .outerjoin(key, same(key, _move.c.actor_id))
        .where(_move.c.organization_id == own(), _move.c.sequence.in_(bindparam("sequences", expanding=True)))
        .order_by(_move.c.sequence.desc())
    )


_TOTAL = select(func.count()).select_from(_move).where(*_OF_LOT)
_NEWEST = (
    select(_move.c.sequence)
    .where(*_OF_LOT)
    .order_by(_move.c.sequence.desc())
    .offset(bindparam("p_offset"))
    .limit(bindparam("p_limit"))
)
_PAGE = _page()


def movements_of(session: Session, lot_id: str, *, offset: int, limit: int) -> tuple[list[LotMove], int]:
    """A page of a lot's moves, newest first, and how many there are."""
    connection = session.connection()
    named = {"organization_id": organization_of(session), "lot_id": lot_id}
    total = int(connection.execute(_TOTAL, named).scalar_one())
    if offset >= total:
        return [], total
    sequences = list(connection.execute(_NEWEST, {**named, "p_offset": offset, "p_limit": limit}).scalars())
    rows = connection.execute(_PAGE, {"organization_id": named["organization_id"], "sequences": sequences}).all()
    documents = documents_of(session, {(row.origin_kind, row.origin_id) for row in rows})
    return [_told(row, documents) for row in rows], total


def _told(row: Any, documents: Mapping[tuple[str, str], Document]) -> LotMove:
    change, site_id = _change(row)
    return LotMove(
        sequence=row.sequence, id=row.id, kind=row.kind, quantity=row.quantity, change=change, site_id=site_id,
        source=_place(row, "source"), destination=_place(row, "destination"), serial=row.serial, reason=row.reason,
        note=row.note, reverses_id=row.reverses_id, document=documents.get((row.origin_kind, row.origin_id)),
        actor_id=row.actor_id, actor_name=row.actor_name, station=row.station, occurred_at=row.occurred_at,
        posted_at=row.posted_at,
    )  # fmt: skip


def _change(row: Any) -> tuple[Decimal, str]:
    """What a move did to the stock of which site: nothing when it stayed there."""
    if row.source_site_id and row.source_site_id == row.destination_site_id:
        return ZERO, row.source_site_id
    if row.destination_site_id:
        return row.quantity, row.destination_site_id
    return -row.quantity, row.source_site_id


def _place(row: Any, side: str) -> Place:
    named = row._mapping
    is_inside = named[f"{side}_usage"] == "internal"
    return Place(
        id=named[f"{side}_id"],
        code=named[f"{side}_code"],
        kind=named[f"{side}_kind"] if is_inside else named[f"{side}_usage"],
        site_id=named[f"{side}_site_id"],
        site_code=named[f"{side}_site_code"] or "",
    )


def documents_of(session: Session, origins: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Document]:
    """(kind, id) -> the document, with its number where its kind has one and its customer where it has one."""
    by_kind: dict[str, set[str]] = {}
    for kind, document_id in origins:
        if document_id:
            by_kind.setdefault(kind, set()).add(document_id)
    found: dict[tuple[str, str], Document] = {}
    for kind, ids in by_kind.items():
        told = {row.id: row for part in chunks(sorted(ids)) for row in _documents(session, kind, part)}
        for document_id in ids:
            row = told.get(document_id)
            customer = row.customer if row is not None and "customer" in row._fields else None
            found[kind, document_id] = Document(kind, document_id, row.number if row is not None else "", customer)
    return found


def _documents(session: Session, kind: str, ids: Sequence[str]) -> Sequence[Any]:
    table = metadata.tables.get(kind)
    if table is None or "number" not in table.c:
        return ()
    columns = [table.c.id, table.c.number]
    statement = select(*columns).where(table.c.organization_id == own(), table.c.id.in_(ids))
    if kind == _order.name:
        statement = statement.add_columns(_order.c.customer)
    if kind == _return.name:
        joined = and_(_order.c.organization_id == own(), _order.c.id == _return.c.order_id)
        statement = statement.add_columns(_order.c.customer).join(_order, joined)
    return session.connection().execute(statement, {"organization_id": organization_of(session)}).all()
