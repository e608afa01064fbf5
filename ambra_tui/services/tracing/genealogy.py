"""What was made of a lot, and of what a lot was made, through every level of production.

Both walks go level by level, read each level in a few statements and visit a lot once, so that a lot which went into
its own making ends the walk.

Example::

    descendants_of(session, flour.id).lot_ids       # dough, bread, sandwiches
    ancestors_of(session, bread.id).links[0].parent_id == bread.id
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, select
from sqlmodel import Session

from ambra_tui.ledger import SUPPLIER
from ambra_tui.services.stock_views import own, rows_by_id
from ambra_tui.services.tracing.stock import BY_DOCUMENT, EMPTY, bound, of_lots
from ambra_tui.services.tracing.terms import Family, Link, Receipt, chunks
from ambra_tui.store.models import (
    MoveKind,
    ProductionBatch,
    ProductionOutput,
    ProductionTaking,
    PurchaseOrder,
    StockMove,
    Supplier,
    table_of,
)

MAX_LEVELS = 50
BATCH = "production_batch"
_move, _taking, _output, _order, _supplier = (
    table_of(model) for model in (StockMove, ProductionTaking, ProductionOutput, PurchaseOrder, Supplier)
)


def _origins(kind: MoveKind) -> Select[Any]:
    """The documents of a kind of move that some lots moved by, newest first; no move is read for it."""
    return (
        select(_move.c.origin_id)
        .distinct()
        .where(
            _move.c.organization_id == own(),
            *of_lots(_move.c.lot_id),
            BY_DOCUMENT,
            _move.c.kind == kind.value,
        )
        .order_by(_move.c.origin_id.desc())
        .limit(bindparam("p_limit"))
    )


_ORIGINS = {
    kind: _origins(kind)
    for kind in (
        MoveKind.PRODUCTION_CONSUMED,
        MoveKind.PRODUCTION_OUTPUT,
        MoveKind.ORDER_FULFILLED,
        MoveKind.PURCHASE_RECEIVED,
    )
}
_EVERY = 2**31 - 1


def origins_of(session: Session, lot_ids: Collection[str], kind: MoveKind, *, limit: int | None = None) -> list[str]:
    """The ids of the documents by which lots came (purchase_received, production_output) or left (order_fulfilled,
    production_consumed), newest first, at most `limit`."""
    found: set[str] = set()
    for part in chunks(sorted(set(lot_ids) - {""})):
        values = bound(session, lot_ids=part, p_limit=limit or _EVERY)
        found.update(session.connection().execute(_ORIGINS[kind], values).scalars())
    return sorted(found - {""}, reverse=True)[: limit or _EVERY]


def _by_batch(table: Any, *conditions: Any) -> Select[Any]:
    total = func.sum(table.c.quantity, type_=table.c.quantity.type).label("quantity")
    grouped = (table.c.production_batch_id, table.c.lot_id, table.c.variant_id)
    return (
        select(*grouped, total)
        .where(
            table.c.organization_id == own(),
            table.c.production_batch_id.in_(bindparam("batch_ids", expanding=True)),
            *conditions,
        )
        .group_by(*grouped)
        .order_by(table.c.production_batch_id, table.c.variant_id, table.c.lot_id)
    )


_TAKEN = _by_batch(_taking, _taking.c.is_waste.is_(False))
_MADE = _by_batch(_output)


def _rows(session: Session, statement: Select[Any], batch_ids: Iterable[str]) -> list[Any]:
    found: list[Any] = []
    for part in chunks(sorted(set(batch_ids))):
        found += session.connection().execute(statement, bound(session, batch_ids=part))
    return found


# --- the two walks --------------------------------------------------------------------------------------------------


def descendants_of(session: Session, lot_id: str, *, limit: int | None = None) -> Family:
    """The lots that were made of a lot, of those, and so on; at most about `limit` of them."""
    return _walk(session, lot_id, _made_of, limit)


def ancestors_of(session: Session, lot_id: str, *, limit: int | None = None) -> Family:
    """The lots that went into a lot, into those, and so on; at most about `limit` of them."""
    return _walk(session, lot_id, _went_into, limit)


_Step = Callable[[Session, Sequence[str], int | None], list[tuple[Any, str]]]


def _walk(session: Session, lot_id: str, step: _Step, limit: int | None) -> Family:
    links: list[Link] = []
    seen, frontier = {lot_id}, [lot_id]
    for level in range(1, MAX_LEVELS + 1):
        following: dict[str, None] = {}
        for row, parent_id in step(session, frontier, limit):
            if limit is not None and len(links) >= limit:
                return Family(tuple(links), is_complete=False)
            links.append(
                Link(level, parent_id, row.lot_id, row.variant_id, row.production_batch_id, Decimal(row.quantity))
            )
            if row.lot_id and row.lot_id not in seen:
                following[row.lot_id] = None
        seen.update(following)
        frontier = list(following)
        if not frontier:
            return Family(tuple(links))
    return Family(tuple(links), is_complete=False)


def _made_of(session: Session, lot_ids: Sequence[str], limit: int | None) -> list[tuple[Any, str]]:
    """What the batches made that took these lots, each with the lot that it was made of."""
    at_most = None if limit is None else limit + 1
    batch_ids = origins_of(session, lot_ids, MoveKind.PRODUCTION_CONSUMED, limit=at_most)
    takers = _by_lots(_rows(session, _TAKEN, batch_ids), lot_ids)
    return _paired(_rows(session, _MADE, takers), takers)


def _went_into(session: Session, lot_ids: Sequence[str], limit: int | None) -> list[tuple[Any, str]]:
    """What the batches took that made these lots, each with the lot that it went into."""
    made = _by_lots(_rows(session, _MADE, origins_of(session, lot_ids, MoveKind.PRODUCTION_OUTPUT)), lot_ids)
    return _paired(_rows(session, _TAKEN, made), made)


def _by_lots(rows: Iterable[Any], lot_ids: Collection[str]) -> dict[str, list[str]]:
    """Batch id -> which of the lots its rows name."""
    wanted, found = set(lot_ids), dict[str, list[str]]()
    for row in rows:
        if row.lot_id in wanted:
            found.setdefault(row.production_batch_id, []).append(row.lot_id)
    return found


def _paired(rows: Iterable[Any], lots: Mapping[str, Sequence[str]]) -> list[tuple[Any, str]]:
    """Each row with every lot on the other side of its batch."""
    return [(row, lot_id) for row in rows for lot_id in lots[row.production_batch_id] if lot_id != row.lot_id]


# --- where it began -------------------------------------------------------------------------------------------------


def source_batches(session: Session, lot_id: str) -> list[Any]:
    """The batches that made a lot, newest first, as rows."""
    made = _rows(session, _MADE, origins_of(session, [lot_id], MoveKind.PRODUCTION_OUTPUT))
    ids = sorted({row.production_batch_id for row in made if row.lot_id == lot_id})
    return rows_by_id(session, ProductionBatch, ids)


def open_batches(session: Session, lot_ids: Collection[str]) -> list[Any]:
    """The batches in work that have taken some of these lots, newest first, as rows."""
    taken = _rows(session, _TAKEN, origins_of(session, lot_ids, MoveKind.PRODUCTION_CONSUMED))
    ids = sorted({row.production_batch_id for row in taken if row.lot_id in set(lot_ids)})
    return [row for part in chunks(ids) for row in rows_by_id(session, ProductionBatch, part) if _is_open(row)]


def _is_open(batch: Any) -> bool:
    return batch.status in ("planned", "in_progress")


_INTO_SITE = func.sum(
    case((_move.c.source_id == SUPPLIER, _move.c.quantity), (_move.c.destination_id == SUPPLIER, -_move.c.quantity)),
    type_=_move.c.quantity.type,
)
_RECEIPTS = (
    select(
        _order.c.id,
        _order.c.number,
        _order.c.supplier_id,
        _supplier.c.name,
        _move.c.lot_id,
        _INTO_SITE.label("quantity"),
        func.min(_move.c.posted_at, type_=_move.c.posted_at.type).label("received_at"),
    )
    .select_from(_move)
    .join(_order, and_(_order.c.organization_id == own(), _order.c.id == _move.c.origin_id))
    .join(_supplier, and_(_supplier.c.organization_id == own(), _supplier.c.id == _order.c.supplier_id))
    .where(
        _move.c.organization_id == own(),
        _move.c.origin_id.in_(bindparam("order_ids", expanding=True)),
        _move.c.origin_id != EMPTY,
        func.coalesce(_move.c.lot_id, "").in_(bindparam("lot_ids", expanding=True)),  # by the orders, not by the lots
    )
    .group_by(_order.c.id, _order.c.number, _order.c.supplier_id, _supplier.c.name, _move.c.lot_id)
)


def receipts_of(session: Session, lot_ids: Collection[str]) -> list[Receipt]:
    """The purchase orders by which lots came, less what was taken back, with their suppliers; oldest first."""
    found: list[Receipt] = []
    for lots in chunks(sorted(set(lot_ids) - {""})):
        for part in chunks(sorted(origins_of(session, lots, MoveKind.PURCHASE_RECEIVED))):
            rows = session.connection().execute(_RECEIPTS, bound(session, order_ids=part, lot_ids=lots))
            found += [Receipt(*row) for row in rows if row.quantity]
    return sorted(found, key=lambda receipt: (receipt.purchase_order_id, receipt.lot_id))
