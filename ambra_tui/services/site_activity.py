"""What happened at sites: movement types over the ledger's kinds, adjustments put together, figures of a period.

Example::

    rows, total = adjustments_of(session, variant_id, {"reason": "cycle_count"}, before=None, limit=50)
    figures = analytics(session, days=30)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, func, select, type_coerce, union_all
from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO, to_decimal
from ambra_tui.services.adjustments import DOCUMENT
from ambra_tui.services.reports._columns import STOCK, available_column, own_currency, value_of, value_parts
from ambra_tui.services.site_levels import full_name
from ambra_tui.store.models import ApiKey, MoveKind, Product, Site, StockMove, User, Variant, table_of
from ambra_tui.store.scope import now_of, organization_of

MovementType = Literal["in", "out", "adjustment", "transfer"]
IN: Final = "in"
OUT: Final = "out"
ADJUSTMENT: Final = "adjustment"
TRANSFER: Final = "transfer"
MOVEMENT_TYPES: tuple[MovementType, ...] = (IN, OUT, ADJUSTMENT, TRANSFER)
TYPE_OF_KIND: Mapping[MoveKind, MovementType] = {
    MoveKind.PURCHASE_RECEIVED: IN,
    MoveKind.PRODUCTION_OUTPUT: IN,
    MoveKind.RETURN_RECEIVED: IN,
    MoveKind.OPENING_BALANCE: IN,
    MoveKind.ORDER_FULFILLED: OUT,
    MoveKind.PRODUCTION_CONSUMED: OUT,
    MoveKind.TRANSFER_IN: TRANSFER,
    MoveKind.TRANSFER_OUT: TRANSFER,
    MoveKind.BIN_MOVE: TRANSFER,
    MoveKind.PICK_MOVE: TRANSFER,
    MoveKind.CYCLE_COUNT_ADJUSTMENT: ADJUSTMENT,
    MoveKind.MANUAL_ADJUSTMENT: ADJUSTMENT,
    MoveKind.WASTE_RECORDED: ADJUSTMENT,
    MoveKind.RETURN_DISPOSED: ADJUSTMENT,
    MoveKind.PRODUCTION_WASTE: ADJUSTMENT,
    MoveKind.REVERSAL: ADJUSTMENT,
}
"""What the sites' editions call each kind of move; a reversal corrects, whatever it takes back."""

MAX_MOVERS = 10
MAX_ALERTS = 50
_move, _variant, _product, _site = (table_of(model) for model in (StockMove, Variant, Product, Site))


def kinds_of(movement_type: str) -> list[str]:
    """The ledger's kinds that a movement type stands for."""
    return [kind.value for kind, name in TYPE_OF_KIND.items() if name == movement_type]


def actor_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """What people and API keys are called, by id; who is neither is left out."""
    found: dict[str, str] = {}
    for table, name in ((table_of(User), "name"), (table_of(ApiKey), "label")):
        statement = select(table.c.id, table.c[name]).where(
            table.c.organization_id == organization_of(session), table.c.id.in_(sorted(ids))
        )
        found |= {row[0]: row[1] for row in session.connection().execute(statement)}
    return found


class Named(NamedTuple):
    """A variant as the sites' editions name it."""

    product_id: str
    name: str
    sku: str


def variant_names(session: Session, ids: Collection[str]) -> dict[str, Named]:
    """Variant id -> its product's id, its name, its SKU."""
    organization_id = organization_of(session)
    statement = (
        select(_variant.c.id, _variant.c.product_id, _product.c.name, _variant.c.name.label("own"), _variant.c.sku)
        .join(_product, and_(_product.c.organization_id == organization_id, _product.c.id == _variant.c.product_id))
        .where(_variant.c.organization_id == organization_id, _variant.c.id.in_(sorted(ids)))
    )
    return {
        row.id: Named(row.product_id, full_name(row.name, row.own), row.sku)
        for row in session.connection().execute(statement)
    }


def site_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Site id -> name."""
    statement = select(_site.c.id, _site.c.name).where(
        _site.c.organization_id == organization_of(session), _site.c.id.in_(sorted(ids))
    )
    return {row[0]: row[1] for row in session.connection().execute(statement)}


# --- adjustments of a SKU -------------------------------------------------------------------------------------------


class AdjustmentRow(NamedTuple):
    """One adjustment, however many bins it touched. `sequence`: of its last move."""

    sequence: int
    id: str
    site_id: str
    before: Decimal
    after: Decimal
    reason: str
    note: str
    actor_id: str
    posted_at: datetime


def adjustments_of(
    session: Session, variant_id: str, filters: Mapping[str, Any], *, before: int | None, limit: int
) -> tuple[list[AdjustmentRow], int]:
    """Adjustments of a variant, newest first, older than the move `before`; and how many match in all. Filters:
    site_id, reason, and the inclusive moments since and until."""
    groups = _adjustments(organization_of(session), variant_id, filters).subquery()
    connection = session.connection()
    total = connection.execute(select(func.count()).select_from(groups)).scalar_one()
    page = select(groups.c.last, groups.c.delta).order_by(groups.c.last.desc()).limit(limit)
    if before is not None:
        page = page.where(groups.c.last < before)
    keys = page.subquery()
    statement = (
        select(_move, keys.c.delta)
        .join(keys, keys.c.last == _move.c.sequence)
        .where(_move.c.organization_id == organization_of(session))
        .order_by(_move.c.sequence.desc())
    )
    return [_adjustment(row) for row in connection.execute(statement)], total


def _adjustments(organization_id: int, variant_id: str, filters: Mapping[str, Any]) -> Select[Any]:
    kinds = kinds_of(ADJUSTMENT)
    is_incoming = _move.c.destination_site_id != ""
    site = case((is_incoming, _move.c.destination_site_id), else_=_move.c.source_site_id)
    quantity = type_coerce(_move.c.quantity, BigInteger)
    together = and_(_move.c.origin_kind == DOCUMENT, _move.c.kind != MoveKind.REVERSAL.value)
    key = case((together, _move.c.origin_id), else_=_move.c.id)
    matching: list[ColumnElement[bool]] = [
        _move.c.organization_id == organization_id,
        _move.c.variant_id == variant_id,
        _move.c.kind.in_(kinds),
        _move.c.source_site_id != _move.c.destination_site_id,
    ]
    if filters.get("site_id") is not None:
        matching.append(site == filters["site_id"])
    if filters.get("reason") is not None:
        matching.append(_move.c.reason == filters["reason"])
    if filters.get("since") is not None:
        matching.append(_move.c.posted_at >= filters["since"])
    if filters.get("until") is not None:
        matching.append(_move.c.posted_at <= filters["until"])
    delta = func.sum(case((is_incoming, quantity), else_=-quantity))
    return select(func.max(_move.c.sequence).label("last"), delta.label("delta")).where(*matching).group_by(key, site)


def _adjustment(row: Any) -> AdjustmentRow:
    is_incoming = bool(row.destination_site_id)
    after = (row.destination_balance if is_incoming else row.source_balance) or ZERO
    is_document = row.origin_kind == DOCUMENT and row.kind != MoveKind.REVERSAL
    return AdjustmentRow(
        row.sequence, row.origin_id if is_document else row.id,
        row.destination_site_id if is_incoming else row.source_site_id,
        after - to_decimal(int(row.delta)), after, row.reason, row.note, row.actor_id, row.posted_at,
    )  # fmt: skip


# --- figures of a period --------------------------------------------------------------------------------------------


class Mover(NamedTuple):
    """A product that moved: how many ledger entries, and how much in all."""

    product_id: str
    name: str
    movements: int
    quantity: Decimal


class Alert(NamedTuple):
    """A variant that is low at a site."""

    product_id: str
    name: str
    sku: str
    available: Decimal
    reorder_point: Decimal
    site_name: str


class Analytics(NamedTuple):
    """Stock now and what moved in the period. `adjusted`: the sum of all adjustments, signed."""

    products: int
    value: Decimal
    low: int
    out_of_stock: int
    stock_in: Decimal
    stock_out: Decimal
    adjusted: Decimal
    movers: list[Mover]
    alerts: list[Alert]


def analytics(session: Session, *, days: int, site_id: str | None = None) -> Analytics:
    """Figures over the last `days`, of one site or of all. What is out of stock is not counted as low too."""
    since = now_of(session) - timedelta(days=days)
    products, low, out_of_stock, value = _overview(session, site_id)
    entries = _entries(organization_of(session), since, site_id)
    moved = _moved(session, entries)
    return Analytics(
        products, value, low, out_of_stock, moved[IN], moved[OUT], moved[ADJUSTMENT],
        _movers(session, entries), _alerts(session, site_id),
    )  # fmt: skip


def _of_site(session: Session, site_id: str | None) -> list[ColumnElement[bool]]:
    own: list[ColumnElement[bool]] = [STOCK.c.organization_id == organization_of(session)]
    return own if site_id is None else [*own, STOCK.c.site_id == site_id]


def _overview(session: Session, site_id: str | None) -> tuple[int, int, int, Decimal]:
    available, reorder_point = available_column(), type_coerce(STOCK.c.reorder_point, BigInteger)
    is_out = available <= 0
    statement = select(
        func.count(STOCK.c.variant_id.distinct()),
        func.count(case((and_(available < reorder_point, available > 0), 1))),
        func.count(case((is_out, 1))),
        *value_parts(STOCK.c.on_hand, STOCK.c.average_cost),
    ).where(*_of_site(session, site_id))
    row = session.connection().execute(statement).one()
    return row[0], row[1], row[2], value_of(row[3:], own_currency(session))


def _entries(organization_id: int, since: datetime, site_id: str | None) -> Any:
    """Moves of the period seen from their sites: variant, kind, signed quantity."""
    sides = []
    for here, there, sign in (("destination", "source", 1), ("source", "destination", -1)):
        site = _move.c[f"{here}_site_id"]
        matching = [
            _move.c.organization_id == organization_id,
            _move.c.posted_at >= since,
            site != "",
            site != _move.c[f"{there}_site_id"],
        ]
        if site_id is not None:
            matching.append(site == site_id)
        quantity = (type_coerce(_move.c.quantity, BigInteger) * sign).label("quantity")
        sides.append(select(_move.c.variant_id, _move.c.kind, quantity).where(*matching))
    return union_all(*sides).subquery()


def _moved(session: Session, entries: Any) -> dict[str, Decimal]:
    statement = select(entries.c.kind, func.sum(entries.c.quantity)).group_by(entries.c.kind)
    moved: dict[str, Decimal] = dict.fromkeys(MOVEMENT_TYPES, ZERO)
    for kind, quantity in session.connection().execute(statement):
        name = TYPE_OF_KIND[MoveKind(kind)]
        moved[name] += to_decimal(int(quantity)) * (-1 if name == OUT else 1)
    return moved


def _movers(session: Session, entries: Any) -> list[Mover]:
    organization_id = organization_of(session)
    movements, quantity = func.count().label("movements"), func.sum(func.abs(entries.c.quantity)).label("quantity")
    grouped = (
        select(_variant.c.product_id, movements, quantity)
        .select_from(entries)
        .join(_variant, and_(_variant.c.organization_id == organization_id, _variant.c.id == entries.c.variant_id))
        .group_by(_variant.c.product_id)
        .subquery()
    )
    statement = (
        select(grouped, _product.c.name)
        .join(_product, and_(_product.c.organization_id == organization_id, _product.c.id == grouped.c.product_id))
        .order_by(grouped.c.quantity.desc(), grouped.c.product_id)
        .limit(MAX_MOVERS)
    )
    return [
        Mover(row.product_id, row.name, row.movements, to_decimal(int(row.quantity)))
        for row in session.connection().execute(statement)
    ]


def _alerts(session: Session, site_id: str | None) -> list[Alert]:
    organization_id = organization_of(session)
    available, reorder_point = available_column(), type_coerce(STOCK.c.reorder_point, BigInteger)
    statement = (
        select(
            _variant.c.product_id,
            _product.c.name,
            _variant.c.name.label("own"),
            _variant.c.sku,
            available.label("available"),
            reorder_point.label("reorder_point"),
            _site.c.name.label("site"),
        )
        .select_from(STOCK)
        .join(_variant, and_(_variant.c.organization_id == organization_id, _variant.c.id == STOCK.c.variant_id))
        .join(_product, and_(_product.c.organization_id == organization_id, _product.c.id == _variant.c.product_id))
        .join(_site, and_(_site.c.organization_id == organization_id, _site.c.id == STOCK.c.site_id))
        .where(*_of_site(session, site_id), available < reorder_point)
        .order_by((reorder_point - available).desc(), STOCK.c.variant_id, STOCK.c.site_id)
        .limit(MAX_ALERTS)
    )
    return [
        Alert(
            row.product_id,
            full_name(row.name, row.own),
            row.sku,
            to_decimal(row.available),
            to_decimal(row.reorder_point),
            row.site,
        )
        for row in session.connection().execute(statement)
    ]
