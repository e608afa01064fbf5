"""Reads for lists: stock per site, the ledger seen from its sites, and pages of ids; Core rows, no ORM objects.

Each statement is built once for each set of filters and then only bound, because building one costs more than
running it.

Example::

    rows, total = stock_by_site(store, organization_id, {"site_id": site.id}, offset=0, limit=25)
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    Subquery,
    Table,
    and_,
    bindparam,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlmodel import Session

from ambra_tui.errors import NotFound
from ambra_tui.kit.quantity import ZERO
from ambra_tui.store import Store
from ambra_tui.store.models import Lot, SiteStock, StockMove, Variant, table_of
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.quick import Quick
from ambra_tui.store.scope import organization_of
from ambra_tui.store.types import EMPTY

Shown = TypeVar("Shown")
Filters = Mapping[str, Any]
"""Column -> the value it must have, or a tuple or list of values that it may have; None filters nothing."""


def the_one(found: Sequence[Shown], resource: str, key: str) -> Shown:
    """What was found under one id. Raises NotFound when nothing was."""
    if not found:
        raise NotFound(resource, key)
    return found[0]


def own() -> BindParameter[int]:
    """The organization of a statement that is built once and bound by each session."""
    return bindparam("organization_id")


_stock, _variant, _move, _lot = (table_of(model) for model in (SiteStock, Variant, StockMove, Lot))


# --- pages of ids ---------------------------------------------------------------------------------------------------


class _Paged(NamedTuple):
    """A statement that counts what matches, and one that reads a page of it."""

    total: Select[Any]
    page: Select[Any]


_Shape = tuple[tuple[str, bool], ...]


def _given(filters: Filters) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value is not None}


def _shape(given: Mapping[str, Any]) -> _Shape:
    """What a statement is built from: the names of its filters, and which of them list values."""
    return tuple((name, isinstance(value, list | tuple)) for name, value in sorted(given.items()))


def _condition(column: ColumnElement[Any], name: str, is_list: bool) -> ColumnElement[bool]:
    if is_list:
        return column.in_(bindparam(f"p_{name}", expanding=True))
    return column == bindparam(f"p_{name}", type_=column.type)


def _bound(session: Session, given: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"organization_id": organization_of(session), **{f"p_{name}": v for name, v in given.items()}, **more}


def page_of_ids(session: Session, model: Any, filters: Filters, *, offset: int, limit: int) -> tuple[list[str], int]:
    """The ids of one page, newest first, and how many rows match in all. Ids rise with time."""
    given = _given(filters)
    paged = _paged_ids(table_of(model), _shape(given))
    connection = session.connection()
    total = connection.execute(paged.total, _bound(session, given)).scalar_one()
    if offset >= total:
        return [], total
    rows = connection.execute(paged.page, _bound(session, given, p_offset=offset, p_limit=limit))
    return list(rows.scalars()), total


@lru_cache(maxsize=256)
def _paged_ids(table: Table, shape: _Shape) -> _Paged:
    matching = (table.c.organization_id == own(), *(_condition(table.c[name], name, many) for name, many in shape))
    page = select(table.c.id).where(*matching).order_by(table.c.id.desc())
    return _Paged(select(func.count()).select_from(table).where(*matching), _limited(page))


def _limited(statement: Select[Any]) -> Select[Any]:
    return statement.offset(bindparam("p_offset")).limit(bindparam("p_limit"))


def rows_by_id(session: Session, model: Any, ids: Sequence[str], *, key: str = "id") -> list[Any]:
    """Core rows of `model` whose `key` is one of `ids`; newest first by id, or by position where there is one."""
    if not ids:
        return []
    if len(ids) == 1:
        return _rows_of_one(table_of(model), key).all(session, ids[0])
    statement = _rows_by_id(table_of(model), key)
    return list(session.connection().execute(statement, _bound(session, {"keys": list(ids)})))


@lru_cache(maxsize=64)
def _rows_by_id(table: Table, key: str) -> Select[Any]:
    order = _order(table, key)
    return select(table).where(table.c.organization_id == own(), _condition(table.c[key], "keys", True)).order_by(order)


def _order(table: Table, key: str) -> ColumnElement[Any]:
    return table.c.position if "position" in table.c else table.c.id.desc() if "id" in table.c else table.c[key]


_row_class: Any = namedtuple  # of the columns of a statement


class _OfOne:
    """A select of what belongs to one key: asked for after every write, so that it is prepared."""

    def __init__(self, statement: Select[Any], key: ColumnElement[Any]) -> None:
        self._rows = PreparedRows(statement.where(key == given("key")))
        self._row = _row_class("Row", [column.name for column in statement.selected_columns])

    def all(self, session: Session, key: str) -> list[Any]:
        return [self._row._make(row) for row in self._rows.all(session, key=key)]


@lru_cache(maxsize=64)
def _rows_of_one(table: Table, key: str) -> _OfOne:
    statement = select(table).where(table.c.organization_id == ORGANIZATION)
    return _OfOne(statement.order_by(_order(table, key)), table.c[key])


def lines_with_skus(session: Session, model: Any, document_ids: Sequence[str], *, key: str) -> dict[str, list[Any]]:
    """Lines of several documents with the SKUs of their variants: document id -> its lines in their order."""
    lines: dict[str, list[Any]] = {document_id: [] for document_id in document_ids}
    if len(lines) == 1:
        return {document_ids[0]: _lines_of_one(table_of(model), key).all(session, document_ids[0])}
    if lines:
        statement = _lines_with_skus(table_of(model), key)
        for row in session.connection().execute(statement, _bound(session, {"keys": list(document_ids)})):
            lines[row._mapping[key]].append(row)
    return lines


@lru_cache(maxsize=16)
def _lines_with_skus(line: Table, key: str) -> Select[Any]:
    return (
        select(line, _variant.c.sku)
        .join(_variant, and_(_variant.c.organization_id == own(), _variant.c.id == line.c.variant_id))
        .where(line.c.organization_id == own(), _condition(line.c[key], "keys", True))
        .order_by(line.c[key], line.c.position)
    )


@lru_cache(maxsize=16)
def _lines_of_one(line: Table, key: str) -> _OfOne:
    statement = (
        select(line, _variant.c.sku)
        .join(_variant, and_(_variant.c.organization_id == ORGANIZATION, _variant.c.id == line.c.variant_id))
        .where(line.c.organization_id == ORGANIZATION)
    )
    return _OfOne(statement.order_by(line.c.position), line.c[key])


def sum_by(session: Session, model: Any, column: str, *, of: str, keys: Sequence[str], by: str) -> dict[str, Decimal]:
    """Sums of `column`, grouped by `by`, over the rows whose `of` is one of `keys`."""
    if len(keys) == 1:
        return dict(_sum_of_one(table_of(model), column, of, by).all(session, keys[0]))
    statement = _sum_by(table_of(model), column, of, by)
    rows = session.connection().execute(statement, _bound(session, {"keys": list(keys)}))
    return {row.grouped: row.total for row in rows}


@lru_cache(maxsize=16)
def _sum_by(table: Table, column: str, of: str, by: str) -> Select[Any]:
    total = func.sum(table.c[column], type_=table.c[column].type).label("total")
    matching = (table.c.organization_id == own(), _condition(table.c[of], "keys", True))
    return select(table.c[by].label("grouped"), total).where(*matching).group_by(table.c[by])


@lru_cache(maxsize=16)
def _sum_of_one(table: Table, column: str, of: str, by: str) -> _OfOne:
    total = func.sum(table.c[column], type_=table.c[column].type).label("total")
    statement = select(table.c[by].label("grouped"), total).where(table.c.organization_id == ORGANIZATION)
    return _OfOne(statement.group_by(table.c[by]), table.c[of])


# --- stock per site -------------------------------------------------------------------------------------------------


class StockRow(NamedTuple):
    """What a site holds of a variant, in scaled integers."""

    variant_id: str
    sku: str
    product_id: str
    site_id: str
    on_hand: int
    reserved: int
    held: int
    status: str

    @property
    def available(self) -> int:
        """What may still be promised: on_hand - reserved - held, which a count may leave below zero."""
        return self.on_hand - self.reserved - self.held


def stock_by_site(
    store: Store, organization_id: int, filters: Filters, *, offset: int, limit: int
) -> tuple[list[StockRow], int]:
    """Stock per variant and site, newest variant first, and how many rows match in all. Filters: site_id, variant_id,
    sku, product_id, one value each."""
    given = _given(filters)
    paged = _paged_stock(tuple(sorted(given)))
    told = {f"p_{name}": value for name, value in given.items()}
    rows = paged.page.rows(store, organization_id, **told, p_offset=offset, p_limit=limit)
    if not rows:
        return [], paged.total.rows(store, organization_id, **told)[0][0]
    return [StockRow(*row[:-1]) for row in rows], rows[0][-1]


class _QuickPaged(NamedTuple):
    """A select that counts what matches, and one that reads a page of it with that number in each row."""

    total: Quick
    page: Quick


@lru_cache(maxsize=16)
def _paged_stock(names: tuple[str, ...]) -> _QuickPaged:
    matching = [_stock.c.organization_id == own()]
    for name in names:
        if name in _stock.c:
            matching.append(_condition(_stock.c[name], name, False))
        else:
            matching.append(_stock.c.variant_id.in_(_variants_with(name, False)))
    total = select(func.count()).select_from(_stock).where(*matching)
    order = (_stock.c.variant_id.desc(), _stock.c.site_id)
    page = _limited(select(_stock).where(*matching).order_by(*order)).subquery()
    scaled = (type_coerce(page.c[name], BigInteger) for name in ("on_hand", "reserved", "held"))
    columns = (page.c.variant_id, _variant.c.sku, _variant.c.product_id, page.c.site_id, *scaled, page.c.status)
    joined = and_(_variant.c.organization_id == own(), _variant.c.id == page.c.variant_id)
    statement = select(*columns, total.scalar_subquery()).join_from(page, _variant, joined)
    return _QuickPaged(Quick(total), Quick(statement.order_by(page.c.variant_id.desc(), page.c.site_id)))


def _variants_with(name: str, is_list: bool) -> Select[Any]:
    return select(_variant.c.id).where(
        _variant.c.organization_id == own(), _condition(_variant.c[name], name, is_list)
    )  # fmt: skip


# --- the ledger -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A move seen from one site: signed quantity and the site's balance after it."""

    move_id: str
    kind: str
    variant_id: str
    sku: str
    site_id: str
    quantity: Decimal
    balance_after: Decimal
    lot_number: str
    serial: str
    reason: str
    note: str
    origin_kind: str
    origin_id: str
    actor_id: str
    occurred_at: datetime
    posted_at: datetime

    @property
    def balance_before(self) -> Decimal:
        """On hand of the site before the move."""
        return self.balance_after - self.quantity

    @property
    def id(self) -> str:
        """An id of this side of the move: a move between two sites is two entries."""
        return self.move_id if self.quantity > ZERO else f"{self.move_id}-out"


def ledger_entries(session: Session, filters: Filters, *, offset: int, limit: int) -> tuple[list[LedgerRow], int]:
    """Entries of the ledger, newest first, and how many match.

    A move inside one site changes no balance of it and has no entry here. Filters: variant_id, sku, site_id, kind,
    origin_id; `since` and `until` are inclusive moments of posting.
    """
    given = _given(filters)
    paged = _paged_ledger(_shape(given))
    connection = session.connection()
    total = int(connection.execute(paged.total, _bound(session, given)).scalar_one())
    if offset >= total:
        return [], total
    rows = connection.execute(paged.page, _bound(session, given, p_offset=offset, p_limit=limit))
    return [_ledger_row(row) for row in rows], total


@lru_cache(maxsize=64)
def _paged_ledger(shape: _Shape) -> _Paged:
    incoming, outgoing = (_side(shape, is_incoming=is_incoming) for is_incoming in (True, False))
    counts = [select(func.count()).select_from(side.subquery()).scalar_subquery() for side in (incoming, outgoing)]
    entries = union_all(incoming, outgoing).subquery()
    newest = select(entries).order_by(entries.c.sequence.desc(), entries.c.is_incoming)
    return _Paged(select(counts[0] + counts[1]), _with_texts(_limited(newest).subquery()))


def _side(shape: _Shape, *, is_incoming: bool) -> Select[Any]:
    here, there = ("destination", "source") if is_incoming else ("source", "destination")
    site = _move.c[f"{here}_site_id"]
    matching = [_move.c.organization_id == own(), site != "", site != _move.c[f"{there}_site_id"]]
    for name, is_list in shape:
        matching.append(_ledger_condition(site, name, is_list))
    return select(
        _move.c.sequence,
        literal(1 if is_incoming else 0).label("is_incoming"),
        site.label("site_id"),
        _move.c[f"{here}_balance"].label("balance_after"),
    ).where(*matching)


def _ledger_condition(site: ColumnElement[str], name: str, is_list: bool) -> ColumnElement[bool]:
    if name == "site_id":
        return _condition(site, name, is_list)
    if name == "sku":
        return _move.c.variant_id.in_(_variants_with(name, is_list))
    if name == "origin_id":
        return and_(_condition(_move.c.origin_id, name, is_list), _move.c.origin_id != EMPTY)
    if name == "since":
        return _move.c.posted_at >= bindparam("p_since", type_=_move.c.posted_at.type)
    if name == "until":
        return _move.c.posted_at <= bindparam("p_until", type_=_move.c.posted_at.type)
    return _condition(_move.c[name], name, is_list)


def _with_texts(page: Subquery) -> Select[Any]:
    return (
        select(page.c.is_incoming, page.c.site_id, page.c.balance_after, _move, _variant.c.sku, _lot.c.lot_number)
        .join(_move, and_(_move.c.organization_id == own(), _move.c.sequence == page.c.sequence))
        .join(_variant, and_(_variant.c.organization_id == own(), _variant.c.id == _move.c.variant_id))
        .outerjoin(_lot, and_(_lot.c.organization_id == own(), _lot.c.id == _move.c.lot_id))
        .order_by(page.c.sequence.desc(), page.c.is_incoming)
    )


def _ledger_row(row: Any) -> LedgerRow:
    return LedgerRow(
        row.id, row.kind, row.variant_id, row.sku, row.site_id, row.quantity if row.is_incoming else -row.quantity,
        row.balance_after, row.lot_number or "", row.serial, row.reason, row.note, row.origin_kind, row.origin_id,
        row.actor_id, row.occurred_at, row.posted_at,
    )  # fmt: skip
