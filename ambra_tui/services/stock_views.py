"""Reads for lists: stock per site, the ledger seen from its sites, and pages of ids; Core rows, no ORM objects.

Example::

    rows, total = stock_by_site(session, site_id=site.id, offset=0, limit=25)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, Table, and_, func, literal, select, union_all
from sqlmodel import Session

from ambra_tui.store.models import Lot, SiteStock, StockMove, Variant
from ambra_tui.store.scope import organization_of


def table_of(model: Any) -> Table:
    """The Core table of a model."""
    table: Table = model.__table__
    return table


_stock, _variant, _move, _lot = (table_of(model) for model in (SiteStock, Variant, StockMove, Lot))


def page_of_ids(
    session: Session, model: Any, *conditions: ColumnElement[bool], offset: int, limit: int
) -> tuple[list[str], int]:
    """The ids of one page, newest first, and how many rows match in all. Ids rise with time."""
    table = table_of(model)
    chosen = select(table.c.id).where(table.c.organization_id == organization_of(session), *conditions)
    counted = (
        select(func.count()).select_from(table).where(table.c.organization_id == organization_of(session), *conditions)
    )
    connection = session.connection()
    total = connection.execute(counted).scalar_one()
    ids = connection.execute(chosen.order_by(table.c.id.desc()).offset(offset).limit(limit)).scalars()
    return (list(ids) if offset < total else []), total


@dataclass(frozen=True, slots=True)
class StockRow:
    """What a site holds of a variant; `available` is on_hand - reserved - held and may be below zero after a count."""

    variant_id: str
    sku: str
    product_id: str
    site_id: str
    on_hand: Decimal
    reserved: Decimal
    held: Decimal
    status: str

    @property
    def available(self) -> Decimal:
        """What may still be promised."""
        return self.on_hand - self.reserved - self.held


def stock_by_site(
    session: Session,
    *,
    site_id: str | None = None,
    variant_id: str | None = None,
    sku: str | None = None,
    product_id: str | None = None,
    offset: int,
    limit: int,
) -> tuple[list[StockRow], int]:
    """Stock per variant and site, newest variant first, and how many rows match in all."""
    organization_id = organization_of(session)
    conditions = [_stock.c.organization_id == organization_id]
    if site_id is not None:
        conditions.append(_stock.c.site_id == site_id)
    if variant_id is not None:
        conditions.append(_stock.c.variant_id == variant_id)
    of_variant = _named_variants(organization_id, sku=sku, product_id=product_id)
    if of_variant is not None:
        conditions.append(_stock.c.variant_id.in_(of_variant))
    connection = session.connection()
    total = connection.execute(select(func.count()).select_from(_stock).where(*conditions)).scalar_one()
    if offset >= total:
        return [], total
    page = (
        select(_stock)
        .where(*conditions)
        .order_by(_stock.c.variant_id.desc(), _stock.c.site_id)
        .offset(offset)
        .limit(limit)
        .subquery()
    )
    statement = (
        select(
            page.c.variant_id, _variant.c.sku, _variant.c.product_id, page.c.site_id, page.c.on_hand,
            page.c.reserved, page.c.held, page.c.status,
        )
        .join(_variant, and_(_variant.c.organization_id == organization_id, _variant.c.id == page.c.variant_id))
        .order_by(page.c.variant_id.desc(), page.c.site_id)
    )  # fmt: skip
    return [StockRow(*row) for row in connection.execute(statement)], total


def _named_variants(organization_id: int, *, sku: str | None, product_id: str | None) -> Select[Any] | None:
    if sku is None and product_id is None:
        return None
    statement = select(_variant.c.id).where(_variant.c.organization_id == organization_id)
    if sku is not None:
        statement = statement.where(_variant.c.sku == sku)
    if product_id is not None:
        statement = statement.where(_variant.c.product_id == product_id)
    return statement


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
        return self.move_id if self.quantity > 0 else f"{self.move_id}-out"


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which entries: every given part must fit; moments are inclusive."""

    variant_id: str | None = None
    sku: str | None = None
    site_id: str | None = None
    kind: str | None = None
    origin_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def ledger_entries(session: Session, wanted: LedgerFilter, *, offset: int, limit: int) -> tuple[list[LedgerRow], int]:
    """Entries of the ledger, newest first, and how many match. A move inside one site changes no balance of it and has
    no entry here."""
    organization_id = organization_of(session)
    incoming = _side(organization_id, wanted, is_incoming=True)
    outgoing = _side(organization_id, wanted, is_incoming=False)
    connection = session.connection()
    total = sum(
        connection.execute(select(func.count()).select_from(side.subquery())).scalar_one()
        for side in (incoming, outgoing)
    )
    if offset >= total:
        return [], total
    entries = union_all(incoming, outgoing).subquery()
    page = (
        select(entries)
        .order_by(entries.c.sequence.desc(), entries.c.is_incoming)
        .offset(offset)
        .limit(limit)
        .subquery()
    )
    return [_row(row) for row in connection.execute(_with_texts(organization_id, page))], total


def _side(organization_id: int, wanted: LedgerFilter, *, is_incoming: bool) -> Select[Any]:
    own, other = ("destination", "source") if is_incoming else ("source", "destination")
    site = _move.c[f"{own}_site_id"]
    conditions = [
        _move.c.organization_id == organization_id,
        site != "",
        site != _move.c[f"{other}_site_id"],
    ]
    for column, value in (
        (_move.c.variant_id, wanted.variant_id),
        (site, wanted.site_id),
        (_move.c.kind, wanted.kind),
        (_move.c.origin_id, wanted.origin_id),
    ):
        if value is not None:
            conditions.append(column == value)
    named = _named_variants(organization_id, sku=wanted.sku, product_id=None)
    if named is not None:
        conditions.append(_move.c.variant_id.in_(named))
    if wanted.since is not None:
        conditions.append(_move.c.posted_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(_move.c.posted_at <= wanted.until)
    return select(
        _move.c.sequence,
        literal(1 if is_incoming else 0).label("is_incoming"),
        site.label("site_id"),
        _move.c[f"{own}_balance"].label("balance_after"),
    ).where(*conditions)


def _with_texts(organization_id: int, page: Subquery) -> Select[Any]:
    return (
        select(page.c.is_incoming, page.c.site_id, page.c.balance_after, _move, _variant.c.sku, _lot.c.lot_number)
        .join(_move, and_(_move.c.organization_id == organization_id, _move.c.sequence == page.c.sequence))
        .join(_variant, and_(_variant.c.organization_id == organization_id, _variant.c.id == _move.c.variant_id))
        .outerjoin(_lot, and_(_lot.c.organization_id == organization_id, _lot.c.id == _move.c.lot_id))
        .order_by(page.c.sequence.desc(), page.c.is_incoming)
    )


def _row(row: Any) -> LedgerRow:
    return LedgerRow(
        row.id, row.kind, row.variant_id, row.sku, row.site_id, row.quantity if row.is_incoming else -row.quantity,
        row.balance_after, row.lot_number or "", row.serial, row.reason, row.note, row.origin_kind, row.origin_id,
        row.actor_id, row.occurred_at, row.posted_at,
    )  # fmt: skip


def rows_by_id(session: Session, model: Any, ids: Sequence[str], *, key: str = "id") -> list[Any]:
    """Core rows of `model` whose `key` is one of `ids`; newest first by id, or by position where there is one."""
    if not ids:
        return []
    table = table_of(model)
    order = table.c.position if "position" in table.c else table.c.id.desc() if "id" in table.c else table.c[key]
    statement = (
        select(table).where(table.c.organization_id == organization_of(session), table.c[key].in_(ids)).order_by(order)
    )
    return list(session.connection().execute(statement))
