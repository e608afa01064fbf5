"""Movements as they are read: documents of `movements`, and what else of the ledger changed what a site holds.

What a document posted is told by the document alone. Moves between bins of one site change nothing that a site holds
and stand here only when a document asked for them.

Example::

    rows, total = movements_page(session, {"site_id": site.id, "status": "pending"}, offset=0, limit=25)
    movement_of(session, rows[0].id)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, or_, select, union_all
from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import MoveKind
from ambra_tui.services.listing import Order
from ambra_tui.services.movements import DOCUMENT
from ambra_tui.services.site_activity import ADJUSTMENT, TYPE_OF_KIND, kinds_of
from ambra_tui.store.models import Lot, MovementDocument, StockMove, Variant, table_of
from ambra_tui.store.scope import organization_of

Filters = Mapping[str, Any]
"""product_id, sku, site_id, place_id (a location or a site), type, status, created_after, updated_after; None filters
nothing."""
SORTS = ("created_at", "completed_at", "type", "status", "quantity")
COMPLETED = "completed"
_document, _move, _variant, _lot = (table_of(model) for model in (MovementDocument, StockMove, Variant, Lot))


class MovementRow(NamedTuple):
    """One movement. Empty text: unspecified. `quantity`: above zero, of an adjustment signed. `reference_kind`: what
    kind of document a move of the ledger belongs to, whose id is its `reference`. `unit_cost`: ten-thousandths of the
    minor unit."""

    id: str
    type: str
    status: str
    product_id: str
    variant_id: str
    sku: str
    quantity: Decimal
    site_id: str
    location_id: str
    to_site_id: str
    to_location_id: str
    lot_number: str
    serial: str
    unit_cost: int | None
    reference: str
    reference_kind: str
    reason: str
    note: str
    cancel_reason: str
    balance_before: Decimal | None
    balance_after: Decimal | None
    actor_id: str
    occurred_at: datetime
    created_at: datetime
    completed_at: datetime | None
    cancelled_at: datetime | None
    updated_at: datetime


def document_row(values: Mapping[str, Any], product_id: str, sku: str) -> MovementRow:
    """The row of a document with these columns."""
    named = {name: values[name] for name in MovementRow._fields if name in values}
    named |= {"product_id": product_id, "sku": sku, "reference_kind": ""}
    return MovementRow(**{**named, "occurred_at": values["occurred_at"] or values["created_at"]})


def movement_of(session: Session, movement_id: str) -> MovementRow | None:
    """The document with this id, else the move of the ledger; None for what is neither."""
    return next(iter(_documents(session, [movement_id])), None) or next(
        iter(_moves(session, _move.c.id == movement_id)), None
    )


# --- pages ----------------------------------------------------------------------------------------------------------


def movements_page(
    session: Session, filters: Filters, *, order: Order = (), offset: int, limit: int
) -> tuple[list[MovementRow], int]:
    """One page in the order of record, newest first, or sorted by some of `SORTS`; and how many match in all."""
    asked = {name: value for name, value in filters.items() if value is not None}
    organization_id = organization_of(session)
    matching = [_document.c.organization_id == organization_id, *_document_conditions(organization_id, asked)]
    moved = [*_ledger(organization_id), *_move_conditions(organization_id, asked)]
    connection = session.connection()
    counts = (
        select(func.count()).select_from(table).where(*conditions).scalar_subquery()
        for table, conditions in ((_document, matching), (_move, moved))
    )
    total = sum(connection.execute(select(*counts)).one())
    if offset >= total:
        return [], total
    keys = connection.execute(_page(matching, moved, order, offset=offset, limit=limit)).all()
    return _in_order(session, keys), total


def _page(
    documents: Sequence[ColumnElement[bool]],
    moves: Sequence[ColumnElement[bool]],
    order: Order,
    *,
    offset: int,
    limit: int,
) -> Select[Any]:
    """The keys of a page. In the order of record no side has to give more rows than the page reaches down."""
    sides = [select(*_document_keys()).where(*documents), select(*_move_keys()).where(*moves)]
    is_of_record = not order or order[0][0] == "created_at"
    if is_of_record:
        is_newest_first = not order or order[0][1]
        sides = [_first(side, offset + limit, is_newest_first) for side in sides]
    found = union_all(*sides).subquery()
    terms = [(found.c[_SORTED_BY.get(name, name)], descends) for name, descends in order]
    is_rising = is_of_record and bool(order) and not order[0][1]
    ties = (found.c.position, found.c.is_document, found.c.id)
    terms += [(column, not is_rising) for column in ties]
    ordered = [column.desc() if descends else column.asc() for column, descends in terms]
    return select(found.c.is_document, found.c.id).order_by(*ordered).offset(offset).limit(limit)


_SORTED_BY = {"created_at": "position"}


def _first(side: Select[Any], count: int, is_newest_first: bool) -> Select[Any]:
    inner = side.selected_columns
    ordered = [column.desc() if is_newest_first else column.asc() for column in (inner["position"], inner["id"])]
    return select(side.order_by(*ordered).limit(count).subquery())


def _document_keys() -> list[ColumnElement[Any]]:
    own = _document.c
    return [
        literal(1).label("is_document"), own.position.label("position"), own.id.label("id"), own.type.label("type"),
        own.status.label("status"), own.quantity.label("quantity"), own.completed_at.label("completed_at"),
    ]  # fmt: skip


def _move_keys() -> list[ColumnElement[Any]]:
    own = _move.c
    types = case({kind.value: name for kind, name in TYPE_OF_KIND.items()}, value=own.kind)
    is_loss = and_(own.kind.in_(kinds_of(ADJUSTMENT)), own.destination_site_id == "")
    return [
        literal(0).label("is_document"), own.sequence.label("position"), own.id.label("id"), types.label("type"),
        literal(COMPLETED).label("status"), case((is_loss, -own.quantity), else_=own.quantity).label("quantity"),
        own.posted_at.label("completed_at"),
    ]  # fmt: skip


def _ledger(organization_id: int) -> list[ColumnElement[bool]]:
    """Moves that change what a site holds and belong to no document of ours."""
    return [
        _move.c.organization_id == organization_id,
        _move.c.source_site_id != _move.c.destination_site_id,
        _move.c.origin_kind != DOCUMENT,
    ]


def _variants_of(organization_id: int, asked: Filters) -> Select[Any] | None:
    wanted = {name: asked[name] for name in ("product_id", "sku") if name in asked}
    if not wanted:
        return None
    conditions = [_variant.c[name] == value for name, value in wanted.items()]
    return select(_variant.c.id).where(_variant.c.organization_id == organization_id, *conditions)


def _anywhere(
    asked: Filters, sites: Sequence[ColumnElement[str]], places: Sequence[ColumnElement[str]]
) -> list[ColumnElement[bool]]:
    """A movement is of a place when it comes from there or goes there."""
    ends = {"site_id": sites, "place_id": (*places, *sites)}
    return [or_(*(end == asked[name] for end in ends[name])) for name in ends if name in asked]


def _document_conditions(organization_id: int, asked: Filters) -> list[ColumnElement[bool]]:
    own = _document.c
    found: list[ColumnElement[bool]] = []
    variants = _variants_of(organization_id, asked)
    if variants is not None:
        found.append(own.variant_id.in_(variants))
    sites, places = (own.site_id, own.to_site_id), (own.location_id, own.to_location_id)
    found += _anywhere(asked, sites, places)
    found += [own[name] == asked[name] for name in ("type", "status") if name in asked]
    found += [
        own[column] >= asked[name]
        for name, column in (("created_after", "created_at"), ("updated_after", "updated_at"))
        if name in asked
    ]
    return found


def _move_conditions(organization_id: int, asked: Filters) -> list[ColumnElement[bool]]:
    own = _move.c
    found: list[ColumnElement[bool]] = []
    variants = _variants_of(organization_id, asked)
    if variants is not None:
        found.append(own.variant_id.in_(variants))
    sites, places = (own.source_site_id, own.destination_site_id), (own.source_id, own.destination_id)
    found += _anywhere(asked, sites, places)
    if "type" in asked:
        found.append(own.kind.in_(kinds_of(asked["type"])))
    if asked.get("status", COMPLETED) != COMPLETED:
        found.append(literal(1) == 0)
    found += [own.posted_at >= asked[name] for name in ("created_after", "updated_after") if name in asked]
    return found


# --- rows -----------------------------------------------------------------------------------------------------------


def _in_order(session: Session, keys: Sequence[Row[Any]]) -> list[MovementRow]:
    documents = _documents(session, [key.id for key in keys if key.is_document])
    moves = _moves(session, _move.c.id.in_([key.id for key in keys if not key.is_document]))
    by_id = {row.id: row for row in (*documents, *moves)}
    return [by_id[key.id] for key in keys]


def _documents(session: Session, ids: Sequence[str]) -> list[MovementRow]:
    organization_id = organization_of(session)
    statement = (
        select(_document, _variant.c.product_id, _variant.c.sku)
        .join(_variant, and_(_variant.c.organization_id == organization_id, _variant.c.id == _document.c.variant_id))
        .where(_document.c.organization_id == organization_id, _document.c.id.in_(ids))
    )
    session.flush()
    rows = session.connection().execute(statement).mappings() if ids else ()
    return [document_row(dict(row), row["product_id"], row["sku"]) for row in rows]


def _moves(session: Session, condition: ColumnElement[bool]) -> list[MovementRow]:
    organization_id = organization_of(session)
    statement = (
        select(_move, _variant.c.product_id, _variant.c.sku, _lot.c.lot_number)
        .join(_variant, and_(_variant.c.organization_id == organization_id, _variant.c.id == _move.c.variant_id))
        .outerjoin(_lot, and_(_lot.c.organization_id == organization_id, _lot.c.id == _move.c.lot_id))
        .where(*_ledger(organization_id), condition)
    )
    return [_move_row(row) for row in session.connection().execute(statement)]


def _move_row(row: Any) -> MovementRow:
    """A move of the ledger, told from the site that it left, else from the one that it came to."""
    is_incoming = not row.source_site_id
    movement_type = TYPE_OF_KIND[MoveKind(row.kind)]
    after: Decimal = (row.destination_balance if is_incoming else row.source_balance) or ZERO
    change = row.quantity if is_incoming else -row.quantity
    is_between_sites = bool(row.source_site_id and row.destination_site_id)
    return MovementRow(
        id=row.id,
        type=movement_type,
        status=COMPLETED,
        product_id=row.product_id,
        variant_id=row.variant_id,
        sku=row.sku,
        quantity=change if movement_type == ADJUSTMENT else row.quantity,
        site_id=row.destination_site_id if is_incoming else row.source_site_id,
        location_id=row.destination_id if is_incoming else row.source_id,
        to_site_id=row.destination_site_id if is_between_sites else "",
        to_location_id=row.destination_id if is_between_sites else "",
        lot_number=row.lot_number or "",
        serial=row.serial,
        unit_cost=row.unit_cost,
        reference=row.origin_id,
        reference_kind=row.origin_kind,
        reason=row.reason,
        note=row.note,
        cancel_reason="",
        balance_before=after - change,
        balance_after=after,
        actor_id=row.actor_id,
        occurred_at=row.occurred_at,
        created_at=row.posted_at,
        completed_at=row.posted_at,
        cancelled_at=None,
        updated_at=row.posted_at,
    )
